"""Which classes a network takes for which, and the mistakes it is surest of."""

from __future__ import annotations

import numpy as np


def confusion_matrix(labels: np.ndarray, predictions: np.ndarray, classes: int) -> np.ndarray:
    """Count how often each class was taken for each.

    Parameters
    ----------
    labels, predictions : array (samples,), integers in 0..classes - 1
        The true classes and the network's answers.
    classes : int
        How many classes there are.

    Returns
    -------
    array (classes, classes), int64
        The count of samples of the row's class that were taken for the column's.

    Raises
    ------
    ValueError
        If a label or a prediction is not a class.
    """
    pairs = np.stack([labels, predictions]).astype(np.int64)
    if pairs.size and not 0 <= pairs.min() <= pairs.max() < classes:
        raise ValueError(f"labels and predictions must be in 0..{classes - 1}")
    counts = np.bincount(pairs[0] * classes + pairs[1], minlength=classes * classes)
    return counts.reshape(classes, classes)


def mistakes(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Find the samples that are answered wrongly, the surest wrong answer first.

    Parameters
    ----------
    labels : array (samples,), integers
        The true classes.
    probabilities : array (samples, classes), float in [0, 1]
        The network's answers.

    Returns
    -------
    array (mistakes,), int64
        Positions among the samples; equally sure mistakes stay in order.
    """
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    confidence = probabilities[wrong].max(axis=1)
    return wrong[np.argsort(-confidence, kind="stable")]
