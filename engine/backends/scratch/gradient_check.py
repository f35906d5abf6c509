"""Is backpropagation right? Its gradients beside what the loss really does when a weight is moved a little.

By the definition of the derivative, ``dL/dw ≈ (L(w + h) - L(w - h)) / 2h``. The central difference is wrong by h² times
the third derivative, and by the rounding of L over h: in float64, with h = 1e-5, both are near 1e-10.

Where the loss has a kink the difference straddles it and says nothing. That happens when moving the weight changes
which side of zero the input of a ReLU is on, or which value wins a max-pooling window; such a weight is left out, and
counted as at a kink. Source: Goodfellow, Bengio and Courville, "Deep Learning", section 11.5.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from msgspec import Struct

from engine.architecture.layers import Dropout
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import classes, summarize
from engine.backends.base import Array, Weights
from engine.backends.checks import check_weights
from engine.backends.scratch.assembly import assemble
from engine.backends.scratch.layers import Pass
from engine.backends.scratch.losses import SoftmaxCrossEntropy
from engine.training.chance import dropout_mask, generator
from engine.training.config import InitializerConfig
from engine.training.initializers import initial_weights

STEP = 1e-5
TOLERANCE = 1e-6
_MOST_COORDINATES = 50
# A gradient so much smaller than the loss, or than the network's largest gradient, is lost in the rounding of the loss
# over 2h: that of a bias before BatchNorm, which has no effect at all, is a few 1e-17 and looks like some 1e-11.
_NOTHING = 1e-9

Verdict = Literal["agrees", "differs", "no effect", "at kinks"]


class GradientCheck(Struct, frozen=True):
    """What the check of one parameter found.

    Parameters
    ----------
    path : str
        The parameter, such as ``conv1/weight``.
    error : float
        ``||a - n|| / ||n||`` over the coordinates that were checked, with a backpropagated and n numerical.
        0 where both are nothing beside the loss and the network's largest gradient.
    checked, at_kink, size : int
        How many coordinates were compared, how many were left out at a kink, and how many there are.
    verdict : str
        ``agrees`` or ``differs`` (by more than 1e-6); ``no effect`` where the loss does not depend on the parameter,
        and backpropagation says so too; ``at kinks`` where no coordinate was left to compare.
    """

    path: str
    error: float
    checked: int
    at_kink: int
    size: int
    verdict: Verdict


def check_gradients(
    spec: NetworkSpec, *, samples: int = 4, seed: int = 0, weights: Weights | None = None,
    coordinates: int = _MOST_COORDINATES,
) -> list[GradientCheck]:  # fmt: skip
    """Compare every parameter's gradient with central differences; see ``each_gradient``."""
    return list(each_gradient(spec, samples=samples, seed=seed, weights=weights, coordinates=coordinates))


def each_gradient(
    spec: NetworkSpec, *, samples: int = 4, seed: int = 0, weights: Weights | None = None,
    coordinates: int = _MOST_COORDINATES,
) -> Iterator[GradientCheck]:  # fmt: skip
    """Compare the gradients of one training batch with central differences, one parameter after the other.

    Parameters
    ----------
    spec : NetworkSpec
        A classifier. A forward pass is computed twice for each coordinate, so it should be small.
    samples : int
        How many inputs, each value drawn from N(0, 1), with labels drawn too. At least 2 for BatchNorm.
    seed : int
        Of the inputs, labels, masks of Dropout, weights and the choice of coordinates.
    weights : mapping of path to array, optional
        By default drawn: weights by He's rule, biases and betas from N(0, 0.1²), gammas from N(1, 0.1²). Zero biases on
        black borders would put a convolution at a kink.
    coordinates : int
        How many of each parameter's numbers are moved at most, chosen at random.

    Yields
    ------
    GradientCheck
        In order of execution.

    Raises
    ------
    ShapeError
        If the network is no classifier.
    FileError
        If ``weights`` are not the network's.
    """
    batch = _Batch(spec, samples, seed, _drawn(spec, seed) if weights is None else weights)
    with np.errstate(all="ignore"):
        loss, gradients = batch.backpropagated()
        nothing = _NOTHING * max(loss, *(_norm(g) for g in gradients.values()), 0.0)
        for path, gradient in gradients.items():
            chosen = generator(seed, "gradient-check", path).permutation(gradient.size)[:coordinates]
            yield _checked(path, gradient, batch.numerical(path, chosen), nothing)


