"""The history through real events: what it shows, finds and asks for."""

from __future__ import annotations

import datetime
import math
import time

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QPlainTextEdit, QTabWidget, QWidget

from engine.history.records import Origin
from engine.history.store import RunStore
from gui.history_columns import Column, began_text
from gui.history_delegate import unit_curve
from gui.history_desk import HistoryDesk
from gui.history_panel import MOST_COMPARED, HistoryPanel
from gui.history_rows import Arrangement, Wanted
from gui.theme import DARK, LIGHT
from tests.engine.history.samples import record_two_runs
from tests.gui.run_records import compared_run, fresh_record, run_record

LEFT = Qt.MouseButton.LeftButton
CONTROL = Qt.KeyboardModifier.ControlModifier

RUNS = [
    run_record(6, name="deep", network="resnet-20", status="interrupted", epochs=4, accuracy=0.95),
    run_record(5, name="branch", parent=2, accuracy=0.97),
    fresh_record(4, name="goes on", dataset="fashion-mnist"),
    run_record(3, name="wide", note="twice the channels", accuracy=0.99, star=True),
    run_record(2, name="first try", accuracy=0.91),
    run_record(1, name="Zero", dataset="/home/x/letters", status="failed", accuracy=0.5),
]


@pytest.fixture
def panel(qtbot):
    panel = HistoryPanel()
    qtbot.addWidget(panel)
    panel.told = []
    for name in (
        "refresh", "annotate", "delete", "restore", "compare", "load", "continue", "branch", "moments", "export",
    ):  # fmt: skip
        signal = getattr(panel, f"{name}_wanted")
        signal.connect(lambda *args, name=name: panel.told.append((name, *args)))
    panel.resize(1280, 720)
    panel.show()
    panel.told.clear()
    return panel


@pytest.fixture
def filled(panel):
    panel.set_runs(RUNS)
    QApplication.processEvents()
    return panel


def find(panel, name, kind=QWidget):
    found = panel.findChild(kind, name)
    assert found is not None, name
    return found


def shown(panel):
    """Return the runs of the table from top to bottom, as somebody sees them."""
    found, index = [], panel.table.indexAt(QPoint(2, 2))
    while index.isValid():
        found.append(index.internalId())
        index = panel.table.indexBelow(index)
    return found


def cell(panel, run, column=Column.NAME):
    return panel.table.visualRect(panel._model.index_of(run, column)).center()


def click(panel, qtbot, run, column=Column.NETWORK, modifier=Qt.KeyboardModifier.NoModifier):
    qtbot.mouseClick(panel.table.viewport(), LEFT, modifier, cell(panel, run, column))


def told(panel, name):
    return [entry[1:] for entry in panel.told if entry[0] == name]


def action(panel, name):
    return panel.tools.actions[name]


def type_search(panel, qtbot, text):
    field = find(panel, "historySearchField", QLineEdit)
    field.clear()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)


# Rows


def test_without_runs_it_says_what_to_do(panel):
    assert find(panel, "historyEmptyLabel").isVisible()
    assert not panel.table.isVisible()
    panel.set_runs(RUNS)
    assert panel.table.isVisible()
    panel.set_runs([])
    assert find(panel, "historyEmptyLabel").isVisible()


def test_the_newest_family_is_first_and_branches_stand_under_their_run(filled):
    assert shown(filled) == [6, 2, 5, 4, 3, 1]
    assert filled._model.index_of(5).parent().internalId() == 2


@pytest.mark.parametrize(
    ("column", "descending", "order"),
    [
        (Column.BEST, True, [3, 6, 2, 5, 1, 4]),
        (Column.BEST, False, [1, 2, 5, 6, 3, 4]),  # what is not known yet is last either way
        (Column.NAME, False, [6, 2, 5, 4, 3, 1]),
        (Column.STAR, True, [3, 6, 4, 2, 5, 1]),
        (Column.BEGAN, False, [1, 2, 5, 3, 4, 6]),
    ],
)
def test_every_column_sorts_and_families_stay_together(filled, column, descending, order):
    way = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
    filled.table.sortByColumn(column, way)
    assert shown(filled) == order


