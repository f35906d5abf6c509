"""What the training loop tells, as immutable values."""

from __future__ import annotations

from typing import Literal

import numpy as np
from msgspec import Struct

from engine.training.config import TrainingConfig

FinishReason = Literal["completed", "stopped", "early", "diverged", "failed"]

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


class RunState(Struct, frozen=True, forbid_unknown_fields=True):
    """What a run needs to go on exactly from a batch, beside weights and moments.

    ``first`` is where the run began, from which its schedule counts. The ``epoch_`` figures are the sums over the
    batches of the epoch that was begun, with the seconds it took so far. ``best_epoch`` is the best so far by the
    value of its validation, 0 and None before there is one.
    """

    position: Position
    first: Position
    learning_rate: float
    momentum: float
    weight_decay: float
    dropout_rates: dict[str, float]
    epoch_loss: float = 0.0
    epoch_correct: int = 0
    epoch_samples: int = 0
    epoch_seconds: float = 0.0
    best_epoch: int = 0
    best_value: float | None = None


class RunStarted(Struct, frozen=True):
    """A run begins, or goes on (then ``start`` is not zero)."""

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
    last of which is batch ``position.step``; the learning rate is that of the last batch. ``state`` is there
    where no batch is in flight, so that weights copied now are those of ``position``.
    """

    run: str
    position: Position
    losses: np.ndarray
    accuracies: np.ndarray
    learning_rate: float
    samples_per_second: float
    state: RunState | None = None


def joined(first: BatchesDone, second: BatchesDone) -> BatchesDone:
    """Return two reports of one run, the second right after the first, as one."""
    counts = len(first.losses), len(second.losses)
    seconds = sum(n / report.samples_per_second for n, report in zip(counts, (first, second), strict=True))
    return BatchesDone(
        run=second.run,
        position=second.position,
        losses=np.concatenate([first.losses, second.losses]),
        accuracies=np.concatenate([first.accuracies, second.accuracies]),
        learning_rate=second.learning_rate,
        samples_per_second=sum(counts) / seconds,
        state=second.state,
    )


class Evaluating(Struct, frozen=True):
    """The validation images are being classified: ``done`` of ``total``."""

    run: str
    done: int
    total: int


class EpochDone(Struct, frozen=True):
    """An epoch ended; training figures are means over its batches as they ran, losses are per sample.

    ``seconds`` is the epoch's training time without validation. ``best`` tells that no epoch of the run was better.
    ``samples`` is how many images the training figures are the means over: fewer than an epoch has where the run began
    in the middle of one; 0 if that is not known.
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
    state: RunState | None = None
    best: bool = False
    samples: int = 0


class SettingChanged(Struct, frozen=True):
    """A setting was changed while the run went on; it holds from the batch after ``position.step``."""

    run: str
    position: Position
    setting: LiveSetting
    old: float
    new: float


class RunFinished(Struct, frozen=True):
    """The run ended, and why; ``message`` is a sentence where the reason is early, diverged or failed."""

    run: str
    position: Position
    reason: FinishReason
    message: str = ""


TrainingEvent = RunStarted | BatchesDone | Evaluating | EpochDone | SettingChanged | RunFinished
