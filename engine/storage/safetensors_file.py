"""Reads and writes safetensors files: a JSON header that names the tensors, then their bytes.

The file is the header's length (8 bytes, little-endian), the header, and the tensors without gaps. The header
maps each name to its type, shape and place, and ``__metadata__`` to a table of texts.
Source: https://github.com/huggingface/safetensors.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, BinaryIO

import msgspec
import numpy as np
from msgspec import Meta, Struct

from engine.errors import FileError
from engine.storage.reading import MOST_DIMENSIONS, MOST_TENSORS, damaged, open_checked, read_array

KIND = "a safetensors file"

_LENGTH = struct.Struct("<Q")
_LARGEST_HEADER = 4 * 2**20
_METADATA = "__metadata__"
_DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1", "U8": "|u1",
}  # fmt: skip
_DTYPE_NAMES = {np.dtype(code): name for name, code in _DTYPES.items()}

_Natural = Annotated[int, Meta(ge=0, le=2**62)]


class TensorEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """What the header says of a tensor; offsets count from the end of the header."""

    dtype: str
    shape: tuple[_Natural, ...]
    data_offsets: tuple[_Natural, _Natural]


# Made while modules are imported: msgspec works a type out when it first reads one, and two threads at that crash.
_ENTRIES = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TEXTS = msgspec.json.Decoder(dict[str, str])
_TENSOR = msgspec.json.Decoder(TensorEntry)


class Header(Struct, frozen=True):
    """A checked header: tensors in the order of their bytes, which fill the rest of the file exactly."""

    tensors: dict[str, TensorEntry]
    metadata: dict[str, str]
    raw: bytes

    @property
    def data_start(self) -> int:
        """Where the first tensor begins in the file."""
        return _LENGTH.size + len(self.raw)


def read_safetensors_tensors(path: Path) -> dict[str, np.ndarray]:
    """Return the tensors of any safetensors file by name, in the order of their bytes.

    Raises
    ------
    FileError
        If the file cannot be read, is damaged, or holds types other than common floats and integers.
    """
    with open_checked(path) as (file, size):
        header = read_header(file, size, path)
        return {name: read_tensor(file, header, name, path) for name in header.tensors}


def read_header(file: BinaryIO, size: int, path: Path) -> Header:
    """Read and check the header of a file of ``size`` bytes; allocates little, whatever the header claims.

    Raises
    ------
    FileError
        If it is not a header, or the tensors do not fill the rest of the file exactly.
    """
    start = file.read(_LENGTH.size)
    if len(start) < _LENGTH.size:
        raise damaged(path, KIND, "it is too short")
    (length,) = _LENGTH.unpack(start)
    if length > min(_LARGEST_HEADER, size - _LENGTH.size):
        raise _no_model(path)
    raw = file.read(length)
    try:
        entries = _ENTRIES.decode(raw)
        metadata = _TEXTS.decode(entries.pop(_METADATA, b"{}"))
        tensors = {name: _TENSOR.decode(entry) for name, entry in entries.items()}
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise damaged(path, KIND, "its header cannot be understood") from error
    if len(tensors) > MOST_TENSORS:
        raise damaged(path, KIND, f"it names {len(tensors):,} tensors")
    ordered = dict(sorted(tensors.items(), key=lambda item: item[1].data_offsets))
    _check_layout(ordered, size - _LENGTH.size - length, path)
    return Header(ordered, metadata, raw)


def read_tensor(file: BinaryIO, header: Header, name: str, path: Path) -> np.ndarray:
    """Read one tensor; ``path`` is for the error's sentence."""
    entry = header.tensors[name]
    file.seek(header.data_start + entry.data_offsets[0])
    array = read_array(file, entry.shape, np.dtype(_DTYPES[entry.dtype]))
    if array is None:
        raise damaged(path, KIND, f"it ends within {name[:80]}")
    return array


def encode_header(tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> bytes:
    """Return the length and header for tensors that follow in this order, row-major and little-endian.

    Raises
    ------
    FileError
        If there are more tensors, or longer names and texts, than are read again.
    """
    entries: dict[str, object] = {_METADATA: dict(metadata)}
    offset = 0
    for name, tensor in tensors.items():
        end = offset + tensor.nbytes
        entries[name] = TensorEntry(_DTYPE_NAMES[tensor.dtype], tensor.shape, (offset, end))
        offset = end
    header = msgspec.json.encode(entries)
    header += b" " * (-len(header) % 8)  # the tensors begin at a multiple of 8
    if len(header) > _LARGEST_HEADER or len(tensors) > MOST_TENSORS:
        raise FileError(
            "file.too_many_tensors", "A model of {count:,} tensors is too large for one file; nothing was written.",
            count=len(tensors),
        )  # fmt: skip
    return _LENGTH.pack(len(header)) + header


def _no_model(path: Path) -> FileError:
    """Return the error for a file whose first bytes are no length of a header: of a text they give a huge number."""
    return FileError(
        "file.no_model",
        "{file} is not a model: a model (.safetensors) begins with a list of its weights, and this file does not. It "
        "may be of another kind, such as a text, or damaged. Nothing was changed; choose another file, or get this "
        "one again.",
        file=path,
    )


def _check_layout(tensors: Mapping[str, TensorEntry], size: int, path: Path) -> None:
    """Check that the tensors lie one after the other and fill ``size`` bytes."""
    expected = 0
    for name, entry in tensors.items():
        if entry.dtype not in _DTYPES:
            raise damaged(path, KIND, f"{name[:80]} has the type {entry.dtype[:20]}, which is not read")
        if len(entry.shape) > MOST_DIMENSIONS or 0 in entry.shape:
            raise damaged(path, KIND, f"the shape of {name[:80]} makes no sense")
        begin, end = entry.data_offsets
        if begin != expected or end - begin != math.prod(entry.shape) * np.dtype(_DTYPES[entry.dtype]).itemsize:
            raise damaged(path, KIND, f"{name[:80]} does not lie where its shape says")
        expected = end
    if expected != size:
        raise damaged(path, KIND, f"its tensors take {expected:,} bytes, and it holds {size:,}")
