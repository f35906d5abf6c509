"""The commonest mistakes in words, each of which can be opened."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from gui.confusion_facts import ConfusionFacts
from gui.form import wrapped

COUNT = 3


class WorstConfusions(QWidget):
    """A caption and, under it, one button for each of the commonest mistakes."""

    chosen = Signal(int, int)  # truth and answer

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._places: list[tuple[int, int]] = []
        self._caption = QLabel()
        self._caption.setObjectName("worstConfusionsLabel")
        self._caption.setProperty("muted", True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._caption)
        self._buttons = [_SentenceButton() for _ in range(COUNT)]
        for index, button in enumerate(self._buttons):
            button.setObjectName(f"worstConfusion{index + 1}Button")
            button.setToolTip(
                wrapped(
                    self.tr(
                        "One of the commonest mistakes. See the images it was made with: often they are hard to tell "
                        "for people too."
                    )
                )
            )
            button.clicked.connect(lambda _checked=False, index=index: self.chosen.emit(*self._places[index]))
            layout.addWidget(button)

    def set_facts(self, facts: ConfusionFacts) -> None:
        """Tell the commonest mistakes of a matrix."""
        worst = facts.worst(COUNT)
        self._places = [(truth, answer) for truth, answer, _ in worst]
        self._caption.setText(self.tr("Most often confused") if worst else self.tr("No mistakes at all"))
        for index, button in enumerate(self._buttons):
            button.setVisible(index < len(worst))
            if index < len(worst):
                truth, answer, times = worst[index]
                button.set_sentence(self._sentence(facts.names, truth, answer, times))

    def sentences(self) -> list[str]:
        """Return what is told, the commonest mistake first."""
        return [button.accessibleName() for button in self._buttons[: len(self._places)]]

    def _sentence(self, names: Sequence[str], truth: int, answer: int, times: int) -> str:
        text = self.tr("{truth} taken for {answer}: {times} times") if times > 1 else self.tr(
            "{truth} taken for {answer}: once"
        )  # fmt: skip
        return text.format(truth=names[truth], answer=names[answer], times=f"{times:,}")


class _SentenceButton(QPushButton):
    """A flat button that elides its text instead of asking for room."""

    def __init__(self) -> None:
        super().__init__()
        self._sentence = ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setStyleSheet(
            "QPushButton { text-align: left; padding: 2px 4px; border-color: transparent; background: transparent; }"
            "QPushButton:hover { background: palette(midlight); }"
            "QPushButton:focus { border-color: palette(highlight); }"
        )

    def set_sentence(self, sentence: str) -> None:
        """Show a sentence, which is also the accessible name."""
        self._sentence = sentence
        self.setAccessibleName(sentence)
        self._elide()

    def sizeHint(self) -> QSize:
        """Return the height of a line; the width does not matter."""
        return QSize(0, self.fontMetrics().height() + 8)

    def minimumSizeHint(self) -> QSize:
        """Return the same, so that a long name does not widen the panel."""
        return self.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the sentence into the new width."""
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        self.setText(self.fontMetrics().elidedText(self._sentence, Qt.TextElideMode.ElideMiddle, self.width() - 14))
