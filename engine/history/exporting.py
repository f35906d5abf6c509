"""What runs of the history can be written as, by the suffix of a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.errors import ConfigError, FileError
from engine.history.export import export_csv, export_json
from engine.history.recorded import chosen_checkpoint
from engine.history.records import RunRecord, Weights
from engine.history.store import RunStore
from engine.storage.model_file import load_model, save_model

TABLE, REPORT = ".csv", ".html"
SUFFIXES = (TABLE, ".json", REPORT, ".safetensors")
"""What a run can be written as; several runs only as the first."""


def check_export(path: Path, count: int) -> None:
    """Check that so many runs can be written to a file of this name.

    Raises
    ------
    NetariumError
        If its suffix is none of ``SUFFIXES``, or holds a single run only.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise FileError(
            "history.suffix",
            "{file} was not written: a run is exported as {suffixes}, by the end of the file's name.",
            file=path, suffixes=", ".join(SUFFIXES),
        )  # fmt: skip
    if count > 1 and suffix != TABLE:
        raise ConfigError(
            "history.one_run",
            "{file} was not written: only a table (.csv) holds several runs; export them one by one.",
            file=path,
        )  # fmt: skip


def export_runs(store: RunStore, runs: Sequence[RunRecord], path: Path, weights: Weights) -> None:
    """Write runs as anything but a report, which takes a network: see ``engine.history.reporting``.

    Raises
    ------
    NetariumError
        If the name does not do, or what is wanted cannot be read or written; an older file is intact.
    sqlite3.Error
        If the history cannot be read.
    """
    check_export(path, len(runs))
    match path.suffix.lower():
        case ".csv":
            export_csv(path, store, runs)
        case ".json":
            export_json(path, store, runs[0])
        case ".safetensors":
            save_model(path, load_model(chosen_checkpoint(store, runs[0], weights).path))
        case suffix:
            raise ValueError(f"{suffix} is written by write_report")
