"""The comparison of runs through real events: what is drawn, marked, hidden and told."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication, QLabel, QToolButton, QWidget

from gui.comparison_view import ComparisonView
from gui.theme import DARK
from tests.gui.run_records import compared_run, fresh_record
from tests.gui.test_comparison import a_run

RUNS = [a_run(1, name="plain", accuracy=0.95), a_run(2, epochs=6, name="longer", accuracy=0.98)]


@pytest.fixture
def view(qtbot):
    view = ComparisonView()
    qtbot.addWidget(view)
    view.resize(1200, 400)
    view.show()
    return view


@pytest.fixture
def filled(view):
    view.set_runs(RUNS)
    QApplication.processEvents()
    return view


def find(view, name, kind=QWidget):
    found = view.findChild(kind, name)
    assert found is not None, name
    return found


def choose(view, name, text):
    combo = find(view, name)
    combo.setCurrentIndex(combo.findText(text))


def cells(view, row: str) -> list[str]:
    model = view.table.model()
    names = [model.headerData(place, Qt.Orientation.Vertical) for place in range(model.rowCount())]
    return [model.index(names.index(row), column).data() for column in range(model.columnCount())]


def row_names(view) -> list[str]:
    model = view.table.model()
    return [model.headerData(place, Qt.Orientation.Vertical) for place in range(model.rowCount())]


def click_entry(view, qtbot, place):
    legend = view.legend
    rect = legend.visualItemRect(legend.item(place))
    qtbot.mouseClick(legend.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(rect.left() + 10, rect.center().y()))


def test_one_run_is_no_comparison_and_it_is_said_what_to_do(view):
    view.set_runs(RUNS[:1])
    assert find(view, "comparisonFewLabel", QLabel).isVisible()
    assert not view.plot.isVisible()


def test_each_run_has_a_line_and_the_best_of_all_is_marked(filled):
    assert filled.plot.shown() == [0, 1]
    assert filled.plot.best_text() == "98.44%"  # 1 - 0.5 ** 6, of the longer run
    assert filled.colour_of(1) != filled.colour_of(2)
    with pytest.raises(KeyError):
        filled.colour_of(3)


def test_the_table_marks_the_best_and_shows_only_what_differs(filled, qtbot):
    assert cells(filled, "Best validation accuracy") == ["95.00%", "★ 98.00%"]
    assert "Batch size" not in row_names(filled)
    qtbot.mouseClick(
        find(filled, "comparisonAllSettingsCheck"), Qt.MouseButton.LeftButton, pos=QPoint(10, 10)
    )  # fmt: skip
    assert cells(filled, "Batch size") == ["100", "100"]


def test_a_run_that_is_unticked_leaves_the_picture_and_stays_out_on_other_axes(filled, qtbot):
    click_entry(filled, qtbot, 1)
    assert filled.plot.shown() == [0]
    assert filled.plot.best_text() == "93.75%"
    choose(filled, "comparisonAxisCombo", "by seconds")
    assert filled.plot.shown() == [0]
    click_entry(filled, qtbot, 1)
    assert filled.plot.shown() == [0, 1]


def test_the_axis_and_the_measure_change_what_is_drawn(filled):
    items = filled.plot._items
    assert items[1].getData()[0].tolist() == [1, 2, 3, 4, 5, 6]
    choose(filled, "comparisonAxisCombo", "by samples")
    assert items[1].getData()[0][-1] == 360_000
    choose(filled, "comparisonMeasureCombo", "Validation loss")
    assert items[0].getData()[1].tolist() == [0.5, 0.25, 0.125, 0.0625]
    assert filled.plot.best_text() == "0.0156"


def test_the_logarithm_is_for_losses_only(filled, qtbot):
    button = find(filled, "comparisonLogButton", QToolButton)
    assert not button.isEnabled()
    choose(filled, "comparisonMeasureCombo", "Validation loss")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert filled.plot._items[0].getData()[1] == pytest.approx([-0.30103, -0.60206, -0.90309, -1.20412], abs=1e-4)


def test_pointing_at_the_plot_tells_the_values_there_and_leaving_tells_the_best(filled):
    assert filled.legend.item(0).text().startswith("93.75%")
    scene = filled.plot._view.mapViewToScene(QPointF(2.1, 0.8))
    filled.plot._canvas.scene().sigMouseMoved.emit(scene)
    assert filled.legend.item(0).text().startswith("75.00%")
    scene = filled.plot._view.mapViewToScene(QPointF(5.9, 0.8))
    filled.plot._canvas.scene().sigMouseMoved.emit(scene)
    assert filled.legend.item(0).text().startswith("–"), "the shorter run has no such epoch"
    assert filled.legend.item(1).text().startswith("98.44%")
    filled.plot._canvas.left.emit()
    assert filled.legend.item(0).text().startswith("93.75%")


def test_the_run_under_the_pointer_stands_out(filled, qtbot):
    legend = filled.legend
    qtbot.mouseMove(legend.viewport(), legend.visualItemRect(legend.item(0)).center())
    legend.itemEntered.emit(legend.item(0))
    pens = [item.opts["pen"] for item in filled.plot._items]
    assert pens[0].color().alpha() == 255 and pens[1].color().alpha() < 100
    legend.pointed.emit(None)
    assert filled.plot._items[1].opts["pen"].color().alpha() == 255


def test_copying_gives_a_table_for_a_spreadsheet(filled, qtbot):
    filled.table.setFocus()
    qtbot.keyClick(filled.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = [line.split("\t") for line in QApplication.clipboard().text().splitlines()]
    assert lines[0] == ["", "1 · plain", "2 · longer"]
    assert ["Best validation accuracy", "95.00%", "98.00%"] in lines
    assert {len(line) for line in lines} == {3}


def test_a_run_without_an_epoch_is_in_the_table_and_named_as_having_no_curve(view):
    view.set_runs([*RUNS, compared_run(fresh_record(3, name="begun"))])
    assert view.plot.shown() == [0, 1]
    label = find(view, "comparisonNoCurvesLabel", QLabel)
    assert label.isVisible() and "3 · begun" in label.text()
    assert view.table.model().columnCount() == 3


def test_a_narrow_view_shows_curves_or_differences(filled, qtbot):
    assert filled.plot.isVisible() and filled.table.isVisible()
    filled.resize(600, 400)
    QApplication.processEvents()
    assert filled.plot.isVisible() and not filled.table.isVisible()
    qtbot.mouseClick(find(filled, "comparisonTableButton"), Qt.MouseButton.LeftButton)
    assert filled.table.isVisible() and not filled.plot.isVisible()
    filled.resize(1200, 400)
    QApplication.processEvents()
    assert filled.plot.isVisible() and filled.table.isVisible()


def test_nothing_is_drawn_while_it_is_out_of_sight(view):
    view.hide()
    view.set_runs(RUNS)
    assert view.plot._curves == [] and view.table.model().rowCount() == 0
    view.show()
    assert view.plot.shown() == [0, 1] and view.table.model().rowCount() > 5


def test_it_takes_the_colours_of_another_scheme(filled):
    before = filled.grab().toImage()
    filled.apply_theme(DARK)
    assert filled.grab().toImage() != before
    assert filled.plot._canvas.backgroundBrush().color().name() == DARK.surface


def test_every_control_says_what_it_is_for(filled):
    for name in (
        "comparisonMeasureCombo", "comparisonAxisCombo", "comparisonLogButton", "comparisonAllSettingsCheck",
        "comparisonTable", "comparisonLegend", "comparisonCurvesButton", "comparisonTableButton",
    ):  # fmt: skip
        widget = find(filled, name)
        assert widget.accessibleName() and len(widget.toolTip()) > 20, name


def test_the_legend_takes_the_room_that_long_names_need_and_leaves_most_to_the_curves(view):
    view.resize(860, 400)  # curves alone, as in a window of middling width
    view.set_runs([a_run(12, name="mlp-128-64", accuracy=0.95), a_run(13, name="softmax-regression", accuracy=0.9)])
    QApplication.processEvents()
    legend = view.legend
    for place in range(2):
        item = legend.item(place)
        text = legend.fontMetrics().horizontalAdvance(item.text()) + legend.iconSize().width()
        assert legend.visualItemRect(item).width() <= legend.viewport().width()
        assert text < legend.viewport().width() - 20  # and the box with the tick
    view.set_runs([a_run(12, name="w" * 200, accuracy=0.95), a_run(13, name="short", accuracy=0.9)])
    QApplication.processEvents()
    assert view.plot.width() > 0.55 * view.width()
    view.set_runs(RUNS)
    QApplication.processEvents()
    assert legend.width() < 200
