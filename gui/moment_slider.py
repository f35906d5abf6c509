"""A slider whose places are moments of a run, as far apart as the batches between them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QAbstractSlider, QSizePolicy, QSlider, QToolTip, QWidget

from gui.form import wrapped
from gui.moments import Moment
from gui.theme import LIGHT, Theme

_HANDLE = 7.0  # radius
_EDGE = 11.0  # from the slider's end to its first place: the handle and its ring
_GROOVE = 4.0
_TICK, _SHORT_TICK = 5.0, 3.0  # half their length: at the end of an epoch, and within one
_CLOSEST_TICKS = 3.0  # any closer, and they run together into a bar


class MomentSlider(QSlider):
    """Chooses a moment with mouse, wheel or keys; its value is the moment's place in the list.

    ``chosen`` is emitted for what a person does only, not for ``set_place``.
    """

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._theme = LIGHT
        self._moments: Sequence[Moment] = ()
        self._steps: list[int] = []
        self._is_live = True
        self._turned = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.actionTriggered.connect(self._act)

    def set_moments(self, moments: Sequence[Moment]) -> None:
        """Offer other moments, in order of their steps."""
        self._moments = moments
        self._steps = [moment.step for moment in moments]
        with QSignalBlocker(self):
            self.setRange(0, max(len(moments) - 1, 0))
            self.setPageStep(max(1, len(moments) // 10))
        self.update()

    def set_place(self, place: int | None) -> None:
        """Put the handle at a moment; None puts it, hollow, at the end: what is seen is the network of now."""
        self._is_live = place is None
        self.setValue(self.maximum() if place is None else place)
        moment = self._moments[place] if place is not None else None
        self.setAccessibleDescription(self.tr("the network of now") if moment is None else moment.text())
        self.update()

    def x_of(self, place: int) -> float:
        """Return where a moment is painted, in widget coordinates."""
        room = max(self.width() - 2 * _EDGE, 0.0)
        first, last = self._steps[0], self._steps[-1]
        share = (self._steps[place] - first) / (last - first) if last > first else 0.5
        return _EDGE + share * room

    def place_at(self, x: float) -> int:
        """Return the moment nearest to a point, in widget coordinates."""
        places = [self.x_of(place) for place in range(len(self._steps))]
        after = bisect_left(places, x)
        around = [place for place in (after - 1, after) if 0 <= place < len(places)]
        return min(around, key=lambda place: abs(places[place] - x))

    def apply_theme(self, theme: Theme) -> None:
        """Paint in the colours of ``theme``."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        """Return a comfortable size."""
        return QSize(320, 28)

    def minimumSizeHint(self) -> QSize:
        """Return the size in which a handful of moments can be told apart."""
        return QSize(80, 28)

    def event(self, event: QEvent) -> bool:
        """Name the moment under the pointer in the tooltip."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip and self._moments:
            moment = self._moments[self.place_at(event.pos().x())]
            QToolTip.showText(event.globalPos(), wrapped(f"<b>{moment.text()}</b><br>{self.whatsThis()}"), self)
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the handle to where the pointer is."""
        if event.button() == Qt.MouseButton.LeftButton and self._moments:
            self.setSliderDown(True)
            self._choose(self.place_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the handle from moment to moment."""
        if self.isSliderDown():
            self._choose(self.place_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let the handle go."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(False)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Go one moment on or back for each notch."""
        self._turned += event.angleDelta().y()
        notches = int(self._turned / 120)
        self._turned -= notches * 120
        if notches and self._moments:
            self._choose(min(max(self.value() + notches, 0), self.maximum()))
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the groove, a tick for each moment, the best one's mark and the handle."""
        if not self._moments:
            return
        theme = self._theme
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            middle = self.height() / 2 + 2  # the mark of the best stands above
            here = self.x_of(self.value())
            groove = QRectF(_EDGE, middle - _GROOVE / 2, max(self.width() - 2 * _EDGE, 0.0), _GROOVE)
            painter.setBrush(QColor(theme.border))
            painter.drawRoundedRect(groove, _GROOVE / 2, _GROOVE / 2)
            if not self._is_live:
                groove.setRight(max(here, groove.left()))
                painter.setBrush(QColor(theme.accent))
                painter.drawRoundedRect(groove, _GROOVE / 2, _GROOVE / 2)
            self._paint_ticks(painter, middle)
            self._paint_handle(painter, QPointF(here, middle))

    def _paint_ticks(self, painter: QPainter, middle: float) -> None:
        painter.setPen(QPen(QColor(self._theme.muted), 1))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        last = -_CLOSEST_TICKS
        for place, moment in enumerate(self._moments):
            x = self.x_of(place)
            if x - last >= _CLOSEST_TICKS:
                half = _TICK if moment.ends_epoch else _SHORT_TICK
                painter.drawLine(QPointF(round(x), middle - half), QPointF(round(x), middle + half))
                last = x
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.good))
        for place, moment in enumerate(self._moments):
            if moment.best:
                x, top = self.x_of(place), middle - _HANDLE - 8
                painter.drawPolygon(QPolygonF([QPointF(x - 4.5, top), QPointF(x + 4.5, top), QPointF(x, top + 7)]))

    def _paint_handle(self, painter: QPainter, centre: QPointF) -> None:
        theme = self._theme
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.accent), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(centre, _HANDLE + 2.5, _HANDLE + 2.5)
        painter.setPen(QPen(QColor(theme.muted if self._is_live else theme.window), 1.5))
        painter.setBrush(QColor(theme.window if self._is_live else theme.accent))
        radius = _HANDLE - 1.5 if self._is_live else _HANDLE
        painter.drawEllipse(centre, radius, radius)

    def _choose(self, place: int) -> None:
        if self._is_live or place != self.value():
            self.setValue(place)
            self.chosen.emit(place)

    def _act(self, action: int) -> None:
        """Follow a key: Qt has moved the slider's position, but not yet its value."""
        if not self._moments or action == QAbstractSlider.SliderAction.SliderMove.value:
            return
        back = QAbstractSlider.SliderAction.SliderSingleStepSub.value
        # From the network of now the first step back is to the last moment, where the hollow handle stands already.
        place = self.maximum() if self._is_live and action == back else self.sliderPosition()
        self.setSliderPosition(place)
        if self._is_live or place != self.value():
            self.chosen.emit(place)
