"""How far up the loss axis reaches: over the bulk of a run and what it does now, but not over a few outliers."""

from __future__ import annotations

import numpy as np

from gui.curve_points import Array

# A loss this many times its first value has exploded, and may leave the picture unless it is usual for its run.
_EXPLODED = 3.0
# What is usual, and single values above it.
_USUAL = 1.5
# Nine of ten values are the bulk of a run.
_BULK = 0.9
# The newest values: this share of them, but enough that the last few, which may explode, are not most of them.
_RECENT, _FEWEST = 0.05, 20


def loss_ceiling(first: float, *curves: Array) -> float:
    """Return the largest loss that the picture has to show.

    Parameters
    ----------
    first : float
        The first loss of the run; NaN if there is none, or if it is of no use.
    *curves : array (points,)
        What is drawn of the run, in order: the batches as they were measured, the validation. Values that are not
        finite count for nothing.

    Returns
    -------
    float
        Infinite where nothing can be told.
    """
    needed = [_EXPLODED * first] if np.isfinite(first) and first > 0 else []
    for curve in curves:
        values = curve[np.isfinite(curve)]
        if len(values):
            recent = values[-max(_FEWEST, int(_RECENT * len(values))) :]
            needed += [_USUAL * float(np.quantile(values, _BULK)), _USUAL * float(np.median(recent))]
    return max(needed, default=float("inf"))
