"""Reads IDX files, the format of MNIST, without trusting what they claim.

An IDX file is two zero bytes, the type of its values (8 for unsigned bytes), the number of dimensions,
each dimension as a big-endian 32-bit number, and the values in row-major order. Source: LeCun, Cortes
and Burges, "The MNIST database of handwritten digits".
"""

from __future__ import annotations

import gzip
import io
import math
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

from engine.errors import DataError

_UNSIGNED_BYTES = 8
_MOST_DIMENSIONS = 4
_MOST_BYTES = 2**31
_GZIP_MAGIC = b"\x1f\x8b"
# Deflate writes at most 258 bytes for every two bits, so no file holds more than this many times its size.
_DEFLATE_LIMIT = 1032
_READ_SIZE = 2**18

_Read = TypeVar("_Read")


def read_idx(path: Path) -> np.ndarray:
    """Read the values of an IDX file, plain or compressed with gzip (told by its content, not its name).

    Memory and time are bounded by what the file can really hold: sizes are checked before anything is
    allocated, and no more is decompressed than the header promises and one read buffer.

    Returns
    -------
    array of 1 to 4 dimensions, uint8

    Raises
    ------
    DataError
        Naming the file, if it cannot be read, is not IDX of unsigned bytes, is damaged (gzip's checksum
        is compared), too short, too long, or promises more than 2 GiB.
    """
    return _read(path, _read_array)


def read_idx_shape(path: Path) -> tuple[int, ...]:
    """Read no more than the shape of what ``read_idx`` would return; raises what it would, as far as that is told."""
    return _read(path, lambda stream, path, _: _read_shape(stream, path))


def _read(path: Path, read: Callable[[io.BufferedIOBase, Path, int], _Read]) -> _Read:
    if path.exists() and not path.is_file():
        raise DataError("data.not_a_file", "{file} is not a file; choose an IDX file.", file=path)
    try:
        with path.open("rb") as file:
            held = path.stat().st_size
            if file.peek(2)[:2] != _GZIP_MAGIC:
                return read(file, path, held)
            with gzip.GzipFile(fileobj=file) as unpacked:
                return read(unpacked, path, held * _DEFLATE_LIMIT)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _damaged(path, "its compressed data is incomplete or broken") from error
    except OSError as error:
        raise DataError(
            "data.unreadable", "{file} cannot be read: {reason}.", file=path, reason=error.strerror or error
        ) from error


def _read_array(stream: io.BufferedIOBase, path: Path, most: int) -> np.ndarray:
    """Read header and values from a file that can hold ``most`` bytes."""
    shape = _read_shape(stream, path)
    promised = math.prod(shape)
    if promised > _MOST_BYTES:
        raise _damaged(path, f"its header promises {promised:,} bytes, and {_MOST_BYTES:,} are allowed")
    too_short = f"it is too short for the {promised:,} bytes that its header promises"
    if promised > most:
        raise _damaged(path, too_short)
    values = np.empty(promised, np.uint8)
    room = values.data
    while room:
        count = stream.readinto(room[:_READ_SIZE])
        if not count:
            raise _damaged(path, too_short)
        room = room[count:]
    if stream.read(1):  # reaching the end also makes gzip compare its checksum
        raise _damaged(path, f"it goes on after the {promised:,} bytes that its header promises")
    return values.reshape(shape)


def _read_shape(stream: io.BufferedIOBase, path: Path) -> tuple[int, ...]:
    magic = stream.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0":
        raise _damaged(path, "it does not begin like an IDX file")
    kind, dimensions = magic[2], magic[3]
    if kind != _UNSIGNED_BYTES:
        raise _damaged(path, f"its values are of type 0x{kind:02x}, and only unsigned bytes (0x08) are read")
    if not 1 <= dimensions <= _MOST_DIMENSIONS:
        raise _damaged(path, f"it has {dimensions} dimensions, and 1 to {_MOST_DIMENSIONS} are allowed")
    extents = stream.read(4 * dimensions)
    if len(extents) < 4 * dimensions:
        raise _damaged(path, "it ends within its header")
    return struct.unpack(f">{dimensions}I", extents)


def _damaged(path: Path, problem: str) -> DataError:
    return DataError(
        "data.idx", "{file} cannot be used: {problem}. Choose another file, or get this one again.",
        file=path, problem=problem,
    )  # fmt: skip
