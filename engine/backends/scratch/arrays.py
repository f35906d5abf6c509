"""Between the array module that computes and the NumPy arrays that come in and go out."""

from __future__ import annotations

from typing import Any

import numpy as np


def to_numpy(array: Any) -> np.ndarray:
    """Return a contiguous NumPy copy of an array of NumPy or CuPy."""
    return np.array(array.get() if hasattr(array, "get") else array, order="C")
