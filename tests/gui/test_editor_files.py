"""Where the editor's networks come from and go to: menus, files, and the list of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMenu, QMessageBox, QPushButton, QWidget

from engine.architecture.layers import Dense, Flatten
from engine.architecture.network import NetworkSpec
from engine.architecture.zoo import EXPERIMENTS
from engine.storage.networks import networks_folder, own_networks, read_network, save_own_network, write_network
from gui.editor_panel import EditorPanel

MINE = NetworkSpec("mine", (1, 8, 8), (Flatten(), Dense(4)))


class Editor:
    """Someone who opens and saves networks, and hears what the editor tells."""

    def __init__(self, panel: EditorPanel, qtbot) -> None:
        self.panel, self.qtbot = panel, qtbot
        self.heard: list[tuple[str, object]] = []
        for name in ("saved", "failed", "told", "edited"):
            getattr(panel, name).connect(lambda value, name=name: self.heard.append((name, value)))
        panel.own_networks_changed.connect(lambda: self.heard.append(("own_networks_changed", None)))

    def signals(self) -> list[str]:
        return [name for name, _ in self.heard]

    def find(self, name, kind: type[QObject] = QWidget):
        found = self.panel.findChild(kind, name)
        assert found is not None, name
        return found

    def choose(self, menu_name: str, *action_names: str) -> None:
        """Open a menu and click through its actions."""
        menu = self.find(menu_name, QMenu)
        menu.popup(self.panel.mapToGlobal(self.panel.rect().center()))
        for name in action_names:
            action = self.find(name, QAction)
            parent = next(m for m in action.associatedObjects() if isinstance(m, QMenu))
            if parent is not menu:
                parent.popup(self.panel.mapToGlobal(self.panel.rect().center()))
            assert action.isEnabled()
            self.qtbot.mouseClick(parent, Qt.MouseButton.LeftButton, pos=parent.actionGeometry(action).center())
            parent.close()
        menu.close()

    def answer(self, button: str, dialog: str, path: Path) -> None:
        """Press a button and give the file its dialog asks for."""
        self.qtbot.mouseClick(self.find(button), Qt.MouseButton.LeftButton)
        asked = self.find(dialog, QFileDialog)
        asked.selectFile(str(path))
        asked.accept()

    def reply(self, question: str, yes: bool) -> None:
        box = self.find(question, QMessageBox)
        button = self.find(f"{question}Yes", QPushButton) if yes else box.button(QMessageBox.StandardButton.Cancel)
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        self.qtbot.waitUntil(lambda: self.panel.findChild(QMessageBox, question) is None)


@pytest.fixture
def editor(qtbot):
    panel = EditorPanel()
    qtbot.addWidget(panel)
    panel.set_network(MINE)
    panel.resize(340, 700)
    panel.show()
    return Editor(panel, qtbot)


def test_a_network_is_saved_and_opened_again_from_its_file(editor, tmp_path):
    editor.answer("saveNetworkButton", "saveNetworkDialog", tmp_path / "net")
    assert read_network(tmp_path / "net.json") == MINE
    assert ("saved", tmp_path / "net.json") in editor.heard
    assert ("told", "Saved net.json") in editor.heard

    other = NetworkSpec("other", (1, 6, 6), (Flatten(), Dense(3)))
    write_network(tmp_path / "other.json", other)
    editor.answer("openNetworkButton", "openNetworkDialog", tmp_path / "other.json")
    assert editor.panel.network() == other
    assert editor.heard[-1] == ("edited", other)
    editor.panel.undo()
    assert editor.panel.network() == MINE, "opening loses nothing"


def test_a_file_that_is_no_network_is_told_and_changes_nothing(editor, tmp_path):
    (tmp_path / "bad.json").write_text("{}")
    editor.answer("openNetworkButton", "openNetworkDialog", tmp_path / "bad.json")
    assert editor.signals() == ["failed"]
    assert "bad.json" in editor.heard[0][1]
    assert editor.panel.network() == MINE


def test_a_network_that_cannot_be_written_is_told(editor, tmp_path):
    (tmp_path / "net.json").mkdir()
    editor.panel._files.save_file(tmp_path / "net.json")
    assert editor.signals() == ["failed"]


def test_a_new_network_is_made_for_the_data_that_is_there(editor):
    editor.panel.set_data((3, 16, 16), 7)
    editor.choose("newNetworkMenu", "new-mlp-128-64")
    assert editor.panel.network() == EXPERIMENTS["mlp-128-64"].network((3, 16, 16), 7)
    editor.choose("newNetworkMenu", "newEmptyAction")
    assert editor.panel.network().layers == ()
    assert editor.panel.network().input_shape == (3, 16, 16)


def test_every_network_of_the_zoo_is_in_the_menu_for_new_ones(editor):
    editor.find("newNetworkMenu", QMenu).aboutToShow.emit()
    assert all(editor.panel.findChild(QAction, f"new-{name}") is not None for name in EXPERIMENTS)


def test_a_network_that_the_data_is_too_small_for_is_told(editor):
    editor.panel.set_data((1, 3, 3), 10)
    editor.choose("newNetworkMenu", "new-lenet-tanh")
    assert editor.signals() == ["failed"]
    assert editor.panel.network() == MINE


def test_a_network_joins_ones_own_and_leaves_them_after_a_question(editor):
    editor.choose("ownNetworksMenu", "addToOwnAction")
    assert own_networks().networks["mine"].spec == MINE
    assert editor.signals() == ["told", "own_networks_changed"]
    editor.panel.set_network(EXPERIMENTS["softmax-regression"].network())
    editor.choose("ownNetworksMenu", "own-mine")
    assert editor.panel.network() == MINE

    editor.choose("ownNetworksMenu", "remove-mine")
    editor.reply("removeNetworkQuestion", yes=False)
    assert "mine" in own_networks().networks
    editor.choose("ownNetworksMenu", "remove-mine")
    editor.reply("removeNetworkQuestion", yes=True)
    assert own_networks().networks == {}
    assert editor.signals()[-1] == "own_networks_changed"
    assert editor.panel.network() == MINE, "what is being edited stays"


def test_another_network_of_the_same_name_is_replaced_only_when_wanted(editor):
    before = NetworkSpec("mine", (1, 8, 8), (Flatten(), Dense(9)))
    save_own_network(before)
    editor.choose("ownNetworksMenu", "addToOwnAction")
    editor.reply("replaceNetworkQuestion", yes=False)
    assert own_networks().networks["mine"].spec == before
    editor.choose("ownNetworksMenu", "addToOwnAction")
    editor.reply("replaceNetworkQuestion", yes=True)
    assert own_networks().networks["mine"].spec == MINE


def test_a_name_of_the_zoo_cannot_be_taken(editor):
    editor.panel.set_network(EXPERIMENTS["lenet-tanh"].network())
    editor.choose("ownNetworksMenu", "addToOwnAction")
    assert editor.signals() == ["failed"]
    assert "another name" in editor.heard[0][1]


def test_a_damaged_file_among_ones_own_is_told_and_the_others_offered(editor):
    save_own_network(MINE)
    (networks_folder() / "broken.json").write_text("{")
    editor.find("ownNetworksMenu", QMenu).aboutToShow.emit()
    assert "broken.json" in editor.heard[0][1]
    assert editor.find("own-mine", QAction).isEnabled()
