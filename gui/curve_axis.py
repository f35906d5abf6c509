"""Axes whose numbers read as a person would write them: 6,000 and 95% and 0.01."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import pyqtgraph as pg

NumberStyle = Literal["number", "percent"]

# Decades wider apart than this need no number at 2 and 5 between them.
_SPARSE_DECADES = 2.0


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
        """Return the text at each tick."""
        if self._percent:
            places = max(0, math.ceil(-math.log10(spacing * 100) - 1e-9))
            return [f"{100 * value:.{places}f}%" for value in values]
        places = max(0, math.ceil(-math.log10(spacing) - 1e-9))
        return [f"{value:,.{places}f}" for value in values]

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        """Return (spacing, values) of the ticks; no minor ones, which only add lines."""
        if not self.logMode:
            return list(super().tickValues(low, high, size))
        step = max(1, math.ceil((high - low) * 30 / max(size, 1)))
        decades = [float(d) for d in range(math.ceil(low), math.floor(high) + 1) if d % step == 0]
        if high - low > _SPARSE_DECADES:
            return [(1.0, decades)]
        digits = [d + math.log10(n) for d in range(math.floor(low), math.ceil(high)) for n in (1, 2, 5)]
        return [(1.0, [value for value in digits if low <= value <= high])]

    def logTickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Return the text at each tick of a logarithmic axis, whose values are powers of ten."""
        return [np.format_float_positional(10**value, precision=4, fractional=False, trim="-") for value in values]
