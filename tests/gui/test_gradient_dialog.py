"""The check of gradients in the window: begun from the menu, followed, given up, read and copied."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton, QTreeWidget

from engine import messages as m
from engine.architecture.layers import Activation, BatchNorm, Conv2D, Dense, Flatten
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize
from engine.backends.scratch.check_plan import CheckPlan
from engine.backends.scratch.gradient_check import GradientCheck
from gui.gradient_dialog import GradientDialog
from gui.theme import DARK, LIGHT

SMALL = NetworkSpec(
    "small", (1, 8, 8), (Conv2D(3, (3, 3)), BatchNorm(), Activation("relu"), Flatten(), Dense(4))
)  # fmt: skip
SLOW = NetworkSpec("slow", (1, 28, 28), (Flatten(), *(Dense(8) for _ in range(200)), Dense(10)))
RIGHT = GradientCheck("conv1/weight", 2.5e-9, 48, 2, 1250, "agrees")
WRONG = GradientCheck("dense1/bias", 0.25, 10, 0, 10, "differs")
NOTHING = GradientCheck("conv1/bias", 0.0, 3, 0, 3, "no effect")


@pytest.fixture
def dialog(qtbot):
    dialog = GradientDialog()
    qtbot.addWidget(dialog)
    dialog.apply_theme(LIGHT)
    dialog.show()
    return dialog


@pytest.fixture
def checking(operator):
    """Return a function that has a network checked from the menu, and returns the window that shows it."""

    def check(spec: NetworkSpec):
        operator.window.views.editor._session.load(spec)
        operator.trigger("checkGradientsAction")
        return operator.find("gradientDialog")

    return check


def rows(dialog):
    table = dialog.findChild(QTreeWidget, "gradientTable")
    items = [table.topLevelItem(row) for row in range(table.topLevelItemCount())]
    return [[item.text(column) for column in range(table.columnCount())] for item in items]


def result(dialog):
    label = dialog.findChild(QLabel, "gradientResult")
    return label.text() if label.isVisible() else ""


def button(dialog, name):
    return dialog.findChild(QPushButton, name)


def click(qtbot, dialog, name):
    assert button(dialog, name).isEnabled() and button(dialog, name).isVisible()
    qtbot.mouseClick(button(dialog, name), Qt.MouseButton.LeftButton)


def test_the_menu_checks_the_network_in_set_up(operator, checking):
    dialog = checking(SMALL)
    assert dialog.isVisible() and not dialog.isModal()
    operator.until(lambda: bool(result(dialog)))
    learned = [p.path for p in summarize(SMALL).parameters if p.trainable]
    assert [row[0] for row in rows(dialog)] == learned
    assert {row[5] for row in rows(dialog)} <= {"✓ agrees", "– no effect"}
    assert result(dialog).startswith("✓ Backpropagation is right")
    assert "small" in dialog.findChild(QLabel, "gradientTitle").text()


def test_the_edited_network_is_what_is_checked_again(operator, checking, qtbot):
    dialog = checking(SMALL)
    operator.until(lambda: bool(result(dialog)))
    operator.window.views.editor.select("flatten1")
    assert operator.window.views.editor._session.add([Dense(5)])
    click(qtbot, dialog, "gradientAgainButton")
    operator.until(lambda: bool(result(dialog)))
    assert "dense2/weight" in [row[0] for row in rows(dialog)]


def test_cancel_ends_the_check_and_keeps_what_was_found(operator, checking, qtbot):
    dialog = checking(SLOW)
    operator.until(lambda: bool(rows(dialog)))
    click(qtbot, dialog, "gradientCancelButton")
    assert result(dialog).startswith("Cancelled.")
    found = len(rows(dialog))
    assert 0 < found < 402
    bench = operator.controller._worker._bench
    operator.until(lambda: not bench._chores.get(m.CheckGradients))
    assert len(rows(dialog)) == found


def test_closing_gives_the_check_up(operator, checking, qtbot):
    dialog = checking(SLOW)
    operator.until(lambda: bool(rows(dialog)))
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    bench = operator.controller._worker._bench
    operator.until(lambda: not bench._chores.get(m.CheckGradients))
    operator.trigger("checkGradientsAction")
    assert rows(dialog) == []  # it begins anew


def test_training_gives_the_check_up_and_says_so(operator, checking):
    dialog = checking(SLOW)
    operator.until(lambda: bool(rows(dialog)))
    operator.click("trainButton")
    operator.until(lambda: result(dialog).startswith("Ended early, since something else began"))
    operator.until_state("training", "trained")


def test_during_a_run_the_check_is_refused(operator, checking):
    operator.begin()
    operator.trigger("checkGradientsAction")
    dialog = operator.find("gradientDialog")
    operator.until(lambda: "stop it first" in result(dialog))
    assert operator.controller.state == "training"
    assert operator.window.notices.text() == ""


def test_a_network_that_does_not_fit_together_is_told_in_the_dialog(operator, checking):
    operator.window.views.editor._session.load(SMALL)
    operator.window.views.editor.select("flatten1")
    assert operator.window.views.editor._session.remove()
    operator.trigger("checkGradientsAction")
    assert "dense1 (Dense 4) gets shape" in result(operator.find("gradientDialog"))


def test_an_unforeseen_error_ends_the_check(operator, checking, monkeypatch, qtbot):
    def broken(*_, **__):
        raise ZeroDivisionError("unforeseen")
        yield

    monkeypatch.setattr("engine.backends.scratch.gradient_check.each_gradient", broken)
    dialog = checking(SMALL)
    operator.until(lambda: result(dialog) == "Ended early by an error.")
    operator.find("errorDialog").close()


def test_progress_counts_parameters(dialog):
    dialog.begin("net", CheckPlan(3))
    bar = dialog.findChild(QProgressBar)
    assert (bar.maximum(), bar.value(), bar.isVisible()) == (3, 0, True)
    dialog.add_check(RIGHT)
    assert bar.value() == 1
    dialog.end("")
    assert not bar.isVisible()


def test_what_differs_is_named_in_word_sign_and_colour(dialog):
    dialog.begin("net", CheckPlan(3))
    for check in (RIGHT, WRONG, NOTHING):
        dialog.add_check(check)
    dialog.end("")
    assert rows(dialog) == [
        ["conv1/weight", "1,250", "48", "2", "2.5e-09", "✓ agrees"],
        ["dense1/bias", "10", "10", "0", "2.5e-01", "✗ differs"],
        ["conv1/bias", "3", "3", "0", "–", "– no effect"],
    ]
    assert result(dialog) == "✗ Backpropagation differs by more than 1e-06 in dense1/bias."
    for theme in (LIGHT, DARK):
        dialog.apply_theme(theme)
        colours = [dialog.table.topLevelItem(row).foreground(5).color().name() for row in range(3)]
        assert colours == [theme.good, theme.bad, theme.muted]


def test_what_could_not_be_compared_is_not_said_to_be_right(dialog):
    dialog.begin("net", CheckPlan(2))
    dialog.add_check(GradientCheck("conv1/weight", 0.0, 0, 50, 200, "at kinks"))
    dialog.end("")
    assert result(dialog) == "Nothing could be compared."
    dialog.add_check(RIGHT)
    dialog.end("")
    assert "Of 1 parameters nothing can be said" in result(dialog)


def test_a_large_network_is_said_to_be_checked_less(dialog):
    dialog.begin("net", CheckPlan(3))
    note = dialog.findChild(QLabel, "gradientNote")
    assert "at most 50 numbers" in note.text() and "large" not in note.text()
    dialog.begin("net", CheckPlan(3, 2, 4))
    assert "This network is large" in note.text()
    assert "only 4 of its numbers" in note.text() and "for 2 random inputs" in note.text()


def test_the_table_is_copied_as_text(dialog, qtbot):
    assert not button(dialog, "gradientCopyButton").isEnabled()
    dialog.begin("net", CheckPlan(2))
    dialog.add_check(RIGHT)
    dialog.add_check(WRONG)
    dialog.end("")
    click(qtbot, dialog, "gradientCopyButton")
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0] == "Is backpropagation right in net?"
    assert "conv1/weight    1,250       48          2         2.5e-09  ✓ agrees" in lines
    assert lines[-1] == result(dialog)
    assert button(dialog, "gradientCopyButton").text() == "Copied"


def test_everything_to_operate_says_its_idea(dialog):
    for widget in dialog.findChildren(QPushButton):
        assert widget.objectName() and widget.accessibleName() and widget.toolTip()
    header = dialog.table.headerItem()
    assert all(header.toolTip(column) for column in range(dialog.table.columnCount()))
