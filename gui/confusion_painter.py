"""Paints a confusion matrix: cells, counts, names, recall and precision."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QCoreApplication, QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter

from gui.confusion_colours import cell_colours, readable_ink
from gui.confusion_facts import ConfusionFacts
from gui.confusion_layout import ConfusionLayout
from gui.theme import SPACE, Theme

_GRID_FROM = 7.0  # pixels: from this size on, cells have a gap between them
_COUNT_HEIGHT, _SMALLEST_COUNT = 12.0, 9

_MIDDLE = Qt.AlignmentFlag.AlignVCenter


class ConfusionPainter:
    """What is painted of a matrix, in the places of a layout.

    Parameters
    ----------
    facts : ConfusionFacts
    layout : ConfusionLayout
    theme : Theme
    """

    def __init__(self, facts: ConfusionFacts, layout: ConfusionLayout, theme: Theme) -> None:
        self._facts = facts
        self._layout = layout
        self._theme = theme

    def paint(self, painter: QPainter) -> None:
        """Paint everything but the chosen cell."""
        painter.setFont(self._layout.font)
        colours = cell_colours(self._facts, self._theme)
        cells = self._layout.cells
        count = self._facts.classes
        data = np.ascontiguousarray(colours)
        painter.drawImage(cells, QImage(data.data, count, count, 3 * count, QImage.Format.Format_RGB888))
        if min(self._layout.width, self._layout.height) >= _GRID_FROM:
            painter.setPen(QColor(self._theme.border))
            lines = [
                QLineF(self._layout.cell(place, 0).topLeft(), self._layout.cell(place, count).topLeft())
                for place in range(count + 1)
            ]
            lines += [
                QLineF(self._layout.cell(0, place).topLeft(), self._layout.cell(count, place).topLeft())
                for place in range(count + 1)
            ]
            painter.drawLines(lines)
        else:
            painter.setPen(QColor(self._theme.border))
            painter.drawRect(cells)
        self._paint_counts(painter, colours)
        if self._layout.titles:
            self._paint_names(painter)
            self._paint_titles(painter)
        if self._layout.right:
            self._paint_figures(painter)

    def _paint_counts(self, painter: QPainter, colours: np.ndarray) -> None:
        if self._layout.height < _COUNT_HEIGHT:
            return
        matrix = self._facts.matrix
        diagonal = np.eye(self._facts.classes, dtype=bool)
        inks = [QColor(self._theme.text), QColor(self._theme.on_accent)]
        which = readable_ink(colours, inks)
        # Right answers are many, and need smaller figures than mistakes: one size for each, or none if it is too small.
        for places in (diagonal, ~diagonal):
            counts = np.where(places, matrix, 0)
            font = _fitting(self._layout.font, str(counts.max()), self._layout.width - 3)
            if font is None:
                continue
            painter.setFont(font)
            metrics = QFontMetricsF(font)
            digit, drop = metrics.horizontalAdvance("0"), (metrics.ascent() - metrics.descent()) / 2
            for ink, colour in enumerate(inks):
                painter.setPen(colour)
                for row, column in np.argwhere((counts > 0) & (which == ink)).tolist():
                    # At a point: much quicker than within a rectangle, and there can be hundreds.
                    text = str(matrix[row, column])
                    x = self._layout.cells.x() + (column + 0.5) * self._layout.width - digit * len(text) / 2
                    y = self._layout.cells.y() + (row + 0.5) * self._layout.height + drop
                    painter.drawText(QPointF(x, y), text)
        painter.setFont(self._layout.font)

    def _paint_names(self, painter: QPainter) -> None:
        metrics = QFontMetricsF(self._layout.font)
        painter.setPen(QColor(self._theme.text))
        cells, tall = self._layout.cells, metrics.height()
        elide = Qt.TextElideMode.ElideRight
        for place, name in enumerate(self._facts.names):
            cell = self._layout.cell(place, place)
            if place % self._layout.row_step == 0:
                room = QRectF(
                    cells.left() - self._layout.left, cell.center().y() - tall / 2, self._layout.left - SPACE, tall
                )
                text = metrics.elidedText(name, elide, room.width())
                painter.drawText(room, _MIDDLE | Qt.AlignmentFlag.AlignRight, text)
            if place % self._layout.column_step == 0:
                length = self._layout.top - SPACE
                foot = QPointF(cell.center().x(), cells.top() - SPACE)
                if self._layout.rotated_names:
                    _write_upwards(painter, foot, length, metrics.elidedText(name, elide, length))
                else:
                    room = QRectF(cell.left(), cells.top() - self._layout.top, cell.width(), length)
                    painter.drawText(room, _MIDDLE | Qt.AlignmentFlag.AlignHCenter, name)

    def _paint_titles(self, painter: QPainter) -> None:
        painter.setPen(QColor(self._theme.muted))
        cells, titles, centre = self._layout.cells, self._layout.titles, Qt.AlignmentFlag.AlignCenter
        above = QRectF(cells.left(), cells.top() - self._layout.top - titles, cells.width(), titles)
        painter.drawText(above, centre, _tr("Answer"))
        x = cells.left() - self._layout.left - titles / 2
        _write_upwards(painter, QPointF(x, cells.bottom()), cells.height(), _tr("Truth"), centred=True)
        if self._layout.right:
            below = QRectF(cells.left(), cells.bottom() + self._layout.bottom, cells.width(), titles)
            painter.drawText(below, centre, _tr("Precision, %"))
            x = cells.right() + self._layout.right + titles / 2
            _write_upwards(painter, QPointF(x, cells.bottom()), cells.height(), _tr("Recall, %"), centred=True)

    def _paint_figures(self, painter: QPainter) -> None:
        painter.setPen(QColor(self._theme.muted))
        cells = self._layout.cells
        for place, (recall, precision) in enumerate(zip(self._facts.recall, self._facts.precision, strict=True)):
            cell = self._layout.cell(place, place)
            room = QRectF(cells.right() + SPACE, cell.top(), self._layout.right - SPACE, cell.height())
            painter.drawText(room, _MIDDLE | Qt.AlignmentFlag.AlignRight, _figure(recall))
            if self._layout.rotated_figures:
                foot = QPointF(cell.center().x(), cells.bottom() + self._layout.bottom)
                _write_upwards(painter, foot, self._layout.bottom - SPACE, _figure(precision), at_end=True)
            else:
                room = QRectF(cell.left(), cells.bottom() + SPACE, cell.width(), self._layout.bottom - SPACE)
                painter.drawText(room, Qt.AlignmentFlag.AlignCenter, _figure(precision))


def _fitting(font: QFont, text: str, room: float) -> QFont | None:
    """Return the font, made smaller where a text needs it; None if it could not be read."""
    for size in range(font.pixelSize(), _SMALLEST_COUNT - 1, -1):
        smaller = QFont(font)
        smaller.setPixelSize(size)
        if QFontMetricsF(smaller).horizontalAdvance(text) <= room:
            return smaller
    return None


def _figure(share: float) -> str:
    if math.isnan(share):
        return "–"
    return "100" if share == 1 else f"{min(100 * share, 99.9):.1f}"


def _write_upwards(
    painter: QPainter, foot: QPointF, length: float, text: str, centred: bool = False, at_end: bool = False
) -> None:
    """Write a text that runs upwards from ``foot``, in the middle or at the end of its ``length`` if asked."""
    painter.save()
    painter.translate(foot)
    painter.rotate(-90)
    align = Qt.AlignmentFlag.AlignHCenter if centred else Qt.AlignmentFlag.AlignLeft
    painter.drawText(QRectF(0, -10, length, 20), _MIDDLE | (Qt.AlignmentFlag.AlignRight if at_end else align), text)
    painter.restore()


def _tr(text: str) -> str:
    return QCoreApplication.translate("ConfusionPainter", text)
