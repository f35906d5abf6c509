"""Which CPU and GPU devices can be offered, and why one cannot."""

from __future__ import annotations

import functools
import re
import signal
import subprocess
import sys
from pathlib import Path

from msgspec import Struct

from engine import cuda_driver
from engine.backends.mxnet import runtime
from engine.errors import DeviceError

# A first use of CUDA takes seconds; a driver that hangs must not hold up the window for ever.
TRIAL_SECONDS = 60.0

_TRIAL = """
import sys
from engine.backends.mxnet import runtime
mx = runtime.load()
ones = mx.nd.ones((8, 8), ctx=runtime.context(sys.argv[1]))
if mx.nd.dot(ones, ones).asnumpy().sum() != 512:
    sys.exit("it computes wrong numbers")
"""


class DeviceInfo(Struct, frozen=True):
    """A device as it is offered: ``name`` as in ``gpu(0)``; ``reason`` is a sentence where it is not available."""

    name: str
    label: str
    available: bool = True
    reason: str = ""


def list_devices() -> tuple[DeviceInfo, ...]:
    """Return the CPU, then every GPU that the NVIDIA driver reports.

    The first call may take seconds where a GPU has to be tried out; MXNet is not imported into this process.
    """
    threads = runtime.versions()["threads"]
    cpu = DeviceInfo("cpu", f"CPU, {threads} thread{'s' if threads != 1 else ''}")
    return (cpu, *(_gpu_info(index, gpu) for index, gpu in enumerate(cuda_driver.read_gpus())))


def check_device(name: str) -> str:
    """Return the full name of a device that can be used, such as ``cpu`` or ``gpu(0)``.

    ``gpu`` stands for ``gpu(0)``. ``cpu(1)`` computes on the same cores as ``cpu``, as a device of its own.

    Raises
    ------
    DeviceError
        If there is no such device, naming those there are, or if it cannot be used, saying why.
    """
    if re.fullmatch(r"cpu(\(\d{1,4}\))?", name):
        return name
    wanted = "gpu(0)" if name == "gpu" else name
    devices = list_devices()
    for device in devices:
        if device.name == wanted and device.available:
            return wanted
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
    reason = _why_not(name, gpu)
    label = f"GPU {index}: {gpu.name}, {gpu.memory / 2**30:.0f} GiB"
    return DeviceInfo(name, label, available=not reason, reason=reason)


def _why_not(name: str, gpu: cuda_driver.Gpu) -> str:
    """Return why MXNet cannot use a GPU, as a sentence, or nothing if it can."""
    if not cuda_driver.has_kernels(gpu.capability):
        capability = ".".join(map(str, gpu.capability))
        return f"Its compute capability is {capability}, and MXNet 1.9.1 has kernels for 5.0 to 8.x only."
    if runtime.installed_packages() != (runtime.GPU_PACKAGE,):
        return (
            "MXNet's GPU version is not the one installed. "
            "Run `make repair` in Netarium's folder to install it (a download of about 2 GB)."
        )
    failure = _try_out(name)
    return f"A small computation on it failed: {failure}." if failure else ""


@functools.cache
def _try_out(name: str) -> str:
    """Compute something small on a device in a process of its own; return what went wrong, if anything."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", _TRIAL, name],
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
