"""What the window asks of the worker, and what the worker answers; immutable values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from engine.architecture.network import NetworkSpec
from engine.backends.scratch.gradient_check import GradientCheck
from engine.data.dataset import Dataset
from engine.devices import DeviceInfo
from engine.errors import NetariumError
from engine.estimates.cost import Cost
from engine.history.records import CheckpointRecord, RunRecord
from engine.inspection.activity import LayerActivity
from engine.training.config import TrainingConfig
from engine.training.events import LiveSetting, TrainingEvent
from engine.twin import TwinStep

WorkerState = Literal["loading", "ready", "training", "paused"]


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
class Open(Command):
    """Read a model; a file of weights alone is read into ``spec``, without which it is refused."""

    path: Path
    spec: NetworkSpec | None
    config: TrainingConfig
    device: str
    backend: str = "gluon"


class Reply:
    """Something the worker tells beside the events of training."""


@dataclass(frozen=True)
class StateChanged(Reply):
    """The worker is loading, ready, training or paused now; ``trained`` tells whether it has a network."""

    state: WorkerState
    trained: bool


@dataclass(frozen=True)
class DevicesListed(Reply):
    """The devices of this machine, unusable ones with their reason."""

    devices: tuple[DeviceInfo, ...]


@dataclass(frozen=True)
class DatasetLoaded(Reply):
    """A data set was read and is in use from now on."""

    dataset: Dataset


@dataclass(frozen=True)
class NetworkReady(Reply):
    """The worker has this network now.

    It was freshly made for a run, ``opened`` from ``path``, ``edited``, ``resumed`` or ``branched`` from a run of the
    history, or ``restored`` since the one that was to take its place could not be trained at all.
    """

    spec: NetworkSpec
    config: TrainingConfig
    class_names: tuple[str, ...]
    origin: Literal["fresh", "opened", "edited", "resumed", "branched", "restored"] = "fresh"
    path: Path | None = None
    note: str = ""


@dataclass(frozen=True)
class Prediction(Reply):
    """Class probabilities (classes,) and, where asked for, every layer's output (1, *layer shape)."""

    request: int
    probabilities: np.ndarray
    activations: dict[str, np.ndarray] | None


@dataclass(frozen=True)
class WeightsRead(Reply):
    """A copy of one weight tensor at training step ``step``."""

    path: str
    values: np.ndarray
    step: int


@dataclass(frozen=True)
class ActivityMeasured(Reply):
    """The activity of every layer by path at training step ``step``."""

    activity: Mapping[str, LayerActivity]
    step: int


@dataclass(frozen=True)
class Estimated(Reply):
    """What training would cost, told as soon as its memory is known and again when time was measured."""

    request: int
    cost: Cost


@dataclass(frozen=True)
class GradientChecked(Reply):
    """What the check of one parameter found."""

    request: int
    check: GradientCheck


@dataclass(frozen=True)
class GradientsChecked(Reply):
    """All parameters were checked."""

    request: int


@dataclass(frozen=True)
class TwinStepped(Reply):
    """Some more batches of a twin run, in order; ``finished`` with the last."""

    request: int
    steps: tuple[TwinStep, ...]
    finished: bool


@dataclass(frozen=True)
class Dropped(Reply):
    """A command that is carried out a little at a time was given up, since something else began."""

    command: Command


@dataclass(frozen=True)
class TooLarge(Reply):
    """A run was not begun, since memory will not suffice; ``command`` with ``ignore_memory`` begins it all the same."""

    command: Train | TrainMore
    cost: Cost


@dataclass(frozen=True)
class HistoryOpened(Reply):
    """The history of runs is there.

    ``note`` tells what had to be mended, ``unfinished`` is the newest run if nobody ended it.
    """

    note: NetariumError | None
    unfinished: RunRecord | None


@dataclass(frozen=True)
class HistoryTroubled(Reply):
    """The history cannot be written for the time being; without an error, it can again."""

    error: NetariumError | None


@dataclass(frozen=True)
class RunKept(Reply):
    """The history has the run called ``run`` in events, as number ``id``."""

    run: str
    id: int


@dataclass(frozen=True)
class EpochReplayed(Reply):
    """An epoch was trained a second time; ``exact`` if its figures are those of the first time, bit for bit."""

    run: str
    epoch: int
    exact: bool


@dataclass(frozen=True)
class PastTold(Reply):
    """What a run had done before it went on: columns by the names in ``engine.history.records``."""

    run: str
    label: str
    batches_per_epoch: int
    epochs: Mapping[str, np.ndarray]
    batches: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class MomentShown(Reply):
    """Answers come from this checkpoint from now on, or again from the network of now (None)."""

    checkpoint: CheckpointRecord | None
    spec: NetworkSpec
    class_names: tuple[str, ...]


@dataclass(frozen=True)
class ConfusionMeasured(Reply):
    """How often each class (row) was taken for each (column) among the first ``samples`` test images."""

    matrix: np.ndarray
    class_names: tuple[str, ...]
    samples: int
    checkpoint: CheckpointRecord | None


@dataclass(frozen=True)
class MistakesFound(Reply):
    """The test images that are classified wrongly, the most confident mistake first."""

    indices: np.ndarray
    samples: int


@dataclass(frozen=True)
class Saved(Reply):
    """The model was written whole."""

    path: Path


@dataclass(frozen=True)
class CommandFailed(Reply):
    """A command could not be carried out, and everything is as it was before."""

    command: Command
    error: NetariumError


@dataclass(frozen=True)
class Crashed(Reply):
    """Something unforeseen happened on the worker's thread; ``report`` is the technical text."""

    summary: str
    report: str


Message = Reply | TrainingEvent
