"""Every command by name and key, enabled where it makes sense."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QMessageBox

from gui.theme import DARK, LIGHT

FILE_ACTIONS = ("openAction", "reopenAction", "saveAction", "saveAsAction", "openDatasetAction")


def possible(operator):
    """Return the file commands that can be given."""
    return {name.removesuffix("Action") for name in FILE_ACTIONS if operator.find(name, QAction).isEnabled()}


def test_files_can_be_opened_when_idle_and_saved_once_there_is_a_model(open_window):
    operator = open_window(ready=False)
    assert possible(operator) == set()
    operator.until_state("ready")
    assert possible(operator) == {"open", "openDataset"}
    operator.begin()
    assert possible(operator) == {"save", "saveAs"}
    operator.click("stopButton")
    operator.until_state("trained")
    assert possible(operator) == {"open", "openDataset", "save", "saveAs"}


def test_f_keys_run_the_training(operator):
    window, qtbot = operator.window, operator.qtbot
    window.activateWindow()
    qtbot.keyClick(window, Qt.Key.Key_F7)
    operator.until_state("paused")
    qtbot.keyClick(window, Qt.Key.Key_F6)
    operator.until_state("training")
    qtbot.keyClick(window, Qt.Key.Key_F8)
    operator.until_state("trained")


def test_training_can_be_commanded_while_the_setup_panel_is_hidden(operator):
    operator.find("setupDock").close()
    operator.window.activateWindow()
    operator.qtbot.keyClick(operator.window, Qt.Key.Key_F7)
    operator.until_state("paused")


@pytest.mark.parametrize(("key", "dock"), [*enumerate(("setupDock", "drawDock", "weightsDock", "featureMapsDock"), 1)])
def test_every_panel_can_be_hidden_and_shown_by_key(operator, key, dock):
    operator.window.activateWindow()
    for hidden in (True, False):
        operator.qtbot.keyClick(operator.window, Qt.Key(Qt.Key.Key_0 + key), Qt.KeyboardModifier.ControlModifier)
        assert operator.find(dock).isHidden() == hidden


def test_no_two_commands_share_a_key(operator):
    everywhere: list[str] = []
    within: dict[object, list[str]] = {}
    for action in operator.window.findChildren(QAction):
        is_of_window = action.shortcutContext() == Qt.ShortcutContext.WindowShortcut
        keys = everywhere if is_of_window else within.setdefault(action.parent(), [])
        keys += [key.toString() for key in action.shortcuts()]
    for panel, keys in ((None, everywhere), *within.items()):
        assert len(keys) == len(set(keys)), panel
        # Where two meet, Qt does neither; but what is undone depends on where one is.
        assert panel is None or not set(keys) & set(everywhere) - {"Ctrl+Z", "Ctrl+Shift+Z"}, panel
    keys = everywhere
    assert {"Ctrl+O", "Ctrl+S", "Ctrl+Shift+S", "Ctrl+Q", "F5"} <= set(keys)


def test_every_command_tells_its_idea(operator):
    for menu in operator.window.menuBar().findChildren(QMenu):
        for action in menu.actions():
            assert action.isSeparator() or action.text(), menu.title()
    for name in (*FILE_ACTIONS, "quitAction", "resetLayoutAction", "tourAction", "aboutAction"):
        assert operator.find(name, QAction).statusTip(), name


def test_one_scheme_of_colours_is_marked_and_remembered(operator):
    schemes = ("system", "light", "dark")

    def marked():
        return [scheme for scheme in schemes if operator.find(f"{scheme}ThemeAction", QAction).isChecked()]

    assert marked() == ["system"]
    operator.trigger("darkThemeAction")
    assert marked() == ["dark"]
    assert operator.window.themes.theme is DARK
    assert operator.window.settings.value("theme") == "dark"
    operator.trigger("lightThemeAction")
    assert operator.window.themes.theme is LIGHT


@pytest.mark.parametrize(("name", "text"), [("tourAction", "Press F5"), ("aboutAction", "Apache MXNet")])
def test_help_is_told_without_blocking(operator, name, text):
    operator.trigger(name)
    box = operator.find("helpBox", QMessageBox)
    assert text in box.text()
    operator.qtbot.mouseClick(box.button(QMessageBox.StandardButton.Ok), Qt.MouseButton.LeftButton)
    operator.until(lambda: operator.window.findChild(QMessageBox, "helpBox") is None)


def test_quit_closes_the_window(operator):
    operator.trigger("quitAction")
    assert not operator.window.isVisible()
