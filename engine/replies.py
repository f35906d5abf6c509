"""What the worker answers, beside the events of training; immutable values only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from msgspec import Struct

from engine.architecture.network import NetworkSpec
from engine.commands import Command, Train, TrainMore
from engine.data.dataset import Dataset
from engine.devices import DeviceInfo
from engine.errors import NetariumError
from engine.estimates.cost import Cost
from engine.history.records import CheckpointRecord, RunRecord
from engine.inspection.activity import LayerActivity
from engine.training.config import TrainingConfig
from engine.training.events import Position

if TYPE_CHECKING:  # loaded by what sends them
    from engine.backends.scratch.gradient_check import GradientCheck
    from engine.storage.model_file import EpochMetrics
    from engine.twin import TwinStep

WorkerState = Literal["loading", "ready", "training", "paused"]


class Reply(Struct, frozen=True):
    """Something the worker tells beside the events of training."""


class StateChanged(Reply, frozen=True):
    """The worker is loading, ready, training or paused now; ``trained`` tells whether it has a network."""

    state: WorkerState
    trained: bool


class DevicesListed(Reply, frozen=True):
    """The devices of this machine, unusable ones with their reason."""

    devices: tuple[DeviceInfo, ...]


class BackendChosen(Reply, frozen=True):
    """A run is computed by ``backend``, chosen for being so many times as fast as the usual one here (1 if it is).

    ``on_one_thread`` tells that it is so fast with one thread, where it could have more, and ``is_timed`` whether it
    was compared with others at all.
    """

    backend: str
    ratio: float
    on_one_thread: bool = False
    is_timed: bool = True


class DatasetLoaded(Reply, frozen=True):
    """A data set was read and is in use from now on."""

    dataset: Dataset


class NetworkReady(Reply, frozen=True):
    """The worker has this network now.

    It was freshly made for a run, ``opened`` from ``path``, ``edited``, ``returned`` to in
    the history, or ``restored`` since the one that was to take its place could not be trained at all. ``metrics`` are
    the epochs that the file of an opened one tells of, ``position`` is where it stands.
    """

    spec: NetworkSpec
    config: TrainingConfig
    class_names: tuple[str, ...]
    origin: Literal["fresh", "opened", "edited", "returned", "restored"] = "fresh"
    path: Path | None = None
    note: str = ""
    metrics: tuple[EpochMetrics, ...] = ()
    position: Position = Position()


class Prediction(Reply, frozen=True):
    """Class probabilities (classes,) and, where asked for, every layer's output (1, *layer shape)."""

    request: int
    probabilities: np.ndarray
    activations: dict[str, np.ndarray] | None


class WeightsRead(Reply, frozen=True):
    """A copy of one weight tensor at training step ``step``."""

    path: str
    values: np.ndarray
    step: int


class ActivityMeasured(Reply, frozen=True):
    """The activity of every layer by path at training step ``step``."""

    activity: Mapping[str, LayerActivity]
    step: int


class Estimated(Reply, frozen=True):
    """What training would cost, told as soon as its memory is known and again when time was measured."""

    request: int
    cost: Cost


class GradientChecked(Reply, frozen=True):
    """What the check of one parameter found."""

    request: int
    check: GradientCheck


class GradientsChecked(Reply, frozen=True):
    """All parameters were checked."""

    request: int


class TwinStepped(Reply, frozen=True):
    """Some more batches of a twin run, in order; ``finished`` with the last."""

    request: int
    steps: tuple[TwinStep, ...]
    finished: bool


class Dropped(Reply, frozen=True):
    """A command that is carried out a little at a time was given up, since something else began."""

    command: Command


class TooLarge(Reply, frozen=True):
    """A run was not begun, since memory will not suffice; ``command`` with ``ignore_memory`` begins it all the same."""

    command: Train | TrainMore
    cost: Cost


class HistoryOpened(Reply, frozen=True):
    """The history of runs is there.

    ``note`` tells what had to be mended, ``unfinished`` is the newest run if nobody ended it and it can be gone on
    with.
    """

    note: NetariumError | None
    unfinished: RunRecord | None


class HistoryTroubled(Reply, frozen=True):
    """The history cannot be written for the time being; without an error, it can again."""

    error: NetariumError | None


class RunKept(Reply, frozen=True):
    """The history has the run called ``run`` in events, as number ``id``."""

    run: str
    id: int


class RunRecorded(Reply, frozen=True):
    """The history has all of the run called ``run`` in events, which has ended, as number ``id``."""

    run: str
    id: int


class EpochReplayed(Reply, frozen=True):
    """An epoch was trained a second time; ``exact`` if its figures are those of the first time, bit for bit."""

    run: str
    epoch: int
    exact: bool


class PastTold(Reply, frozen=True):
    """What a run had done before it went on: columns by the names in ``engine.history.records``."""

    run: str
    epochs: Mapping[str, np.ndarray]
    batches: Mapping[str, np.ndarray]


class MomentShown(Reply, frozen=True):
    """Answers come from this checkpoint from now on, or again from the network of now (None).

    ``spec`` is None where there is no network of now.
    """

    checkpoint: CheckpointRecord | None
    spec: NetworkSpec | None
    class_names: tuple[str, ...]


class ConfusionMeasured(Reply, frozen=True):
    """How often each class (row) was taken for each (column) among the first ``samples`` test images.

    ``answers`` (samples,) are the places of the classes that they were taken for.
    """

    matrix: np.ndarray
    answers: np.ndarray
    class_names: tuple[str, ...]
    samples: int
    checkpoint: CheckpointRecord | None


class MistakesFound(Reply, frozen=True):
    """The test images that are classified wrongly, the most confident mistake first."""

    indices: np.ndarray
    samples: int


class Saved(Reply, frozen=True):
    """The model was written whole; ``best`` if as it was after its best epoch."""

    path: Path
    best: bool = False


class ReportWritten(Reply, frozen=True):
    """The report of a run was written; ``remark`` is a sentence on what it lacks, or empty."""

    path: Path
    remark: str


class CommandFailed(Reply, frozen=True):
    """A command could not be carried out, and everything is as it was before."""

    command: Command
    error: NetariumError


class Crashed(Reply, frozen=True):
    """Something unforeseen happened on the worker's thread; ``report`` is the technical text."""

    summary: str
    report: str
