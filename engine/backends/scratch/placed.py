"""Data sets in the computer's own memory, handed over batch by batch."""

from __future__ import annotations

import numpy as np

from engine.architecture.network import Shape
from engine.backends.base import Array
from engine.data.resizing import resize
from engine.training.augmentation import shifted


class PlacedImages:
    """Images and labels for batches.

    Parameters
    ----------
    images : array (samples, channels, height, width) or (samples, features), uint8 or float
        uint8 stays so until a batch is made, then becomes numbers in [0, 1].
    labels : array (samples,)
    input_shape : tuple of int
        What one sample of a batch is; images of another size are resized to it.
    dtype : dtype
        Of the batches.
    """

    def __init__(self, images: Array, labels: Array, input_shape: Shape, dtype: np.dtype) -> None:
        self._images = images
        self._labels = np.ascontiguousarray(labels, np.int64)
        self._input_shape = input_shape
        self._dtype = dtype
        self._scale = dtype.type(1 / 255 if images.dtype == np.uint8 else 1)

    def __len__(self) -> int:
        return len(self._labels)

    def batch(self, indices: Array, shifts: Array | None = None) -> tuple[Array, Array]:
        """Return images (batch, *input shape) and labels (batch,), int64, of the samples at ``indices``.

        Parameters
        ----------
        indices : array (batch,), int64
        shifts : array (batch, 2), integers, optional
            Pixels to move each image down and to the right, before it is resized.
        """
        images = self._images[indices]
        return self._fitted(images if shifts is None else shifted(images, shifts)), self._labels[indices]

    def slice(self, start: int, stop: int) -> tuple[Array, Array]:
        """Return samples ``start`` to ``stop`` like ``batch``."""
        return self._fitted(self._images[start:stop]), self._labels[start:stop]

    def _fitted(self, images: Array) -> Array:
        scaled = np.multiply(images, self._scale, dtype=self._dtype, order="C")
        if len(self._input_shape) == 3 and scaled.ndim == 4:
            size = self._input_shape[1], self._input_shape[2]
            return np.asarray(resize(scaled, size), self._dtype)
        return scaled.reshape(len(scaled), *self._input_shape)
