"""Fields for the settings of layers: several whole numbers in a row, a yes or no, and a name."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRegularExpression, QSignalBlocker, Qt
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QToolButton, QWidget

from engine.validation import Range
from gui.form import FIELD_HEIGHT, CompoundField, wrapped
from gui.spin_boxes import CountSpin
from gui.theme import SPACE
from gui.tick_box import TickBox


class NumbersField(CompoundField):
    """Whole numbers with × between them, such as the rows and columns of a kernel.

    Parameters
    ----------
    allowed : Range
        The values each may take.
    labels : sequence of str
        The accessible name of each.
    linked : bool
        Whether a button keeps them equal, which it does as long as they are.
    """

    def __init__(
        self, allowed: Range, labels: Sequence[str], linked: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._labels = tuple(labels)
        self.spins = tuple(CountSpin(allowed) for _ in labels)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        for place, spin in enumerate(self.spins):
            if place:
                row.addWidget(QLabel("×"))
            spin.setMinimumWidth(48)
            spin.setMinimumHeight(FIELD_HEIGHT)
            spin.setAccessibleName(labels[place])
            row.addWidget(spin, 1)
            spin.valueChanged.connect(lambda value, changed=spin: self._spin_changed(changed, value))
        self.link = QToolButton()
        self.link.setText("=")
        self.link.setCheckable(True)
        self.link.setChecked(True)  # as the numbers are equal at first
        self.link.setAutoRaise(True)
        self.link.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.link.setAccessibleName(self.tr("Keep both equal"))
        self.link.setToolTip(wrapped(self.tr("Height and width change together, as in nearly every network.")))
        self.link.setVisible(linked)
        self.link.toggled.connect(self._link_toggled)
        row.addWidget(self.link)
        self.setFocusProxy(self.spins[0])

    def setObjectName(self, name: str) -> None:
        """Name the field, and its parts after it."""
        super().setObjectName(name)
        for place, spin in enumerate(self.spins, 1):
            spin.setObjectName(f"{name}{place}")
        self.link.setObjectName(f"{name}Link")

    def setAccessibleName(self, name: str) -> None:
        """Name the field to those who cannot see it, and each of its numbers."""
        super().setAccessibleName(name)
        for label, spin in zip(self._labels, self.spins, strict=True):
            spin.setAccessibleName(f"{name}: {label}")

    def value(self) -> tuple[int, ...]:
        """Return the numbers."""
        return tuple(spin.value() for spin in self.spins)

    def set_value(self, value: tuple[int, ...]) -> None:
        """Show numbers, without a signal."""
        if value == self.value():
            return
        for spin, number in zip(self.spins, value, strict=True):
            with QSignalBlocker(spin):
                spin.setValue(number)
        with QSignalBlocker(self.link):
            self.link.setChecked(len(set(value)) == 1)

    def _spin_changed(self, changed: CountSpin, value: int) -> None:
        if self.link.isChecked() and self.link.isVisibleTo(self):
            for spin in self.spins:
                with QSignalBlocker(spin):
                    spin.setValue(value)
        self.valueChanged.emit()

    def _link_toggled(self, on: bool) -> None:
        if on and len(set(self.value())) > 1:
            self._spin_changed(self.spins[0], self.spins[0].value())


class Toggle(CompoundField):
    """A box that is ticked or not; ``text`` says what a tick means."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.box = TickBox(text)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.box)
        self.setFocusProxy(self.box)
        self.box.toggled.connect(lambda: self.valueChanged.emit())

    def setObjectName(self, name: str) -> None:
        """Name the field and its box."""
        super().setObjectName(name)
        self.box.setObjectName(f"{name}Box")

    def setAccessibleName(self, name: str) -> None:
        """Name the field to those who cannot see it."""
        super().setAccessibleName(name)
        self.box.setAccessibleName(name)

    def value(self) -> bool:
        """Return whether it is ticked."""
        return self.box.isChecked()

    def set_value(self, value: bool) -> None:
        """Tick it or not, without a signal."""
        with QSignalBlocker(self.box):
            self.box.setChecked(value)


class NameField(CompoundField):
    """A line of text that counts when it is confirmed or left.

    Parameters
    ----------
    pattern : str
        A regular expression of what can be typed.
    """

    def __init__(self, pattern: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = ""
        self.edit = QLineEdit()
        self.edit.setMinimumHeight(FIELD_HEIGHT)
        self.edit.setValidator(QRegularExpressionValidator(QRegularExpression(pattern), self.edit))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.edit)
        self.setFocusProxy(self.edit)
        self.edit.editingFinished.connect(self._finished)
        self.edit.inputRejected.connect(self._shake_off)

    def setObjectName(self, name: str) -> None:
        """Name the field and its line."""
        super().setObjectName(name)
        self.edit.setObjectName(f"{name}Edit")

    def setAccessibleName(self, name: str) -> None:
        """Name the field to those who cannot see it."""
        super().setAccessibleName(name)
        self.edit.setAccessibleName(name)

    def value(self) -> str:
        """Return the text."""
        return self.edit.text()

    def set_value(self, value: str) -> None:
        """Show a text, without a signal."""
        self._shown = value
        if value != self.edit.text():
            self.edit.setText(value)
            self.edit.setCursorPosition(0)

    def _finished(self) -> None:
        if self.edit.text() != self._shown:
            self._shown = self.edit.text()
            self.valueChanged.emit()

    def _shake_off(self) -> None:
        """Take up again what was there when what is typed is no name at all."""
        if not self.edit.text():
            self.set_value(self._shown)
