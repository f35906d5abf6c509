"""Runs as the history lists them, made up for the tests of what is shown of them."""

from __future__ import annotations

import math

import numpy as np

from engine.architecture.layers import Dense, Flatten
from engine.architecture.network import NetworkSpec
from engine.history.records import BATCH_COLUMNS, EPOCH_COLUMNS, Origin, RunRecord, RunStart
from engine.training.config import TrainingConfig
from engine.training.events import Position
from gui.compared import ComparedRun

FIGURES = (
    "train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "best_loss", "best_accuracy",
)  # fmt: skip


def run_record(run: int, **values: object) -> RunRecord:
    """Return a run that was completed; ``accuracy`` stands for its best and last validation accuracy."""
    accuracy = values.pop("accuracy", 0.9)
    parent = values.pop("parent", None)
    if parent is not None:
        values["origin"] = Origin("state", parent, 300)
    known: dict[str, object] = {
        "id": run, "name": f"run {run}", "note": "", "star": False, "colour": None, "status": "completed",
        "message": "", "network": "lenet", "parameters": 431_080, "dataset": "mnist", "backend": "gluon",
        "device": "cpu", "threads": 2, "versions": {}, "config": TrainingConfig(),
        "started": f"2025-03-{1 + run // 1440:02}T{run // 60 % 24:02}:{run % 60:02}:00.000+00:00", "ended": "x",
        "origin": Origin(), "epochs": 10, "last_epoch": 10, "step": 6000, "seconds": 60.0 + run,
        "best_epoch": 8, "thumbnail": np.linspace(0.5, 0.9, 10, dtype="<f4"),
    }  # fmt: skip
    known |= dict.fromkeys(FIGURES, 0.1) | {"best_accuracy": accuracy, "validation_accuracy": accuracy}
    return RunRecord(**(known | values))


def fresh_record(run: int, **values: object) -> RunRecord:
    """Return a run that goes on and has finished no epoch."""
    none = dict.fromkeys(FIGURES, math.nan)
    known = {"status": "running", "ended": "", "epochs": 0, "step": 0, "best_epoch": 0, "thumbnail": np.empty(0, "<f4")}
    return run_record(run, **(none | known | values))


def run_start(record: RunRecord) -> RunStart:
    """Return what was known of a run when it began."""
    return RunStart(
        spec=NetworkSpec(record.network, (1, 28, 28), (Flatten(), Dense(10))), config=record.config,
        dataset=record.dataset, digest="", class_names=tuple("0123456789"), backend=record.backend,
        device=record.device, threads=record.threads, versions=record.versions,
        first=Position(3, 0, 300, 20.0) if record.origin.parent else Position(), last_epoch=record.last_epoch,
        batches_per_epoch=100, train_samples=60_000, origin=record.origin, name=record.name,
    )  # fmt: skip


def compared_run(record: RunRecord) -> ComparedRun:
    """Return what is compared of a run."""
    epochs = {name: np.linspace(0.1, 1, record.epochs) for name in EPOCH_COLUMNS}
    batches = {name: np.linspace(0.1, 1, 50) for name in BATCH_COLUMNS}
    return ComparedRun(record, run_start(record), epochs, batches)
