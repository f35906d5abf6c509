"""Opens files that a user chose, and reads no more of them than they hold."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO

import numpy as np

from engine.errors import FileError

# No network that trains on one machine is larger; what claims to be is a mistake.
LARGEST_FILE = 4 * 2**30

MOST_DIMENSIONS = 32
MOST_TENSORS = 20_000

_READ_SIZE = 2**20  # zipfile takes quadratic time for large reads


@contextmanager
def open_checked(path: Path, largest: int = LARGEST_FILE) -> Iterator[tuple[BinaryIO, int]]:
    """Open a file for reading and yield it with its size in bytes.

    Raises
    ------
    FileError
        If it is missing, a folder, a device, empty, larger than ``largest`` bytes or unreadable; also where
        reading fails inside the ``with``.
    """
    try:
        _check(path, largest)
        with open(path, "rb") as file:
            yield file, os.fstat(file.fileno()).st_size
    except FileNotFoundError as error:
        raise FileError("file.missing", "There is no file {file}; check its name and folder.", file=path) from error
    except OSError as error:
        raise FileError(
            "file.unreadable", "{file} cannot be read: {reason}.", file=path, reason=error.strerror or error
        ) from error


def read_array(file: IO[bytes], shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray | None:
    """Read the values of an array in row-major order; None if the file ends before.

    The caller has checked that the file is large enough for them.
    """
    array = np.empty(shape, dtype)
    room = array.reshape(-1).view(np.uint8).data
    while room:
        count = file.readinto(room[:_READ_SIZE])  # type: ignore[attr-defined]
        if not count:
            return None
        room = room[count:]
    return array


def damaged(path: Path, kind: str, problem: str) -> FileError:
    """Return the error for a file that is not what it should be.

    Parameters
    ----------
    kind : str
        What it should be, with its article: ``"an .npz file"``.
    problem : str
        Half a sentence: ``"it ends within its header"``.
    """
    return FileError(
        "file.damaged",
        "{file} is damaged or not {kind}: {problem}. Nothing was changed; choose another file, or get this one "
        "again.",
        file=path, kind=kind, problem=problem,
    )  # fmt: skip


def _check(path: Path, largest: int) -> None:
    try:
        status = os.stat(path)
    except ValueError as error:
        raise FileError("file.name", "{file!r} cannot be the name of a file.", file=str(path)) from error
    if stat.S_ISDIR(status.st_mode):
        raise FileError("file.is_folder", "{file} is a folder; choose a file in it.", file=path)
    if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
        raise FileError("file.not_a_file", "{file} is not a file; choose a file.", file=path)
    if status.st_size == 0:
        raise FileError("file.empty", "{file} is empty; choose another file.", file=path)
    if status.st_size > largest:
        raise FileError(
            "file.too_large", "{file} holds {size:,} bytes, and at most {largest:,} are read.",
            file=path, size=status.st_size, largest=largest,
        )  # fmt: skip
