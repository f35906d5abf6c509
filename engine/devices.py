"""Which CPU and GPU devices can be offered, to which backends, and why one cannot."""

from __future__ import annotations

import functools
import re
import signal
import subprocess
import sys
from pathlib import Path

from msgspec import Struct

from engine import cuda_driver
from engine.backends.choice import BACKEND_NAMES
from engine.backends.mxnet import runtime
from engine.backends.scratch import cupy_module
from engine.errors import DeviceError

# A first use of CUDA takes seconds; a driver that hangs must not hold up the window for ever.
TRIAL_SECONDS = 60.0

SCRATCH = ("scratch",)
MXNET = tuple(name for name in BACKEND_NAMES if name not in SCRATCH)

_MXNET_TRIAL = """
import sys
from engine.backends.mxnet import runtime
mx = runtime.load()
ones = mx.nd.ones((8, 8), ctx=runtime.context(sys.argv[1]))
if mx.nd.dot(ones, ones).asnumpy().sum() != 512:
    sys.exit("it computes wrong numbers")
"""

# What the layers do in different ways: a kernel compiled here, a reduction, cuBLAS, and indices from two arrays.
_CUPY_TRIAL = """
import sys
from engine.backends.scratch import cupy_module
from engine.errors import DeviceError
try:
    xp = cupy_module.load()
except DeviceError as error:
    sys.exit(str(error))
with xp.cuda.Device(cupy_module.gpu_index(sys.argv[1])):
    ones = xp.ones((8, 8), "float32")
    product = xp.maximum(ones @ ones.T, 0)
    rows = xp.arange(8)
    product[rows, rows] += 1
    if float(product.sum()) != 520 or int(product.argmax(axis=1).sum()) != 28:
        sys.exit("it computes wrong numbers")
"""


class DeviceInfo(Struct, frozen=True):
    """A device as it is offered.

    Parameters
    ----------
    name : str
        As in ``gpu(0)``.
    label : str
        For people.
    available : bool
        Whether any backend can use it.
    reason : str
        A sentence why the device, or a backend on it, cannot be used; empty where all can.
    backends : tuple of str
        Those that can use it.
    """

    name: str
    label: str
    available: bool = True
    reason: str = ""
    backends: tuple[str, ...] = BACKEND_NAMES


def list_devices() -> tuple[DeviceInfo, ...]:
    """Return the CPU, then every GPU that the NVIDIA driver reports.

    The first call may take seconds where a GPU has to be tried out; neither MXNet nor CuPy is imported into this
    process.
    """
    threads = runtime.thread_count()
    cpu = DeviceInfo("cpu", f"CPU, {threads} thread{'s' if threads != 1 else ''}")
    return (cpu, *(_gpu_info(index, gpu) for index, gpu in enumerate(cuda_driver.read_gpus())))


def check_device(name: str, backend: str) -> str:
    """Return the full name of a device that a backend can use, such as ``cpu`` or ``gpu(0)``.

    ``gpu`` stands for ``gpu(0)``. ``cpu(1)`` computes on the same cores as ``cpu``, as a device of its own.

    Raises
    ------
    DeviceError
        If there is no such device, naming those there are, or if this backend cannot use it, saying why.
    """
    device = _find(name)
    if backend not in device.backends and backend in BACKEND_NAMES:
        raise DeviceError(
            "device.backend", "The backend {backend} cannot use {device} ({label}). {reason}",
            backend=backend, device=device.name, label=device.label, reason=device.reason,
        )  # fmt: skip
    return device.name


def backends_on(name: str) -> tuple[str, ...]:
    """Return the backends that can compute on a device; ``DeviceError`` if there is no such device."""
    return BACKEND_NAMES if name.startswith("cpu") else _find(name).backends


def device_or_cpu(name: str, backend: str) -> str:
    """Return the full name of a device if a backend can use it, otherwise the CPU's, which every backend can use.

    For what goes from one backend to another: each computes where it can.

    Raises
    ------
    DeviceError
        If there is no such device, or no backend can use it.
    """
    device = _find(name)
    return device.name if backend in device.backends else "cpu"