def test_a_click_on_a_heading_sorts(filled, qtbot):
    header = filled.table.header()
    place = QPoint(header.sectionViewportPosition(Column.NETWORK) + 20, header.height() // 2)
    qtbot.mouseClick(header.viewport(), LEFT, pos=place)
    assert header.sortIndicatorSection() == Column.NETWORK


def test_a_damaged_history_with_a_circle_is_shown_all_the_same():
    circle = [run_record(1, origin=Origin("more", 2, 1)), run_record(2, origin=Origin("more", 2, 1))]
    assert sorted(Arrangement(circle).rows) == [1, 2]
    orphan = Arrangement([run_record(9, parent=3)])
    assert [row.record.id for row in orphan.roots] == [9]


def test_long_families_are_arranged_without_recursion():
    chain = [run_record(run, parent=run - 1 if run > 1 else None) for run in range(1, 3000)]
    assert len(Arrangement(chain).order()) == 2999


def test_rows_keep_selection_folding_and_place_while_runs_go_on(panel, qtbot):
    runs = [run_record(run, parent=run - 1 if run % 2 == 0 else None) for run in range(400, 0, -1)]
    panel.set_runs(runs)
    QApplication.processEvents()
    table = panel.table
    table.select([202])
    table.collapse(panel._model.index_of(197))
    table.verticalScrollBar().setValue(table.verticalScrollBar().value() + 35)
    seen = table.indexAt(QPoint(60, 5)).internalId(), table.visualRect(panel._model.index_of(202)).top()
    panel.set_runs([fresh_record(402), fresh_record(401), *runs[1:]])
    QApplication.processEvents()
    assert (table.indexAt(QPoint(60, 5)).internalId(), table.visualRect(panel._model.index_of(202)).top()) == seen
    assert panel.selected() == [202]
    assert not table.isExpanded(panel._model.index_of(197))
    assert table.isExpanded(panel._model.index_of(201))


def test_only_what_changed_is_told_to_the_view(filled, qtbot):
    changed = []
    filled._model.dataChanged.connect(lambda first, last: changed.append(first.internalId()))
    with qtbot.assertNotEmitted(filled._model.layoutChanged):
        filled.set_runs([run_record(6, name="deep", epochs=5), *RUNS[1:]])
        filled.set_runs(filled._model._records.values())
    assert changed == [6]


def test_a_star_is_set_by_a_click_and_selects_nothing(filled, qtbot):
    click(filled, qtbot, 2, Column.STAR)
    assert told(filled, "annotate") == [(2, {"star": True})]
    assert filled.selected() == []
    click(filled, qtbot, 2, Column.STAR)
    assert told(filled, "annotate")[-1] == (2, {"star": False})


def test_a_name_is_edited_in_its_place(filled, qtbot):
    click(filled, qtbot, 3)
    qtbot.keyClick(filled.table, Qt.Key.Key_R, CONTROL)
    editor = find(filled, "runNameEditor", QLineEdit)
    qtbot.keyClicks(editor, "narrow")
    filled.set_runs([run_record(3, name="wide", epochs=9), *RUNS[:3], *RUNS[4:]])  # while it is typed
    assert editor.text() == "narrow"
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: told(filled, "annotate") == [(3, {"name": "narrow"})])
    assert find(filled, "runNameField", QLineEdit).text() == "narrow"


def test_an_empty_name_changes_nothing(filled, qtbot):
    click(filled, qtbot, 3, Column.NAME)
    qtbot.mouseDClick(filled.table.viewport(), LEFT, pos=cell(filled, 3))
    editor = find(filled, "runNameEditor", QLineEdit)
    editor.clear()
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: filled.findChild(QLineEdit, "runNameEditor") is None)
    assert told(filled, "annotate") == []


