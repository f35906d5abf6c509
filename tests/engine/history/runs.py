"""Small runs for the tests of the history, recorded as the window and the command line record them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np

from engine.architecture.layers import Activation, BatchNorm, Conv2D, Dense, Dropout, Flatten, MaxPool2D
from engine.architecture.network import NetworkSpec
from engine.backends.choice import make_backend
from engine.data.dataset import Dataset
from engine.history.recorder import Pace, Recorder
from engine.history.records import FRESH, Origin
from engine.history.writer import HistoryWriter
from engine.session import Session
from engine.storage.model_file import Model
from engine.training.config import OptimizerConfig, TrainingConfig
from engine.training.events import TrainingEvent

# Keeps whatever can be kept.
ALWAYS = Pace(figures_s=0.0, state_s=0.0, snapshot_s=0.0, share=1.0)

SMALL = NetworkSpec(
    "small",
    (1, 8, 8),
    (
        Conv2D(4, (3, 3), use_bias=False), BatchNorm(), Activation("relu"), MaxPool2D(), Flatten(), Dropout(0.3),
        Dense(16), Activation("relu"), Dense(3),
    ),
)  # fmt: skip

CONFIG = TrainingConfig(optimizer=OptimizerConfig("adam", learning_rate=0.01), batch_size=16, epochs=3, seed=5)


def squares(samples: int = 80, tests: int = 24) -> Dataset:
    """Return images of 8×8 whose class is the column that is bright."""
    random = np.random.default_rng(1)
    labels = random.integers(0, 3, samples + tests).astype(np.uint8)
    images = random.integers(0, 90, (samples + tests, 1, 8, 8)).astype(np.uint8)
    for label in range(3):
        images[labels == label, :, :, 2 * label + 1] = 200
    return Dataset("squares", images[:samples], labels[:samples], images[samples:], labels[samples:], ("a", "b", "c"))


def session_on(
    dataset: Dataset,
    spec: NetworkSpec = SMALL,
    config: TrainingConfig = CONFIG,
    model: Model | None = None,
    backend: str = "scratch",
) -> Session:
    return Session(make_backend(backend), spec, config, dataset, model)


def recorded(
    writer: HistoryWriter,
    session: Session,
    origin: Origin = FRESH,
    run: int | None = None,
    pace: Pace = ALWAYS,
    resume: bool = False,
    **named: object,
) -> tuple[Recorder, Iterator[TrainingEvent]]:
    """Return a recorder, and a run's events as it records them; every report is of one batch, with its state."""
    recorder = Recorder(writer, session, origin, run=run, pace=pace, **named)
    events = session.resume("run") if resume else session.train("run", session.config)
    session.live.report_every, session.live.synchronous = 0.0, True

    def follow() -> Iterator[TrainingEvent]:
        for event in events:
            recorder.follow(event)
            yield event

    return recorder, follow()


def with_optimizer(config: TrainingConfig, name: str) -> TrainingConfig:
    return msgspec.structs.replace(config, optimizer=OptimizerConfig(name, learning_rate=0.01))
