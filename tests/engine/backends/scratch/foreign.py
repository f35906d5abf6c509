"""A stand-in for CuPy: NumPy's arrays behind a class that is as strict as CuPy's, on GPUs that are none.

What CuPy refuses is refused: an array of NumPy among its own, its own in NumPy, a function that it does not have, an
array of another GPU than the current one. Copies that nobody waits for are not there until their event is waited for,
and what makes the processor wait is counted.
"""

from __future__ import annotations

import threading
from types import SimpleNamespace

import numpy as np

# What the backend calls; each is a function of CuPy 13.6 that takes the arguments it is called with.
FUNCTIONS = frozenset(
    "abs arange clip concatenate empty exp full_like log log1p matmul maximum minimum ones ones_like sign sqrt stack "
    "tanh where zeros zeros_like".split()
)

_thread = threading.local()
waits = 0  # how often the processor had to wait for the GPU
_under_way = []  # copies that the GPU has begun


def current_device():
    return getattr(_thread, "devices", [0])[-1]


def _wait():
    global waits
    waits += 1
    for copy in _under_way:
        copy()
    _under_way.clear()


class Foreign:
    """An array that only its own module's functions take; what CuPy's arrays do with operators, this does."""

    __array_priority__ = 1000
    __hash__ = None

    def __init__(self, array):
        self.inner = array
        self.device_index = current_device()

    def __array__(self, *_):
        raise TypeError("an array of another module was handed to NumPy")

    __array_ufunc__ = None  # NumPy's arrays and numbers leave operators to this class

    def get(self, stream=None, order="C", out=None, blocking=True):
        data = self.inner.copy()  # as it is now, whatever is computed next
        if out is None:
            _wait()
            return data
        assert type(out) is np.ndarray and (out.shape, out.dtype) == (data.shape, data.dtype)
        _under_way.append(lambda: out.__setitem__(..., data))
        if blocking:
            _wait()
        return out

    def __len__(self):
        return len(self.inner)

    def __float__(self):
        return float(self.get())

    def __int__(self):
        return int(self.get())

    def __bool__(self):
        return bool(self.get())

    def __getitem__(self, key):
        return wrapped(opened(self)[opened(key)])

    def __setitem__(self, key, value):
        opened(self)[opened(key)] = opened(value)

    def __getattr__(self, name):
        value = getattr(self.inner, name)
        if name in ("shape", "strides", "dtype", "ndim", "size", "itemsize", "nbytes"):
            return value
        opened(self)
        return foreign_function(value) if callable(value) else wrapped(value)


def opened(value):
    if isinstance(value, np.ndarray):
        raise TypeError("an array of NumPy was handed to another module")
    if isinstance(value, Foreign):
        assert value.device_index == current_device(), "an array of another GPU"
        return value.inner
    return type(value)(opened(v) for v in value) if isinstance(value, (tuple, list)) else value


def wrapped(value):
    return Foreign(value) if isinstance(value, (np.ndarray, np.generic)) else value


def foreign_function(function):
    def call(*arguments, **named):
        return wrapped(function(*opened(arguments), **{name: opened(value) for name, value in named.items()}))

    return call


def operator(name):
    def call(self, *others):
        result = getattr(np.asarray(opened(self)), name)(*opened(others))
        if name.startswith("__i") and name != "__invert__":
            return self
        return wrapped(result)

    return call


for stem in "add sub mul truediv matmul pow and or xor".split():
    for prefix in ("", "r", "i"):
        if not (prefix == "i" and stem == "matmul"):
            setattr(Foreign, f"__{prefix}{stem}__", operator(f"__{prefix}{stem}__"))
for stem in "neg eq ne lt le gt ge invert".split():
    setattr(Foreign, f"__{stem}__", operator(f"__{stem}__"))


class Device:
    """A GPU; ``with`` it, it is this thread's current one."""

    mem_info = (60 * 2**30, 80 * 2**30)

    def __init__(self, index):
        self.index = index

    def __enter__(self):
        _thread.devices = [*getattr(_thread, "devices", [0]), self.index]
        return self

    def __exit__(self, *_):
        _thread.devices = _thread.devices[:-1]

    def synchronize(self):
        _wait()


class Event:
    """Something that happens on the GPU after all that was begun before."""

    def __init__(self, disable_timing=False):
        self.done = False

    def record(self):
        _under_way.append(lambda: setattr(self, "done", True))

    def synchronize(self):
        if not self.done:
            _wait()


class ForeignModule:
    """NumPy's functions for foreign arrays only."""

    inf = np.inf
    lib = SimpleNamespace(stride_tricks=SimpleNamespace(as_strided=foreign_function(np.lib.stride_tricks.as_strided)))
    cuda = SimpleNamespace(Device=Device, Event=Event, alloc_pinned_memory=bytearray)

    @staticmethod
    def asarray(value, dtype=None):
        return Foreign(np.array(value.inner if isinstance(value, Foreign) else value, dtype))

    @staticmethod
    def get_default_memory_pool():
        return SimpleNamespace(free_bytes=lambda: 2**30, free_all_blocks=lambda: None)

    def __getattr__(self, name):
        if name not in FUNCTIONS:
            raise AttributeError(f"module 'cupy' has no attribute {name!r}")
        return foreign_function(getattr(np, name))