def test_columns_are_hidden_by_their_menu_and_everything_is_remembered(filled, qtbot):
    menu = filled.table.columns_menu()
    names = {action.objectName(): action for action in menu.actions()}
    assert not names["historyNameColumnAction"].isEnabled()
    names["historyBackendColumnAction"].trigger()
    filled.table.setColumnWidth(Column.NETWORK, 171)
    filled.table.sortByColumn(Column.BEST, Qt.SortOrder.DescendingOrder)
    other = HistoryPanel()
    qtbot.addWidget(other)
    other.set_runs(RUNS)
    other.restore_state(filled.save_state())
    assert other.table.isColumnHidden(Column.BACKEND)
    assert other.table.columnWidth(Column.NETWORK) == 171
    assert other._model.shown() == [3, 6, 2, 5, 1, 4]
    for garbage in (b"", b"nothing", b"[1]", b'{"columns": 3}', b'{"columns": "AAAA", "split": "AAAA"}'):
        other.restore_state(garbage)
    assert other.table.columnWidth(Column.NETWORK) == 171


def test_names_take_the_room_that_is_left_until_columns_are_fitted_by_hand(filled, qtbot):
    narrow = filled.table.columnWidth(Column.NAME)
    filled.resize(1600, 720)
    QApplication.processEvents()
    wide = filled.table.columnWidth(Column.NAME)
    assert wide > narrow
    other = HistoryPanel()
    qtbot.addWidget(other)
    other.set_runs(RUNS)
    other.restore_state(filled.save_state())
    other.resize(1000, 600)
    other.show()
    assert other.table.columnWidth(Column.NAME) < wide
    filled.table.setColumnWidth(Column.NAME, 150)
    filled.resize(1700, 720)
    QApplication.processEvents()
    assert filled.table.columnWidth(Column.NAME) == 150


# Search


@pytest.mark.parametrize(
    ("text", "found"),
    [("wide", [3]), ("TWICE lenet", [3]), ("lenet branch", [2, 5]), ("failed", [1]), ("letters", [1]), ("resnet", [6])],
)
def test_the_search_finds_runs_that_have_all_words(filled, qtbot, text, found):
    type_search(filled, qtbot, text)
    assert shown(filled) == found


def test_a_run_that_is_there_for_its_branch_is_not_counted(filled, qtbot):
    type_search(filled, qtbot, "branch")
    assert shown(filled) == [2, 5]
    assert find(filled, "historyCountLabel", QLabel).text() == "1 of 6 runs"


def test_a_search_that_finds_nothing_can_be_cleared(filled, qtbot):
    type_search(filled, qtbot, "transformer")
    nothing = find(filled, "historyNothingFoundLabel", QLabel)
    assert nothing.isVisible()
    nothing.linkActivated.emit("clear")
    assert shown(filled) == [6, 2, 5, 4, 3, 1]
    type_search(filled, qtbot, "transformer")
    qtbot.keyClick(find(filled, "historySearchField"), Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: filled.table.isVisible())


def test_starred_runs_alone_can_be_shown(filled, qtbot):
    box = find(filled, "historyStarredCheck")
    qtbot.keyClick(box, Qt.Key.Key_Space)
    assert shown(filled) == [3]
    qtbot.keyClick(box, Qt.Key.Key_Space)
    assert len(shown(filled)) == 6


def test_families_are_unfolded_again_after_a_search_but_for_those_that_were_folded(filled, qtbot):
    type_search(filled, qtbot, "deep")
    type_search(filled, qtbot, " ")
    assert filled.table.isExpanded(filled._model.index_of(2))
    filled.table.collapse(filled._model.index_of(2))
    type_search(filled, qtbot, "deep")
    type_search(filled, qtbot, " ")
    assert not filled.table.isExpanded(filled._model.index_of(2))


def test_a_selected_run_that_is_not_found_is_not_selected_any_more(filled, qtbot):
    click(filled, qtbot, 3)
    type_search(filled, qtbot, "deep")
    assert filled.selected() == []
    assert not action(filled, "delete").isEnabled()


