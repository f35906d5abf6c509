"""One plot of the curves: a quantity in training and validation, with its marks and a crosshair."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QMouseEvent, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from gui.curve_axis import NumberStyle, ReadableAxis
from gui.curve_header import CurveHeader
from gui.curve_marks import BestMark, ChangeMarks
from gui.curve_points import Array, Points
from gui.curve_range import loss_ceiling
from gui.theme import GAP, LIGHT, SERIES, SPACE, Theme

NOTHING = Points(np.empty(0), np.empty(0))

# The order keeps away from the blue of training and the orange of validation for as long as it can.
_EARLIER_COLOURS = tuple(SERIES[i] for i in (2, 3, 4, 1, 0, 5))
# With more epochs than this, points would cover the line.
_MOST_SYMBOLS = 200


def earlier_colour(number: int, theme: Theme) -> QColor:
    """Return the colour of an earlier run, counted from 0."""
    colour = QColor(_EARLIER_COLOURS[number % len(_EARLIER_COLOURS)])
    colour.setAlpha(170 if theme.dark else 140)
    return colour


class _Canvas(pg.PlotWidget):
    """A pyqtgraph plot that tells when the pointer leaves, when it is double-clicked, and how long it is painted."""

    left = Signal()
    double_clicked = Signal()

    painting_seconds = 0.0
    """Processor time that was spent on painting so far."""

    def paintEvent(self, event: QPaintEvent) -> None:
        began = time.thread_time()
        super().paintEvent(event)
        self.painting_seconds += time.thread_time() - began

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.left.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self.double_clicked.emit()


class CurvePlot(QWidget):
    """A quantity over the run, under a line that names the curves and gives their values.

    The vertical range follows the data until the user zooms; the horizontal one is set by the panel.

    Parameters
    ----------
    title, unit : str
        The quantity, and what it is measured in (may be empty).
    style : {"number", "percent"}
        ``percent`` is for shares: the range is 0 to 100%.

    Attributes
    ----------
    header : CurveHeader
        The line above.
    """

    hovered = Signal(object)  # float, the place under the pointer on the x axis; None when it leaves
    zoomed = Signal()  # by the user
    x_range_changed = Signal()
    reset_asked = Signal()

    def __init__(
        self, title: str, unit: str = "", style: NumberStyle = "number", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._percent = style == "percent"
        self._log = False
        self._follows_y = True
        self._theme = LIGHT

        self.header = CurveHeader(title, unit)
        self._canvas = _Canvas(
            axisItems={"left": ReadableAxis("left", style), "bottom": ReadableAxis("bottom")},
            enableMenu=False,
        )
        self._canvas.setAccessibleName(title)
        self._lay_out()

        item = self._canvas.getPlotItem()
        item.hideButtons()
        for side in ("left", "bottom"):
            item.getAxis(side).setZValue(-1000)  # the axes draw the grid, which lies behind the curves
        self._view: pg.ViewBox = item.getViewBox()
        self._view.disableAutoRange()
        self._view.setDefaultPadding(0.0)
        self._view.setLimits(minXRange=1e-3, minYRange=1e-3)  # closer, the numbers would not fit beside the axis
        self.raw = pg.PlotCurveItem(connect="finite")
        self.training = pg.PlotCurveItem(connect="finite")
        self.training_epochs = pg.ScatterPlotItem(size=4)
        self.validation = pg.PlotDataItem(symbol="o", symbolSize=6, connect="finite")
        self.earlier: list[tuple[pg.PlotCurveItem, pg.PlotCurveItem]] = []
        self.changes = ChangeMarks(self._canvas, labelled=not self._percent)
        self.best = BestMark(above=not self._percent)
        self._crosshair = pg.InfiniteLine(angle=90, movable=False)
        self._crosshair.setVisible(False)
        for depth, part in enumerate((self.raw, self.training, self.training_epochs, self.validation)):
            part.setZValue(depth)
            item.addItem(part)
        self.best.add_to(item)
        item.addItem(self._crosshair, ignoreBounds=True)

        self._canvas.scene().sigMouseMoved.connect(self._on_pointer)
        self._canvas.left.connect(lambda: self.hovered.emit(None))
        self._canvas.double_clicked.connect(self.reset_asked)
        self._view.sigRangeChangedManually.connect(self._on_zoom)
        self._view.sigRangeChanged.connect(self.best.keep_inside)
        self._view.sigResized.connect(self.best.keep_inside)
        self._view.sigXRangeChanged.connect(lambda *_: self.x_range_changed.emit())
        self.apply_theme(LIGHT)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE)
        layout.addWidget(self.header)
        layout.addWidget(self._canvas, 1)
        # The axis numbers reserve the same room in every plot, so that plots above one another line up.
        self._canvas.getAxis("left").setWidth(QFontMetrics(self.font()).horizontalAdvance("0.00000") + GAP)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.setMinimumWidth(120)
        self._canvas.setMinimumSize(0, 0)

    def set_x_axis(self, label: str, shown: bool) -> None:
        """Name the x axis, or leave its name out; ``shown`` is False for a plot with another one below it."""
        axis = self._canvas.getAxis("bottom")
        axis.setStyle(showValues=shown)
        axis.setLabel(label if shown else None)
        axis.showLabel(shown and bool(label))
        axis.setHeight(None if shown else SPACE)

    def set_batches(self, raw: Points, training: Points) -> None:
        """Show the current run's batches: as measured (faint), and the line that matters."""
        self.raw.setData(*self._scaled(raw))
        self.training.setData(*self._scaled(training))

    def set_epochs(self, training: Points, validation: Points) -> None:
        """Show the current run's epochs: means in training, and what was measured in validation."""
        many = len(validation.x) > _MOST_SYMBOLS
        symbol = None if many else "o"
        if self.validation.opts["symbol"] != symbol:  # before the points, each of which would be given a symbol
            self.validation.setSymbol(symbol)
        self.validation.setData(*self._scaled(validation))
        self.training_epochs.setData(*self._scaled(NOTHING if many else training))

    def set_earlier(self, runs: Sequence[tuple[Points, Points]], colours: Sequence[QColor]) -> None:
        """Show earlier runs, each as (training, validation) in its colour, behind the current one."""
        while len(self.earlier) < len(runs):
            pair = (pg.PlotCurveItem(connect="finite"), pg.PlotCurveItem(connect="finite"))
            for curve in pair:
                curve.setZValue(-10)
                self._canvas.addItem(curve)
            self.earlier.append(pair)
        for number, (training, validation) in enumerate(self.earlier):
            shown = runs[number] if number < len(runs) else (NOTHING, NOTHING)
            training.setData(*self._scaled(shown[0]))
            validation.setData(*self._scaled(shown[1]))
        for (training, validation), colour in zip(self.earlier, colours, strict=False):
            training.setPen(colour)
            validation.setPen(QPen(colour, 0, Qt.PenStyle.DashLine))

    def set_best(self, place: tuple[float, float] | None, text: str = "") -> None:
        """Mark the best epoch at (x, value)."""
        if place is not None and self._log:
            place = (place[0], float(np.log10(place[1]))) if place[1] > 0 else None
        self.best.show_at(place, text)

    def values(self) -> tuple[str, str]:
        """Return the values shown for training and validation."""
        return self.header.values()

    def set_crosshair(self, x: float | None) -> None:
        """Show the vertical line at ``x``, or none."""
        self._crosshair.setVisible(x is not None)
        if x is not None:
            self._crosshair.setPos(x)

    def set_log(self, log: bool) -> None:
        """Choose a logarithmic axis; the curves must be set again afterwards."""
        self._log = log
        self._canvas.getAxis("left").setLogMode(x=False, y=log)
        self._follows_y = True

    def columns(self) -> int:
        """Return how many pixels wide the curves are drawn."""
        return max(int(self._view.width()), 1)

    def take_painting_seconds(self) -> float:
        """Return how long it was painted since the last call, in seconds of processor time."""
        spent, self._canvas.painting_seconds = self._canvas.painting_seconds, 0.0
        return spent

    def x_window(self) -> tuple[float, float]:
        """Return what is visible of the x axis."""
        low, high = self._view.viewRange()[0]
        return low, high

    def set_x_window(self, low: float, high: float) -> None:
        """Show this part of the x axis."""
        if self.x_window() != (low, high):
            self._view.setXRange(low, high, padding=0)

    def show_x_from_zero(self, high: float) -> None:
        """Show the x axis from 0, with the room on its left that the number 0 needs."""
        margin = QFontMetrics(self.font()).horizontalAdvance("0") / max(self._view.width(), 1.0)
        self.set_x_window(-margin * high, high)

    def follow_y(self) -> None:
        """Let the vertical range follow the data again."""
        self._follows_y = True

    def fit_y(self, first: float) -> None:
        """Show every value that is drawn, unless the user has chosen the range.

        Parameters
        ----------
        first : float
            The first value of the current run. Those that lie far above it and above the bulk of the run (a loss that
            explodes) may leave the picture, so that the rest stays readable.
        """
        if not self._follows_y:
            return
        if self._percent:
            self._set_y_range(0.0, 1.0)
            return
        items = [self.raw, self.training, self.training_epochs, self.validation]
        items += [item for pair in self.earlier for item in pair]
        drawn = np.concatenate([values for item in items if (values := item.getData()[1]) is not None] or [[]])
        drawn = drawn[np.isfinite(drawn)]
        if len(drawn) == 0:
            return
        ceiling = self._ceiling(first)
        if self._log:
            high = min(float(drawn.max()), float(np.log10(ceiling)))
            self._set_y_range(min(float(drawn.min()), high - 0.5), high)
        else:
            self._set_y_range(0.0, min(float(drawn.max()), ceiling) or 1.0)

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of ``theme``."""
        self._theme = theme
        self._canvas.setBackground(theme.surface)
        for side in ("left", "bottom"):
            axis = self._canvas.getAxis(side)
            axis.setPen(theme.border)
            axis.setTextPen(theme.muted)
            axis.setTickPen(theme.grid)
        faint = QColor(theme.train)
        faint.setAlpha(80)
        self.raw.setPen(faint)
        self.training.setPen(theme.train)
        self.training_epochs.setPen(theme.train)
        self.training_epochs.setBrush(theme.train)
        self.validation.setPen(theme.validation)
        self.validation.setSymbolPen(theme.validation)
        self.validation.setSymbolBrush(theme.validation)
        self._crosshair.setPen(QPen(QColor(theme.muted), 0, Qt.PenStyle.DotLine))
        self.best.apply_theme(theme)
        self.changes.apply_theme(theme)
        self.header.apply_theme(theme)

    def _ceiling(self, first: float) -> float:
        items = (self.raw, self.training, self.training_epochs, self.validation)
        curves = [np.empty(0) if (values := item.getData()[1]) is None else values for item in items]
        # A smooth line and the mean of an epoch keep outliers of long ago: they count where nothing else was measured.
        measured = next((curve for curve in curves[:-1] if len(curve)), curves[0])
        shown = (measured, curves[-1])
        return loss_ceiling(first, *(10.0**values if self._log else values for values in shown))

    def _scaled(self, points: Points) -> tuple[Array, Array]:
        if not self._log:
            return points
        with np.errstate(divide="ignore", invalid="ignore"):
            return points.x, np.where(points.y > 0, np.log10(points.y), np.nan)

    def _set_y_range(self, low: float, high: float) -> None:
        # Half a line of text above and below, so that the first and the last number are not cut.
        margin = 0.6 * QFontMetrics(self.font()).height() / max(self._view.height(), 1.0)
        spare = (high - low) * margin / max(1.0 - 2.0 * margin, 0.5)
        low, high = low - spare, high + spare
        if tuple(self._view.viewRange()[1]) != (low, high):
            self._view.setYRange(low, high, padding=0)

    def _on_pointer(self, position: QPointF) -> None:
        inside = self._view.sceneBoundingRect().contains(position)
        self.hovered.emit(self._view.mapSceneToView(position).x() if inside else None)

    def _on_zoom(self, axes: Sequence[bool]) -> None:
        self._follows_y = self._follows_y and not axes[1]
        self.zoomed.emit()
