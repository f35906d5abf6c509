"""Finds the weights again that a run of the history left, and gathers what its report tells."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.errors import FileError
from engine.history.records import CheckpointRecord, RunRecord, Weights
from engine.history.report import Report
from engine.history.store import RunStore
from engine.inspection.assessment import Assessment


def chosen_checkpoint(store: RunStore, run: RunRecord, weights: Weights = "best") -> CheckpointRecord:
    """Return a run's best or last checkpoint; of one step the training state, which holds more than the weights.

    Where none is marked as the best, it is the one after the epoch with the best validation, or the last one if no
    epoch was finished.

    Raises
    ------
    FileError
        If the run left no checkpoint.
    """
    return choose_checkpoint(store.checkpoints(run.id), run, weights)


def choose_checkpoint(known: Sequence[CheckpointRecord], run: RunRecord, weights: Weights = "best") -> CheckpointRecord:
    """Choose among a run's checkpoints, in order of their steps; see ``chosen_checkpoint``."""
    if not known:
        raise FileError(
            "history.no_checkpoint",
            "Run {run} left no weights; its figures can be exported as .csv, .json or .html.",
            run=run.id,
        )  # fmt: skip
    if weights == "last":
        return known[-1]
    marked = [checkpoint for checkpoint in known if checkpoint.best]
    if marked:
        return marked[-1]
    stopping = run.config.stopping
    best, best_value = known[-1], None
    for checkpoint in known:
        loss, accuracy = checkpoint.validation_loss, checkpoint.validation_accuracy
        value = stopping.value(loss, accuracy)
        # In the middle of an epoch the figures are those of the epoch before.
        if checkpoint.position.batch or math.isnan(value):
            continue
        if value == best_value or stopping.is_better(loss, accuracy, best_value):
            best, best_value = checkpoint, value
    return best


def gathered(
    store: RunStore, run: RunRecord, weights: CheckpointRecord | None, assessment: Assessment | None, remark: str = ""
) -> Report:
    """Gather what the report of a run tells; see ``Report``.

    Raises
    ------
    sqlite3.Error
        If the history cannot be read.
    """
    parent = store.run(run.origin.parent) if run.origin.parent is not None else None
    return Report(
        run=run,
        start=store.start(run.id),
        epochs=store.epochs(run.id, with_past=True),
        batches=store.batches(run.id, with_past=True),
        changes=store.changes(run.id),
        parent_name=parent.name if parent is not None else None,
        weights=weights,
        assessment=assessment,
        remark=remark,
    )