# Selection


def test_one_selected_run_is_told_of_in_words(filled, qtbot):
    click(filled, qtbot, 5)
    assert told(filled, "compare") == [([5],)]
    filled.set_compared([compared_run(RUNS[1])])
    text = find(filled, "runFactsText").toPlainText()
    assert "branch of run 2 (first try) at epoch 3, from a training state" in text
    assert "stochastic gradient descent" in text


def test_several_are_compared_at_once_but_not_at_every_step(filled, qtbot):
    click(filled, qtbot, 6)
    for run in (3, 2):
        click(filled, qtbot, run, modifier=CONTROL)
    qtbot.waitUntil(lambda: len(told(filled, "compare")) == 2)
    assert told(filled, "compare") == [([6],), ([6, 2, 3],)]
    filled.set_compared([compared_run(RUNS[0]), compared_run(RUNS[4]), compared_run(RUNS[3])])
    assert filled.comparison.isVisible()
    assert filled._model.compared_colour(6) == filled.comparison.colour_of(6)
    click(filled, qtbot, 3)
    assert not filled.comparison.isVisible()
    assert filled._model.compared_colour(6) is None


def test_an_answer_that_comes_too_late_is_dropped(filled, qtbot):
    filled.table.select([6, 3])
    qtbot.waitUntil(lambda: bool(told(filled, "compare")))
    click(filled, qtbot, 2)
    filled.set_compared([compared_run(RUNS[0]), compared_run(RUNS[3])])
    assert not filled.comparison.isVisible()


def test_so_many_runs_are_compared_and_no_more(panel, qtbot):
    panel.set_runs([run_record(run) for run in range(100, 0, -1)])
    panel.table.selectAll()
    qtbot.waitUntil(lambda: bool(told(panel, "compare")))
    assert len(told(panel, "compare")[-1][0]) == MOST_COMPARED
    assert "of 100 selected" in find(panel, "historyTooManyLabel", QLabel).text()


def test_a_selected_run_that_goes_on_is_asked_for_again(filled, qtbot):
    filled.table.select([4])
    qtbot.waitUntil(lambda: len(told(filled, "compare")) == 1)
    filled.set_runs([fresh_record(4, name="goes on", epochs=1) if run.id == 4 else run for run in RUNS])
    qtbot.waitUntil(lambda: len(told(filled, "compare")) == 2)
    filled.set_runs([fresh_record(4, name="goes on", epochs=1) if run.id == 4 else run for run in RUNS])


def test_nothing_is_asked_for_while_the_panel_is_out_of_sight(qtbot):
    tabs = QTabWidget()
    qtbot.addWidget(tabs)
    panel = HistoryPanel()
    tabs.addTab(QWidget(), "Other")
    tabs.addTab(panel, "History")
    asked, refreshed = [], []
    panel.compare_wanted.connect(asked.append)
    panel.refresh_wanted.connect(lambda: refreshed.append(True))
    tabs.show()
    panel.set_runs(RUNS)
    panel.table.select([3, 2])
    qtbot.wait(120)
    assert (asked, refreshed) == ([], [])
    assert not panel.wants_runs()
    tabs.setCurrentIndex(1)
    qtbot.waitUntil(lambda: asked == [[2, 3]])
    assert refreshed == [True]
    assert panel.wants_runs()


def test_name_note_and_colour_are_edited_below(filled, qtbot):
    click(filled, qtbot, 3)
    name, note = find(filled, "runNameField", QLineEdit), find(filled, "runNoteField", QPlainTextEdit)
    name.selectAll()
    qtbot.keyClicks(name, "wider")
    qtbot.keyClick(name, Qt.Key.Key_Return)
    note.setFocus()
    note.selectAll()
    qtbot.keyClicks(note, "better")
    click(filled, qtbot, 2)  # somewhere else
    assert told(filled, "annotate") == [(3, {"name": "wider"}), (3, {"note": "better"})]
    assert note.toPlainText() == ""
    qtbot.mouseClick(find(filled, "runColour3Button"), LEFT)
    assert told(filled, "annotate")[-1] == (2, {"colour": 2})
    qtbot.mouseClick(find(filled, "runColour0Button"), LEFT)
    assert told(filled, "annotate")[-1] == (2, {"colour": None})


