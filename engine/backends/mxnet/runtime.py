"""Loads MXNet, once, with everything that must be in place before its import."""

from __future__ import annotations

import ctypes
import faulthandler
import importlib.util
import os
import platform
import re
import sys
import threading
import warnings
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from engine import cuda_driver, cuda_libraries
from engine.backends.mxnet.quick_import import import_mxnet
from engine.errors import DeviceError

CPU_PACKAGE = "mxnet"
GPU_PACKAGE = "mxnet-cu112"

# CUDA as Python packages, each library after those it needs.
_CUDA_LIBRARIES = (
    "cuda_runtime/lib/libcudart.so.*",
    "cuda_nvrtc/lib/libnvrtc.so.*",
    "nvtx/lib/libnvToolsExt.so.*",
    "cublas/lib/libcublasLt.so.*",
    "cublas/lib/libcublas.so.*",
    "cufft/lib/libcufft.so.*",
    "curand/lib/libcurand.so.*",
    "cusolver/lib/libcusolver.so.*",
    "nccl/lib/libnccl.so.*",
    "cudnn/lib/libcudnn.so.*",
)

_loading = threading.Lock()
_loaded: ModuleType | None = None


def preload() -> threading.Thread:
    """Have the system open MXNet's library on a thread of its own, so that ``load`` finds it open.

    It takes a tenth of a second, in which Python's own way to open a library holds the interpreter's lock and stops
    every other thread; this one does not. What goes wrong is told by ``load``.
    """
    _set_up(None)
    thread = threading.Thread(target=_open_library, name="MXNet's library", daemon=True)
    thread.start()
    return thread


def load(threads: int | None = None) -> ModuleType:
    """Return the ``mxnet`` module, imported on the first call (about a third of a second).

    Parameters
    ----------
    threads : int, optional
        How many threads MXNet computes with, at least 1; it cannot be changed after the first call. By default
        ``$OMP_NUM_THREADS`` or, where that is not set, one per core that this process may use.

    Raises
    ------
    DeviceError
        If MXNet is not installed, installed twice, or cannot be loaded.
    """
    global _loaded
    with _loading:
        if _loaded is None:
            _loaded = _import(threads)
        return _loaded


def installed_packages() -> tuple[str, ...]:
    """Return which of the two MXNet packages are installed: exactly one is right."""
    return tuple(name for name in (CPU_PACKAGE, GPU_PACKAGE) if _version(name) is not None)


def versions() -> dict[str, str | int]:
    """Return what a run's numbers depend on beside its settings, to be kept with the run.

    Python's, NumPy's and MXNet's version, and how many threads MXNet computes with.
    """
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "mxnet": " + ".join(f"{name} {_version(name)}" for name in installed_packages()),
        "threads": thread_count(),
    }


def thread_count() -> int:
    """Return how many threads MXNet computes with: ``$OMP_NUM_THREADS`` or one per core that this process may use."""
    chosen = os.environ.get("OMP_NUM_THREADS", "")
    return int(chosen) if chosen.isdigit() and int(chosen) > 0 else len(os.sched_getaffinity(0))


def context(device: str) -> Any:
    """Return the ``mx.Context`` for a device such as ``"cpu"``, ``"cpu(1)"`` or ``"gpu(0)"``."""
    match = re.fullmatch(r"(cpu|gpu)(?:\((\d{1,4})\))?", device)
    if match is None:
        raise DeviceError("device.name", "{device} is not a device. Devices are named cpu or gpu(0).", device=device)
    return load().Context(match[1], int(match[2] or 0))


def _open_library() -> None:
    package = importlib.util.find_spec("mxnet")
    if installed_packages() != (CPU_PACKAGE,) or package is None or package.origin is None:
        return  # the other one needs CUDA's libraries first
    open_library = ctypes.CDLL(None).dlopen  # a function of a library is called without the lock
    open_library.argtypes, open_library.restype = (ctypes.c_char_p, ctypes.c_int), ctypes.c_void_p
    open_library(os.fsencode(Path(package.origin).with_name("libmxnet.so")), os.RTLD_LOCAL | os.RTLD_NOW)


def _import(threads: int | None) -> ModuleType:
    package = _single_package()
    _set_up(threads)
    try:
        if package == GPU_PACKAGE:
            cuda_libraries.preload(_CUDA_LIBRARIES)
        with warnings.catch_warnings():
            for category in (DeprecationWarning, SyntaxWarning):
                warnings.simplefilter("ignore", category)
            return import_mxnet()
    except (ImportError, OSError, AttributeError, RuntimeError) as error:
        raise DeviceError(
            "mxnet.broken",
            "MXNet is installed but cannot be loaded ({detail}). Your files are untouched. "
            "Run `make repair` in Netarium's folder.",
            detail=str(error).rstrip("."),
        ) from error


def _set_up(threads: int | None) -> None:
    """Put in place what has to be there before MXNet's library is opened."""
    # Read by the OpenMP library when MXNet loads it; left alone, MXNet takes half of the cores.
    os.environ["OMP_NUM_THREADS"] = str(threads or thread_count())
    # In graphs bound for inference on cpu(0), MXNet replaces neighbours by oneDNN's fused operators. They give wrong
    # numbers where outputs in between are asked for, and after the weights have changed. The backend called
    # "default" replaces nothing, nor does "NONE", but that tells so on stderr at every binding.
    os.environ["MXNET_SUBGRAPH_BACKEND"] = "default"
    os.environ["MXNET_SUBGRAPH_VERBOSE"] = "0"
    if "bool" not in vars(np):
        np.bool = bool  # type: ignore[attr-defined]  # NumPy dropped the alias that MXNet uses at run time
    if not faulthandler.is_enabled() and sys.__stderr__ is not None:
        # MXNet takes SIGSEGV for itself unless a handler is there already.
        faulthandler.enable(sys.__stderr__)


def _single_package() -> str:
    packages = installed_packages()
    if not packages:
        raise DeviceError(
            "mxnet.missing",
            "MXNet is not installed. Run `make repair` in Netarium's folder, or install the cpu extra.",
        )
    if len(packages) > 1:
        raise DeviceError(
            "mxnet.both",
            "Both {packages} are installed, and each has overwritten files of the other. Your files are untouched. "
            "Run `make repair` in Netarium's folder, which keeps the one that fits this machine.",
            packages=" and ".join(packages),
        )
    if packages == (GPU_PACKAGE,) and not cuda_driver.driver_loads():
        raise DeviceError(
            "mxnet.no_driver",
            "The GPU version of MXNet is installed, but there is no NVIDIA driver ({library}). "
            "Run `make repair` in Netarium's folder, which installs the CPU version (the cpu extra) instead.",
            library=cuda_driver.DRIVER,
        )
    return packages[0]


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
