"""One layer in the feature-map viewer: its output, its colours, and where each tile lies."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QImage

from engine.architecture.layers import Concat, Residual, describe
from engine.architecture.network import Shape
from engine.architecture.shapes import LayerSummary, format_shape
from gui.colour_scale import ColourScale
from gui.theme import SPACE, Theme
from gui.vector_rows import row_length

# The longer side of a feature map, and the side of a vector's cell, in logical pixels: smaller where there are many,
# so that no layer takes more than a few screens.
_MAP_SIDES = ((64, 60), (128, 40), (math.inf, 28))
_CELL_SIDES = ((32, 24), (256, 12), (1024, 8), (math.inf, 4))
_IMAGE_SIDE = 112  # of a vector that is one image: low enough to be seen as a whole


class FeatureSection:
    """A layer's output as tiles: one for each channel of an image, or a cell for each value of a vector.

    Parameters
    ----------
    entry : LayerSummary
    image : (channels, height, width), optional
        The image that the values of a vector are, one after the other.
    """

    def __init__(self, entry: LayerSummary, image: Shape | None = None) -> None:
        self.path = entry.path
        self.description = describe(entry.layer)
        self.shape = entry.output_shape
        self.shape_text = format_shape(entry.output_shape)
        self.is_vector = len(self.shape) == 1 or self.shape[1:] == (1, 1)
        self.count = self.shape[0]
        self._image = image
        self.values: np.ndarray | None = None
        self.area = QRect()  # header and tiles, once laid out
        self.columns = 1
        self._tiles_top = 0
        self._has_negatives = False
        if self.is_vector:
            side = _side(self.count, _CELL_SIDES)
            if image is not None and image[0] == 1:
                side = min(side, max(_CELL_SIDES[-1][1], _IMAGE_SIDE // max(image)))
            self.tile_width = self.tile_height = side
            self.gap = 0
        else:
            self.tile_width, self.tile_height = _map_size(self.count, *self.shape[1:])
            self.gap = SPACE

    def set_values(self, values: np.ndarray | None) -> None:
        """Take the layer's output, (1, *shape) or (*shape); another shape counts as none."""
        fits = values is not None and values.shape in (self.shape, (1, *self.shape))
        self.values = values.reshape(self.shape) if values is not None and fits else None
        # Once a layer has answered below zero its colours stay diverging, or they would flicker from image to image.
        if self.values is not None and not self._has_negatives:
            self._has_negatives = bool(self.values.min() < 0)

    def limit(self) -> float:
        """Return the largest size among the finite values, 0 if there is none."""
        if self.values is None:
            return 0.0
        largest = float(max(self.values.max(), -self.values.min()))
        if math.isfinite(largest):
            return largest
        return float(np.abs(self.values[np.isfinite(self.values)]).max(initial=0))

    def scale(self, limit: float, theme: Theme) -> ColourScale:
        """Return the colours up to ``limit``: diverging if the layer answers below zero, else sequential."""
        kind = ColourScale.diverging if self._has_negatives else ColourScale.sequential
        return kind(limit or 1.0, theme)

    def image(self, scale: ColourScale) -> QImage:
        """Return the pixels of all tiles: feature maps under each other, a vector's cells in rows of ``columns``."""
        assert self.values is not None
        if not self.is_vector:
            return scale.image(self.values.reshape(-1, self.shape[2]))
        rows = math.ceil(self.count / self.columns)
        cells = np.full(rows * self.columns, np.nan, np.float32)
        cells[: self.count] = self.values.ravel()
        return scale.image(cells.reshape(rows, self.columns))

    def lay_out(self, top: int, left: int, width: int, header: int) -> int:
        """Arrange the tiles below a header in ``width`` pixels and return where the section ends."""
        step = self.tile_width + self.gap
        most = max(1, (width + self.gap) // step)
        self.columns = self.row_length(most) if self.is_vector else min(most, self.count)
        rows = math.ceil(self.count / self.columns)
        height = header + rows * (self.tile_height + self.gap) - self.gap
        self.area = QRect(left, top, width, height)
        self._tiles_top = top + header
        return top + height

    def row_length(self, most: int) -> int:
        """Return how many values of a vector stand in a row that has room for ``most``."""
        return row_length(self.count, self._image, most)

    def tile_rect(self, index: int) -> QRect:
        """Return where a tile lies."""
        row, column = divmod(index, self.columns)
        x = self.area.left() + column * (self.tile_width + self.gap)
        y = self._tiles_top + row * (self.tile_height + self.gap)
        return QRect(x, y, self.tile_width, self.tile_height)

    def tiles_rect(self) -> QRect:
        """Return where all tiles lie."""
        return self.tile_rect(0).united(self.tile_rect(self.columns - 1)).united(self.tile_rect(self.count - 1))

    def source_rect(self, index: int) -> QRect:
        """Return which part of ``image`` is a feature map."""
        height, width = self.shape[1:]
        return QRect(0, index * height, width, height)

    def tiles_between(self, top: int, bottom: int) -> range:
        """Return the tiles that have pixels from ``top`` to ``bottom``."""
        step = self.tile_height + self.gap
        first = max(0, (top - self._tiles_top) // step) * self.columns
        last = max(0, (bottom - self._tiles_top) // step + 1) * self.columns
        return range(min(first, self.count), min(last, self.count))

    def tile_at(self, point: QPoint) -> int | None:
        """Return the tile under a point, None in gaps and outside."""
        x, y = point.x() - self.area.left(), point.y() - self._tiles_top
        column, right = divmod(x, self.tile_width + self.gap)
        row, down = divmod(y, self.tile_height + self.gap)
        index = row * self.columns + column
        inside = right < self.tile_width and down < self.tile_height and 0 <= column < self.columns
        return index if inside and 0 <= index < self.count else None

    def value_at(self, index: int, point: QPoint) -> tuple[int, ...]:
        """Return which value of a tile is under a point: (channel, row, column) or (unit,)."""
        if self.is_vector:
            return (index,)
        rect = self.tile_rect(index)
        height, width = self.shape[1:]
        row = (point.y() - rect.top()) * height // rect.height()
        column = (point.x() - rect.left()) * width // rect.width()
        return index, row, column


def execution_order(layers: Sequence[LayerSummary]) -> list[LayerSummary]:
    """Return layers in the order in which their outputs are known: a composite after what it holds."""
    result: list[LayerSummary] = []
    waiting: list[LayerSummary] = []
    for entry in layers:
        while waiting and not entry.path.startswith(f"{waiting[-1].path}/"):
            result.append(waiting.pop())
        (waiting if isinstance(entry.layer, (Residual, Concat)) else result).append(entry)
    return result + waiting[::-1]


def _side(count: int, sides: tuple[tuple[float, int], ...]) -> int:
    return next(side for most, side in sides if count <= most)


def _map_size(count: int, height: int, width: int) -> tuple[int, int]:
    """Return (width, height) of a tile: whole pixels a value where it is enlarged, so that all are equal."""
    scale = _side(count, _MAP_SIDES) / max(height, width)
    if scale >= 1:
        scale = math.floor(scale)
    return max(1, round(width * scale)), max(1, round(height * scale))
