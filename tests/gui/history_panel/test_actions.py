"""What can be done with runs, by buttons, keys and with a real history behind."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from engine.history.store import RunStore
from gui.history_columns import Column
from gui.history_desk import HistoryDesk
from tests.engine.history.samples import record_two_runs
from tests.gui.history_panel.user import CONTROL, LEFT, RUNS, action, click, find, shown, told


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
