"""A label whose text may change many times a second."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QWidget


class SteadyLabel(QLabel):
    """Plain text that is painted anew when it changes, and asks for more room only when it has outgrown its own.

    A ``QLabel`` tells its layout of every new text. The window's docks are then laid out anew, all of them: some
    milliseconds, which figures that follow a run would cost ten times a second.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = ""
        self._width = 0

    def text(self) -> str:
        """Return the text."""
        return self._text

    def setText(self, text: str) -> None:
        """Show ``text``."""
        if text == self._text:
            return
        self._text = text
        self.setAccessibleDescription(text)
        width = self.fontMetrics().horizontalAdvance(text)
        if width > self._width:
            self._width = width
            self.updateGeometry()
        self.update()

    def clear(self) -> None:
        """Show nothing, and need no room."""
        self.setText("")
        self._width = 0
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """Return the room that the widest text so far needs."""
        return QSize(self._width, self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        """Return the same: nothing is to be cut."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the text as a label would."""
        with QPainter(self) as painter:
            wrap = Qt.TextFlag.TextWordWrap if self.wordWrap() else Qt.TextFlag.TextSingleLine
            self.style().drawItemText(
                painter, self.contentsRect(), self.alignment().value | wrap.value, self.palette(), self.isEnabled(),
                self._text, self.foregroundRole(),
            )  # fmt: skip
