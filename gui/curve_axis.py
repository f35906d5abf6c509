"""Axes whose numbers read as a person would write them: 6,000 and 95% and 0.01."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import pyqtgraph as pg

NumberStyle = Literal["number", "percent"]

# Pixels that a line of text needs, with air around it.
_LINE = 20
# Written out, numbers with steps like this would not fit beside a vertical axis.
_LARGE = 50_000


class ReadableAxis(pg.AxisItem):
    """An axis without powers of ten and prefixes.

    Parameters
    ----------
    orientation : {"left", "bottom"}
    style : {"number", "percent"}
        ``percent`` writes 0.95 as 95%.
    """

    def __init__(self, orientation: str, style: NumberStyle = "number") -> None:
        super().__init__(orientation)
        self._percent = style == "percent"
        self.enableAutoSIPrefix(False)
        self.setStyle(tickLength=0, tickTextOffset=6, maxTickLevel=0, autoExpandTextSpace=False)
        self.setGrid(255)

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Return the text at each tick; those of a logarithmic axis are powers of ten."""
        if self.logMode:
            return [np.format_float_positional(10**value, 4, fractional=False, trim="-") for value in values]
        if self._percent:
            places = max(0, math.ceil(-math.log10(spacing * 100) - 1e-9))
            return [f"{100 * value:.{places}f}%" for value in values]
        if self.orientation == "left" and spacing >= _LARGE:
            return [f"{value:.3g}" for value in values]
        places = max(0, math.ceil(-math.log10(spacing) - 1e-9))
        # The room on the left of a horizontal axis is that of a lone 0.
        return ["0" if abs(value) < spacing / 2 else f"{value:,.{places}f}" for value in values]

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        """Return (spacing, values) of the ticks; no minor ones, which only add lines."""
        if not self.logMode:
            levels: list[tuple[float, list[float]]] = list(super().tickValues(low, high, size))
            if self.orientation == "bottom":
                return levels
            return [(spacing, _apart(spacing, values, (high - low) / max(size, 1.0))) for spacing, values in levels]
        room = size / max(high - low, 1e-9)  # pixels for each power of ten
        step = math.ceil(_LINE / room)
        digits = (1, 2, 5) if room >= 4 * _LINE else (1,)
        powers = [power for power in range(math.floor(low), math.ceil(high) + 1) if power % step == 0]
        values = [power + math.log10(digit) for power in powers for digit in digits]
        return [(1.0, [value for value in values if low <= value <= high])]


def _apart(spacing: float, values: list[float], pixel: float) -> list[float]:
    """Leave out ticks of a low plot whose numbers would lie upon one another; ``pixel`` is how much one stands for."""
    step = max(1, math.ceil(_LINE * pixel / spacing))
    return [value for value in values if round(value / spacing) % step == 0]
