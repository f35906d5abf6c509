"""Networks to draw, and what one does with a diagram panel in a test."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from engine.architecture.layers import (
    Activation,
    BatchNorm,
    Concat,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAvgPool2D,
    MaxPool2D,
    Residual,
)
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize_partly
from gui.diagram_items import BoxItem
from gui.diagram_panel import DiagramPanel

CHAIN = NetworkSpec(
    "chain",
    (1, 28, 28),
    (
        Conv2D(20, (5, 5)), Activation("tanh"), MaxPool2D(), Conv2D(50, (5, 5)), Activation("tanh"), MaxPool2D(),
        Flatten(), Dense(500), Activation("relu"), Dense(10),
    ),
)  # fmt: skip

BRANCHED = NetworkSpec(
    "branched",
    (3, 16, 16),
    (
        Conv2D(8, (3, 3), padding=(1, 1)),
        Residual(
            body=(Conv2D(8, (3, 3), padding=(1, 1), use_bias=False), BatchNorm(), Activation("relu")),
            shortcut=(Conv2D(8, (1, 1)),),
        ),
        Concat(branches=((), (Conv2D(4, (1, 1)), Activation("relu")), (MaxPool2D((3, 3), (1, 1), (1, 1)),))),
        Dropout(0.5),
        GlobalAvgPool2D(),
        Flatten(),
        Dense(10),
    ),
)


def make_panel(qtbot) -> DiagramPanel:
    """Return a panel on screen, 900×600."""
    panel = DiagramPanel()
    qtbot.addWidget(panel)
    panel.resize(900, 600)
    panel.show()
    return panel


def show(panel, spec):
    panel.set_network(spec, summarize_partly(spec))
    return panel.view


def box(panel, key) -> BoxItem:
    item = panel.view.diagram_scene.item(key)
    assert isinstance(item, BoxItem), key
    return item


def place_of(panel, key) -> QPoint:
    item = panel.view.diagram_scene.item(key)
    return panel.view.mapFromScene(item.shape().boundingRect().center())


def click(panel, qtbot, place: QPoint) -> None:
    qtbot.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=place)


def press(panel, qtbot, *keys, modifier=Qt.KeyboardModifier.NoModifier) -> None:
    panel.view.setFocus()
    for key in keys:
        qtbot.keyClick(panel.view, key, modifier)


def child(panel, kind, name):
    found = panel.findChild(kind, name)
    assert found is not None, name
    return found


def pixels(panel) -> QImage:
    QApplication.processEvents()
    return panel.view.viewport().grab().toImage()


def whole_is_seen(view) -> bool:
    diagram = view.diagram_scene.diagram
    corners = (view.mapFromScene(0, 0), view.mapFromScene(diagram.width, diagram.height))
    room = view.viewport().rect().adjusted(-1, -1, 1, 1)
    return all(room.contains(corner) for corner in corners)


def changed(spec, at, layer, name=None):
    layers = (*spec.layers[:at], layer, *spec.layers[at + 1 :])
    return NetworkSpec(name or spec.name, spec.input_shape, layers)
