"""What a search of the history finds, and what stays as it was."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from gui.history_rows import Arrangement, Wanted
from tests.gui.history_panel.user import RUNS, action, click, find, shown, type_search


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


def test_a_search_word_may_be_anything():
    wanted = Wanted(words=("(", "]", "*"))
    assert Arrangement(RUNS, wanted).roots == []
