"""The twin run in the window: begun from the menu, drawn while it goes on, stopped, dropped, and told what it found."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton

from engine import messages as m
from engine.architecture.layers import Activation, Dense, Flatten
from engine.architecture.network import NetworkSpec
from engine.backends.choice import BACKEND_NAMES
from engine.backends.scratch import layers as scratch_layers
from engine.training.config import TrainingConfig
from engine.twin import Difference, TwinStep
from gui.subject_form import backend_words
from gui.theme import DARK, LIGHT
from gui.twin_dialog import TwinDialog

SPEC = NetworkSpec("small", (1, 28, 28), (Flatten(), Dense(16), Activation("relu"), Dense(10)))
NOTHING = Difference(0.0, 0.0, "")


def asked(batches=4, backends=("gluon", "scratch")):
    return m.TwinRun(1, SPEC, TrainingConfig(), "cpu", backends, batches)


def step(number, first=2.0, second=2.0, weights=NOTHING, gradients=NOTHING):
    return TwinStep(number, (first, second), abs(first - second), weights, gradients)


@pytest.fixture
def dialog(qtbot):
    dialog = TwinDialog()
    qtbot.addWidget(dialog)
    dialog.apply_theme(LIGHT)
    dialog.show()
    return dialog


@pytest.fixture
def opened(operator):
    """Someone in front of the window with the twin run's own beside it."""
    operator.window.views.editor._session.load(SPEC)
    operator.trigger("twinRunAction")
    return operator


def twins(operator):
    return operator.find("twinDialog")


def result(dialog):
    return dialog.findChild(QLabel, "twinResult").text()


def is_dropped(operator):
    bench = operator.controller._worker._bench
    return m.TwinRun not in bench._chores


def begin(operator, batches, second="NumPy"):
    operator.choose("twinSecondCombo", second)
    operator.enter("twinBatchesSpin", str(batches))  # Return starts it


def test_two_backends_are_compared_batch_by_batch(opened):
    dialog = twins(opened)
    assert dialog.isVisible() and not dialog.isModal()
    begin(opened, 12)
    opened.until(lambda: result(dialog).startswith("After 12 batches the losses differ by "))
    (places, first), (_, second) = dialog.losses.lines()
    assert places == list(range(1, 13))
    assert first != [first[0]] * 12
    np.testing.assert_allclose(first, second, atol=1e-4)
    _, _, gradients = dialog.differences.lines()
    assert gradients[1] and all(-12 < value < -3 for value in gradients[1])  # powers of ten


def test_a_backend_beside_itself_is_the_same_bit_for_bit(opened):
    begin(opened, 5, second="Gluon")
    opened.until(lambda: result(twins(opened)) == "✓ After 5 batches both are the same, bit for bit.")
    assert twins(opened).differences.lines() == [([], [])] * 3
    assert twins(opened).differences.values() == ["0", "0", "0"]


def test_a_fault_shows_in_the_gradients_of_the_first_batch(opened, monkeypatch):
    right = scratch_layers.Dense.backward

    def wrong(self, dy):
        back = right(self, dy)
        self.weight.gradient[...] *= 2
        return back

    monkeypatch.setattr(scratch_layers.Dense, "backward", wrong)
    begin(opened, 3)
    opened.until(lambda: result(twins(opened)).startswith("After 3 batches the losses differ by "))
    loss, _, (places, gradients) = twins(opened).differences.lines()
    assert (loss[0] == [] or loss[0][0] > 1 or loss[1][0] < -5) and places[0] == 1 and gradients[0] > -4


def test_stop_ends_it_and_keeps_what_was_drawn(opened):
    begin(opened, 10_000)
    dialog = twins(opened)
    opened.until(lambda: bool(dialog.losses.lines()[0][0]))
    opened.click("twinStopButton")
    assert result(dialog).startswith("Stopped. After ")
    opened.until(lambda: is_dropped(opened))
    assert dialog.losses.lines()[0][0]
    assert opened.find("twinStartButton", QPushButton).isEnabled()


