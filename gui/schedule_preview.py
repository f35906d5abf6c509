"""A small picture of the learning rate over the run that is set up."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from engine.training.config import ScheduleConfig
from engine.training.schedules import preview
from gui.form import wrapped
from gui.spin_boxes import compact
from gui.theme import LIGHT, Theme

_HEIGHT = 92


class SchedulePreview(pg.PlotWidget):
    """The curve of the learning rate; drawn only while it can be seen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("schedulePreview")
        self.setAccessibleName(self.tr("Learning rate over the run"))
        self.setToolTip(
            wrapped(self.tr("The learning rate from the first batch of the run to the last; the axis counts epochs."))
        )
        self.setFixedHeight(_HEIGHT)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMouseEnabled(False, False)
        self.setMenuEnabled(False)
        self.hideButtons()
        self._curve = self.plot(antialias=True)  # a few hundred points, drawn when edited
        self._run: tuple[ScheduleConfig, float, int, int] | None = None
        self._is_stale = False
        self.apply_theme(LIGHT)

    def set_run(self, schedule: ScheduleConfig, learning_rate: float, batches_per_epoch: int, epochs: int) -> None:
        """Show the learning rate of this run, now or when the plot comes into view."""
        run = (schedule, learning_rate, batches_per_epoch, epochs)
        if run != self._run:
            self._run = run
            self._is_stale = True
            if self.isVisible():
                self._draw()

    def curve(self) -> tuple[list[float], list[float]]:
        """Return the points shown: epochs and learning rates."""
        epochs, rates = self._curve.getData()
        return ([], []) if epochs is None else (list(epochs), list(rates))

    def apply_theme(self, theme: Theme) -> None:
        """Take on the colours of a scheme."""
        self.setBackground(theme.surface)
        self._curve.setPen(pg.mkPen(theme.accent, width=1))
        fill = pg.mkColor(theme.accent)
        fill.setAlpha(40)
        self._curve.setFillLevel(0.0)
        self._curve.setBrush(fill)
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.setPen(theme.border)
            axis.setTextPen(theme.muted)
            axis.setStyle(tickLength=0, tickTextOffset=4)

    def showEvent(self, event: QShowEvent) -> None:
        """Draw what was set while hidden."""
        super().showEvent(event)
        self._draw()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the form around it, which scrolls."""
        event.ignore()

    def _draw(self) -> None:
        if self._run is None or not self._is_stale:
            return
        self._is_stale = False
        schedule, learning_rate, batches, last = self._run
        epochs, rates = preview(schedule, learning_rate, batches, last)
        self._curve.setData(epochs, rates)
        self.setXRange(0, last, padding=0.02)
        self.setYRange(0, learning_rate, padding=0.08)
        self.getAxis("left").setTicks([[(0, "0"), (learning_rate, compact(learning_rate))]])
        self.getAxis("bottom").setTicks([[(0, "0"), (last / 2, compact(last / 2)), (last, str(last))]])
