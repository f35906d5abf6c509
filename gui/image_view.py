"""Shows one array of numbers as an image, with zoom and the value under the pointer."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from gui.colour_scale import ColourScale
from gui.theme import LIGHT, Theme

_MOST_ZOOM = 64.0
_ZOOM_STEP = 1.25
# From this scale on, cells are whole device pixels: equally large, at the cost of a little space.
_WHOLE_PIXELS_FROM = 4

_MIDDLE = QPointF(0.5, 0.5)

_ARROWS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


class ImageView(QWidget):
    """An array painted cell by cell; wheel or ``+`` and ``-`` zoom, dragging pans, ``0`` or a double click fits.

    The pointer or the arrow keys choose a cell, which is told by ``hovered``.
    """

    hovered = Signal(int, int)  # row, column
    left = Signal()  # no cell is chosen any more
    clicked = Signal()  # pressed and released without dragging

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._theme = LIGHT
        self._values: np.ndarray | None = None
        self._scale: ColourScale | None = None
        self._keep_aspect = True
        self._image: QImage | None = None  # made when painted
        self._cell: tuple[int, int] | None = None
        self._zoom = 1.0
        self._centre = _MIDDLE
        self._pressed: QPointF | None = None
        self._dragged: QPointF | None = None

    def set_image(self, values: np.ndarray | None, scale: ColourScale | None = None, keep_aspect: bool = True) -> None:
        """Show ``values``; the zoom stays while the shape stays.

        Parameters
        ----------
        values : array (height, width), float, or None for nothing
            NaN leaves the background free. Not copied: do not change it afterwards.
        scale : ColourScale
            Needed with values.
        keep_aspect : bool
            Whether cells are square; otherwise the image fills the widget.
        """
        shape = None if self._values is None else self._values.shape
        if values is None or values.shape != shape or keep_aspect != self._keep_aspect:
            self._forget_cell()
            self.fit()
        self._values, self._scale, self._keep_aspect = values, scale, keep_aspect
        self._image = None
        self.update()

    def apply_theme(self, theme: Theme) -> None:
        """Take the background and outline colours; the caller sets the image again in new colours."""
        self._theme = theme
        self.update()

    def cell(self) -> tuple[int, int] | None:
        """Return the row and column chosen by pointer or arrow keys."""
        return self._cell

    def cell_rect(self, row: int, column: int) -> QRectF:
        """Return where a cell is painted, in widget coordinates."""
        if self._values is None:
            return QRectF()
        target = self._target()
        height, width = target.height() / self._values.shape[0], target.width() / self._values.shape[1]
        return QRectF(target.x() + column * width, target.y() + row * height, width, height)

    def fit(self) -> None:
        """Show the whole image."""
        self._zoom, self._centre = 1.0, _MIDDLE
        self.update()

    def zoom(self, factor: float, around: QPointF) -> None:
        """Enlarge by ``factor``, leaving the point ``around`` (widget coordinates) where it is."""
        before = self._target()
        if before.isEmpty():
            return
        self._zoom = min(max(self._zoom * factor, 1.0), _MOST_ZOOM)
        after = self._target()
        away = QRectF(self.rect()).center() - around
        self._look_at(
            (around.x() - before.x()) / before.width() + away.x() / after.width(),
            (around.y() - before.y()) / before.height() + away.y() / after.height(),
        )

    def sizeHint(self) -> QSize:
        """Return a comfortable size."""
        return QSize(280, 280)

    def minimumSizeHint(self) -> QSize:
        """Return the smallest size at which tiles can be told apart."""
        return QSize(120, 100)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the image and the outline of the chosen cell."""
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(self._theme.sunken))
            if self._values is None or self._scale is None:
                return
            if self._image is None:
                self._image = self._scale.image(self._values)
            target = self._target()
            painter.drawImage(target, _reduced(self._image, target.size().toSize() * self.devicePixelRatioF()))
            if self._cell is not None:
                outline = self.cell_rect(*self._cell)
                room = max(0.0, (7 - min(outline.width(), outline.height())) / 2)  # a tiny cell stays findable
                painter.setPen(QPen(QColor(self._theme.text), 1))
                painter.drawRect(outline.adjusted(-room, -room, room, room))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Choose the cell under the pointer, or pan."""
        if self._pressed is not None:
            far = (event.position() - self._pressed).manhattanLength() >= QApplication.startDragDistance()
            if self._dragged is None and far:
                self._dragged = self._pressed
            if self._dragged is not None:
                moved, target = event.position() - self._dragged, self._target()
                self._dragged = event.position()
                self._look_at(
                    self._centre.x() - moved.x() / target.width(), self._centre.y() - moved.y() / target.height()
                )
        self._choose(self._cell_at(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a click or a drag."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = event.position()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a click or a drag."""
        if event.button() == Qt.MouseButton.LeftButton and self._pressed is not None:
            still = self._dragged is None
            self._pressed = self._dragged = None
            if still:
                self.clicked.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show the whole image."""
        self.fit()

    def leaveEvent(self, event: QEvent) -> None:
        """Choose no cell."""
        self._forget_cell()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom around the pointer."""
        self.zoom(_ZOOM_STEP ** (event.angleDelta().y() / 120), event.position())
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the chosen cell, or zoom."""
        key = Qt.Key(event.key())
        middle = QPointF(self.rect().center())
        if key in _ARROWS and self._values is not None:
            rows, columns = self._values.shape
            down, right = _ARROWS[key]
            row, column = self._cell or (-down, -right)
            self._choose((min(max(row + down, 0), rows - 1), min(max(column + right, 0), columns - 1)))
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(_ZOOM_STEP, middle)
        elif key == Qt.Key.Key_Minus:
            self.zoom(1 / _ZOOM_STEP, middle)
        elif key == Qt.Key.Key_0:
            self.fit()
        else:
            super().keyPressEvent(event)

    def _choose(self, cell: tuple[int, int] | None) -> None:
        if cell is None:
            self._forget_cell()
        elif cell != self._cell:
            self._cell = cell
            self.hovered.emit(*cell)
            self.update()

    def _forget_cell(self) -> None:
        if self._cell is not None:
            self._cell = None
            self.left.emit()
            self.update()

    def _cell_at(self, point: QPointF) -> tuple[int, int] | None:
        target = self._target()
        if self._values is None or not target.contains(point) or target.isEmpty():
            return None
        rows, columns = self._values.shape
        row = int((point.y() - target.y()) / target.height() * rows)
        column = int((point.x() - target.x()) / target.width() * columns)
        return min(row, rows - 1), min(column, columns - 1)

    def _target(self) -> QRectF:
        """Return where the whole image lies, in widget coordinates; it covers the widget where it is larger."""
        if self._values is None:
            return QRectF()
        rows, columns = self._values.shape
        width, height = float(self.width()), float(self.height())
        if self._keep_aspect:
            scale = min(width / columns, height / rows)
            if scale >= _WHOLE_PIXELS_FROM:
                ratio = self.devicePixelRatioF()
                scale = math.floor(scale * ratio) / ratio
            width, height = columns * scale, rows * scale
        width, height = width * self._zoom, height * self._zoom
        x = self.width() / 2 - _covering(self._centre.x(), width, self.width()) * width
        y = self.height() / 2 - _covering(self._centre.y(), height, self.height()) * height
        return QRectF(round(x), round(y), width, height)

    def _look_at(self, x: float, y: float) -> None:
        """Bring a point of the image, each coordinate from 0 to 1, to the middle as far as the edges allow."""
        target = self._target()
        self._centre = QPointF(_covering(x, target.width(), self.width()), _covering(y, target.height(), self.height()))
        self.update()


def _covering(centre: float, size: float, room: float) -> float:
    """Return the centre nearest to ``centre`` that leaves no free space beside an image larger than its room."""
    half = min(0.5, room / 2 / size) if size > 0 else 0.5
    return min(max(centre, half), 1 - half)


def _reduced(image: QImage, target: QSize) -> QImage:
    """Return the image averaged down where it has more pixels than its target, so that none is skipped."""
    size = image.size().boundedTo(target)
    if size == image.size() or size.isEmpty():
        return image
    return image.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)
