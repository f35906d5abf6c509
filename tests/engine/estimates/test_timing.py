from __future__ import annotations

import itertools
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from engine.architecture.layers import Activation, BatchNorm, Conv2D, Dense, Dropout, Flatten, MaxPool2D
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize
from engine.backends.base import BatchMetrics
from engine.backends.mxnet.gluon import GluonBackend
from engine.data.dataset import Unread
from engine.errors import DataError, ShapeError
from engine.estimates import timing
from engine.estimates.timing import measure_epoch
from engine.session import Session
from engine.training import lastgood, stopwatch
from engine.training.config import OptimizerConfig, ScheduleConfig, TrainingConfig
from engine.training.events import EpochDone
from engine.training.initializers import initial_weights
from tests.engine.conftest import make_dataset
from tests.engine.training.clock import Clock

NETWORK = NetworkSpec(
    "small", (1, 28, 28),
    (
        Conv2D(4, (5, 5), use_bias=False), BatchNorm(), Activation("relu"), MaxPool2D(), Flatten(),
        Dense(16), Dropout(0.3), Dense(2),
    ),
)  # fmt: skip
CONFIG = TrainingConfig(optimizer=OptimizerConfig("momentum", learning_rate=0.05), batch_size=20, epochs=3)

# Of the training with a clock that tests move.
BATCH, COPY, VALIDATED = 0.125, 0.01, 0.001


class TimedNetwork:
    """Computes batches one after the other, each in a known time, while others go on; reading one waits for it."""

    def __init__(self, clock, spec, weights):
        self.spec = spec
        self.batches = 0
        self._clock = clock
        self._weights = weights
        self._free_at = clock.now

    def place(self, images, labels):
        return labels

    def prepare_training(self, optimizer, reduction):
        pass

    def weights(self):
        self._clock.now = max(self._clock.now, self._free_at) + COPY
        return self._weights

    def train_batch(self, data, indices, masks, settings, shifts=None):
        self.batches += 1
        return self._pending(len(indices), BATCH if self.batches > 2 else 100 * BATCH)

    def evaluate_batch(self, data, start, stop):
        return self._pending(stop - start, VALIDATED * (stop - start))

    def _pending(self, samples, seconds):
        self._free_at = done_at = max(self._clock.now, self._free_at) + seconds

        class Pending:
            @staticmethod
            def result():
                self._clock.now = max(self._clock.now, done_at)
                return BatchMetrics(2.3 * samples, 0)

        return Pending()


class TimedBackend:
    name, device = "timed", "cpu"

    def __init__(self, clock):
        self._clock = clock
        self.network = None

    def build(self, spec, weights):
        self.network = TimedNetwork(self._clock, spec, weights)
        return self.network


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    for module in (timing, stopwatch, lastgood):
        monkeypatch.setattr(module, "time", clock)
    return clock


def run(measuring, between=lambda: None):
    """Return the estimate, and how often it was waited for."""
    yields = 0
    while True:
        try:
            next(measuring)
        except StopIteration as end:
            return end.value, yields
        yields += 1
        between()


def test_an_epoch_takes_as_long_as_its_batches_and_copies_do(clock, halves):
    backend = TimedBackend(clock)
    estimate, _ = run(measure_epoch(backend, NETWORK, CONFIG, halves))

    assert estimate.train_seconds == pytest.approx(20 * BATCH * (1 + COPY))
    assert estimate.validation_seconds == pytest.approx(100 * VALIDATED)
    assert estimate.seconds == pytest.approx(estimate.train_seconds + estimate.validation_seconds)
    assert backend.network.batches < 15


def test_test_images_stand_for_training_images_that_are_not_read_yet(clock, halves):
    def refuse():
        raise AssertionError("an estimate is no reason to read them")

    samples, batches = len(halves.train_labels), len(halves.test_labels) // CONFIG.batch_size
    unread = replace(halves, train_images=Unread((samples, 1, 28, 28), refuse))
    assert 2 < batches < samples // CONFIG.batch_size
    estimate, _ = run(measure_epoch(TimedBackend(clock), NETWORK, CONFIG, unread))
    assert estimate.train_seconds == pytest.approx(20 * BATCH, rel=0.05)


