"""Asks what to do where memory will not suffice for a run."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QMessageBox, QPushButton, QWidget

from engine.estimates.cost import Cost
from gui.cost_view import too_large_text


class MemoryQuestion(QMessageBox):
    """Offers the batch size that fits, training all the same, and neither.

    Parameters
    ----------
    cost : Cost
        Of a run that does not fit.
    """

    train_with = Signal(int)  # with batches of this size
    train_anyway = Signal()

    def __init__(self, cost: Cost, parent: QWidget | None = None) -> None:
        super().__init__(
            QMessageBox.Icon.Warning, "", too_large_text(cost), QMessageBox.StandardButton.Cancel, parent
        )  # fmt: skip
        self.setWindowTitle(self.tr("Not enough memory"))
        self.setObjectName("memoryQuestion")
        self.setInformativeText(
            self.tr("Where memory runs out the system may end Netarium; save a model that you want to keep first.")
        )
        fitting = cost.largest_batch
        if fitting:
            button = self._offer(self.tr("Train with batches of {count}").format(count=fitting), "trainFittingButton")
            button.clicked.connect(lambda: self.train_with.emit(fitting))
            self.setDefaultButton(button)
        self._offer(self.tr("Train all the same"), "trainAnywayButton").clicked.connect(self.train_anyway)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def _offer(self, text: str, name: str) -> QPushButton:
        button = self.addButton(text, QMessageBox.ButtonRole.AcceptRole)
        button.setObjectName(name)
        return button