def test_closing_gives_it_up_and_opening_shows_it_again(opened, qtbot):
    begin(opened, 10_000)
    dialog = twins(opened)
    opened.until(lambda: bool(dialog.losses.lines()[0][0]))
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    opened.until(lambda: is_dropped(opened))
    opened.trigger("twinRunAction")
    assert twins(opened) is dialog and dialog.isVisible()


def test_training_gives_it_up_and_says_so(opened):
    begin(opened, 10_000)
    opened.until(lambda: bool(twins(opened).losses.lines()[0][0]))
    opened.click("trainButton")
    opened.until(lambda: result(twins(opened)).startswith("Ended early, since something else began."))
    opened.until_state("training", "trained")


def test_during_a_run_it_is_refused(opened):
    opened.begin()
    opened.click("twinStartButton")
    opened.until(lambda: "stop it first" in result(twins(opened)))
    assert opened.controller.state == "training"
    assert opened.window.notices.text() == ""


def test_a_network_that_does_not_fit_together_is_told_in_the_dialog(opened):
    opened.window.views.editor.select("flatten1")
    assert opened.window.views.editor._session.remove()
    opened.click("twinStartButton")
    assert "dense1 (Dense 16) gets shape" in result(twins(opened))


def test_an_unforeseen_error_ends_it(opened, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("unforeseen")
        yield

    monkeypatch.setattr("engine.twin.twin_run", broken)
    opened.click("twinStartButton")
    opened.until(lambda: result(twins(opened)) == "Ended early by an error.")
    opened.find("errorDialog").close()


def test_the_settings_of_the_set_up_are_those_of_both(opened):
    drawn = []
    for seed in ("1", "2", "1"):
        opened.enter("seedSpin", seed)
        begin(opened, 3)
        opened.until(lambda: opened.find("twinStartButton", QPushButton).isEnabled())
        drawn.append(twins(opened).losses.lines()[0])
    assert drawn[0] == drawn[2] != drawn[1]


def test_colours_follow_the_scheme_of_the_window(opened):
    opened.trigger("darkThemeAction")
    assert twins(opened).losses._colours[0].name() == DARK.train
    opened.trigger("lightThemeAction")
    assert twins(opened).losses._colours[0].name() == LIGHT.train


def test_what_was_not_compared_and_what_does_not_differ_leaves_no_point(dialog):
    dialog.begin(asked())
    half = Difference(1e-3, 0.1, "dense1/weight")
    dialog.add_steps([step(1, weights=half, gradients=half), step(2, 2.0, 2.5, None, None), step(3, weights=half)])
    dialog.end("Stopped.")
    loss, weights, gradients = dialog.differences.lines()
    assert loss == ([2.0], [pytest.approx(np.log10(0.5))])
    assert weights == ([1.0, 3.0], [pytest.approx(-3.0)] * 2)
    assert gradients == ([1.0], [pytest.approx(-3.0)])
    assert dialog.differences.values() == ["0", "1.0e-03", "0"]
    assert "by 5.0e-01 at most, the weights by 1.0e-03 (dense1/weight)" in result(dialog)


def test_a_new_run_begins_with_empty_plots(dialog):
    dialog.begin(asked())
    dialog.add_steps([step(1)])
    dialog.end("")
    assert dialog.losses.lines()[0] == ([1.0], [2.0])
    dialog.begin(asked(backends=("module", "ndarray")))
    assert dialog.losses.lines() == [([], [])] * 2
    assert "Module" in result(dialog) and "NDArray" in result(dialog)


def test_every_backend_has_a_word():
    assert tuple(name for name, _ in backend_words()) == BACKEND_NAMES


def test_everything_to_operate_says_its_idea(dialog):
    names = (
        "twinFirstCombo",
        "twinSecondCombo",
        "twinBatchesSpin",
        "twinStartButton",
        "twinStopButton",
        "twinCloseButton",
    )
    for name in names:
        widget = dialog.findChild(object, name)
        assert widget.accessibleName() and widget.toolTip(), name
    for plot in ("twinLossPlot", "twinDifferencePlot"):
        assert dialog.findChild(object, plot).accessibleName()
