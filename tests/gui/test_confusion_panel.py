"""The confusion matrix through real events: what it shows, what it says, what it asks for."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QTabWidget, QWidget

from gui.confusion_colours import cell_colours, readable_ink
from gui.confusion_facts import ConfusionFacts, percent
from gui.confusion_panel import ConfusionPanel
from gui.theme import DARK, LIGHT

DIGITS = tuple("0123456789")
FASHION = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip


def matrix_of(classes: int, right: int = 990, **mistakes: int) -> np.ndarray:
    """Return a matrix with ``right`` right answers of each class and mistakes given as ``_4_9=23``."""
    matrix = np.diag(np.full(classes, right)).astype(np.int64)
    for place, count in mistakes.items():
        _, truth, answer = place.split("_")
        matrix[int(truth), int(answer)] = count
    return matrix


USUAL = matrix_of(10, 977, _4_9=23, _9_4=12, _3_5=11, _7_2=1)


@pytest.fixture
def panel(qtbot):
    panel = ConfusionPanel()
    qtbot.addWidget(panel)
    panel.resize(440, 560)
    panel.show()
    return panel


@pytest.fixture
def shown(panel):
    panel.set_confusion(USUAL, DIGITS, 9817, "LeNet, epoch 3")
    QApplication.processEvents()
    return panel


def text(panel, name):
    found = panel.findChild(QLabel, name)
    assert found is not None, name
    return found.text()


def centre(panel, truth, answer) -> QPoint:
    return panel.view.cell_rect(truth, answer).center().toPoint()


def test_without_a_network_it_says_what_to_do(panel):
    assert panel.findChild(QLabel, "emptyConfusionLabel").isVisible()
    assert not panel.view.isVisible()
    panel.set_confusion(USUAL, DIGITS, 9817, "")
    assert panel.view.isVisible()
    panel.set_confusion(None)
    assert panel.findChild(QLabel, "emptyConfusionLabel").isVisible()
    panel.set_confusion(np.zeros((10, 10), np.int64), DIGITS, 0, "")
    assert not panel.view.isVisible()


def test_the_headline_counts_right_answers(shown):
    assert text(shown, "confusionHeadline") == "99.5% right of 9,817 test images"
    assert text(shown, "confusionTitleLabel") == "LeNet, epoch 3"


def test_the_worst_confusions_are_told_in_words_and_can_be_opened(shown, qtbot):
    assert shown.worst.sentences() == ["4 taken for 9: 23 times", "9 taken for 4: 12 times", "3 taken for 5: 11 times"]
    second = shown.findChild(QPushButton, "worstConfusion2Button")
    with qtbot.waitSignal(shown.cell_chosen) as told:
        qtbot.keyClick(second, Qt.Key.Key_Space)
    assert told.args == [9, 4]
    assert shown.view.cell() == (9, 4)


def test_a_single_mistake_was_made_once_and_no_mistake_is_told_too(panel):
    panel.set_confusion(matrix_of(3, 5, _0_2=1), ("cat", "dog", "owl"), 16, "")
    assert panel.worst.sentences() == ["cat taken for owl: once"]
    panel.set_confusion(matrix_of(3, 5), ("cat", "dog", "owl"), 15, "")
    assert panel.worst.sentences() == []
    assert text(panel, "worstConfusionsLabel") == "No mistakes at all"
    assert text(panel, "confusionHeadline").startswith("100% right")


def test_nearly_everything_is_not_everything():
    assert percent(9_999, 10_000) == "99.9%"
    assert percent(1, 10_000) == "0.1%"
    assert (percent(10, 10), percent(0, 10)) == ("100%", "0%")


def test_recall_and_precision_leave_out_what_cannot_be_told():
    facts = ConfusionFacts(np.array([[8, 2, 0], [0, 0, 0], [4, 0, 0]]), ("a", "b", "c"))
    assert facts.recall[0] == pytest.approx(0.8)
    assert math.isnan(facts.recall[1])
    assert facts.precision[0] == pytest.approx(8 / 12)
    assert math.isnan(facts.precision[2])


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ((4, 9), "23 of 1,000 images of 4 were taken for 9: 2.3%."),
        ((7, 2), "1 of 978 images of 7 was taken for 2: 0.1%."),
        ((5, 5), "977 of 977 images of 5 were recognised: 100%."),
        ((0, 1), "No image of 0 was taken for 1."),
    ],
)
def test_the_cell_under_the_pointer_is_told_in_words(shown, cell, words):
    QTest.mouseMove(shown.view, centre(shown, *cell))
    assert text(shown, "confusionCellLabel") == words
    assert shown.view.accessibleDescription() == words


def test_a_class_without_images_says_so(panel):
    panel.set_confusion(np.array([[3, 0], [0, 0]]), ("cat", "dog"), 3, "")
    panel.view.choose(1, 0)
    assert text(panel, "confusionCellLabel") == "There are no test images of dog."


def test_a_click_opens_a_cell_with_images_and_only_such_a_one(shown, qtbot):
    with qtbot.waitSignal(shown.cell_chosen) as told:
        qtbot.mouseClick(shown.view, Qt.MouseButton.LeftButton, pos=centre(shown, 4, 9))
    assert told.args == [4, 9]
    with qtbot.assertNotEmitted(shown.cell_chosen):
        qtbot.mouseClick(shown.view, Qt.MouseButton.LeftButton, pos=centre(shown, 0, 1))
        qtbot.mouseClick(shown.view, Qt.MouseButton.LeftButton, pos=QPoint(2, 2))
        qtbot.mousePress(shown.view, Qt.MouseButton.LeftButton, pos=centre(shown, 4, 9))
        qtbot.mouseRelease(shown.view, Qt.MouseButton.LeftButton, pos=centre(shown, 4, 4))


def test_keys_alone_reach_and_open_every_cell(shown, qtbot):
    view = shown.view
    shown.activateWindow()
    shown.findChild(QPushButton, "worstConfusion1Button").setFocus()
    view.setFocus(Qt.FocusReason.TabFocusReason)
    assert view.cell() == (0, 0)
    for key, cell in (
        (Qt.Key.Key_Left, (0, 0)), (Qt.Key.Key_Down, (1, 0)), (Qt.Key.Key_End, (1, 9)), (Qt.Key.Key_Right, (1, 9)),
        (Qt.Key.Key_PageDown, (9, 9)), (Qt.Key.Key_Home, (9, 0)), (Qt.Key.Key_PageUp, (0, 0)),
    ):  # fmt: skip
        qtbot.keyClick(view, key)
        assert view.cell() == cell
    with qtbot.waitSignal(shown.cell_chosen) as told:
        qtbot.keyClick(view, Qt.Key.Key_Return)
    assert told.args == [0, 0]


def test_the_chosen_cell_stays_while_figures_change_and_goes_with_its_classes(shown):
    shown.view.choose(4, 9)
    shown.set_confusion(matrix_of(10, 500, _4_9=3), DIGITS, 5003, "")
    assert shown.view.cell() == (4, 9)
    assert text(shown, "confusionCellLabel").startswith("3 of 503")
    shown.set_confusion(USUAL, FASHION, 9817, "")
    assert shown.view.cell() is None
    assert text(shown, "confusionCellLabel").startswith("Point at a cell")


def test_one_mistake_in_a_thousand_can_be_seen_and_looks_unlike_a_right_answer():
    facts = ConfusionFacts(matrix_of(10, 999, _4_9=1), DIGITS)
    for theme in (LIGHT, DARK):
        colours = cell_colours(facts, theme).astype(int)
        assert np.abs(colours[4, 9] - colours[4, 8]).max() > 20
        assert colours[4, 9, 0] - colours[4, 9, 2] > colours[4, 8, 0] - colours[4, 8, 2]  # towards orange
        assert colours[4, 4, 2] > colours[4, 4, 0]  # blue


def test_more_mistakes_are_painted_stronger():
    facts = ConfusionFacts(matrix_of(10, 900, _4_9=1, _4_8=10, _4_7=80), DIGITS)
    red, blue = cell_colours(facts, LIGHT)[4, 7:, 0].astype(int), cell_colours(facts, LIGHT)[4, 7:, 2].astype(int)
    warmth = (red - blue).tolist()
    assert warmth[0] > warmth[1] > warmth[2] > 0


def test_counts_are_written_in_the_ink_that_can_be_read():
    inks = [QColor("#000000"), QColor("#ffffff")]
    assert readable_ink(np.array([[[255, 255, 255], [20, 20, 80]]], np.uint8), inks).tolist() == [[0, 1]]


@pytest.mark.parametrize(
    ("classes", "names"),
    [(2, ("no", "yes")), (10, FASHION), (100, tuple(f"character {i}" for i in range(100)))],
)
@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_it_is_painted_at_every_size_without_leaving_its_room(panel, classes, names, theme):
    panel.apply_theme(theme)
    panel.set_confusion(matrix_of(classes, 90, _0_1=7), names, 90 * classes + 7, "A network")
    view = panel.view
    for width, height in ((1, 1), (8, 300), (300, 8), (111, 111), (160, 140), (300, 900), (1200, 240), (900, 900)):
        view.resize(width, height)
        view.choose(classes - 1, classes - 1)
        assert not view.grab().isNull()
        last = view.cell_rect(classes - 1, classes - 1)
        first = view.cell_rect(0, 0)
        assert first.left() >= 0
        assert first.top() >= 0
        assert last.right() <= width + 1
        assert last.bottom() <= height + 1


@pytest.mark.parametrize("size", [(180, 180), (330, 460), (440, 560), (820, 300), (1000, 800)])
def test_words_and_matrix_do_not_overlap(panel, size):
    panel.resize(*size)
    panel.set_confusion(USUAL, FASHION, 9817, "LeNet, epoch 3")
    for _ in range(3):
        QApplication.processEvents()
    assert (panel.width(), panel.height()) == size
    names = ("confusionHeadline", "confusionView", "confusionCellLabel")
    parts = [panel.findChild(QWidget, name) for name in names] + [panel.worst]
    shown = [part.geometry() for part in parts if part.isVisible()]
    for index, one in enumerate(shown):
        assert panel.rect().contains(one), size
        assert not any(one.intersects(other) for other in shown[index + 1 :]), size


def test_a_matrix_is_wanted_only_while_the_panel_can_be_seen(qtbot):
    tabs = QTabWidget()
    qtbot.addWidget(tabs)
    panel = ConfusionPanel()
    tabs.addTab(panel, "Confusion")
    tabs.addTab(QWidget(), "Other")
    assert not panel.wants_confusion()
    tabs.show()
    QApplication.processEvents()
    assert panel.wants_confusion()
    with qtbot.waitSignal(panel.wanted_changed):
        tabs.setCurrentIndex(1)
    assert not panel.wants_confusion()
    with qtbot.waitSignal(panel.wanted_changed):
        tabs.setCurrentIndex(0)
    assert panel.wants_confusion()


def test_ten_classes_are_painted_within_a_frame(shown):
    view = shown.view
    view.resize(700, 700)
    spent = []
    for _ in range(7):
        shown.set_confusion(USUAL, FASHION, 9817, "")
        began = time.perf_counter()
        view.repaint()
        spent.append(time.perf_counter() - began)
    assert min(spent) < 0.015  # about 3 ms; the rest is for slower machines


def test_everything_a_person_operates_is_named_and_explained(shown):
    for widget in (shown.view, *shown.findChildren(QPushButton)):
        assert widget.objectName()
        assert widget.accessibleName(), widget.objectName()
        assert widget.toolTip(), widget.objectName()
        assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus
