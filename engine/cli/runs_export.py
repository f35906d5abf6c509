"""Writes runs of the history as the suffix of a file says: a table, JSON, a report or a model."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.backends.choice import make_backend
from engine.errors import ConfigError, FileError
from engine.history.export import export_csv, export_json
from engine.history.recorded import chosen_checkpoint
from engine.history.records import RunRecord, Weights
from engine.history.reporting import write_report
from engine.history.store import RunStore
from engine.storage.model_file import load_model, save_model

SUFFIXES = (".csv", ".json", ".html", ".safetensors")


def export(store: RunStore, runs: Sequence[RunRecord], path: Path, weights: Weights) -> None:
    """Write runs to ``path``; only a table holds more than one.

    Raises
    ------
    NetariumError
        If the suffix is none of ``SUFFIXES``, or what is wanted cannot be read or written; an older file is intact.
    sqlite3.Error
        If the history cannot be read.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise FileError(
            "history.suffix",
            "{file} was not written: a run is exported as {suffixes}, by the end of the file's name.",
            file=path, suffixes=", ".join(SUFFIXES),
        )  # fmt: skip
    if suffix == ".csv":
        export_csv(path, store, runs)
        return
    if len(runs) > 1:
        raise ConfigError(
            "history.one_run",
            "{file} was not written: only a table (.csv) holds several runs; export them one by one.",
            file=path,
        )  # fmt: skip
    write: Callable[[], None] = {
        ".json": lambda: export_json(path, store, runs[0]),
        ".html": lambda: _export_report(path, store, runs[0], weights),
        ".safetensors": lambda: save_model(path, load_model(chosen_checkpoint(store, runs[0], weights).path)),
    }[suffix]
    write()


def _export_report(path: Path, store: RunStore, run: RunRecord, weights: Weights) -> None:
    """Write the report of a run, and tell what it lacks."""
    writing = write_report(store, run, path, weights, make_backend)
    is_terminal = sys.stderr.isatty()
    while True:
        try:
            done, total = next(writing)
        except StopIteration as end:
            remark: str = end.value
            break
        if is_terminal:
            print(f"\r{done:,} of {total:,} test images\033[K", end="", file=sys.stderr, flush=True)
    if is_terminal:
        print("\r\033[K", end="", file=sys.stderr, flush=True)
    if remark:
        print(remark, file=sys.stderr)
