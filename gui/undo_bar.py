"""A line that tells what was taken away, and offers to bring it back."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from gui.form import wrapped
from gui.theme import GAP, MARGIN, Theme

_OFFERED_MS = 20_000


class UndoBar(QFrame):
    """Stays for a while, or until something else is done; what was deleted can be restored for a day in any case."""

    undo_wanted = Signal(object)  # the list of runs that were deleted

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("undoBar")
        self._runs: list[int] = []
        self._label = QLabel()
        self._label.setObjectName("undoLabel")
        self._undo = QPushButton(self.tr("Undo"))
        self._undo.setObjectName("undoDeleteButton")
        self._undo.setAccessibleName(self.tr("Undo the deletion"))
        self._undo.setToolTip(
            wrapped(
                self.tr(
                    "Bring the deleted runs back, with all their weights and figures (Ctrl+Z). For a day the command "
                    "'runs restore' does so too."
                )
            )
        )
        self._undo.clicked.connect(self.undo)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(MARGIN, 2, GAP, 2)
        layout.addWidget(self._label, 1)
        layout.addWidget(self._undo)
        self._timer = QTimer(self, singleShot=True, interval=_OFFERED_MS)
        self._timer.timeout.connect(self.withdraw)
        self.hide()

    def offer(self, runs: list[int], sentence: str) -> None:
        """Tell that runs were deleted."""
        self._runs = list(runs)
        self._label.setText(sentence)
        self.setAccessibleDescription(sentence)
        self._timer.start()
        self.show()

    def undo(self) -> None:
        """Ask for what was deleted, if it is still offered."""
        runs = self._runs
        self.withdraw()
        if runs:
            self.undo_wanted.emit(runs)

    def withdraw(self) -> None:
        """Offer nothing more."""
        self._runs = []
        self._timer.stop()
        self.hide()

    def apply_theme(self, theme: Theme) -> None:
        """Take on the colours of a scheme."""
        self.setStyleSheet(
            f"#undoBar {{ background: {theme.surface}; border: 1px solid {theme.border};"
            f" border-left: 4px solid {theme.accent}; border-radius: 4px; }}"
        )
