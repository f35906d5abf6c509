"""What is told of the runs that are selected."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPlainTextEdit, QTabWidget, QWidget

from gui.history_columns import Column
from gui.history_panel import MOST_COMPARED, HistoryPanel
from tests.gui.history_panel.user import CONTROL, LEFT, RUNS, click, find, told
from tests.gui.run_records import compared_run, fresh_record, run_record


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


def test_the_list_has_all_the_room_as_long_as_nothing_is_selected(panel, qtbot):
    panel.set_runs([run_record(run) for run in range(40, 0, -1)])
    QApplication.processEvents()
    hint = find(panel, "historyHintLabel", QLabel)
    alone = panel.table.height()
    assert hint.isVisible() and not panel.details.isVisible()
    assert panel.table.geometry().bottom() > panel.height() * 0.7
    click(panel, qtbot, 40)
    assert panel.details.isVisible() and not hint.isVisible()
    assert panel.table.height() < alone * 0.8
    panel.table.clearSelection()
    QApplication.processEvents()
    assert hint.isVisible() and panel.table.height() == alone


def test_the_run_that_is_clicked_stays_in_sight_and_does_not_move_while_the_button_is_down(panel, qtbot):
    panel.set_runs([run_record(run) for run in range(40, 0, -1)])
    QApplication.processEvents()
    table = panel.table
    place = QPoint(300, table.viewport().height() - 10)  # where the details will be
    run = table.indexAt(place).internalId()
    qtbot.mousePress(table.viewport(), LEFT, pos=place)
    assert panel.selected() == [run]
    assert table.indexAt(place).internalId() == run and not panel.details.isVisible()
    qtbot.mouseRelease(table.viewport(), LEFT, pos=place)
    QApplication.processEvents()
    assert panel.details.isVisible() and panel.selected() == [run]
    assert table.viewport().rect().contains(table.visualRect(panel._model.index_of(run, Column.NETWORK)).center())


def test_how_the_panel_is_divided_is_remembered_though_nothing_is_selected_when_it_closes(filled, qtbot):
    click(filled, qtbot, 3)
    filled._splitter.setSizes([150, 450])
    shared = filled.details.height()
    filled.table.clearSelection()
    other = HistoryPanel()
    qtbot.addWidget(other)
    other.resize(filled.size())
    other.restore_state(filled.save_state())
    other.set_runs(RUNS)
    other.show()
    click(other, qtbot, 3)
    assert abs(other.details.height() - shared) < 30


def test_several_runs_that_are_selected_at_once_are_compared(filled, qtbot):
    filled.table.selectAll()
    qtbot.waitUntil(lambda: bool(told(filled, "compare")))
    filled.set_compared([compared_run(run) for run in (RUNS[0], RUNS[4], RUNS[1], RUNS[2], RUNS[3], RUNS[5])])
    qtbot.waitUntil(filled.comparison.isVisible)
