"""How the learning rate moves over a run, as pure functions of the batch."""

from __future__ import annotations

import math

import numpy as np

from engine.backends.base import Array
from engine.training.config import ScheduleConfig


def factor(schedule: ScheduleConfig, batch: int, batches_per_epoch: int, epochs: int) -> float:
    """Return what the learning rate is multiplied with for one batch.

    Parameters
    ----------
    batch : int
        Batches of this run that were trained before, from 0.
    batches_per_epoch, epochs : int
        The length of the run.

    Returns
    -------
    float
        More than 0 for the first batch of any schedule; at most 1.
    """
    if schedule.name == "constant" and not schedule.warmup_epochs:
        return 1.0
    warmup = round(schedule.warmup_epochs * batches_per_epoch)
    if batch < warmup:
        return (batch + 1) / (warmup + 1)
    batch -= warmup
    total = max(1, batches_per_epoch * epochs - warmup)
    match schedule.name:
        case "step":
            return schedule.step_factor ** (batch // (schedule.step_epochs * batches_per_epoch))
        case "cosine":
            progress = min(1.0, batch / total)
            return schedule.final_factor + (1 - schedule.final_factor) * (1 + math.cos(math.pi * progress)) / 2
        case "one-cycle":
            return _one_cycle(schedule, batch, total)
        case _:
            return 1.0


def preview(
    schedule: ScheduleConfig, learning_rate: float, batches_per_epoch: int, epochs: int, points: int = 300
) -> tuple[Array, Array]:
    """Return the learning rate over a whole run, for a plot.

    Returns
    -------
    epochs, rates : arrays (at most ``points``,), float64
        The epoch as a fraction, and the learning rate there.
    """
    total = max(1, batches_per_epoch * epochs)
    batches = np.unique(np.linspace(0, total - 1, min(points, total)).round().astype(int))
    rates = [learning_rate * factor(schedule, int(b), batches_per_epoch, epochs) for b in batches]
    return batches / batches_per_epoch, np.array(rates)


def _one_cycle(schedule: ScheduleConfig, batch: int, total: int) -> float:
    """Rise linearly, then fall linearly: Smith, "A disciplined approach to neural network hyper-parameters", 2018."""
    rising = max(1, round(schedule.rising_fraction * total))
    if batch < rising:
        return (batch + 1) / rising
    falling = (total - batch) / max(1, total - rising)
    return schedule.final_factor + (1 - schedule.final_factor) * max(0.0, falling)
