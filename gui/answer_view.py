"""What the network sees beside what it answers: its input, the best answer and all probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from gui.best_answer import BestAnswer
from gui.input_preview import INPUT_SIDE, InputPreview
from gui.prediction_bars import PredictionBars
from gui.theme import MARGIN, SPACE, Theme

_NARROW, _WIDE = 3 * INPUT_SIDE, 6 * INPUT_SIDE
_SHARE = 4  # the column beside the bars gets this part of the width


class AnswerView(QWidget):
    """The bars, and beside them a column with the best answer above the network's input."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.preview = InputPreview()
        self.best = BestAnswer()
        self.bars = PredictionBars()
        # Broken by hand: a label that wraps by itself would have the layout ask for more height than it needs.
        caption = QLabel(self.tr("What the\nnetwork sees"))
        caption.setProperty("muted", True)
        caption.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._column = QWidget()
        column = QVBoxLayout(self._column)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        column.addWidget(self.best, 40)
        column.addWidget(self.preview, 50)
        column.addWidget(caption)
        column.addStretch(1)
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(MARGIN)
        row.addWidget(self._column, 100)  # as wide as it may be; the bars take the rest
        row.addWidget(self.bars, 1)

    def set_class_names(self, names: Sequence[str]) -> None:
        """Have one bar for each of these, and no answer."""
        self.bars.set_class_names(names)
        self.best.set_answer(None)

    def set_input(self, network_input: np.ndarray | None) -> None:
        """Show an input, array (channels, height, width), float in [0, 1], or nothing."""
        self.preview.set_input(None if network_input is None else network_input.mean(axis=0))

    def set_probabilities(self, probabilities: np.ndarray | None) -> None:
        """Show probabilities, array (classes,) in [0, 1], or nothing."""
        self.bars.set_probabilities(probabilities)
        self.best.set_answer(self.bars.best())

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        for view in (self.preview, self.best, self.bars):
            view.apply_theme(theme)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Widen the column with the view, in steps of whole pixels of the input."""
        width = min(max(self.width() // _SHARE // INPUT_SIDE * INPUT_SIDE, _NARROW), _WIDE)
        self._column.setMaximumWidth(width)
        self.preview.setMaximumHeight(width)
        self.best.setMaximumHeight(width)
        self._row.activate()  # now, not in a later event, which would show as a flicker
        super().resizeEvent(event)
