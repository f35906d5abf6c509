"""Networks computed by Apache MXNet 1.9.1."""
