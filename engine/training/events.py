"""What the training loop tells, as immutable values."""

from __future__ import annotations

from typing import Literal

import numpy as np
from msgspec import Struct

from engine.training.config import TrainingConfig

FinishReason = Literal["completed", "stopped", "diverged", "failed"]

# Settings that can change while a run goes on. "dropout" is one rate for all Dropout layers.
LiveSetting = Literal["learning_rate", "momentum", "weight_decay", "dropout"]


class Position(Struct, frozen=True):
    """Where a run stands.

    ``epoch`` counts finished epochs, ``batch`` finished batches of the current epoch, ``step`` all batches
    since the weights were drawn, ``seconds`` the time spent training.
    """

    epoch: int = 0
    batch: int = 0
    step: int = 0
    seconds: float = 0.0


class RunStarted(Struct, frozen=True):
    """A run begins, or goes on with more epochs (then ``start.epoch`` is not zero)."""

    run: str
    config: TrainingConfig
    start: Position
    last_epoch: int
    batches_per_epoch: int
    train_samples: int
    validation_samples: int


class BatchesDone(Struct, frozen=True):
    """One or more batches were trained.

    ``losses`` and ``accuracies`` (share of right answers) are float arrays with one value per batch, the
    last of which is batch ``position.step``; the learning rate is that of the last batch.
    """

    run: str
    position: Position
    losses: np.ndarray
    accuracies: np.ndarray
    learning_rate: float
    samples_per_second: float


class Evaluating(Struct, frozen=True):
    """The validation images are being classified: ``done`` of ``total``."""

    run: str
    done: int
    total: int


class EpochDone(Struct, frozen=True):
    """An epoch ended; training figures are means over its batches as they ran, losses are per sample.

    ``seconds`` is the epoch's training time without validation.
    """

    run: str
    position: Position
    epoch: int
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float
    seconds: float
    samples_per_second: float
    learning_rate: float


class SettingChanged(Struct, frozen=True):
    """A setting was changed while the run went on; it holds from the batch after ``position.step``."""

    run: str
    position: Position
    setting: LiveSetting
    old: float
    new: float


class RunFinished(Struct, frozen=True):
    """The run ended, and why; ``message`` is a sentence where the reason is diverged or failed."""

    run: str
    position: Position
    reason: FinishReason
    message: str = ""


TrainingEvent = RunStarted | BatchesDone | Evaluating | EpochDone | SettingChanged | RunFinished
