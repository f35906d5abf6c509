"""The one training loop: a generator of events, the same for the window, the command line and the tests.

Pausing is not asking for the next event, stopping is closing the generator, and between two events the network may
be used for anything that does not change it.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Generator, Iterator

import msgspec
import numpy as np

from engine.architecture.shapes import summarize
from engine.backends.base import BatchMetrics, Network, Pending, PlacedData
from engine.training.chance import dropout_mask, sample_order, shift_offsets
from engine.training.config import TrainingConfig
from engine.training.data import TrainingData, evaluation_batch
from engine.training.events import (
    EpochDone,
    Evaluating,
    LiveSetting,
    Position,
    RunFinished,
    RunStarted,
    RunState,
    SettingChanged,
    TrainingEvent,
)
from engine.training.lastgood import LastGoodWeights
from engine.training.live import LiveSettings
from engine.training.reports import Reports
from engine.training.schedules import factor
from engine.training.stopwatch import Stopwatch


def train(
    network: Network,
    data: TrainingData,
    config: TrainingConfig,
    *,
    run: str = "run",
    start: Position | RunState | None = None,
    live: LiveSettings | None = None,
    stopwatch: Stopwatch | None = None,
    last_good: LastGoodWeights | None = None,
) -> Iterator[TrainingEvent]:
    """Train a network whose optimizer is prepared, for ``config.epochs`` epochs.

    Parameters
    ----------
    network : Network
        With ``prepare_training`` called, or its optimizer state restored.
    data : TrainingData
    config : TrainingConfig
    run : str
        Names the run in its events.
    start : Position or RunState, optional
        The position where an earlier run of this network stopped; epochs and steps count on from there, and the rest
        of a begun epoch comes first. An epoch whose batches were all trained is over. The schedule begins anew.
        From a state this very run goes on to its planned end, exactly as if it had never stopped.
    live : LiveSettings, optional
        Through which settings are changed between two events.
    stopwatch : Stopwatch, optional
        Stop it while paused, so that the pause does not count as training.
    last_good : LastGoodWeights, optional
        Keeps weights to return to; given by a caller who wants them after a failure.

    Yields
    ------
    TrainingEvent
        ``RunStarted`` first; ``RunFinished`` last, unless the generator is closed before. When the loss is no
        longer finite, the last good weights are put back and the run finishes as ``diverged``.
    """
    live = live or LiveSettings(network.spec, config.optimizer)
    return _Run(
        network, data, config, run, start or Position(), live, stopwatch or Stopwatch(),
        last_good or LastGoodWeights(network),
    ).fit()  # fmt: skip


class _Diverged(Exception):
    """A loss is not finite; the text says where."""


class _Run:
    """What one run carries from batch to batch."""

    def __init__(
        self,
        network: Network,
        data: TrainingData,
        config: TrainingConfig,
        run: str,
        start: Position | RunState,
        live: LiveSettings,
        stopwatch: Stopwatch,
        last_good: LastGoodWeights,
    ) -> None:
        self._network = network
        self._data = data
        self._config = config
        self._run = run
        self._live = live
        self._stopwatch = stopwatch
        self._shapes = {layer.path: layer.output_shape for layer in summarize(network.spec).layers}
        self._batches_per_epoch = math.ceil(len(data.train) / config.batch_size)
        resumed = start if isinstance(start, RunState) else None
        start = start.position if isinstance(start, RunState) else start
        if resumed is None and start.batch >= self._batches_per_epoch:  # stopped while it was validated
            start = Position(start.epoch + 1, 0, start.step, start.seconds)
        self._start = start
        self._resumed = resumed
        self._first = resumed.first if resumed else start
        self._best_epoch = resumed.best_epoch if resumed else 0
        self._best_value = resumed.best_value if resumed else None
        if resumed:
            live.restore(resumed)
        self._in_flight: deque[tuple[Pending[BatchMetrics], int, float]] = deque()
        self._reports = Reports(run, start, stopwatch)
        self._last_good = last_good
        self._enqueued = start.step

    def fit(self) -> Iterator[TrainingEvent]:
        last_epoch = self._first.epoch + self._config.epochs
        yield RunStarted(
            self._run, self._config, self._start, last_epoch, self._batches_per_epoch,
            len(self._data.train), len(self._data.validation),
        )  # fmt: skip
        try:
            for epoch in range(self._start.epoch, last_epoch):
                yield from self._epoch(epoch)
                if epoch + 1 < last_epoch and self._is_patience_over(epoch + 1):
                    yield self._finish_early()
                    return
        except _Diverged as diverged:
            finished = self._go_back(str(diverged))
            if self._reports.due(0):
                yield self._reports.batches_done()
            yield finished
        else:
            yield RunFinished(self._run, self._reports.position, "completed")

    def _epoch(self, epoch: int) -> Iterator[TrainingEvent]:
        order = sample_order(self._config.seed, epoch, len(self._data.train), self._config.sampling)
        first = self._start.batch if epoch == self._start.epoch else 0
        self._reports.begin_epoch()
        if self._resumed is not None and epoch == self._start.epoch:
            self._reports.resume_epoch(self._resumed)
        for batch in range(first, self._batches_per_epoch):
            changes = self._live.take_changes()
            if changes:
                yield from self._tell(changes)
            self._begin_batch(order[batch * self._config.batch_size :][: self._config.batch_size])
            # The newest batch runs on the device while the one before is read: nothing waits.
            settle = self._live.take_settling()
            self._finish_batches(in_flight=0 if settle or self._live.synchronous else 1)
            if self._reports.due(0 if settle else self._live.report_every):
                yield self._reports.batches_done(self._state())
        self._finish_batches()
        if self._reports.due(0):
            yield self._reports.batches_done(self._state())
        trained = self._stopwatch.seconds
        validation = yield from evaluate(self._network, self._data.validation, self._run)
        if not math.isfinite(validation[0]):
            raise _Diverged("in the validation")
        yield self._note_epoch(epoch + 1, validation, trained)

    def _note_epoch(self, epoch: int, validation: tuple[float, float], trained: float) -> EpochDone:
        stopping = self._config.stopping
        best = stopping.is_better(*validation, self._best_value)
        if best:
            self._best_epoch, self._best_value = epoch, stopping.value(*validation)
        done = self._reports.epoch_done(validation, trained, self._stopwatch.seconds, best)
        self._reports.begin_epoch()
        return msgspec.structs.replace(done, state=self._state())

    def _is_patience_over(self, epoch: int) -> bool:
        patience = self._config.stopping.patience
        return patience is not None and epoch - self._best_epoch >= patience

    def _finish_early(self) -> RunFinished:
        stopping = self._config.stopping
        return RunFinished(
            self._run, self._reports.position, "early",
            f"Training stopped early: {stopping.patience} epochs in a row were not better than epoch "
            f"{self._best_epoch} by validation {stopping.monitor}. The weights of that epoch are kept beside the last "
            "ones.",
        )  # fmt: skip

    def _state(self) -> RunState | None:
        """Return what the run needs to go on exactly from here; None while a batch is in flight."""
        if self._in_flight:
            return None
        now = self._live.step(1.0)
        begun = RunState(
            position=self._reports.position,
            first=self._first,
            learning_rate=now.learning_rate,
            momentum=now.momentum,
            weight_decay=now.weight_decay,
            dropout_rates=self._live.dropout_rates,
            best_epoch=self._best_epoch,
            best_value=self._best_value,
        )
        return self._reports.complete(begun)

    def _tell(self, changes: list[tuple[LiveSetting, float, float]]) -> Iterator[TrainingEvent]:
        """Tell what was changed, once all batches before the change are told."""
        self._finish_batches()
        if self._reports.due(0):
            yield self._reports.batches_done()  # without a state: the new settings hold already
        for setting, old, new in changes:
            yield SettingChanged(self._run, self._reports.position, setting, old, new)

    def _begin_batch(self, indices: np.ndarray) -> None:
        self._last_good.consider(self._enqueued)
        masks = {
            path: dropout_mask(self._config.seed, path, self._enqueued, (len(indices), *self._shapes[path]), rate)
            for path, rate in self._live.dropout_rates.items()
        }
        schedule_batch = self._enqueued - self._first.step
        settings = self._live.step(
            factor(self._config.schedule, schedule_batch, self._batches_per_epoch, self._config.epochs)
        )
        reach = self._config.shift
        shifts = shift_offsets(self._config.seed, self._enqueued, len(indices), reach) if reach else None
        pending = self._network.train_batch(self._data.train, indices, masks, settings, shifts)
        self._in_flight.append((pending, len(indices), settings.learning_rate))
        self._enqueued += 1

    def _finish_batches(self, in_flight: int = 0) -> None:
        """Wait for batches until at most ``in_flight`` are running."""
        while len(self._in_flight) > in_flight:
            pending, size, learning_rate = self._in_flight.popleft()
            metrics = pending.result()
            if not math.isfinite(metrics.loss):
                raise _Diverged(f"at batch {self._reports.position.step + 1}")
            self._last_good.confirm(self._reports.position.step)
            self._reports.add(metrics, size, learning_rate)

    def _go_back(self, where: str) -> RunFinished:
        self._in_flight.clear()
        good = self._last_good.restore()
        return RunFinished(
            self._run, self._reports.position, "diverged",
            f"The loss became infinite or undefined {where}, so training stopped and the weights "
            f"of batch {good} were put back. A smaller learning rate, or gradient clipping, usually helps.",
        )  # fmt: skip


def evaluate(network: Network, data: PlacedData, run: str = "") -> Generator[Evaluating, None, tuple[float, float]]:
    """Classify all samples in inference mode.

    Yields
    ------
    Evaluating
        After every few hundred samples, or fewer where a layer of the network is large.

    Returns
    -------
    (loss, accuracy) : tuple of float
        The mean cross-entropy per sample and the share of right answers, as the generator's value.
    """
    loss, correct, total = 0.0, 0, len(data)
    batch = evaluation_batch(summarize(network.spec))
    for begin in range(0, total, batch):
        end = min(begin + batch, total)
        metrics = network.evaluate_batch(data, begin, end).result()
        loss += metrics.loss
        correct += metrics.correct
        yield Evaluating(run, end, total)
    return loss / total, correct / total
