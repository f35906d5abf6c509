"""What dialogs are made of: paragraphs that can be copied, and buttons that explain themselves."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton

from gui.form import wrapped


def paragraph(name: str, text: str = "", muted: bool = False) -> QLabel:
    """Return a text that breaks its lines and can be selected."""
    label = QLabel(text)
    label.setObjectName(name)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setProperty("muted", muted)
    return label


def dialog_button(text: str, name: str, idea: str) -> QPushButton:
    """Return a button that Return does not press by chance; ``idea`` is its tooltip."""
    button = QPushButton(text)
    button.setObjectName(name)
    button.setAccessibleName(text)
    button.setToolTip(wrapped(idea))
    button.setAutoDefault(False)
    return button
