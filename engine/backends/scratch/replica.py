"""The layers of a network with their loss, as one thread computes with them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from engine.architecture.network import NetworkSpec
from engine.backends.scratch.assembly import assemble
from engine.backends.scratch.layers import Array, ArrayModule, Pass
from engine.backends.scratch.losses import SoftmaxCrossEntropy
from engine.training.config import Reduction

Figures = tuple[Any, Any]


class Replica:
    """A network that has gradients of its own.

    Parameters
    ----------
    spec : NetworkSpec
    xp : module
        NumPy or CuPy.
    dtype : dtype
    original : Replica, optional
        Whose weights this one shares. By default it has its own, all zero.
    """

    def __init__(self, spec: NetworkSpec, xp: ArrayModule, dtype: np.dtype, original: Replica | None = None) -> None:
        values = {} if original is None else original.values()
        self.layers, self.parameters = assemble(spec, xp, dtype, values)
        self._xp, self._dtype = xp, dtype
        self._loss = SoftmaxCrossEntropy(xp)

    def values(self) -> dict[str, Array]:
        """Return its weights by path, not copied."""
        return {path: parameter.value for path, parameter in self.parameters.items()}

    def forward(self, images: np.ndarray, labels: np.ndarray, run: Pass) -> Figures:
        """Return the sum of the samples' losses, and how many answers are right."""
        classes = self._xp.asarray(labels)
        logits = self.layers.forward(self._xp.asarray(images), run)
        losses = self._loss.forward(logits, classes)
        return losses.sum(), (logits.argmax(axis=1) == classes).sum()

    def backward(self, reduction: Reduction, samples: int) -> None:
        """Leave the gradients of the last batch's loss: the sum of the losses, or their mean over ``samples``."""
        dlogits = self._loss.backward()
        if reduction == "mean":
            dlogits /= samples
        self.layers.backward(dlogits)

    def add_gradients(self, others: Iterable[Replica]) -> None:
        """Add those of other replicas to its own."""
        for other in others:
            for path, parameter in self.parameters.items():
                parameter.gradient += other.parameters[path].gradient