def computes_with_cupy(name: str) -> bool:
    """Tell whether a device that is offered is a GPU for CuPy, not for MXNet."""
    index, gpus = cupy_module.gpu_index(name), cuda_driver.read_gpus()
    return index is not None and index < len(gpus) and cuda_driver.is_for_cupy(gpus[index].capability)


def _find(name: str) -> DeviceInfo:
    """Return the device that a name means, if any backend can use it; ``DeviceError`` if not."""
    if re.fullmatch(r"cpu(\(\d{1,4}\))?", name):
        return DeviceInfo(name, "CPU")
    wanted = "gpu(0)" if name == "gpu" else name
    devices = list_devices()
    for device in devices:
        if device.name == wanted and device.available:
            return device
        if device.name == wanted:
            raise DeviceError(
                "device.unavailable", "{device} ({label}) cannot be used. {reason}",
                device=wanted, label=device.label, reason=device.reason,
            )  # fmt: skip
    raise DeviceError(
        "device.unknown", "There is no device {device}. Choose one of: {devices}.",
        device=name, devices=", ".join(device.name for device in devices if device.available),
    )  # fmt: skip


def _gpu_info(index: int, gpu: cuda_driver.Gpu) -> DeviceInfo:
    name = f"gpu({index})"
    label = f"GPU {index}: {gpu.name}, {gpu.memory / 2**30:.0f} GiB"
    if cuda_driver.is_for_cupy(gpu.capability):
        without_mxnet = _no_kernels(gpu)
        failure = _why_not_cupy(name)
        if failure:
            return DeviceInfo(name, label, False, f"{without_mxnet} {failure}", ())
        way_out = "The backend scratch (NumPy in the window) can: it computes there with CuPy."
        return DeviceInfo(name, label, True, f"{without_mxnet} {way_out}", SCRATCH)
    failure = _why_not_mxnet(name, gpu)
    if failure:
        return DeviceInfo(name, label, False, failure, ())
    return DeviceInfo(
        name, label, True, "NumPy, the backend scratch, computes on the CPU; choose the CPU for it.", MXNET
    )


def _no_kernels(gpu: cuda_driver.Gpu) -> str:
    capability = ".".join(map(str, gpu.capability))
    return f"Its compute capability is {capability}, and MXNet 1.9.1 has kernels for 5.0 to 8.x only."


def _why_not_mxnet(name: str, gpu: cuda_driver.Gpu) -> str:
    """Return why MXNet cannot use a GPU, as a sentence, or nothing if it can."""
    if not cuda_driver.has_kernels(gpu.capability):
        return _no_kernels(gpu)
    if runtime.installed_packages() != (runtime.GPU_PACKAGE,):
        return (
            "MXNet's GPU version is not the one installed. "
            "Run `make repair` in Netarium's folder to install it (a download of about 2 GB)."
        )
    failure = _try_out(name, _MXNET_TRIAL)
    return f"A small computation on it failed: {failure}." if failure else ""


def _why_not_cupy(name: str) -> str:
    """Return why CuPy cannot use a GPU, as a sentence, or nothing if it can."""
    if not cupy_module.is_installed():
        return (
            "CuPy, with which the backend scratch could use it, is not installed. "
            "Run `make repair` in Netarium's folder to install it (a download of about 800 MB)."
        )
    failure = _try_out(name, _CUPY_TRIAL)
    return f"A small computation with CuPy on it failed: {failure}." if failure else ""


@functools.cache
def _try_out(name: str, trial: str) -> str:
    """Compute something small on a device in a process of its own; return what went wrong, if anything."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", trial, name],
            cwd=Path(__file__).parents[1],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TRIAL_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {TRIAL_SECONDS:.0f} seconds"
    if done.returncode < 0:
        return f"it ended with {signal.Signals(-done.returncode).name}"
    lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
    return lines[-1].rstrip(".") if done.returncode else ""
