"""What it means for a person that the history cannot be written or read."""

from __future__ import annotations

import sqlite3

from engine.errors import FileError, NetariumError
from engine.history.store import history_folder


def unwritable(error: Exception) -> NetariumError:
    """Return the sentence for a failure to write what is trained."""
    if isinstance(error, NetariumError) and error.code.startswith("history."):
        return error
    return FileError(
        "history.unwritable",
        "The history of runs cannot be written ({reason}). Training goes on, and what was written before is safe; "
        "it is tried again as training goes on. Free some space on the disk, or save the model elsewhere.",
        reason=_reason(error),
    )  # fmt: skip


def unusable(error: Exception) -> NetariumError:
    """Return the sentence for a failure to read the history, or to change what is said of runs."""
    if isinstance(error, NetariumError) and error.code.startswith("history."):
        return error
    return FileError(
        "history.unusable",
        "The history of runs in {folder} cannot be used ({reason}). What is in it was not changed; see that the "
        "disk has room and can be written to, and try again.",
        folder=history_folder(), reason=_reason(error),
    )  # fmt: skip


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = str(error).rstrip(".")
    return text if isinstance(error, (sqlite3.Error, NetariumError)) else f"{type(error).__name__}: {text}"
