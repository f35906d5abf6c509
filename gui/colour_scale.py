"""Turns arrays of numbers into images by a range and a table of colours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PySide6.QtGui import QImage, qRgb, qRgba

from gui.theme import Theme

# NumPy finds a level of one byte for each pixel, Qt its colour: quicker than either alone. The highest is for gaps.
_LAST, _GAP = 254, 255


@dataclass(frozen=True, eq=False)
class ColourScale:
    """A range of values and the colours from its low to its high end.

    Parameters
    ----------
    low, high : float
        The values painted in the first and the last colour; those beyond are painted like the ends.
    table : array (256, 3), uint8
        Red, green and blue.
    """

    low: float
    high: float
    table: np.ndarray

    @staticmethod
    def diverging(limit: float, theme: Theme) -> ColourScale:
        """Return a scale from ``-limit`` to ``limit`` whose middle colour is zero."""
        return ColourScale(-limit, limit, theme.diverging())

    @staticmethod
    def sequential(high: float, theme: Theme) -> ColourScale:
        """Return a scale from zero to ``high``."""
        return ColourScale(0.0, high, theme.sequential())

    def image(self, values: np.ndarray) -> QImage:
        """Return one pixel a value; NaN becomes transparent.

        Parameters
        ----------
        values : array (height, width), float
        """
        span = self.high - self.low
        levels = (values - self.low) * (_LAST / span if span > 0 else 0.0)
        levels += 0.5
        np.clip(levels, 0, _LAST, out=levels)
        levels[np.isnan(levels)] = _GAP
        return self._indexed(levels.astype(np.uint8))

    def gradient(self) -> QImage:
        """Return the colours themselves, one pixel each, from left to right."""
        return self._indexed(np.arange(_GAP, dtype=np.uint8)[np.newaxis])

    def _indexed(self, levels: np.ndarray) -> QImage:
        height, width = levels.shape
        image = QImage(levels.data, width, height, width, QImage.Format.Format_Indexed8)
        image.setColorTable(_colour_table(self.table.tobytes()))
        # A copy, since the levels belong to NumPy and go when this function returns; in the format that paints fastest.
        return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)


@lru_cache(maxsize=8)
def _colour_table(table: bytes) -> list[int]:
    """Return the colours of a lookup table (256, 3), uint8, for Qt, the last one transparent."""
    colours = np.frombuffer(table, np.uint8).reshape(-1, 3)[:_GAP].tolist()
    return [qRgb(*colour) for colour in colours] + [qRgba(0, 0, 0, 0)]


def format_value(value: float) -> str:
    """Return a number with four significant digits, as the viewers write it."""
    return f"{value:.4g}"
