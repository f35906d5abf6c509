"""A small picture of the learning rate over the run that is set up."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF, QShowEvent
from PySide6.QtWidgets import QWidget

from engine.training.config import ScheduleConfig
from engine.training.schedules import preview
from gui.form import wrapped
from gui.spin_boxes import compact
from gui.theme import GAP, LIGHT, SPACE, Theme

_HEIGHT = 92


class SchedulePreview(QWidget):
    """The curve of the learning rate; worked out only while it can be seen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("schedulePreview")
        self.setAccessibleName(self.tr("Learning rate over the run"))
        self.setToolTip(
            wrapped(self.tr("The learning rate from the first batch of the run to the last; the axis counts epochs."))
        )
        self.setFixedHeight(_HEIGHT)
        self._run: tuple[ScheduleConfig, float, int, int] | None = None
        self._points: tuple[list[float], list[float]] = ([], [])
        self._is_stale = False
        self._theme = LIGHT

    def set_run(self, schedule: ScheduleConfig, learning_rate: float, batches_per_epoch: int, epochs: int) -> None:
        """Show the learning rate of this run, now or when the plot comes into view."""
        run = (schedule, learning_rate, batches_per_epoch, epochs)
        if run != self._run:
            self._run = run
            self._is_stale = True
            if self.isVisible():
                self._work_out()

    def curve(self) -> tuple[list[float], list[float]]:
        """Return the points shown: epochs and learning rates."""
        return self._points

    def apply_theme(self, theme: Theme) -> None:
        """Take on the colours of a scheme."""
        self._theme = theme
        self.update()

    def showEvent(self, event: QShowEvent) -> None:
        """Work out what was set while hidden."""
        super().showEvent(event)
        self._work_out()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the axes, their ends, and the curve over its area."""
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(self._theme.surface))
            if self._run is None:
                return
            _, highest, _, last = self._run
            metrics = painter.fontMetrics()
            top, line = compact(highest), metrics.height()
            left = metrics.horizontalAdvance(top) + 2 * SPACE
            plot = QRectF(left, line / 2, self.width() - left - GAP, self.height() - 1.5 * line - SPACE)
            painter.setPen(QColor(self._theme.muted))
            right, middle = Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignHCenter
            for text, height in ((top, plot.top()), ("0", plot.bottom())):
                painter.drawText(QRectF(0, height - line / 2, left - SPACE, line), right, text)
            for share, side in ((0.0, Qt.AlignmentFlag.AlignLeft), (0.5, middle), (1.0, right)):
                room = QRectF(plot.left(), plot.bottom() + SPACE, plot.width(), line)
                painter.drawText(room, side, compact(share * last))
            painter.setPen(QColor(self._theme.border))
            painter.drawPolyline(QPolygonF([plot.topLeft(), plot.bottomLeft(), plot.bottomRight()]))
            self._paint_curve(painter, plot, highest, last)

    def _paint_curve(self, painter: QPainter, plot: QRectF, highest: float, last: int) -> None:
        curve = [
            QPointF(plot.left() + plot.width() * epoch / last, plot.bottom() - plot.height() * rate / highest)
            for epoch, rate in zip(*self._points, strict=True)
        ]
        if not curve:
            return
        area = [QPointF(curve[0].x(), plot.bottom()), *curve, QPointF(curve[-1].x(), plot.bottom())]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        fill = QColor(self._theme.accent)
        fill.setAlpha(40)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawPolygon(QPolygonF(area))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(self._theme.accent), 1))
        painter.drawPolyline(QPolygonF(curve))

    def _work_out(self) -> None:
        if self._run is None or not self._is_stale:
            return
        self._is_stale = False
        schedule, learning_rate, batches, last = self._run
        epochs, rates = preview(schedule, learning_rate, batches, last)
        self._points = (epochs.tolist(), rates.tolist())
        self.update()
