"""Pen strokes in unit coordinates, and the images that they are painted into piece by piece."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPainterPath, QPen


class Dot(NamedTuple):
    """A place the pen passed, and how wide it was there; all as shares of the canvas's side."""

    x: float
    y: float
    width: float


@dataclass
class Stroke:
    """The dots from pen down to pen up, at least one.

    It is painted in pieces. Piece 0 is the first dot; piece ``i`` is a quadratic curve bent by dot ``i - 1``, from
    the middle before that dot to the middle after it. The first and the last curve end in the dots themselves.
    So a new dot settles one more piece, and nothing painted earlier moves.
    """

    dots: list[Dot] = field(default_factory=list)

    @property
    def last_piece(self) -> int:
        """The piece that the next dot would change; all before it are settled."""
        return len(self.dots)


def paint_piece(painter: QPainter, stroke: Stroke, index: int, side: float, colour: QColor) -> None:
    """Paint one piece of a stroke on a canvas of this side, in the painter's units.

    The painter is not scaled instead, because Qt splits curves into lines before it scales them.
    """
    dot = stroke.dots[max(index - 1, 0)]
    pen = QPen(QBrush(colour), dot.width * side)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    at = QPointF(dot.x, dot.y) * side
    if index == 0:
        painter.drawPoint(at)
    else:
        path = QPainterPath(_middle(stroke, index - 2) * side)
        path.quadTo(at, _middle(stroke, index - 1) * side)
        painter.drawPath(path)


def piece_bounds(stroke: Stroke, index: int) -> QRectF:
    """Return the rectangle, in shares of the side, that holds a piece with its width."""
    dot = stroke.dots[max(index - 1, 0)]
    corners = [_middle(stroke, index - 2), QPointF(dot.x, dot.y), _middle(stroke, index - 1)]
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
            for index in range(stroke.last_piece + 1):
                paint_piece(painter, stroke, index, self.image.width(), self._ink)
        painter.end()

    def add(self, stroke: Stroke, index: int) -> None:
        """Paint one more piece of a stroke."""
        painter = self._painter()
        paint_piece(painter, stroke, index, self.image.width(), self._ink)
        painter.end()

    def _painter(self) -> QPainter:
        painter = QPainter(self.image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        return painter


def _middle(stroke: Stroke, index: int) -> QPointF:
    """Return the middle between dots ``index`` and ``index + 1``; beyond either end, the end dot."""
    last = len(stroke.dots) - 1
    before, after = stroke.dots[min(max(index, 0), last)], stroke.dots[min(max(index + 1, 0), last)]
    return QPointF((before.x + after.x) / 2, (before.y + after.y) / 2)
