"""The network's answer in large letters, with its probability."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.prediction_bars import percent
from gui.theme import LIGHT, Theme

_SMALLEST, _LARGEST = 12, 72
_CAPTION = 13
_FLAGS = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom | Qt.TextFlag.TextWordWrap


class BestAnswer(QWidget):
    """A class name as large as fits, above its probability."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bestAnswer")
        self.setAccessibleName(self.tr("Best answer"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._theme = LIGHT
        self._name = ""
        self._probability = 0.0

    def set_answer(self, answer: tuple[str, float] | None) -> None:
        """Show a class name and its probability, or that there is none."""
        name, probability = answer or ("", 0.0)
        if (name, probability) != (self._name, self._probability):
            self._name, self._probability = name, probability
            self.update()

    def text(self) -> str:
        """Return the class name that is shown, empty where there is none."""
        return self._name

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for a large digit."""
        return QSize(84, 76)

    def minimumSizeHint(self) -> QSize:
        """Return room for a digit."""
        return QSize(84, 44)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the name, and the probability below it."""
        with QPainter(self) as painter:
            font = self.font()
            font.setPixelSize(_CAPTION)
            painter.setFont(font)
            painter.setPen(QColor(self._theme.muted))
            line = painter.fontMetrics().height()
            room = QRectF(0, 0, self.width(), self.height() - line)
            if self._name:
                caption = QRectF(0, room.bottom(), self.width(), line)
                painter.drawText(caption, Qt.AlignmentFlag.AlignCenter, percent(self._probability))
                painter.setPen(QColor(self._theme.accent))
            painter.setFont(_fitting(self.font(), self._name or "–", room))
            painter.drawText(room, _FLAGS, self._name or "–")


def _fitting(font: QFont, text: str, room: QRectF) -> QFont:
    """Return the font at the largest size at which the text fits, wrapped between words."""
    font = QFont(font)
    font.setWeight(QFont.Weight.DemiBold)
    for size in range(_LARGEST, _SMALLEST - 1, -2):
        font.setPixelSize(size)
        needed = QFontMetricsF(font).boundingRect(room, _FLAGS, text)
        if needed.width() <= room.width() and needed.height() <= room.height():
            break
    return font
