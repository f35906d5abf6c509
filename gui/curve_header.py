"""The lines above one plot of the curves: its title, what is drawn in it, and the values at the pointer."""

from __future__ import annotations

from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QSizePolicy, QWidget

from gui.form import wrapped
from gui.steady_label import SteadyLabel
from gui.theme import GAP, LIGHT, SPACE, Theme

TIGHTEST = 2
"""How tight a header can be: 0 is one line, 1 two lines, 2 two lines without the words for line and points."""


class CurveHeader(QWidget):
    """Names the line of training, the points of validation, each with its value, and the means of the epochs.

    Parameters
    ----------
    title, unit : str
        The quantity, and what it is measured in (may be empty).
    """

    def __init__(self, title: str, unit: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._heading = (title, unit)
        self._words = (self.tr("training"), self.tr("validation"))
        self._tightness = 0
        self._theme = LIGHT
        self._title = QLabel()
        self._names = (QLabel(), QLabel())
        self._means = QLabel()
        self._means.setObjectName("epochMeansLabel")
        self._values = (SteadyLabel(), SteadyLabel())
        means = self.tr(
            "The mean of training over an epoch stands as a small point in the middle of that epoch. Where training "
            "began within an epoch, it is the mean of the rest, and stands in the middle of that."
        )
        trained = self.tr("Measured on the batches the network learns from, as they are trained.")
        self._means.setToolTip(wrapped(means))
        self._names[0].setToolTip(wrapped(f"{trained} {means}"))
        self._names[1].setToolTip(wrapped(
            self.tr("Measured after each epoch on images the network never learns from: what it will do on new ones.")
        ))  # fmt: skip
        self._lay_out()
        self.apply_theme(LIGHT)

    def _lay_out(self) -> None:
        self._first, self._second = QHBoxLayout(), QHBoxLayout()
        for row in (self._first, self._second):
            row.setSpacing(SPACE)
        self._first.addWidget(self._title)
        self._first.addSpacing(GAP)
        width = QFontMetrics(self.font()).horizontalAdvance("0.00000")
        for name, value in zip(self._names, self._values, strict=True):
            value.setFixedWidth(width)
            self._second.addWidget(name)
            self._second.addWidget(value)
        self._second.addWidget(self._means)
        self._first.addStretch(1)
        self._second.addStretch(1)
        self._rows = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(0)
        self._rows.addLayout(self._first)
        self._rows.addLayout(self._second, 1)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def tightness_for(self, width: int) -> int:
        """Return how tight it has to be to fit into so many pixels; see ``TIGHTEST``."""
        metrics = QFontMetrics(self.font())
        words = sum(metrics.horizontalAdvance(word) + SPACE for word in self._words)
        marks = sum(name.sizeHint().width() for name in self._names) - (0 if self._tightness == TIGHTEST else words)
        values = marks + sum(value.width() for value in self._values) + 3 * SPACE
        title, means = self._title.sizeHint().width() + GAP + SPACE, self._means.sizeHint().width() + SPACE
        if title + values + words + means <= width:
            return 0
        return 1 if values + words <= width else TIGHTEST

    def set_tightness(self, tightness: int, width: int) -> None:
        """Take one line or two, with words or without; the means are not named where ``width`` has no room for it."""
        if tightness != self._tightness:
            directions = QBoxLayout.Direction
            self._rows.setDirection(directions.TopToBottom if tightness else directions.LeftToRight)
            before, after = (self._first, self._second) if self._tightness else (self._second, self._first)
            if bool(tightness) != bool(self._tightness):
                before.removeWidget(self._means)
                after.insertWidget(after.count() - 1, self._means)
            self._tightness = tightness
            self._write_names()
        needed = self._title.sizeHint().width() + GAP + 2 * SPACE + self._means.sizeHint().width()
        self._means.setVisible(not tightness or needed <= width)

    def set_title_tip(self, text: str) -> None:
        """Explain the quantity where the pointer rests on the title."""
        self._title.setToolTip(wrapped(text))

    def set_values(self, training: str, validation: str) -> None:
        """Show the values at the crosshair, or the latest, beside the names of the curves."""
        for label, text in zip(self._values, (training, validation), strict=True):
            label.setText(text)

    def values(self) -> tuple[str, str]:
        """Return the values shown for training and validation."""
        return self._values[0].text(), self._values[1].text()

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of ``theme``."""
        self._theme = theme
        title, unit = self._heading
        self._title.setText(f'<b>{title}</b> <span style="color:{theme.muted}">{unit}</span>')
        self._means.setText(f'<span style="color:{theme.train}">•</span> {self.tr("mean of an epoch")}')
        for label in (*self._names, self._means):
            label.setStyleSheet(f"color: {theme.muted};")
        self._write_names()

    def _write_names(self) -> None:
        marks = (("━", self._theme.train), ("●", self._theme.validation))
        for label, (mark, colour), word in zip(self._names, marks, self._words, strict=True):
            text = "" if self._tightness == TIGHTEST else f" {word}"
            label.setText(f'<span style="color:{colour}">{mark}</span>{text}')
