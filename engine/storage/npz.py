"""Reads and writes .npz files: a zip archive with one .npy array per member.

NumPy's own reader believes the sizes that an archive claims, so a small file can fill the memory; here each is
checked before anything is allocated, and nothing can be unpickled.
"""

from __future__ import annotations

import ast
import io
import math
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, BinaryIO

import numpy as np

from engine.storage.reading import (
    LARGEST_FILE,
    MOST_DIMENSIONS,
    MOST_TENSORS,
    damaged,
    open_checked,
    read_array,
)

KIND = "an .npz file"

_DTYPES = {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1"}
_MOST_BYTES = 2 * 2**30
# Weights hardly compress. An archive that unpacks to more than this many times its size is a bomb.
_MOST_EXPANSION = 100
_ALWAYS_ALLOWED = 16 * 2**20
_LARGEST_DIRECTORY = 16 * 2**20
_LONGEST_HEADER = 4096
_MAGIC = b"\x93NUMPY"
_NPY = ".npy"
_END = struct.Struct("<4s4H2LH")
_END_SIGNATURE = b"PK\5\6"
_ZIP64_LOCATOR_SIZE = 20
_ZIP64_LOCATOR_SIGNATURE = b"PK\6\7"
_ENCRYPTED = 0x1


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of an .npz file by name, in the order of the archive.

    Raises
    ------
    FileError
        If the file cannot be read, is damaged, unpacks to much more than its size or over 2 GiB, or holds
        anything but arrays of floats and integers.
    """
    with open_checked(path, min(LARGEST_FILE, _MOST_BYTES)) as (file, size):
        _check_directory(file, size, path)
        try:
            with zipfile.ZipFile(file) as archive:
                members = _members(archive, size, path)
                return {name: _read_member(archive, member, path) for name, member in members.items()}
        except (zipfile.BadZipFile, zlib.error, EOFError, struct.error, ValueError, RuntimeError) as error:
            raise damaged(path, KIND, "its archive is broken") from error


def encode_npz(arrays: Mapping[str, np.ndarray]) -> memoryview:
    """Return the bytes of an uncompressed .npz file; the same arrays always give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in arrays.items():
            with archive.open(name + _NPY, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)  # type: ignore[no-untyped-call]
    return buffer.getbuffer()


def _check_directory(file: BinaryIO, size: int, path: Path) -> None:
    """Bound the archive's table of contents, which ``zipfile`` reads whole before it checks anything."""
    tail_size = min(size, _ZIP64_LOCATOR_SIZE + _END.size)
    file.seek(size - tail_size)
    tail = file.read(tail_size)
    if len(tail) < _END.size or not tail[-_END.size :].startswith(_END_SIGNATURE):
        raise damaged(path, KIND, "it does not end like one")
    directory_size = _END.unpack(tail[-_END.size :])[5]
    if directory_size > _LARGEST_DIRECTORY or tail.startswith(_ZIP64_LOCATOR_SIGNATURE):
        raise damaged(path, KIND, "its table of contents is too long")


def _members(archive: zipfile.ZipFile, size: int, path: Path) -> dict[str, zipfile.ZipInfo]:
    entries = archive.infolist()
    members = {entry.filename.removesuffix(_NPY): entry for entry in entries}
    if len(entries) > MOST_TENSORS or len(members) != len(entries):
        raise damaged(path, KIND, "it holds too many arrays, or two of the same name")
    for entry in entries:
        if not entry.filename.endswith(_NPY) or entry.flag_bits & _ENCRYPTED:
            raise damaged(path, KIND, f"{entry.filename[:80]!r} in it is not an array")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise damaged(path, KIND, f"{entry.filename[:80]!r} is compressed in a way that is not read")
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > min(_MOST_BYTES, max(_ALWAYS_ALLOWED, _MOST_EXPANSION * size)):
        raise damaged(path, KIND, f"it would unpack to {unpacked:,} bytes")
    return members


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> np.ndarray:
    with archive.open(member) as file:
        dtype, fortran_order, shape, header_size = _read_header(file, path)
        expected = math.prod(shape) * dtype.itemsize
        if header_size + expected != member.file_size:
            raise damaged(path, KIND, f"{member.filename[:80]!r} is not as large as its shape says")
        array = read_array(file, shape[::-1] if fortran_order else shape, dtype)
        # Reaching the end makes zipfile compare its checksum.
        if array is None or file.read(1):
            raise damaged(path, KIND, f"{member.filename[:80]!r} does not end where its shape says")
    return np.asarray(array.T if fortran_order else array, dtype.newbyteorder("="), order="C")


def _read_header(file: IO[bytes], path: Path) -> tuple[np.dtype, bool, tuple[int, ...], int]:
    """Return type, order and shape of a .npy array, and how many bytes its header takes.

    Source: NEP 1, "A simple file format for NumPy arrays".
    """
    start = file.read(8)
    if not start.startswith(_MAGIC) or start[6:] not in (b"\1\0", b"\2\0", b"\3\0"):
        raise damaged(path, KIND, "a member does not begin like an array")
    width = struct.Struct("<H" if start[6] == 1 else "<I")
    (length,) = width.unpack(file.read(width.size))
    if length > _LONGEST_HEADER:
        raise damaged(path, KIND, "the header of an array is too long")
    try:
        header = ast.literal_eval(file.read(length).decode("latin1"))
    except (ValueError, SyntaxError, RecursionError, MemoryError) as error:
        raise damaged(path, KIND, "the header of an array cannot be understood") from error
    match header:
        case {"descr": str(descr), "fortran_order": bool(fortran_order), "shape": tuple(shape), **rest}:
            known = descr[:1] in "<>|=" and descr[1:] in _DTYPES and not rest
            natural = all(type(extent) is int and extent > 0 for extent in shape)
            if known and natural and len(shape) <= MOST_DIMENSIONS:
                return np.dtype(descr), fortran_order, shape, len(start) + width.size + length
    raise damaged(path, KIND, "it holds an array that is empty, or not of floats or integers")
