"""The editor's tools as actions: in the row of buttons, in the context menu and by key."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import msgspec
from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QMenu, QToolButton, QWidget

from engine.architecture.layers import Layer
from gui.editor_icons import editor_icon
from gui.editor_session import EditorSession
from gui.form import wrapped
from gui.layer_kinds import layer_kinds
from gui.theme import SPACE, Theme

_NATIVE = QKeySequence.SequenceFormat.NativeText
_BUTTON_WIDTH = 23
_GROUPS = (
    ("undo", "redo"),
    ("add", "duplicate", "remove"),
    ("move_up", "move_down", "move_in", "move_out"),
    ("cut", "copy", "paste"),
)


class EditorActions(QObject):
    """Makes the actions of an editor, and enables those that would do something.

    Parameters
    ----------
    session : EditorSession
    editor : QWidget
        Where the keys of undo, redo and add are heard, and what menus belong to.
    tree : QAbstractItemView
        Where keys that change the selected layers are heard; elsewhere they mean other things.
    """

    def __init__(self, session: EditorSession, editor: QWidget, tree: QAbstractItemView) -> None:
        super().__init__(editor)
        self._session = session
        self._editor = editor
        self._tree = tree
        self.add_menu = self._make_add_menu()
        self.actions = {name: self._make(name, *words) for name, words in self._words().items()}
        self.actions["add"].setMenu(self.add_menu)
        self.context_menu = QMenu(editor)
        self.context_menu.setObjectName("layerMenu")
        self.context_menu.setToolTipsVisible(True)
        for group in _GROUPS:
            self.context_menu.addActions([self.actions[name] for name in group])
            self.context_menu.addSeparator()
        self.bar = self._make_bar()
        tree.customContextMenuRequested.connect(self._show_context_menu)

    def refresh(self) -> None:
        """Enable what would do something now."""
        possible = self._session.possible()
        for name, action in self.actions.items():
            action.setEnabled(name in possible or name in ("add", "paste"))
        self._add_branch.setEnabled("add_branch" in possible)

    def apply_theme(self, theme: Theme) -> None:
        """Draw the signs in the colours of ``theme``."""
        for name, action in self.actions.items():
            action.setIcon(editor_icon(name, theme))

    def _words(self) -> dict[str, tuple[str, str, str, Callable[[], object]]]:
        """Return for each tool its text, its key, its idea and what it does."""
        session = self._session
        return {
            "undo": (self.tr("Undo"), "Ctrl+Z", self.tr("Take the last edit back."), session.undo),
            "redo": (self.tr("Redo"), "Ctrl+Shift+Z", self.tr("Put back the edit that was taken back."), session.redo),
            "add": (
                self.tr("Add layer"), "Ins",
                self.tr("Put a new layer behind the selected one, or into a selected block that is empty."),
                self._show_add_menu,
            ),
            "duplicate": (
                self.tr("Duplicate"), "Ctrl+Shift+D",
                self.tr("Put a copy behind what is selected. It learns for itself: only the settings are the same."),
                session.duplicate,
            ),
            "remove": (
                self.tr("Remove"), "Del", self.tr("Take out what is selected; a block goes with all it holds."),
                session.remove,
            ),
            "move_up": (
                self.tr("Move up"), "Alt+Up", self.tr("Let the image pass it earlier; branches change places."),
                session.move_up,
            ),
            "move_down": (
                self.tr("Move down"), "Alt+Down", self.tr("Let the image pass it later; branches change places."),
                session.move_down,
            ),
            "move_in": (
                self.tr("Move into block"), "Alt+Right",
                self.tr("Into the block behind it, or else into the one before it."), session.move_in,
            ),
            "move_out": (
                self.tr("Move out of block"), "Alt+Left", self.tr("Behind the block that holds it."), session.move_out,
            ),
            "cut": (
                self.tr("Cut"), "Ctrl+X", self.tr("Take out what is selected, to be pasted elsewhere."), self._cut,
            ),
            "copy": (
                self.tr("Copy"), "Ctrl+C",
                self.tr("Copy what is selected as JSON text, for here or any other program."),
                self._copy,
            ),
            "paste": (
                self.tr("Paste"), "Ctrl+V",
                self.tr("Put copied layers behind the selected one. The JSON of a whole network can be pasted too."),
                self._paste,
            ),
        }  # fmt: skip

    def _make(self, name: str, text: str, key: str, idea: str, does: Callable[[], object]) -> QAction:
        action = QAction(text, self)
        action.setObjectName(f"editor{name.title().replace('_', '')}Action")
        action.setShortcut(QKeySequence(key))
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        action.setToolTip(wrapped(f"<b>{text}</b> ({action.shortcut().toString(_NATIVE)})<br>{idea}"))
        # No status tip: it would cover the progress of a run while the pointer rests on the button.
        action.triggered.connect(lambda: does())
        (self._editor if name in ("undo", "redo", "add") else self._tree).addAction(action)
        return action

    def _make_bar(self) -> QWidget:
        bar = QWidget()
        row = QHBoxLayout(bar)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for place, group in enumerate(_GROUPS):
            if place:
                row.addSpacing(SPACE)
                row.addStretch(1)
            for name in group:
                row.addWidget(self._button(name))
        return bar

    def _button(self, name: str) -> QToolButton:
        action = self.actions[name]
        button = QToolButton()
        button.setDefaultAction(action)
        button.setObjectName(action.objectName().replace("Action", "Button"))
        button.setAccessibleName(action.text())
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setFixedWidth(_BUTTON_WIDTH)
        if name == "add":
            self._add_button = button
            button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
            button.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        return button

    def _make_add_menu(self) -> QMenu:
        menu = QMenu(self._editor)
        menu.setObjectName("addLayerMenu")
        menu.setToolTipsVisible(True)
        for heading, kinds in layer_kinds():
            menu.addSection(heading)
            for kind in kinds:
                action = menu.addAction(f"&{kind.label}")  # a letter goes to it
                action.setObjectName(f"{kind.name}Action")
                action.setToolTip(wrapped(kind.idea))
                action.setStatusTip(kind.idea)
                action.triggered.connect(partial(self._add, kind.new))
        self._add_branch = menu.addAction(self.tr("Branch"))
        self._add_branch.setObjectName("addBranchAction")
        self._add_branch.setToolTip(
            wrapped(self.tr("One more branch for the Concat that is selected, or that holds what is selected."))
        )
        self._add_branch.triggered.connect(lambda: self._session.add_branch())
        return menu

    def _add(self, layer: Layer, _checked: bool = False) -> None:
        self._session.add([msgspec.structs.replace(layer)])

    def _show_add_menu(self) -> None:
        self.add_menu.popup(self._add_button.mapToGlobal(QPoint(0, self._add_button.height())))

    def _show_context_menu(self, position: QPoint) -> None:
        self.context_menu.popup(self._tree.viewport().mapToGlobal(position))

    def _copy(self) -> bool:
        text = self._session.copy()
        if text:
            QGuiApplication.clipboard().setText(text)
        return bool(text)

    def _cut(self) -> None:
        if self._copy():
            self._session.remove()

    def _paste(self) -> None:
        self._session.paste(QGuiApplication.clipboard().text())
