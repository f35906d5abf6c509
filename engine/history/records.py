"""What the history tells of a run, as immutable values."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from msgspec import Struct

from engine.architecture.network import NetworkSpec
from engine.training.config import TrainingConfig
from engine.training.events import LiveSetting, Position

Array = np.ndarray[Any, np.dtype[Any]]

# How a run ended, or that it has not; "interrupted" is one that nobody ended: a crash, a power cut, a quit.
Status = Literal["running", "completed", "stopped", "early", "diverged", "failed", "interrupted"]

# A state holds everything to go on exactly; a snapshot holds weights alone.
CheckpointKind = Literal["state", "snapshot"]

# Of a run's checkpoints, those of its best epoch or those that it ended with.
Weights = Literal["best", "last"]

EPOCH_COLUMNS = (
    "epoch", "step", "seconds", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy",
    "duration", "learning_rate",
)  # fmt: skip
"""The columns of a run's epochs: ``seconds`` is the time spent training until then, ``duration`` the epoch's own."""

BATCH_COLUMNS = ("step", "epoch", "seconds", "loss", "accuracy", "learning_rate")
"""The columns of a run's batches, with the epochs done as a fraction; each row is the mean of some neighbours."""


class Origin(Struct, frozen=True):
    """Where the weights that a run began with come from.

    ``kind`` is ``fresh`` (drawn), ``file`` (an opened model), ``state`` or ``snapshot`` (a checkpoint of the run
    ``parent``, taken at its step ``step``; after a snapshot the optimizer's moments began anew), ``more`` (the parent's
    last weights, trained on), or ``edited`` (the same, in an edited network).
    """

    kind: Literal["fresh", "file", "state", "snapshot", "more", "edited"] = "fresh"
    parent: int | None = None
    step: int | None = None


FRESH = Origin()


class RunStart(Struct, frozen=True, kw_only=True):
    """What is known of a run when it begins.

    ``dataset`` is the name of a data set or the path of its folder, ``digest`` tells whether it is still the same;
    ``versions`` names what computed, ``threads`` with how many threads.
    """

    spec: NetworkSpec
    config: TrainingConfig
    dataset: str
    digest: str
    class_names: tuple[str, ...]
    backend: str
    device: str
    threads: int
    versions: dict[str, str]
    first: Position
    last_epoch: int
    batches_per_epoch: int
    train_samples: int
    origin: Origin = Origin()
    name: str = ""


class RunRecord(Struct, frozen=True, kw_only=True):
    """One run as the history lists it.

    Parameters
    ----------
    id : int
        Counts runs from 1; also the name of its folder.
    name, note, star, colour
        What a person says of it: colour is a place in the window's palette, or None.
    status : Status
    message : str
        A sentence where it diverged, failed or was ended early.
    network, dataset, backend, device, threads, versions, config
        What was trained, on what, and with what.
    parameters : int
        How many numbers the network learns.
    started, ended : str
        ISO 8601 in UTC; ``ended`` is empty while it goes on.
    origin : Origin
    epochs, last_epoch : int
        The last epoch that was finished and the one it is to end with, both counted since the weights were drawn.
    step, seconds : int, float
        Batches since the weights were drawn, and seconds spent training until then.
    train_loss, train_accuracy, validation_loss, validation_accuracy : float
        Of the last epoch; NaN before there is one.
    best_epoch : int
        The epoch of the best validation by the measure that the settings name; 0 before there is one.
    best_loss, best_accuracy : float
        Of that epoch's validation.
    thumbnail : array (points,), float32
        Validation accuracy over the epochs, at most 48 points.
    deleted : str
        When it was deleted, or empty.
    """

    id: int
    name: str
    note: str
    star: bool
    colour: int | None
    status: Status
    message: str
    network: str
    parameters: int
    dataset: str
    backend: str
    device: str
    threads: int
    versions: dict[str, str]
    config: TrainingConfig
    started: str
    ended: str
    origin: Origin
    epochs: int
    last_epoch: int
    step: int
    seconds: float
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float
    best_epoch: int
    best_loss: float
    best_accuracy: float
    thumbnail: Array
    deleted: str = ""


class CheckpointRecord(Struct, frozen=True):
    """One file of weights that a run left: a training state, or a snapshot of weights alone.

    ``best`` tells that it is of the best epoch. The validation's figures are NaN in the middle of the first epoch.
    """

    id: int
    run: int
    kind: CheckpointKind
    position: Position
    path: Path
    size: int
    best: bool
    validation_loss: float
    validation_accuracy: float


class ChangeRecord(NamedTuple):
    """A setting that was changed while a run went on."""

    position: Position
    setting: LiveSetting
    old: float
    new: float
