"""The curves of several runs over one another, with the best of each marked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPen
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from gui.comparison import SHARES, Measure, best_place
from gui.comparison_lines import Line
from gui.curve_axis import ReadableAxis
from gui.curve_marks import BestMark
from gui.curve_points import Points, extremes, nearest
from gui.theme import GAP, LIGHT, Theme

# Together: of more, points would cover the lines, and dashes and broad lines would take long to paint.
_MOST_SYMBOLS = 400
_MOST_DASHED = 6_000
_POINTS = 1_000  # of each line
_ROOM = 0.06  # above and below the lines, as a share of what they span


class _Canvas(pg.PlotWidget):
    """A pyqtgraph plot that tells when the pointer leaves."""

    left = Signal()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.left.emit()


class ComparisonPlot(QWidget):
    """One line for each run; those that are hidden are left out of the picture and of its range."""

    hovered = Signal(object)  # float, the place under the pointer on the horizontal axis; None when it leaves

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._curves: list[Points] = []
        self._lines: list[Line] = []
        self._hidden: frozenset[int] = frozenset()
        self._emphasised: int | None = None
        self._measure: Measure = "validation_accuracy"
        self._log = False
        self._items: list[pg.PlotCurveItem] = []
        self._axes = {style: ReadableAxis("left", style) for style in ("number", "percent")}
        self._canvas = _Canvas(
            axisItems={"left": self._axes["percent"], "bottom": ReadableAxis("bottom")}, enableMenu=False
        )
        self._canvas.setObjectName("comparisonPlot")
        self._canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._canvas.hideButtons()
        self._view: pg.ViewBox = self._canvas.getViewBox()
        self._view.disableAutoRange()
        self._view.setDefaultPadding(0.0)
        self._view.setLimits(minXRange=1e-3, minYRange=1e-4)
        self._dots = pg.ScatterPlotItem(size=5)
        self._stars = pg.ScatterPlotItem(size=9, symbol="star")
        self._best = BestMark(above=False)
        self._crosshair = pg.InfiniteLine(angle=90, movable=False)
        self._crosshair.setVisible(False)
        for depth, item in enumerate((self._dots, self._stars)):
            item.setZValue(10 + depth)
            self._canvas.addItem(item)
        self._best.add_to(self._canvas.getPlotItem())
        self._canvas.addItem(self._crosshair, ignoreBounds=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._canvas)
        self._canvas.setMinimumSize(0, 0)
        self.setMinimumSize(140, 100)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self._canvas.scene().sigMouseMoved.connect(self._on_pointer)
        self._canvas.left.connect(lambda: self._point_at(None))
        self.apply_theme(LIGHT)

    def set_curves(
        self,
        curves: Sequence[Points],
        lines: Sequence[Line],
        measure: Measure,
        axis_label: str,
        log: bool,
        hidden: frozenset[int],
    ) -> None:
        """Show these curves but for the hidden ones, each in the look of its line, and fit the picture to them."""
        self._hidden, self._emphasised = hidden, None
        self._curves, self._lines, self._measure = list(curves), list(lines), measure
        self._log = log
        style = "percent" if measure in SHARES else "number"
        plot = self._canvas.getPlotItem()
        if plot.getAxis("left") is not self._axes[style]:
            plot.setAxisItems({"left": self._axes[style]})
            self._dress_axes()
        plot.getAxis("left").setLogMode(x=False, y=log)
        plot.getAxis("bottom").setLabel(axis_label)
        self._draw()
        self._fit()

    def set_hidden(self, hidden: frozenset[int]) -> None:
        """Leave out the curves at these places."""
        if hidden != self._hidden:
            self._hidden = hidden
            self._draw()
            self._fit()

    def emphasise(self, place: int | None) -> None:
        """Let one curve stand out, or none."""
        if place != self._emphasised:
            self._emphasised = place
            self._set_pens()

    def shown(self) -> list[int]:
        """Return the places of the curves that are drawn and have points."""
        return [place for place in range(len(self._curves)) if self._is_shown(place)]

    def value_at(self, place: int, x: float) -> float | None:
        """Return the value of a curve at the point nearest to ``x``, or None if it has none there."""
        points = self._curves[place]
        index = nearest(points.x, x)
        if index is None or not points.x[0] <= x + self._reach() or x - self._reach() > points.x[-1]:
            return None
        return float(points.y[index])

    def best_text(self) -> str:
        """Return what is written at the best point of all, or nothing."""
        return self._best.text if self._best.place is not None else ""

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of ``theme``."""
        self._theme = theme
        self._canvas.setBackground(theme.surface)
        self._dress_axes()
        self._crosshair.setPen(QPen(QColor(theme.muted), 0, Qt.PenStyle.DotLine))
        self._best.apply_theme(theme)
        self._set_pens()

    def _dress_axes(self) -> None:
        width = QFontMetrics(self.font()).horizontalAdvance("0.00000") + GAP
        for axis in (*self._axes.values(), self._canvas.getAxis("bottom")):
            axis.setZValue(-1000)
            axis.setPen(self._theme.border)
            axis.setTextPen(self._theme.muted)
            axis.setTickPen(self._theme.grid)
        for axis in self._axes.values():
            axis.setWidth(width)

    def _is_shown(self, place: int) -> bool:
        return place not in self._hidden and len(self._curves[place].x) > 0

    def _scaled(self, values: np.ndarray) -> np.ndarray:
        if not self._log:
            return values
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(values > 0, np.log10(values), np.nan)

    def _draw(self) -> None:
        while len(self._items) < len(self._curves):
            item = pg.PlotCurveItem(connect="finite")
            self._canvas.addItem(item)
            self._items.append(item)
        for place, item in enumerate(self._items):
            if place < len(self._curves) and self._is_shown(place):
                x, y = self._curves[place]
                points = extremes(x, y, (x[0], x[-1]), _POINTS)
                item.setData(points.x, self._scaled(points.y))
            else:
                item.setData([], [])
        self._set_pens()
        self._mark_best()

    def _set_pens(self) -> None:
        """Give every line its look; one that is pointed at is broad, and the others are faint."""
        shown = self.shown()
        total = sum(min(len(self._curves[place].x), _POINTS) for place in shown)
        dots: list[tuple[np.ndarray, np.ndarray, QColor]] = []
        for place in shown:
            stands_out = place == self._emphasised
            faint = self._emphasised is not None and not stands_out
            line = self._lines[place]
            pen = line.pen(broad=total <= _MOST_SYMBOLS or (stands_out and total <= _MOST_DASHED), faint=faint,
                           dashed=total <= _MOST_DASHED)  # fmt: skip
            self._items[place].setPen(pen)
            self._items[place].setZValue(5 if stands_out else 0)
            if total <= _MOST_SYMBOLS or len(self._curves[place].x) == 1:
                x, y = self._curves[place]
                dots.append((x, self._scaled(y), pen.color()))
        self._dots.setData(
            np.concatenate([x for x, _, _ in dots] or [np.empty(0)]),
            np.concatenate([y for _, y, _ in dots] or [np.empty(0)]),
            brush=[brush for x, _, colour in dots for brush in [pg.mkBrush(colour)] * len(x)],
            pen=None,
        )

    def _mark_best(self) -> None:
        """Put a star on the best point of each curve, and a large one with its value on the best of all."""
        marks: list[tuple[float, float, QColor]] = []
        for place in self.shown():
            points = self._curves[place]
            index = best_place(points.y, self._measure)
            if index is not None:
                marks.append((float(points.x[index]), float(points.y[index]), self._lines[place].colour))
        places = np.array([(x, y) for x, y, _ in marks]).reshape(-1, 2)
        self._stars.setData(
            places[:, 0], self._scaled(places[:, 1]), brush=[pg.mkBrush(colour) for *_, colour in marks], pen=None
        )
        first = best_place(places[:, 1], self._measure)
        if first is None:
            self._best.show_at(None, "")
            return
        value = float(places[first, 1])
        text = f"{100 * value:.2f}%" if self._measure in SHARES else f"{value:.4f}"
        self._best.show_at((float(places[first, 0]), float(self._scaled(places[first, 1:])[0])), text)

    def _fit(self) -> None:
        """Show all that is drawn; of shares no more than it needs, since good runs differ by little."""
        shown = [self._curves[place] for place in self.shown()]
        if not shown:
            return
        values = self._scaled(np.concatenate([points.y for points in shown]))
        values = values[np.isfinite(values)]
        high = max(float(points.x[-1]) for points in shown)
        low = min(0.0, *(float(points.x[0]) for points in shown))
        self._view.setXRange(low, high if high > low else low + 1.0, padding=0.03)
        if len(values):
            bottom, top = float(values.min()), float(values.max())
            room = max((top - bottom) * _ROOM, 1e-3)
            self._view.setYRange(bottom - room, top + room, padding=0)
        place = self._best.place
        if place is not None:
            self._best.show_at(place, self._best.text)  # its text stays inside the picture

    def _reach(self) -> float:
        """Return how far from its ends a curve still answers the pointer."""
        low, high = self._view.viewRange()[0]
        return float(high - low) * 0.02

    def _on_pointer(self, position: QPointF) -> None:
        inside = self._view.sceneBoundingRect().contains(position)
        self._point_at(self._view.mapSceneToView(position).x() if inside else None)

    def _point_at(self, x: float | None) -> None:
        self._crosshair.setVisible(x is not None)
        if x is not None:
            self._crosshair.setPos(x)
        self.hovered.emit(x)
