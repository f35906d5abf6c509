"""The command `runs`: lists the history of runs, shows, exports, deletes and restores them."""

from __future__ import annotations

import argparse
import contextlib
import sqlite3
import sys
from collections.abc import Callable, Iterator

from engine.cli.finding import find_run, find_runs
from engine.cli.output import print_json
from engine.cli.runs_export import export
from engine.cli.runs_text import listed_as_data, print_list, print_run
from engine.errors import TrainingError
from engine.history.export import run_as_data
from engine.history.records import RunRecord
from engine.history.recovery import open_history
from engine.history.store import RunStore
from engine.history.troubles import unusable


def runs(options: argparse.Namespace) -> int:
    """Do what ``options.action`` names with the history of runs."""
    with _history() as store:
        _ACTIONS[options.action](store, options)
    return 0


@contextlib.contextmanager
def _history() -> Iterator[RunStore]:
    """Open the history for a while; what had to be mended is told, and what SQLite cannot do becomes a sentence."""
    try:
        store, opening = open_history()
        if opening.note is not None:
            print(opening.note, file=sys.stderr)
        with contextlib.closing(store):
            yield store
    except sqlite3.Error as error:
        raise unusable(error) from error


def _list(store: RunStore, options: argparse.Namespace) -> None:
    records = store.runs(options.deleted)[: options.limit]
    if options.json:
        for record in records:
            print_json(listed_as_data(record))
    else:
        print_list(records)


def _show(store: RunStore, options: argparse.Namespace) -> None:
    record = find_run(options.run, store.runs(), store.runs(deleted=True))
    if options.json:
        print_json({**run_as_data(store, record), "folder": str(store.run_folder(record.id))})
    else:
        print_run(store, record)


def _export(store: RunStore, options: argparse.Namespace) -> None:
    records = find_runs(options.runs, store.runs(), store.runs(deleted=True))
    export(store, records, options.file, options.weights)
    if options.json:
        print_json({"runs": [record.id for record in records], "file": str(options.file)})
    print(f"Wrote {options.file}", file=sys.stderr)


def _delete(store: RunStore, options: argparse.Namespace) -> None:
    records = find_runs(options.runs, store.runs())
    going_on = [record for record in records if record.status == "running"]
    if going_on:
        raise TrainingError(
            "history.running",
            "Run {run} is still going on and cannot be deleted; stop it first. Nothing was deleted.",
            run=going_on[0].id,
        )  # fmt: skip
    store.delete(record.id for record in records)
    for record in records:
        _tell(options, record, "Deleted", "restore", "brings it back for a day")


def _restore(store: RunStore, options: argparse.Namespace) -> None:
    deleted = sorted(store.runs(deleted=True), key=lambda record: record.deleted, reverse=True)
    records = find_runs(options.runs, deleted)
    store.restore(record.id for record in records)
    for record in records:
        _tell(options, record, "Restored", "show", "tells what it is")


def _tell(options: argparse.Namespace, record: RunRecord, done: str, then: str, why: str) -> None:
    if options.json:
        print_json({"run": record.id, "name": record.name, "deleted": done == "Deleted"})
    else:
        print(f"{done} run {record.id}; `runs {then} {record.id}` {why}.")


_ACTIONS: dict[str, Callable[[RunStore, argparse.Namespace], None]] = {
    "list": _list,
    "show": _show,
    "export": _export,
    "delete": _delete,
    "restore": _restore,
}
