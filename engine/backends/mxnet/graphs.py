"""What a network is asked to compute, written once for MXNet's arrays and symbols.

Each function is given ``F`` (``mx.nd`` or ``mx.sym``), its inputs and the parameters by path, and returns a tuple.
A Gluon block traces it, Module binds it, and NDArrays compute it at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.architecture.layers import Dropout
from engine.architecture.network import NetworkSpec, walk
from engine.backends.mxnet.operators import Tensor, forward, log_softmax_cross_entropy
from engine.training.config import Reduction

CrossEntropy = Callable[[Any, Tensor, Tensor], Tensor]


class Graphs:
    """The graphs of one network.

    Parameters
    ----------
    spec : NetworkSpec
    cross_entropy : callable (F, logits, labels), optional
        Returns each sample's loss (batch,).
    """

    # Those that need nothing but a batch: scores takes labels as well, the others images alone.
    INFERENCE = ("scores", "probabilities", "outputs", "activity")

    def __init__(self, spec: NetworkSpec, cross_entropy: CrossEntropy = log_softmax_cross_entropy) -> None:
        self.spec = spec
        self.dropouts = [place.path for place in walk(spec.layers) if isinstance(place.layer, Dropout)]
        self.output_paths: list[str] = []
        """Which layers ``outputs`` and ``activity`` tell of, in order; known once one of them has been called."""
        self._cross_entropy = cross_entropy

    def training(
        self, reduction: Reduction, F: Any, images: Tensor, labels: Tensor, *masks: Tensor, **parameters: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return what is differentiated, the sum of losses and how many answers are right."""
        named = dict(zip(self.dropouts, masks, strict=True))
        losses, correct = self._judged(F, forward(F, self.spec, images, parameters, named), labels)
        loss = F.sum(losses)
        return (F.mean(losses) if reduction == "mean" else loss), loss, correct

    def scores(self, F: Any, images: Tensor, labels: Tensor, **parameters: Tensor) -> tuple[Tensor, Tensor]:
        """Return the sum of losses and how many answers are right."""
        losses, correct = self._judged(F, forward(F, self.spec, images, parameters), labels)
        return F.sum(losses), correct

    def probabilities(self, F: Any, images: Tensor, **parameters: Tensor) -> tuple[Tensor]:
        """Return the probability of every class."""
        return (_softmax(F, forward(F, self.spec, images, parameters)),)

    def outputs(self, F: Any, images: Tensor, **parameters: Tensor) -> tuple[Tensor, ...]:
        """Return the probabilities, then the output of every layer."""
        logits, recorded = self._recorded(F, images, parameters)
        # The same operator on the same logits as in the graph without outputs gives the same answer, bit for bit.
        return _softmax(F, logits), *recorded

    def activity(self, F: Any, images: Tensor, **parameters: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mean output of every layer, and how many of its units never change theirs."""
        _, recorded = self._recorded(F, images, parameters)
        # In rows of one unit each: reductions over several axes at once are slow in MXNet.
        rows = [F.reshape(F.swapaxes(output, 0, 1), shape=(0, -1)) for output in recorded]
        means = [F.reshape(F.mean(row), shape=(1,)) for row in rows]
        dead = [F.reshape(F.sum(F.max(row, axis=1) == F.min(row, axis=1)), shape=(1,)) for row in rows]
        return F.concat(*means, dim=0), F.concat(*dead, dim=0)

    def _recorded(self, F: Any, images: Tensor, parameters: dict[str, Tensor]) -> tuple[Tensor, list[Tensor]]:
        recorded: dict[str, Tensor] = {}
        logits = forward(F, self.spec, images, parameters, record=recorded.__setitem__)
        self.output_paths = list(recorded)
        return logits, list(recorded.values())

    def _judged(self, F: Any, logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        losses = self._cross_entropy(F, logits, labels)
        return losses, F.sum(F.broadcast_equal(F.argmax(logits, axis=-1), labels))


def _softmax(F: Any, logits: Tensor) -> Tensor:
    # Flattened, since MXNet's softmax crashes on an image in oneDNN's own memory layout.
    return F.softmax(F.Flatten(logits), axis=-1)
