"""Someone at the network editor: clicks rows, presses keys, drags, and types into fields."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QMenu, QWidget

from engine.architecture import editing
from engine.architecture.layers import (
    Activation,
    BatchNorm,
    Concat,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPool2D,
    Residual,
)
from engine.architecture.network import NetworkSpec, walk
from gui.editor_panel import EditorPanel
from gui.layer_tree import LayerTree

SMALL = NetworkSpec(
    "small", (1, 12, 12),
    (
        Conv2D(8, (3, 3)), Activation("relu"), MaxPool2D(),
        Residual(body=(Conv2D(8, (3, 3), padding=(1, 1)), BatchNorm()), shortcut=(Conv2D(8, (1, 1)),)),
        Concat(((Conv2D(4, (1, 1)),), ())),
        Flatten(), Dropout(0.25), Dense(10),
    ),
)  # fmt: skip
LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier
CONTROL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier,
)  # fmt: skip


class Editor:
    """Someone at the editor: clicks rows, presses keys, types into fields."""

    def __init__(self, panel: EditorPanel, qtbot) -> None:
        self.panel, self.qtbot = panel, qtbot
        self.tree = panel.findChild(LayerTree)
        self.edits: list[NetworkSpec] = []
        self.failures: list[str] = []
        panel.edited.connect(self.edits.append)
        panel.failed.connect(self.failures.append)

    @property
    def spec(self) -> NetworkSpec:
        return self.panel.network()

    def names(self, sequence="") -> list[str]:
        return [layer.name for layer in editing.layers_at(self.spec, sequence)]

    def layer(self, path):
        return editing.layer_at(self.spec, path)

    def find(self, name, kind=QWidget):
        """Return the widget of this name that can be seen: every kind of layer has its own form."""
        found = [w for w in self.panel.findChildren(kind, name) if w.isVisibleTo(self.panel)]
        assert len(found) == 1, (name, found)
        return found[0]

    def spot(self, key, share=0.5) -> QPoint:
        self.tree.scrollToItem(self.tree.item(key))
        frame = self.tree.visualItemRect(self.tree.item(key))
        return QPoint(frame.left() + 60, round(frame.top() + share * frame.height()))

    def click(self, *keys, modifier=CONTROL) -> None:
        for place, key in enumerate(keys):
            chosen = modifier if place else NONE
            self.qtbot.mouseClick(self.tree.viewport(), LEFT, chosen, self.spot(key, 0.1))
        self.tree.setFocus()

    def key(self, key, modifier=NONE, widget=None) -> None:
        self.qtbot.keyClick(widget or self.tree, key, modifier)

    def press(self, name) -> None:
        button = self.find(name, QAbstractButton)
        assert button.isEnabled(), name
        self.qtbot.mouseClick(button, LEFT)

    def add(self, name) -> None:
        """Choose from the menu that the add button opens."""
        menu = self.panel.findChild(QMenu, "addLayerMenu")
        self.key(Qt.Key.Key_Insert)
        assert menu.isVisible()
        action = self.panel.findChild(QAction, f"{name}Action")
        self.qtbot.mouseClick(menu, LEFT, pos=menu.actionGeometry(action).center())
        menu.close()

    def enter(self, name, text) -> None:
        field = self.find(name)
        field.setFocus()
        field.selectAll()
        self.qtbot.keyClicks(field, text)
        self.key(Qt.Key.Key_Return, widget=field)

    def drag(self, key, target, share=0.5) -> bool:
        """Drag the selected rows from ``key`` to a row, as the platform tells it; say whether they could go there."""
        self.click(key) if isinstance(key, str) else self.click(*key)
        assert self.tree.begin_drag()
        viewport = self.tree.viewport()
        position = self.spot(target, share) if target else viewport.rect().bottomLeft() + QPoint(9, -2)
        accepted = self.hover(position)
        if accepted:
            event = QDropEvent(QPointF(position), Qt.DropAction.MoveAction, QMimeData(), LEFT, NONE)
            QApplication.sendEvent(viewport, event)
        else:
            self.tree.end_drag()
        return accepted

    def hover(self, position) -> bool:
        """Let what is dragged hover, as the platform tells it, and say whether it could be dropped there."""
        for kind in (QDragEnterEvent, QDragMoveEvent):
            event = kind(position, Qt.DropAction.MoveAction, QMimeData(), LEFT, NONE)
            QApplication.sendEvent(self.tree.viewport(), event)
        return event.isAccepted()

    def cells(self, key) -> list[str]:
        item = self.tree.item(key)
        return [item.text(column) for column in range(3)]

    def shown_rows(self) -> list[str]:
        """Return the keys of all rows in the order in which they stand."""
        keys, item = [], self.tree.topLevelItem(0)
        while item is not None:
            keys.append(item.data(0, Qt.ItemDataRole.UserRole))
            following = item.child(0)
            while following is None and item is not None:
                parent = item.parent() or self.tree.invisibleRootItem()
                following = parent.child(parent.indexOfChild(item) + 1)
                item = item.parent() if following is None else item
            item = following
        return keys

    def check_rows(self) -> None:
        """Check that the tree shows the network: every layer, every branch, in their places."""
        expected = []
        for entry in walk(self.spec.layers):
            expected.append(entry.path)
            expected += editing.branches_of(self.spec, entry.path)
        assert sorted(self.shown_rows()) == sorted(expected)
        layers = [key for key in self.shown_rows() if not key.endswith("/")]
        assert layers == [entry.path for entry in walk(self.spec.layers)]
        for path in layers:
            place = editing.place_of(self.spec, path)
            item = self.tree.item(path)
            parent = item.parent()
            assert (parent.data(0, Qt.ItemDataRole.UserRole) if parent else "") == place.sequence


def open_editor(qtbot) -> Editor:
    """Return someone in front of an editor that shows the small network."""
    panel = EditorPanel()
    qtbot.addWidget(panel)
    panel.set_network(SMALL)
    panel.resize(340, 900)
    with qtbot.waitActive(panel):
        panel.show()
        panel.activateWindow()
    return Editor(panel, qtbot)
