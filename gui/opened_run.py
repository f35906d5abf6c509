"""Shows the epochs that the file of an opened model tells of, as the curve that more epochs go on with."""

from __future__ import annotations

import numpy as np

from engine.messages import NetworkReady
from engine.training.events import RunFinished, RunStarted
from gui.curve_points import Array
from gui.curves_panel import CurvesPanel


def show_opened(curves: CurvesPanel, run: str, ready: NetworkReady) -> None:
    """Have the curves show a model that was opened, as the run called ``run``, as far as its file knows it."""
    curves.set_opened(ready.path.stem if ready.path is not None else ready.spec.name)
    if ready.metrics:
        at = ready.position
        curves.set_past(run, epochs_of(ready), {})
        curves.add_event(RunStarted(run, ready.config, at, at.epoch, round(_batches_per_epoch(ready)), 0, 0))
        curves.add_event(RunFinished(run, at, "stopped"))


def epochs_of(ready: NetworkReady) -> dict[str, Array]:
    """Return the epochs of an opened model as columns (epochs,), with the names of ``engine.history.records``.

    A file tells of an epoch how long it took, and of the model where it stands. That every epoch had as many batches as
    another is taken for granted; the learning rates are unknown.
    """
    known = {metrics.epoch: metrics for metrics in ready.metrics}  # of an epoch that was told twice, the later
    rows = [known[epoch] for epoch in sorted(known)]
    epochs = np.array([row.epoch for row in rows], float)
    spent = np.cumsum(np.nan_to_num([row.seconds for row in rows]))
    figures = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy")
    return {
        "epoch": epochs,
        "step": np.minimum(np.round(epochs * _batches_per_epoch(ready)), ready.position.step),
        "seconds": np.minimum(spent, ready.position.seconds),
        "learning_rate": np.full(len(rows), np.nan),
        **{name: np.array([getattr(row, name) for row in rows], float) for name in figures},
    }


def _batches_per_epoch(ready: NetworkReady) -> float:
    at = ready.position
    return (at.step - at.batch) / max(at.epoch, 1)
