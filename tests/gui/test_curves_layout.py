"""The curves fit whatever room there is: nothing lies upon anything else, and the curves themselves can be read."""

from __future__ import annotations

import itertools

import pytest
from PySide6.QtCore import QRect
from PySide6.QtWidgets import QApplication, QLabel

from gui.curves_layout import LEAST, arrange
from tests.gui.curves_user import canvas, child, plots, shown, train

# Of the panel, in windows of 1024 by 700, 1280 by 720 and 1600 by 1000, and of docks as they may be.
SIZES = [(400, 235), (656, 255), (850, 500), (280, 600), (460, 300), (1400, 260), (500, 800)]


def place(panel, widget):
    return QRect(widget.mapTo(panel, widget.rect().topLeft()), widget.size())


@pytest.mark.parametrize("runs", [1, 7])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_nothing_lies_upon_anything_else_and_the_curves_can_be_read(qtbot, width, height, runs):
    panel = shown(qtbot)
    for number in range(runs):
        train(panel, f"run {number}")
    qtbot.waitUntil(lambda: bool(plots(panel)[0].training.getData()[0] is not None))
    panel.resize(width, height)
    QApplication.processEvents()
    assert (panel.width(), panel.height()) == (width, height)
    loss, accuracy = plots(panel)
    parts = [part for plot in (loss, accuracy) for part in (plot.header, canvas(plot))]
    parts += [child(panel, QLabel, "runsLegend"), child(panel, QLabel, "readoutLabel")]
    shown_parts = [place(panel, part) for part in parts if part.isVisible()]
    assert not any(one.intersects(other) for one, other in itertools.combinations(shown_parts, 2))
    assert all(panel.rect().contains(part) for part in shown_parts)
    for plot in (loss, accuracy):
        item = canvas(plot).getPlotItem()
        assert item.getViewBox().height() >= 40
        axis = item.getAxis("bottom")
        assert item.sceneBoundingRect().contains(axis.sceneBoundingRect()), "the title of the axis has room"


def test_a_panel_that_is_made_lower_does_not_hold_on_to_its_height(qtbot):
    panel = shown(qtbot, 400, 600)
    train(panel)
    qtbot.waitUntil(lambda: bool(plots(panel)[0].training.getData()[0] is not None))
    loss, accuracy = plots(panel)
    assert loss.geometry().bottom() < accuracy.geometry().top()
    assert panel.minimumSizeHint().height() <= 235
    panel.resize(400, 235)
    QApplication.processEvents()
    assert loss.geometry().right() < accuracy.geometry().left()


def test_what_is_written_at_the_pointer_is_never_cut(qtbot):
    panel = shown(qtbot, 400, 235)
    train(panel)
    readout = child(panel, QLabel, "readoutLabel")
    qtbot.waitUntil(lambda: "epoch" in readout.text())
    QApplication.processEvents()
    qtbot.waitUntil(lambda: readout.fontMetrics().horizontalAdvance(readout.text()) <= readout.width())
    assert "learning" in readout.text()


def test_the_name_of_the_best_stays_inside_a_low_picture(qtbot):
    panel = shown(qtbot, 400, 235)
    train(panel)
    loss, accuracy = plots(panel)
    qtbot.waitUntil(lambda: bool(loss.best.text and accuracy.best.text))
    qtbot.wait(300)
    for plot in (loss, accuracy):
        view = canvas(plot).getPlotItem().getViewBox()
        text = plot.best._text
        assert view.rect().adjusted(-1, -1, 1, 1).contains(text.mapRectToItem(view, text.boundingRect()))


def test_what_explains_the_curves_goes_before_the_curves_do():
    def fit(height):
        return arrange((400, height), 17, 34, lambda width: 0 if width > 400 else 1 if width > 230 else 2)

    assert fit(600) == (False, 400, 1, 2, True, True)
    fits = [fit(height) for height in range(600, LEAST[1], -1)]
    assert [layout.beside for layout in fits] == sorted(layout.beside for layout in fits)
    assert not fit(LEAST[1]).has_legend
    assert not fit(LEAST[1]).has_x_title
