"""Lists of options that are too narrow for what is chosen."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QHelpEvent, QImage
from PySide6.QtWidgets import QApplication, QComboBox, QToolTip

from gui.elided_combo import ElidedCombo
from gui.spin_boxes import Choice

LONG = "Noise with random labels"


@pytest.fixture
def combo(qtbot):
    """Return a list of one long text, with an idea behind it."""
    combo = Choice([("random", LONG)])
    qtbot.addWidget(combo)
    combo.setToolTip("<qt>The images to learn from.</qt>")
    combo.setFixedWidth(round(combo.fontMetrics().horizontalAdvance(LONG)))  # no room for it beside the arrow
    return combo


def picture_of(combo: QComboBox, size: QSize) -> QImage:
    """Return a list as it looks without the keyboard and the pointer."""
    combo.setFixedSize(size)
    combo.ensurePolished()
    return combo.grab().toImage()


def picture_of_list(text: str, size: QSize, qtbot) -> QImage:
    """Return what Qt's own list of this size shows for a text."""
    combo = QComboBox()
    qtbot.addWidget(combo)
    combo.addItem(text)
    return picture_of(combo, size)


def ask_for_tooltip(combo: QComboBox) -> None:
    """Rest with the pointer on a list."""
    middle = combo.rect().center()
    QApplication.sendEvent(combo, QHelpEvent(QEvent.Type.ToolTip, middle, combo.mapToGlobal(middle)))


def test_a_choice_without_room_is_painted_with_an_ellipsis(combo, qtbot):
    shown = combo.shown_text()
    assert shown.endswith("…")
    assert LONG.startswith(shown[:-1])
    assert picture_of(combo, combo.size()) == picture_of_list(shown, combo.size(), qtbot)


def test_a_choice_with_room_is_painted_as_it_is(combo, qtbot):
    combo.setFixedWidth(400)
    assert combo.shown_text() == LONG
    assert picture_of(combo, combo.size()) == picture_of_list(LONG, combo.size(), qtbot)


def test_the_tooltip_tells_the_whole_text_only_where_it_is_not_in_sight(combo):
    ask_for_tooltip(combo)
    assert QToolTip.text() == f"<qt><b>{LONG}</b><br>The images to learn from.</qt>"
    QToolTip.hideText()
    combo.setFixedWidth(400)
    ask_for_tooltip(combo)
    assert QToolTip.text() == "<qt>The images to learn from.</qt>"


def test_a_network_that_is_not_in_the_list_is_cut_off_no_less(combo, qtbot):
    combo.choose("my-network-of-a-very-long-name")  # stands in the place of a choice
    assert combo.shown_text().endswith("…")
    ask_for_tooltip(combo)
    assert "my-network-of-a-very-long-name" in QToolTip.text()


def test_no_list_of_the_window_cuts_letters_off(operator):
    combos = operator.window.findChildren(QComboBox)
    assert len(combos) > 8
    assert [combo.objectName() for combo in combos if not isinstance(combo, ElidedCombo)] == []
