"""How many threads NumPy's matrix products are computed with."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

_lock = threading.Lock()
_holders = 0


def threads() -> int:
    """Return how many threads NumPy's BLAS library computes with when it is left alone; 1 if that cannot be set.

    ``$OMP_NUM_THREADS`` or, where that is not set, one per core that this process may use.
    """
    return max((threads for _, threads in _libraries()), default=1)


@contextmanager
def one_thread() -> Iterator[None]:
    """Let matrix products stay on the thread that asks for them, as long as anybody in the process is within this."""
    global _holders
    with _lock:
        _holders += 1
        if _holders == 1:
            for library, _ in _libraries():
                _set(library, 1)
    try:
        yield
    finally:
        with _lock:
            _holders -= 1
            if _holders == 0:
                for library, threads in _libraries():
                    _set(library, threads)


def _set(library: Any, threads: int) -> None:
    library.set_num_threads(threads)
    if hasattr(library, "clear_controlling_thread"):
        library.clear_controlling_thread()  # or what other threads set would be ignored in silence from now on


@lru_cache
def _libraries() -> tuple[tuple[Any, int], ...]:
    """Return NumPy's BLAS library, if it is one whose threads can be set, with the number that it began with."""
    from threadpoolctl import ThreadpoolController  # needed once a batch is shared, not before

    found = ThreadpoolController().select(user_api="blas").lib_controllers
    # MXNet has one of its own, which stays as it is.
    numpys = [library for library in found if "mxnet" not in Path(library.filepath).parts]
    return tuple((library, library.num_threads) for library in numpys)
