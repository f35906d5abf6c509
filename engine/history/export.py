"""Takes runs out of the history: figures as a CSV table, or everything that is known of a run as JSON."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from engine.history.records import Array, CheckpointRecord, RunRecord
from engine.history.store import RunStore
from engine.storage.atomic import write_atomically

COLUMNS = (
    "run",  # its number
    "name",
    "row",  # "batch" or "epoch"
    "step",  # batches since the weights were drawn
    "epoch",  # epochs done, with a fraction
    "seconds",  # time spent training
    "train_loss",  # of the batches that a row stands for, or the mean over the epoch's batches
    "train_accuracy",  # share of right answers, 0 to 1
    "validation_loss",  # empty in batch rows
    "validation_accuracy",  # empty in batch rows
    "learning_rate",
)
"""The columns of the table; a figure that is not known is empty."""

FORMAT_VERSION = 1
"""Of the JSON."""

_BATCH_FIGURES = ("step", "epoch", "seconds", "loss", "accuracy", "learning_rate")
# A spreadsheet takes a text that begins like this for a formula, and a name may come from anybody's file.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def export_csv(path: Path, store: RunStore, runs: Sequence[RunRecord]) -> None:
    """Write the figures of runs as one table (UTF-8), with ``COLUMNS`` in the first line.

    Raises
    ------
    FileError
        If the file cannot be written; an older one is intact.
    sqlite3.Error
        If the history cannot be read.
    """
    write_atomically(path, table_pieces(store, runs))


def export_json(path: Path, store: RunStore, run: RunRecord) -> None:
    """Write everything that is known of a run as one JSON object; errors as ``export_csv``."""
    write_atomically(path, msgspec.json.format(msgspec.json.encode(run_as_data(store, run)), indent=2) + b"\n")


def table_pieces(store: RunStore, runs: Sequence[RunRecord]) -> Iterator[bytes]:
    """Yield the table, a piece for each run: a row per batch point and per epoch, an epoch after its last batch."""
    yield _as_csv([COLUMNS])
    for run in runs:
        name = f"'{run.name}" if run.name.startswith(_FORMULA) else run.name
        yield _as_csv((str(run.id), name, *row) for row in _rows(store, run.id))


def run_as_data(store: RunStore, run: RunRecord) -> dict[str, Any]:
    """Return everything that is known of a run as dicts, lists, texts and numbers; a figure not known is NaN.

    JSON has no NaN, and ``msgspec`` writes null for it. Epochs are rows, the many batch points columns. Checkpoints
    are named by their files, without the folder, which is of no use to anybody else.
    """
    epochs = store.epochs(run.id)
    rows = [
        dict(zip(epochs, values, strict=True)) for values in zip(*map(_plain, epochs, epochs.values()), strict=True)
    ]
    return {
        "format": "netarium-run",
        "format_version": FORMAT_VERSION,
        "run": msgspec.to_builtins(run, enc_hook=_encoded),
        "start": msgspec.to_builtins(store.start(run.id), enc_hook=_encoded),
        "epochs": rows,
        "batches": {name: _plain(name, values) for name, values in store.batches(run.id).items()},
        "changes": [
            {**msgspec.to_builtins(change.position), "setting": change.setting, "old": change.old, "new": change.new}
            for change in store.changes(run.id)
        ],
        "checkpoints": [checkpoint_as_data(checkpoint) for checkpoint in store.checkpoints(run.id)],
    }


def checkpoint_as_data(checkpoint: CheckpointRecord) -> dict[str, Any]:
    """Return a checkpoint as JSON tells it."""
    return {
        "id": checkpoint.id,
        "kind": checkpoint.kind,
        **msgspec.to_builtins(checkpoint.position),
        "file": checkpoint.path.name,
        "size": checkpoint.size,
        "best": checkpoint.best,
        "validation_loss": checkpoint.validation_loss,
        "validation_accuracy": checkpoint.validation_accuracy,
    }


def _rows(store: RunStore, run: int) -> Iterator[tuple[str, ...]]:
    """Yield rows of COLUMNS without run and name, in order of step."""
    batches, epochs = store.batches(run), store.epochs(run)
    batch_rows = list(zip(*(_texts(name, batches[name]) for name in _BATCH_FIGURES), strict=True))
    epoch_rows = list(zip(*(_texts(name, epochs[name]) for name in COLUMNS[3:]), strict=True))
    done = 0
    for row, stop in zip(epoch_rows, batches["step"].searchsorted(epochs["step"], "right").tolist(), strict=True):
        yield from map(_batch_row, batch_rows[done:stop])
        done = stop
        yield ("epoch", *row)
    yield from map(_batch_row, batch_rows[done:])


def _batch_row(row: tuple[str, ...]) -> tuple[str, ...]:
    *figures, rate = row
    return ("batch", *figures, "", "", rate)


def _as_csv(rows: Iterator[tuple[str, ...]] | Sequence[tuple[str, ...]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(chain(rows))
    return text.getvalue().encode()


def _texts(name: str, values: Array) -> list[str]:
    return ["" if math.isnan(value) else f"{value:.9g}" for value in _plain(name, values)]


def _plain(name: str, values: Array) -> list[Any]:
    """Return a column as Python numbers: whole ones where it counts."""
    whole = name == "step" or (name == "epoch" and bool(np.all(values == np.floor(values))))
    numbers: list[Any] = values.astype(np.int64).tolist() if whole else values.tolist()
    return numbers


def _encoded(value: object) -> object:
    if isinstance(value, np.ndarray):
        return value.astype(float).tolist()
    raise NotImplementedError(f"{type(value).__name__} has no form in JSON")
