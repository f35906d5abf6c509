"""Follows a run and keeps it: its figures in the database, its weights in checkpoints, without holding it up."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec
from msgspec import Struct

from engine.backends.mxnet import runtime
from engine.history.checkpoints import write_checkpoint
from engine.history.records import FRESH, CheckpointKind, Origin, RunStart
from engine.history.run_log import Replayed, RunLog
from engine.history.store import RunStore
from engine.history.writer import HistoryWriter
from engine.session import Session
from engine.storage.model_file import Model
from engine.training.events import (
    BatchesDone,
    EpochDone,
    RunFinished,
    RunStarted,
    RunState,
    SettingChanged,
    TrainingEvent,
)


class Pace(Struct, frozen=True):
    """How often a run is kept, in seconds.

    ``figures_s`` between two writes of figures; ``state_s`` between two training states within an epoch, which are
    taken after every epoch too; ``snapshot_s`` between two snapshots of weights. Neither takes more than ``share`` of
    the time.
    """

    figures_s: float = 0.4
    state_s: float = 30.0
    snapshot_s: float = 5.0
    share: float = 0.02


USUAL_PACE = Pace()


class Recorder:
    """Keeps one run.

    Parameters
    ----------
    writer : HistoryWriter
    session : Session
        What is trained; its events go to ``follow``, between which it is left as it is.
    origin : Origin
        Where the weights come from.
    run : int, optional
        The run of the history that goes on, instead of a new one.
    pace : Pace
    began : callable (int)
        Told the number of the run once the history has it.
    replayed : callable (Replayed)
        Told of epochs that are trained a second time.
    ended : callable (int)
        Told the number of the run once the history has all of it. All three are called from the writer's thread.
    """

    def __init__(
        self,
        writer: HistoryWriter,
        session: Session,
        origin: Origin = FRESH,
        *,
        run: int | None = None,
        pace: Pace = USUAL_PACE,
        began: Callable[[int], None] = lambda run: None,
        replayed: Callable[[Replayed], None] = lambda replayed: None,
        ended: Callable[[int], None] = lambda run: None,
    ) -> None:
        self._writer, self._session, self._origin, self._run, self._pace = writer, session, origin, run, pace
        self._began, self._replayed, self._ended = began, replayed, ended
        self._log: RunLog | None = None
        self._kept: dict[CheckpointKind, tuple[int, int]] = {}  # epoch and step of the last checkpoints
        self._state_at = self._snapshot_at = self._figures_at = time.monotonic()
        self._best: Model | None = None  # of the best epoch, where it is not written yet
        self._afford_at = 0.0  # before then a checkpoint would take more than its share
        self._has_ended = False

    @property
    def id(self) -> int | None:
        """The number of the run; None until the history has it."""
        return self._log.id if self._log is not None else self._run

    def follow(self, event: TrainingEvent) -> None:
        """Take an event of the run, at once after it was told."""
        if isinstance(event, RunStarted):
            self._begin(event)
        log = self._log
        if log is None or self._has_ended:
            return
        if isinstance(event, BatchesDone):
            log.add_batches(event)
            self._consider_state(event.state)
        elif isinstance(event, EpochDone):
            log.add_epoch(event)
            self._keep_epoch(event)
        elif isinstance(event, SettingChanged):
            log.add_change(event)
        elif isinstance(event, RunFinished):
            self._end(event.reason, event.message)
            return
        now = time.monotonic()
        if now - self._figures_at >= self._pace.figures_s:
            self._figures_at = now
            self._writer.submit(log.write)

    def keep_state(self) -> None:
        """Keep a training state now, if no batch is in flight and none was kept at this batch."""
        if self._session.state is not None and self._log is not None:
            self._write("state", self._copy())

    def interrupt(self) -> None:
        """End the record of a run that nobody ended: the program is about to close."""
        self._end("interrupted", "")

    def _begin(self, event: RunStarted) -> None:
        session = self._session
        assert session.dataset is not None
        versions = {name: str(value) for name, value in runtime.versions().items() if name != "threads"}
        first = event.start if self._run is None else msgspec.structs.replace(event.start)
        start = RunStart(
            spec=session.spec,
            config=event.config,
            dataset=session.dataset.source,
            digest=session.dataset.digest,
            class_names=session.dataset.class_names,
            backend=session.backend.name,
            device=session.backend.device,
            threads=session.backend.threads,
            versions=versions,
            first=first,
            last_epoch=event.last_epoch,
            batches_per_epoch=event.batches_per_epoch,
            train_samples=event.train_samples,
            origin=self._origin,
        )
        parameters = session.summary.parameter_count
        self._log = RunLog(start, parameters, self._run, self._began, self._replayed)
        if self._run is not None:
            self._log.resume_at(event.start.step, event.start.seconds)
        self._writer.submit(self._log.write)
        if self._run is None:
            self._write("snapshot", self._copy())  # where it all began

    def _consider_state(self, state: RunState | None) -> None:
        """Within an epoch, keep a state from time to time; the loop has to settle for it first."""
        now = time.monotonic()
        if now - self._state_at < self._pace.state_s or not self._is_time():
            return
        if state is None:
            self._session.live.settle()
        else:
            self._write_best()
            self._write("state", self._copy())

    def _keep_epoch(self, event: EpochDone) -> None:
        """After an epoch, keep what is due; the best is copied at once, and written when there is time for it."""
        is_time = self._is_time()
        if not (is_time or event.best):
            return
        model = self._copy()
        if event.best:
            self._best = model
        if is_time:
            self._write_best()
            if not event.best:
                self._write("state", model)
            if time.monotonic() - self._snapshot_at >= self._pace.snapshot_s:
                self._write("snapshot", model, event.best)

    def _is_time(self) -> bool:
        return time.monotonic() >= self._afford_at and self._writer.backlog <= 1

    def _copy(self) -> Model:
        """Copy everything that a training state keeps."""
        began = time.thread_time()  # waiting for the batch before is no cost: it has to be computed anyway
        model = self._session.model(runtime.versions())
        self._spend(time.thread_time() - began)
        return model

    def _write_best(self) -> None:
        best, self._best = self._best, None
        if best is not None:
            self._write("state", best, best=True)

    def _write(self, kind: CheckpointKind, model: Model, best: bool = False) -> None:
        """Have a checkpoint written, unless it was."""
        log = self._log
        assert log is not None and model.position is not None
        place = model.position.epoch, model.position.step  # validation lies between two epochs at one step
        if self._kept.get(kind) == place:
            return
        self._kept[kind] = place
        if kind == "state":
            self._state_at = time.monotonic()
        else:
            self._snapshot_at = time.monotonic()
            model = msgspec.structs.replace(model, optimizer_state={}, state=None)

        def write(store: RunStore) -> None:
            began = time.thread_time()
            log.write(store)
            assert log.id is not None
            write_checkpoint(store, log.id, kind, model, best)
            self._spend(time.thread_time() - began)

        self._writer.submit(write)

    def _spend(self, seconds: float) -> None:
        """Have the next checkpoint wait until these seconds are no more than their share."""
        if self._pace.share < 1.0:
            self._afford_at = max(self._afford_at, time.monotonic()) + seconds / self._pace.share

    def _end(self, status: str, message: str) -> None:
        log = self._log
        if log is None or self._has_ended:
            return
        self._has_ended = True
        self._write_best()
        if self._session.state is not None:
            model = self._copy()
            self._write("state", model)
            self._write("snapshot", model)
        log.end(status, message)

        def finish(store: RunStore) -> None:
            log.write(store)
            log.release(store)
            assert log.id is not None
            self._ended(log.id)

        self._writer.submit(finish)
