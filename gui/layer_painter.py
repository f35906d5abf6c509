"""Paints the rows of the editor's tree: a description with the layer's name, and the sentence of what is wrong."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTreeView

from gui.theme import LIGHT, SPACE, Theme

NOTE_ROLE = int(Qt.ItemDataRole.UserRole) + 1  # what is written smaller behind the title
ERROR_ROLE = int(Qt.ItemDataRole.UserRole) + 2  # the sentence under a layer that does not fit
BRANCH_ROLE = int(Qt.ItemDataRole.UserRole) + 3  # whether the row is a branch

_Index = QModelIndex | QPersistentModelIndex
_WRAP = int(Qt.TextFlag.TextWordWrap)


class LayerPainter(QStyledItemDelegate):
    """Paints cells at the height of one line at the top of their row, and gives room for a sentence below.

    Parameters
    ----------
    view : QTreeView
    """

    def __init__(self, view: QTreeView) -> None:
        super().__init__(view)
        self._view = view
        self._theme = LIGHT

    def apply_theme(self, theme: Theme) -> None:
        """Paint in the colours of ``theme``."""
        self._theme = theme
        self._view.viewport().update()

    def line_height(self) -> int:
        """Return the height of a row without a sentence."""
        return self._view.fontMetrics().height() + 2 * SPACE

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """Return the room a cell needs; the sentence counts for the first one, which spans the row."""
        height = self.line_height()
        if index.column() == 0:
            error = index.data(ERROR_ROLE)
            return QSize(0, height + self._sentence_height(error) if error else height)
        width = self._view.fontMetrics().horizontalAdvance(str(index.data()))
        return QSize(width + 2 * SPACE, height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Paint a cell's background as the style does, and its text on the first line."""
        cell = QStyleOptionViewItem(option)
        self.initStyleOption(cell, index)
        text, cell.text = cell.text, ""
        style = self._view.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, cell, painter, self._view)
        line = cell.rect.adjusted(SPACE // 2, 0, -SPACE, 0)
        line.setHeight(self.line_height())
        painter.save()
        painter.setFont(cell.font)
        strong, weak = self._colours(cell, index)
        if index.column() == 0:
            self._paint_title(painter, line, cell.fontMetrics, text, str(index.data(NOTE_ROLE) or ""), strong, weak)
        else:
            painter.setPen(strong if index.column() == 1 else weak)
            painter.drawText(line, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), text)
        painter.restore()

    def paint_sentence(self, painter: QPainter, option: QStyleOptionViewItem, row: QRect, index: _Index) -> None:
        """Write what is wrong under a row's cells, over its whole width."""
        error = index.data(ERROR_ROLE)
        if not error:
            return
        selected = self._view.selectionModel().isRowSelected(index.row(), index.parent())
        painter.save()
        painter.setPen(QColor(self._theme.on_accent if selected else self._theme.bad))
        painter.setFont(option.font)
        room = self._sentence_room().translated(0, row.top() + self.line_height() - SPACE)
        painter.drawText(room, _WRAP, error)
        painter.restore()

    def _paint_title(
        self, painter: QPainter, line: QRect, metrics: QFontMetrics, title: str, note: str, strong: QColor, weak: QColor
    ) -> None:
        elide = Qt.TextElideMode.ElideRight
        painter.setPen(strong)
        flags = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(line, flags, metrics.elidedText(title, elide, line.width()))
        rest = line.adjusted(metrics.horizontalAdvance(title) + 2 * SPACE, 0, 0, 0)
        # A name of which only a few letters would be left says nothing.
        if note and rest.width() >= min(metrics.horizontalAdvance(note) + SPACE, 8 * metrics.averageCharWidth()):
            painter.setPen(weak)
            painter.drawText(rest, flags, metrics.elidedText(note, elide, rest.width()))

    def _colours(self, cell: QStyleOptionViewItem, index: _Index) -> tuple[QColor, QColor]:
        if cell.state & QStyle.StateFlag.State_Selected:
            colour = cell.palette.color(QPalette.ColorRole.HighlightedText)
            return colour, colour
        if index.sibling(index.row(), 0).data(ERROR_ROLE):
            return QColor(self._theme.bad), QColor(self._theme.bad)
        muted = QColor(self._theme.muted)
        return (muted if index.sibling(index.row(), 0).data(BRANCH_ROLE) else QColor(self._theme.text)), muted

    def _sentence_room(self) -> QRect:
        return QRect(4 * SPACE, 0, max(80, self._view.viewport().width() - 6 * SPACE), 10_000)

    def _sentence_height(self, sentence: str) -> int:
        room = self._view.fontMetrics().boundingRect(self._sentence_room(), _WRAP, sentence)
        return room.height() + SPACE
