"""How the drawing canvas looks: paper, strokes as sharp as the screen, pictures, the hint and the frame."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen

from gui.drawing import Drawing, Picture
from gui.offered_images import grey_image
from gui.strokes import Stroke, StrokeImage, paint_piece
from gui.theme import LIGHT, MARGIN, Theme

_CORNER = 6.0


class CanvasSurface:
    """Paints a drawing into a square of a widget, and keeps what it rendered until something else changes it."""

    def __init__(self) -> None:
        self._theme = LIGHT
        self._strokes: StrokeImage | None = None
        self._picture: QImage | None = None

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of a theme: ink is the text's colour, paper the surface's."""
        self._theme = theme
        self.forget()

    def forget(self) -> None:
        """Render anew at the next painting, because the drawing, the size or the colours changed."""
        self._strokes = self._picture = None

    def add(self, stroke: Stroke, index: int) -> None:
        """Paint one more settled piece of a stroke onto what was rendered."""
        if self._strokes is not None:
            self._strokes.add(stroke, index)

    def paint(self, painter: QPainter, square: QRectF, drawing: Drawing, live: Stroke | None) -> None:
        """Paint the drawing; ``live`` is the stroke that goes on, whose last piece is not settled yet.

        Parameters
        ----------
        square : QRectF
            Where, in logical pixels.
        """
        outline = QPainterPath()
        outline.addRoundedRect(square, _CORNER, _CORNER)
        painter.save()
        painter.setClipPath(outline)
        painter.fillRect(square, QColor(self._theme.surface))
        if drawing.picture is not None:
            self._paint_picture(painter, square, drawing.picture)
        elif not drawing.is_empty:
            self._paint_strokes(painter, square, drawing, live)
        painter.restore()

    def paint_hint(self, painter: QPainter, square: QRectF, hint: str) -> None:
        """Say on an empty canvas what to do."""
        painter.setPen(QColor(self._theme.muted))
        room = square.adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, hint)

    def paint_frame(self, painter: QPainter, square: QRectF, focus: bool) -> None:
        """Paint the edge, in the accent's colour while keys go to the canvas."""
        painter.setPen(QPen(QColor(self._theme.accent if focus else self._theme.border), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(square.adjusted(0.5, 0.5, -0.5, -0.5), _CORNER, _CORNER)

    def paint_pen(self, painter: QPainter, square: QRectF, at: QPointF, width: float, down: bool) -> None:
        """Paint the keyboard's pen at a point in shares of the side: a ring, filled while it is down."""
        side = square.width()
        radius = max(width * side / 2, 3.0)
        painter.setPen(QPen(QColor(self._theme.accent), 2))
        painter.setBrush(QColor(self._theme.accent) if down else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(square.topLeft() + at * side, radius, radius)

    def _paint_strokes(self, painter: QPainter, square: QRectF, drawing: Drawing, live: Stroke | None) -> None:
        if self._strokes is None:
            side = round(square.width() * painter.device().devicePixelRatioF())
            clear = QColor(Qt.GlobalColor.transparent)
            form = QImage.Format.Format_ARGB32_Premultiplied
            self._strokes = StrokeImage(side, clear, QColor(self._theme.text), form)
            self._strokes.redraw(drawing.strokes)
        painter.drawImage(square, self._strokes.image)
        if live is not None:
            painter.translate(square.topLeft())
            paint_piece(painter, live, live.last_piece, square.width(), QColor(self._theme.text))

    def _paint_picture(self, painter: QPainter, square: QRectF, picture: Picture) -> None:
        if self._picture is None:
            self._picture = self._rendered(picture, square.size().toSize() * painter.device().devicePixelRatioF())
        size = self._picture.deviceIndependentSize() / painter.device().devicePixelRatioF()
        target = QRectF(QPointF(), size)
        target.moveCenter(square.center())
        painter.drawImage(target, self._picture)

    def _rendered(self, picture: Picture, room: QSize) -> QImage:
        if picture.from_data:
            image = grey_image(picture.pixels, QColor(self._theme.surface), QColor(self._theme.text))
        else:
            image = grey_image(picture.pixels, QColor(Qt.GlobalColor.black), QColor(Qt.GlobalColor.white))
        return image.scaled(
            room, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )  # fmt: skip
