"""Writes runs of the history as the suffix of a file says: a table, JSON, a report or a model."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from engine.backends.choice import make_backend
from engine.history.exporting import REPORT, check_export, export_runs
from engine.history.records import RunRecord, Weights
from engine.history.reporting import write_report
from engine.history.store import RunStore


def export(store: RunStore, runs: Sequence[RunRecord], path: Path, weights: Weights) -> None:
    """Write runs to ``path``; only a table holds more than one.

    Raises
    ------
    NetariumError
        If the name does not do, or what is wanted cannot be read or written; an older file is intact.
    sqlite3.Error
        If the history cannot be read.
    """
    if path.suffix.lower() == REPORT:
        check_export(path, len(runs))
        _export_report(path, store, runs[0], weights)
    else:
        export_runs(store, runs, path, weights)


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
