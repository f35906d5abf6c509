from __future__ import annotations

import time

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QInputDevice, QPointingDevice, QTabletEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from gui.draw_canvas import DrawCanvas
from gui.drawing import Cleared, Drawing, Picture
from gui.strokes import Dot, Stroke
from gui.theme import DARK, LIGHT


@pytest.fixture
def canvas(qtbot):
    canvas = DrawCanvas()
    qtbot.addWidget(canvas)
    canvas.resize(200, 200)
    canvas.show()
    return canvas


def draw(canvas, *points):
    """Draw a line through points given in pixels."""
    first, *rest = (QPoint(*point) for point in points)
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=first)
    for point in rest:
        QTest.mouseMove(canvas, point)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=(rest or [first])[-1])


def picture(level=200):
    return Picture(np.full((6, 4), level, np.uint8), np.zeros((1, 28, 28), np.float32))


def colour(canvas, x, y):
    return canvas.grab().toImage().pixelColor(x, y).name()


def test_an_empty_canvas_has_no_ink(canvas):
    ink = canvas.ink()
    assert ink.shape == (280, 280) and ink.dtype == np.float32
    assert not ink.any()
    assert canvas.is_empty()


def test_a_stroke_leaves_ink_where_the_mouse_went_and_nowhere_else(canvas):
    draw(canvas, (40, 100), (100, 100), (160, 100))
    ink = canvas.ink()
    assert ink[140, 60:220].min() == 1.0
    assert not ink[:120].any() and not ink[160:].any()
    assert not ink[:, :40].any() and not ink[:, 240:].any()


def test_a_click_leaves_a_round_dot_as_wide_as_the_brush(canvas):
    canvas.set_brush(0.1)
    draw(canvas, (100, 100))
    assert canvas.ink().sum() == pytest.approx(np.pi * 14**2, rel=0.03)


def test_strokes_are_smooth_and_antialiased(canvas):
    draw(canvas, (40, 160), (100, 40), (160, 160))
    ink = canvas.ink()
    assert ((ink > 0) & (ink < 1)).any()
    corner = round(40 / 200 * 280)
    assert ink[corner, 140] == 0, "the curve cuts the corner instead of reaching the sharp point"
    assert ink[:, 140].max() == 1.0


def test_ink_while_drawing_is_the_ink_of_the_same_drawing_rendered_whole(canvas):
    draw(canvas, (30, 30), (90, 60), (50, 120), (170, 150))
    grown = canvas.ink()
    canvas.undo()
    canvas.redo()
    assert np.array_equal(canvas.ink(), grown)


def test_ink_follows_the_pen_before_the_stroke_ends(canvas):
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(40, 40))
    QTest.mouseMove(canvas, QPoint(100, 40))
    QTest.mouseMove(canvas, QPoint(160, 40))
    assert canvas.ink()[56, 56:150].min() == 1.0
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(160, 40))


def test_other_buttons_and_places_beside_the_square_do_not_draw(canvas):
    QTest.mousePress(canvas, Qt.MouseButton.RightButton, pos=QPoint(100, 100))
    QTest.mouseRelease(canvas, Qt.MouseButton.RightButton, pos=QPoint(100, 100))
    canvas.resize(400, 200)
    draw(canvas, (20, 100), (60, 100))
    assert canvas.is_empty()


def test_the_drawing_scales_with_the_canvas(canvas):
    draw(canvas, (40, 100), (160, 100))
    before = canvas.ink()
    canvas.resize(300, 300)
    assert np.array_equal(canvas.ink(), before)
    canvas.apply_theme(LIGHT)
    assert colour(canvas, 150, 150) == LIGHT.text
    assert colour(canvas, 150, 100) == LIGHT.surface


def test_what_is_drawn_can_be_seen_in_both_themes(canvas):
    draw(canvas, (40, 100), (160, 100))
    for theme in (DARK, LIGHT):
        canvas.apply_theme(theme)
        assert colour(canvas, 100, 100) == theme.text
        assert colour(canvas, 100, 60) == theme.surface


def test_undo_and_redo_go_stroke_by_stroke_and_over_a_clear(canvas):
    draw(canvas, (40, 40), (160, 40))
    one = canvas.ink()
    draw(canvas, (40, 160), (160, 160))
    two = canvas.ink()
    canvas.clear()
    assert canvas.is_empty() and not canvas.ink().any()
    canvas.undo()
    assert np.array_equal(canvas.ink(), two)
    canvas.undo()
    assert np.array_equal(canvas.ink(), one)
    canvas.undo()
    assert canvas.is_empty() and not canvas.can_undo()
    canvas.undo()
    for expected in (one, two, np.zeros_like(one)):
        canvas.redo()
        assert np.array_equal(canvas.ink(), expected)
    assert not canvas.can_redo()


def test_a_new_stroke_ends_what_can_be_redone(canvas):
    draw(canvas, (40, 40), (160, 40))
    canvas.undo()
    draw(canvas, (40, 160), (160, 160))
    assert not canvas.can_redo()


def test_clearing_an_empty_canvas_is_nothing_to_undo(canvas):
    canvas.clear()
    assert not canvas.can_undo()


