"""Memory that nothing uses: kept for the next batch, and given back to the system after a run."""

from __future__ import annotations

import ctypes

# Of glibc's malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_LARGE = 1 << 30


def keep() -> None:
    """Have what is freed kept at hand, where the C library can; to be called before there are threads.

    glibc hands every large array back to the system as soon as it is freed, and the next one comes as pages that the
    system fills with zeros first. A batch makes and frees the same arrays as the batch before: this took up to two
    fifths of the time of a convolutional network in NumPy, and a fifth in MXNet. One arena for all threads, since
    what others than the first hold cannot grow beyond 64 MB.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        for option, value in ((_MMAP_THRESHOLD, _LARGE), (_TRIM_THRESHOLD, _LARGE), (_ARENA_MAX, 1)):
            library.mallopt(option, value)


def give_back() -> None:
    """Give back what lies free between the blocks in use, where the C library can; takes some milliseconds.

    What a network took is free once it is gone, but stays with the process: tens of megabytes after every run and
    estimate.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "malloc_trim"):
        library.malloc_trim(0)
