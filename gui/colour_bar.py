"""Shows which colour stands for which value."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.colour_scale import ColourScale, format_value
from gui.theme import GAP, LIGHT, SPACE, Theme

_WIDEST = 260


class ColourBar(QWidget):
    """The colours of a scale from left to right, between the values of its ends."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._theme = LIGHT
        self._scale: ColourScale | None = None

    def set_scale(self, scale: ColourScale | None) -> None:
        """Show ``scale``; None shows nothing."""
        self._scale = scale
        self.update()

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of the text and the outline."""
        self._theme = theme
        self.update()

    def limits(self) -> tuple[str, str]:
        """Return the texts at the two ends; empty without a scale."""
        if self._scale is None:
            return "", ""
        return format_value(self._scale.low), format_value(self._scale.high)

    def sizeHint(self) -> QSize:
        """Return one line of text."""
        return QSize(160, self.fontMetrics().height() + SPACE)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the bar in the middle, the limits beside it."""
        if self._scale is None:
            return
        with QPainter(self) as painter:
            paint_colour_bar(painter, QRect(0, 0, min(self.width(), _WIDEST), self.height()), self._scale, self._theme)


def paint_colour_bar(painter: QPainter, room: QRect, scale: ColourScale, theme: Theme, thickness: int = 8) -> None:
    """Paint the limits of ``scale`` at the ends of ``room``, in the painter's font, and its colours between them."""
    low, high = format_value(scale.low), format_value(scale.high)
    metrics = painter.fontMetrics()
    left, right = metrics.horizontalAdvance(low) + GAP, metrics.horizontalAdvance(high) + GAP
    painter.setPen(QColor(theme.muted))
    middle = Qt.AlignmentFlag.AlignVCenter
    painter.drawText(room, middle | Qt.AlignmentFlag.AlignLeft, low)
    painter.drawText(room, middle | Qt.AlignmentFlag.AlignRight, high)
    bar = QRectF(room.x() + left, room.y() + (room.height() - thickness) // 2, room.width() - left - right, thickness)
    if bar.width() > thickness:
        painter.drawImage(bar, scale.gradient())
        painter.setPen(QColor(theme.border))
        painter.drawRect(bar)
