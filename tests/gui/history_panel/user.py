"""Somebody in front of the history: finds things in it, clicks and types."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLineEdit, QWidget

from gui.history_columns import Column
from tests.gui.run_records import fresh_record, run_record

LEFT = Qt.MouseButton.LeftButton
CONTROL = Qt.KeyboardModifier.ControlModifier

RUNS = [
    run_record(6, name="deep", network="resnet-20", status="interrupted", epochs=4, accuracy=0.95),
    run_record(5, name="branch", parent=2, accuracy=0.97),
    fresh_record(4, name="goes on", dataset="fashion-mnist"),
    run_record(3, name="wide", note="twice the channels", accuracy=0.99, star=True),
    run_record(2, name="first try", accuracy=0.91),
    run_record(1, name="Zero", dataset="/home/x/letters", status="failed", accuracy=0.5),
]


def find(panel, name, kind=QWidget):
    found = panel.findChild(kind, name)
    assert found is not None, name
    return found


def shown(panel):
    """Return the runs of the table from top to bottom, as somebody sees them."""
    found, index = [], panel.table.indexAt(QPoint(2, 2))
    while index.isValid():
        found.append(index.internalId())
        index = panel.table.indexBelow(index)
    return found


def cell(panel, run, column=Column.NAME):
    return panel.table.visualRect(panel._model.index_of(run, column)).center()


def click(panel, qtbot, run, column=Column.NETWORK, modifier=Qt.KeyboardModifier.NoModifier):
    qtbot.mouseClick(panel.table.viewport(), LEFT, modifier, cell(panel, run, column))


def told(panel, name):
    return [entry[1:] for entry in panel.told if entry[0] == name]


def action(panel, name):
    return panel.tools.actions[name]


def type_search(panel, qtbot, text):
    field = find(panel, "historySearchField", QLineEdit)
    field.clear()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)
