"""Which backends there are, and how to make one by its name."""

from __future__ import annotations

from engine.backends.base import Backend
from engine.errors import ConfigError, DeviceError

# In the order of the courses: what a program would use today first, what shows most of the arithmetic last.
BACKEND_NAMES = ("gluon", "module", "ndarray", "scratch")


def make_backend(name: str, device: str = "cpu", threads: int | None = None) -> Backend:
    """Return the backend of this name on a device; the library it computes with is loaded now, not before.

    Parameters
    ----------
    name : str
        One of ``BACKEND_NAMES``.
    device : str
        Such as ``"cpu"`` or ``"gpu(0)"``.
    threads : int, optional
        How many NumPy computes with, at least 1; by default as many as usual. MXNet's are set when it is loaded.

    Raises
    ------
    ConfigError
        If there is no such backend; the sentence names those there are.
    DeviceError
        If the library or the device cannot be used.
    """
    match name:
        case "gluon":
            from engine.backends.mxnet.gluon import GluonBackend

            return GluonBackend(device)
        case "module":
            from engine.backends.mxnet.module import ModuleBackend

            return ModuleBackend(device)
        case "ndarray":
            from engine.backends.mxnet.ndarray import NDArrayBackend

            return NDArrayBackend(device)
        case "scratch":
            return _scratch(device, threads)
    raise ConfigError(
        "backend.unknown", "There is no backend {backend}. Choose one of: {backends}.",
        backend=name, backends=", ".join(BACKEND_NAMES),
    )  # fmt: skip


def threads_again(threads: int | str, device: str) -> int | None:
    """Return what to ask ``make_backend`` for, so that it computes as it did with so many threads on a device.

    One can be had again anywhere; more are as many as the machine has, or as it is told to take. A GPU's are its own.
    """
    return 1 if str(threads) == "1" and device.startswith("cpu") else None


def _scratch(device: str, threads: int | None) -> Backend:
    from engine.backends.scratch import cupy_module
    from engine.backends.scratch.network import ScratchBackend

    if device.startswith("cpu"):
        return ScratchBackend(device, threads=threads)
    if cupy_module.gpu_index(device) is None:
        raise DeviceError("device.name", "{device} is not a device. Devices are named cpu or gpu(0).", device=device)
    return ScratchBackend(device, cupy_module.load())
