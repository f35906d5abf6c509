"""How loss and accuracy share the room there is: over or beside each other, and with what around them; no Qt."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from gui.theme import GAP, MARGIN, SPACE

NARROW = 460
"""Below this width the controls and the values at the pointer take two rows."""
LEAST = (240, 120)
"""Width and height of a figure that shows anything."""

# Each of two plots beside each other is at least so wide, in pixels.
_LEAST_BESIDE = 150
# Lower curves tell less than the names of the earlier runs do.
_LEAST_CURVES = 45
# Where curves over each other would be lower than this, they lie beside each other.
_LOW = 70


class Arrangement(NamedTuple):
    """What is where.

    ``beside`` tells that the plots lie beside each other, ``plot_width`` how wide each is, ``tightness`` how tight
    their headers are (``gui.curve_header.TIGHTEST``), ``readout_lines`` how many lines the values at the pointer take.
    ``has_legend`` and ``has_x_title`` tell whether there is room for the names of the runs and of the x axis.
    """

    beside: bool
    plot_width: int
    tightness: int
    readout_lines: int
    has_legend: bool
    has_x_title: bool


def arrange(size: tuple[int, int], line: int, legend: int, tightness_for: Callable[[int], int]) -> Arrangement:
    """Find room for the curves first, then for what explains them.

    Parameters
    ----------
    size : tuple of int
        Width and height in pixels.
    line, legend : int
        How high a line of text is, and the names of the runs; 0 where there are none.
    tightness_for : callable (int) -> int
        How tight the headers are in a plot of this width.
    """
    width, height = size

    def room(beside: bool, legend: int, readout_lines: int) -> int:
        """Return how high the curves are, with the numbers of the x axis and without its title."""
        header = line * (2 if tightness_for(_plot_width(width, beside)) else 1) + SPACE
        below = (legend + SPACE if legend else 0) + SPACE + readout_lines * line
        rest = height - below - line - GAP
        return rest - header if beside else (rest - GAP) // 2 - header

    is_narrow = width < NARROW
    is_low = room(False, legend, 2 if is_narrow else 1) < _LOW and width >= 2 * _LEAST_BESIDE
    beside = is_low or (width > 1.8 * height and width > 1.5 * NARROW)
    lines = 2 if is_narrow and not is_low else 1
    has_legend = legend > 0 and room(beside, legend, lines) >= _LEAST_CURVES
    has_x_title = room(beside, legend if has_legend else 0, lines) >= _LOW + line
    plot_width = _plot_width(width, beside)
    return Arrangement(beside, plot_width, tightness_for(plot_width), lines, has_legend, has_x_title)


def _plot_width(width: int, beside: bool) -> int:
    return (width - 2 * MARGIN) // 2 if beside else width
