"""The list beside compared curves: names their lines, hides and shows them, and tells their values."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem, QWidget

from gui.comparison_lines import SAMPLE
from gui.form import wrapped
from gui.theme import SPACE, Theme

_TEXT, _VALUE = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1


class ComparisonLegend(QListWidget):
    """One entry for each run, with a tick; the one under the pointer or the keyboard stands out among the curves."""

    hidden_changed = Signal()
    pointed = Signal(object)  # the place of the run pointed at, or None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("comparisonLegend")
        self.setAccessibleName(self.tr("Compared runs"))
        idea = self.tr(
            "Point at a run to make its curve stand out; untick it (click or space bar) to take it out of the picture, "
            "so that the others fill it."
        )
        self.setToolTip(wrapped(idea))
        self.setMouseTracking(True)
        self.setIconSize(SAMPLE)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.itemChanged.connect(lambda _: self.hidden_changed.emit())
        self.itemEntered.connect(lambda item: self.pointed.emit(self.row(item)))
        self.currentRowChanged.connect(lambda row: self.pointed.emit(row if self.hasFocus() and row >= 0 else None))

    def set_runs(self, names: Sequence[str], hidden: frozenset[int]) -> None:
        """Name the runs; those at ``hidden`` places are not ticked."""
        with QSignalBlocker(self):
            self.clear()
            for place, name in enumerate(names):
                item = QListWidgetItem(name)
                item.setData(_TEXT, name)
                item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(Qt.CheckState.Unchecked if place in hidden else Qt.CheckState.Checked)
                self.addItem(item)

    def set_samples(self, samples: Sequence[object]) -> None:
        """Show a piece of each run's line."""
        with QSignalBlocker(self):
            for place, icon in enumerate(samples):
                self.item(place).setIcon(icon)  # type: ignore[arg-type]

    def set_values(self, values: Sequence[str]) -> None:
        """Tell a value beside each name."""
        with QSignalBlocker(self):
            for place, value in enumerate(values):
                item = self.item(place)
                text = f"{value}   {item.data(_TEXT)}" if value else item.data(_TEXT)
                if item.text() != text:
                    item.setText(text)
                    item.setToolTip(text)

    def wanted_width(self) -> int:
        """Return the pixels in which no entry is cut off."""
        bar = self.verticalScrollBar()
        return self.sizeHintForColumn(0) + 2 * SPACE + (bar.sizeHint().width() if bar.maximum() else 0)

    def hidden(self) -> frozenset[int]:
        """Return the places that are not ticked."""
        return frozenset(
            place for place in range(self.count()) if self.item(place).checkState() == Qt.CheckState.Unchecked
        )

    def leaveEvent(self, event: QEvent) -> None:
        """Let no curve stand out any more."""
        super().leaveEvent(event)
        self.pointed.emit(None)

    def apply_theme(self, theme: Theme) -> None:
        """Take on the colours of a scheme."""
        self.setStyleSheet(
            f"QListWidget {{ background: {theme.surface}; border: none; }}"
            f"QListWidget::item {{ padding: 1px {SPACE}px; color: {theme.text}; }}"
            f"QListWidget::item:hover {{ background: {theme.sunken}; }}"
        )
