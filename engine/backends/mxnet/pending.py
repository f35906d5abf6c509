"""Answers that MXNet may still be computing; ``result`` waits for them."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.backends.base import Array, BatchMetrics, Classification
from engine.inspection.activity import LayerActivity


class PendingMetrics:
    """The figures of a batch."""

    def __init__(self, loss: Any, correct: Any) -> None:
        self._loss = loss
        self._correct = correct

    def result(self) -> BatchMetrics:
        """Wait for the figures and return them."""
        return BatchMetrics(float(self._loss.asscalar()), int(self._correct.asscalar()))


class PendingClassification:
    """Probabilities, and the outputs of the layers at ``paths`` where there are any."""

    def __init__(self, probabilities: Any, paths: list[str], outputs: list[Any]) -> None:
        self._probabilities = probabilities
        self._outputs = dict(zip(paths, outputs, strict=True))

    def result(self) -> Classification:
        """Wait for the classification and return it."""
        activations = {path: output.asnumpy() for path, output in self._outputs.items()}
        return Classification(self._probabilities.asnumpy(), activations or None)


class PendingActivity:
    """The activity of the layers at ``paths``, which have so many ``units``."""

    def __init__(self, means: Any, dead: Any, paths: list[str], units: dict[str, int]) -> None:
        self._means, self._dead, self._paths, self._units = means, dead, paths, units

    def result(self) -> dict[str, LayerActivity]:
        """Wait for the figures and return them by path."""
        figures = zip(self._paths, self._means.asnumpy(), self._dead.asnumpy(), strict=True)
        return {path: LayerActivity(float(mean), int(dead), self._units[path]) for path, mean, dead in figures}


class PendingCopy:
    """A copy of a tensor on its device."""

    def __init__(self, copy: Any) -> None:
        self._copy = copy

    def result(self) -> Array:
        """Wait for the copy and return it."""
        return np.asarray(self._copy.asnumpy())