class _Batch:
    """A network in float64 with one batch, whose loss can be computed again and again."""

    def __init__(self, spec: NetworkSpec, samples: int, seed: int, weights: Weights) -> None:
        summary = summarize(spec)
        check_weights(summary, weights)
        self._layers, self._parameters = assemble(spec, np, np.dtype(np.float64))
        for path, parameter in self._parameters.items():
            parameter.value[...] = weights[path]
        random = generator(seed, "gradient-check")
        self._inputs = random.normal(size=(samples, *spec.input_shape))
        self._labels = random.integers(classes(spec), size=samples)
        self._run = Pass(
            training=True,
            masks={
                place.path: dropout_mask(seed, place.path, 0, (samples, *place.output_shape), place.layer.rate)
                for place in summary.layers
                if isinstance(place.layer, Dropout)
            },
        )
        self._loss = SoftmaxCrossEntropy(np)

    def backpropagated(self) -> tuple[float, dict[str, Array]]:
        """Return the batch's mean loss and its gradient by each trained parameter."""
        loss = self._mean_loss()
        self._layers.backward(self._loss.backward() / len(self._labels))
        return loss, {path: p.gradient for path, p in self._parameters.items() if p.trainable}

    def numerical(self, path: str, chosen: Array) -> dict[int, float | None]:
        """Return the central difference at each chosen coordinate of a parameter; None at a kink."""
        values = self._parameters[path].value.reshape(-1)
        return {int(place): self._difference(values, int(place)) for place in chosen}

    def _difference(self, values: Array, place: int) -> float | None:
        kept = values[place]
        losses, choices = [], []
        for step in (STEP, -STEP):
            values[place] = kept + step
            losses.append(self._mean_loss())
            choices.append(self._layers.choices())
        values[place] = kept
        smooth = all(np.array_equal(above, below) for above, below in zip(*choices, strict=True))
        return (losses[0] - losses[1]) / (2 * STEP) if smooth else None

    def _mean_loss(self) -> float:
        logits = self._layers.forward(self._inputs, self._run)
        return float(self._loss.forward(logits, self._labels).mean())


def _checked(path: str, gradient: Array, numerical: dict[int, float | None], nothing: float) -> GradientCheck:
    compared = {place: value for place, value in numerical.items() if value is not None}
    expected = np.array(list(compared.values()))
    found = gradient.reshape(-1)[list(compared)]
    error, verdict = _judged(found, expected, nothing)
    return GradientCheck(path, error, len(compared), len(numerical) - len(compared), gradient.size, verdict)


def _judged(found: Array, expected: Array, nothing: float) -> tuple[float, Verdict]:
    if not len(found):
        return 0.0, "at kinks"
    if _norm(found) <= nothing and _norm(expected) <= nothing:
        return 0.0, "no effect"
    error = _norm(found - expected) / max(_norm(expected), nothing)
    return error, "agrees" if error <= TOLERANCE else "differs"


def _norm(values: Array) -> float:
    return float(np.linalg.norm(values))


def _drawn(spec: NetworkSpec, seed: int) -> dict[str, Array]:
    weights = initial_weights(summarize(spec), InitializerConfig("he", distribution="gaussian"), seed)
    for path, value in weights.items():
        if path.rsplit("/", 1)[1] in ("bias", "beta", "gamma"):
            value += 0.1 * generator(seed, "gradient-check", path).normal(size=value.shape)
    return weights
