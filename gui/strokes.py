"""Pen strokes in unit coordinates, and the images that they are painted into piece by piece."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen


class Dot(NamedTuple):
    """A place the pen passed, and how wide it was there; all as shares of the canvas's side."""

    x: float
    y: float
    width: float


@dataclass
class Stroke:
    """The dots from pen down to pen up, at least one.

    The line is smoothed with quadratic curves: piece ``i`` runs from the middle between dots ``i - 1`` and
    ``i`` to the middle between ``i`` and ``i + 1``, bent by dot ``i``; the ends run straight to the first and the
    last dot. So a new dot settles the piece before it, and nothing painted earlier moves.
    """

    dots: list[Dot] = field(default_factory=list)


def paint_piece(painter: QPainter, stroke: Stroke, index: int, colour: QColor) -> None:
    """Paint one piece of a stroke; the painter's units are shares of the canvas's side."""
    dot = stroke.dots[index]
    painter.setPen(QPen(colour, dot.width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    if len(stroke.dots) == 1:
        painter.drawPoint(QPointF(dot.x, dot.y))
        return
    path = QPainterPath(_middle(stroke, index - 1))
    path.quadTo(QPointF(dot.x, dot.y), _middle(stroke, index))
    painter.drawPath(path)


def piece_bounds(stroke: Stroke, index: int) -> QRectF:
    """Return the rectangle, in shares of the side, that holds a piece with its width."""
    dot = stroke.dots[index]
    corners = [_middle(stroke, index - 1), QPointF(dot.x, dot.y), _middle(stroke, index)]
    xs, ys = [corner.x() for corner in corners], [corner.y() for corner in corners]
    half = dot.width / 2
    return QRectF(QPointF(min(xs), min(ys)), QPointF(max(xs), max(ys))).adjusted(-half, -half, half, half)


class StrokeImage:
    """A square image of strokes that grows piece by piece, so that a move of the pen costs one short curve.

    Parameters
    ----------
    side : int
        Pixels.
    paper, ink : QColor
    form : QImage.Format
    """

    def __init__(self, side: int, paper: QColor, ink: QColor, form: QImage.Format) -> None:
        self.image = QImage(side, side, form)
        self._paper, self._ink = paper, ink
        self.image.fill(paper)

    def redraw(self, strokes: Iterable[Stroke]) -> None:
        """Paint these strokes, whole, and nothing else."""
        self.image.fill(self._paper)
        painter = self._painter()
        for stroke in strokes:
            for index in range(len(stroke.dots)):
                paint_piece(painter, stroke, index, self._ink)
        painter.end()

    def add(self, stroke: Stroke, index: int) -> None:
        """Paint one more piece of a stroke."""
        painter = self._painter()
        paint_piece(painter, stroke, index, self._ink)
        painter.end()

    def _painter(self) -> QPainter:
        painter = QPainter(self.image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(self.image.width(), self.image.height())
        return painter


def _middle(stroke: Stroke, index: int) -> QPointF:
    """Return the middle between dots ``index`` and ``index + 1``; beyond either end, the end dot."""
    before = stroke.dots[max(index, 0)]
    after = stroke.dots[min(index + 1, len(stroke.dots) - 1)]
    return QPointF((before.x + after.x) / 2, (before.y + after.y) / 2)
