"""A hand for the window: it clicks, types, and draws digits with real mouse and keyboard events."""

from __future__ import annotations

import math

from PySide6.QtCore import QEventLoop, QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QTabBar, QWidget

_LEFT = Qt.MouseButton.LeftButton
_POINT_SECONDS = 0.006  # between two points of a stroke: a quick hand

Stroke = list[tuple[float, float]]


def arc(x: float, y: float, width: float, height: float, begin: float, end: float) -> Stroke:
    """Return points on an ellipse around (x, y), from one angle to another: 0 is right, 90 below, in degrees."""
    angles = [math.radians(begin + (end - begin) * step / 16) for step in range(17)]
    return [(x + width * math.cos(angle), y + height * math.sin(angle)) for angle in angles]


# Strokes in shares of the canvas's side.
DIGITS: dict[int, list[Stroke]] = {
    0: [arc(0.5, 0.5, 0.19, 0.3, -80, 290)],
    1: [[(0.54, 0.2), (0.52, 0.5), (0.48, 0.8)]],
    2: [[*arc(0.49, 0.36, 0.18, 0.16, -170, 30), (0.33, 0.78), (0.7, 0.77)]],
    3: [[*arc(0.46, 0.35, 0.17, 0.14, -150, 85), *arc(0.46, 0.65, 0.2, 0.16, -85, 145)]],
    4: [[(0.36, 0.22), (0.32, 0.52), (0.7, 0.5)], [(0.61, 0.24), (0.57, 0.82)]],
    5: [[(0.66, 0.22), (0.41, 0.23), (0.38, 0.46), *arc(0.46, 0.61, 0.19, 0.18, -105, 140)]],
    6: [[(0.6, 0.2), (0.45, 0.35), (0.37, 0.55), *arc(0.5, 0.65, 0.15, 0.15, 180, 520)]],
    7: [[(0.32, 0.26), (0.68, 0.24), (0.58, 0.48), (0.47, 0.8)]],
    8: [[*arc(0.5, 0.35, 0.14, 0.15, 60, -240), *arc(0.5, 0.66, 0.17, 0.16, -100, 260)]],
    9: [[*arc(0.5, 0.37, 0.15, 0.15, 10, -350), (0.63, 0.6), (0.58, 0.82)]],
}


def wait(seconds: float) -> None:
    """Let the window live for a while; QTest.qWait would let no other thread run meanwhile."""
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


def click(button: QAbstractButton) -> None:
    """Press a button and release it."""
    QTest.mouseClick(button, _LEFT)


def choose(combo: QComboBox, text: str) -> None:
    """Choose an entry by typing its beginning."""
    combo.setFocus()
    QTest.keyClicks(combo, text)


def enter(spin: QAbstractSpinBox, text: str) -> None:
    """Replace the number in a field."""
    spin.setFocus()
    spin.selectAll()
    QTest.keyClicks(spin, text)
    QTest.keyClick(spin, Qt.Key.Key_Return)
    spin.lineEdit().deselect()  # as it would when the hand goes elsewhere


def open_tab(window: QWidget, title: str) -> None:
    """Click the tab with this title; a dock that shares its place with no other has none."""
    for tabs in window.findChildren(QTabBar):
        for index in range(tabs.count()):
            if tabs.tabText(index) == title:
                QTest.mouseClick(tabs, _LEFT, pos=tabs.tabRect(index).center())


def draw(canvas: QWidget, digit: int) -> None:
    """Draw a digit at the pace of a hand."""
    side = min(canvas.width(), canvas.height())
    corner = QPoint((canvas.width() - side) // 2, (canvas.height() - side) // 2)
    for stroke in DIGITS[digit]:
        points = [corner + QPoint(round(x * side), round(y * side)) for x, y in stroke]
        QTest.mousePress(canvas, _LEFT, pos=points[0])
        for point in points[1:]:
            QTest.mouseMove(canvas, point)
            wait(_POINT_SECONDS)
        QTest.mouseRelease(canvas, _LEFT, pos=points[-1])
