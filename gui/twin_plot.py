"""A plot of a few lines over the batches, under a row that names them and tells their latest values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontMetrics, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from gui.curve_axis import ReadableAxis
from gui.form import wrapped
from gui.theme import GAP, SPACE, Theme

# With more batches than this, points would cover the line; broad and dashed lines take long to paint.
_MOST_SYMBOLS = 100
_MOST_BROAD = 200
_MOST_DASHED = 500
_USUAL_BATCHES, _USUAL_LOSSES, _USUAL_LOGARITHMS = 50, (0.0, 2.5), (-9.0, 0.0)
_DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine)


class LinesPlot(QWidget):
    """Lines that grow to the right; on a plain axis the first is broad, and the second a dashed one upon it.

    Parameters
    ----------
    name : str
        The objectName of the plot.
    title, idea : str
        The quantity, and what it tells.
    lines : int
        How many lines there are, three at most.
    log : bool
        Whether the vertical axis is logarithmic; values that are not positive are left out then.
    """

    def __init__(
        self, name: str, title: str, idea: str, lines: int, log: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._log = log
        self._names = [""] * lines
        self._labels = [QLabel() for _ in range(lines)]
        self._values = [QLabel() for _ in range(lines)]
        self._colours = [QColor("black")] * lines
        left = _DifferenceAxis("left") if log else ReadableAxis("left")
        self._canvas = pg.PlotWidget(axisItems={"left": left, "bottom": ReadableAxis("bottom")}, enableMenu=False)
        self._canvas.setObjectName(name)
        self._canvas.setAccessibleName(title)
        self._canvas.setToolTip(wrapped(idea))
        self._canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._canvas.setMouseEnabled(False, False)
        self._canvas.hideButtons()
        self._canvas.getAxis("left").setLogMode(x=False, y=log)
        self._canvas.getAxis("left").setWidth(QFontMetrics(self.font()).horizontalAdvance("0.00000") + GAP)
        self._canvas.getViewBox().setLimits(minYRange=1e-6)
        # What such a plot usually spans, until there is something to fit it to.
        self._canvas.setXRange(0, _USUAL_BATCHES, padding=0.02)
        self._canvas.setYRange(*(_USUAL_LOGARITHMS if log else _USUAL_LOSSES))
        self._curves = [pg.PlotDataItem(symbolSize=4) for _ in range(lines)]
        for curve in self._curves:
            self._canvas.addItem(curve)
        self._title = QLabel(f"<b>{title}</b>")
        self._title.setToolTip(wrapped(idea))
        self._lay_out()

    def set_x_axis(self, label: str) -> None:
        """Name the horizontal axis."""
        self._canvas.getAxis("bottom").setLabel(label)

    def set_names(self, names: Sequence[str]) -> None:
        """Name the lines."""
        self._names = list(names)
        self._show_names()

    def set_lines(self, lines: Sequence[tuple[np.ndarray, np.ndarray]], last: int) -> None:
        """Show the lines, each as (places, values), on an axis up to ``last``."""
        for curve, label, (x, y) in zip(self._curves, self._values, lines, strict=True):
            drawn = np.isfinite(y) & (y > 0) if self._log else np.isfinite(y)
            curve.setData(x[drawn], np.log10(y[drawn]) if self._log else y[drawn])
            curve.setSymbol("o" if self._log and len(x) <= _MOST_SYMBOLS else None)
            label.setText(self._text(float(y[-1])) if len(y) else "")
        self._set_pens(max(len(x) for x, _ in lines))
        self._canvas.setXRange(0, max(last, 1), padding=0.02)
        if any(len(x) for x, _ in lines):
            self._canvas.enableAutoRange(axis="y")

    def lines(self) -> list[tuple[list[float], list[float]]]:
        """Return what is drawn: places and values of every line, logarithms on a logarithmic axis."""
        data = [curve.getData() for curve in self._curves]
        return [([], []) if x is None else (list(x), list(y)) for x, y in data]

    def values(self) -> list[str]:
        """Return the latest values as they are written."""
        return [label.text() for label in self._values]

    def apply_theme(self, theme: Theme, colours: Sequence[str]) -> None:
        """Take the colours of a scheme, and one for each line."""
        self._canvas.setBackground(theme.surface)
        for side in ("left", "bottom"):
            axis = self._canvas.getAxis(side)
            axis.setPen(theme.border)
            axis.setTextPen(theme.muted)
            axis.setTickPen(theme.grid)
        self._colours = [QColor(colour) for colour in colours]
        self._set_pens(0)
        for curve, colour in zip(self._curves, self._colours, strict=True):
            curve.setSymbolPen(colour)
            curve.setSymbolBrush(colour)
        self._show_names()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(SPACE)
        head.addWidget(self._title)
        head.addSpacing(GAP)
        width = QFontMetrics(self.font()).horizontalAdvance("0.0e-00 0")
        for label, value in zip(self._labels, self._values, strict=True):
            label.setProperty("muted", True)
            value.setMinimumWidth(width)
            head.addWidget(label)
            head.addWidget(value)
        head.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE)
        layout.addLayout(head)
        layout.addWidget(self._canvas, 1)
        self._canvas.setMinimumSize(160, 90)

    def _set_pens(self, points: int) -> None:
        """Draw the first of two lines broad, so that it can be seen under the other."""
        broad = 4 if not self._log and points <= _MOST_BROAD else 0
        for place, (curve, colour) in enumerate(zip(self._curves, self._colours, strict=True)):
            pen = QPen(colour, 0 if place else broad, _DASHES[place if points <= _MOST_DASHED else 0])
            pen.setCosmetic(True)
            if place == 0 and broad:
                faint = QColor(colour)
                faint.setAlpha(130)
                pen.setColor(faint)
            curve.setPen(pen)

    def _show_names(self) -> None:
        signs = ("━", "╍", "┅")
        for label, name, colour, sign in zip(self._labels, self._names, self._colours, signs, strict=False):
            label.setText(f'<span style="color:{colour.name()}">{sign}</span> {name}')

    def _text(self, value: float) -> str:
        if not self._log:
            return f"{value:.4f}"
        return f"{value:.1e}" if value else "0"


class _DifferenceAxis(ReadableAxis):
    """A logarithmic axis for numbers far below one."""

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Return the text at each tick."""
        return [f"{10**value:.0e}".replace("e-0", "e-").replace("e+00", "") for value in values]
