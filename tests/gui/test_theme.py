"""What a scheme has to show in light and in dark: where the keyboard is, and what is ticked."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QStyle,
    QStyleOptionButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gui.editor_foot import ProblemLine
from gui.form import Section
from gui.theme import ThemeManager
from gui.tick_box import TickBox


def luminance(colour: QColor) -> float:
    """Return the relative luminance of WCAG."""
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.getRgbF()[:3]]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(first: QColor, second: QColor) -> float:
    """Return the contrast of WCAG, from 1 to 21."""
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


@pytest.fixture(params=["light", "dark"])
def theme(request, qtbot):
    """Apply a scheme as the window does."""
    manager = ThemeManager(QApplication.instance(), request.param)
    yield manager.theme
    manager.deleteLater()


@pytest.fixture
def shown(qtbot, theme):
    """Return a function that shows widgets under a field that has the keyboard."""

    windows: list[QWidget] = []

    def show(*widgets: QWidget) -> QLineEdit:
        window = QWidget()
        windows.append(window)
        qtbot.addWidget(window)
        column = QVBoxLayout(window)
        field = QLineEdit()
        for widget in (field, *widgets):
            column.addWidget(widget)
        with qtbot.waitExposed(window):
            window.show()
        window.activateWindow()
        field.setFocus()
        return field

    yield show
    windows.clear()


def something(kind: str) -> QWidget:
    """Return a widget that the keyboard can press something in."""
    if kind == "section":
        return Section("Optimizer", QLabel("body"), "optimizerHeader", "idea")
    if kind == "problem":
        line = ProblemLine()
        line.set_problem("Dense 10 needs a vector.")
        return line
    if kind in ("tick", "radio"):
        return TickBox("Starred only") if kind == "tick" else QRadioButton("Its own")
    if kind == "framed":
        tool = QToolButton()
        tool.setText("Log")
        tool.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    else:
        tool = QPushButton("Train")
    tool.setProperty(kind, True)
    return tool


@pytest.mark.parametrize("kind", ["section", "primary", "plain", "tick", "radio", "framed", "problem"])
def test_the_keyboard_is_seen_to_be_on_a_button(qtbot, shown, kind):
    widget = something(kind)
    field = shown(widget)
    if isinstance(widget, Section):
        widget = widget.header
    before, hint = widget.grab().toImage(), widget.sizeHint()
    qtbot.keyClick(field, Qt.Key.Key_Tab)
    assert widget.hasFocus()
    after = widget.grab().toImage()
    middle = after.height() // 2
    clear = {
        x for x in range(after.width())
        if contrast(before.pixelColor(x, middle), after.pixelColor(x, middle)) >= 2
    }  # fmt: skip
    edges = {*range(4), *range(after.width() - 4, after.width())}
    assert len(clear & edges) >= 4  # two pixels on either side
    assert widget.sizeHint() == hint  # nothing beside it moves


@pytest.mark.parametrize("enabled", [True, False])
def test_a_checked_box_has_a_tick(shown, enabled):
    box = TickBox("Starred only")
    shown(box)
    box.setEnabled(enabled)
    box.setChecked(True)
    option = QStyleOptionButton()
    box.initStyleOption(option)
    inside = box.style().subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, box).adjusted(2, 2, -2, -2)
    image = box.grab().toImage()
    colours = [image.pixelColor(x, y) for x in range(inside.left(), inside.right() + 1)
               for y in range(inside.top(), inside.bottom() + 1)]  # fmt: skip
    fill = max(colours, key=colours.count)
    ink = [colour for colour in colours if contrast(colour, fill) >= 3]
    assert 5 <= len(ink) < len(colours) / 2
    box.setChecked(False)
    image = box.grab().toImage()
    assert len({image.pixelColor(x, inside.center().y()).name() for x in range(inside.left(), inside.right())}) == 1


def test_every_check_box_of_the_window_draws_its_tick(operator):
    boxes = operator.window.findChildren(QCheckBox)
    assert len(boxes) >= 3
    assert all(isinstance(box, TickBox) for box in boxes)
