"""When the test images are classified for the confusion matrix, and which image stands behind a cell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QPushButton

from engine import messages as m
from engine.history.records import CheckpointRecord
from engine.training.events import EpochDone, Position, RunFinished
from gui.confusion_panel import ConfusionPanel
from gui.draw_panel import DrawPanel
from tests.gui.conftest import make_digits
from tests.gui.controlled import SPEC, Desk

DIGITS = tuple("0123456789")
MOMENT = CheckpointRecord(7, 1, "snapshot", Position(2, 0, 8, 1.0), Path("w"), 100, False, 0.4, 0.9)


@pytest.fixture
def desk(qtbot):
    desk = Desk(qtbot)
    desk.get_ready()
    desk.views.confusion.resize(440, 560)
    yield desk
    desk.controller.close()


def asked(desk) -> list[m.MeasureConfusion]:
    return desk.worker.asked(m.MeasureConfusion)


def measured(answers, checkpoint=None) -> m.ConfusionMeasured:
    labels = make_digits().test_labels[: len(answers)]
    matrix = np.zeros((10, 10), np.int64)
    np.add.at(matrix, (labels, answers), 1)
    return m.ConfusionMeasured(matrix, np.asarray(answers), DIGITS, len(answers), checkpoint)


def epoch_done(run="run 1", step=4):
    return EpochDone(run, Position(1, 0, step, 1.0), 1, 0.5, 0.8, 0.4, 0.9, 1.0, 400.0, 0.1)


def test_nothing_is_classified_while_nobody_can_see_the_matrix(desk):
    desk.have_network()
    assert asked(desk) == []
    desk.views.confusion.show()
    assert len(asked(desk)) == 1 and asked(desk)[0].samples > 10_000, "all there are, since nothing else goes on"


def test_it_is_asked_once_and_again_when_the_network_has_learned(desk):
    desk.views.confusion.show()
    desk.have_network()
    desk.controller.refresh_watched()
    assert len(asked(desk)) == 1, "an answer is on its way"
    desk.tell(measured(make_digits().test_labels))
    desk.controller.refresh_watched()
    assert len(asked(desk)) == 1, "nothing has changed since"
    desk.tell(m.StateChanged("training", True), epoch_done())
    assert len(asked(desk)) == 2 and asked(desk)[1].samples == 1000, "a sample: the run should not suffer"


@pytest.mark.parametrize("stop", [True, False])
def test_all_images_are_classified_when_a_run_has_ended_by_itself_or_was_stopped(desk, stop):
    desk.views.confusion.show()
    desk.have_network()
    desk.tell(measured(make_digits().test_labels), m.StateChanged("training", True), epoch_done())
    desk.tell(measured(make_digits().test_labels[:50]))
    if stop:
        desk.transport.findChild(QPushButton, "stopButton").click()
        assert desk.worker.asked(m.Stop)
    desk.tell(RunFinished("run 1", Position(1, 2, 6, 1.2), "stopped"), m.StateChanged("ready", True))
    assert len(asked(desk)) == 3 and asked(desk)[2].samples > 10_000


def test_what_was_dropped_for_a_run_is_asked_for_again(desk):
    desk.views.confusion.show()
    desk.have_network()
    desk.tell(m.Dropped(asked(desk)[0]), m.StateChanged("training", True), epoch_done())
    assert len(asked(desk)) == 2


def test_the_title_says_which_network_and_which_moment(desk):
    desk.views.confusion.show()
    desk.have_network()
    desk.tell(measured(make_digits().test_labels))
    title = desk.views.confusion.findChild(object, "confusionTitleLabel")
    assert SPEC.name in title.toolTip() + title.text()
    desk.tell(m.MomentShown(MOMENT, SPEC, DIGITS))
    assert len(asked(desk)) == 2
    desk.tell(measured(make_digits().test_labels, MOMENT))
    assert "epoch 2" in title.toolTip() + title.text()


def test_without_a_network_of_now_leaving_a_moment_empties_the_panel(desk):
    desk.views.confusion.show()
    desk.tell(m.MomentShown(MOMENT, SPEC, DIGITS), measured(make_digits().test_labels, MOMENT))
    assert desk.views.confusion.view.isVisible()
    desk.tell(m.MomentShown(None, None, ()))
    assert not desk.views.confusion.view.isVisible()
    assert len(asked(desk)) == 1


def test_a_click_on_a_cell_shows_its_test_images_one_after_the_other(desk):
    desk.views.confusion.show()
    desk.have_network()
    labels = make_digits().test_labels
    answers = labels.copy()
    wrong = np.flatnonzero(labels == 4)[:2]
    answers[wrong] = 9
    desk.tell(measured(answers))
    shown: list[np.ndarray] = []
    desk.views.draw.input_changed.connect(shown.append)
    images = make_digits().test_images / np.float32(255)
    for place in (*wrong, wrong[0]):
        desk.views.confusion.cell_chosen.emit(4, 9)
        desk.qtbot.waitUntil(lambda: bool(shown), timeout=2000)
        assert np.array_equal(shown.pop(), images[place])
    assert "Test image 1 of 2: 4, but taken for 9." in desk.notices


def test_a_matrix_that_cannot_be_had_leaves_the_panel_empty_and_says_nothing(desk):
    desk.views.confusion.show()
    desk.have_network()
    error = m.CommandFailed(asked(desk)[0], m.NetariumError("data.shape", "They do not fit."))
    desk.tell(error)
    assert desk.failures == []
    assert isinstance(desk.views.confusion, ConfusionPanel) and isinstance(desk.views.draw, DrawPanel)
