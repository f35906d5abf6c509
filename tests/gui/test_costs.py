"""What training would cost: asked when settings rest, told in the set-up panel, with a way out where it is too much."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractSpinBox, QLabel, QPushButton

from engine.architecture.shapes import summarize
from engine.architecture.zoo import experiment
from engine.estimates.cost import Cost
from engine.estimates.timing import EpochEstimate
from engine.messages import Dropped, Estimate, Estimated, Saved
from gui.costs import Costs
from gui.memory_question import MemoryQuestion
from gui.setup_panel import SetupPanel

LENET = experiment("lenet-bn")
MB = 2**20
PLENTY = Cost("cpu", 100, 48 * MB, 8192 * MB, 10_000)
SHORT = Cost("cpu", 100, 4096 * MB, 1024 * MB, 24)


class Desk:
    """A set-up panel with its costs, and what the worker is asked."""

    def __init__(self, qtbot) -> None:
        self.qtbot = qtbot
        self.setup = SetupPanel()
        qtbot.addWidget(self.setup)
        self.setup.set_configuration(LENET.config)
        self.setup.set_network(summarize(LENET.network()), "")
        self.setup.set_state("ready")
        self.setup.resize(340, 900)
        self.setup.show()
        self.asked: list[Estimate] = []
        self.costs = Costs(self.setup, self.asked.append)
        self.costs.set_network(LENET.network())

    def settle(self, count: int) -> Estimate:
        """Wait until so many questions were asked, and return the last."""
        self.qtbot.waitUntil(lambda: len(self.asked) == count, timeout=5000)
        return self.asked[-1]

    def tell(self, cost: Cost) -> None:
        assert self.costs.receive(Estimated(self.asked[-1].request, cost))

    def text(self, name: str) -> str:
        return self.setup.findChild(QLabel, name).text()

    def is_shown(self, name: str) -> bool:
        return self.setup.findChild(object, name).isVisibleTo(self.setup)

    def enter(self, name: str, text: str) -> None:
        field = self.setup.findChild(QAbstractSpinBox, name)
        field.setFocus()
        field.selectAll()
        self.qtbot.keyClicks(field, text)
        self.qtbot.keyClick(field, Qt.Key.Key_Return)


@pytest.fixture
def desk(qtbot):
    return Desk(qtbot)


def test_nothing_is_asked_before_it_can_be_measured_and_then_once(desk):
    desk.qtbot.wait(600)
    assert desk.asked == []
    desk.costs.set_can_measure(True)
    asked = desk.settle(1)
    assert (asked.spec, asked.config, asked.device) == (LENET.network(), LENET.config, "cpu")
    desk.costs.set_can_measure(True)
    desk.costs.set_network(LENET.network())
    desk.qtbot.wait(600)
    assert len(desk.asked) == 1


def test_what_is_not_known_says_when_it_will_be(desk):
    assert desk.text("costMemory") == desk.text("costTime") == "as soon as nothing else runs"
    desk.costs.set_network(None)
    assert desk.text("costMemory") == "–"


def test_a_network_that_comes_back_before_it_was_asked_about_anew_has_its_figures_again(desk):
    desk.costs.set_can_measure(True)
    desk.settle(1)
    desk.tell(replace(PLENTY, epoch=EpochEstimate(6.71, 0.42)))
    for network in (experiment("mlp-256").network(), LENET.network()):  # an edit, and its undo
        desk.setup.set_network(summarize(network), "")
        desk.costs.set_network(network)
    desk.qtbot.waitUntil(lambda: desk.text("costTime").startswith("about 6.7 s"), timeout=5000)
    assert len(desk.asked) == 1


def test_parameters_and_work_are_there_at_once_and_the_rest_follows(desk):
    desk.costs.set_can_measure(True)
    desk.settle(1)
    assert desk.text("costParameters") == "80,250"
    assert desk.text("costWork") == "1.12 M"
    assert desk.text("costMemory") == desk.text("costTime") == "working it out…"
    desk.tell(PLENTY)
    assert desk.text("costMemory") == "about 50 MB of 8.6 GB"
    assert desk.text("costTime") == "measuring…"
    desk.tell(replace(PLENTY, epoch=EpochEstimate(6.71, 0.42)))
    assert desk.text("costTime") == "about 6.7 s, 0.42 s to check"
    assert not desk.is_shown("costWarning")


def test_another_batch_size_is_asked_about_and_another_learning_rate_is_not(desk):
    desk.costs.set_can_measure(True)
    desk.settle(1)
    desk.tell(PLENTY)
    desk.enter("learningRateSpin", "0.02")
    desk.qtbot.wait(600)
    assert len(desk.asked) == 1
    desk.enter("batchSizeSpin", "256")
    assert desk.settle(2).config.batch_size == 256
    assert desk.text("costMemory") == "working it out…"


def test_an_answer_to_an_older_question_is_not_shown(desk):
    desk.costs.set_can_measure(True)
    desk.settle(1)
    old = desk.asked[-1].request
    desk.enter("batchSizeSpin", "256")
    desk.settle(2)
    assert desk.costs.receive(Estimated(old, PLENTY))
    assert desk.text("costMemory") == "working it out…"
    assert not desk.costs.receive(Saved(None))


def test_where_memory_is_short_the_batch_that_fits_is_one_click_away(desk):
    desk.costs.set_can_measure(True)
    desk.settle(1)
    desk.tell(SHORT)
    assert desk.text("costWarning") == (
        "Batches of 100 take about 4.3 GB of memory, but only 1.1 GB can be had. Batches of 24 fit."
    )
    assert desk.text("costTime") == "–"
    desk.qtbot.mouseClick(desk.setup.findChild(QPushButton, "useFittingBatchButton"), Qt.MouseButton.LeftButton)
    assert desk.setup.configuration().batch_size == 24
    assert desk.settle(2).config.batch_size == 24


def test_where_not_even_one_image_fits_no_batch_is_offered(desk):
    desk.costs.set_can_measure(True)
    desk.settle(1)
    desk.tell(replace(SHORT, largest_batch=None))
    assert desk.text("costWarning").endswith("Not even one image fits: take smaller images or a narrower network.")
    assert not desk.is_shown("useFittingBatchButton")


def test_a_measurement_that_training_cut_short_is_asked_for_again(desk):
    desk.costs.set_can_measure(True)
    desk.settle(1)
    desk.tell(PLENTY)
    desk.costs.set_can_measure(False)
    desk.costs.set_can_measure(True)
    desk.settle(2)


@pytest.mark.parametrize(("button", "told"), [("trainFittingButton", 24), ("trainAnywayButton", "anyway")])
def test_the_question_about_memory_has_two_ways_on(qtbot, button, told):
    question = MemoryQuestion(SHORT)
    qtbot.addWidget(question)
    heard = []
    question.train_with.connect(heard.append)
    question.train_anyway.connect(lambda: heard.append("anyway"))
    question.show()
    qtbot.mouseClick(question.findChild(QPushButton, button), Qt.MouseButton.LeftButton)
    assert heard == [told]


def test_a_network_that_came_with_a_run_is_asked_about_when_the_run_is_over(desk):
    desk.costs.set_can_measure(True)
    desk.settle(1)
    desk.tell(replace(PLENTY, epoch=EpochEstimate(6.71, 0.42)))
    desk.costs.set_can_measure(False)  # a run of the history goes on, and brings its own network
    other = experiment("mlp-256").network()
    desk.setup.set_network(summarize(other), "")
    desk.costs.set_network(other)
    desk.qtbot.wait(600)
    assert len(desk.asked) == 1 and desk.text("costTime") == "as soon as nothing else runs"
    desk.costs.set_can_measure(True)
    assert desk.settle(2).spec == other


def test_an_estimate_that_was_given_up_is_asked_for_again_while_nothing_runs(desk):
    desk.costs.set_can_measure(True)
    asked = desk.settle(1)
    desk.tell(PLENTY)
    assert desk.costs.receive(Dropped(asked))  # another model was opened, say
    assert desk.settle(2).spec == asked.spec
    assert desk.costs.receive(Dropped(asked)), "an older one is of no interest"
    desk.qtbot.wait(600)
    assert len(desk.asked) == 2
