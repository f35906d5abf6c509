"""Data sets where MXNet can reach them fast."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.architecture.network import Shape
from engine.backends.base import Array
from engine.data.resizing import resampling
from engine.training.augmentation import shifted


class PlacedArrays:
    """Images and labels for batches on one device.

    On a CPU the host's array is indexed by NumPy and handed over without a copy, which is faster than MXNet's
    ``take``. On a GPU the data is copied once, as it is stored, and batches are taken there; only images to be
    moved come from the host each time. Images of another size than the network takes are resized batch by batch,
    on the device.

    Parameters
    ----------
    images : array (samples, channels, height, width) or (samples, features), uint8 or float32
        uint8 stays so until a batch is made, then becomes float32 in [0, 1].
    labels : array (samples,)
    input_shape : tuple of int
        What one sample of a batch is: images of as many channels and any size, or as many values.
    """

    def __init__(self, mx: Any, context: Any, images: Array, labels: Array, input_shape: Shape) -> None:
        self._nd = mx.nd
        self._context = context
        self._input_shape = input_shape
        self._scaled = images.dtype == np.uint8
        self._on_host = context.device_type == "cpu"
        self._source = images
        self._images: Any = images if self._on_host else mx.nd.array(images, ctx=context, dtype=images.dtype)
        host_labels = np.ascontiguousarray(labels, np.float32)
        self._labels: Any = host_labels if self._on_host else mx.nd.array(host_labels, ctx=context)
        self._resampling: tuple[Any, Any] | None = None
        if len(input_shape) == 3 and images.shape[2:] != input_shape[1:]:
            rows, columns = (
                mx.nd.array(resampling(length, target).T, ctx=context)
                for length, target in zip(images.shape[2:], input_shape[1:], strict=True)
            )
            self._resampling = rows, columns

    def __len__(self) -> int:
        return len(self._labels)

    def batch(self, indices: Array, shifts: Array | None = None) -> tuple[Any, Any]:
        """Return images (batch, *input shape) and labels (batch,) on the device, float32.

        Parameters
        ----------
        indices : array (batch,), int64
        shifts : array (batch, 2), integers, optional
            Pixels to move each image down and to the right.
        """
        moved = None if shifts is None else shifted(self._source[indices], shifts)
        if self._on_host:
            return self._from_host(self._images[indices] if moved is None else moved, self._labels[indices])
        taken = self._nd.array(indices, ctx=self._context, dtype="int32")
        if moved is None:
            images = self._nd.take(self._images, taken)
        else:
            images = self._nd.array(moved, ctx=self._context, dtype=moved.dtype)
        return self._scale(images), self._nd.take(self._labels, taken)

    def slice(self, start: int, stop: int) -> tuple[Any, Any]:
        """Return samples ``start`` to ``stop`` like ``batch``."""
        if self._on_host:
            return self._from_host(self._images[start:stop], self._labels[start:stop].copy())
        return self._scale(self._images[start:stop]), self._labels[start:stop]

    def to_device(self, array: Array) -> Any:
        """Hand over a fresh float32 array that nobody else will write to."""
        # from_numpy without a copy always lands on cpu(0), so other contexts copy.
        if self._context.device_type == "cpu" and self._context.device_id == 0:
            return self._nd.from_numpy(array, zero_copy=True)
        return self._nd.array(array, ctx=self._context)

    def _from_host(self, images: Array, labels: Array) -> tuple[Any, Any]:
        scale = np.float32(1 / 255) if self._scaled else np.float32(1)
        scaled = np.multiply(images, scale, dtype=np.float32, order="C")
        return self._fit(self.to_device(scaled)), self.to_device(labels)

    def _scale(self, images: Any) -> Any:
        return self._fit(images.astype("float32") * (1 / 255) if self._scaled else images)

    def _fit(self, images: Any) -> Any:
        """Give images on the device the shape that the network takes; nothing waits for it."""
        if self._resampling is not None:
            # dot works on the last axis, so rows and columns change places while the images are small.
            rows, columns = self._resampling
            images = self._nd.dot(images.transpose((0, 1, 3, 2)), rows).transpose((0, 1, 3, 2))
            return self._nd.dot(images, columns)
        return images if images.shape[1:] == self._input_shape else images.reshape((-1, *self._input_shape))
