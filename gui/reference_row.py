"""The line that tells which settings are in the form, such as the published ones, with the way back to them."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from gui.form import wrapped
from gui.theme import GAP

# Settings to go back to: published with the network, usual where none were published, or those it was trained with.
Reference = Literal["published", "usual", "trained"]


class ReferenceRow(QWidget):
    """Says whether anything was changed from the settings of reference, and offers to take it back."""

    reset_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._note = QLabel()
        self._note.setObjectName("referenceLabel")
        self._note.setProperty("muted", True)
        self._note.setWordWrap(True)
        self._reset = QPushButton(self.tr("Reset"))
        self._reset.setObjectName("resetButton")
        self._reset.clicked.connect(self.reset_requested)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addWidget(self._note, 1)
        layout.addWidget(self._reset)
        self.set_reference("published")

    def set_reference(self, reference: Reference) -> None:
        """Tell which settings there are to go back to."""
        self._same, self._changed, way, idea = {
            "published": (
                self.tr("The published settings"),
                self.tr("Changed from the published settings"),
                self.tr("Back to the published settings"),
                self.tr("Back to the settings of the experiment that this network was published with, whose accuracy "
                        "is known."),
            ),
            "usual": (
                self.tr("The usual settings"),
                self.tr("Changed from the usual settings"),
                self.tr("Back to the usual settings"),
                self.tr("Back to what Netarium trains your own networks with unless told otherwise, since no settings "
                        "were published for them: Adam, which forgives most."),
            ),
            "trained": (
                self.tr("The settings it was trained with"),
                self.tr("Changed from what it was trained with"),
                self.tr("Back to the settings it was trained with"),
                self.tr("Back to the settings with which the network got the weights that it came with."),
            ),
        }[reference]  # fmt: skip
        self._reset.setAccessibleName(way)
        self._reset.setToolTip(wrapped(idea))

    def set_state(self, differs: bool, editable: bool) -> None:
        """Tell whether settings differ from those of reference, and whether they can be edited now."""
        self._reset.setEnabled(differs and editable)
        self._note.setText(self._changed if differs else self._same)
