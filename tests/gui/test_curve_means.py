"""The points of the epochs' means lie where they belong, and are explained."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication, QLabel

from engine.training.events import Position
from tests.gui.curves_user import child, plots, shown, train, train_on


def means(plot):
    return [point.pos().x() for point in plot.training_epochs.points()]


def test_the_mean_of_the_rest_of_an_epoch_lies_in_the_middle_of_the_rest(qtbot):
    panel = shown(qtbot)
    train_on(panel, Position(3, 4, 64, 2.0))  # of 20 batches
    qtbot.waitUntil(lambda: all(means(plot) for plot in plots(panel)))
    assert means(plots(panel)[0]) == pytest.approx([3.6])
    assert means(plots(panel)[1]) == pytest.approx([3.6])


def test_the_mean_of_a_whole_epoch_lies_in_its_middle(qtbot):
    panel = shown(qtbot)
    train(panel)
    qtbot.waitUntil(lambda: means(plots(panel)[0]) == [0.5, 1.5, 2.5])


@pytest.mark.parametrize(("width", "height"), [(1200, 500), (700, 500), (280, 600)])
def test_the_points_of_the_means_are_named_and_explained(qtbot, width, height):
    panel = shown(qtbot, width, height)
    train(panel)
    qtbot.waitUntil(lambda: bool(panel.findChild(QLabel, "epochMeansLabel")))
    QApplication.processEvents()
    label = child(panel, QLabel, "epochMeansLabel")
    assert label.isVisible()
    assert "mean of an epoch" in label.text()
    assert "middle of that epoch" in label.toolTip()
