"""Gives memory that is no longer used back to the system."""

from __future__ import annotations

import ctypes


def give_back() -> None:
    """Give back what lies free between the blocks in use, where the C library can; takes some milliseconds.

    What a network took is free once it is gone, but glibc keeps it: tens of megabytes after every run and estimate.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "malloc_trim"):
        library.malloc_trim(0)
