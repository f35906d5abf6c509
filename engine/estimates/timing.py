"""How long an epoch takes on this device, measured on a few batches of a network that is thrown away."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Generator

import msgspec
from msgspec import Struct

from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize
from engine.backends.base import Backend, Network, PlacedData
from engine.data.dataset import Dataset
from engine.training.config import InitializerConfig, TrainingConfig
from engine.training.data import TrainingData, place
from engine.training.events import BatchesDone, EpochDone
from engine.training.initializers import initial_weights
from engine.training.lastgood import LastGoodWeights
from engine.training.live import LiveSettings
from engine.training.loop import evaluate, train
from engine.training.stopwatch import Stopwatch

# The first batches build MXNet's plans and kernels; where a batch takes long, what the third one still does is little.
_WARM_UP_BATCHES = 3
_LONG_WARM_UP_BATCHES = 2
_LONG_BATCH_SECONDS = 1.0

_FEWEST_BATCHES = 3
_SECONDS = 0.5
_MOST_EVALUATIONS = 5

# LastGoodWeights copies the weights once a second, or less often where this would take more of the time.
_MOST_FOR_COPIES = 1 / 50

# A batch is computed while whoever drives this does something else, so after a pause its time says nothing, unless
# the pause was short compared with the batch. Where that goes on, one batch at a time is computed from then on.
_SHORT_PAUSE_SHARE = 0.05
_MOST_SPOILED = 8


class EpochEstimate(Struct, frozen=True):
    """How long one epoch takes, as ``EpochDone.seconds`` counts it, and the validation after it."""

    train_seconds: float
    validation_seconds: float

    @property
    def seconds(self) -> float:
        """Both together."""
        return self.train_seconds + self.validation_seconds


def measure_epoch(
    backend: Backend, spec: NetworkSpec, config: TrainingConfig, dataset: Dataset
) -> Generator[None, None, EpochEstimate]:
    """Measure how long an epoch takes, without touching any network but one of its own.

    The training loop itself runs on it, for about a second or a few batches, so all that an epoch consists of is in
    the measure. It may be closed at any time.

    Parameters
    ----------
    backend : Backend
    spec : NetworkSpec
    config : TrainingConfig
    dataset : Dataset
        As a run would be given them.

    Yields
    ------
    None
        After every batch; what happens until the next is asked for is not measured.

    Returns
    -------
    EpochEstimate
        As the generator's value.

    Raises
    ------
    NetariumError
        If network, settings and data do not fit one another.
    """
    # Usual weights that stay where they start: no measurement ends early because a loss is infinite.
    still = msgspec.structs.replace(config.optimizer, learning_rate=1e-9, weight_decay=0.0)
    config = msgspec.structs.replace(config, optimizer=still, epochs=2).checked()
    network = backend.build(spec, initial_weights(summarize(spec), InitializerConfig(), config.seed))
    network.prepare_training(config.optimizer, config.loss_reduction)
    test = dataset.test_images, dataset.test_labels
    # Where the training images are not read yet, the test images, which are as large, take as long.
    trained = (dataset.train_images, dataset.train_labels) if dataset.is_read else test
    data = place(network, config, trained, test)
    one = network.place(dataset.test_images[:1], dataset.test_labels[:1])
    samples = len(dataset.train_labels[: config.limit_train])
    seconds = yield from _training(network, TrainingData(data.train, one), config, samples)
    return EpochEstimate(seconds, (yield from _validation(network, data.validation)))


def _training(
    network: Network, data: TrainingData, config: TrainingConfig, samples: int
) -> Generator[None, None, float]:
    live = LiveSettings(network.spec, config.optimizer, report_every=0.0)
    stopwatch = Stopwatch()
    measure = _Measure()
    seconds = 0.0
    for event in train(network, data, config, live=live, stopwatch=stopwatch, last_good=_FirstWeights(network)):
        # The first batch of an epoch has none in flight before it.
        if isinstance(event, BatchesDone) and measure.add(
            stopwatch.seconds, event.position.batch > 1 and len(event.losses) == 1
        ):
            batches = math.ceil(samples / config.batch_size)
            return batches * measure.mean * (1 + _share_of_copies(network))
        if isinstance(event, EpochDone):
            # An epoch that is over before enough was measured is its own measure; the second one is warmed up.
            seconds = event.seconds * samples / len(data.train)
        stopwatch.stop()
        yield from measure.pause()
        live.synchronous = measure.disturbed
        stopwatch.start()
    return seconds


def _validation(network: Network, data: PlacedData) -> Generator[None, None, float]:
    yield from _evaluate(network, data, at_most=1)  # warms up
    seconds, samples = yield from _evaluate(network, data, at_most=_MOST_EVALUATIONS)
    return seconds / samples * len(data)


def _evaluate(network: Network, data: PlacedData, at_most: int) -> Generator[None, None, tuple[float, int]]:
    """Return how many seconds the first batches of a validation took, and their samples."""
    seconds, samples = 0.0, 0
    began = time.perf_counter()
    for event in itertools.islice(evaluate(network, data), at_most):
        seconds, samples = seconds + time.perf_counter() - began, event.done
        if seconds >= _SECONDS:
            break
        yield
        began = time.perf_counter()
    return seconds, samples


class _FirstWeights(LastGoodWeights):
    """Copies weights once: a copy every second would fall into some measurements and not into others."""

    def consider(self, step: int) -> None:
        if self.weights is None:
            super().consider(step)


def _share_of_copies(network: Network) -> float:
    """Return the time that copies of the weights take, as a share of the training."""
    network.weights()  # waits for the batch that is in flight
    began = time.perf_counter()
    network.weights()
    return min(time.perf_counter() - began, _MOST_FOR_COPIES)  # one a second


class _Measure:
    """Collects the times between batches."""

    def __init__(self) -> None:
        self._last = 0.0
        self._batches = 0
        self._pause = 0.0
        self._spoiled = 0
        self._times: list[float] = []

    def add(self, now: float, usual: bool) -> bool:
        """Add a batch that was done at ``now`` on the stopwatch; return whether the measure is complete."""
        took, self._last = now - self._last, now
        self._batches += 1
        warm_up = _LONG_WARM_UP_BATCHES if took > _LONG_BATCH_SECONDS else _WARM_UP_BATCHES
        if usual and self._batches > warm_up:
            if self.disturbed or self._pause <= _SHORT_PAUSE_SHARE * took:
                self._times.append(took)
            else:
                self._spoiled += 1
        enough = len(self._times) >= _FEWEST_BATCHES and sum(self._times) >= _SECONDS
        return enough or sum(self._times) >= _LONG_BATCH_SECONDS

    @property
    def mean(self) -> float:
        """Seconds per batch."""
        return sum(self._times) / len(self._times)

    @property
    def disturbed(self) -> bool:
        """Whether pauses spoiled so many batches that they should be computed one at a time."""
        return self._spoiled > _MOST_SPOILED

    def pause(self) -> Generator[None, None, None]:
        """Let whoever drives this do something else, and notice how long it took."""
        before = time.perf_counter()
        yield
        self._pause = time.perf_counter() - before
