"""Images in another size, for networks that were designed for larger or smaller ones.

Shrinking averages the area each new pixel covers, enlarging interpolates linearly between pixel centres. Both are
one small matrix along each axis, which every backend can apply with its own matrix product.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


@lru_cache(maxsize=64)
def resampling(length: int, target: int) -> Array:
    """Return the matrix that resamples ``length`` values to ``target``.

    Averaging over areas is what anti-aliasing asks for when shrinking; it leaves the mean as it was.

    Parameters
    ----------
    length, target : int
        Pixels before and after, at least 1.

    Returns
    -------
    array (target, length), float32
        Not negative; each row sums to 1. It cannot be written to.
    """
    ratio = length / target
    if ratio >= 1:
        edges = np.arange(target + 1) * ratio
        pixels = np.arange(length)
        right = np.minimum(edges[1:, np.newaxis], pixels + 1)
        left = np.maximum(edges[:-1, np.newaxis], pixels)
        weights: Array = (right - left).clip(0) / ratio
    else:
        centres = ((np.arange(target) + 0.5) * ratio - 0.5).clip(0, length - 1)
        weights = (1 - np.abs(centres[:, np.newaxis] - np.arange(length))).clip(0)
    matrix = weights.astype(np.float32)
    matrix.flags.writeable = False
    return matrix


def resize(images: Array, size: tuple[int, int]) -> Array:
    """Bring images to another height and width.

    Parameters
    ----------
    images : array (samples, channels, height, width), float32
    size : (height, width)
        Pixels of the result.

    Returns
    -------
    array (samples, channels, *size), float32
        ``images`` itself where they have this size already.
    """
    if images.shape[2:] == size:
        return images
    rows, columns = (resampling(length, target) for length, target in zip(images.shape[2:], size, strict=True))
    # einsum stays on this thread; a BLAS product would wait for threads on cores that training keeps busy.
    resized: Array = np.einsum("ncrx,sx->ncrs", np.einsum("ry,ncyx->ncrx", rows, images), columns)
    return resized
