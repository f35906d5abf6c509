"""Lays a network's tensors out as pictures: kernels and unit images as tiles, matrices and vectors as heat maps."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.architecture.layers import Activation, BatchNorm, Dense, Dropout, Flatten
from engine.architecture.network import Shape
from engine.architecture.shapes import NetworkSummary
from engine.inspection.weights import Mosaic, dense_images, kernel_grid

# A larger matrix shows evenly spaced rows and columns only: no screen has more pixels.
_LONGEST_SIDE = 2048

ImageShape = tuple[int, int, int]  # channels, height, width


@dataclass(frozen=True, eq=False)
class WeightPicture:
    """An array of pixels and which weights they show.

    Parameters
    ----------
    pixels : array (height, width), float
        NaN where there is no weight.
    mosaic : Mosaic or None
        Where the tiles lie; None for a matrix.
    step : int
        Of a matrix, every how many rows and columns are shown.
    """

    pixels: np.ndarray
    mosaic: Mosaic | None = None
    step: int = 1

    def place(self, row: int, column: int) -> tuple[int, ...] | None:
        """Return what lies at a pixel, or None in a gap.

        (tile, row, column) for images, (row, column) for a matrix, (index,) for a vector.
        """
        if self.mosaic is None:
            return row * self.step, column * self.step
        found = self.mosaic.tile_at(row, column)
        if found is None:
            return None
        return found[:1] if self.mosaic.height == self.mosaic.width == 1 else found


def has_input_channels(shape: Shape) -> bool:
    """Return whether a tensor's picture shows one input channel at a time."""
    return len(shape) == 4 and shape[1] > 1 and shape[2:] != (1, 1)


def picture(
    values: np.ndarray, image_shape: ImageShape | None, channel: int | None, room: tuple[int, int],
    columns: int | None = None,
) -> WeightPicture:  # fmt: skip
    """Lay out a tensor.

    Parameters
    ----------
    values : array of one to four axes
        A bias or the like, a Dense weight (units, features) or a convolution's (out, in, height, width).
    image_shape : (channels, height, width) or None
        Of the image that the features of a Dense weight are.
    channel : int or None
        The input channel of a convolution; None for the mean.
    room : (width, height)
        The place to fill, which decides how many tiles stand in a row.
    columns : int, optional
        How many values of a vector stand in a row instead.
    """
    if values.ndim == 4 and values.shape[2:] == (1, 1):
        values = values[:, :, 0, 0]
    if values.ndim == 4:
        return _tiled(kernel_grid(values, channel), room, gap=1)
    if values.ndim == 1:
        return _tiled(values.reshape(-1, 1, 1), room, gap=0, columns=columns)
    if image_shape is not None:
        return _tiled(dense_images(values, image_shape), room, gap=1)
    step = math.ceil(max(values.shape) / _LONGEST_SIDE)
    return WeightPicture(values[::step, ::step], step=step)


def image_input(summary: NetworkSummary, path: str) -> ImageShape | None:
    """Return the network's input shape if the Dense layer at ``path`` sees that image value for value, else None.

    It does through one Flatten at the beginning; layers that keep each value in its place may stand between.
    """
    image: ImageShape | None = None
    for entry in summary.layers:
        if isinstance(entry.layer, Flatten) and image is None and len(entry.input_shape) == 3:
            channels, height, width = entry.input_shape
            image = channels, height, width
        elif isinstance(entry.layer, Dense):
            return image if entry.path == path else None
        elif not isinstance(entry.layer, (Activation, BatchNorm, Dropout)):
            return None
    return None


def columns_filling(count: int, tile: tuple[int, int], room: tuple[int, int]) -> int:
    """Return in how many columns ``count`` tiles (height, width) are largest in ``room`` (width, height)."""
    columns = np.arange(1, count + 1)
    rows = -(-count // columns)
    scales = np.minimum(room[0] / (columns * tile[1]), room[1] / (rows * tile[0]))
    return int(columns[np.argmax(scales)])


def _tiled(images: np.ndarray, room: tuple[int, int], gap: int, columns: int | None = None) -> WeightPicture:
    count, height, width = images.shape
    mosaic = Mosaic.of(images, columns or columns_filling(count, (height + gap, width + gap), room), gap)
    return WeightPicture(mosaic.draw(images), mosaic)
