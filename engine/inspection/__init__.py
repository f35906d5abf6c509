"""What one can see of a network: its weights, and where it is wrong."""
