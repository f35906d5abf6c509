"""One network trained twice, side by side in two backends, to see how far apart they come, and how fast.

Both begin with the same weights and get the same batches, masks, shifts and settings, from the one training loop. What
differs then is rounding, at first in the seventh digit, or a fault in one of the two. Rounding may also decide which
side of zero the input of a ReLU is on, or which of two almost equal values wins a pooling window; then single gradients
of that batch differ by far more. A fault moves those of every batch.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import msgspec
import numpy as np
from msgspec import Struct

from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize
from engine.backends.base import Array, Backend, Weights
from engine.data.dataset import Dataset
from engine.errors import ConfigError, TrainingError
from engine.estimates.cost import memory_cost
from engine.estimates.memory import describe_bytes
from engine.outputs import check_classes
from engine.training.config import TrainingConfig
from engine.training.data import place
from engine.training.events import BatchesDone, RunFinished
from engine.training.initializers import initial_weights
from engine.training.live import LiveSettings
from engine.training.loop import train
from engine.validation import Range

BATCHES = Range(low=1, high=10_000)
"""How many batches a twin run may have."""

# Comparing so many numbers takes some milliseconds, about as long as a small batch.
_NUMBERS_A_BATCH = 1_000_000


class Difference(Struct, frozen=True):
    """The largest difference between two sets of tensors.

    Parameters
    ----------
    absolute : float
        The largest difference of two numbers that should be equal; infinite where one of them is not finite.
    relative : float
        The same as a share of the largest number there is in either set.
    path : str
        The tensor it was found in, such as ``dense1/weight``; empty where nothing differs.
    """

    absolute: float
    relative: float
    path: str


class TwinStep(Struct, frozen=True):
    """What one batch did to both networks.

    Parameters
    ----------
    step : int
        Counted from 1.
    losses : (float, float)
        The mean loss of the batch in each, as it was before this batch changed the weights.
    loss_difference : float
    weight_difference, gradient_difference : Difference or None
        Of all weights after the batch, running statistics included, and of the gradients that changed them. None where
        they were not compared: of networks with more than a million parameters only some batches are, always the
        first and the last among them.
    """

    step: int
    losses: tuple[float, float]
    loss_difference: float
    weight_difference: Difference | None
    gradient_difference: Difference | None


def twin_run(
    spec: NetworkSpec, config: TrainingConfig, dataset: Dataset, backends: tuple[Backend, Backend], batches: int
) -> Iterator[TwinStep]:
    """Train a network in two backends at once, one batch at a time, and compare them after each.

    Parameters
    ----------
    spec : NetworkSpec
    config : TrainingConfig
        Of both; where it has too few epochs for ``batches``, there are more of them.
    dataset : Dataset
    backends : (Backend, Backend)
        May be of one name, and then nothing should differ.
    batches : int

    Yields
    ------
    TwinStep
        After every batch.

    Raises
    ------
    NetariumError
        If network, settings and data do not fit one another, or the loss of one of the two is no longer finite.
    """
    if batches not in BATCHES:
        raise ConfigError(
            "config.out_of_range", "{field} is {value}, but must be {allowed}.",
            field="batches", value=batches, allowed=BATCHES,
        )  # fmt: skip
    summary = summarize(spec)
    check_classes(spec, dataset)
    samples = min(len(dataset.train_images), config.limit_train or len(dataset.train_images))
    epochs = math.ceil(batches / math.ceil(samples / config.batch_size))
    config = msgspec.structs.replace(config, epochs=max(config.epochs, epochs)).checked()
    weights = initial_weights(summary, config.initializer, config.seed)
    first, second = (_Half(backend, spec, weights, config, dataset) for backend in backends)
    every = math.ceil(summary.parameter_count / _NUMBERS_A_BATCH)
    for step in range(1, batches + 1):
        losses = first.next_loss(), second.next_loss()
        compared = step % every == 0 or step in (1, batches)
        yield TwinStep(
            step, losses, abs(losses[0] - losses[1]),
            largest_difference(first.network.weights(), second.network.weights()) if compared else None,
            largest_difference(first.gradients(), second.gradients()) if compared else None,
        )  # fmt: skip


def check_room(spec: NetworkSpec, config: TrainingConfig, device: str) -> None:
    """Check that there is memory for both networks; ``TrainingError`` if not, as far as can be told."""
    cost = memory_cost(spec, config, device)
    if cost.available is not None and 2 * cost.memory > cost.available:
        raise TrainingError(
            "twin.memory",
            "Training {network} twice with batches of {batch} takes about {needed} of memory, but only {available} can "
            "be had. Take a smaller batch, smaller images or a narrower network.",
            network=spec.name, batch=config.batch_size, needed=describe_bytes(2 * cost.memory),
            available=describe_bytes(cost.available),
        )  # fmt: skip


def largest_difference(ours: Weights, theirs: Weights) -> Difference:
    """Return where two mappings of the same paths to arrays differ most."""
    absolute, largest, where = 0.0, 0.0, ""
    for path, array in ours.items():
        with np.errstate(all="ignore"):
            apart = float(np.abs(array - theirs[path]).max(initial=0.0))
            largest = max(largest, *(float(np.abs(values).max(initial=0.0)) for values in (array, theirs[path])))
        if math.isnan(apart):
            apart = math.inf
        if apart > absolute:
            absolute, where = apart, path
    return Difference(absolute, absolute / largest if math.isfinite(absolute) and largest else absolute, where)


class _Half:
    """One of the two networks and the run that trains it."""

    def __init__(
        self, backend: Backend, spec: NetworkSpec, weights: Weights, config: TrainingConfig, dataset: Dataset
    ) -> None:
        self._backend = backend
        self._clip_norm = config.optimizer.clip_norm
        self.network = backend.build(spec, weights)
        self.network.prepare_training(config.optimizer, config.loss_reduction)
        data = place(
            self.network, config,
            (dataset.train_images, dataset.train_labels), (dataset.test_images[:1], dataset.test_labels[:1]),
        )  # fmt: skip
        live = LiveSettings(spec, config.optimizer, report_every=0.0)
        live.synchronous = True  # one report for each batch, once it is done
        self._events = train(self.network, data, config, live=live)

    def next_loss(self) -> float:
        """Train one more batch and return its loss."""
        for event in self._events:
            if isinstance(event, BatchesDone):
                return float(event.losses[-1])
            if isinstance(event, RunFinished):
                raise TrainingError(
                    "twin.diverged",
                    "The loss became infinite or undefined with {backend} after {batches} batches, so the twin run "
                    "ended. A smaller learning rate, or gradient clipping, usually helps.",
                    backend=self._backend.name, batches=event.position.step,
                )  # fmt: skip
        raise AssertionError("there are epochs enough")

    def gradients(self) -> Mapping[str, Array]:
        """Return the gradients of the last batch, clipped to the norm in the settings as some backends do in place."""
        gradients = self.network.gradients()
        if self._clip_norm is None:
            return gradients
        norm = math.sqrt(sum(float(np.square(gradient, dtype=np.float64).sum()) for gradient in gradients.values()))
        scale = min(1.0, self._clip_norm / norm) if norm else 1.0
        return {path: gradient * np.float32(scale) for path, gradient in gradients.items()}
