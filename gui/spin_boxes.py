"""Number fields and lists made for settings: compact numbers, sensible steps, no surprises by the mouse wheel."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QFocusEvent, QStandardItemModel, QValidator, QWheelEvent
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QSizePolicy, QSpinBox, QWidget

from engine.validation import Range
from gui.correction_note import CorrectionNote
from gui.elided_combo import ElidedCombo

# "decades" steps 1, 2, 5, 10, ... at every scale; "complement" does so with the distance to one, which is
# what counts for a share that is kept: 0.9, 0.95, 0.98, 0.99. A number is a fixed step.
Stepping = Literal["decades", "complement"] | float

_NUMBER = re.compile(r"[+-]?\d*[.,]?\d*(e[+-]?\d*)?", re.IGNORECASE)
_WHOLE = re.compile(r"[+-]?\d{1,40}", re.ASCII)
_LARGEST_INT = 2**31 - 1  # QSpinBox counts in 32 bits
_OPEN = 1e-12  # how near a value may come to a bound that is itself excluded
_FINEST = 1e-6  # the last stop before zero, or before one for "complement"


def compact(value: float) -> str:
    """Return the shortest text that reads back as ``value``: ``0.1``, ``100``, ``2e-5``."""
    mantissa, _, exponent = repr(float(value)).partition("e")
    mantissa = mantissa.removesuffix(".0")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa


def next_stop(value: float, upward: bool) -> float:
    """Return the neighbour of a positive ``value`` among ..., 0.1, 0.2, 0.5, 1, 2, 5, 10, ..."""
    exponent = math.floor(math.log10(value))
    stops = [float(f"{digit}e{e}") for e in range(exponent - 1, exponent + 2) for digit in (1, 2, 5)]
    if upward:
        return min(stop for stop in stops if stop > value * (1 + 1e-9))
    return max(stop for stop in stops if stop < value * (1 - 1e-9))


class ScientificSpin(QDoubleSpinBox):
    """A field for a number that may be tiny: shows ``0.05`` or ``2e-5``, takes ``1e-3`` and ``0,01``.

    Parameters
    ----------
    allowed : Range
        The values that can be entered; others are corrected to the nearest.
    stepping : {"decades", "complement"} or float
        What the arrows do.
    """

    def __init__(self, allowed: Range, stepping: Stepping, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stepping = stepping
        self.setDecimals(30)  # keeps every digit of 1e-12; what is shown is up to textFromValue
        low = -math.inf if allowed.low is None else allowed.low + (_OPEN if allowed.low_open else 0)
        high = math.inf if allowed.high is None else allowed.high - (_OPEN if allowed.high_open else 0)
        self.setRange(low, high)
        self._note = _settle(self)
        self.valueChanged.connect(self._note.keep_for)

    def textFromValue(self, value: float) -> str:
        """Return the text shown for ``value``."""
        return compact(value)

    def valueFromText(self, text: str) -> float:
        """Return the number that ``text`` stands for, or the present one if it is none yet."""
        number = _number(text)
        return self.value() if number is None else number

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Say whether ``text`` is a number in range, or could become one by typing on."""
        number = _number(text)
        if number is not None and self.minimum() <= number <= self.maximum():
            state = QValidator.State.Acceptable
        elif _NUMBER.fullmatch(text.strip()):
            state = QValidator.State.Intermediate
        else:
            state = QValidator.State.Invalid
        return state, text, position

    def fixup(self, text: str) -> str:
        """Return the nearest allowed number for one that is out of range, and say so; what was there for no number."""
        number = _number(text)
        return compact(self.value() if number is None else _corrected(number, text.strip(), self, self._note))

    def stepBy(self, steps: int) -> None:
        """Move by so many stops."""
        value = self.value()
        for _ in range(abs(steps)):
            value = self._step(value, steps > 0)
        self.setValue(value)
        self.selectAll()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Leave no text selected, which would look as if keys still went here."""
        super().focusOutEvent(event)
        self.lineEdit().deselect()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Turn only when focused, so that scrolling a form changes nothing."""
        super().wheelEvent(event) if self.hasFocus() else event.ignore()

    def _step(self, value: float, upward: bool) -> float:
        if self._stepping == "decades":
            if value < _FINEST and self.minimum() <= 0:
                return _FINEST if upward else self.minimum()
            stop = next_stop(value, upward)
            return self.minimum() if stop < _FINEST and self.minimum() <= 0 else stop
        if self._stepping == "complement":
            rest = 1 - value
            return value if upward and rest <= _FINEST else round(1 - next_stop(rest, not upward), 12)
        return round(value + (self._stepping if upward else -self._stepping), 12)


