"""What computes a network; all backends answer the protocols of ``base.py``."""