def test_clearing_in_the_middle_of_a_stroke_lifts_the_pen(canvas, qtbot):
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(40, 40))
    QTest.mouseMove(canvas, QPoint(100, 40))
    QTest.keyClick(canvas, Qt.Key.Key_Delete)
    QTest.mouseMove(canvas, QPoint(160, 160))
    assert canvas.is_empty() and not canvas.ink().any()


def test_the_end_of_a_stroke_is_told_at_once_with_all_its_ink(canvas, qtbot):
    seen = []
    canvas.changed.connect(lambda: seen.append(canvas.ink().sum()))
    with qtbot.waitSignal(canvas.stroke_ended, timeout=1000):
        draw(canvas, (40, 40), (160, 40))
    assert seen[-1] == canvas.ink().sum()


def test_many_moves_are_told_at_the_pace_of_the_screen(canvas):
    seen = []
    canvas.changed.connect(lambda: seen.append(1))
    start = time.perf_counter()
    draw(canvas, *((40 + i % 100, 40 + i // 2) for i in range(200)))
    ticks = (time.perf_counter() - start) / 0.015
    assert 2 <= len(seen) <= ticks + 3


def test_a_picture_replaces_the_drawing_until_a_stroke_begins_a_new_one(canvas):
    draw(canvas, (40, 40), (160, 40))
    shown = picture()
    canvas.show_picture(shown)
    assert canvas.picture() is shown and not canvas.is_empty()
    assert not canvas.ink().any()
    assert colour(canvas, 100, 100) == "#c8c8c8"
    draw(canvas, (100, 150), (160, 150))
    assert canvas.picture() is None
    assert not canvas.ink()[:100].any(), "the strokes from before the picture stay gone"
    assert colour(canvas, 100, 80) == LIGHT.surface
    canvas.undo()
    assert canvas.picture() is shown


def test_an_image_of_the_data_takes_the_colours_of_the_canvas(canvas):
    ink = np.zeros((4, 4), np.uint8)
    ink[:, 2:] = 255
    canvas.show_picture(Picture(ink, np.zeros((1, 4, 4), np.float32), from_data=True))
    assert colour(canvas, 20, 100) == LIGHT.surface
    assert colour(canvas, 180, 100) == LIGHT.text


def test_the_keyboard_alone_draws_and_clears(canvas, qtbot):
    canvas.activateWindow()
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_Space)
    for _ in range(8):
        QTest.keyClick(canvas, Qt.Key.Key_Right)
    with qtbot.waitSignal(canvas.stroke_ended, timeout=1000):
        QTest.keyClick(canvas, Qt.Key.Key_Space)
    assert canvas.ink()[140, 140:205].min() == 1.0
    QTest.keyClick(canvas, Qt.Key.Key_Down)
    assert not canvas.ink()[160:].any(), "a lifted pen leaves no ink"
    QTest.keyClick(canvas, Qt.Key.Key_Delete)
    assert canvas.is_empty()


def tablet(canvas, kind, x, pressure):
    device = QPointingDevice(
        "pen", 1, QInputDevice.DeviceType.Stylus, QPointingDevice.PointerType.Pen,
        QInputDevice.Capability.Position | QInputDevice.Capability.Pressure, 1, 1,
    )  # fmt: skip
    at = QPointF(x, 100)
    event = QTabletEvent(
        kind, device, at, QPointF(canvas.mapToGlobal(at)), pressure, 0, 0, 0, 0, 0,
        Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton, Qt.MouseButton.LeftButton,
    )  # fmt: skip
    QApplication.sendEvent(canvas, event)


def test_a_pen_draws_wider_under_more_pressure(canvas):
    tablet(canvas, QEvent.Type.TabletPress, 30, 0.1)
    for x in range(40, 180, 10):
        tablet(canvas, QEvent.Type.TabletMove, x, x / 180)
    tablet(canvas, QEvent.Type.TabletRelease, 170, 0.9)
    ink = canvas.ink()
    light, heavy = ink[:, 70].sum(), ink[:, 220].sum()
    assert heavy > 1.5 * light > 0


def test_files_and_images_are_welcome_and_offered_but_text_is_not(canvas, qtbot, tmp_path):
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    file, text = QMimeData(), QMimeData()
    file.setUrls([QUrl.fromLocalFile(str(tmp_path / "three.png"))])
    text.setText("three")
    for data, welcome in ((file, True), (text, False)):
        event = QDragEnterEvent(QPoint(50, 50), copy, data, left, none)
        event.ignore()
        QApplication.sendEvent(canvas, event)
        assert event.isAccepted() is welcome
    with qtbot.waitSignal(canvas.image_offered, timeout=1000) as offered:
        QApplication.sendEvent(canvas, QDropEvent(QPointF(50, 50), copy, file, left, none))
    assert offered.args[0].urls() == file.urls()


def test_a_long_history_forgets_its_beginning_but_nothing_on_screen():
    drawing = Drawing()
    for _ in range(300):
        drawing.add(Cleared())
    for _ in range(250):
        drawing.add(Stroke([Dot(0.5, 0.5, 0.1)]))
    assert len(drawing.strokes) == 250
    undone = 0
    while drawing.can_undo:
        drawing.undo()
        undone += 1
    assert undone == 250
