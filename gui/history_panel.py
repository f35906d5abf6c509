"""The history: every run that was recorded, to be found again, compared, loaded, continued and branched from."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QLabel, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from engine.history.records import RunRecord
from gui.compared import ComparedRun
from gui.history_actions import HistoryActions
from gui.history_details import RunDetails
from gui.history_head import HistoryHead
from gui.history_model import HistoryModel
from gui.history_pages import HistoryPages, message
from gui.history_view import HistoryView
from gui.pacer import Pacer
from gui.theme import GAP, LIGHT, MARGIN, Theme
from gui.undo_bar import UndoBar
from gui.visibility import can_be_seen

if TYPE_CHECKING:
    from gui.comparison_view import ComparisonView

MOST_COMPARED = 30
"""Runs in a comparison; more lines could not be told apart."""

_PACE_MS = 80  # a selection that moves on and on is not asked for more often


class HistoryPanel(QWidget):
    """A table of runs above what there is to say of the selected one, or the comparison of several.

    It shows what it is told, and asks for the rest: what is compared, and of a single run what it was trained with,
    with ``compare_wanted``, to be answered by ``set_compared``.
    """

    refresh_wanted = Signal()  # the list may be old: the panel was brought to light, or somebody asks
    annotate_wanted = Signal(int, object)  # a run, and what is said of it, as a dict of columns
    delete_wanted = Signal(object)  # runs
    restore_wanted = Signal(object)  # runs
    compare_wanted = Signal(object)  # the selected runs, one or several; only while the panel can be seen
    load_wanted = Signal(int, str)  # a run, and "best" or "last"
    continue_wanted = Signal(int)
    branch_wanted = Signal(int)
    moments_wanted = Signal(int)
    export_wanted = Signal(object)  # runs

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("historyPanel")
        self.setAccessibleName(self.tr("History of runs"))
        self._theme = LIGHT
        self._is_busy = False
        self._selected: list[int] = []
        self._asked: list[int] = []  # what was asked for last with compare_wanted
        self._returning: list[int] = []  # restored runs, which are selected when they are back
        self._model = HistoryModel(self)
        self.head = HistoryHead()
        self.table = HistoryView(self._model)
        self.details = RunDetails()
        self._comparison: ComparisonView | None = None
        self.undo_bar = UndoBar()
        self._pacer = Pacer(_PACE_MS, self)
        self.tools = HistoryActions(self._deeds(), self.table, self)
        self._arrange()
        self._connect()
        self._show_counts()
        self._show_selection()

    def set_runs(self, records: Sequence[RunRecord]) -> None:
        """Show all runs; what is selected, unfolded and in view stays so."""
        changed = self.table.set_runs(records)
        self._show_counts()
        if self._returning and all(self._model.record(run) for run in self._returning):
            self.table.select(self._returning)
            self._returning = []
        self._follow_selection()
        if set(changed) & set(self._selected):
            self._show_selection()
            self._pacer.request()

    def set_compared(self, runs: Sequence[ComparedRun]) -> None:
        """Show what was asked for with ``compare_wanted``; an answer that comes too late is dropped."""
        told = [run.record.id for run in runs]
        if not told or not set(told) <= set(self._asked) or not set(told) <= set(self._selected):
            return
        if len(self._asked) == 1:
            parent = runs[0].record.origin.parent
            above = None if parent is None else self._model.record(parent)
            self.details.set_compared(runs[0], None if above is None else above.name)
            return
        self.comparison.set_runs(runs)
        self._model.set_compared({run: self.comparison.colour_of(run) for run in told})
        self._lower.setCurrentWidget(self._several)

    def set_current(self, run: int | None) -> None:
        """Tell which run is being recorded now."""
        self._model.set_current(run)

    def set_busy(self, is_busy: bool) -> None:
        """Tell whether a run is being trained, so that no other network can be loaded."""
        if is_busy != self._is_busy:
            self._is_busy = is_busy
            self._refresh_tools()

    @property
    def comparison(self) -> ComparisonView:
        """What shows several runs; made when it is needed, since plots take a while to be loaded."""
        if self._comparison is None:
            from gui.comparison_view import ComparisonView

            self._comparison = ComparisonView()
            self._comparison.apply_theme(self._theme)
            self._several_layout.addWidget(self._comparison, 1)
        return self._comparison

    def record(self, run: int) -> RunRecord | None:
        """Return a run as it is listed; None if it is not."""
        return self._model.record(run)

    def selected(self) -> list[int]:
        """Return the selected runs, from top to bottom."""
        return list(self._selected)

    def wants_runs(self) -> bool:
        """Return whether somebody can see the panel, so that a list that changed is worth reading."""
        return can_be_seen(self)

    def save_state(self) -> bytes:
        """Return columns, their widths and order, and how the panel is divided."""
        parts = {"columns": self.table.header_state(), "split": bytes(self._splitter.saveState().data())}
        return json.dumps({name: base64.b64encode(part).decode() for name, part in parts.items()}).encode()

    def restore_state(self, state: bytes) -> None:
        """Bring back what ``save_state`` returned; anything else changes nothing."""
        try:
            parts = {name: base64.b64decode(part) for name, part in json.loads(state).items()}
            columns, split = parts["columns"], parts["split"]
        except (ValueError, TypeError, AttributeError, KeyError):
            return
        self.table.restore_header(columns)
        self._splitter.restoreState(QByteArray(split))

    def apply_theme(self, theme: Theme) -> None:
        """Take on the colours of a scheme."""
        self._theme = theme
        for part in (self.table, self.details, self.undo_bar, self.tools):
            part.apply_theme(theme)
        if self._comparison is not None:
            self._comparison.apply_theme(theme)
        if len(self._selected) > 1:
            self._pacer.request()  # the colours of the comparison may be others

    def minimumSizeHint(self) -> QSize:
        """Return the size in which some runs and a little of what is told of them can be seen."""
        return QSize(330, 230)

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for the runs, and for what could not be seen until now."""
        super().showEvent(event)
        self.refresh_wanted.emit()
        if self._selected:
            QTimer.singleShot(0, self, self._pacer.request)  # not before it is on screen

    def hideEvent(self, event: QHideEvent) -> None:
        """Take over what is typed."""
        self.details.commit()
        super().hideEvent(event)

    # What a person does

    def _deeds(self) -> dict[str, Callable[[], object]]:
        """Return what each action does."""
        return {
            "best": lambda: self.load_wanted.emit(self._selected[0], "best"),
            "last": lambda: self.load_wanted.emit(self._selected[0], "last"),
            "continue": lambda: self.continue_wanted.emit(self._selected[0]),
            "branch": lambda: self.branch_wanted.emit(self._selected[0]),
            "moments": lambda: self.moments_wanted.emit(self._selected[0]),
            "rename": self.table.rename,
            "star": self._star,
            "export": lambda: self.export_wanted.emit(list(self._selected)),
            "delete": self._delete,
        }

    def _star(self) -> None:
        records = self._records()
        star = not all(record.star for record in records)
        for record in records:
            self._model.annotate(record.id, star=star)
        self._refresh_tools()

    def _delete(self) -> None:
        gone = [record for record in self._records() if record.status != "running"]
        runs = [record.id for record in gone]
        below = self.table.neighbour(runs)
        if len(gone) == 1:
            sentence = self.tr("Deleted run {id} ({name}).").format(id=runs[0], name=gone[0].name)
        else:
            sentence = self.tr("Deleted {count} runs.").format(count=f"{len(runs):,}")
        self.table.select([] if below is None else [below])
        self.undo_bar.offer(runs, sentence)
        self.delete_wanted.emit(runs)

    def _restore(self, runs: list[int]) -> None:
        self._returning = runs
        self.restore_wanted.emit(runs)

    def _annotated(self, run: int, values: dict[str, object]) -> None:
        if run in self._selected:
            self._show_selection()
        self._show_counts()
        self.annotate_wanted.emit(run, values)

    def _search(self, words: tuple[str, ...], starred: bool) -> None:
        self.table.search(words, starred)
        self._show_counts()
        self._follow_selection()
        self.table.scrollTo(self.table.currentIndex())

    # What is shown

    def _records(self) -> list[RunRecord]:
        records = (self._model.record(run) for run in self._selected)
        return [record for record in records if record is not None]

    def _follow_selection(self) -> None:
        """Show what is selected, if that is something else than before."""
        selected = self.table.selected()
        if selected != self._selected:
            self._selected = selected
            if len(selected) < 2:
                self._model.set_compared({})
            self._show_selection()
            self._pacer.request()

    def _show_selection(self) -> None:
        records = self._records()
        self.details.set_run(records[0] if len(records) == 1 else None)
        if len(records) == 1:
            self._lower.setCurrentWidget(self.details)
        elif self._lower.isHidden():
            self._lower.setCurrentWidget(self._several)
        self._share_room()
        more = len(records) > MOST_COMPARED
        self._too_many.setVisible(more)
        if more:
            self._too_many.setText(
                self.tr("The first {most} of {count} selected runs are compared.").format(
                    most=MOST_COMPARED, count=f"{len(records):,}"
                )
            )
        self._refresh_tools()

    def _share_room(self) -> None:
        """Leave all room to the list as long as nothing is selected; rows do not move under a button that is down."""
        self._hint.setVisible(bool(self._model.counts()[1]) and not self._selected)
        if not self._selected:
            self._lower.hide()
        elif self._lower.isHidden() and not self.table.is_held:
            self._lower.show()
            self._splitter.refresh()
            self.table.scrollTo(self.table.currentIndex())

    def _ask(self) -> None:
        if self._selected and can_be_seen(self):
            self._asked = self._selected[:MOST_COMPARED]
            self.compare_wanted.emit(list(self._asked))

    def _refresh_tools(self) -> None:
        self.tools.refresh(self._records(), self._is_busy)

    def _show_counts(self) -> None:
        found, known = self._model.counts()
        self.head.set_counts(found, known, self._model.wanted.is_filter)
        self._pages.show_counts(found, known)
        self._share_room()

    def _arrange(self) -> None:
        self._pages = HistoryPages(self.table)
        self._hint = message("historyHintLabel", self.tr("Select a run to read about it, or several to compare them."))
        self._too_many = QLabel()
        self._too_many.setObjectName("historyTooManyLabel")
        self._too_many.setProperty("muted", True)
        self._several = QWidget()
        column = QVBoxLayout(self._several)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._too_many)
        self._several_layout = column
        self._lower = QStackedWidget()
        for page in (self.details, self._several):
            self._lower.addWidget(page)
        self._splitter = QSplitter(Qt.Orientation.Vertical)
        self._splitter.setObjectName("historySplitter")
        self._splitter.addWidget(self._pages)
        self._splitter.addWidget(self._lower)
        self._splitter.setStretchFactor(0, 3)
        self._splitter.setStretchFactor(1, 2)
        self._splitter.setHandleWidth(GAP)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, GAP, MARGIN, GAP)
        layout.setSpacing(GAP)
        layout.addWidget(self.head)
        layout.addWidget(self.tools.bar)
        layout.addWidget(self.undo_bar)
        layout.addWidget(self._splitter, 1)
        layout.addWidget(self._hint)
        self.setFocusProxy(self.table)

    def _connect(self) -> None:
        self.head.search_changed.connect(self._search)
        self.head.refresh_wanted.connect(self.refresh_wanted)
        self.table.selection_changed.connect(self._follow_selection)
        self._pages.clear_wanted.connect(self.head.clear)
        self.table.let_go.connect(self._share_room)
        self._pacer.due.connect(self._ask)
        self._model.annotated.connect(self._annotated)
        self.details.annotated.connect(lambda run, values: self._model.annotate(run, **values))
        self.undo_bar.undo_wanted.connect(self._restore)
        for action in self.tools.actions.values():
            if action is not self.tools.actions["delete"]:
                action.triggered.connect(self.undo_bar.withdraw)
        for key, does in (("Ctrl+Z", self.undo_bar.undo), ("Ctrl+F", self.head.search.setFocus)):
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(does)
