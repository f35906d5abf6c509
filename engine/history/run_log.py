"""What a run tells, on its way into the database: gathered by the thread that trains, written by the history's."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct

from engine.errors import TrainingError
from engine.history.checkpoints import forget
from engine.history.decimation import Decimated, read_chunks
from engine.history.records import Array, RunStart
from engine.history.run_lock import LOCK, claim
from engine.history.store import RunStore, now
from engine.training.events import BatchesDone, EpochDone, FinishReason, SettingChanged

_THUMBNAIL_POINTS = 48


class Replayed(Struct, frozen=True):
    """An epoch was trained a second time from a checkpoint; ``exact`` if its figures are the same, bit for bit."""

    epoch: int
    exact: bool


class RunLog:
    """The figures of one run.

    Parameters
    ----------
    start : RunStart
    parameters : int
        How many numbers the network learns.
    run : int, optional
        The run of the history that goes on, from ``start.first``; by default a new one is made.
    began : callable (int)
        Told the number of the run once the history has it.
    replayed : callable (Replayed)
        Both are called from the writer's thread.

    Attributes
    ----------
    id : int or None
        The number of the run, None until the history has it.
    """

    def __init__(
        self,
        start: RunStart,
        parameters: int,
        run: int | None,
        began: Callable[[int], None],
        replayed: Callable[[Replayed], None],
    ) -> None:
        self.id = run
        self._start, self._parameters = start, parameters
        self._goes_on_at: int | None = None  # the step from which a run of the history goes on
        self._known_to: RunStore | None = None
        self._began, self._replayed = began, replayed
        self._lock = threading.Lock()
        self._descriptor: int | None = None
        self._batches: list[Array] = []
        self._epochs: list[tuple[Any, ...]] = []
        self._changes: list[tuple[Any, ...]] = []
        self._values: dict[str, Any] = {}
        self._seconds = start.first.seconds
        # Only the writer's thread uses these: what was written since the run began or went on, and the points of all.
        self._written_epochs: list[tuple[Any, ...]] = []
        self._written_changes: list[tuple[Any, ...]] = []
        self._written_values: dict[str, Any] = {}
        self._decimated = Decimated()
        self._accuracies: list[float] = []
        self._expected: dict[int, tuple[float, ...]] = {}  # figures of epochs that are trained a second time

    def resume_at(self, step: int, seconds: float) -> None:
        """Learn where the run goes on; what the history has behind that is replayed."""
        self._goes_on_at = step
        self._values |= {"step": step, "seconds": seconds}
        self._seconds = seconds

    def add_batches(self, event: BatchesDone) -> None:
        """Take the figures of some batches; their times are spread evenly over the time the event covers."""
        count, at = len(event.losses), event.position
        if not count:
            return
        back = np.arange(1 - count, 1)
        rows = np.column_stack(
            [
                at.step + back,
                at.epoch + (at.batch + back) / self._start.batches_per_epoch,
                np.linspace(self._seconds, at.seconds, count + 1)[1:],
                event.losses,
                event.accuracies,
                np.full(count, event.learning_rate),
            ]
        )
        self._seconds = at.seconds
        with self._lock:
            self._batches.append(rows)
            self._values |= {"step": at.step, "seconds": at.seconds}

    def add_epoch(self, event: EpochDone) -> None:
        """Take the figures of an epoch."""
        at = event.position
        figures = (event.train_loss, event.train_accuracy, event.validation_loss, event.validation_accuracy)
        with self._lock:
            self._epochs.append((event.epoch, at.step, at.seconds, *figures, event.seconds, event.learning_rate))
            names = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy")
            self._values |= {"epochs": event.epoch, "step": at.step, "seconds": at.seconds}
            self._values |= zip(names, figures, strict=True)
            if event.best:
                self._values |= {
                    "best_epoch": event.epoch,
                    "best_loss": event.validation_loss,
                    "best_accuracy": event.validation_accuracy,
                }

    def add_change(self, event: SettingChanged) -> None:
        """Take a setting that was changed."""
        at = event.position
        with self._lock:
            self._changes.append((at.epoch, at.batch, at.step, at.seconds, event.setting, event.old, event.new))

    def end(self, status: FinishReason | str, message: str) -> None:
        """Take how the run ended."""
        with self._lock:
            self._values |= {"status": status, "message": message, "ended": now()}

    def write(self, store: RunStore) -> None:
        """Put what was gathered into the database; after a failure it is tried again with the next.

        Raises
        ------
        sqlite3.Error, OSError
            If it cannot be written.
        """
        if self._known_to not in (None, store):
            self._forget_store()
        self._make_known(store)
        assert self.id is not None
        with self._lock:
            batches, epochs, changes, values = self._batches, self._epochs, self._changes, self._values
            self._batches, self._epochs, self._changes, self._values = [], [], [], {}
        for rows in batches:
            self._decimated.add(rows)
        try:
            self._write(store, self.id, epochs, changes, values)
        except BaseException:
            with self._lock:
                self._epochs, self._changes = epochs + self._epochs, changes + self._changes
                self._values = values | self._values
            self._decimated.mark_unwritten()
            raise
        self._written_epochs += epochs
        self._written_changes += changes
        self._written_values |= values
        self._compare(epochs)

    def release(self, store: RunStore) -> None:
        """Let go of the run, which has ended."""
        if self._descriptor is not None and self.id is not None:
            (store.run_folder(self.id) / LOCK).unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = None

    def _write(
        self,
        store: RunStore,
        run: int,
        epochs: list[tuple[Any, ...]],
        changes: list[tuple[Any, ...]],
        values: dict[str, Any],
    ) -> None:
        if epochs:
            accuracies = [*self._accuracies, *(row[6] for row in epochs)]
            values = values | {"thumbnail": _thumbnail(accuracies)}
        with store.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO epochs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", [(run, *row) for row in epochs]
            )
            connection.executemany(
                "INSERT INTO changes (run, epoch, batch, step, seconds, setting, old, new) VALUES (?,?,?,?,?,?,?,?)",
                [(run, *row) for row in changes],
            )
            for chunk, points in self._decimated.take_changed_chunks():
                connection.execute("INSERT OR REPLACE INTO batches VALUES (?, ?, ?)", (run, chunk, points))
            connection.execute("DELETE FROM batches WHERE run = ? AND chunk >= ?", (run, self._decimated.chunk_count()))
            if values:
                store.update(run, values)
        self._accuracies.extend(row[6] for row in epochs)

    def _make_known(self, store: RunStore) -> None:
        if self._known_to is store:
            return
        # Whatever fails here is tried again from there. A run is claimed before another process can see that it runs:
        # what nobody holds is taken for interrupted.
        if self._descriptor is None:
            if self.id is None:
                self.id, self._descriptor = self._claim(store)
            else:
                self._descriptor = _locked(store, self.id)
        assert self.id is not None
        if self._goes_on_at is None:
            self._expect_parent(store)
        else:
            self._go_back(store, self.id, self._goes_on_at)
        self._known_to = store
        self._began(self.id)

    def _forget_store(self) -> None:
        """Begin anew, as another run, with all that was written: the history that knew the run is gone."""
        if self._descriptor is not None:
            os.close(self._descriptor)
        self.id = self._descriptor = self._goes_on_at = self._known_to = None
        with self._lock:
            self._epochs = self._written_epochs + self._epochs
            self._changes = self._written_changes + self._changes
            self._values = self._written_values | self._values
        self._written_epochs, self._written_changes, self._accuracies = [], [], []
        self._decimated.mark_unwritten()

    def _claim(self, store: RunStore) -> tuple[int, int]:
        """Add the run and lock it, and return its number and the lock."""
        lock = None
        try:
            with store.transaction():
                run = store.insert(self._start, self._parameters)
                lock = _locked(store, run)
        except BaseException:
            if lock is not None:  # the number is free again, and is tried once more
                os.close(lock)
            raise
        return run, lock

    def _go_back(self, store: RunStore, run: int, step: int) -> None:
        """Let the history of a run that goes on end where it goes on; what was behind is to come out the same."""
        epochs = store.epochs(run)
        self._expect(epochs, step)
        self._accuracies = epochs["validation_accuracy"][epochs["step"] <= step].tolist()
        with store.transaction() as connection:
            chunks = connection.execute("SELECT points FROM batches WHERE run = ? ORDER BY chunk", (run,)).fetchall()
            self._decimated = Decimated(read_chunks([chunk[0] for chunk in chunks]))
            self._decimated.truncate(step)
            for table in ("epochs", "changes"):
                connection.execute(f"DELETE FROM {table} WHERE run = ? AND step > ?", (run, step))
            connection.execute(
                "UPDATE runs SET status = 'running', message = '', ended = '', deleted = '' WHERE id = ?", (run,)
            )
        forget(store, run, [c.path.name for c in store.checkpoints(run) if c.position.step > step])

    def _expect_parent(self, store: RunStore) -> None:
        """Expect of a branch that changes nothing what its parent did from there."""
        origin = self._start.origin
        if origin.kind != "state" or origin.parent is None or origin.step is None:
            return
        try:
            parent = store.start(origin.parent)
        except KeyError:
            return
        mine = msgspec.structs.replace(
            self._start, origin=parent.origin, first=parent.first, last_epoch=parent.last_epoch, name=parent.name
        )
        if mine == parent:
            self._expect(store.epochs(origin.parent), origin.step)

    def _expect(self, epochs: dict[str, Array], step: int) -> None:
        columns = [epochs[name] for name in ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy")]
        figures = np.column_stack(columns)
        self._expected = {
            int(epoch): tuple(row)
            for epoch, at, row in zip(epochs["epoch"], epochs["step"], figures, strict=True)
            if at > step
        }

    def _compare(self, epochs: list[tuple[Any, ...]]) -> None:
        for row in epochs:
            expected = self._expected.pop(row[0], None)
            if expected is not None:
                self._replayed(Replayed(row[0], expected == tuple(row[3:7])))


def _locked(store: RunStore, run: int) -> int:
    """Claim a run; ``TrainingError`` if another process records it, whose figures must not be mixed with these."""
    lock = claim(store.run_folder(run))
    if lock is None:
        raise TrainingError(
            "history.taken",
            "Another Netarium records run {run} at this moment, so what is trained here is not kept in the history. "
            "Stop one of the two; the model here can be saved.",
            run=run,
        )
    return lock


def _thumbnail(accuracies: list[float]) -> bytes:
    """Return validation accuracies as the little curve in a list of runs."""
    values = np.array(accuracies, "<f4")
    if len(values) > _THUMBNAIL_POINTS:
        places = np.linspace(0, len(values) - 1, _THUMBNAIL_POINTS).round().astype(int)
        values = values[places]
    return values.tobytes()
