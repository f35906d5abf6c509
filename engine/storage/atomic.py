"""Writes a file whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path

from engine.errors import FileError

# What went wrong, and what to do about it, by the system's error number.
_REASONS = {
    errno.ENOSPC: ("the disk is full", "Free some space or choose another disk."),
    errno.EDQUOT: ("your share of the disk is used up", "Free some space or choose another disk."),
    errno.EROFS: ("the disk can only be read", "Choose another folder."),
    errno.EACCES: ("you are not allowed to write there", "Choose another folder."),
    errno.EPERM: ("you are not allowed to write there", "Choose another folder."),
    errno.ENOENT: ("its folder does not exist", "Choose an existing folder."),
    errno.ENOTDIR: ("its folder is a file", "Choose a folder."),
    errno.EISDIR: ("it is a folder", "Choose another name."),
    errno.ENAMETOOLONG: ("its name is too long", "Choose a shorter name."),
}


def write_atomically(path: Path, data: bytes | Iterable[bytes | memoryview]) -> None:
    """Put ``data`` at ``path``, so that at every moment there is either the old file or the whole new one.

    The data goes to a temporary file beside the target, is forced to the disk, and then takes the target's
    name. A link is followed, the file it points to is replaced. A new file gets the usual permissions, an
    existing one keeps its own.

    Parameters
    ----------
    path : Path
    data : bytes or iterable of bytes
        Pieces are written in order; an exception they raise leaves the old file as it was.

    Raises
    ------
    FileError
        If the file cannot be written; the old file is intact and nothing is left behind.
    """
    try:
        target = Path(os.path.realpath(path))
        mode = _mode_of(target)
        temporary = target.with_name(f".netarium-{secrets.token_hex(8)}.tmp")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from error
    try:
        with open(descriptor, "wb") as file:
            if mode is not None:
                os.fchmod(descriptor, mode)
            for piece in (data,) if isinstance(data, bytes) else data:
                file.write(piece)
            file.flush()
            os.fsync(descriptor)
        os.replace(temporary, target)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        if isinstance(error, OSError):
            raise _unwritable(path, error) from error
        raise
    _sync_folder(target.parent)


def check_writable(path: Path) -> None:
    """Check that a file could be put at ``path`` now, before the long work that makes it.

    Raises
    ------
    FileError
        As ``write_atomically`` would; nothing is left behind.
    """
    try:
        target = Path(os.path.realpath(path))
        _mode_of(target)
        tempfile.TemporaryFile(dir=target.parent).close()
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from error


def _mode_of(target: Path) -> int | None:
    """Return the permissions of the file to be replaced, or None where there is none."""
    try:
        status = target.stat()
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is a device, not a file")
    if not os.access(target, os.W_OK):  # renaming over it would succeed
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return stat.S_IMODE(status.st_mode)


def _sync_folder(folder: Path) -> None:
    # Some file systems cannot do it. The file is whole either way, so that is no failure.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _unwritable(path: Path, error: OSError | ValueError) -> FileError:
    number = error.errno if isinstance(error, OSError) else None
    plain = (error.strerror if isinstance(error, OSError) else None) or str(error)
    reason, remedy = _REASONS.get(number or 0, (plain, "Try again or choose another place."))
    return FileError(
        "file.unwritable",
        "{file} was not written: {reason}. What was there before is unchanged. {remedy}",
        file=path, reason=reason, remedy=remedy,
    )  # fmt: skip
