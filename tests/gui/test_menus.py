"""Every command by name and key, enabled where it makes sense."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QDockWidget, QMenu, QMessageBox

from gui.theme import DARK, LIGHT

PANELS = ("setupDock", "drawDock", "weightsDock", "featureMapsDock", "editorDock", "confusionDock")
FILE_ACTIONS = ("openAction", "reopenAction", "saveAction", "saveAsAction", "openDatasetAction")


def possible(operator):
    """Return the file commands that can be given."""
    return {name.removesuffix("Action") for name in FILE_ACTIONS if operator.find(name, QAction).isEnabled()}


def menus_of(operator):
    """Return the menus of the menu bar, and the menus in them."""
    return [menu for menu in operator.window.menuBar().findChildren(QMenu) if menu.actions()]


def letter_of(action):
    """Return the letter that chooses an entry, in lower case; empty if it has none."""
    return QKeySequence.mnemonic(action.text()).toString().removeprefix("Alt+").lower()


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


@pytest.mark.parametrize(("key", "dock"), [*enumerate(PANELS, 1)])
def test_the_key_of_a_panel_shows_it_in_front_and_gives_it_the_keyboard(operator, key, dock):
    operator.window.resize(1280, 800)  # where the three panels at the bottom are stacked
    operator.window.activateWindow()
    panel = operator.find(dock, QDockWidget).widget()
    other = "drawCanvas" if dock != "drawDock" else "networkCombo"
    for before in ("in sight", "closed", "behind a tab", "has the keyboard"):
        if before == "closed":
            operator.find(dock).close()
        elif before == "behind a tab":
            for title in ("Set-up", "Weights") if dock != "weightsDock" else ("Editor", "Feature maps"):
                operator.open_tab(title)
        if before != "has the keyboard":
            operator.find(other).setFocus()
        operator.qtbot.keyClick(operator.window, Qt.Key(Qt.Key.Key_0 + key), Qt.KeyboardModifier.ControlModifier)
        operator.until(lambda: not panel.visibleRegion().isEmpty())
        focused = operator.window.focusWidget()
        assert panel is focused or panel.isAncestorOf(focused), before
        assert operator.find(dock.replace("Dock", "PanelAction"), QAction).isChecked()


def test_the_mark_in_the_menu_hides_a_panel_and_shows_it_in_front(operator):
    operator.window.resize(1280, 800)
    menu = next(menu for menu in menus_of(operator) if menu.title() == "&View")
    confusion = operator.find("confusionDock", QDockWidget)
    action = operator.find("confusionPanelAction", QAction)
    for is_shown in (False, True):
        menu.popup(operator.window.pos())
        operator.qtbot.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center())
        assert action.isChecked() == (not confusion.isHidden()) == is_shown
    operator.until(lambda: not confusion.widget().visibleRegion().isEmpty())


def test_a_panel_that_is_closed_by_its_own_button_loses_its_mark(operator):
    operator.find("drawDock").close()
    assert not operator.find("drawPanelAction", QAction).isChecked()


def test_every_entry_of_the_menu_bar_has_a_letter_of_its_own_in_its_menu(operator):
    operator.train()  # Pause becomes Resume, which needs a letter too
    operator.click("stepButton")
    operator.until_state("paused")
    for state in ("paused", "trained"):
        if state == "trained":
            operator.click("stopButton")
            operator.until_state("trained")
        for menu in (operator.window.menuBar(), *menus_of(operator)):
            letters = [letter_of(action) for action in menu.actions() if not action.isSeparator()]
            assert "" not in letters, menu
            assert len(letters) == len(set(letters)), letters


def test_no_menu_has_a_letter_twice(operator):
    for menu in operator.window.findChildren(QMenu):
        letters = [letter_of(action) for action in menu.actions() if letter_of(action)]
        # In the list of layers a letter goes through those that begin with it.
        assert menu.objectName() == "addLayerMenu" or len(letters) == len(set(letters)), letters


def test_buttons_show_what_the_menu_says_without_its_letters(operator):
    assert [operator.find(f"{name}Button").text() for name in ("train", "pause", "step", "stop", "moreEpochs")] == [
        "Train", "Pause", "Step", "Stop", "More epochs",
    ]  # fmt: skip


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
