from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QGuiApplication, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QSlider, QSpinBox, QWidget

from gui.draw_panel import DrawPanel
from gui.theme import DARK

NAMES = [str(digit) for digit in range(10)]
ANSWER = np.eye(10, dtype=np.float32)[3] * 0.9 + 0.01


@pytest.fixture
def panel(qtbot):
    panel = DrawPanel()
    qtbot.addWidget(panel)
    panel.resize(320, 640)
    panel.show()
    panel.activateWindow()
    panel.canvas.setFocus()
    panel.inputs = []
    panel.input_changed.connect(panel.inputs.append)
    return panel


@pytest.fixture
def images():
    images = np.zeros((20, 1, 28, 28), np.uint8)
    for index in range(20):
        images[index, 0, 4:24, index : index + 4] = 255
    return images, np.arange(20) % 10


def child(panel, kind, name):
    found = panel.findChild(kind, name)
    assert found is not None, name
    return found


def click(panel, name):
    QTest.mouseClick(child(panel, QPushButton, name), Qt.MouseButton.LeftButton)


def draw(panel, *shares):
    canvas = panel.canvas
    side = min(canvas.width(), canvas.height())
    left, top = (canvas.width() - side) // 2, (canvas.height() - side) // 2
    first, *rest = (QPoint(left + round(x * side), top + round(y * side)) for x, y in shares)
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=first)
    for point in rest:
        QTest.mouseMove(canvas, point)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=rest[-1])


def one(panel):
    draw(panel, (0.5, 0.2), (0.5, 0.5), (0.5, 0.8))


def drop(panel, data):
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(panel.canvas, QDragEnterEvent(QPoint(50, 50), copy, data, left, none))
    QApplication.sendEvent(panel.canvas, QDropEvent(QPointF(50, 50), copy, data, left, none))


def photo(background="white", ink="black", alpha=False):
    """A stroke as one would photograph it, away from the middle."""
    image = QImage(120, 90, QImage.Format.Format_ARGB32 if alpha else QImage.Format.Format_RGB32)
    image.fill(QColor(background))
    painter = QPainter(image)
    painter.fillRect(20, 10, 8, 60, QColor(ink))
    painter.end()
    return image


def test_a_drawing_becomes_an_input_as_mnist_was_made(panel):
    one(panel)
    network_input = panel.inputs[-1]
    assert network_input.shape == (1, 28, 28) and network_input.dtype == np.float32
    assert network_input.max() == 1.0 and network_input.min() == 0.0
    rows = np.flatnonzero(network_input[0].any(axis=1))
    assert rows[-1] - rows[0] + 1 == 20


def test_inputs_follow_the_pen_before_it_is_lifted(panel):
    canvas = panel.canvas
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=canvas.rect().center())
    assert panel.inputs, "the first touch is answered at once"
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=canvas.rect().center())


def test_the_answer_is_shown_as_bars_and_in_large_letters(panel):
    one(panel)
    panel.set_probabilities(ANSWER)
    assert panel.findChild(QWidget, "predictionBars").probabilities() == pytest.approx(ANSWER.tolist())
    assert panel.findChild(QWidget, "bestAnswer").text() == "3"


def test_clear_ends_input_and_answer_and_undo_brings_the_input_back(panel):
    one(panel)
    panel.set_probabilities(ANSWER)
    drawn = panel.inputs[-1]
    click(panel, "clearButton")
    assert panel.inputs[-1] is None
    assert panel.answer.bars.probabilities() is None and panel.answer.best.text() == ""
    click(panel, "undoButton")
    assert np.array_equal(panel.inputs[-1], drawn)
    click(panel, "redoButton")
    assert panel.inputs[-1] is None


def test_an_answer_to_a_drawing_that_was_cleared_meanwhile_is_not_shown(panel):
    one(panel)
    click(panel, "clearButton")
    panel.set_probabilities(ANSWER)
    assert panel.answer.bars.probabilities() is None


def test_buttons_are_enabled_exactly_when_they_would_do_something(panel):
    def enabled():
        return [child(panel, QPushButton, f"{name}Button").isEnabled() for name in ("undo", "redo", "clear")]

    assert enabled() == [False, False, False]
    one(panel)
    assert enabled() == [True, False, True]
    click(panel, "clearButton")
    assert enabled() == [True, False, False]
    click(panel, "undoButton")
    assert enabled() == [True, True, True]


