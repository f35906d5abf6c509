"""The optimizers in plain arithmetic on arrays, one line of a textbook at a time.

The same formulas, epsilons and names of moments as the fused operators of ``optimizers.py``, so that a run may go on
with either.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from engine.backends.base import StepSettings
from engine.backends.mxnet.optimizers import Optimizer


class WrittenOutOptimizer(Optimizer):
    """Changes weights w by their gradients g, with ``rate`` and ``decay`` as the batch's settings say."""

    def _clip_norm(self, limit: float) -> None:
        """``g *= min(1, limit / norm)``, the norm being that of all gradients together (Pascanu et al., ICML 2013)."""
        square = sum((p.gradient * p.gradient).sum() for p in self._parameters)
        scale = self._F.minimum(limit / (self._F.sqrt(square) + 1e-8), 1.0)
        for p in self._parameters:
            p.gradient[:] = self._F.broadcast_mul(p.gradient, scale)

    def _sgd(self, settings: StepSettings) -> None:
        """``w -= rate (g + decay w)``."""
        for w, g, decay in self._weights(settings):
            w -= settings.learning_rate * (self._clipped(g) + decay * w)

    def _momentum(self, settings: StepSettings) -> None:
        """``v = momentum v - rate (g + decay w); w += v`` (Polyak 1964)."""
        for (w, g, decay), v in zip(self._weights(settings), self._moments["momentum"], strict=True):
            v[:] = settings.momentum * v - settings.learning_rate * (self._clipped(g) + decay * w)
            w += v

    def _nesterov(self, settings: StepSettings) -> None:
        """``v = momentum v - rate (g + decay w); w += momentum v - rate (g + decay w)`` (Sutskever et al., ICML 2013).

        MXNet's operator has moved w already when it adds the decay to v, and so have we: both give the same run.
        """
        rate, momentum = settings.learning_rate, settings.momentum
        for (w, g, decay), v in zip(self._weights(settings), self._moments["momentum"], strict=True):
            g = self._clipped(g)
            step = rate * (g + decay * w)
            w += momentum * (momentum * v - step) - step
            v[:] = momentum * v - rate * (g + decay * w)

    def _adagrad(self, settings: StepSettings) -> None:
        """``h += g²; w -= rate (g / sqrt(h + 1e-7) + decay w)`` (Duchi et al., JMLR 2011)."""
        for (w, g, decay), h in zip(self._weights(settings), self._moments["history"], strict=True):
            g = self._clipped(g)
            h += g * g
            w -= settings.learning_rate * (g / self._F.sqrt(h + 1e-7) + decay * w)

    def _rmsprop(self, settings: StepSettings) -> None:
        """``s = share s + (1 - share) g²; w -= rate g / sqrt(s + 1e-8)`` (Tieleman and Hinton 2012).

        As in MXNet, the decay is part of g before g is clipped and squared.
        """
        share = self._config.decay
        for (w, g, decay), s in zip(self._weights(settings), self._moments["mean-square"], strict=True):
            g = self._clipped(g + decay * w)
            s[:] = share * s + (1 - share) * g * g
            w -= settings.learning_rate * g / self._F.sqrt(s + 1e-8)

    def _adam(self, settings: StepSettings) -> None:
        """``m = beta1 m + (1 - beta1) g; s = beta2 s + (1 - beta2) g²; w -= r m / (sqrt(s) + 1e-8)``.

        Here ``r = rate sqrt(1 - beta2^t) / (1 - beta1^t)`` corrects in step t that m and s begin at zero (Kingma and
        Ba, ICLR 2015). As in MXNet, the decay is part of g before g is clipped.
        """
        beta1, beta2 = self._config.beta1, self._config.beta2
        rate = settings.learning_rate * math.sqrt(1 - beta2**self._step) / (1 - beta1**self._step)
        moments = zip(self._moments["mean"], self._moments["mean-square"], strict=True)
        for (w, g, decay), (m, s) in zip(self._weights(settings), moments, strict=True):
            g = self._clipped(g + decay * w)
            m[:] = beta1 * m + (1 - beta1) * g
            s[:] = beta2 * s + (1 - beta2) * g * g
            w -= rate * m / (self._F.sqrt(s) + 1e-8)

    def _clipped(self, gradient: Any) -> Any:
        limit = self._config.clip_value
        return gradient if limit is None else self._F.clip(gradient, -limit, limit)

    def _weights(self, settings: StepSettings) -> Iterator[tuple[Any, Any, float]]:
        for p in self._parameters:
            yield p.weight, p.gradient, settings.weight_decay if p.decays else 0.0
