"""The table of the history: a tree of runs that keeps its place while runs go on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import msgspec
from PySide6.QtCore import (
    QByteArray,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QStyleOptionViewItem, QTreeView, QWidget

from engine.history.records import RunRecord
from gui.history_columns import COLUMNS, Column, headings
from gui.history_delegate import SELECTED_SHARE, HistoryDelegate
from gui.history_model import HistoryModel
from gui.theme import GAP, LIGHT, SPACE, Theme, mixed

# Columns that take the room that is left, one after the other, and how much of it; the last column takes the rest.
_GROWING = {Column.NAME: 220, Column.NETWORK: 90, Column.CURVE: 80}
# Begins a kept layout that knows the column of the runs' numbers; those of older sittings know only the others.
_WITH_NUMBERS = b"n"
_Flag = QItemSelectionModel.SelectionFlag


class HistoryView(QTreeView):
    """Shows a ``HistoryModel``; runs are named by their numbers, top to bottom."""

    selection_changed = Signal()
    let_go = Signal()  # the mouse holds no row any more

    def __init__(self, model: HistoryModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("historyTable")
        self.setAccessibleName(self.tr("Runs"))
        self._runs = model
        self._folded: set[int] = set()  # by a person; everything else is unfolded
        self._is_fitting = self._is_fitted_by_hand = False
        self.is_held = False  # while the mouse is down on a row
        self._delegate = HistoryDelegate(model, self)
        self.setModel(model)
        self.setItemDelegate(self._delegate)
        self._set_up_rows()
        self._set_up_header()
        model.arranged.connect(self._unfold)
        self.collapsed.connect(lambda index: self._folded.add(index.internalId()))
        self.expanded.connect(lambda index: self._folded.discard(index.internalId()))
        self.selectionModel().selectionChanged.connect(lambda: self.selection_changed.emit())
        # The outline of the row that has the keyboard goes across all its cells.
        self.selectionModel().currentRowChanged.connect(lambda: self.viewport().update())
        self.apply_theme(LIGHT)

    def set_runs(self, records: Sequence[RunRecord]) -> list[int]:
        """Show runs where the eye left them; return which of those known before changed."""
        top = self.indexAt(QPoint(0, 0)) if self.verticalScrollBar().value() else QModelIndex()
        run, offset = top.internalId(), self.visualRect(top).top()
        changed = self._runs.set_runs(records)
        if top.isValid() and self._runs.index_of(run).isValid():
            self.executeDelayedItemsLayout()
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() + self.visualRect(self._runs.index_of(run)).top() - offset)
        return changed

    def search(self, words: Sequence[str], starred: bool) -> None:
        """Show only runs in which all words are found."""
        self._runs.set_wanted(msgspec.structs.replace(self._runs.wanted, words=tuple(words), starred=starred))

    def selected(self) -> list[int]:
        """Return the selected runs that can be seen by unfolding nothing, from top to bottom."""
        chosen = {index.internalId() for index in self.selectionModel().selectedRows() if self._is_unfolded(index)}
        return [run for run in self._runs.shown() if run in chosen] if len(chosen) > 1 else list(chosen)

    def select(self, runs: Sequence[int]) -> None:
        """Select these runs, as far as they are shown, and bring the first into view."""
        indexes = [index for index in map(self._runs.index_of, runs) if index.isValid()]
        selection = QItemSelection()
        first = last = QModelIndex()
        for index in indexes:  # neighbours as one range: Qt compares every range with every other
            if last.isValid() and index.row() == last.row() + 1 and index.parent() == last.parent():
                last = index
                continue
            if first.isValid():
                selection.select(first, last)
            first = last = index
        if first.isValid():
            selection.select(first, last)
        self.selectionModel().select(selection, _Flag.ClearAndSelect | _Flag.Rows)
        if indexes:
            name = indexes[0].siblingAtColumn(Column.NAME)
            self.selectionModel().setCurrentIndex(name, _Flag.NoUpdate)
            self.scrollTo(name)

    def neighbour(self, runs: Sequence[int]) -> int | None:
        """Return the run below these, or else above them: the one to select when they go."""
        shown = self._runs.shown()
        places = [shown.index(run) for run in runs]
        behind = [run for run in shown[max(places, default=0) + 1 :] if run not in runs]
        before = [run for run in shown[: min(places, default=0)] if run not in runs]
        return behind[0] if behind else before[-1] if before else None

    def apply_theme(self, theme: Theme) -> None:
        """Paint in the colours of ``theme``."""
        self._delegate.apply_theme(theme)
        self._accent = QColor(theme.accent)
        # The arrows of families stand on the style's own ground, the cells on the delegate's.
        ground = mixed(QColor(theme.accent), QColor(theme.surface), SELECTED_SHARE).name()
        self.setStyleSheet(
            f"QTreeView {{ selection-background-color: {ground}; selection-color: {theme.text}; }}"
            f"QHeaderView::section {{ padding: {SPACE}px {GAP - 2}px; background: {theme.window};"
            f" color: {theme.muted}; border: none; border-bottom: 1px solid {theme.border}; }}"
        )
        self.viewport().update()

    def header_state(self) -> bytes:
        """Return which columns are shown, how wide, in which order, and what is sorted by."""
        by_hand = b"1" if self._is_fitted_by_hand else b"0"
        return _WITH_NUMBERS + by_hand + bytes(self.header().saveState().data())

    def restore_header(self, state: bytes) -> None:
        """Bring the columns back as they were; what does not fit changes nothing."""
        has_numbers, state = state.startswith(_WITH_NUMBERS), state.removeprefix(_WITH_NUMBERS)
        if self.header().restoreState(QByteArray(state[1:])):
            if not has_numbers:
                self._place_numbers()
            self._is_fitted_by_hand = state[:1] == b"1"
            self._fit_names()
            self._runs.sort(self.header().sortIndicatorSection(), self.header().sortIndicatorOrder())
            self.setColumnHidden(Column.NAME, False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give names the room that is left, until a person decides how wide columns are."""
        super().resizeEvent(event)
        self._fit_names()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint what is needed."""
        self._delegate.begin(event.rect().left(), event.rect().right())
        super().paintEvent(event)

    def drawRow(
        self, painter: QPainter, options: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint a row, with an outline where the keyboard is."""
        super().drawRow(painter, options, index)
        if self.hasFocus() and index.internalId() == self.currentIndex().internalId():
            painter.setPen(self._accent)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(options.rect.adjusted(0, 0, -1, -1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Set or take away a star, which selects nothing."""
        self.is_held = event.button() == Qt.MouseButton.LeftButton  # the others open menus, which take the release
        if not self._toggle_star(event):
            super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Tell that rows may move again."""
        super().mouseReleaseEvent(event)
        self.is_held = False
        self.let_go.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Take two quick clicks on a star for two clicks."""
        if not self._toggle_star(event):
            super().mouseDoubleClickEvent(event)

    def rename(self) -> None:
        """Let a person edit the name of the current run."""
        name = self.currentIndex().siblingAtColumn(Column.NAME)
        self.selectionModel().setCurrentIndex(name, _Flag.NoUpdate)  # whichever modifier key is held
        self.edit(name)

    def _toggle_star(self, event: QMouseEvent) -> bool:
        index = self.indexAt(event.position().toPoint())
        row = self._runs.row(index)
        if row is None or index.column() != Column.STAR or event.button() != Qt.MouseButton.LeftButton:
            return False
        self._runs.annotate(row.record.id, star=not row.record.star)
        return True

    def _fit_names(self) -> None:
        if self._is_fitted_by_hand:
            return
        widths = {column: headings()[column].width for column in COLUMNS if not self.isColumnHidden(column)}
        left = max(0, self.viewport().width() - sum(widths.values()))
        self._is_fitting = True
        for column, most in _GROWING.items():
            if column in widths:
                more = min(left, most)
                self.setColumnWidth(column, widths[column] + more)
                left -= more
        self._is_fitting = False

    def _note_width(self, column: int) -> None:
        # The last column follows the table.
        is_last = self.header().visualIndex(column) == self.header().count() - 1
        if self.isVisible() and not self._is_fitting and not is_last:
            self._is_fitted_by_hand = True

    def _is_unfolded(self, index: QModelIndex) -> bool:
        above = index.parent()
        while above.isValid():
            if not self.isExpanded(above):
                return False
            above = above.parent()
        return True

    def _unfold(self) -> None:
        """Unfold every family that nobody folded."""
        for run in self._runs.parents():
            if run not in self._folded:
                self.expand(self._runs.index_of(run))

    def _set_up_rows(self) -> None:
        self.setUniformRowHeights(True)
        self.setTreePosition(Column.NAME)
        self.setIndentation(16)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)

    def _set_up_header(self) -> None:
        header = self.header()
        header.setObjectName("historyHeader")
        header.setAccessibleName(self.tr("Columns; a click sorts by one, the menu hides some"))
        header.setStretchLastSection(True)
        header.setSectionsMovable(True)
        header.setMinimumSectionSize(28)
        header.setHighlightSections(False)
        for column, heading in enumerate(headings()):
            self.setColumnWidth(column, heading.width)
        self._place_numbers()
        header.setSectionResizeMode(Column.STAR, QHeaderView.ResizeMode.Fixed)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._show_columns_menu)
        header.sectionResized.connect(lambda column, before, now: self._note_width(column))
        self.setSortingEnabled(True)
        self.sortByColumn(Column.BEGAN, Qt.SortOrder.DescendingOrder)

    def _place_numbers(self) -> None:
        """Put the numbers of the runs before their names, where the eye looks for what a message calls a run."""
        self.header().moveSection(self.header().visualIndex(Column.NUMBER), 1)
        self.setColumnWidth(Column.NUMBER, headings()[Column.NUMBER].width)

    def columns_menu(self) -> QMenu:
        """Return a menu in which columns are shown and hidden."""
        menu = QMenu(self)
        menu.setObjectName("historyColumnsMenu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        for column in sorted(COLUMNS, key=self.header().visualIndex):
            heading = headings()[column]
            action = menu.addAction(heading.title)
            action.setObjectName(f"history{column.name.title()}ColumnAction")
            action.setCheckable(True)
            action.setChecked(not self.isColumnHidden(column))
            action.setEnabled(column != Column.NAME)
            action.setToolTip(heading.idea)
            action.toggled.connect(partial(self._show_column, column))
        return menu

    def _show_column(self, column: int, is_shown: bool) -> None:
        self.setColumnHidden(column, not is_shown)
        self._fit_names()

    def _show_columns_menu(self, position: QPoint) -> None:
        self.columns_menu().popup(self.header().mapToGlobal(position))