# Actions


@pytest.mark.parametrize(
    ("name", "signal", "args"),
    [
        ("best", "load", (6, "best")), ("last", "load", (6, "last")), ("continue", "continue", (6,)),
        ("branch", "branch", (6,)), ("moments", "moments", (6,)), ("export", "export", ([6],)),
    ],
)  # fmt: skip
def test_every_button_asks_for_what_it_says(filled, qtbot, name, signal, args):
    click(filled, qtbot, 6)
    qtbot.mouseClick(find(filled, f"history{name.title()}Button"), LEFT)
    assert told(filled, signal) == [args]


def test_what_cannot_be_done_says_why(filled):
    assert "Select a run first" in action(filled, "best").toolTip()
    filled.table.select([6, 3])
    assert not action(filled, "branch").isEnabled()
    assert "single run" in action(filled, "branch").toolTip()
    assert action(filled, "export").isEnabled()
    filled.table.select([3])
    assert "has trained all its epochs" in action(filled, "continue").toolTip()
    filled.table.select([4])
    assert "cannot be deleted" in action(filled, "delete").toolTip()
    filled.table.select([6])
    filled.set_busy(True)
    for name in ("best", "last", "continue", "branch"):
        assert not action(filled, name).isEnabled()
        assert "being trained" in action(filled, name).toolTip()
    assert action(filled, "moments").isEnabled()
    filled.set_busy(False)
    assert action(filled, "continue").isEnabled()


def test_deleted_runs_can_be_brought_back_and_the_next_run_is_selected(filled, qtbot):
    filled.table.setFocus()
    filled.table.select([4, 3])
    qtbot.keyClick(filled.table, Qt.Key.Key_Delete)
    assert told(filled, "delete") == [([3],)]  # the other goes on
    assert find(filled, "undoLabel", QLabel).text() == "Deleted run 3 (wide)."
    filled.set_runs([run for run in RUNS if run.id != 3])
    assert filled.selected() == [1]
    qtbot.mouseClick(find(filled, "undoDeleteButton"), LEFT)
    assert told(filled, "restore") == [([3],)]
    assert not filled.undo_bar.isVisible()
    filled.set_runs(RUNS)
    assert filled.selected() == [3]


def test_control_z_undoes_and_the_next_action_withdraws_the_offer(filled, qtbot):
    filled.activateWindow()
    filled.table.setFocus()
    filled.table.select([6, 3])
    qtbot.keyClick(filled.table, Qt.Key.Key_Delete)
    assert find(filled, "undoLabel", QLabel).text() == "Deleted 2 runs."
    qtbot.keyClick(filled.table, Qt.Key.Key_Z, CONTROL)
    assert told(filled, "restore") == [([6, 3],)]
    filled.table.select([2])
    qtbot.keyClick(filled.table, Qt.Key.Key_Delete)
    filled.table.select([3])
    action(filled, "best").trigger()
    assert not filled.undo_bar.isVisible()


def test_several_runs_get_a_star_together(filled):
    filled.table.select([3, 2])
    action(filled, "star").trigger()
    assert told(filled, "annotate") == [(2, {"star": True})]
    action(filled, "star").trigger()
    assert told(filled, "annotate")[1:] == [(2, {"star": False}), (3, {"star": False})]


def test_refresh_asks_for_the_runs(filled, qtbot):
    qtbot.mouseClick(find(filled, "historyRefreshButton"), LEFT)
    assert told(filled, "refresh") == [()]


# Looks


