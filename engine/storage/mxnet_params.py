"""Reads and writes MXNet's .params files (what ``mx.nd.save`` writes), without MXNet.

MXNet's own loader trusts every count in the file; a wrong one ends the process. Here each is compared with
what is left of the file before anything is allocated. The file is, little-endian: the list magic 0x112 and a
reserved number (8 bytes each), the number of arrays (8) and the arrays, the number of names (8) and the names,
each with its length (8). Source: ``src/ndarray/ndarray.cc`` of MXNet 1.9.1.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from engine.errors import FileError
from engine.storage.reading import MOST_DIMENSIONS, MOST_TENSORS, damaged, open_checked, read_array

KIND = "an MXNet .params file"

_LIST_MAGIC = 0x112
_V1 = 0xF993FAC8  # shapes of 64-bit numbers
_V2 = 0xF993FAC9  # and a storage type
_V3 = 0xF993FACA  # and scalars, with MXNet's NumPy shapes
_DENSE = 0
_CPU = (1, 0)
# By MXNet's type flag.
_DTYPES = tuple(np.dtype(code) for code in ("<f4", "<f8", "<f2", "|u1", "<i4", "|i1", "<i8"))
_LONGEST_NAME = 1024
_PREFIXES = ("arg:", "aux:")


def read_mxnet_params(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of a .params file by name, in the order of the file.

    The prefixes ``arg:`` and ``aux:``, which Module writes, are left out; arrays without names are called
    ``0``, ``1``, ...

    Raises
    ------
    FileError
        If the file cannot be read, is damaged, or holds sparse arrays or types other than float32, float64,
        float16, uint8, int8, int32 and int64.
    """
    with open_checked(path) as (file, size):
        return _Reader(file, size, path).read()


def encode_mxnet_params(arrays: Mapping[str, np.ndarray]) -> Iterator[bytes | memoryview]:
    """Yield the pieces of a .params file, byte for byte what ``mx.nd.save`` writes for arrays on the CPU.

    Parameters
    ----------
    arrays : mapping of name to array of at least one dimension
        Names may carry the prefixes ``arg:`` and ``aux:``.

    Raises
    ------
    FileError
        If MXNet has no type or shape for an array.
    """
    yield struct.pack("<QQQ", _LIST_MAGIC, 0, len(arrays))
    for name, array in arrays.items():
        dtype = array.dtype.newbyteorder("<")
        if dtype not in _DTYPES or array.size == 0 or array.ndim == 0:
            raise FileError(
                "params.unwritable", "MXNet cannot hold {name}, of type {dtype} and shape {shape}, in a file.",
                name=name, dtype=array.dtype, shape=array.shape,
            )  # fmt: skip
        yield struct.pack("<IiI", _V2, _DENSE, array.ndim) + struct.pack(f"<{array.ndim}q", *array.shape)
        yield struct.pack("<iii", *_CPU, _DTYPES.index(dtype))
        yield np.asarray(array, dtype, order="C").data
    yield struct.pack("<Q", len(arrays))
    for name in arrays:
        encoded = name.encode()
        yield struct.pack("<Q", len(encoded)) + encoded


class _Reader:
    """Takes numbers and arrays from a file, and never more than is left of it."""

    def __init__(self, file: BinaryIO, size: int, path: Path) -> None:
        self._file = file
        self._left = size
        self._path = path

    def read(self) -> dict[str, np.ndarray]:
        (magic,) = self._numbers("Q")
        if magic != _LIST_MAGIC:
            raise self._damaged("it does not begin like one")
        self._numbers("Q")
        arrays = [self._array() for _ in range(self._count("arrays"))]
        names = [self._name() for _ in range(self._count("names"))] or [str(i) for i in range(len(arrays))]
        if len(names) != len(arrays):
            raise self._damaged(f"it holds {len(arrays)} arrays and {len(names)} names")
        if self._left:
            raise self._damaged(f"it goes on for {self._left:,} bytes after its end")
        if len(set(names)) != len(names):
            raise self._damaged("two arrays have the same name")
        return dict(zip(names, arrays, strict=True))

    def _array(self) -> np.ndarray:
        (magic,) = self._numbers("I")
        if magic in (_V2, _V3):
            (storage,) = self._numbers("i")
            if storage != _DENSE:
                raise self._damaged("it holds a sparse array, and only dense ones are read")
        if magic in (_V1, _V2, _V3):
            (dimensions,) = self._numbers("i")
            shape = self._shape(dimensions, "q")
        else:  # the oldest form begins with the number of dimensions
            shape = self._shape(magic, "I")
        if not shape and magic != _V3:
            raise self._damaged("it holds an array without a shape")
        _device, _number, flag = self._numbers("iii")
        if not 0 <= flag < len(_DTYPES):
            raise self._damaged(f"it holds an array of type {flag}, which is not read")
        dtype = _DTYPES[flag]
        self._take(math.prod(shape) * dtype.itemsize)
        array = read_array(self._file, shape, dtype)
        if array is None:
            raise self._damaged("it ends within an array")
        return array

    def _shape(self, dimensions: int, code: str) -> tuple[int, ...]:
        if not 0 <= dimensions <= MOST_DIMENSIONS:
            raise self._damaged(f"it holds an array of {dimensions} dimensions")
        shape = self._numbers(f"{dimensions}{code}")
        if any(extent < 1 for extent in shape):
            raise self._damaged("it holds an array with an unknown or empty dimension")
        return shape

    def _count(self, what: str) -> int:
        (count,) = self._numbers("Q")
        if count > min(MOST_TENSORS, self._left):
            raise self._damaged(f"it claims to hold {count:,} {what}")
        return int(count)

    def _name(self) -> str:
        (length,) = self._numbers("Q")
        if length > _LONGEST_NAME:
            raise self._damaged(f"it claims to hold a name of {length:,} letters")
        self._take(length)
        try:
            name = self._file.read(length).decode()
        except UnicodeDecodeError as error:
            raise self._damaged("it holds a name that is no text") from error
        return name[4:] if name.startswith(_PREFIXES) else name

    def _numbers(self, code: str) -> tuple[Any, ...]:
        layout = struct.Struct(f"<{code}")
        self._take(layout.size)
        data = self._file.read(layout.size)
        if len(data) < layout.size:
            raise self._damaged("it became shorter while it was read")
        return layout.unpack(data)

    def _take(self, count: int) -> None:
        if count > self._left:
            raise self._damaged(f"it claims {count:,} more bytes, and {self._left:,} are left")
        self._left -= count

    def _damaged(self, problem: str) -> FileError:
        return damaged(self._path, KIND, problem)
