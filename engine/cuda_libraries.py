"""Loads CUDA's libraries from Python packages, so that nothing has to be installed on the system itself."""

from __future__ import annotations

import ctypes
import importlib.util
from collections.abc import Iterable
from pathlib import Path


def preload(patterns: Iterable[str]) -> None:
    """Load libraries by path; whoever asks for one of them by its name afterwards gets what is loaded already.

    Parameters
    ----------
    patterns : iterable of str
        Of the files, such as ``cublas/lib/libcublas.so.*``, each after those it needs. One that no package brings is
        left to the system.

    Raises
    ------
    OSError
        If a library is there and cannot be loaded.
    """
    spec = importlib.util.find_spec("nvidia")
    places = (spec.submodule_search_locations if spec else None) or ()
    for pattern in patterns:
        for place in places:
            for library in sorted(Path(place).glob(pattern)):
                ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
