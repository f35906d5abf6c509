"""Early stopping in the set-up panel through real events."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QCheckBox, QLabel, QToolButton, QWidget

from engine.training.config import StoppingConfig, TrainingConfig
from gui.setup_panel import SetupPanel


@pytest.fixture
def panel(qtbot):
    panel = SetupPanel()
    qtbot.addWidget(panel)
    panel.set_state("ready")
    panel.resize(280, 700)
    panel.show()
    panel.findChild(QToolButton, "stoppingHeader").setChecked(True)
    return panel


def find(panel, name):
    found = panel.findChild(QWidget, name)
    assert found is not None, name
    return found


def test_by_default_all_epochs_are_trained_and_accuracy_tells_the_best(panel):
    assert panel.configuration().stopping == StoppingConfig("accuracy", None)
    assert not find(panel, "patienceSpin").isVisible()


def test_the_keyboard_alone_switches_stopping_on_and_sets_its_patience(panel, qtbot):
    panel.activateWindow()
    with qtbot.waitSignal(panel.configuration_changed):
        qtbot.keyClick(find(panel, "stopEarlyCheck"), Qt.Key.Key_Space)
    patience = find(panel, "patienceSpin")
    assert patience.isVisible()
    patience.setFocus()
    patience.selectAll()
    qtbot.keyClicks(patience, "12")
    qtbot.keyClicks(find(panel, "monitorCombo"), "L")

    assert panel.configuration().stopping == StoppingConfig("loss", 12)


def test_switching_off_and_on_again_keeps_the_patience(panel, qtbot):
    panel.set_configuration(TrainingConfig(stopping=StoppingConfig("accuracy", 3)))
    box = find(panel, "stopEarlyCheck")

    qtbot.keyClick(box, Qt.Key.Key_Space)
    assert panel.configuration().stopping.patience is None
    qtbot.keyClick(box, Qt.Key.Key_Space)

    assert panel.configuration().stopping.patience == 3


def test_a_patience_of_one_is_one_epoch_and_less_cannot_be_entered(panel, qtbot):
    panel.set_configuration(TrainingConfig(stopping=StoppingConfig("accuracy", 2)))
    patience = find(panel, "patienceSpin")
    assert patience.text() == "2 epochs"

    qtbot.keyClick(patience, Qt.Key.Key_Down)
    assert patience.text() == "1 epoch"
    qtbot.keyClick(patience, Qt.Key.Key_Down)

    assert panel.configuration().stopping.patience == 1


def test_filling_the_form_is_silent_and_reset_brings_the_published_patience_back(panel, qtbot):
    published = TrainingConfig(stopping=StoppingConfig("loss", 4))
    with qtbot.assertNotEmitted(panel.configuration_changed):
        panel.set_configuration(published)
    qtbot.keyClick(find(panel, "stopEarlyCheck"), Qt.Key.Key_Space)
    reset = find(panel, "resetButton")
    assert reset.isEnabled()

    qtbot.mouseClick(reset, Qt.MouseButton.LeftButton)

    assert panel.configuration() == published
    assert find(panel, "stopEarlyCheck").isChecked()


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (StoppingConfig(), "off"),
        (StoppingConfig("loss", 1), "loss, 1 epoch"),
        (StoppingConfig("accuracy", 9), "9 epochs"),
    ],
)
def test_the_folded_section_tells_what_is_set(panel, config, words):
    panel.set_configuration(TrainingConfig(stopping=config))
    find(panel, "stoppingHeader").setChecked(False)

    assert any(label.isVisible() and words in label.text() + label.toolTip() for label in panel.findChildren(QLabel))


@pytest.mark.parametrize("state", ["training", "paused", "stopping", "loading"])
def test_nothing_of_it_can_be_edited_during_a_run(panel, state):
    panel.set_configuration(TrainingConfig(stopping=StoppingConfig("loss", 4)))
    panel.set_state(state)

    assert not any(find(panel, name).isEnabled() for name in ("monitorCombo", "stopEarlyCheck", "patienceSpin"))


def test_the_words_fit_into_a_narrow_dock(panel):
    QApplication.processEvents()
    box = panel.findChild(QCheckBox, "stopEarlyCheck")

    assert box.width() >= box.sizeHint().width()
    assert box.mapTo(panel, box.rect().topRight()).x() < panel.width()
