"""The dialog in which a branch begins, through real events."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QLabel, QTreeWidget, QWidget

from engine.history.records import CheckpointRecord
from engine.training.events import Position
from gui.branch_dialog import BranchDialog
from gui.theme import DARK
from tests.gui.run_records import run_record

LEFT = Qt.MouseButton.LeftButton


def checkpoint(number: int, epoch: int, kind: str = "snapshot", batch: int = 0, best: bool = False):
    accuracy = 0.9 + epoch / 100 if epoch else math.nan
    position = Position(epoch, batch, 100 * epoch + batch, 1.0)
    return CheckpointRecord(number, 7, kind, position, Path("w"), 10, best, math.nan, accuracy)


KEPT = [
    checkpoint(1, 0), checkpoint(2, 1), checkpoint(3, 2, best=True), checkpoint(4, 2, "state", best=True),
    checkpoint(5, 3, "state"), checkpoint(6, 3), checkpoint(7, 3, "state", batch=40),
]  # fmt: skip
RUN = run_record(7, name="Tuesday", epochs=3, last_epoch=5)


@pytest.fixture
def open_dialog(qtbot):
    def open_one(checkpoints=KEPT, run=RUN):
        dialog = BranchDialog(run, checkpoints)
        qtbot.addWidget(dialog)
        dialog.apply_theme(DARK)
        dialog.chosen = []
        dialog.branch_chosen.connect(lambda *choice: dialog.chosen.append(choice))
        dialog.show()
        return dialog

    return open_one


def find(dialog, name, kind=QWidget):
    found = dialog.findChild(kind, name)
    assert found is not None, name
    return found


def rows(dialog):
    listed = find(dialog, "branchMomentsList", QTreeWidget)
    items = [listed.topLevelItem(place) for place in range(listed.topLevelItemCount())]
    return [[item.text(column) for column in range(4)] for item in items]


def choose(dialog, place):
    listed = find(dialog, "branchMomentsList", QTreeWidget)
    listed.setCurrentItem(listed.topLevelItem(place))


def test_there_is_one_row_for_each_moment_the_newest_first_and_states_win(open_dialog):
    assert rows(open_dialog()) == [
        ["in epoch 4, after batch 40", "93.00%", "", "everything"],
        ["after epoch 3", "93.00%", "", "everything"],
        ["after epoch 2", "92.00%", "best", "everything"],
        ["after epoch 1", "91.00%", "", "weights only"],
        ["untrained weights", "–", "", "weights only"],
    ]


def test_it_begins_with_the_best_or_else_with_the_last_state(open_dialog):
    assert open_dialog().checkpoint().id == 4
    assert open_dialog([checkpoint(1, 1, "state"), checkpoint(2, 2)]).checkpoint().id == 1
    assert open_dialog([checkpoint(1, 1), checkpoint(2, 2)]).checkpoint().id == 2


def test_a_state_with_its_own_settings_is_replayed_to_the_planned_end(open_dialog, qtbot):
    dialog = open_dialog()
    assert "up to epoch 5" in find(dialog, "branchNote", QLabel).text()
    assert not find(dialog, "branchEpochsSpin").isEnabled()
    assert find(dialog, "branchEpochsSpin").value() == 3
    qtbot.mouseClick(find(dialog, "branchBeginButton"), LEFT)
    assert dialog.chosen == [(KEPT[3], True, 0)]
    assert not dialog.isVisible()


def test_a_snapshot_says_that_moments_restart(open_dialog, qtbot):
    dialog = open_dialog()
    choose(dialog, 3)
    assert "moments restart" in find(dialog, "branchNote", QLabel).text()
    spin = find(dialog, "branchEpochsSpin")
    assert spin.isEnabled()
    spin.setFocus()
    spin.selectAll()
    qtbot.keyClicks(spin, "12")
    qtbot.mouseClick(find(dialog, "branchBeginButton"), LEFT)
    assert dialog.chosen == [(KEPT[1], True, 12)]


def test_the_settings_of_set_up_take_a_number_of_epochs(open_dialog, qtbot):
    dialog = open_dialog()
    qtbot.mouseClick(find(dialog, "branchSetupRadio"), LEFT)
    assert "goes on with its moments" in find(dialog, "branchNote", QLabel).text()
    assert find(dialog, "branchEpochsSpin").isEnabled()
    qtbot.mouseClick(find(dialog, "branchBeginButton"), LEFT)
    assert dialog.chosen == [(KEPT[3], False, 3)]


def test_at_the_planned_end_there_is_nothing_to_do_again(open_dialog, qtbot):
    dialog = open_dialog([checkpoint(1, 5, "state")])
    assert find(dialog, "branchEpochsSpin").isEnabled()
    qtbot.mouseClick(find(dialog, "branchBeginButton"), LEFT)
    assert dialog.chosen[0][1:] == (True, 1)


def test_keys_alone_choose_and_begin_or_give_up(open_dialog, qtbot):
    dialog = open_dialog()
    listed = find(dialog, "branchMomentsList", QTreeWidget)
    qtbot.keyClick(listed, Qt.Key.Key_End)
    qtbot.keyClick(listed, Qt.Key.Key_Return)
    assert [choice[0].id for choice in dialog.chosen] == [1]
    dialog = open_dialog()
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    assert not dialog.chosen


def test_a_run_without_weights_cannot_be_branched_from(open_dialog):
    dialog = open_dialog([])
    assert not find(dialog, "branchBeginButton").isEnabled()
    assert "no weights" in find(dialog, "branchNote", QLabel).text()


def test_everything_a_person_operates_is_named_and_explained(open_dialog):
    dialog = open_dialog()
    widgets = [
        *dialog.findChildren(QAbstractButton),
        find(dialog, "branchMomentsList"),
        find(dialog, "branchEpochsSpin"),
    ]
    for widget in widgets:
        assert widget.objectName()
        assert widget.accessibleName(), widget.objectName()
        assert widget.toolTip(), widget.objectName()