def test_standard_shortcuts_undo_and_redo(panel, qtbot):
    with qtbot.waitActive(panel):
        panel.activateWindow()
    one(panel)
    QTest.keyClick(panel.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert panel.inputs[-1] is None
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(panel.canvas, Qt.Key.Key_Z, both)
    assert panel.inputs[-1] is not None


def test_a_wider_brush_leaves_more_ink(panel):
    one(panel)
    thin = panel.canvas.ink().sum()
    click(panel, "clearButton")
    child(panel, QSlider, "brushSlider").setValue(16)
    one(panel)
    assert panel.canvas.ink().sum() > 1.5 * thin


def test_a_test_image_is_the_input_exactly_until_one_draws(panel, images):
    panel.set_images(*images, NAMES)
    spin = child(panel, QSpinBox, "testImageSpin")
    assert spin.maximum() == 19
    spin.setValue(7)
    assert np.array_equal(panel.inputs[-1], images[0][7].astype(np.float32) / 255)
    assert panel.canvas.picture() is not None
    label = child(panel, QLabel, "trueLabel")
    assert label.text() == "Label: 7"
    one(panel)
    assert panel.canvas.picture() is None and label.text() == ""
    QTest.keyClick(spin, Qt.Key.Key_Return)
    assert np.array_equal(panel.inputs[-1], images[0][7].astype(np.float32) / 255), "Enter brings it back"


def test_the_label_says_whether_the_answer_is_right(panel, images):
    panel.set_images(*images, NAMES)
    label = child(panel, QLabel, "trueLabel")
    for index, mark in ((3, "✓"), (4, "✗")):
        panel.show_test_image(index)
        panel.set_probabilities(ANSWER)
        assert label.text() == f"Label: {index} {mark}"


def test_a_random_image_is_shown_with_its_number(panel, images):
    panel.set_images(*images, NAMES)
    click(panel, "randomImageButton")
    index = child(panel, QSpinBox, "testImageSpin").value()
    assert np.array_equal(panel.inputs[-1], images[0][index].astype(np.float32) / 255)


def test_mistakes_are_asked_for_only_when_they_can_be_found(panel, images, qtbot):
    wrong = child(panel, QPushButton, "wrongImageButton")
    panel.set_images(*images, NAMES)
    assert not wrong.isEnabled()
    panel.set_mistakes_available(True)
    with qtbot.waitSignal(panel.mistake_requested, timeout=1000):
        click(panel, "wrongImageButton")
    panel.set_images(None, None, NAMES)
    assert not wrong.isEnabled() and not child(panel, QSpinBox, "testImageSpin").isEnabled()


def test_another_data_set_takes_its_predecessors_image_away(panel, images):
    panel.set_images(*images, NAMES)
    panel.show_test_image(2)
    panel.set_images(*images, ["T-shirt", *NAMES[1:]])
    assert panel.inputs[-1] is None
    panel.show_test_image(10)
    assert child(panel, QLabel, "trueLabel").text() == "Label: T-shirt"


def test_the_networks_own_names_outlast_another_data_set(panel, images):
    panel.set_class_names([chr(ord("a") + i) for i in range(10)])
    panel.set_images(*images, NAMES)
    one(panel)
    panel.set_probabilities(ANSWER)
    assert panel.answer.best.text() == "d"


@pytest.mark.parametrize(("background", "ink"), [("white", "black"), ("#202020", "#e0e0e0")])
def test_a_dropped_file_becomes_the_input_dark_on_light_or_light_on_dark(panel, tmp_path, background, ink):
    path = tmp_path / "one.png"
    assert photo(background, ink).save(str(path))
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    drop(panel, data)
    network_input = panel.inputs[-1]
    assert network_input.shape == (1, 28, 28)
    assert network_input[0, 14, 13:15].max() > 0.9 and not network_input[0, :, :8].any()
    assert panel.canvas.picture().pixels.shape == (90, 120)


def test_an_image_with_a_transparent_background_can_be_pasted(panel, qtbot):
    with qtbot.waitActive(panel):
        panel.activateWindow()
    QGuiApplication.clipboard().setImage(photo("transparent", "black", alpha=True))
    QTest.keyClick(panel.canvas, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert panel.inputs[-1][0, 14, 13:15].max() > 0.9
    assert panel.canvas.picture().pixels[0, 0] == 255


@pytest.mark.parametrize("content", [b"not an image", b"", b"\x89PNG\r\n\x1a\n\0\0"])
def test_a_file_that_is_no_image_is_told_and_changes_nothing(panel, qtbot, tmp_path, content):
    one(panel)
    before = len(panel.inputs)
    path = tmp_path / "broken.png"
    path.write_bytes(content)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    with qtbot.waitSignal(panel.failed, timeout=1000) as failed:
        drop(panel, data)
    assert "broken.png" in failed.args[0]
    assert panel.canvas.picture() is None and len(panel.inputs) == before


def test_an_image_in_which_nothing_stands_out_is_told_and_changes_nothing(panel, qtbot):
    one(panel)
    blank = QMimeData()
    blank.setImageData(photo("white", "white"))
    with qtbot.waitSignal(panel.failed, timeout=1000) as failed:
        drop(panel, blank)
    assert "stands out" in failed.args[0]
    assert panel.canvas.picture() is None


def test_without_a_network_the_panel_says_what_to_do_and_shows_no_answer(panel):
    panel.set_enabled_predictions(False)
    panel.set_message("Choose a network first.")
    one(panel)
    panel.set_probabilities(ANSWER)
    assert panel.answer.bars.probabilities() is None
    assert panel.answer.bars.accessibleDescription() == "Choose a network first."
    panel.set_enabled_predictions(True)
    panel.set_probabilities(ANSWER)
    assert panel.answer.best.text() == "3"


def visible_rects(panel):
    names = ("drawCanvas", "predictionBars", "bestAnswer", "inputPreview", "testImageSpin", "wrongImageButton")
    widgets = [panel.findChild(QWidget, name) for name in (*names, "clearButton", "brushSlider")]
    return [widget.rect().translated(widget.mapTo(panel, QPoint())) for widget in widgets]


@pytest.mark.parametrize("size", [(280, 560), (300, 600), (340, 900), (700, 400), (640, 300), (1400, 900)])
def test_everything_has_room_of_its_own_in_narrow_and_wide_places(panel, size):
    panel.resize(*size)
    rects = visible_rects(panel)
    for index, rect in enumerate(rects):
        assert panel.rect().contains(rect)
        assert not any(rect.intersects(other) for other in rects[index + 1 :])
    canvas, bars = rects[:2]
    assert (bars.left() > canvas.right()) is (size[0] > size[1]), "the bars stand beside the canvas where it is wide"
    assert min(canvas.width(), canvas.height()) > 0.4 * min(size)


def test_every_control_can_be_reached_by_keyboard_and_explains_itself(panel):
    panel.apply_theme(DARK)
    names = "drawCanvas undoButton redoButton clearButton brushSlider testImageSpin randomImageButton wrongImageButton"
    for name in names.split():
        widget = panel.findChild(QWidget, name)
        assert widget.accessibleName() and widget.toolTip()
        assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus
