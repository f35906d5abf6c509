"""Into rows of which length a layer's vector is wrapped, so that what was an image is seen as one."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.architecture.layers import Activation, BatchNorm, Dropout, Flatten
from engine.architecture.network import Shape
from engine.architecture.shapes import LayerSummary

_SQUARE_FROM = 36  # values; fewer are easier to count in a line
_USUAL = 32  # values in a row, in whatever room there is for them: a row must not end elsewhere for a scroll bar


def flattened_images(layers: Sequence[LayerSummary]) -> dict[str, Shape]:
    """Return by path the image (channels, height, width) that a layer's vector holds value for value.

    It is the input of a Flatten; layers behind it that keep each value in its place hold it too.
    """
    found: dict[str, Shape] = {}
    image: Shape | None = None
    for entry in layers:
        if isinstance(entry.layer, Flatten) and len(entry.input_shape) == 3:
            image = entry.input_shape
        elif not isinstance(entry.layer, (Activation, BatchNorm, Dropout)):
            image = None
        if image is not None and entry.output_shape == (math.prod(image),):
            found[entry.path] = image
    return found


def row_length(count: int, image: Shape | None, most: int) -> int:
    """Return how many of ``count`` values stand in a row that has room for ``most``.

    An image of one channel gets its own rows; of several channels each row holds whole channels or, where they are too
    large, whole rows of one. A square number of other values becomes a square.
    """
    if image is not None:
        channels, height, width = image
        if channels == 1 and width <= most:
            return width
        for unit in (height * width, width):
            if unit <= most:
                return min(max(1, min(most, _USUAL) // unit) * unit, count)
    side = math.isqrt(count)
    if image is None and side * side == count >= _SQUARE_FROM and side <= most:
        return side
    columns = _USUAL
    while columns > most > 0:
        columns //= 2
    return min(max(1, columns), count)
