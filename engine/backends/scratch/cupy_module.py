"""Loads CuPy, NumPy's functions on an NVIDIA GPU, with everything that must be in place before its import."""

from __future__ import annotations

import importlib
import importlib.util
import re
from typing import Any

from engine import cuda_libraries
from engine.errors import DeviceError

# CuPy looks for these by their names when it first needs them, and knows nothing of the packages that bring them. Its
# kernels are compiled on the spot, with the headers of nvidia-cuda-runtime-cu12, which it does find; but only where
# that package and nvidia-cuda-nvrtc-cu12 are of the same CUDA, 12.9.
_LIBRARIES = (
    "cuda_runtime/lib/libcudart.so.12",
    "cuda_nvrtc/lib/libnvrtc.so.12",
    "cublas/lib/libcublasLt.so.12",
    "cublas/lib/libcublas.so.12",
)


def is_installed() -> bool:
    """Tell whether there is a package ``cupy``, without importing it."""
    return importlib.util.find_spec("cupy") is not None


def load() -> Any:
    """Return the ``cupy`` module, imported on the first call (about a second).

    That it can be imported does not mean that there is a GPU: the first array that is made finds out.

    Raises
    ------
    DeviceError
        If CuPy is not installed, or cannot be loaded.
    """
    if not is_installed():
        raise DeviceError(
            "cupy.missing",
            "CuPy, which computes on this GPU, is not installed. Your files are untouched, and the CPU can be used. "
            "Run `make repair` in Netarium's folder to install it (a download of about 800 MB).",
        )
    try:
        cuda_libraries.preload(_LIBRARIES)
        return importlib.import_module("cupy")
    except (ImportError, OSError, AttributeError, RuntimeError) as error:
        raise DeviceError(
            "cupy.broken",
            "CuPy is installed but cannot be loaded ({detail}). Your files are untouched, and the CPU can be used. "
            "Run `make repair` in Netarium's folder.",
            detail=_reason(error),
        ) from error


def gpu_index(device: str) -> int | None:
    """Return which GPU a device is, 1 for ``"gpu(1)"`` and 0 for ``"gpu"``; None if it is none."""
    match = re.fullmatch(r"gpu(?:\((\d{1,4})\))?", device)
    return None if match is None else int(match[1] or 0)


def free_memory(device: str) -> int | None:
    """Return how many bytes CuPy can still have on a GPU: what is free, and what it holds and does not use.

    None where it cannot be told.
    """
    try:
        xp = load()
        with xp.cuda.Device(gpu_index(device)) as gpu:
            free, _ = gpu.mem_info
            return int(free) + int(xp.get_default_memory_pool().free_bytes())
    except Exception:  # CuPy's own error for a GPU that does not answer is known only once CuPy is loaded
        return None


def _reason(error: Exception) -> str:
    """Return the first line of the error that began it; CuPy wraps it in advice about its installation."""
    while error.__cause__ is not None and isinstance(error.__cause__, Exception):
        error = error.__cause__
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(".")
