"""A label whose text changes often: what it shows, and when it asks for room."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from gui.steady_label import SteadyLabel


class _LayoutRequests(QObject):
    count = 0

    def eventFilter(self, watched, event):
        self.count += event.type() == QEvent.Type.LayoutRequest
        return False


@pytest.fixture
def shown(qtbot):
    window = QWidget()
    layout = QHBoxLayout(window)
    layout.setSizeConstraint(QHBoxLayout.SizeConstraint.SetNoConstraint)
    label = SteadyLabel()
    layout.addWidget(label)
    qtbot.addWidget(window)
    window.resize(300, 60)
    window.show()
    qtbot.waitExposed(window)
    requests = _LayoutRequests()
    window.installEventFilter(requests)
    yield label, requests  # the window lives as long as the test


def test_it_asks_for_room_only_when_the_text_has_outgrown_its_own(shown, qtbot):
    label, requests = shown
    label.setText("loss 1.0000")
    qtbot.waitUntil(lambda: requests.count > 0)
    qtbot.wait(50)  # one request brings others
    before = requests.count
    for text in ("loss 0.9111", "loss 0.1", "", "loss 0.1111"):
        label.setText(text)
        qtbot.wait(10)
    assert requests.count == before
    assert label.sizeHint().width() >= label.fontMetrics().horizontalAdvance("loss 1.0000")


def test_it_looks_like_a_label(qtbot):
    steady, usual = SteadyLabel(), QLabel()
    for label in (steady, usual):
        qtbot.addWidget(label)
        label.setText("epoch 3 of 10")
        label.resize(160, 24)
    assert steady.grab().toImage() == usual.grab().toImage()


def test_it_says_its_text_and_can_be_cleared(shown):
    label, _ = shown
    label.setText("batch 7")
    assert label.text() == "batch 7"
    assert label.accessibleDescription() == "batch 7"
    label.clear()
    assert label.text() == ""
    assert label.sizeHint().width() == 0
