"""What a confusion matrix says: shares, recall, precision and the commonest mistakes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True, eq=False)
class ConfusionFacts:
    """A confusion matrix with the names of its classes.

    Parameters
    ----------
    matrix : array (classes, classes), int64
        How many samples of the row's class were taken for the column's.
    names : tuple of str
        One for each class.
    """

    matrix: np.ndarray
    names: tuple[str, ...]

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return len(self.names)

    @cached_property
    def total(self) -> int:
        """How many samples were counted."""
        return int(self.matrix.sum())

    @cached_property
    def right(self) -> int:
        """How many of them were answered right."""
        return int(np.trace(self.matrix))

    @cached_property
    def of_class(self) -> np.ndarray:
        """How many samples there are of each class: array (classes,), int64."""
        return np.asarray(self.matrix.sum(axis=1))

    @cached_property
    def shares(self) -> np.ndarray:
        """Each row as shares of its samples: array (classes, classes), float in [0, 1]; 0 in a row without samples."""
        return np.asarray(self.matrix / np.maximum(self.of_class, 1)[:, np.newaxis])

    @cached_property
    def recall(self) -> np.ndarray:
        """The share of each class that was recognised: array (classes,), float; NaN where there are no samples."""
        return _ratio(np.diagonal(self.matrix), self.of_class)

    @cached_property
    def precision(self) -> np.ndarray:
        """The share of each answer that was right: array (classes,), float; NaN where it was never given."""
        return _ratio(np.diagonal(self.matrix), self.matrix.sum(axis=0))

    def worst(self, count: int) -> list[tuple[int, int, int]]:
        """Return the commonest mistakes, the commonest first: truth, answer and how often."""
        wrong = self.matrix.copy()
        np.fill_diagonal(wrong, 0)
        order = np.argsort(-wrong, axis=None, kind="stable")[:count]
        places = [divmod(int(place), self.classes) for place in order]
        return [(truth, answer, int(wrong[truth, answer])) for truth, answer in places if wrong[truth, answer]]


def percent(part: int, whole: int) -> str:
    """Return a share as ``97.3%``; ``100%`` and ``0%`` only where nothing at all is missing, or there."""
    if part in (0, whole):
        return "100%" if part else "0%"
    return f"{min(max(100 * part / whole, 0.1), 99.9):.1f}%"


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.where(whole > 0, part / np.maximum(whole, 1), np.nan)
