from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from gui.colour_bar import ColourBar
from gui.colour_scale import ColourScale
from gui.image_view import ImageView
from gui.theme import DARK, LIGHT


@pytest.fixture
def view(qtbot):
    view = ImageView()
    qtbot.addWidget(view)
    view.resize(200, 100)
    view.show()
    return view


def colour_at(widget, point: QPointF) -> str:
    return widget.grab().toImage().pixelColor(point.toPoint()).name()


def point_at(view, place: QPointF) -> None:
    """Move the pointer without a button, whatever a test before left pressed or lying above."""
    none = Qt.MouseButton.NoButton
    event = QMouseEvent(
        QEvent.Type.MouseMove, place, view.mapToGlobal(place), none, none, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(view, event)


def is_near(colour: QColor, name: str) -> bool:
    """A scale has an even number of colours, so that none is exactly the middle one."""
    return all(abs(a - b) <= 3 for a, b in zip(colour.getRgb(), QColor(name).getRgb(), strict=True))


def test_values_take_the_colours_of_the_scale_and_gaps_are_transparent():
    scale = ColourScale.diverging(2.0, LIGHT)

    image = scale.image(np.array([[-2.0, 0.0, 2.0], [-9.0, np.nan, np.inf]], np.float32))

    assert is_near(image.pixelColor(0, 0), LIGHT.negative)
    assert is_near(image.pixelColor(1, 0), LIGHT.zero)
    assert is_near(image.pixelColor(2, 0), LIGHT.positive)
    assert image.pixel(0, 1) == image.pixel(0, 0)
    assert image.pixelColor(1, 1).alpha() == 0
    assert image.pixel(2, 1) == image.pixel(2, 0)


def test_images_of_odd_widths_keep_their_rows_apart():
    values = np.arange(15, dtype=np.float32).reshape(3, 5)

    image = ColourScale.sequential(14, LIGHT).image(values)

    seen = [image.pixel(column, row) for row in range(3) for column in range(5)]
    assert len(set(seen)) == 15


def test_a_scale_without_extent_paints_one_colour():
    image = ColourScale(1.0, 1.0, LIGHT.sequential()).image(np.ones((2, 2), np.float32))

    assert {image.pixel(x, y) for x in range(2) for y in range(2)} == {QColor("#ffffff").rgb()}


def test_cells_are_square_sharp_and_in_the_middle(view):
    view.set_image(np.array([[1.0, -1.0]]), ColourScale.diverging(1, LIGHT))

    left, right = view.cell_rect(0, 0), view.cell_rect(0, 1)

    assert left.width() == left.height() == 100
    assert colour_at(view, left.bottomRight() - QPointF(2, 2)) == colour_at(view, left.center())
    assert colour_at(view, right.topLeft() + QPointF(2, 2)) == LIGHT.negative


def test_a_heat_map_fills_the_widget_and_gaps_show_the_background(view):
    view.set_image(np.array([[np.nan], [1.0]]), ColourScale.diverging(1, DARK), keep_aspect=False)
    view.apply_theme(DARK)

    assert view.cell_rect(1, 0).getRect() == (0, 50, 200, 50)
    assert colour_at(view, view.cell_rect(0, 0).center()) == DARK.sunken


def test_a_large_image_is_averaged_not_thinned_out(view):
    stripes = np.tile([0.0, 1.0], (100, 400))

    view.set_image(stripes, ColourScale(0, 1, np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, 1)), False)

    assert 100 < QColor(colour_at(view, QPointF(100, 50))).red() < 155


def test_pointer_and_arrow_keys_choose_cells(view, qtbot):
    view.set_image(np.zeros((2, 4)), ColourScale.diverging(1, LIGHT))
    told = []
    view.hovered.connect(lambda row, column: told.append((row, column)))

    point_at(view, view.cell_rect(1, 2).center())
    QTest.keyClick(view, Qt.Key.Key_Right)
    QTest.keyClick(view, Qt.Key.Key_Right)  # stays at the edge
    QTest.keyClick(view, Qt.Key.Key_Up)

    assert told == [(1, 2), (1, 3), (0, 3)]
    assert view.cell() == (0, 3)


def test_a_cell_is_forgotten_when_the_pointer_goes_or_the_shape_changes(view, qtbot):
    view.set_image(np.zeros((2, 4)), ColourScale.diverging(1, LIGHT))
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert view.cell() == (0, 0)

    view.set_image(np.ones((2, 4)), ColourScale.diverging(1, LIGHT))
    assert view.cell() == (0, 0)
    with qtbot.waitSignal(view.left):
        view.set_image(np.ones((3, 4)), ColourScale.diverging(1, LIGHT))

    assert view.cell() is None


def test_zoom_keeps_the_point_under_the_pointer_and_panning_stops_at_the_edge(view):
    view.set_image(np.zeros((10, 20)), ColourScale.diverging(1, LIGHT))
    point = view.cell_rect(5, 4).center()

    view.zoom(4, point)
    assert view.cell_rect(5, 4).contains(point)
    assert view.cell_rect(0, 0).width() == pytest.approx(40)

    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
    QTest.mouseMove(view, QPoint(190, 95))
    QTest.mouseMove(view, QPoint(500, 500))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(190, 95))
    assert view.cell_rect(0, 0).topLeft() == QPointF(0, 0)

    QTest.keyClick(view, Qt.Key.Key_0)
    assert view.cell_rect(0, 0).width() == 10


def test_a_click_is_told_and_a_drag_is_none(view, qtbot):
    view.set_image(np.zeros((10, 20)), ColourScale.diverging(1, LIGHT))
    with qtbot.waitSignal(view.clicked):
        QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(50, 50))

    with qtbot.assertNotEmitted(view.clicked):
        QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(50, 50))
        QTest.mouseMove(view, QPoint(90, 50))
        QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(90, 50))


def test_an_empty_view_answers_all_events(view):
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Plus, Qt.Key.Key_Minus, Qt.Key.Key_0):
        QTest.keyClick(view, key)
    QTest.mouseMove(view, QPoint(20, 20))

    assert view.cell() is None
    assert colour_at(view, QPointF(100, 50)) == LIGHT.sunken


def test_the_colour_bar_names_its_limits_and_shows_both_ends(qtbot):
    bar = ColourBar()
    qtbot.addWidget(bar)
    bar.resize(300, 24)
    assert bar.limits() == ("", "")

    bar.set_scale(ColourScale.diverging(0.21, LIGHT))

    image = bar.grab().toImage()
    colours = [image.pixelColor(x, 12) for x in range(300)]
    assert bar.limits() == ("-0.21", "0.21")
    for wanted in (LIGHT.negative, LIGHT.zero, LIGHT.positive):
        assert any(is_near(colour, wanted) for colour in colours)
