"""The signs on the buttons of the scrubber, drawn so that they follow theme and resolution."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap, QPolygonF

from gui.theme import Theme

_SIDE = 16

# Areas on a grid of 16×16, each a list of corners.
_AREAS: dict[str, list[list[tuple[float, float]]]] = {
    "play": [[(4.5, 2.5), (13, 8), (4.5, 13.5)]],
    "pause": [[(4, 3), (6.5, 3), (6.5, 13), (4, 13)], [(9.5, 3), (12, 3), (12, 13), (9.5, 13)]],
    "previous": [[(11.5, 3.5), (5.5, 8), (11.5, 12.5)], [(3.5, 3.5), (5, 3.5), (5, 12.5), (3.5, 12.5)]],
    "next": [[(4.5, 3.5), (10.5, 8), (4.5, 12.5)], [(11, 3.5), (12.5, 3.5), (12.5, 12.5), (11, 12.5)]],
    "close": [],
}
_CROSS = ((4, 4, 12, 12), (12, 4, 4, 12))


def film_icon(name: str, theme: Theme) -> QIcon:
    """Return a sign: ``play``, ``pause``, ``previous``, ``next`` or ``close``, also as it looks while disabled."""
    icon = QIcon()
    for mode, colour in ((QIcon.Mode.Normal, theme.text), (QIcon.Mode.Disabled, theme.border)):
        for scale in (1, 2):
            icon.addPixmap(_pixmap(name, QColor(colour), scale), mode)
    return icon


def _pixmap(name: str, colour: QColor, scale: int) -> QPixmap:
    pixmap = QPixmap(_SIDE * scale, _SIDE * scale)
    pixmap.setDevicePixelRatio(scale)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(colour, 1.0 if _AREAS[name] else 1.5)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.setBrush(colour)
    for corners in _AREAS[name]:
        painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in corners]))
    if name == "close":
        for x1, y1, x2, y2 in _CROSS:
            painter.drawLine(QPointF(x1, y1), QPointF(x2, y2))
    painter.end()
    return pixmap
