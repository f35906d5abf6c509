"""Short training runs for the tests of the loop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.architecture.network import NetworkSpec
from engine.backends.base import Network
from engine.training.config import OptimizerConfig, TrainingConfig
from engine.training.data import TrainingData, place
from engine.training.events import BatchesDone, EpochDone, Position, TrainingEvent
from engine.training.live import LiveSettings
from engine.training.loop import train
from engine.training.stopwatch import Stopwatch
from tests.engine.samples import DROPOUT_MLP, Samples, build, samples

# 5 batches an epoch, the last of 6 samples.
CONFIG = TrainingConfig(optimizer=OptimizerConfig("momentum", learning_rate=0.05), batch_size=10, epochs=2, seed=1)
TRAIN = samples(DROPOUT_MLP, 46, seed=0)
VALIDATION = samples(DROPOUT_MLP, 300, seed=1)


@dataclass
class Run:
    """A network prepared for a run, with what drives it; iterate ``events``."""

    network: Network
    data: TrainingData
    live: LiveSettings
    stopwatch: Stopwatch
    events: Iterator[TrainingEvent]


def prepare(
    config: TrainingConfig = CONFIG,
    spec: NetworkSpec = DROPOUT_MLP,
    *,
    network: Network | None = None,
    start: Position | None = None,
    train_samples: Samples = TRAIN,
    validation_samples: Samples = VALIDATION,
    report_every: float = 0.0,
    synchronous: bool = True,
) -> Run:
    """Prepare a run that reports every batch; a network that is given goes on with its optimizer's state."""
    if network is None:
        network = build(spec, seed=config.seed)
        network.prepare_training(config.optimizer, config.loss_reduction)
    data = place(
        network, config,
        (train_samples.images, train_samples.labels), (validation_samples.images, validation_samples.labels),
    )  # fmt: skip
    live = LiveSettings(spec, config.optimizer, report_every)
    live.synchronous = synchronous
    stopwatch = Stopwatch()
    events = train(network, data, config, run="test", start=start, live=live, stopwatch=stopwatch)
    return Run(network, data, live, stopwatch, events)


def of(kind: type, events: list[TrainingEvent]) -> list:
    """Return the events of one kind."""
    return [event for event in events if isinstance(event, kind)]


def batch_losses(events: list[TrainingEvent]) -> np.ndarray:
    """Return the loss of every batch that was reported."""
    return np.concatenate([event.losses for event in of(BatchesDone, events)])


def figures(events: list[TrainingEvent]) -> list[tuple]:
    """Return all that an epoch reports beside its times."""
    return [
        (e.epoch, e.train_loss, e.train_accuracy, e.validation_loss, e.validation_accuracy, e.learning_rate)
        for e in of(EpochDone, events)
    ]


def different(first: Network, second: Network) -> list[str]:
    """Return the parameters that are not the same, bit for bit."""
    ours, theirs = first.weights(), second.weights()
    return [path for path in ours if not np.array_equal(ours[path], theirs[path])]
