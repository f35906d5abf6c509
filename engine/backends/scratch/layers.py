"""What a layer is here, and the simplest of them: Dense, Flatten and Dropout.

Every layer has ``forward`` and ``backward`` side by side. With L the loss, ``backward`` is given dL/dy for the layer's
output y, leaves dL/dw in the ``gradient`` of each of its parameters w, and returns dL/dx for its input x: the chain
rule, one layer at a time. ``d`` before a name means the derivative of the loss by it: ``dy`` is dL/dy.

Source: Rumelhart, Hinton and Williams, "Learning representations by back-propagating errors", Nature 1986.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

# Of NumPy or of CuPy, as the array module ``xp`` says.
Array = Any
ArrayModule = Any


@dataclass(eq=False)
class Parameter:
    """A tensor of the network with the loss's derivative by it.

    Parameters
    ----------
    value, gradient : array
        Of one shape; ``gradient`` is overwritten by each backward pass.
    trainable : bool
        False for running statistics, which no gradient changes.
    decays : bool
        Whether weight decay applies.
    """

    value: Array
    gradient: Array
    trainable: bool = True
    decays: bool = False


@dataclass(frozen=True)
class Share:
    """Which share of a batch the layers work on (``engine.backends.scratch.shares``).

    Parameters
    ----------
    is_first : bool
        Whether it is the one that moves what all shares have in common.
    total : callable
        Returns the sum of a number or array over all shares, once each has come with its own.
    """

    is_first: bool
    total: Callable[[Any], Any]


ALONE = Share(is_first=True, total=lambda part: part)


@dataclass(frozen=True)
class Pass:
    """What the layers must know of the pass that they take part in.

    Parameters
    ----------
    training : bool
        Whether a backward pass may follow, Dropout is on, and BatchNorm uses the batch's own statistics.
    masks : mapping of layer path to array
        What each Dropout layer multiplies with while training.
    record : callable (path, output), optional
        Called with every layer's output, in order of execution; in inference only.
    share : Share
        The whole batch, or a part of it beside which others are computed.
    """

    training: bool = False
    masks: Mapping[str, Array] = field(default_factory=dict)
    record: Callable[[str, Array], None] | None = None
    share: Share = ALONE


class Layer(ABC):
    """What all layers share. ``kept`` holds what ``backward`` needs of the last forward pass in training."""

    kept: Any = None

    @abstractmethod
    def forward(self, x: Array, run: Pass) -> Array:
        """Return the output for a batch ``x``."""

    @abstractmethod
    def backward(self, dy: Array) -> Array:
        """Return dL/dx, given dL/dy; None where nobody wants it."""

    def choices(self) -> list[Array]:
        """Return which side of each kink the last forward pass in training was on; smooth layers have none.

        A network of ReLU and max pooling is smooth as long as these stay the same.
        """
        return []


class Dense(Layer):
    """A fully connected layer, ``y = x Wᵀ + b``, with x (batch, in) and W (out, in).

    One output value is ``y[n, o] = sum over i of x[n, i] W[o, i] + b[o]``, so

    - ``dL/dW[o, i] = sum over n of dy[n, o] x[n, i]``, that is ``dW = dyᵀ x``;
    - ``dL/db[o] = sum over n of dy[n, o]``;
    - ``dL/dx[n, i] = sum over o of dy[n, o] W[o, i]``, that is ``dx = dy W``.

    Parameters
    ----------
    xp : module
    weight : Parameter (out, in)
    bias : Parameter (out,), optional
    to_input : bool
        Whether anybody wants dL/dx; nobody does in the first layer that learns.
    """

    def __init__(self, xp: ArrayModule, weight: Parameter, bias: Parameter | None, to_input: bool = True) -> None:
        self.xp, self.weight, self.bias, self.to_input = xp, weight, bias, to_input

    def forward(self, x: Array, run: Pass) -> Array:
        """Return ``x Wᵀ + b``."""
        if run.training:
            self.kept = x
        y = (self.weight.value @ x.T).T  # as its transpose, which leaves the batch innermost in memory
        if self.bias is not None:
            y += self.bias.value
        return y

    def backward(self, dy: Array) -> Array:
        """Leave ``dyᵀ x`` and the sum of dy; return ``dy W``."""
        self.xp.matmul(dy.T, self.kept, out=self.weight.gradient)
        if self.bias is not None:
            self.bias.gradient[...] = dy.sum(axis=0)
        return (self.weight.value.T @ dy.T).T if self.to_input else None


class Flatten(Layer):
    """Images (batch, channels, height, width) as vectors; the derivatives only change their shape back."""

    def forward(self, x: Array, run: Pass) -> Array:
        """Return the values of each sample in one row."""
        if run.training:
            self.kept = x.shape
        return x.reshape(len(x), -1)

    def backward(self, dy: Array) -> Array:
        """Return ``dy`` in the shape of the input."""
        return dy.reshape(self.kept)


class Dropout(Layer):
    """``y = x · mask`` while training, ``y = x`` otherwise; so ``dx = dy · mask``.

    The mask holds 0, or 1 / (1 - rate) which keeps the expected value as it is; it is drawn outside, from the run's
    seed, so that every backend sees the same. Source: Srivastava et al., JMLR 2014.
    """

    def __init__(self, path: str) -> None:
        self.path = path

    def forward(self, x: Array, run: Pass) -> Array:
        """Return ``x · mask`` in training, ``x`` itself otherwise."""
        if not run.training:
            return x
        self.kept = run.masks[self.path]
        return x * self.kept

    def backward(self, dy: Array) -> Array:
        """Return ``dy · mask``."""
        return dy * self.kept
