"""Mends what Qt leaves behind when docks are stacked."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabBar


def hide_stray_tab_bars(window: QMainWindow) -> None:
    """Hide tab bars that belong to no dock.

    Where docks are stacked before the window is on screen, Qt makes a tab bar for each state in between and shows them
    all; only one lies upon its docks. To be called when the window has been laid out.
    """
    docks = [dock for dock in window.findChildren(QDockWidget) if dock.isVisible()]
    for bar in window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
        area = bar.geometry()
        if not any(area.left() == dock.x() and area.bottom() + 1 == dock.y() for dock in docks):
            bar.hide()