def test_a_curve_fills_a_square_and_leaves_out_what_is_not_known():
    curve = unit_curve(run_record(1).thumbnail)
    assert (curve.at(0).x(), curve.at(0).y(), curve.at(9).x(), curve.at(9).y()) == (0, 1, 1, 0)
    assert unit_curve(fresh_record(1).thumbnail).size() == 0
    assert unit_curve(run_record(1, thumbnail=RUNS[0].thumbnail * math.nan).thumbnail).size() == 0


def test_times_of_today_are_said_so():
    at = datetime.datetime(2025, 6, 2, 14, 5).astimezone()
    assert began_text(at.isoformat(), at.date()) == "today 14:05"
    assert began_text(at.isoformat(), at.date() + datetime.timedelta(1)) == "yesterday 14:05"
    assert began_text(at.isoformat(), at.date() + datetime.timedelta(2)) == "2025-06-02 14:05"
    assert began_text("long ago", at.date()) == "long ago"


@pytest.mark.parametrize("theme", [LIGHT, DARK])
@pytest.mark.parametrize("size", [(420, 300), (1280, 720)])
def test_it_is_painted_in_both_schemes_at_every_size(filled, theme, size):
    filled.resize(*size)
    filled.apply_theme(theme)
    filled.set_current(4)
    filled.table.select([5, 4])
    assert not filled.grab().isNull()


def test_a_thousand_runs_are_shown_and_changed_in_little_time(panel):
    runs = [run_record(run, parent=run - 1 if run % 5 == 0 else None) for run in range(1000, 0, -1)]
    panel.set_runs(runs)
    QApplication.processEvents()
    spent = []
    for accuracy in range(5):
        began = time.perf_counter()
        panel.set_runs([run_record(1000, parent=999, accuracy=accuracy / 10), *runs[1:]])
        QApplication.processEvents()
        spent.append(time.perf_counter() - began)
    assert min(spent) < 0.05  # about 8 ms; the rest is for slower machines


def test_everything_a_person_operates_is_named_and_explained(filled):
    for widget in (
        *filled.findChildren(QAbstractButton), find(filled, "historySearchField"), find(filled, "runNoteField"),
        find(filled, "runNameField"), find(filled, "runFactsText"),
    ):  # fmt: skip
        if widget.objectName().startswith(("qt_", "comparison")) or widget.parent() is find(
            filled, "historySearchField"
        ):
            continue
        if filled.comparison.isAncestorOf(widget):
            continue
        assert widget.objectName(), widget
        assert widget.accessibleName(), widget.objectName()
        assert widget.toolTip(), widget.objectName()
    assert filled.table.accessibleName()


def test_panel_and_desk_look_after_a_real_history_together(panel, qtbot):
    record_two_runs()
    desk = HistoryDesk()
    panel.refresh_wanted.connect(desk.refresh)
    panel.annotate_wanted.connect(lambda run, values: desk.annotate(run, **values))
    panel.delete_wanted.connect(desk.delete)
    panel.restore_wanted.connect(desk.restore)
    panel.compare_wanted.connect(desk.read_compared)
    desk.runs_read.connect(panel.set_runs)
    desk.compared_read.connect(panel.set_compared)
    qtbot.mouseClick(find(panel, "historyRefreshButton"), LEFT)
    qtbot.waitUntil(lambda: shown(panel) == [1, 2])
    panel.table.select([1, 2])
    qtbot.waitUntil(panel.comparison.isVisible)
    panel.table.select([2])
    qtbot.waitUntil(lambda: "more epochs on the weights of run 1" in find(panel, "runFactsText").toPlainText())
    click(panel, qtbot, 1, Column.STAR)
    panel.table.select([1])
    qtbot.keyClick(panel.table, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: shown(panel) == [2])
    qtbot.mouseClick(find(panel, "undoDeleteButton"), LEFT)
    qtbot.waitUntil(lambda: panel.selected() == [1])
    assert desk.close()
    assert RunStore().run(1).star


def test_a_search_word_may_be_anything():
    wanted = Wanted(words=("(", "]", "*"))
    assert Arrangement(RUNS, wanted).roots == []
