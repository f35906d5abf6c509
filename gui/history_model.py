"""The model of the history's table: a tree of runs, sorted and filtered, that changes only what changed."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor

from engine.history.records import RunRecord
from gui.form import wrapped
from gui.history_columns import COLUMNS, FIGURES, Column, cell_text, headings, status_sentence
from gui.history_rows import Arrangement, Row, Wanted

_Index = QModelIndex | QPersistentModelIndex
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_Role = Qt.ItemDataRole
_USUAL = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
_EDITABLE = _USUAL | Qt.ItemFlag.ItemIsEditable
_ROOT = QModelIndex()


class HistoryModel(QAbstractItemModel):
    """Runs as rows; an index carries its run's number as ``internalId``.

    Sorting and filtering are done here and not by a proxy, which would call back for every comparison: a thousand
    runs are sorted in a few milliseconds.
    """

    annotated = Signal(int, object)  # a run, and what a person says of it, as a dict of columns
    arranged = Signal()  # other rows, or in another order

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._records: dict[int, RunRecord] = {}
        self._wanted = Wanted()
        self._arrangement = Arrangement()
        self._headings = headings()
        self._texts: dict[int, dict[Column, str]] = {}
        self._today = datetime.date.today()
        self._colours: dict[int, QColor] = {}
        self.current: int | None = None  # the run that is being recorded now

    # What is shown

    def set_runs(self, records: Sequence[RunRecord]) -> list[int]:
        """Show these runs, and return which of those known before changed; rows that stay keep their indexes."""
        today = datetime.date.today()
        if today != self._today:
            self._today, self._texts = today, {}
        before = self._records
        self._records = {record.id: record for record in records}
        changed = [
            run for run, record in self._records.items() if run in before and before[run] is not record
        ]  # fmt: skip
        for run in changed:
            self._texts.pop(run, None)
        if changed or before.keys() != self._records.keys():
            self._rearrange(changed)
        return changed

    def set_wanted(self, wanted: Wanted) -> None:
        """Show only runs that are wanted, in this order."""
        if wanted != self._wanted:
            self._wanted = wanted
            self._rearrange(())

    def set_current(self, run: int | None) -> None:
        """Tell which run is being recorded now."""
        before, self.current = self.current, run
        self._tell_changed([known for known in (before, run) if known is not None])

    def set_compared(self, colours: Mapping[int, QColor]) -> None:
        """Mark runs by the colours that they have in a comparison."""
        before, self._colours = self._colours, dict(colours)
        touched = [run for run in before.keys() | colours.keys() if before.get(run) != colours.get(run)]
        self._tell_changed(sorted(touched), Column.NAME, Column.NAME)

    @property
    def wanted(self) -> Wanted:
        """Which runs are shown, and in which order."""
        return self._wanted

    def record(self, run: int) -> RunRecord | None:
        """Return a run, shown or not; None if there is none."""
        return self._records.get(run)

    def row(self, index: _Index) -> Row | None:
        """Return what stands at an index; None if nothing does."""
        return self._arrangement.rows.get(index.internalId()) if index.isValid() else None

    def compared_colour(self, run: int) -> QColor | None:
        """Return the colour of a run in the comparison, if it is in one."""
        return self._colours.get(run)

    def counts(self) -> tuple[int, int]:
        """Return how many runs are found, not counting those that are there for one under them, and how many exist."""
        return sum(row.matches for row in self._arrangement.rows.values()), len(self._records)

    def shown(self) -> list[int]:
        """Return the runs that are shown, from top to bottom."""
        return [run for run, _ in self._arrangement.order()]

    def parents(self) -> list[int]:
        """Return the runs under which others stand."""
        return [run for run, row in self._arrangement.rows.items() if row.children]

    def index_of(self, run: int, column: int = 0) -> QModelIndex:
        """Return where a run is; an invalid index if it is not shown."""
        row = self._arrangement.rows.get(run)
        return QModelIndex() if row is None else self.createIndex(row.place, column, run)

    def text(self, record: RunRecord, column: Column) -> str:
        """Return what a cell says."""
        texts = self._texts.setdefault(record.id, {})
        if column not in texts:
            texts[column] = cell_text(record, column, self._today)
        return texts[column]

    def annotate(self, run: int, **values: object) -> None:
        """Show what a person says of a run at once, and tell it."""
        record = self._records.get(run)
        if record is None or all(getattr(record, name) == value for name, value in values.items()):
            return
        self._records[run] = msgspec.structs.replace(record, **values)
        self._texts.pop(run, None)
        self._rearrange((run,))
        self.annotated.emit(run, values)

    # What Qt asks

    def index(self, row: int, column: int, parent: _Index = _ROOT) -> QModelIndex:
        """Return an index, which carries the run's number."""
        rows = self._under(parent)
        if not (0 <= row < len(rows) and 0 <= column < len(COLUMNS)):
            return QModelIndex()
        return self.createIndex(row, column, rows[row].record.id)

    def parent(self, index: _Index) -> QModelIndex:  # type: ignore[override]
        """Return the run above."""
        row = self._arrangement.rows.get(index.internalId())
        if row is None or row.parent is None:
            return _ROOT
        return self.createIndex(row.parent.place, 0, row.parent.record.id)

    def rowCount(self, parent: _Index = _ROOT) -> int:
        """Return how many runs stand under one."""
        return len(self._under(parent))

    def columnCount(self, parent: _Index = _ROOT) -> int:
        """Return the number of columns."""
        return len(COLUMNS)

    def hasChildren(self, parent: _Index = _ROOT) -> bool:
        """Tell whether a run can be unfolded."""
        return self.rowCount(parent) > 0

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Names can be edited."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        return _EDITABLE if index.column() == Column.NAME else _USUAL

    def data(self, index: _Index, role: int = _Role.DisplayRole) -> Any:
        """Return what a cell says; the delegate paints it by itself."""
        row = self.row(index)
        if row is None:
            return None
        record, column = row.record, COLUMNS[index.column()]
        if role in (_Role.DisplayRole, _Role.EditRole):
            return self.text(record, column)
        if role == _Role.ToolTipRole:
            return self._tooltip(record, column)
        if role == _Role.TextAlignmentRole:
            return _RIGHT if column in FIGURES else _LEFT
        if role == _Role.AccessibleTextRole:
            return f"{self._headings[column].title}: {self.text(record, column) or '–'}"
        return None

    def setData(self, index: _Index, value: Any, role: int = _Role.EditRole) -> bool:
        """Take a name that was edited; an empty one changes nothing."""
        name = str(value).strip()
        if not index.isValid() or role != _Role.EditRole or index.column() != Column.NAME or not name:
            return False
        self.annotate(index.internalId(), name=name)
        return True

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _Role.DisplayRole) -> Any:
        """Return the title of a column, or its idea."""
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(Column):
            return None
        heading = self._headings[section]
        if role == _Role.DisplayRole:
            return "★" if section == Column.STAR else heading.title
        if role == _Role.AccessibleTextRole:
            return heading.title
        if role == _Role.ToolTipRole:
            return wrapped(f"<b>{heading.title}</b><br>{heading.idea}")
        if role == _Role.TextAlignmentRole:
            return _RIGHT if section in FIGURES else _LEFT
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; every family stays together."""
        if 0 <= column < len(Column):
            descending = order == Qt.SortOrder.DescendingOrder
            self.set_wanted(msgspec.structs.replace(self._wanted, column=Column(column), descending=descending))

    def _tooltip(self, record: RunRecord, column: Column) -> str:
        if column == Column.STATUS:
            return wrapped(status_sentence(record))
        if column == Column.NAME:
            return wrapped(
                f"{self.tr('Run {id}').format(id=record.id)}: {_plain(record.name)}<br>{_plain(record.note)}"
            )
        if column == Column.STAR:
            return self.tr("Take the star away") if record.star else self.tr("Set a star")
        if column == Column.DATASET:
            return record.dataset
        return ""

    def _under(self, parent: _Index) -> list[Row]:
        if not parent.isValid():
            return self._arrangement.roots
        row = self.row(parent)
        return [] if row is None or parent.column() else row.children

    def _rearrange(self, changed: Sequence[int]) -> None:
        new, old = Arrangement(list(self._records.values()), self._wanted), self._arrangement
        if new.order() == old.order():
            self._arrangement = new
            matches = [run for run, row in new.rows.items() if row.matches != old.rows[run].matches]
            self._tell_changed([*changed, *matches])
            return
        self.layoutAboutToBeChanged.emit()
        kept = self.persistentIndexList()
        places = [(index.internalId(), index.column()) for index in kept]
        self._arrangement = new
        self.changePersistentIndexList(kept, [self.index_of(run, column) for run, column in places])
        self.layoutChanged.emit()
        self.arranged.emit()

    def _tell_changed(self, runs: Sequence[int], first: Column = Column.STAR, last: Column = COLUMNS[-1]) -> None:
        for run in runs:
            if run in self._arrangement.rows:
                self.dataChanged.emit(self.index_of(run, first), self.index_of(run, last))


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("\n", "<br>")
