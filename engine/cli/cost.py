"""What training a network would cost, as the headless commands tell it."""

from __future__ import annotations

from typing import Any

from engine.architecture.network import NetworkSpec
from engine.backends.base import Backend
from engine.data.dataset import Dataset
from engine.errors import TrainingError
from engine.estimates.cost import Cost, memory_cost
from engine.estimates.memory import describe_bytes
from engine.estimates.timing import EpochEstimate, measure_epoch
from engine.failures import explained
from engine.training.config import TrainingConfig


def measured_time(backend: Backend, spec: NetworkSpec, config: TrainingConfig, dataset: Dataset) -> EpochEstimate:
    """Train a few batches of a network that is thrown away, and return what an epoch takes."""
    with explained(backend, spec, config.batch_size):
        steps = measure_epoch(backend, spec, config, dataset)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                estimate: EpochEstimate = end.value
                return estimate


def check_memory(spec: NetworkSpec, config: TrainingConfig, device: str) -> None:
    """Check that there is memory to train with; ``TrainingError`` with the batch size that fits if not."""
    cost = memory_cost(spec, config, device)
    if not cost.fits:
        raise TrainingError(
            "training.too_large",
            "Training {network} with batches of {batch} takes about {needed} of memory, but only {available} can be "
            "had. {advice} To try all the same: --ignore-memory.",
            network=spec.name, batch=config.batch_size, needed=describe_bytes(cost.memory),
            available=describe_bytes(cost.available or 0), advice=_advice(cost),
        )  # fmt: skip


def cost_as_text(cost: Cost) -> list[str]:
    """Return lines for people."""
    free = f" ({describe_bytes(cost.available)} can be had)" if cost.available is not None else ""
    lines = [f"Training with batches of {cost.batch_size} takes about {describe_bytes(cost.memory)} of memory{free}"]
    if cost.epoch is not None:
        lines[0] += (
            f" and {_seconds(cost.epoch.train_seconds)} an epoch on {cost.device}, "
            f"with {_seconds(cost.epoch.validation_seconds)} of validation"
        )
    lines[0] += "."
    if not cost.fits:
        lines.append(f"That does not fit. {_advice(cost)}")
    return lines


def cost_as_data(cost: Cost) -> dict[str, Any]:
    """Return what `--json` tells of a cost."""
    return {
        "device": cost.device,
        "batch_size": cost.batch_size,
        "memory_bytes": cost.memory,
        "available_bytes": cost.available,
        "largest_batch": cost.largest_batch,
        "train_seconds": cost.epoch and cost.epoch.train_seconds,
        "validation_seconds": cost.epoch and cost.epoch.validation_seconds,
    }


def _advice(cost: Cost) -> str:
    if cost.largest_batch:
        return f"Batches of {cost.largest_batch} fit: --batch-size {cost.largest_batch}."
    return "Not even one image fits: take a smaller image size or width."


def _seconds(seconds: float) -> str:
    if seconds >= 90:
        return f"{seconds / 60:.1f} min"
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds:.2f} s"
