"""Paints the rows of the history: stars, colours, little curves, and words that say how a run ended."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QHelpEvent, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
    QWidget,
)

from engine.history.records import Array, RunRecord
from gui.form import wrapped
from gui.history_columns import COLUMNS, FIGURES, Column
from gui.history_model import HistoryModel
from gui.history_rows import Row
from gui.theme import GAP, LIGHT, SERIES, SPACE, Theme, mixed

ROW_HEIGHT = 28
SELECTED_SHARE = 0.2
"""Of the accent in the ground of a selected row, on which all colours can still be read."""

_DOT = 10  # pixels across
_WIDE_LETTER = 9
_STAR = [
    QPointF(radius * math.sin(step * math.pi / 5), -radius * math.cos(step * math.pi / 5))
    for step, radius in zip(range(10), (6.5, 2.7) * 5, strict=True)
]
_MIDDLE = int(Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)
_TO_THE_RIGHT = _MIDDLE | int(Qt.AlignmentFlag.AlignRight)
# As a number: an operation on Qt's flags takes longer in Python than painting a cell's ground.
_SELECTED = QStyle.StateFlag.State_Selected.value
_Index = QModelIndex | QPersistentModelIndex


class HistoryDelegate(QStyledItemDelegate):
    """Paints from the rows themselves; asking the model for every role of every cell would take longer."""

    def __init__(self, model: HistoryModel, view: QAbstractItemView) -> None:
        super().__init__(view)
        self._model = model
        self._view = view
        self._first, self._last = 0, 0
        self._curves: dict[int, tuple[RunRecord, QPolygonF]] = {}
        self.apply_theme(LIGHT)

    def apply_theme(self, theme: Theme) -> None:
        """Paint in the colours of ``theme``."""
        self._text, self._muted, self._accent = QColor(theme.text), QColor(theme.muted), QColor(theme.accent)
        self._curve = QColor(theme.validation)
        self._ground = mixed(self._accent, QColor(theme.surface), SELECTED_SHARE)
        self._surface, self._starred = QColor(theme.surface), QColor("#f0b429" if theme.dark else "#d18b00")
        self._statuses = {
            "running": self._accent,
            "completed": QColor(theme.good),
            "diverged": QColor(theme.bad),
            "failed": QColor(theme.bad),
        }
        self._figures = QFont(self._view.font())
        self._figures.setFeature(QFont.Tag("tnum"), 1)  # figures of one width stand under each other
        self._plain = QFont(self._view.font())
        self._bold = QFont(self._view.font())
        self._bold.setWeight(QFont.Weight.DemiBold)

    def begin(self, first: int, last: int) -> None:
        """Learn between which horizontal places of the table cells are to be painted now."""
        self._first, self._last = first, last

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """Return one height for all rows."""
        return QSize(40, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Paint a cell."""
        rect: QRect = option.rect
        if rect.left() > self._last or rect.right() < self._first:
            return  # Qt asks for all cells of a row of which one is to be painted
        row, column = self._model.row(index), COLUMNS[index.column()]
        if row is None:
            return
        if option.state.value & _SELECTED:
            painter.fillRect(rect, self._ground)
        inner = rect.adjusted(GAP - 2, 0, 2 - GAP, 0)
        if column == Column.STAR:
            self._paint_star(painter, rect, row.record.star)
        elif column == Column.CURVE:
            self._paint_curve(painter, inner, row)
        elif column == Column.NAME:
            self._paint_name(painter, inner, row)
        else:
            self._paint_text(painter, inner, row, column)

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: _Index) -> QWidget:
        """Return a field for the name."""
        editor = QLineEdit(parent)
        editor.setObjectName("runNameEditor")
        editor.setAccessibleName(self.tr("Name of the run"))
        editor.setFrame(False)
        editor.setMaxLength(200)
        return editor

    def setEditorData(self, editor: QWidget, index: _Index) -> None:
        """Fill the field, but leave alone what is being typed while the run goes on."""
        assert isinstance(editor, QLineEdit)
        if not editor.isModified():
            editor.setText(str(index.data(Qt.ItemDataRole.EditRole)))
            editor.selectAll()

    def helpEvent(
        self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: _Index
    ) -> bool:
        """Show a text that is cut off as a whole."""
        row, column = self._model.row(index), COLUMNS[index.column()] if index.isValid() else None
        if event.type() == QEvent.Type.ToolTip and row is not None and column in (Column.NETWORK, Column.BACKEND):
            QToolTip.showText(event.globalPos(), wrapped(self._model.text(row.record, column)), view)
            return True
        return super().helpEvent(event, view, option, index)

    def _paint_star(self, painter: QPainter, rect: QRect, is_set: bool) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(rect.center() + QPointF(0.5, 1).toPoint())
        painter.setPen(self._starred if is_set else self._muted)
        painter.setBrush(self._starred if is_set else Qt.BrushStyle.NoBrush)
        painter.drawPolygon(_STAR)
        painter.restore()

    def _paint_name(self, painter: QPainter, rect: QRect, row: Row) -> None:
        record = row.record
        colour = self._model.compared_colour(record.id)
        if colour is None and record.colour is not None:
            colour = QColor(SERIES[record.colour % len(SERIES)])
        if colour is not None:
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(self._surface)
            painter.setBrush(colour)
            painter.drawEllipse(rect.left(), rect.center().y() - _DOT // 2 + 1, _DOT, _DOT)
            painter.restore()
        rect = rect.adjusted(_DOT + SPACE + 2, 0, 0, 0)
        font = self._bold if record.id == self._model.current else self._plain
        self._write(painter, rect, record.name, font, self._text if row.matches else self._muted)

    def _paint_text(self, painter: QPainter, rect: QRect, row: Row, column: Column) -> None:
        record = row.record
        text = self._model.text(record, column)
        colour = self._text if row.matches else self._muted
        if column in FIGURES:
            painter.setFont(self._figures)
            painter.setPen(self._muted if text == "–" else colour)
            painter.drawText(rect, _TO_THE_RIGHT, text)
            return
        if column == Column.STATUS:
            colour = self._statuses.get(record.status, self._muted)
        elif column in (Column.DATASET, Column.BACKEND, Column.BEGAN):
            colour = self._muted
        self._write(painter, rect, text, self._figures if column == Column.BEGAN else self._plain, colour)

    def _write(self, painter: QPainter, rect: QRect, text: str, font: QFont, colour: QColor) -> None:
        painter.setFont(font)
        painter.setPen(colour)
        # Measuring costs more than writing; a text that has room enough in any case is not measured.
        if len(text) * _WIDE_LETTER > rect.width():
            text = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(rect, _MIDDLE, text)

    def _paint_curve(self, painter: QPainter, rect: QRect, row: Row) -> None:
        record = row.record
        known = self._curves.get(record.id)
        if known is None or known[0] is not record:
            if len(self._curves) > 5000:
                self._curves.clear()
            known = self._curves[record.id] = (record, unit_curve(record.thumbnail))
        polygon = known[1]
        if not polygon.size():
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(rect.left(), rect.top() + 6)
        painter.scale(max(1, rect.width()), max(1, rect.height() - 12))
        pen = QPen(self._curve if row.matches else self._muted, 1.3)
        pen.setCosmetic(True)
        painter.setPen(pen)
        if polygon.size() == 1:
            pen.setWidthF(4.0)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            painter.drawPoint(polygon.at(0))
        else:
            painter.drawPolyline(polygon)
        painter.restore()


def unit_curve(values: Array) -> QPolygonF:
    """Return a curve in a square of side 1, y downwards, without what is NaN; a flat one runs through the middle."""
    places = np.flatnonzero(np.isfinite(values))
    if not len(places):
        return QPolygonF()
    known = values[places].astype(float)
    low, high = known.min(), known.max()
    heights = (high - known) / (high - low) if high > low else np.full(len(known), 0.5)
    lengths = places / max(1, len(values) - 1)
    return QPolygonF([QPointF(x, y) for x, y in zip(lengths.tolist(), heights.tolist(), strict=True)])
