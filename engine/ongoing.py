"""A run that goes on: its events are told and recorded, one at a time."""

from __future__ import annotations

from collections.abc import Callable, Generator

from engine.history.recorder import Recorder
from engine.session import Session
from engine.training.events import BatchesDone, EpochDone, RunFinished, TrainingEvent
from engine.training.live import REPORT_EVERY_S


class OngoingRun:
    """A run from its first event to its last.

    Parameters
    ----------
    name : str
        The run's, in its events.
    session : Session
    events : generator of TrainingEvent
        What ``session.train`` or ``session.resume`` returned.
    recorder : Recorder
        Keeps the run.
    post : callable (TrainingEvent)
        Tells its events.

    Attributes
    ----------
    is_over : bool
        Whether it has ended by itself.
    batch_seconds : float
        How long a batch takes, as of late.
    best_rate : float
        Samples a second in the quickest epoch.
    """

    def __init__(
        self,
        name: str,
        session: Session,
        events: Generator[TrainingEvent, None, None],
        recorder: Recorder,
        post: Callable[[TrainingEvent], None],
    ) -> None:
        self.name, self.session, self.recorder = name, session, recorder
        self._events, self._post = events, post
        self.is_over = False
        self.batch_seconds = self.best_rate = 0.0

    def advance(self) -> TrainingEvent | None:
        """Train on to the next event, and tell it; None when the run was over before."""
        event = next(self._events, None)
        if event is None:
            self.is_over = True
            return None
        self._post(event)
        self.recorder.follow(event)
        if isinstance(event, BatchesDone):
            self.batch_seconds = self.session.config.batch_size / max(event.samples_per_second, 1.0)
        elif isinstance(event, EpochDone):
            self.best_rate = max(self.best_rate, event.samples_per_second)
        self.is_over = isinstance(event, RunFinished)
        return event

    def hold(self) -> None:
        """Wait for every batch from now on, so that a pause shows all that was trained."""
        self.session.live.synchronous, self.session.live.report_every = True, 0.0

    def let_go(self) -> None:
        """Let batches overlap again."""
        self.session.live.synchronous, self.session.live.report_every = False, REPORT_EVERY_S
        self.session.stopwatch.start()

    def keep(self) -> None:
        """Keep a training state now."""
        self.recorder.keep_state()

    def stop(self) -> None:
        """End it: whoever drives it has had it settle."""
        self._events.close()
        finished = RunFinished(self.name, self.session.position, "stopped")
        self._post(finished)
        self.recorder.follow(finished)

    def interrupt(self) -> None:
        """End it since the program closes: it can be continued where it is."""
        self._events.close()
        self._post(RunFinished(self.name, self.session.position, "stopped"))
        self.recorder.interrupt()
