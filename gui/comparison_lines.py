"""How the lines of compared runs are told apart: by colour, and where colours run out by their dashes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap

from gui.compared import ComparedRun
from gui.theme import SERIES, Theme

_DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)
_FAINT = 45  # of 255: the others, while one is pointed at
SAMPLE = QSize(30, 14)


class Line(NamedTuple):
    """A line's look."""

    colour: QColor
    dashes: Qt.PenStyle

    def pen(self, broad: bool = False, faint: bool = False, dashed: bool = True) -> QPen:
        """Return a pen; broad ones are for short lines only, and so are dashed ones: both are slow to paint."""
        colour = QColor(self.colour)
        if faint:
            colour.setAlpha(_FAINT)
        pen = QPen(colour, 2.0 if broad else 0.0, self.dashes if dashed else Qt.PenStyle.SolidLine)
        pen.setCosmetic(True)
        return pen


def lines_of(runs: Sequence[ComparedRun]) -> list[Line]:
    """Return a line for each run: in its own colour if it was given one, and no two alike as long as there are any."""
    taken: set[tuple[int, int]] = set()
    lines: list[Line | None] = [None] * len(runs)

    def take(place: int, colour: int) -> None:
        dashes = next((dash for dash in range(len(_DASHES)) if (colour, dash) not in taken), 0)
        taken.add((colour, dashes))
        lines[place] = Line(QColor(SERIES[colour]), _DASHES[dashes])

    for place, run in enumerate(runs):
        if run.record.colour is not None:
            take(place, run.record.colour % len(SERIES))
    for place, line in enumerate(lines):
        if line is None:
            used = [sum(colour == taken_colour for taken_colour, _ in taken) for colour in range(len(SERIES))]
            take(place, used.index(min(used)))
    return [line for line in lines if line is not None]


def sample(line: Line, theme: Theme, ratio: float = 1.0) -> QIcon:
    """Return a piece of a line as the picture in a list."""
    pixmap = QPixmap(SAMPLE * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(line.colour, 2.5, line.dashes)
    painter.setPen(pen)
    middle = SAMPLE.height() / 2
    painter.drawLine(QPointF(1, middle), QPointF(SAMPLE.width() - 1, middle))
    painter.end()
    return QIcon(pixmap)
