"""The entry of a panel in the View menu: chosen there it shows or hides the panel, by its key it only shows it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QDockWidget, QScrollArea, QWidget


class PanelAction(QAction):
    """Carries a mark while its dock is shown.

    Parameters
    ----------
    dock : QDockWidget
    text : str
        The title of the panel with its letter in the menu marked.
    key : str
        Shows the panel in front of those it is stacked with, and gives it the keyboard; never hides it.
    """

    def __init__(self, dock: QDockWidget, text: str, key: str, parent: QObject) -> None:
        super().__init__(text, parent)
        self._dock = dock
        self.setObjectName(dock.objectName().replace("Dock", "PanelAction"))
        self.setShortcut(QKeySequence(key))
        idea = self.tr("Show or hide this panel. The key shows it, and the keyboard goes there.")
        self.setToolTip(idea)
        self.setStatusTip(idea)
        self.setCheckable(True)
        follows = dock.toggleViewAction()
        self.setChecked(follows.isChecked())
        follows.toggled.connect(self.setChecked)
        self.triggered.connect(self._show_or_hide)

    def event(self, event: QEvent) -> bool:
        """Do by key what ``go_there`` does, whatever the mark says."""
        if event.type() == QEvent.Type.Shortcut:
            self.go_there()
            return True
        return super().event(event)

    def go_there(self) -> None:
        """Show the panel and give it the keyboard, unless it has it."""
        self._show()
        panel = self._dock.widget()
        focused = panel.window().focusWidget()
        if self._dock.isFloating():
            self._dock.activateWindow()
        if focused is None or not panel.isAncestorOf(focused):
            _first_stop(panel).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _show(self) -> None:
        self._dock.show()
        self._dock.raise_()

    def _show_or_hide(self, is_wanted: bool) -> None:
        if is_wanted:
            self._show()
        else:
            self._dock.close()


def _first_stop(panel: QWidget) -> QWidget:
    """Return where the keyboard was last in a panel, else its proxy, else what Tab comes to first, else itself."""
    for wanted in (panel.focusWidget(), panel.focusProxy()):
        if wanted is not None and wanted.isVisibleTo(panel) and wanted.isEnabled():
            return wanted
    widget = panel.nextInFocusChain()
    while widget is not None and widget is not panel:
        stops = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus) and not isinstance(widget, QScrollArea)
        if stops and panel.isAncestorOf(widget) and widget.isVisibleTo(panel) and widget.isEnabled():
            return widget
        widget = widget.nextInFocusChain()
    return panel
