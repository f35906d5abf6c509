"""Gathers what batches report into the events of the training loop."""

from __future__ import annotations

import msgspec
import numpy as np

from engine.backends.base import BatchMetrics
from engine.training.events import BatchesDone, EpochDone, Position, RunState
from engine.training.stopwatch import Stopwatch


class Reports:
    """Gathers figures of batches and makes events of them.

    Attributes
    ----------
    position : Position
        Of the last batch whose figures were added.
    learning_rate : float
        Of that batch.
    """

    def __init__(self, run: str, start: Position, stopwatch: Stopwatch) -> None:
        self.position = start
        self.learning_rate = 0.0
        self._run = run
        self._stopwatch = stopwatch
        self._offset = start.seconds - stopwatch.seconds
        self._losses: list[float] = []
        self._accuracies: list[float] = []
        self._samples = 0
        self._reported_at = stopwatch.seconds
        self.begin_epoch()

    def begin_epoch(self) -> None:
        """Start the means of an epoch, whole or the rest of one."""
        self._epoch_began = self._stopwatch.seconds
        self._epoch_loss = 0.0
        self._epoch_correct = 0
        self._epoch_samples = 0

    def resume_epoch(self, state: RunState) -> None:
        """Go on with the sums of an epoch that was begun before."""
        self._epoch_began = self._stopwatch.seconds - state.epoch_seconds
        self._epoch_loss = state.epoch_loss
        self._epoch_correct = state.epoch_correct
        self._epoch_samples = state.epoch_samples

    def complete(self, state: RunState) -> RunState:
        """Return ``state`` with the position, and with the sums of the epoch that was begun."""
        return msgspec.structs.replace(
            state,
            position=self.position,
            epoch_loss=self._epoch_loss,
            epoch_correct=self._epoch_correct,
            epoch_samples=self._epoch_samples,
            epoch_seconds=self._stopwatch.seconds - self._epoch_began,
        )

    def add(self, metrics: BatchMetrics, size: int, learning_rate: float) -> None:
        """Add the figures of the next batch, of ``size`` samples."""
        self.learning_rate = learning_rate
        self._losses.append(metrics.loss / size)
        self._accuracies.append(metrics.correct / size)
        self._samples += size
        self._epoch_loss += metrics.loss
        self._epoch_correct += metrics.correct
        self._epoch_samples += size
        at = self.position
        self.position = Position(at.epoch, at.batch + 1, at.step + 1, self._now())

    def due(self, every: float) -> bool:
        """Whether there is something to report and ``every`` seconds have passed."""
        return bool(self._losses) and self._stopwatch.seconds - self._reported_at >= every

    def batches_done(self, state: RunState | None = None) -> BatchesDone:
        """Make the event of the batches since the last one."""
        now = self._stopwatch.seconds
        event = BatchesDone(
            self._run, self.position, np.array(self._losses), np.array(self._accuracies), self.learning_rate,
            self._samples / max(now - self._reported_at, 1e-9), state,
        )  # fmt: skip
        self._losses, self._accuracies, self._samples = [], [], 0
        self._reported_at = now
        return event

    def epoch_done(self, validation: tuple[float, float], trained: float, now: float, best: bool) -> EpochDone:
        """Make the event of an epoch whose training ended at ``trained`` on the stopwatch; its state is for later."""
        samples = max(1, self._epoch_samples)
        seconds = trained - self._epoch_began
        at = self.position
        self.position = Position(at.epoch + 1, 0, at.step, self._now())
        self._reported_at = now
        return EpochDone(
            self._run, self.position, at.epoch + 1, self._epoch_loss / samples, self._epoch_correct / samples,
            *validation, seconds, samples / max(seconds, 1e-9), self.learning_rate,
            best=best, samples=self._epoch_samples,
        )  # fmt: skip

    def _now(self) -> float:
        return self._stopwatch.seconds + self._offset
