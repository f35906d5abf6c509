"""The loss axis shows the bulk of a run and what it does now, whatever the loss was at first."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton

from engine.training.config import TrainingConfig
from engine.training.events import BatchesDone, EpochDone, Position, RunStarted
from gui.curve_range import loss_ceiling
from tests.gui.curves_user import canvas, child, plots, shown, train, xs


@pytest.fixture
def panel(qtbot):
    return shown(qtbot)


def learn_too_fast(panel, count=2000, run="wild"):
    """Tell of a run whose loss jumps from 2.3 to thousands and stays about 45, and never comes down."""
    random = np.random.default_rng(0)
    losses = np.concatenate([[2.3], np.full(20, 5000.0), random.uniform(36, 54, count - 21)])
    panel.add_event(RunStarted(run, TrainingConfig(), Position(), 2, count, 2000, 500))
    panel.add_event(BatchesDone(run, Position(0, count, count, 5.0), losses, np.full(count, 0.1), 100.0, 900.0))
    panel.add_event(EpochDone(run, Position(1, 0, count, 5.0), 1, 830.0, 0.1, 47.8, 0.1, 5.0, 900.0, 100.0))


def loss_range(panel):
    return canvas(plots(panel)[0]).getPlotItem().getViewBox().viewRange()[1]


@pytest.mark.parametrize("earlier", [False, True])
def test_a_loss_that_stays_high_can_be_seen(panel, qtbot, earlier):
    if earlier:
        train(panel)
    learn_too_fast(panel)
    qtbot.waitUntil(lambda: len(xs(plots(panel)[0].raw)) > 100)
    qtbot.waitUntil(lambda: 54 < loss_range(panel)[1] < 500)
    qtbot.mouseClick(child(panel, QToolButton, "logButton"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: np.log10(54) < loss_range(panel)[1] < np.log10(5000))


def test_a_loss_that_rises_late_can_be_seen_at_once(panel, qtbot):
    train(panel, finish=False)
    panel.add_event(BatchesDone("a", Position(3, 15, 75, 7.5), np.full(15, 40.0), np.full(15, 0.1), 0.1, 900.0))
    qtbot.waitUntil(lambda: len(xs(plots(panel)[0].training)) == 75)
    qtbot.waitUntil(lambda: loss_range(panel)[1] > 40)


def test_the_ceiling_lies_above_the_bulk_and_below_outliers():
    steady = np.full(100, 45.0)
    assert loss_ceiling(2.3, steady) > 45
    assert loss_ceiling(2.3, np.append([1e9] * 5, steady)) < 1000
    assert loss_ceiling(2.3, np.append(steady / 45, [1e6, 1e30, np.inf, np.nan])) < 10


def test_a_validation_far_above_the_training_is_shown():
    assert loss_ceiling(2.3, np.full(100, 0.1), np.array([2.5, 9.0, 30.0, 31.0])) > 31


def test_where_nothing_is_known_nothing_is_left_out():
    assert loss_ceiling(float("nan"), np.empty(0)) == float("inf")
