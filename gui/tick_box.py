"""A check box with a tick: a style sheet that colours a check box draws none."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QCheckBox, QStyle, QStyleOptionButton

# Where the stroke of the tick turns, as shares of the box's side.
_TICK = ((0.24, 0.52), (0.43, 0.71), (0.78, 0.31))


class TickBox(QCheckBox):
    """Draws its tick in the palette's colour for text on the accent; where it is disabled, in that for text."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the tick over the box."""
        super().paintEvent(event)
        if not self.isChecked():
            return
        option = QStyleOptionButton()
        self.initStyleOption(option)
        box = self.style().subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, self)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            ink = self.palette().highlightedText() if self.isEnabled() else self.palette().text()
            pen = QPen(ink.color(), box.width() / 8)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.setPen(pen)
            corners = [QPointF(box.x() + x * box.width(), box.y() + y * box.height()) for x, y in _TICK]
            painter.drawPolyline(QPolygonF(corners))
