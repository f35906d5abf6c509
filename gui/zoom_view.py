"""A view of a scene that zooms around the pointer and is dragged like a map."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QInputDevice, QMouseEvent, QPainter, QWheelEvent
from PySide6.QtWidgets import QApplication, QFrame, QGraphicsView, QWidget

_STEP = 1.25
_MOST_ZOOM, _LEAST_ZOOM = 3.0, 0.05


class ZoomView(QGraphicsView):
    """A view without scroll bars; ``is_fitted`` tells whether it still shows everything, as nobody has moved it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.SmartViewportUpdate)
        self.setMouseTracking(True)
        self.is_fitted = True
        self._pressed: QPoint | None = None
        self._dragged: QPoint | None = None

    def scale_now(self) -> float:
        """Return the zoom: how many logical pixels of the screen one of the scene takes."""
        return self.transform().m11()

    def zoom(self, factor: float, around: QPointF | None = None) -> None:
        """Enlarge by ``factor``, leaving the point ``around`` (in the view) where it is; by default the middle."""
        place = around if around is not None else QPointF(self.viewport().rect().center())
        before = self.mapToScene(place.toPoint())
        scale = min(max(self.scale_now() * factor, _LEAST_ZOOM), _MOST_ZOOM)
        self.is_fitted = False
        self.show_at(scale, before, place)

    def zoom_in(self) -> None:
        """Enlarge one step."""
        self.zoom(_STEP)

    def zoom_out(self) -> None:
        """Make smaller by one step."""
        self.zoom(1 / _STEP)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom around the pointer; two fingers on a touchpad move the picture, and zoom with Ctrl."""
        turned = event.angleDelta()
        is_touchpad = event.device().type() == QInputDevice.DeviceType.TouchPad
        if is_touchpad and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.pan(event.pixelDelta() if not event.pixelDelta().isNull() else turned / 2)
        elif turned.y():
            self.zoom(_STEP ** (turned.y() / 120), event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a click or a drag."""
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._pressed, self._dragged = event.position().toPoint(), None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the picture; otherwise show what can be pressed."""
        place = event.position().toPoint()
        if self._pressed is None:
            over = self.can_be_pressed(place)
            shape = Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor
            self.viewport().setCursor(shape)
            return
        far = (place - self._pressed).manhattanLength() >= QApplication.startDragDistance()
        if self._dragged is None and not far:
            return
        self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
        self.pan(place - (self._dragged or self._pressed))
        self._dragged = place

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag, or press what was clicked."""
        pressed, was_drag = self._pressed, self._dragged is not None
        self._pressed = self._dragged = None
        if was_drag:
            self.viewport().setCursor(Qt.CursorShape.ArrowCursor)
        if pressed is None or was_drag or event.button() != Qt.MouseButton.LeftButton:
            return
        self.press(pressed)

    def can_be_pressed(self, place: QPoint) -> bool:
        """Return whether a click at a place in the view would do something."""
        return False

    def press(self, place: QPoint) -> None:
        """Do what a click at a place in the view asks for."""

    def pan(self, by: QPoint) -> None:
        """Move the picture by so many pixels of the view."""
        self.is_fitted = False
        self._scroll(-by)

    def show_at(self, scale: float, point: QPointF, place: QPointF) -> None:
        """Zoom to ``scale`` and bring a point of the scene to a place in the view."""
        area = self.scene().sceneRect()
        size = self.viewport().size()
        # Room around the scene, so that its corner can be dragged across the view.
        across, down = size.width() / scale, size.height() / scale
        self.setSceneRect(area.adjusted(-across, -down, across, down))
        self.resetTransform()
        self.scale(scale, scale)
        away = self.mapFromScene(point) - place.toPoint()
        self._scroll(away)

    def _scroll(self, by: QPoint) -> None:
        for bar, pixels in ((self.horizontalScrollBar(), by.x()), (self.verticalScrollBar(), by.y())):
            bar.setValue(bar.value() + pixels)
