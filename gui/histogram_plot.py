"""Shows how often values occur, as bars over their range."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.colour_scale import format_value
from gui.theme import LIGHT, SPACE, Theme

_HEIGHT = 84


class HistogramPlot(QWidget):
    """Bars of counts, with the ends of the range and zero marked below; painted, not plotted, for speed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._theme = LIGHT
        self._edges = np.zeros(0)
        self._counts = np.zeros(0, np.int64)
        self._logarithmic = False

    def set_counts(self, edges: np.ndarray, counts: np.ndarray) -> None:
        """Show ``counts`` (bins,) of values between ``edges`` (bins + 1,)."""
        self._edges, self._counts = edges, counts
        self.update()

    def set_logarithmic(self, logarithmic: bool) -> None:
        """Choose whether a bar's height is the logarithm of its count, so that rare values show."""
        self._logarithmic = logarithmic
        self.update()

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of bars, text and axis."""
        self._theme = theme
        self.update()

    def heights(self) -> np.ndarray:
        """Return the height of each bar from 0 to 1, the highest being 1."""
        heights = np.log1p(self._counts) if self._logarithmic else self._counts.astype(float)
        highest = heights.max(initial=0.0)
        return heights / highest if highest > 0 else heights

    def sizeHint(self) -> QSize:
        """Return a height that leaves the room to the picture above."""
        return QSize(200, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the bars on an axis and three labels under it."""
        if not self._counts.size:
            return
        with QPainter(self) as painter:
            line = painter.fontMetrics().height()
            base = self.height() - line - SPACE
            step = self.width() / len(self._counts)
            gap = 1 if step >= 3 else 0
            bars = QColor(self._theme.accent)
            for place, height in enumerate(self.heights()):
                if height > 0:
                    left, right = round(place * step), round((place + 1) * step)
                    top = max(1.0, height * (base - 1))
                    painter.fillRect(QRectF(left, base - top, max(1, right - left - gap), top), bars)
            painter.fillRect(QRectF(0, base, self.width(), 1), QColor(self._theme.border))
            self._paint_labels(painter, base, line)

    def _paint_labels(self, painter: QPainter, base: int, line: int) -> None:
        low, high = float(self._edges[0]), float(self._edges[-1])
        painter.setPen(QColor(self._theme.muted))
        room = QRectF(0, base + SPACE, self.width(), line)
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft, format_value(low))
        painter.drawText(room, Qt.AlignmentFlag.AlignRight, format_value(high))
        if not low < 0 < high:
            return
        zero = self.width() * -low / (high - low)
        painter.fillRect(QRectF(round(zero), base, 1, SPACE), QColor(self._theme.muted))
        metrics = painter.fontMetrics()
        taken = [metrics.horizontalAdvance(format_value(value)) + 2 * SPACE for value in (low, high)]
        if taken[0] < zero < self.width() - taken[1]:
            painter.drawText(QRectF(zero - 20, room.y(), 40, line), Qt.AlignmentFlag.AlignHCenter, "0")
