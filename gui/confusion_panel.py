"""The confusion matrix: which classes the network takes for which."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFont, QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from gui.confusion_facts import ConfusionFacts, percent
from gui.confusion_view import ConfusionView
from gui.form import ElidedLabel, wrapped
from gui.theme import GAP, MARGIN, SPACE, Theme
from gui.visibility import can_be_seen
from gui.worst_confusions import WorstConfusions

_SIDE, _WIDEST_SIDE = 236, 340  # pixels of width for the words where they stand beside the matrix
_WORDS = 190  # pixels of height that they take above and below it
_SMALLEST = 110  # pixels of height that the matrix should have before the commonest mistakes are left out


class ConfusionPanel(QWidget):
    """A heat map of answers against truth, with its accuracy and its commonest mistakes in words."""

    cell_chosen = Signal(int, int)  # truth and answer; only cells that hold images
    wanted_changed = Signal()  # ``wants_confusion`` may answer differently now

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("confusionPanel")
        self.setAccessibleName(self.tr("Confusion matrix"))
        self._facts: ConfusionFacts | None = None
        self._is_wide: bool | None = None
        self._build()
        self._arrange()
        self.view.pointed.connect(self._tell_cell)
        self.view.left.connect(self._tell_nothing)
        self.view.cell_chosen.connect(self.cell_chosen)
        self.worst.chosen.connect(self._choose)
        self.clear()

    def set_confusion(
        self, matrix: np.ndarray | None, class_names: tuple[str, ...] = (), samples: int = 0, title: str = ""
    ) -> None:
        """Show a matrix; while the panel is out of sight nothing is painted.

        Parameters
        ----------
        matrix : array (classes, classes), int64, or None for nothing
            How many samples of the row's class were taken for the column's. Not copied: do not change it afterwards.
        class_names : tuple of str
            One for each class.
        samples : int
            How many test images were answered.
        title : str
            Which network, and when.
        """
        if matrix is None or not samples or not matrix.any():
            self.clear()
            return
        self._facts = facts = ConfusionFacts(matrix, class_names)
        self._title.set_text(title)
        self._title.setVisible(bool(title))
        self._headline.setText(
            self.tr("{share} right of {count} test images").format(
                share=percent(facts.right, facts.total), count=f"{samples:,}"
            )
        )
        self.worst.set_facts(facts)
        self.view.set_facts(facts)
        cell = self.view.cell()
        if cell is not None:
            self._tell_cell(*cell)
        self._pages.setCurrentIndex(1)

    def clear(self) -> None:
        """Show that there is nothing to show yet."""
        self._facts = None
        self.view.set_facts(None)
        self._tell_nothing()
        self._pages.setCurrentIndex(0)

    def wants_confusion(self) -> bool:
        """Return whether somebody can see the panel, so that the test images are worth classifying."""
        return can_be_seen(self)

    def apply_theme(self, theme: Theme) -> None:
        """Paint in the colours of ``theme``."""
        self.view.apply_theme(theme)

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for a matrix."""
        super().showEvent(event)
        self.wanted_changed.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        """Ask for nothing while out of sight."""
        super().hideEvent(event)
        self.wanted_changed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the words where they leave the matrix more room."""
        super().resizeEvent(event)
        self._arrange_words()

    def sizeHint(self) -> QSize:
        """Return a size that suits a dock."""
        return QSize(420, 480)

    def minimumSizeHint(self) -> QSize:
        """Return the size in which the matrix alone can be seen."""
        return QSize(180, 180)

    def _choose(self, truth: int, answer: int) -> None:
        self.view.choose(truth, answer)
        self.cell_chosen.emit(truth, answer)

    def _tell_cell(self, truth: int, answer: int) -> None:
        assert self._facts is not None
        text = self._sentence(self._facts, truth, answer)
        self._line.setText(text)
        self._line.setToolTip(wrapped(text))  # all of it, where there is room for two lines only
        self.view.setAccessibleDescription(text)

    def _tell_nothing(self) -> None:
        self._line.setText(self.tr("Point at a cell to read it, click it to see its images"))
        self.view.setAccessibleDescription("")

    def _sentence(self, facts: ConfusionFacts, truth: int, answer: int) -> str:
        count, of_class = int(facts.matrix[truth, answer]), int(facts.of_class[truth])
        if not of_class:
            text = self.tr("There are no test images of {truth}.")
        elif truth == answer:
            text = self.tr("{count} of {all} images of {truth} were recognised: {share}.")
        elif count == 0:
            text = self.tr("No image of {truth} was taken for {answer}.")
        elif count == 1:
            text = self.tr("1 of {all} images of {truth} was taken for {answer}: {share}.")
        else:
            text = self.tr("{count} of {all} images of {truth} were taken for {answer}: {share}.")
        return text.format(
            count=f"{count:,}", all=f"{of_class:,}", truth=facts.names[truth], answer=facts.names[answer],
            share=percent(count, of_class),
        )  # fmt: skip

    def _build(self) -> None:
        self._title = ElidedLabel()
        self._title.setObjectName("confusionTitleLabel")
        self._title.setProperty("muted", True)
        self._headline = QLabel()
        self._headline.setObjectName("confusionHeadline")
        self._headline.setWordWrap(True)
        bold = QFont(self._headline.font())
        bold.setWeight(QFont.Weight.DemiBold)
        self._headline.setFont(bold)
        self.view = ConfusionView()
        self.worst = WorstConfusions()
        self._line = QLabel()
        self._line.setObjectName("confusionCellLabel")
        self._line.setWordWrap(True)
        self._line.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._line.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def _arrange(self) -> None:
        empty = QLabel(
            self.tr(
                "Train or open a network to see which classes it takes for which. Every row will hold the test images "
                "of one class, every column what they were taken for."
            )
        )
        empty.setObjectName("emptyConfusionLabel")
        empty.setProperty("muted", True)
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        empty.setWordWrap(True)
        self._content = QWidget()
        self._grid = QGridLayout(self._content)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(MARGIN)
        self._grid.setVerticalSpacing(SPACE)
        self._pages = QStackedWidget()
        self._pages.addWidget(empty)
        self._pages.addWidget(self._content)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, GAP, MARGIN, GAP)
        layout.addWidget(self._pages)
        # The words give way: the panel can be made narrower than they are where they stand now.
        layout.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        self._arrange_words()

    def _arrange_words(self) -> None:
        beside = min(self.width() - _SIDE, self.height())
        is_wide = beside > min(self.width(), self.height() - _WORDS)
        self.worst.setVisible(is_wide or self.height() - _WORDS > _SMALLEST)
        side = min(max(self.width() * 3 // 10, _SIDE), _WIDEST_SIDE)
        self._grid.setColumnMinimumWidth(1, side if is_wide else 0)
        if is_wide == self._is_wide:
            return
        self._is_wide = is_wide
        # Lines of their own, so that what is told of a cell does not push the matrix about.
        self._line.setFixedHeight((5 if is_wide else 2) * self._line.fontMetrics().lineSpacing())
        column: tuple[QWidget, ...] = (self._title, self._headline, self.view, self._line, self.worst)
        for widget in column:
            self._grid.removeWidget(widget)
        for row in range(6):
            self._grid.setRowStretch(row, 0)
        if is_wide:
            self._grid.addWidget(self.view, 0, 0, 5, 1)
            beside_it: tuple[QWidget, ...] = (self._title, self._headline, self.worst, self._line)
            for row, widget in enumerate(beside_it):
                self._grid.addWidget(widget, row, 1)
            self._grid.setRowStretch(4, 1)
            self._line.setContentsMargins(0, GAP, 0, 0)
            self.worst.setContentsMargins(0, GAP, 0, 0)
        else:
            for row, widget in enumerate(column):
                self._grid.addWidget(widget, row, 0)
            self._grid.setRowStretch(2, 1)
            self._line.setContentsMargins(0, 0, 0, 0)
            self.worst.setContentsMargins(0, 0, 0, 0)
        self._grid.setColumnStretch(0, 1)
