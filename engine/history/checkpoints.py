"""The files of weights that a run leaves, and which of them are kept."""

from __future__ import annotations

import bisect
import contextlib
import math
from collections.abc import Collection, Sequence

from engine.history.records import CheckpointKind
from engine.history.store import RunStore
from engine.storage.model_file import EpochMetrics, Model, save_model
from engine.training.events import Position

KEPT_STATES = 3
"""Training states of a run that are kept, the last ones; that of the best epoch is kept beside them."""

KEPT_SNAPSHOTS = 50
"""Weights-only snapshots of a run that are kept, spread evenly over it."""

_NO_EPOCH = EpochMetrics(0, math.nan, math.nan, math.nan, math.nan, 0.0)
_MOST_BYTES = 2**30  # of a run's snapshots: a large network keeps fewer
_FEWEST_SNAPSHOTS = 6


def checkpoint_name(kind: CheckpointKind, position: Position) -> str:
    """Return the name of a checkpoint's file, which sorts by step.

    An epoch's last batch and its end are at one step. The state after validation has a name of its own, and sorts
    last: a file must not be replaced while the database still names what it held before.
    """
    end = "e" if kind == "state" and position.batch == 0 else ""
    return f"{kind}-{position.step:09}{end}.safetensors"


def write_checkpoint(store: RunStore, run: int, kind: CheckpointKind, model: Model, best: bool) -> None:
    """Write a model as a checkpoint, note it in the database, and let go of those that it makes superfluous.

    The file is whole on the disk before the database knows of it, and the database forgets a file before it goes; so
    whatever it names can be loaded, however the process ends. ``best`` tells that it is of the best epoch so far.

    Raises
    ------
    FileError, sqlite3.Error
        If it cannot be written; earlier checkpoints are untouched.
    """
    folder = store.run_folder(run)
    folder.mkdir(mode=0o700, exist_ok=True)
    position = model.position
    assert position is not None
    path = folder / checkpoint_name(kind, position)
    save_model(path, model)
    last = figures(model)
    with store.transaction() as connection:
        if best:
            connection.execute("UPDATE checkpoints SET best = 0 WHERE run = ? AND step != ?", (run, position.step))
        connection.execute(
            "INSERT OR REPLACE INTO checkpoints (run, kind, epoch, batch, step, seconds, file, size, best, "
            "validation_loss, validation_accuracy) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                run, kind, position.epoch, position.batch, position.step, position.seconds, path.name,
                path.stat().st_size, best, last.validation_loss, last.validation_accuracy,
            ),
        )  # fmt: skip
    forget(store, run, _superfluous(store, run, kind))


def forget(store: RunStore, run: int, files: Collection[str]) -> None:
    """Take checkpoints of a run out of the database, and delete their files."""
    if not files:
        return
    with store.transaction() as connection:
        connection.executemany("DELETE FROM checkpoints WHERE run = ? AND file = ?", [(run, file) for file in files])
    for file in files:
        with contextlib.suppress(OSError):
            (store.run_folder(run) / file).unlink()


def figures(model: Model) -> EpochMetrics:
    """Return the figures of the last epoch that a model finished; NaN where there is none."""
    return model.metrics[-1] if model.metrics else _NO_EPOCH


def thin(steps: Sequence[int], most: int, kept: Collection[int] = ()) -> list[int]:
    """Return which of some steps to let go, so that at most ``most`` remain, spread as evenly as they can be.

    The first, the last and those in ``kept`` remain. One after the other goes whose neighbours are closest to one
    another.

    Parameters
    ----------
    steps : sequence of int
        Rising.
    """
    remaining, gone = list(steps), []
    while len(remaining) > most:
        gaps = [
            (remaining[i + 1] - remaining[i - 1], i) for i in range(1, len(remaining) - 1) if remaining[i] not in kept
        ]
        if not gaps:
            break
        gone.append(remaining.pop(min(gaps)[1]))
    return sorted(gone)


def _superfluous(store: RunStore, run: int, kind: CheckpointKind) -> list[str]:
    known = [c for c in store.checkpoints(run) if c.kind == kind]
    if kind == "state":
        last = list({c.position.step: c for c in known}.values())[-KEPT_STATES:]  # of one step the later
        return [c.path.name for c in known if not c.best and c not in last]
    largest = max(c.size for c in known)
    most = min(KEPT_SNAPSHOTS, max(_FEWEST_SNAPSHOTS, _MOST_BYTES // largest))
    steps = [c.position.step for c in known]
    gone = thin(steps, most, {c.position.step for c in known if c.best})
    return [known[bisect.bisect_left(steps, step)].path.name for step in gone]
