"""Networks computed with nothing but an array library: forward and backward written out."""
