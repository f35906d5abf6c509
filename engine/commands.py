"""What the window asks of the worker; immutable values only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.architecture.network import NetworkSpec
from engine.history.records import CheckpointRecord, Weights
from engine.training.config import TrainingConfig
from engine.training.events import LiveSetting


class Command:
    """Something the worker is asked to do."""


class LatestWins(Command):
    """A command that makes an older one of its kind, still waiting, superfluous."""


@dataclass(frozen=True)
class LoadDataset(Command):
    """Read a named data set, or a folder of IDX files."""

    source: str | Path


@dataclass(frozen=True)
class Train(Command):
    """Begin a run with fresh weights; ``one_batch`` pauses it after its first batch."""

    run: str
    spec: NetworkSpec
    config: TrainingConfig
    device: str
    one_batch: bool = False
    ignore_memory: bool = False
    backend: str = "gluon"


@dataclass(frozen=True)
class TrainMore(Command):
    """Train ``config.epochs`` epochs on top of the weights there are, in ``spec`` if the network was edited.

    ``backend`` is the one to go on with; empty for the one there is.
    """

    run: str
    config: TrainingConfig
    spec: NetworkSpec | None = None
    ignore_memory: bool = False
    backend: str = ""


@dataclass(frozen=True)
class ContinueRun(Command):
    """Go on with a run of the history where it was left, exactly, to its planned end; ``id`` is its number there."""

    run: str
    id: int


@dataclass(frozen=True)
class BranchRun(Command):
    """Begin a run with the weights of a checkpoint.

    Without a ``config`` the settings are those of its own run, and from a training state it does again what that run
    did; then ``backend`` and ``device`` are that run's too.
    """

    run: str
    checkpoint: CheckpointRecord
    config: TrainingConfig | None
    device: str
    backend: str


@dataclass(frozen=True)
class ViewMoment(LatestWins):
    """Answer all questions from the weights of a checkpoint; None for the network of now."""

    checkpoint: CheckpointRecord | None


@dataclass(frozen=True)
class Edit(Command):
    """Put an edited network in the place of the one there is; what was not touched keeps its weights."""

    spec: NetworkSpec


@dataclass(frozen=True)
class Pause(Command):
    """Halt after the batch that is being trained."""


@dataclass(frozen=True)
class Resume(Command):
    """Go on after a pause."""


@dataclass(frozen=True)
class StepBatch(Command):
    """Train a single batch of a paused run."""


@dataclass(frozen=True)
class Stop(Command):
    """End the run and keep its weights."""


@dataclass(frozen=True)
class Change(Command):
    """Change a setting of the run that goes on."""

    setting: LiveSetting
    value: float


@dataclass(frozen=True)
class Predict(LatestWins):
    """Classify one image (channels, height, width), float32 in [0, 1]; ``request`` comes back with the answer.

    ``follows_pen`` tells that somebody waits for the answer, rather than that the weights moved on.
    """

    request: int
    image: np.ndarray
    with_activations: bool = False
    follows_pen: bool = False


@dataclass(frozen=True)
class ReadWeights(LatestWins):
    """Copy one weight tensor, named by its path."""

    path: str


@dataclass(frozen=True)
class MeasureActivity(LatestWins):
    """Tell how lively every layer is over some test images."""


@dataclass(frozen=True)
class FindMistakes(LatestWins):
    """Classify all test images and tell which are wrong."""


@dataclass(frozen=True)
class MeasureConfusion(LatestWins):
    """Classify the first test images, ``samples`` at most, and tell which classes are taken for which."""

    samples: int


@dataclass(frozen=True)
class Estimate(LatestWins):
    """Tell what training a network would cost; ``request`` comes back with the answers."""

    request: int
    spec: NetworkSpec
    config: TrainingConfig
    device: str
    backend: str = "gluon"


@dataclass(frozen=True)
class CheckGradients(LatestWins):
    """Compare a network's gradients with numerical ones; ``request`` comes back with the answers."""

    request: int
    spec: NetworkSpec


@dataclass(frozen=True)
class CancelCheck(Command):
    """Give up the check of gradients that is under way."""


@dataclass(frozen=True)
class TwinRun(LatestWins):
    """Train a network in two backends side by side; ``request`` comes back with the answers."""

    request: int
    spec: NetworkSpec
    config: TrainingConfig
    device: str
    backends: tuple[str, str]
    batches: int


@dataclass(frozen=True)
class CancelTwin(Command):
    """Give up the twin run that is under way."""


@dataclass(frozen=True)
class Save(Command):
    """Write the model, or its weights, in the format that the suffix names; with ``best`` those of the best epoch."""

    path: Path
    best: bool = False


@dataclass(frozen=True)
class WriteReport(Command):
    """Write the report of a run of the history, with the answers of its ``weights`` to the test images."""

    id: int
    path: Path
    weights: Weights = "best"


@dataclass(frozen=True)
class Open(Command):
    """Read a model; a file of weights alone is read into ``spec``, without which it is refused."""

    path: Path
    spec: NetworkSpec | None
    config: TrainingConfig
    device: str
    backend: str = "gluon"
