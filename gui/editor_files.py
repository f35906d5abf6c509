"""Where the editor's networks come from and go to: the zoo, files, and the user's own list."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QMessageBox, QPushButton, QToolButton, QWidget

from engine.architecture.network import NetworkSpec, Shape
from engine.architecture.zoo import EXPERIMENTS
from engine.errors import NetariumError
from engine.storage.networks import (
    delete_own_network,
    own_networks,
    read_network,
    save_own_network,
    write_network,
)
from gui.editor_session import EditorSession
from gui.form import wrapped
from gui.messages import translate_error
from gui.theme import SPACE


class EditorFiles(QObject):
    """The commands that begin, open and keep networks; another network is an edit that can be taken back.

    Parameters
    ----------
    session : EditorSession
    editor : QWidget
        What dialogs and menus belong to.
    """

    saved = Signal(object)  # the Path that was written
    own_networks_changed = Signal()
    failed = Signal(str)
    told = Signal(str)

    def __init__(self, session: EditorSession, editor: QWidget) -> None:
        super().__init__(editor)
        self._session = session
        self._editor = editor
        self._folder = str(Path.home())
        self._input_shape: Shape = (1, 28, 28)
        self._classes = 10
        self.new_menu = self._menu("newNetworkMenu", self._fill_new)
        self.own_menu = self._menu("ownNetworksMenu", self._fill_own)
        self.bar = self._make_bar()

    def set_data(self, input_shape: Shape, classes: int) -> None:
        """Tell what new networks are to be made for."""
        self._input_shape, self._classes = input_shape, classes

    def open(self) -> None:
        """Ask for a file with a network, and go over to it."""
        dialog = self._dialog("openNetworkDialog", self.tr("Open network"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda name: self.open_file(Path(name)))
        dialog.open()

    def open_file(self, path: Path) -> None:
        """Go over to the network in a file."""
        self._folder = str(path.parent)
        self._try(lambda: self._session.load(read_network(path)))

    def save_as(self) -> None:
        """Ask where, and write the network as JSON."""
        dialog = self._dialog("saveNetworkDialog", self.tr("Save network"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("json")
        dialog.selectFile(self._session.spec.name.replace("/", "-") + ".json")
        dialog.fileSelected.connect(lambda name: self.save_file(Path(name)))
        dialog.open()

    def save_file(self, path: Path) -> None:
        """Write the network as JSON."""
        self._folder = str(path.parent)
        if self._try(lambda: write_network(path, self._session.spec)):
            self.told.emit(self.tr("Saved {file}").format(file=path.name))
            self.saved.emit(path)

    def add_to_own(self) -> None:
        """Keep the network in the user's list; ask before another one of its name is replaced."""
        spec = self._session.spec
        known = own_networks().networks.get(spec.name)
        if known is None or known.spec == spec:
            self._keep(spec)
            return
        self._ask(
            "replaceNetworkQuestion", self.tr("Add to my networks"),
            self.tr("{name} is among your networks already. Replace it?").format(name=spec.name),
            self.tr("Replace"), lambda: self._keep(spec),
        )  # fmt: skip

    def remove_from_own(self, name: str) -> None:
        """Delete a network of the user's list after a question."""
        self._ask(
            "removeNetworkQuestion", self.tr("Remove from my networks"),
            self.tr("Remove {name} from your networks and delete its file? This cannot be taken back.").format(
                name=name
            ),
            self.tr("Remove"), lambda: self._forget(name),
        )  # fmt: skip

    def _keep(self, spec: NetworkSpec) -> None:
        if self._try(lambda: save_own_network(spec)):
            self.told.emit(self.tr("{name} is among your networks now").format(name=spec.name))
            self.own_networks_changed.emit()

    def _forget(self, name: str) -> None:
        if self._try(lambda: delete_own_network(name)):
            self.told.emit(self.tr("{name} was removed from your networks").format(name=name))
            self.own_networks_changed.emit()

    def _new(self, name: str, _checked: bool = False) -> None:
        chosen = EXPERIMENTS[name]
        self._try(lambda: self._session.load(chosen.network(self._input_shape, self._classes)))

    def _new_empty(self) -> None:
        self._session.load(NetworkSpec("my-network", self._input_shape, ()))

    def _load(self, spec: NetworkSpec, _checked: bool = False) -> None:
        self._session.load(spec)

    def _fill_new(self) -> None:
        self.new_menu.clear()
        empty = self.new_menu.addAction(self.tr("Empty network"))
        empty.setObjectName("newEmptyAction")
        empty.setToolTip(wrapped(self.tr("Begin with nothing, and put layer behind layer.")))
        empty.triggered.connect(lambda: self._new_empty())
        self.new_menu.addSeparator()
        families: dict[str, QMenu] = {}
        for experiment in EXPERIMENTS.values():
            if experiment.family not in families:
                families[experiment.family] = self.new_menu.addMenu(experiment.family)
                families[experiment.family].setToolTipsVisible(True)
            action = families[experiment.family].addAction(experiment.name)
            action.setObjectName(f"new-{experiment.name}")
            action.setToolTip(wrapped(experiment.description))
            action.triggered.connect(partial(self._new, experiment.name))

    def _fill_own(self) -> None:
        self.own_menu.clear()
        add = self.own_menu.addAction(self.tr("Add this network"))
        add.setObjectName("addToOwnAction")
        add.setToolTip(wrapped(self.tr("Keep it under its name in your list, which the set-up offers too.")))
        add.triggered.connect(lambda: self.add_to_own())
        self.own_menu.addSeparator()
        found = own_networks()
        for name, own in found.networks.items():
            action = self.own_menu.addAction(name.replace("&", "&&"))
            action.setObjectName(f"own-{name}")
            action.setToolTip(wrapped(self.tr("Go on with this network of yours.")))
            action.triggered.connect(partial(self._load, own.spec))
        if not found.networks:
            self.own_menu.addAction(self.tr("No networks of yours yet")).setEnabled(False)
        self.own_menu.addSeparator()
        remove = self.own_menu.addMenu(self.tr("Remove"))
        remove.setObjectName("removeOwnMenu")
        remove.setEnabled(bool(found.networks))
        for name in found.networks:
            action = remove.addAction(name.replace("&", "&&"))
            action.setObjectName(f"remove-{name}")
            action.triggered.connect(lambda _=False, name=name: self.remove_from_own(name))
        if found.problems:
            self.failed.emit(translate_error(found.problems[0]))

    def _make_bar(self) -> QWidget:
        bar = QWidget()
        row = QHBoxLayout(bar)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        new = self._menu_button(
            "newNetworkButton", self.tr("New"), self.new_menu,
            self.tr("Begin with nothing, or with any network that comes with Netarium. Undo comes back to this one."),
        )  # fmt: skip
        own = self._menu_button(
            "ownNetworksButton", self.tr("Mine"), self.own_menu,
            self.tr("Your own networks: add this one, go on with another, or remove one."),
        )  # fmt: skip
        own.setAccessibleName(self.tr("My networks"))
        row.addWidget(new)
        for name, text, idea, does in (
            ("openNetworkButton", self.tr("Open…"), self.tr("Go on with a network from a JSON file."), self.open),
            (
                "saveNetworkButton", self.tr("Save as…"),
                self.tr("Write it into a JSON file, which this window and the command line open anywhere."),
                self.save_as,
            ),
        ):  # fmt: skip
            button = QPushButton(text)
            button.setObjectName(name)
            button.setAccessibleName(text)
            button.setToolTip(wrapped(idea))
            button.setMinimumWidth(0)
            button.clicked.connect(does)
            row.addWidget(button, 1)
        row.addWidget(own)
        return bar

    def _menu_button(self, name: str, text: str, menu: QMenu, idea: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName(name)
        button.setAccessibleName(text)
        button.setText(text)
        button.setToolTip(wrapped(idea))
        button.setProperty("framed", True)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setStyleSheet(
            "QToolButton[framed='true'] { padding-right: 18px; }"
            "QToolButton[framed='true']:focus { padding-right: 17px; }"
            "QToolButton::menu-indicator { subcontrol-origin: padding; subcontrol-position: center right; right: 5px; }"
        )
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setMenu(menu)
        return button

    def _menu(self, name: str, fill: Callable[[], None]) -> QMenu:
        menu = QMenu(self._editor)
        menu.setObjectName(name)
        menu.setToolTipsVisible(True)
        menu.aboutToShow.connect(fill)
        return menu

    def _dialog(self, name: str, title: str) -> QFileDialog:
        dialog = QFileDialog(self._editor, title, self._folder, self.tr("Networks (*.json);;All files (*)"))
        dialog.setObjectName(name)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return dialog

    def _ask(self, name: str, title: str, question: str, verb: str, does: Callable[[], None]) -> None:
        box = QMessageBox(
            QMessageBox.Icon.Question, title, question, QMessageBox.StandardButton.Cancel, self._editor
        )  # fmt: skip
        box.setObjectName(name)
        button = box.addButton(verb, QMessageBox.ButtonRole.AcceptRole)
        button.setObjectName(f"{name}Yes")
        button.clicked.connect(does)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    def _try(self, does: Callable[[], object]) -> bool:
        try:
            does()
        except NetariumError as error:
            self.failed.emit(translate_error(error))
            return False
        return True
