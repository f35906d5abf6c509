"""The history as a tree of rows: filtered, sorted, each run under the one whose weights it went on with."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from engine.history.records import RunRecord
from gui.history_columns import Column, searched_text, sort_value


class Wanted(Struct, frozen=True):
    """Which runs are wanted, and in which order.

    ``words`` must all be found in a run, in any of its texts.
    """

    words: tuple[str, ...] = ()
    starred: bool = False
    column: Column = Column.BEGAN
    descending: bool = True

    @property
    def is_filter(self) -> bool:
        """Whether some runs may be left out."""
        return bool(self.words) or self.starred


EVERYTHING = Wanted()


class Row:
    """A run at its place in the tree; ``matches`` is False where it is there only for a run under it."""

    __slots__ = ("children", "matches", "parent", "place", "record")

    def __init__(self, record: RunRecord, parent: Row | None, matches: bool) -> None:
        self.record = record
        self.parent = parent
        self.children: list[Row] = []
        self.place = 0
        self.matches = matches


class Arrangement:
    """Rows of the runs that are wanted.

    Parameters
    ----------
    records : sequence of RunRecord
    wanted : Wanted

    Attributes
    ----------
    roots : list of Row
        Runs that stand under no other, in order.
    rows : dict of int to Row
        By the run's number.
    """

    def __init__(self, records: Sequence[RunRecord] = (), wanted: Wanted = EVERYTHING) -> None:
        self.roots: list[Row] = []
        self.rows: dict[int, Row] = {}
        # A run is always newer than the one it came from, so parents come before children here.
        oldest_first = sorted(records, key=lambda record: record.id)
        matching = {record.id for record in oldest_first if _matches(record, wanted)}
        visible = _with_ancestors(oldest_first, matching) if wanted.is_filter else matching
        for record in oldest_first:
            if record.id in visible:
                parent = self.rows.get(_parent_id(record)) if _parent_id(record) else None
                row = self.rows[record.id] = Row(record, parent, record.id in matching)
                (self.roots if parent is None else parent.children).append(row)
        self._sort(wanted)

    def order(self) -> list[tuple[int, int]]:
        """Return the number of every run and of the one it stands under, from top to bottom in each family."""
        order: list[tuple[int, int]] = []
        waiting = self.roots[::-1]
        while waiting:
            row = waiting.pop()
            order.append((row.record.id, row.parent.record.id if row.parent else 0))
            waiting += row.children[::-1]
        return order

    def _sort(self, wanted: Wanted) -> None:
        values = {run: sort_value(row.record, wanted.column) for run, row in self.rows.items()}
        if wanted.column == Column.BEGAN and wanted.descending:
            # A family is as new as its newest run: what was just begun is seen at once.
            for run, row in sorted(self.rows.items(), reverse=True):
                if row.parent is not None:
                    above = row.parent.record.id
                    values[above] = max(str(values[above]), str(values[run]))
        for rows in (self.roots, *(row.children for row in self.rows.values() if row.children)):
            known = [row for row in rows if values[row.record.id] is not None]
            unknown = [row for row in rows if values[row.record.id] is None]
            known.sort(key=lambda row: row.record.id, reverse=True)
            known.sort(key=lambda row: values[row.record.id], reverse=wanted.descending)  # type: ignore[arg-type, return-value]
            rows[:] = known + unknown
            for place, row in enumerate(rows):
                row.place = place


def _parent_id(record: RunRecord) -> int:
    parent = record.origin.parent
    # A damaged history must not make a circle.
    return parent if parent is not None and 0 < parent < record.id else 0


def _matches(record: RunRecord, wanted: Wanted) -> bool:
    if wanted.starred and not record.star:
        return False
    if not wanted.words:
        return True
    text = searched_text(record)
    return all(word in text for word in wanted.words)


def _with_ancestors(oldest_first: Sequence[RunRecord], matching: set[int]) -> set[int]:
    visible = set(matching)
    for record in reversed(oldest_first):
        if record.id in visible and _parent_id(record):
            visible.add(_parent_id(record))
    return visible
