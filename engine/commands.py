"""What the window asks of the worker; immutable values only."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from msgspec import Struct

from engine.architecture.network import NetworkSpec
from engine.history.records import CheckpointRecord, Weights
from engine.training.config import TrainingConfig
from engine.training.events import LiveSetting


class Command(Struct, frozen=True):
    """Something the worker is asked to do."""


class LatestWins(Command, frozen=True):
    """A command that makes an older one of its kind, still waiting, superfluous."""


class LoadDataset(Command, frozen=True):
    """Read a named data set, or a folder of IDX files."""

    source: str | Path


class Train(Command, frozen=True):
    """Begin a run with fresh weights; ``one_batch`` pauses it after its first batch."""

    run: str
    spec: NetworkSpec
    config: TrainingConfig
    device: str
    one_batch: bool = False
    ignore_memory: bool = False
    backend: str = "gluon"


class TrainMore(Command, frozen=True):
    """Train ``config.epochs`` epochs on top of the weights there are, in ``spec`` if the network was edited.

    ``backend`` is the one to go on with; empty for the one there is.
    """

    run: str
    config: TrainingConfig
    spec: NetworkSpec | None = None
    ignore_memory: bool = False
    backend: str = ""


class ContinueRun(Command, frozen=True):
    """Go on with a run of the history where it was left, exactly, to its planned end; ``id`` is its number there."""

    run: str
    id: int


class BranchRun(Command, frozen=True):
    """Begin a run with the weights of a checkpoint.

    Without a ``config`` the settings are those of its own run, and from a training state it does again what that run
    did; then ``backend`` and ``device`` are that run's too. With ``own_data`` it learns from what that run learned
    from, otherwise from the data set that is open.
    """

    run: str
    checkpoint: CheckpointRecord
    config: TrainingConfig | None
    device: str
    backend: str
    own_data: bool = True


class ViewMoment(LatestWins, frozen=True):
    """Answer all questions from the weights of a checkpoint; None for the network of now."""

    checkpoint: CheckpointRecord | None


class Edit(Command, frozen=True):
    """Put an edited network in the place of the one there is; what was not touched keeps its weights."""

    spec: NetworkSpec


class Pause(Command, frozen=True):
    """Halt after the batch that is being trained."""


class Resume(Command, frozen=True):
    """Go on after a pause."""


class StepBatch(Command, frozen=True):
    """Train a single batch of a paused run."""


class Stop(Command, frozen=True):
    """End the run and keep its weights."""


class Change(Command, frozen=True):
    """Change a setting of the run that goes on."""

    setting: LiveSetting
    value: float


class Predict(LatestWins, frozen=True):
    """Classify one image (channels, height, width), float32 in [0, 1]; ``request`` comes back with the answer.

    ``follows_pen`` tells that somebody waits for the answer, rather than that the weights moved on.
    """

    request: int
    image: np.ndarray
    with_activations: bool = False
    follows_pen: bool = False


class ReadWeights(LatestWins, frozen=True):
    """Copy one weight tensor, named by its path."""

    path: str


class MeasureActivity(LatestWins, frozen=True):
    """Tell how lively every layer is over some test images."""


class FindMistakes(LatestWins, frozen=True):
    """Classify all test images and tell which are wrong."""


class MeasureConfusion(LatestWins, frozen=True):
    """Classify the first test images, ``samples`` at most, and tell which classes are taken for which."""

    samples: int


class Estimate(LatestWins, frozen=True):
    """Tell what training a network would cost; ``request`` comes back with the answers."""

    request: int
    spec: NetworkSpec
    config: TrainingConfig
    device: str
    backend: str = "gluon"


class CheckGradients(LatestWins, frozen=True):
    """Compare a network's gradients with numerical ones; ``request`` comes back with the answers."""

    request: int
    spec: NetworkSpec


class CancelCheck(Command, frozen=True):
    """Give up the check of gradients that is under way."""


class TwinRun(LatestWins, frozen=True):
    """Train a network in two backends side by side; ``request`` comes back with the answers."""

    request: int
    spec: NetworkSpec
    config: TrainingConfig
    device: str
    backends: tuple[str, str]
    batches: int


class CancelTwin(Command, frozen=True):
    """Give up the twin run that is under way."""


class Save(Command, frozen=True):
    """Write the model, or its weights, in the format that the suffix names; with ``best`` those of the best epoch."""

    path: Path
    best: bool = False


class WriteReport(Command, frozen=True):
    """Write the report of a run of the history, with the answers of its ``weights`` to the test images."""

    id: int
    path: Path
    weights: Weights = "best"


class Open(Command, frozen=True):
    """Read a model; a file of weights alone is read into ``spec``, without which it is refused."""

    path: Path
    spec: NetworkSpec | None
    config: TrainingConfig
    device: str
    backend: str = "gluon"
