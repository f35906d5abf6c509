"""The table beside compared curves: what came out of each run, and the settings in which they differ."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QGuiApplication, QIcon, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from gui.comparison import Row
from gui.comparison_lines import SAMPLE
from gui.theme import GAP, LIGHT, SPACE, Theme

_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
_WIDEST = 200  # pixels of a column


class ComparisonModel(QAbstractTableModel):
    """A column for each run and a row for each result and setting."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._rows: list[Row] = []
        self._names: list[str] = []
        self._samples: list[QIcon] = []
        self._bold = QFont()
        self._bold.setBold(True)

    def set_rows(self, rows: Sequence[Row], names: Sequence[str], samples: Sequence[QIcon]) -> None:
        """Show these rows under the runs' names, each with a piece of its line."""
        self.beginResetModel()
        self._rows, self._names, self._samples = list(rows), list(names), list(samples)
        self.endResetModel()

    def apply_theme(self, theme: Theme) -> None:
        """Take on the colours of a scheme."""
        self._theme = theme
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, len(self._names) - 1))

    def text(self) -> str:
        """Return the whole table as lines of tab-separated texts."""
        lines = ["\t".join(["", *self._names])]
        lines += ["\t".join([row.name, *row.texts]) for row in self._rows]
        return "\n".join(lines)

    def widths(self, metrics: QFontMetrics) -> list[int]:
        """Return how wide the longest text of each column is; the header's has a piece of a line before it."""
        widths = []
        for place, name in enumerate(self._names):
            longest = max((row.texts[place] for row in self._rows), key=len, default="")
            widths.append(max(metrics.horizontalAdvance(longest), metrics.horizontalAdvance(name) + SAMPLE.width()))
        return widths

    def rowCount(self, parent: _Index = _NOWHERE) -> int:
        """Return how many rows there are."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = _NOWHERE) -> int:
        """Return how many runs there are."""
        return 0 if parent.isValid() else len(self._names)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return what a cell shows: the best values stand out by weight, colour and a star."""
        row = self._rows[index.row()]
        text, is_best = row.texts[index.column()], index.column() in row.best
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return f"★ {text}" if is_best else text
            case Qt.ItemDataRole.ToolTipRole:
                return self.tr("{value}: the best of these runs").format(value=text) if is_best else text
            case Qt.ItemDataRole.AccessibleTextRole:
                return self.tr("{value}, the best").format(value=text) if is_best else text
            case Qt.ItemDataRole.FontRole if is_best:
                return self._bold
            case Qt.ItemDataRole.ForegroundRole:
                if is_best:
                    return QColor(self._theme.good)
                return QColor(self._theme.text if row.is_result or row.differs else self._theme.muted)
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:  # fmt: skip
        """Return the run's name with a piece of its line, or what the row tells."""
        if orientation == Qt.Orientation.Horizontal:
            if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
                return self._names[section]
            if role == Qt.ItemDataRole.DecorationRole:
                return self._samples[section]
        elif role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._rows[section].name
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        return None


class ComparisonTable(QTableView):
    """Shows the rows; Ctrl+C copies them as a table that spreadsheets understand."""

    def __init__(self, model: ComparisonModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("comparisonTable")
        self._model = model
        self.setModel(model)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.horizontalHeader().setSectionsClickable(False)
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.verticalHeader().setSectionsClickable(False)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setCornerButtonEnabled(False)

    def fit_columns(self) -> None:
        """Give every column the width that its texts need, up to a limit."""
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 2 * SPACE)
        for column, width in enumerate(self._model.widths(self.fontMetrics())):
            self.setColumnWidth(column, min(width + 4 * GAP, _WIDEST))

    def copy(self) -> None:
        """Put the table on the clipboard."""
        QGuiApplication.clipboard().setText(self._model.text())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy with the usual keys."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        else:
            super().keyPressEvent(event)

    def apply_theme(self, theme: Theme) -> None:
        """Take on the colours of a scheme."""
        self._model.apply_theme(theme)
        self.setStyleSheet(
            f"QTableView {{ background: {theme.surface}; border: 1px solid {theme.border}; border-radius: 4px; }}"
            f"QTableView::item {{ padding: 0 {GAP}px; }}"
            f"QHeaderView, QTableCornerButton::section {{ background: {theme.window}; }}"
            f"QHeaderView::section {{ padding: {SPACE}px {GAP}px; background: {theme.window}; color: {theme.muted};"
            f" border: none; border-bottom: 1px solid {theme.border}; }}"
            f"QHeaderView::section:vertical {{ border-bottom: none; border-right: 1px solid {theme.border};"
            f" padding: 0 {GAP}px; }}"
        )
