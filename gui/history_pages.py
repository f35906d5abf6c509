"""The list of runs, or words in its place where there is nothing to list."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QStackedWidget, QWidget


class HistoryPages(QStackedWidget):
    """Shows the table of runs as long as there are some to show."""

    clear_wanted = Signal()  # the search that found nothing

    def __init__(self, table: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        empty = message("historyEmptyLabel", self.tr(
            "No run was recorded yet. Choose a network in Set-up and press Train: the run, its curves and its weights "
            "are kept here while it trains."
        ))  # fmt: skip
        nothing = message(
            "historyNothingFoundLabel",
            self.tr('No run has all of this. <a href="clear">Clear search</a>'),
        )
        nothing.linkActivated.connect(lambda _: self.clear_wanted.emit())
        nothing.setToolTip(self.tr("Shows all runs again."))
        for page in (empty, nothing, table):
            self.addWidget(page)

    def show_counts(self, found: int, known: int) -> None:
        """Show what fits to so many runs that were found, of so many that exist."""
        self.setCurrentIndex(2 if found else 1 if known else 0)


def message(name: str, text: str) -> QLabel:
    """Return words that stand where there is nothing else."""
    label = QLabel(text)
    label.setObjectName(name)
    label.setProperty("muted", True)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    label.setWordWrap(True)
    return label