@pytest.mark.parametrize("every", [2, 3, 7])
def test_what_happens_between_two_batches_is_not_measured(clock, halves, every):
    pauses = itertools.count()

    def pause():
        # The batch that is in flight is done afterwards, at no cost.
        if next(pauses) % every == 0:
            clock.now += 7.0

    estimate, _ = run(measure_epoch(TimedBackend(clock), NETWORK, CONFIG, halves), pause)

    assert estimate.train_seconds == pytest.approx(20 * BATCH * (1 + COPY))
    assert estimate.validation_seconds == pytest.approx(100 * VALIDATED)


def test_it_comes_to_an_end_where_every_batch_is_followed_by_a_pause(clock):
    def pause():
        clock.now += 0.5

    backend = TimedBackend(clock)
    estimate, yields = run(measure_epoch(backend, NETWORK, CONFIG, make_dataset(4000)), pause)

    assert estimate.train_seconds == pytest.approx(200 * BATCH * (1 + COPY))
    assert yields < 50


def test_an_epoch_of_a_few_batches_is_measured_whole(clock, halves):
    config = msgspec.structs.replace(CONFIG, limit_train=30)  # one batch of 20 and one of 10
    estimate, _ = run(measure_epoch(TimedBackend(clock), NETWORK, config, halves))

    assert estimate.train_seconds == pytest.approx(2 * BATCH, rel=COPY)


@pytest.mark.parametrize(
    "config",
    [
        CONFIG,
        msgspec.structs.replace(CONFIG, limit_train=1, limit_validation=1),
        msgspec.structs.replace(CONFIG, limit_train=50, loss_reduction="sum", sampling="with-replacement"),
        msgspec.structs.replace(CONFIG, schedule=ScheduleConfig("one-cycle")),
        msgspec.structs.replace(CONFIG, optimizer=OptimizerConfig("adam", learning_rate=100.0)),
    ],
    ids=["plain", "one sample", "three batches", "one-cycle", "would diverge"],
)
def test_it_gives_a_finished_estimate_and_yields_between_batches(config, halves):
    estimate, yields = run(measure_epoch(GluonBackend("cpu"), NETWORK, config, halves))

    assert 0 < estimate.train_seconds < 60
    assert 0 < estimate.validation_seconds < 60
    assert yields >= 3


def test_it_changes_nothing_in_a_run_that_goes_on_meanwhile(halves):
    backend = GluonBackend("cpu")

    def trained(between):
        session = Session(backend, NETWORK, CONFIG, halves)
        events = session.train("run")
        session.live.report_every = 0
        for event in events:
            between()
            if isinstance(event, EpochDone):
                break
        return session.network.weights() | session.network.optimizer_state()

    measuring = measure_epoch(backend, NETWORK, CONFIG, halves)
    alone = trained(lambda: None)
    beside = trained(lambda: next(measuring, None))

    assert alone.keys() == beside.keys()
    assert all(np.array_equal(alone[name], beside[name]) for name in alone)


def test_it_can_be_dropped_at_any_time(halves):
    backend = GluonBackend("cpu")
    for steps in (1, 2, 5):
        measuring = measure_epoch(backend, NETWORK, CONFIG, halves)
        for _ in range(steps):
            next(measuring)
        measuring.close()

    network = backend.build(NETWORK, initial_weights(summarize(NETWORK), CONFIG.initializer, 0))
    assert np.isfinite(network.predict(np.zeros((1, 1, 28, 28), np.float32))).all()


def test_images_are_resized_in_the_measure_as_in_a_run(halves):
    larger = NetworkSpec("larger", (1, 40, 40), NETWORK.layers)

    estimate, _ = run(measure_epoch(GluonBackend("cpu"), larger, CONFIG, halves))
    assert estimate.train_seconds > 0


def test_what_does_not_fit_is_said_before_anything_is_measured(halves):
    colour = NetworkSpec("colour", (3, 28, 28), NETWORK.layers)
    with pytest.raises(DataError):
        next(measure_epoch(GluonBackend("cpu"), colour, CONFIG, make_dataset(20)))

    misfit = NetworkSpec("misfit", (1, 28, 28), (Dense(2),))
    with pytest.raises(ShapeError):
        next(measure_epoch(GluonBackend("cpu"), misfit, CONFIG, halves))
