"""What is written onto the curves: the best epoch, and where a setting was changed."""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontMetrics, QPen

from gui.theme import GAP, LIGHT, Theme

# Labels that would overlap move down by one of these rows; where all are taken, the line stands alone.
_ROWS = 3


class BestMark:
    """A star on the best epoch, with its value beside it.

    Parameters
    ----------
    above : bool
        Whether the text stands above the star; below suits values near the top. Where it would leave the picture, it
        stands on the other side.
    """

    def __init__(self, above: bool) -> None:
        self._star = pg.ScatterPlotItem(size=16, symbol="star")
        self._text = pg.TextItem()
        self._shown: tuple[tuple[float, float] | None, str] = (None, "")
        self._is_above = above
        self._star.setZValue(20)
        self._text.setZValue(21)

    def add_to(self, plot: pg.PlotItem) -> None:
        """Put the mark into a plot."""
        plot.addItem(self._star)
        plot.addItem(self._text, ignoreBounds=True)

    def show_at(self, place: tuple[float, float] | None, text: str) -> None:
        """Mark ``place`` (x, y), or nothing."""
        self._text.setVisible(place is not None)
        if place is None:
            self._star.clear()
            self._shown = (None, "")
            return
        if (place, text) != self._shown:
            self._star.setData([place[0]], [place[1]])
            self._text.setText(text)
            self._text.setPos(*place)
        self._shown = (place, text)
        self.keep_inside()

    def keep_inside(self, *_: object) -> None:
        """Put the text where it stays inside the picture, whose size or range may have changed."""
        place, _text = self._shown
        view = self._star.getViewBox()
        if place is None or view is None:
            return
        (low, high), (bottom, top) = view.viewRange()
        room = self._text.boundingRect().height() * 1.2 * (top - bottom) / max(view.height(), 1.0)
        is_above = place[1] + room <= top if self._is_above else place[1] - room < bottom
        # To the left of a star in the right half, or as far to the left as there is room.
        width = self._text.boundingRect().width() * (high - low) / max(view.width(), 1.0)
        before, after = (place[0] - low) / max(width, 1e-12), (high - place[0]) / max(width, 1e-12)
        along = min(1.0, before) if before > after else max(0.0, 1.0 - after)
        self._text.setAnchor((along, 1.2 if is_above else -0.2))

    @property
    def place(self) -> tuple[float, float] | None:
        """Where the star is, or None."""
        position = self._text.pos()
        return (position.x(), position.y()) if self._text.isVisible() else None

    @property
    def text(self) -> str:
        """What is written beside the star."""
        return str(self._text.toPlainText())

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of ``theme``."""
        self._star.setPen(theme.surface)
        self._star.setBrush(theme.good)
        self._text.setColor(theme.text)
        self._text.fill = pg.mkBrush(_veil(theme, 130))  # the curves nearby still show


class ChangeMarks:
    """Dashed vertical lines where a setting was changed, each with what changed.

    Parameters
    ----------
    canvas : pyqtgraph.PlotWidget
    labelled : bool
        Whether the lines carry their texts; once is enough for plots with a common x axis.
    """

    def __init__(self, canvas: pg.PlotWidget, labelled: bool) -> None:
        self._canvas = canvas
        self._labelled = labelled
        self._lines: list[pg.InfiniteLine] = []
        self._labels: list[pg.InfLineLabel] = []
        self._theme = LIGHT

    def show(self, changes: Sequence[tuple[float, str]]) -> None:
        """Mark each change (x, text), in rising order of x."""
        while len(self._lines) < len(changes):
            self._add_line()
        for number, line in enumerate(self._lines):
            line.setVisible(number < len(changes))
            if number < len(changes):
                line.setPos(changes[number][0])
        if self._labelled:
            self._place_labels(changes)

    def places(self) -> list[float]:
        """Return where the lines stand."""
        return [line.value() for line in self._lines if line.isVisible()]

    def texts(self) -> list[str]:
        """Return the texts that can be read now."""
        return [label.format for label in self._labels if label.isVisible()]

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of ``theme``."""
        self._theme = theme
        for line in self._lines:
            line.setPen(QPen(QColor(theme.muted), 0, Qt.PenStyle.DashLine))
        for label in self._labels:
            label.setColor(theme.text)
            label.fill = pg.mkBrush(_veil(theme, 225))

    def _add_line(self) -> None:
        line = pg.InfiniteLine(angle=90, movable=False)
        # Above the curves; a label, which reaches to the right, above the lines that come after it.
        line.setZValue(10 - len(self._lines) / 1000)
        self._canvas.addItem(line, ignoreBounds=True)
        self._lines.append(line)
        if self._labelled:
            label = pg.InfLineLabel(line, "", anchors=[(0, 0), (0, 0)])
            self._labels.append(label)
        self.apply_theme(self._theme)

    def _place_labels(self, changes: Sequence[tuple[float, str]]) -> None:
        view = self._canvas.getPlotItem().getViewBox()
        metrics = QFontMetrics(self._canvas.font())
        pixel = max(view.viewPixelSize()[0], 1e-12)
        height = max(view.height(), 1.0)
        low, high = view.viewRange()[0]
        ends = [float("-inf")] * _ROWS
        for label, (x, text) in zip(self._labels, changes, strict=False):
            width = (metrics.horizontalAdvance(text) + 2 * GAP) * pixel
            start = max(low, min(x, high - width))
            row = next((row for row, end in enumerate(ends) if start >= end), None)
            label.setVisible(row is not None and low <= x <= high)
            if row is None:
                continue
            ends[row] = start + width
            label.anchors = [((x - start) / width, 0)] * 2
            label.setFormat(text)
            label.setPosition(1 - row * (metrics.height() + GAP) / height)
        for label in self._labels[len(changes) :]:
            label.setVisible(False)


def _veil(theme: Theme, alpha: int) -> QColor:
    colour = QColor(theme.surface)
    colour.setAlpha(alpha)
    return colour
