"""How lively the layers of a network are: the mean of what they give, and units that never answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np


class LayerActivity(NamedTuple):
    """One layer's output over some images.

    Parameters
    ----------
    mean : float
        The mean of all output values.
    dead : int
        How many units give one and the same value for every image and at every position, as a ReLU unit does whose
        input never exceeds zero: nothing behind it can learn from it, and no gradient reaches what is before it.
    units : int
        How many units there are: channels of an image, features of a vector.
    """

    mean: float
    dead: int
    units: int


def layer_activities(outputs: Mapping[str, np.ndarray]) -> dict[str, LayerActivity]:
    """Return the activity of layers by path.

    Parameters
    ----------
    outputs : mapping of path to array (samples, channels, height, width) or (samples, features)
    """
    return {path: _activity(output) for path, output in outputs.items()}


def _activity(output: np.ndarray) -> LayerActivity:
    others = (0, *range(2, output.ndim))
    dead = output.max(axis=others) == output.min(axis=others)
    return LayerActivity(float(output.mean()), int(dead.sum()), output.shape[1])
