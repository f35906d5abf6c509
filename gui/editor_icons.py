"""The signs on the editor's tools, drawn as lines so that they follow theme and resolution."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap

from gui.theme import Theme

_SIDE = 16

# Polygonal lines on a grid of 16×16, each a list of corners.
_Line = list[tuple[float, float]]
_LINES: dict[str, list[_Line]] = {
    "add": [[(8, 3), (8, 13)], [(3, 8), (13, 8)]],
    "remove": [[(3, 5), (13, 5)], [(6, 5), (6.5, 3), (9.5, 3), (10, 5)], [(4.5, 5), (5, 13.5), (11, 13.5), (11.5, 5)],
               [(7, 7.5), (7, 11)], [(9, 7.5), (9, 11)]],
    "duplicate": [[(6, 6), (13.5, 6), (13.5, 13.5), (6, 13.5), (6, 6)], [(10, 3), (2.5, 3), (2.5, 10)],
                  [(9.75, 8), (9.75, 11.5)], [(8, 9.75), (11.5, 9.75)]],
    "move_up": [[(8, 13), (8, 3.5)], [(4, 7.5), (8, 3.5), (12, 7.5)]],
    "move_down": [[(8, 3), (8, 12.5)], [(4, 8.5), (8, 12.5), (12, 8.5)]],
    "move_in": [[(2, 8), (9.5, 8)], [(6.5, 5), (9.5, 8), (6.5, 11)], [(9, 2.5), (13.5, 2.5), (13.5, 13.5), (9, 13.5)]],
    "move_out": [[(14, 8), (6.5, 8)], [(9.5, 5), (6.5, 8), (9.5, 11)], [(7, 2.5), (2.5, 2.5), (2.5, 13.5), (7, 13.5)]],
    "copy": [[(6, 5.5), (13, 5.5), (13, 13.5), (6, 13.5), (6, 5.5)], [(10, 2.5), (3, 2.5), (3, 10.5)]],
    "paste": [[(6, 3.5), (3, 3.5), (3, 13.5), (13, 13.5), (13, 3.5), (10, 3.5)],
              [(6, 2.5), (10, 2.5), (10, 5), (6, 5), (6, 2.5)],
              [(5.5, 8), (10.5, 8)], [(5.5, 10.5), (10.5, 10.5)]],
    "cut": [[(4, 2.5), (10.4, 10.6)], [(12, 2.5), (5.6, 10.6)]],
    "undo": [[(6, 2.5), (3, 5.5), (6, 8.5)]],
    "redo": [[(10, 2.5), (13, 5.5), (10, 8.5)]],
}  # fmt: skip
_CIRCLES = {"cut": [(4.4, 12, 1.9), (11.6, 12, 1.9)]}


def editor_icon(name: str, theme: Theme) -> QIcon:
    """Return the sign of a tool, also as it looks while the tool can do nothing."""
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
    pen = QPen(colour, 1.4)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    for corners in _LINES[name]:
        painter.drawPolyline([QPointF(x, y) for x, y in corners])
    for x, y, radius in _CIRCLES.get(name, []):
        painter.drawEllipse(QPointF(x, y), radius, radius)
    if name in ("undo", "redo"):
        painter.drawPath(_turn(mirrored=name == "redo"))
    painter.end()
    return pixmap


def _turn(mirrored: bool) -> QPainterPath:
    """Return the bent tail of the undo arrow, or of the redo arrow."""
    path = QPainterPath(QPointF(3, 5.5))
    path.lineTo(9, 5.5)
    path.arcTo(QRectF(5.25, 5.5, 7.5, 7.5), 90, -180)
    path.lineTo(6, 13)
    if mirrored:
        reflected = QPainterPath(QPointF(13, 5.5))
        reflected.lineTo(7, 5.5)
        reflected.arcTo(QRectF(3.25, 5.5, 7.5, 7.5), 90, 180)
        reflected.lineTo(10, 13)
        return reflected
    return path
