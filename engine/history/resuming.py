"""What it takes to go on with a run of the history: its last training state, its data set, and what may differ."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import NamedTuple

from engine.backends.choice import threads_again
from engine.backends.mxnet import runtime
from engine.backends.scratch import blas
from engine.errors import FileError, TrainingError
from engine.history.records import CheckpointRecord, RunRecord, RunStart
from engine.history.run_lock import claim
from engine.history.store import RunStore
from engine.storage.model_file import Model, load_model


class Resumable(NamedTuple):
    """A run at its last training state.

    ``best`` holds the weights of its best epoch where those are kept. ``caution`` is a sentence where the continuation
    may differ from what an uninterrupted run would have given, and empty where it is exact.
    """

    record: RunRecord
    start: RunStart
    model: Model
    best: Model | None
    caution: str


def find_resumable(store: RunStore, run: int) -> Resumable:
    """Find what a run goes on from: its newest training state that can be read.

    Raises
    ------
    TrainingError
        If there is no such run, it goes on at this moment, has reached its planned end, or left no state.
    FileError
        If none of its states can be read, telling of the newest.
    """
    record = store.run(run)
    if record is None:
        raise TrainingError("history.unknown", "There is no run {run} in the history.", run=run)
    _refuse_if_busy(store, record)
    if record.status == "completed" or record.epochs >= record.last_epoch:
        raise TrainingError(
            "history.complete",
            "Run {run} has trained all its {epochs} epochs. Branch from it, or train more epochs on its weights.",
            run=run, epochs=record.epochs,
        )  # fmt: skip
    checkpoints = store.checkpoints(run)
    model = _newest_state(checkpoints, run)
    state = model.state
    assert state is not None
    best = None
    for checkpoint in checkpoints:
        if checkpoint.position.epoch == state.best_epoch and checkpoint.position.batch == 0:
            with suppress(FileError):
                best = load_model(checkpoint.path)
    start = store.start(run)
    return Resumable(record, start, model, best, _caution(start))


def unfinished_run(store: RunStore) -> RunRecord | None:
    """Return the newest run if nobody ended it and it can be gone on with; None otherwise.

    No weights are read: a state counts if its file is there as it was written. A process that ends within the
    first half minute of its run may leave none.
    """
    record = store.newest()
    if record is None or record.status != "interrupted" or record.epochs >= record.last_epoch:
        return None
    states = (checkpoint for checkpoint in store.checkpoints(record.id) if checkpoint.kind == "state")
    return record if any(map(_is_in_place, states)) else None


def _is_in_place(checkpoint: CheckpointRecord) -> bool:
    try:
        return checkpoint.path.stat().st_size == checkpoint.size
    except OSError:
        return False


def _refuse_if_busy(store: RunStore, record: RunRecord) -> None:
    if record.status != "running":
        return
    lock = claim(store.run_folder(record.id))
    if lock is None:
        raise TrainingError(
            "history.busy", "Run {run} is being trained by another Netarium at this moment; stop it there first.",
            run=record.id,
        )  # fmt: skip
    os.close(lock)


def _newest_state(checkpoints: list[CheckpointRecord], run: int) -> Model:
    problem: FileError | None = None
    for checkpoint in reversed(checkpoints):
        if checkpoint.kind != "state":
            continue
        try:
            model = load_model(checkpoint.path)
        except FileError as error:
            problem = problem or error
            continue
        if model.state is not None:
            return model
    raise problem or TrainingError(
        "history.no_state", "Run {run} left no training state to go on from; branch from one of its snapshots.", run=run
    )


def _caution(start: RunStart) -> str:
    now = {name: str(value) for name, value in runtime.versions().items()}
    del now["threads"]
    threads = _threads_now(start)
    changed = [name for name, value in now.items() if start.versions.get(name, value) != value]
    if start.threads != threads:
        changed.insert(0, f"threads ({start.threads} then, {threads} now)")
    if start.device.startswith("gpu"):
        changed.append("a GPU's order of addition")
    if not changed:
        return ""
    return "It may not come out bit for bit as without the interruption: " + ", ".join(changed) + " may differ."


def _threads_now(start: RunStart) -> int:
    """Return how many threads a run would be computed with if it went on now."""
    if start.backend != "scratch":
        return runtime.thread_count()
    if not start.device.startswith("cpu"):
        return start.threads  # a GPU has its own
    return threads_again(start.threads, start.device) or blas.threads()
