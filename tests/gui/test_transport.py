"""The buttons that run training: which are possible when, and what they ask for."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QSpinBox

from gui.transport import TransportBar

BUTTONS = ("trainButton", "pauseButton", "stepButton", "stopButton", "moreEpochsButton")
SIGNALS = ("train", "pause", "resume", "step", "stop", "more_epochs")


@pytest.fixture
def bar(qtbot):
    bar = TransportBar()
    qtbot.addWidget(bar)
    bar.show()
    qtbot.waitExposed(bar)
    bar.activateWindow()
    return bar


@pytest.fixture
def asked(bar):
    asked = []
    for name in SIGNALS:
        getattr(bar, f"{name}_requested").connect(lambda *values, name=name: asked.append((name, *values)))
    return asked


def button(bar, name):
    return bar.findChild(QPushButton, name)


@pytest.mark.parametrize(
    ("state", "possible"),
    [
        ("loading", set()),
        ("ready", {"trainButton", "stepButton"}),
        ("training", {"pauseButton", "stopButton"}),
        ("paused", {"pauseButton", "stepButton", "stopButton"}),
        ("stopping", set()),
        ("trained", {"trainButton", "stepButton", "moreEpochsButton"}),
    ],
)
def test_only_what_makes_sense_is_enabled(bar, state, possible):
    bar.set_state(state)
    assert {name for name in BUTTONS if button(bar, name).isEnabled()} == possible


@pytest.mark.parametrize(
    ("state", "name", "wanted"),
    [
        ("ready", "trainButton", ("train",)),
        ("ready", "stepButton", ("step",)),
        ("training", "pauseButton", ("pause",)),
        ("training", "stopButton", ("stop",)),
        ("paused", "pauseButton", ("resume",)),
        ("paused", "stepButton", ("step",)),
        ("trained", "moreEpochsButton", ("more_epochs", 5)),
    ],
)
def test_a_click_asks_once_for_what_the_button_says(bar, asked, qtbot, state, name, wanted):
    bar.set_state(state)
    qtbot.mouseClick(button(bar, name), Qt.MouseButton.LeftButton)
    assert asked == [wanted]


def test_a_click_on_what_is_disabled_asks_for_nothing(bar, asked, qtbot):
    bar.set_state("stopping")
    for name in BUTTONS:
        qtbot.mouseClick(button(bar, name), Qt.MouseButton.LeftButton)
    assert asked == []


def test_pause_turns_into_resume_and_back(bar):
    bar.set_state("training")
    assert button(bar, "pauseButton").text() == "Pause"
    bar.set_state("paused")
    assert button(bar, "pauseButton").text() == "Resume"
    assert button(bar, "pauseButton").accessibleName() == "Resume"
    bar.set_state("training")
    assert button(bar, "pauseButton").text() == "Pause"


@pytest.mark.parametrize(
    ("state", "key", "modifier", "wanted"),
    [
        ("ready", Qt.Key.Key_F5, Qt.KeyboardModifier.NoModifier, [("train",)]),
        ("ready", Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier, [("train",)]),
        ("training", Qt.Key.Key_F6, Qt.KeyboardModifier.NoModifier, [("pause",)]),
        ("paused", Qt.Key.Key_F6, Qt.KeyboardModifier.NoModifier, [("resume",)]),
        ("paused", Qt.Key.Key_F7, Qt.KeyboardModifier.NoModifier, [("step",)]),
        ("training", Qt.Key.Key_F8, Qt.KeyboardModifier.NoModifier, [("stop",)]),
        ("training", Qt.Key.Key_F5, Qt.KeyboardModifier.NoModifier, []),
    ],
)
def test_shortcuts_work_in_every_state_that_allows_them(bar, asked, qtbot, state, key, modifier, wanted):
    bar.set_state(state)
    qtbot.keyClick(bar, key, modifier)
    assert asked == wanted


def test_shortcuts_are_told_in_the_tooltips(bar):
    for name, key in {"trainButton": "F5", "pauseButton": "F6", "stepButton": "F7", "stopButton": "F8"}.items():
        assert f"({key})" in button(bar, name).toolTip()


def test_as_many_epochs_are_added_as_are_typed(bar, asked, qtbot):
    bar.set_state("trained")
    spin = bar.findChild(QSpinBox, "moreEpochsSpin")
    spin.selectAll()
    qtbot.keyClicks(spin, "12")
    qtbot.mouseClick(button(bar, "moreEpochsButton"), Qt.MouseButton.LeftButton)
    assert asked == [("more_epochs", 12)]


def test_a_short_row_elsewhere_runs_the_same_and_follows_the_same_states(bar, asked, qtbot):
    row = bar.short_row()
    qtbot.addWidget(row)
    row.show()
    bar.set_state("paused")
    assert button(row, "pauseFromHereButton").text() == "Resume"
    assert not button(row, "trainFromHereButton").isEnabled()
    bar.set_state("trained")
    bar.findChild(QSpinBox, "moreEpochsSpin").setValue(3)
    for name in ("trainFromHereButton", "moreFromHereButton"):
        qtbot.mouseClick(button(row, name), Qt.MouseButton.LeftButton)
    assert asked == [("train",), ("more_epochs", 3)]