class CountSpin(QSpinBox):
    """A field for a whole number.

    Parameters
    ----------
    allowed : Range
    zero_text : str, optional
        If given, zero can be chosen too, is shown as this text, and means that there is no limit.
    step : int, optional
        What the arrows add.
    """

    def __init__(self, allowed: Range, zero_text: str = "", step: int = 1, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        low = 0 if zero_text else int(allowed.low or 0)
        self.setRange(low, _LARGEST_INT if allowed.high is None else min(int(allowed.high), _LARGEST_INT))
        self.setSpecialValueText(zero_text)
        self.setSingleStep(step)
        self._note = _settle(self)
        self.valueChanged.connect(self._note.keep_for)

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Let a number out of range be typed to its end, so that it can be said what became of it."""
        number = self._whole(text)
        if text == self.specialValueText() != "" or (number is not None and number in self._allowed()):
            state = QValidator.State.Acceptable
        elif number is not None or self._bare(text) in ("", "+", "-"):
            state = QValidator.State.Intermediate
        else:
            state = QValidator.State.Invalid
        return state, text, position

    def fixup(self, text: str) -> str:
        """Return the nearest allowed number for one that is out of range, and say so; what was there for no number."""
        number = self._whole(text)
        if number is None:
            return self.textFromValue(self.value())
        return self.textFromValue(int(_corrected(number, self._bare(text), self, self._note)))

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Leave no text selected, which would look as if keys still went here."""
        super().focusOutEvent(event)
        self.lineEdit().deselect()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Turn only when focused, so that scrolling a form changes nothing."""
        super().wheelEvent(event) if self.hasFocus() else event.ignore()

    def _allowed(self) -> range:
        return range(self.minimum(), self.maximum() + 1)

    def _bare(self, text: str) -> str:
        return text.removeprefix(self.prefix()).removesuffix(self.suffix()).strip()

    def _whole(self, text: str) -> int | None:
        bare = self._bare(text)
        return int(bare) if _WHOLE.fullmatch(bare) else None


class Choice(ElidedCombo):
    """A list of named options, each standing for a value.

    Parameters
    ----------
    options : iterable of (str, str)
        The value and the label of each.
    """

    def __init__(self, options: Iterable[tuple[str, str]] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        for value, label in options:
            self.addItem(label, value)

    def value(self) -> str:
        """Return the value of the chosen option; empty if there is none."""
        return self.currentData() or ""

    def add_heading(self, text: str) -> None:
        """Add a line that stands over the options after it and cannot be chosen."""
        self.addItem(text)
        model = self.model()
        assert isinstance(model, QStandardItemModel)
        item = model.item(self.count() - 1)
        item.setEnabled(False)
        bold = self.font()
        bold.setBold(True)
        item.setFont(bold)

    def choose(self, value: str) -> None:
        """Choose the option with this value; one that is not offered is shown, and nothing is chosen."""
        self.setPlaceholderText(value)
        self.setCurrentIndex(self.findData(value))

    def showPopup(self) -> None:
        """Open the list, wide enough for its longest label."""
        self.view().setMinimumWidth(self.view().sizeHintForColumn(0) + 24)
        super().showPopup()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Turn only when focused, so that scrolling a form changes nothing."""
        super().wheelEvent(event) if self.hasFocus() else event.ignore()


def _number(text: str) -> float | None:
    try:
        return float(text.strip().replace(",", ".")) if _NUMBER.fullmatch(text.strip()) else None
    except ValueError:
        return None


def _corrected(number: float, typed: str, spin: ScientificSpin | CountSpin, note: CorrectionNote) -> float:
    """Return ``number``, or the bound that it is beyond, which the note says."""
    value = min(max(number, spin.minimum()), spin.maximum())
    if value != number:
        note.tell(typed, value, "low" if number < value else "high")
    return value


def _settle(spin: ScientificSpin | CountSpin) -> CorrectionNote:
    spin.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    # A value counts when it is typed to its end: "0.05" must not pass through 0 on its way.
    spin.setKeyboardTracking(False)
    spin.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    spin.setMinimumWidth(60)
    return CorrectionNote(spin, spin.lineEdit())
