"""What a network is, as data: layers, networks, shapes and the named networks of the zoo."""
