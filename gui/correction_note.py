"""Says in a number field that what was typed there is out of range, and was changed."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QAbstractSpinBox, QLabel, QLineEdit

from gui.theme import GAP, SPACE


class CorrectionNote(QLabel):
    """A few words at the right end of a field, the whole sentence in their tooltip; typing takes them away.

    They lie over the field and need no room of their own. The field withdraws them when another number comes.
    """

    def __init__(self, spin: QAbstractSpinBox, edit: QLineEdit) -> None:
        super().__init__(edit)
        self._spin = spin
        self._edit = edit
        self._value: float | None = None
        self._words: tuple[str, ...] = ()
        self.setObjectName("correctionNote")
        self.setProperty("error", True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setCursor(Qt.CursorShape.IBeamCursor)  # as the field's: a click goes through to it
        self.hide()
        edit.installEventFilter(self)
        edit.textChanged.connect(self._fit)
        edit.textEdited.connect(self.withdraw)

    def tell(self, typed: str, value: float, bound: str) -> None:
        """Say that ``typed`` is beyond a bound, which is what the field says now.

        Parameters
        ----------
        typed : str
        value : float
            What the field has become.
        bound : {"low", "high"}
        """
        self._value = value
        shown = self._spin.textFromValue(value)  # type: ignore[attr-defined]
        if bound == "low":
            sentence = self.tr("At least {bound}: {typed} was too small.")
            self._words = (self.tr("{typed} was too small").format(typed=typed), self.tr("was too small"), "!")
        else:
            sentence = self.tr("At most {bound}: {typed} was too large.")
            self._words = (self.tr("{typed} was too large").format(typed=typed), self.tr("was too large"), "!")
        self.setToolTip(sentence.format(bound=shown, typed=typed))
        self._spin.setAccessibleDescription(self.toolTip())
        self.show()
        self._fit()

    def keep_for(self, value: float) -> None:
        """Stay if this number is the one that was put there; go if it is another."""
        if value != self._value:
            self.withdraw()

    def withdraw(self) -> None:
        """Say nothing any more."""
        if self._value is not None:
            self._value = None
            self._spin.setAccessibleDescription("")
            self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Find room anew where the field has another size."""
        if event.type() == QEvent.Type.Resize:
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        if self._value is None:
            return
        metrics = self.fontMetrics()
        room = self._edit.width() - metrics.horizontalAdvance(self._edit.text()) - 2 * GAP
        words = next((words for words in self._words if metrics.horizontalAdvance(words) <= room), self._words[-1])
        width = metrics.horizontalAdvance(words) + SPACE
        self.setText(words)
        self.setGeometry(self._edit.width() - width - SPACE, 0, width, self._edit.height())
