"""What the worker answers, beside the events of training; immutable values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from engine.architecture.network import NetworkSpec
from engine.commands import Command, Train, TrainMore
from engine.data.dataset import Dataset
from engine.devices import DeviceInfo
from engine.errors import NetariumError
from engine.estimates.cost import Cost
from engine.history.records import CheckpointRecord, RunRecord
from engine.inspection.activity import LayerActivity
from engine.training.config import TrainingConfig

if TYPE_CHECKING:  # loaded by what sends them
    from engine.backends.scratch.gradient_check import GradientCheck
    from engine.twin import TwinStep

WorkerState = Literal["loading", "ready", "training", "paused"]


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
class BackendChosen(Reply):
    """A run is computed by ``backend``, chosen for being so many times as fast as the usual one here (1 if it is)."""

    backend: str
    ratio: float


@dataclass(frozen=True)
class DatasetLoaded(Reply):
    """A data set was read and is in use from now on."""

    dataset: Dataset


@dataclass(frozen=True)
class NetworkReady(Reply):
    """The worker has this network now.

    It was freshly made for a run, ``opened`` from ``path``, ``edited``, ``returned`` to in
    the history, or ``restored`` since the one that was to take its place could not be trained at all.
    """

    spec: NetworkSpec
    config: TrainingConfig
    class_names: tuple[str, ...]
    origin: Literal["fresh", "opened", "edited", "returned", "restored"] = "fresh"
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
class RunRecorded(Reply):
    """The history has all of the run called ``run`` in events, which has ended, as number ``id``."""

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
    epochs: Mapping[str, np.ndarray]
    batches: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class MomentShown(Reply):
    """Answers come from this checkpoint from now on, or again from the network of now (None).

    ``spec`` is None where there is no network of now.
    """

    checkpoint: CheckpointRecord | None
    spec: NetworkSpec | None
    class_names: tuple[str, ...]


@dataclass(frozen=True)
class ConfusionMeasured(Reply):
    """How often each class (row) was taken for each (column) among the first ``samples`` test images.

    ``answers`` (samples,) are the places of the classes that they were taken for.
    """

    matrix: np.ndarray
    answers: np.ndarray
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
    """The model was written whole; ``best`` if as it was after its best epoch."""

    path: Path
    best: bool = False


@dataclass(frozen=True)
class ReportWritten(Reply):
    """The report of a run was written; ``remark`` is a sentence on what it lacks, or empty."""

    path: Path
    remark: str


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
