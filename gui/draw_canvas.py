"""The square on which a digit is drawn by mouse, pen, touch or keyboard, or shown as a picture."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDropEvent,
    QFocusEvent,
    QImage,
    QInputDevice,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTabletEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.canvas_surface import CanvasSurface
from gui.drawing import Cleared, Drawing, Picture
from gui.form import wrapped
from gui.offered_images import offers_image, pixels_of
from gui.pacer import Pacer
from gui.strokes import Dot, Stroke, StrokeImage, piece_bounds
from gui.theme import Theme

INK_SIDE = 280
DEFAULT_BRUSH = 0.08  # gives strokes as thick as MNIST's once the digit is fitted into 20 pixels

_CHANGE_INTERVAL_MS = 33
_KEY_STEP = 0.03
_ARROWS = {
    Qt.Key.Key_Left: QPointF(-_KEY_STEP, 0),
    Qt.Key.Key_Right: QPointF(_KEY_STEP, 0),
    Qt.Key.Key_Up: QPointF(0, -_KEY_STEP),
    Qt.Key.Key_Down: QPointF(0, _KEY_STEP),
}


class DrawCanvas(QWidget):
    """A square to draw on, with undo, that also shows pictures.

    Strokes are kept in shares of the side, so that they stay sharp at any size. Touch arrives as mouse events,
    which Qt makes of touches that a widget does not take itself. With the keyboard, the arrows move a pen
    and the space bar sets it down and lifts it.
    """

    changed = Signal()  # 30 times a second while the pen moves, and at once for everything else
    stroke_ended = Signal()
    image_offered = Signal(object)  # QMimeData that was dropped here

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("drawCanvas")
        self.setAccessibleName(self.tr("Drawing canvas"))
        self.setAccessibleDescription(
            self.tr("Draw with the mouse or a pen; or move with the arrow keys and press space to set the pen down.")
        )
        self.setToolTip(
            wrapped(
                self.tr(
                    "The network answers while you draw. It has learned from digits that fill a small square, so your "
                    "drawing is cropped, scaled and centred in the same way before the network sees it."
                )
            )
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAcceptDrops(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 120)

        self._brush = DEFAULT_BRUSH
        self._drawing = Drawing()
        self._stroke: Stroke | None = None
        self._pen: QPointF | None = None  # the keyboard's pen, once a key has moved it
        black, white = QColor(Qt.GlobalColor.black), QColor(Qt.GlobalColor.white)
        self._ink = StrokeImage(INK_SIDE, black, white, QImage.Format.Format_Grayscale8)
        self._surface = CanvasSurface()
        self._pacer = Pacer(_CHANGE_INTERVAL_MS, self)
        self._pacer.due.connect(self.changed)

    # What is on the canvas

    def ink(self) -> np.ndarray:
        """Return the strokes as array (280, 280), float32: 0 is paper, 1 is ink; a picture has no ink."""
        return pixels_of(self._ink.image).astype(np.float32) / np.float32(255)

    def picture(self) -> Picture | None:
        """Return the picture that is shown in place of a drawing, if one is."""
        return self._drawing.picture

    def is_empty(self) -> bool:
        """Return whether there is neither a stroke nor a picture."""
        return self._drawing.is_empty

    def can_undo(self) -> bool:
        """Return whether ``undo`` would do something."""
        return self._drawing.can_undo

    def can_redo(self) -> bool:
        """Return whether ``redo`` would do something."""
        return self._drawing.can_redo

    def set_brush(self, width: float) -> None:
        """Set the width of the next strokes, as a share of the canvas's side."""
        self._brush = width

    def show_picture(self, picture: Picture) -> None:
        """Show a picture; the next stroke begins a new drawing."""
        self._finish_stroke()
        self._drawing.add(picture)
        self._show_history()

    def clear(self) -> None:
        """Wipe the canvas; this can be undone."""
        self._finish_stroke()
        if not self._drawing.is_empty:
            self._drawing.add(Cleared())
            self._show_history()

    def undo(self) -> None:
        """Take back the last stroke, picture or clear."""
        self._finish_stroke()
        self._drawing.undo()
        self._show_history()

    def redo(self) -> None:
        """Do again what was last undone."""
        self._finish_stroke()
        self._drawing.redo()
        self._show_history()

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self._surface.set_theme(theme)
        self.update()

    def _show_history(self) -> None:
        self._ink.redraw(self._drawing.strokes)
        self._surface.forget()
        self.update()
        self._pacer.emit_now()

    # Drawing

    def _begin_stroke(self, at: QPointF, width: float) -> None:
        self._finish_stroke()
        self._stroke = Stroke([Dot(at.x(), at.y(), width)])
        self._drawing.add(self._stroke)
        if len(self._drawing.strokes) == 1:  # the hint or a picture goes
            self._surface.forget()
            self.update()
        self._paint_piece(0)
        self._pacer.request()

    def _extend_stroke(self, at: QPointF, width: float) -> None:
        if self._stroke is None or self._stroke.dots[-1][:2] == (at.x(), at.y()):
            return
        self._stroke.dots.append(Dot(at.x(), at.y(), width))
        self._paint_piece(self._stroke.last_piece - 1)
        self._pacer.request()

    def _finish_stroke(self) -> None:
        if self._stroke is None:
            return
        self._paint_piece(self._stroke.last_piece)
        self._stroke = None
        self._pacer.emit_now()
        self.stroke_ended.emit()

    def _paint_piece(self, index: int) -> None:
        """Settle one piece of the stroke, and repaint where it and the unsettled end after it lie."""
        assert self._stroke is not None
        self._ink.add(self._stroke, index)
        self._surface.add(self._stroke, index)
        area = piece_bounds(self._stroke, index) | piece_bounds(self._stroke, self._stroke.last_piece)
        square = self._square()
        corner = square.topLeft()
        on_screen = QRectF(area.topLeft() * square.width() + corner, area.bottomRight() * square.width() + corner)
        self.update(on_screen.toAlignedRect().adjusted(-2, -2, 2, 2))

    def _share(self, position: QPointF) -> QPointF:
        square = self._square()
        return (position - square.topLeft()) / square.width()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Set the pen down."""
        if event.button() == Qt.MouseButton.LeftButton and self._square().contains(event.position()):
            self._pen = None
            self._begin_stroke(self._share(event.position()), self._brush)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Draw on."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._extend_stroke(self._share(event.position()), self._brush)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Lift the pen."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._extend_stroke(self._share(event.position()), self._brush)
            self._finish_stroke()

    def tabletEvent(self, event: QTabletEvent) -> None:
        """Draw with a pen, wider under more pressure; half pressure gives the brush's own width."""
        feels = event.pointingDevice().hasCapability(QInputDevice.Capability.Pressure)
        width = self._brush * (0.4 + 1.2 * event.pressure()) if feels else self._brush
        at = self._share(event.position())
        if event.type() == QEvent.Type.TabletPress and self._square().contains(event.position()):
            self._pen = None
            self._begin_stroke(at, width)
        elif event.type() == QEvent.Type.TabletMove:
            self._extend_stroke(at, width)
        elif event.type() == QEvent.Type.TabletRelease:
            self._finish_stroke()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the pen, set it down or lift it, or clear."""
        step = _ARROWS.get(Qt.Key(event.key()))
        if step is not None:
            at = (self._pen or QPointF(0.5, 0.5)) + step
            self._pen = QPointF(min(max(at.x(), 0.0), 1.0), min(max(at.y(), 0.0), 1.0))
            self._extend_stroke(self._pen, self._brush)
            self.update()
        elif event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._pen = self._pen or QPointF(0.5, 0.5)
            if self._stroke is None:
                self._begin_stroke(self._pen, self._brush)
            else:
                self._finish_stroke()
            self.update()
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.clear()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show that keys go here."""
        self.update()
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Lift the keyboard's pen."""
        self._finish_stroke()
        self.update()
        super().focusOutEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Welcome images and files."""
        if offers_image(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Offer what was dropped to whoever can read it."""
        event.acceptProposedAction()
        self.image_offered.emit(event.mimeData())

    # Painting

    def sizeHint(self) -> QSize:
        """Return a comfortable size."""
        return QSize(INK_SIDE, INK_SIDE)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Render anew at the new size."""
        self._surface.forget()

    def changeEvent(self, event: QEvent) -> None:
        """Render anew where pixels have another size, as on another screen."""
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._surface.forget()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the drawing or the hint, and what shows where keys go."""
        square = self._square()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            self._surface.paint(painter, square, self._drawing, self._stroke)
            if self._drawing.is_empty:
                self._surface.paint_hint(painter, square, self.tr("Draw a digit here,\nor drop an image"))
            self._surface.paint_frame(painter, square, self.hasFocus())
            if self._pen is not None and self.hasFocus():
                self._surface.paint_pen(painter, square, self._pen, self._brush, self._stroke is not None)

    def _square(self) -> QRectF:
        side = min(self.width(), self.height())
        return QRectF((self.width() - side) // 2, (self.height() - side) // 2, side, side)
