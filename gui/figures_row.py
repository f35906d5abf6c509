"""Shows a few figures beside each other, each under its name."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from gui.form import wrapped
from gui.theme import GAP, SPACE

_CELL = 84


class FiguresRow(QWidget):
    """Named figures in one row, or in two where there is less room.

    Parameters
    ----------
    names : list of (name, idea)
        What each figure is called, and what it tells (its tooltip).
    """

    def __init__(self, names: list[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cells: list[QWidget] = []
        self._figures: list[QLabel] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(GAP)
        self._grid.setVerticalSpacing(SPACE)
        for name, idea in names:
            self._add_cell(name, idea)
        self._arrange(len(self._cells) // 2)

    def set_figures(self, texts: list[str]) -> None:
        """Show these texts, in the order of the names."""
        for label, text in zip(self._figures, texts, strict=True):
            label.setText(text)

    def figures(self) -> list[str]:
        """Return the texts on screen."""
        return [label.text() for label in self._figures]

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Use one row or two."""
        super().resizeEvent(event)
        count = len(self._cells)
        self._arrange(count if self.width() >= count * _CELL else (count + 1) // 2)

    def _add_cell(self, name: str, idea: str) -> None:
        cell = QWidget()
        cell.setToolTip(wrapped(idea))
        caption, figure = QLabel(name), QLabel("")
        caption.setProperty("muted", True)
        figure.setAccessibleName(name)
        figure.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column = QVBoxLayout(cell)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(caption)
        column.addWidget(figure)
        self._cells.append(cell)
        self._figures.append(figure)

    def _arrange(self, columns: int) -> None:
        if self._grid.itemAtPosition(0, columns - 1) is not None and self._grid.itemAtPosition(0, columns) is None:
            return
        for place, cell in enumerate(self._cells):
            self._grid.addWidget(cell, place // columns, place % columns)
        for column in range(len(self._cells)):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)
