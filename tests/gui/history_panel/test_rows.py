"""The rows of the history: their order, families, columns, and what is edited in them."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QLineEdit

from engine.history.records import Origin
from gui.history_columns import Column
from gui.history_panel import HistoryPanel
from gui.history_rows import Arrangement
from tests.gui.history_panel.user import CONTROL, LEFT, RUNS, cell, click, find, shown, told
from tests.gui.run_records import compared_run, fresh_record, run_record


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
        (Column.NUMBER, False, [1, 2, 5, 3, 4, 6]),
        (Column.NUMBER, True, [6, 4, 3, 2, 5, 1]),
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


def test_runs_are_told_apart_by_their_numbers_before_their_names(filled, qtbot):
    header = filled.table.header()
    assert header.visualIndex(Column.NUMBER) == 1
    assert filled._model.index_of(5, Column.NUMBER).data() == "5"
    left, right = (filled.table.visualRect(filled._model.index_of(5, c)) for c in (Column.NUMBER, Column.NAME))
    assert left.right() < right.left()
    many = filled.table.fontMetrics().horizontalAdvance("9999")
    assert many < left.width()
    place = QPoint(header.sectionViewportPosition(Column.NUMBER) + 20, header.height() // 2)
    qtbot.mouseClick(header.viewport(), LEFT, pos=place)
    assert shown(filled) in ([1, 2, 5, 3, 4, 6], [6, 4, 3, 2, 5, 1])
    click(filled, qtbot, 5)
    filled.set_compared([compared_run(RUNS[1])])
    assert find(filled, "runFactsText").toPlainText().split()[:2] == ["Run", "5"]


def test_columns_of_a_sitting_before_runs_had_numbers_come_back_as_they_were(filled):
    filled.restore_state((Path(__file__).parent / "columns_without_numbers.json").read_bytes())
    table, header = filled.table, filled.table.header()
    assert table.isColumnHidden(Column.BACKEND) and not table.isColumnHidden(Column.NUMBER)
    assert header.visualIndex(Column.NUMBER) == 1 and table.columnWidth(Column.NUMBER) == 46
    assert header.visualIndex(Column.LAST) == 4  # was moved beside the curve
    assert table.columnWidth(Column.STATUS) == 133
    assert filled._model.shown() == [3, 6, 2, 5, 1, 4]  # the best first
    assert "Run" in [action.text() for action in table.columns_menu().actions()][:2]


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
