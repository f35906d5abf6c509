"""What training will need, before it begins: memory and time."""
