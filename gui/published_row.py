"""The line that tells whether settings are those of the published experiment, with the way back to them."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from gui.form import wrapped
from gui.theme import GAP


class PublishedRow(QWidget):
    """Says whether anything was changed, and offers to take it back."""

    reset_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._note = QLabel()
        self._note.setProperty("muted", True)
        self._note.setWordWrap(True)
        self._reset = QPushButton(self.tr("Reset"))
        self._reset.setObjectName("resetButton")
        self._reset.setAccessibleName(self.tr("Back to the published settings"))
        self._reset.setToolTip(
            wrapped(
                self.tr(
                    "Back to the settings of the experiment that this network was published with, whose accuracy "
                    "is known."
                )
            )
        )
        self._reset.clicked.connect(self.reset_requested)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addWidget(self._note, 1)
        layout.addWidget(self._reset)

    def set_state(self, differs: bool, editable: bool) -> None:
        """Tell whether settings differ from the published ones, and whether they can be edited now."""
        self._reset.setEnabled(differs and editable)
        self._note.setText(
            self.tr("Changed from the published settings") if differs else self.tr("The published settings")
        )
