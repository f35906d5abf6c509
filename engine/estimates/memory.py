"""How much memory training takes, worked out from the network's description alone."""

from __future__ import annotations

import heapq
import math

from engine.architecture.layers import Concat, Conv2D, Dense, Dropout, Flatten, MaxPool2D
from engine.architecture.shapes import NetworkSummary
from engine.estimates.graph import Graph, graph
from engine.estimates.plan import Plan, plan
from engine.training.config import TrainingConfig
from engine.training.data import evaluation_batch

_VALUE = 4  # bytes of a float32

# What MXNet takes for its threads, kernels and bookkeeping, whatever the network.
_BASE = 16 * 2**20

# Weights, their gradients, and two copies of the last good weights: the loop has two for a moment, every second.
_WEIGHT_COPIES = 4

# What each optimizer keeps for every weight.
_MOMENTS = {"sgd": 0, "momentum": 1, "nesterov": 1, "adagrad": 1, "rmsprop": 1, "adam": 2}

# For the update, MXNet copies the gradients of convolutions out of oneDNN's layout; and as much again stays with the
# C library in blocks that were returned, being too small to go back to the system.
_CONVOLUTION_COPIES = 2

# Kernels that oneDNN writes for each convolution and its two gradients.
_KERNELS = 200_000

# oneDNN rearranges what it computes with in temporary memory. MXNet keeps four such spaces and gives them to the
# operations in turn, so each grows to what the largest of its operations needs.
_TEMPORARY_SPACES = 4

# A convolution inside a network needs one to two times the larger of its tensors, as layouts happen to fit together.
_CONVOLUTION_NEED = 1.5

# A batch is read while the one before is computed.
_BATCHES_IN_FLIGHT = 2

# Images as they are stored, as numbers in [0, 1] and in the network's size.
_BATCH_COPIES = 2 * _BATCHES_IN_FLIGHT

# The part of what is available that training may fill: other programs and the window go on.
_SAFE_SHARE = 0.85
_LARGEST_BATCH = 10_000


def training_memory(summary: NetworkSummary, config: TrainingConfig) -> int:
    """Estimate the bytes by which training with the Gluon backend on a CPU makes the process grow.

    It is the most at any time until the first validation, with ``config.batch_size``, compared with a process that has
    loaded MXNet and the data; within 25% of measurements above 200 MB and 50 MB below
    (``scripts/check_estimates.py``).
    """
    network = graph(summary)
    return _estimate(summary, network, plan(network), config, _batch(config))


def validation_memory(summary: NetworkSummary) -> int:
    """Estimate the bytes that the first validation adds; it classifies with a plan of its own, whatever the batch."""
    return _validation(summary, plan(graph(summary)))


def largest_batch(summary: NetworkSummary, config: TrainingConfig, available: int) -> int | None:
    """Return the largest batch size whose training, with its validation, fits in a safe part of available memory.

    Parameters
    ----------
    available : int
        Bytes, as ``available_memory`` tells.

    Returns
    -------
    int or None
        None if not even a single sample fits.
    """
    network = graph(summary)
    planned = plan(network)

    def fits(batch: int) -> bool:
        needed = _estimate(summary, network, planned, config, batch) + _validation(summary, planned)
        return needed <= _SAFE_SHARE * available

    if not fits(1):
        return None
    below, above = 1, _LARGEST_BATCH + 1  # the first fits, the second is not allowed
    while above - below > 1:
        middle = (below + above) // 2
        below, above = (middle, above) if fits(middle) else (below, middle)
    return below


def describe_bytes(count: int) -> str:
    """Return an amount of memory as people read it: ``1.2 GB``, with decimal units."""
    amount, unit = float(count), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 999.5:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.1f} {unit}" if unit in ("GB", "TB") and amount < 99.95 else f"{amount:.0f} {unit}"


def _estimate(summary: NetworkSummary, network: Graph, planned: Plan, config: TrainingConfig, batch: int) -> int:
    weights = (_WEIGHT_COPIES + _MOMENTS[config.optimizer.name]) * sum(p.size for p in summary.parameters)
    convolutions = [o.weights for o in network.operations if isinstance(o.layer, Conv2D)]
    per_sample = (
        planned.activations + planned.gradients + _pooling_places(network)
        + _BATCH_COPIES * math.prod(summary.input_shape) + _BATCHES_IN_FLIGHT * _masks(network)
    )  # fmt: skip
    values = weights + _CONVOLUTION_COPIES * sum(convolutions) + batch * per_sample + _temporary(network, batch)
    return _BASE + _KERNELS * len(convolutions) + _VALUE * values


def _validation(summary: NetworkSummary, planned: Plan) -> int:
    per_sample = planned.inference + _BATCH_COPIES * math.prod(summary.input_shape)
    return _VALUE * evaluation_batch(summary) * per_sample


def _batch(config: TrainingConfig) -> int:
    return min(config.batch_size, config.limit_train or config.batch_size)


def _pooling_places(network: Graph) -> int:
    """Return the values in which max pooling remembers, for each output, where the largest was."""
    return sum(network.sizes[o.output] for o in network.operations if isinstance(o.layer, MaxPool2D))


def _masks(network: Graph) -> int:
    """Return the values of all dropout masks, which are drawn outside the network."""
    return sum(network.sizes[o.output] for o in network.operations if isinstance(o.layer, Dropout))


def _temporary(network: Graph, batch: int) -> int:
    """Return the values in the spaces where oneDNN rearranges what operations take and give."""
    needs: list[int] = []
    for operation in network.operations:
        if isinstance(operation.layer, (Dense, Flatten, Dropout, Concat)):
            continue  # computed on arrays as they are
        # A convolution takes images as they are.
        taken = [0 if tensor == 0 else network.sizes[tensor] for tensor in operation.inputs]
        need = batch * max(*taken, network.sizes[operation.output])
        if isinstance(operation.layer, Conv2D):
            need = operation.weights + (need if taken == [0] else int(_CONVOLUTION_NEED * need))
        needs += [need, need]  # forward and backward
    return sum(heapq.nlargest(_TEMPORARY_SPACES, needs))
