"""How much of a network's gradients can be checked in reasonable time, and the memory that it takes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.architecture.layers import Conv2D
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import LayerSummary, NetworkSummary, classes, summarize

SAMPLES = 4
COORDINATES = 50
# BatchNorm has nothing to normalise in a batch of one.
_FEWEST_SAMPLES = 2
# Of one check in all, and of one parameter, during which nothing else is answered: in float64 on one core NumPy
# computes about 5 * 10**9 of these a second.
_MOST_WORK = 300 * 10**9
_MOST_WORK_AT_ONCE = 10 * 10**9
# What a value costs beside its products: it is copied into windows, compared, and kept for the way back.
_WORK_PER_VALUE = 20


@dataclass(frozen=True)
class CheckPlan:
    """What a check of gradients will do.

    Parameters
    ----------
    parameters : int
        How many tensors are checked, one after the other.
    samples : int
        How many random inputs the loss is the mean of.
    coordinates : int
        How many numbers of each tensor are moved at most, chosen at random.
    memory : int
        About how many bytes it takes.
    """

    parameters: int
    samples: int = SAMPLES
    coordinates: int = COORDINATES
    memory: int = 0

    @property
    def is_reduced(self) -> bool:
        """Whether fewer numbers are moved, or over fewer inputs, than in a small network."""
        return (self.samples, self.coordinates) != (SAMPLES, COORDINATES)


def plan_check(spec: NetworkSpec) -> CheckPlan:
    """Plan a check that ends in about a minute, or checks as little as can be where even that takes longer.

    Raises
    ------
    ShapeError
        If the network is no classifier.
    """
    classes(spec)
    summary = summarize(spec)
    parameters = sum(p.trainable for p in summary.parameters)
    values = sum(math.prod(layer.output_shape) for layer in summary.layers)
    work = summary.multiply_adds + _WORK_PER_VALUE * values + 1  # forward, for one input; some have no layers
    for samples in (SAMPLES, _FEWEST_SAMPLES):
        pair = 2 * samples * work  # a number is moved up and down
        coordinates = min(_MOST_WORK // (pair * max(parameters, 1)), _MOST_WORK_AT_ONCE // pair)
        if coordinates >= 1:
            return CheckPlan(parameters, samples, min(coordinates, COORDINATES), _memory(summary, samples))
    return CheckPlan(parameters, _FEWEST_SAMPLES, 1, _memory(summary, _FEWEST_SAMPLES))


def _memory(summary: NetworkSummary, samples: int) -> int:
    """Return bytes: every layer's output and windows are kept for the way back, and the widest are written twice."""
    windows = [_window_values(layer) for layer in summary.layers]
    values = sum(math.prod(layer.output_shape) for layer in summary.layers) + sum(windows) + max(windows, default=0)
    # Each parameter with its gradient in float64, and as it was drawn in float32.
    return 8 * samples * values + 20 * sum(p.size for p in summary.parameters)


def _window_values(layer: LayerSummary) -> int:
    """Return how many numbers the matrix of a convolution's windows has for one sample."""
    if not isinstance(layer.layer, Conv2D):
        return 0
    return math.prod((layer.input_shape[0], *layer.layer.kernel, *layer.output_shape[1:]))
