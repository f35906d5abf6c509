"""Asks the NVIDIA driver which GPUs there are; standard library only, so that the set-up can load it alone."""

from __future__ import annotations

import ctypes
from typing import NamedTuple

DRIVER = "libcuda.so.1"

# What mxnet-cu112 1.9.1 was compiled for. It holds no PTX, so the driver cannot translate for other GPUs.
KERNEL_CAPABILITIES = ((5, 0), (6, 0), (7, 0), (8, 0), (8, 6))

# From here on CuPy takes MXNet's place. It would run on older GPUs too, but those have MXNet.
CUPY_CAPABILITY = (9, 0)

# CUdevice_attribute values of cuda.h.
_CAPABILITY_MAJOR = 75
_CAPABILITY_MINOR = 76


class Gpu(NamedTuple):
    """One GPU as the driver reports it; ``memory`` in bytes."""

    name: str
    capability: tuple[int, int]
    memory: int


def has_kernels(capability: tuple[int, int]) -> bool:
    """Tell whether MXNet's GPU kernels run on a GPU of this compute capability.

    A kernel runs on GPUs of its own major version whose minor version is not lower.
    """
    major, minor = capability
    return any(major == built and minor >= lowest for built, lowest in KERNEL_CAPABILITIES)


def is_for_cupy(capability: tuple[int, int]) -> bool:
    """Tell whether a GPU of this compute capability is newer than MXNet's kernels, so that CuPy is to use it."""
    return capability >= CUPY_CAPABILITY


def driver_loads() -> bool:
    """Tell whether an NVIDIA driver is installed, with or without a GPU."""
    try:
        ctypes.CDLL(DRIVER)
    except OSError:
        return False
    return True


def read_gpus() -> tuple[Gpu, ...]:
    """Return the GPUs in the driver's order, which is MXNet's; empty where no driver answers."""
    try:
        driver = ctypes.CDLL(DRIVER)
    except OSError:
        return ()
    count = ctypes.c_int()
    if driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)):
        return ()
    return tuple(_read_gpu(driver, index) for index in range(count.value))


def _read_gpu(driver: ctypes.CDLL, index: int) -> Gpu:
    device = ctypes.c_int()
    driver.cuDeviceGet(ctypes.byref(device), index)
    name = ctypes.create_string_buffer(256)
    driver.cuDeviceGetName(name, len(name), device)
    memory = ctypes.c_size_t()
    driver.cuDeviceTotalMem_v2(ctypes.byref(memory), device)
    major, minor = (_attribute(driver, device, which) for which in (_CAPABILITY_MAJOR, _CAPABILITY_MINOR))
    return Gpu(name.value.decode(errors="replace"), (major, minor), memory.value)


def _attribute(driver: ctypes.CDLL, device: ctypes.c_int, which: int) -> int:
    value = ctypes.c_int()
    driver.cuDeviceGetAttribute(ctypes.byref(value), which, device)
    return value.value
