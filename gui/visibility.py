"""Whether somebody can see a widget."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget


def can_be_seen(widget: QWidget) -> bool:
    """Return whether a widget is on screen; Qt also calls those visible that lie behind another dock's tab."""
    return widget.isVisible() and not widget.visibleRegion().isEmpty()
