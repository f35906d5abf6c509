"""One bar for each class, as long as the network finds it likely."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.form import wrapped
from gui.theme import GAP, LIGHT, Theme

_FEW = 10
_ROW_FEW, _ROW_MANY, _ROW_LARGEST = 15, 11, 52
_THICKEST = 22.0
_SMALL_FONT, _LARGE_FONT = 13, 15
_LARGE_FROM = 300  # pixels of width
_LABEL_SHARE = 0.4  # of the width; longer class names are elided


def percent(probability: float) -> str:
    """Return a probability as it is shown: ``97.3%``."""
    return f"{100 * probability:.1f}%".replace("100.0", "100")


class PredictionBars(QWidget):
    """Class names, bars and probabilities; the likeliest class stands out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("predictionBars")
        self.setAccessibleName(self.tr("Probabilities"))
        self.setToolTip(
            wrapped(
                self.tr(
                    "How the network shares out its belief: the bars add up to 100%. A long bar means that it is sure, "
                    "not that it is right."
                )
            )
        )
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._theme = LIGHT
        self._names = [str(digit) for digit in range(10)]
        self._values: np.ndarray | None = None
        self._message = ""
        self._describe()

    def set_class_names(self, names: Sequence[str]) -> None:
        """Have one bar for each of these; probabilities of other classes go."""
        self._names = list(names)
        self.updateGeometry()
        self.set_probabilities(None)
        self.update()

    def set_probabilities(self, probabilities: np.ndarray | None) -> None:
        """Show probabilities, array (classes,) in [0, 1], or empty bars; values that do not fit the names are none."""
        fits = probabilities is not None and np.size(probabilities) == len(self._names)
        before = self._looks()
        self._values = np.asarray(probabilities, np.float64).ravel() if fits else None
        self._describe()
        if self._looks() != before:  # a run brings the answers of a network that learned a little, twice a second
            self.update()

    def _looks(self) -> tuple[object, ...]:
        """Return what decides how the bars look: what is written is finer than a pixel."""
        return () if self._values is None else (int(self._values.argmax()), *map(percent, self._values))

    def set_message(self, text: str) -> None:
        """Say, in place of empty bars, why there are no probabilities; an empty text brings the bars back."""
        self._message = text
        self._describe()
        self.update()

    def probabilities(self) -> list[float] | None:
        """Return the probabilities that are shown, one for each class, or None."""
        return None if self._values is None else self._values.tolist()

    def best(self) -> tuple[str, float] | None:
        """Return the likeliest class and its probability, if any are shown."""
        if self._values is None:
            return None
        index = int(self._values.argmax())
        return self._names[index], float(self._values[index])

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        """Return rows of a comfortable height."""
        return QSize(260, 22 * len(self._names))

    def minimumSizeHint(self) -> QSize:
        """Return rows that can just be read."""
        count = len(self._names)
        return QSize(150, count * (_ROW_FEW if count <= _FEW else _ROW_MANY))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint a row for each class, or the message."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if self._values is None and self._message:
                painter.setPen(QColor(self._theme.muted))
                painter.drawText(
                    QRectF(self.rect()), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._message
                )
                return
            row = min(self.height() / max(len(self._names), 1), _ROW_LARGEST)
            font = self.font()
            largest = _LARGE_FONT if self.width() >= _LARGE_FROM else _SMALL_FONT
            font.setPixelSize(round(min(max(row * 0.72, 8), largest)))
            bold = QFont(font)
            bold.setWeight(QFont.Weight.DemiBold)
            metrics = QFontMetricsF(bold)
            label = min(max(map(metrics.horizontalAdvance, self._names)) + 1, self.width() * _LABEL_SHARE)
            value = metrics.horizontalAdvance(percent(0.999)) + 1
            track = QRectF(
                label + GAP, 0, max(self.width() - label - value - 2 * GAP, 1), min(row * 0.6, row - 3, _THICKEST)
            )
            best = -1 if self._values is None else int(self._values.argmax())
            for index, name in enumerate(self._names):
                room = QRectF(0, index * row, self.width(), row)
                painter.setFont(bold if index == best else font)
                track.moveTop(room.center().y() - track.height() / 2)
                self._paint_row(
                    painter, room, track, metrics.elidedText(name, Qt.TextElideMode.ElideRight, label), index, best
                )

    def _paint_row(self, painter: QPainter, room: QRectF, track: QRectF, name: str, index: int, best: int) -> None:
        stands_out = index == best
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(self._theme.text if stands_out else self._theme.muted))
        painter.drawText(room, middle | Qt.AlignmentFlag.AlignLeft, name)
        if self._values is not None:
            painter.drawText(room, middle | Qt.AlignmentFlag.AlignRight, percent(self._values[index]))
        radius = min(track.height() / 2, 3.0)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.grid))
        painter.drawRoundedRect(track, radius, radius)
        share = 0.0 if self._values is None else float(np.clip(self._values[index], 0, 1))
        if share * track.width() >= 0.5:
            painter.setBrush(QColor(self._theme.accent if stands_out else self._theme.muted))
            painter.drawRoundedRect(QRectF(track.x(), track.y(), share * track.width(), track.height()), radius, radius)

    def _describe(self) -> None:
        best = self.best()
        if best is None:
            text = self._message or self.tr("No answer yet")
        else:
            text = self.tr("{name}, {probability}").format(name=best[0], probability=percent(best[1]))
        if text != self.accessibleDescription():
            self.setAccessibleDescription(text)
