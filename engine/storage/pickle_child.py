"""Takes NumPy arrays out of a pickle, as a program of its own that is given no module, no file and little memory.

Run as ``python -I -S pickle_child.py MEMORY SECONDS < pickle > answer``. A pickle is a program, and whatever it names
is called while it is read. Here every name it may use stands for something that only writes down what it was
given; any other name ends the program. NumPy itself is not even imported.

The answer is a line of JSON, then the bytes of the arrays one after the other; or ``{"refused": reason}``.
"""

from __future__ import annotations

import io
import json
import pickle
import resource
import sys

# What NumPy's arrays ask for, in protocols 0 to 5, of NumPy 1 and 2.
_MODULES = ("numpy.core.multiarray", "numpy._core.multiarray")
_NUMERIC = ("numpy.core.numeric", "numpy._core.numeric")
_MOST_ARRAYS = 1000


class Refused(Exception):
    """The pickle asks for something that is not allowed; the text says what."""


class Dtype:
    """Stands for ``numpy.dtype``; keeps its name and what byte order it is told."""

    def __init__(self, name: object = "", *_flags: object) -> None:
        self.name = name
        self.order: object = "="

    def __setstate__(self, state: object) -> None:
        if not (isinstance(state, tuple) and len(state) >= 5 and state[2:5] == (None, None, None)):
            raise Refused("an array of records")
        self.order = state[1]


class NDArray:
    """Stands for ``numpy.ndarray``, the class; it is never called."""


class Array:
    """Stands for an array; keeps its shape, dtype, order and bytes."""

    def __init__(self, shape: object = (), dtype: object = None, fortran: object = False, data: object = b"") -> None:
        self.shape, self.dtype, self.fortran, self.data = shape, dtype, fortran, data

    def __setstate__(self, state: object) -> None:
        if not (isinstance(state, tuple) and len(state) == 5):
            raise Refused("an array in an unknown form")
        _, self.shape, self.dtype, self.fortran, self.data = state


def reconstruct(*_arguments: object) -> Array:
    """Stand for NumPy's function that makes an empty array, which is then told its state."""
    return Array()


def from_buffer(data: bytes, dtype: object, shape: object, order: object) -> Array:
    """Stand for the function that protocol 5 makes arrays with."""
    return Array(shape, dtype, order == "F", bytes(data))


def encode(text: object, encoding: object) -> bytes:
    """Stand for ``_codecs.encode``, with which old protocols write bytes."""
    if not isinstance(text, str) or encoding != "latin1":
        raise Refused("an encoding other than latin1")
    return text.encode("latin1")


ALLOWED: dict[tuple[str, str], object] = {
    ("numpy", "dtype"): Dtype,
    ("numpy", "ndarray"): NDArray,
    ("_codecs", "encode"): encode,
    **{(module, "_reconstruct"): reconstruct for module in _MODULES},
    **{(module, "_frombuffer"): from_buffer for module in _NUMERIC},
}


class Unpickler(pickle.Unpickler):
    """Finds nothing but what is in ``ALLOWED``."""

    def find_class(self, module: str, name: str) -> object:
        """Return a stand-in; ``Refused`` for any other name."""
        if (module, name) not in ALLOWED:
            raise Refused(f"{module}.{name}"[:100])
        return ALLOWED[module, name]

    def persistent_load(self, pid: object) -> object:
        """Refuse: there is nothing outside the file."""
        raise Refused("something outside the file")


def described(value: object, most_bytes: int) -> tuple[list[dict[str, object]], list[bytes]]:
    """Return the description of each array in a dictionary, and their bytes."""
    if not isinstance(value, dict) or not 0 < len(value) <= _MOST_ARRAYS:
        raise Refused("something other than a dictionary of arrays")
    entries: list[dict[str, object]] = []
    parts: list[bytes] = []
    total = 0
    for name, array in value.items():
        if not isinstance(name, str) or not isinstance(array, Array) or not isinstance(array.dtype, Dtype):
            raise Refused("something other than a dictionary of arrays")
        data = array.data.encode("latin1") if isinstance(array.data, str) else array.data
        if not isinstance(data, (bytes, bytearray)) or not isinstance(array.shape, tuple):
            raise Refused("an array of objects")
        total += len(data)
        if total > most_bytes:
            raise Refused("the same array many times")
        entries.append({
            "name": name[:100], "dtype": str(array.dtype.name)[:10], "order": str(array.dtype.order)[:1],
            "shape": [int(n) for n in array.shape[:9]], "fortran": bool(array.fortran), "size": len(data),
        })  # fmt: skip
        parts.append(bytes(data))
    return entries, parts


def main() -> None:
    """Read a pickle from stdin and answer on stdout."""
    memory, seconds = (int(argument) for argument in sys.argv[1:])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    data = sys.stdin.buffer.read()
    answer: dict[str, object]
    parts: list[bytes] = []
    try:
        entries, parts = described(Unpickler(io.BytesIO(data), encoding="latin1").load(), len(data))
        answer = {"arrays": entries}
    except Refused as refused:
        answer = {"refused": str(refused)}
    except MemoryError:
        answer = {"refused": "more memory than it is given"}
    except Exception as error:  # whatever a damaged pickle leads to
        answer = {"damaged": type(error).__name__}
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + b"".join(parts))


if __name__ == "__main__":
    main()
