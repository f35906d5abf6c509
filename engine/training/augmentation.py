"""Changes to training images that keep what they show, so that a network learns what does not matter.

Source: Simard, Steinkraus and Platt, "Best practices for convolutional neural networks applied to visual document
analysis", ICDAR 2003.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from engine.backends.base import Array


def shifted(images: Array, shifts: Array) -> Array:
    """Move each image by whole pixels; what comes in over the edge is zero, and what leaves is lost.

    Parameters
    ----------
    images : array (samples, channels, height, width)
    shifts : array (samples, 2), integers
        Pixels down and to the right, negative for up and to the left.

    Returns
    -------
    array (samples, channels, height, width)
        A copy, of the same dtype.
    """
    samples, channels, height, width = images.shape
    reach = int(np.abs(shifts).max(initial=0))
    padded = np.zeros((samples, channels, height + 2 * reach, width + 2 * reach), images.dtype)
    padded[:, :, reach : reach + height, reach : reach + width] = images
    # NumPy 1.26 takes several axes, but its types do not know it.
    windows = sliding_window_view(padded, (height, width), axis=(2, 3))  # type: ignore[call-overload]
    moved: Array = windows[np.arange(samples), :, reach - shifts[:, 0], reach - shifts[:, 1]]
    return moved
