"""Weights as figures, histograms and pictures."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

# Enough to estimate a percentile for colours, and quick on any layer.
_SAMPLE = 100_000


@dataclass(frozen=True)
class WeightStatistics:
    """The figures of one weight array; all but ``zeros_share`` are NaN where a weight is NaN.

    ``norm`` is the square root of the sum of squares, ``std`` the standard deviation (of the population),
    ``zeros_share`` the share of weights that are exactly zero.
    """

    mean: float
    std: float
    norm: float
    minimum: float
    maximum: float
    zeros_share: float


def statistics(array: np.ndarray) -> WeightStatistics:
    """Return the figures of an array of any shape, summed in double precision; it must not be empty."""
    with np.errstate(invalid="ignore"):  # infinite weights have no deviation
        mean = float(array.mean(dtype=np.float64))
        std = float(array.std(dtype=np.float64))
    return WeightStatistics(
        mean=mean,
        std=std,
        norm=math.sqrt(array.size) * math.hypot(mean, std),
        minimum=float(array.min()),
        maximum=float(array.max()),
        zeros_share=1 - np.count_nonzero(array) / array.size,
    )


def histogram(array: np.ndarray, bins: int = 64) -> tuple[np.ndarray, np.ndarray]:
    """Count the finite values of an array in equally wide bins over their range.

    Where all values are (nearly) equal, the range is widened around them.

    Returns
    -------
    edges : array (bins + 1,), float64
    counts : array (bins,), int64
        All zero if no value is finite.
    """
    values = array[np.isfinite(array)].astype(np.float64)
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
    # Narrower bins than this could not be told apart in double precision.
    if high - low <= 1e-12 * max(abs(low), abs(high)):
        margin = 0.5 * max(abs(low), 1e-6)
        low, high = low - margin, high + margin
    counts, edges = np.histogram(values, bins, range=(low, high))
    return edges, counts.astype(np.int64)


def symmetric_limit(array: np.ndarray, percentile: float = 99.5) -> float:
    """Return the value at which colours around zero should be fullest, always more than 0.

    It is a percentile of the sizes, so that a few large weights do not make the others pale; estimated
    from evenly spaced values where there are very many. 1 if all are zero.
    """
    sizes = np.abs(array, dtype=np.float64).ravel()[:: max(1, array.size // _SAMPLE)]
    sizes = sizes[np.isfinite(sizes)]
    if not sizes.size or not sizes.any():
        return 1.0
    return float(np.percentile(sizes, percentile)) or float(sizes.max())


def kernel_grid(weights: np.ndarray, input_channel: int | None = None) -> np.ndarray:
    """Return a convolution's kernels as images, one for each output channel.

    Parameters
    ----------
    weights : array (out, in, height, width)
        As in ``conv1/weight``.
    input_channel : int or None
        Which input channel's part of each kernel; None for the mean over them.

    Returns
    -------
    array (out, height, width)
    """
    images: np.ndarray = weights.mean(axis=1) if input_channel is None else weights[:, input_channel]
    return images


def dense_images(weights: np.ndarray, input_shape: tuple[int, int, int]) -> np.ndarray:
    """Return what each unit of a Dense layer looks for in an image, averaged over the image's channels.

    Parameters
    ----------
    weights : array (units, features)
        Of a layer whose input is an image laid out as a vector.
    input_shape : (channels, height, width)
        Of that image; their product is ``features``.

    Returns
    -------
    array (units, height, width)
    """
    images: np.ndarray = weights.reshape(len(weights), *input_shape).mean(axis=1)
    return images


@dataclass(frozen=True)
class Mosaic:
    """Where each of ``count`` equal images lies when they are arranged in rows, ``gap`` pixels apart.

    All measures are in pixels of the images; rows and columns count from the top left corner.
    """

    count: int
    height: int
    width: int
    columns: int
    gap: int = 1

    @staticmethod
    def of(images: np.ndarray, columns: int | None = None, gap: int = 1) -> Mosaic:
        """Lay out images (n, height, width), n > 0, by default as nearly square as they allow."""
        count, height, width = images.shape
        if columns is None:
            columns = math.ceil(math.sqrt(count * (height + gap) / (width + gap)))
        return Mosaic(count, height, width, min(max(columns, 1), count), gap)

    @property
    def shape(self) -> tuple[int, int]:
        """The (height, width) of the whole."""
        rows = math.ceil(self.count / self.columns)
        return rows * (self.height + self.gap) - self.gap, self.columns * (self.width + self.gap) - self.gap

    def draw(self, images: np.ndarray, fill: float = math.nan) -> np.ndarray:
        """Return the mosaic (height, width) of these images, with ``fill`` in the gaps and empty places."""
        rows = math.ceil(self.count / self.columns)
        cell_height, cell_width = self.height + self.gap, self.width + self.gap
        canvas = np.full((rows, cell_height, self.columns, cell_width), fill, np.result_type(images, np.float32))
        tiles = canvas[:, : self.height, :, : self.width].transpose(0, 2, 1, 3)
        full = self.count // self.columns
        tiles[:full] = images[: full * self.columns].reshape(full, self.columns, self.height, self.width)
        if full < rows:
            tiles[full, : self.count % self.columns] = images[full * self.columns :]
        height, width = self.shape
        return canvas.reshape(rows * cell_height, self.columns * cell_width)[:height, :width]

    def corner(self, index: int) -> tuple[int, int]:
        """Return the (row, column) of the top left pixel of an image."""
        row, column = divmod(index, self.columns)
        return row * (self.height + self.gap), column * (self.width + self.gap)

    def tile_at(self, row: int, column: int) -> tuple[int, int, int] | None:
        """Return which image lies at a pixel, and the (y, x) within it; None in gaps and outside."""
        tile_row, y = divmod(row, self.height + self.gap)
        tile_column, x = divmod(column, self.width + self.gap)
        index = tile_row * self.columns + tile_column
        inside = y < self.height and x < self.width and 0 <= tile_column < self.columns
        return (index, y, x) if inside and 0 <= index < self.count else None


def tile(images: np.ndarray, columns: int | None = None, gap: int = 1, fill: float = math.nan) -> np.ndarray:
    """Return images (n, height, width) arranged in one mosaic (height, width), as ``Mosaic`` lays it out."""
    return Mosaic.of(images, columns, gap).draw(images, fill)
