"""The line above the history's table: what to search for, and how many runs were found."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget

from gui.form import FIELD_HEIGHT, wrapped
from gui.theme import GAP
from gui.tick_box import TickBox

_TYPED_MS = 60  # after the last key: a thousand runs are not searched for every letter


class SearchField(QLineEdit):
    """A search that Escape empties."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Empty the field with Escape."""
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        else:
            super().keyPressEvent(event)


class HistoryHead(QWidget):
    """Emits what is wanted when it changed, and shows how much there is of it."""

    search_changed = Signal(object, bool)  # a tuple of words, and whether only runs with a star are wanted
    refresh_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.search = SearchField()
        self.search.setObjectName("historySearchField")
        self.search.setAccessibleName(self.tr("Search runs"))
        self.search.setPlaceholderText(self.tr("Search name, note, network, data set, status"))
        self.search.setToolTip(
            wrapped(
                self.tr(
                    "Show only runs in which all these words are found: in name, note, network, data set or status "
                    "(Ctrl+F; Escape empties it)."
                )
            )
        )
        self.search.setClearButtonEnabled(True)
        self.search.setMinimumHeight(FIELD_HEIGHT)
        self.search.setMinimumWidth(120)
        self.search.setMaximumWidth(420)
        self._starred = TickBox(self.tr("Starred only"))
        self._starred.setObjectName("historyStarredCheck")
        self._starred.setAccessibleName(self._starred.text())
        self._starred.setToolTip(wrapped(self.tr("Show only runs that you gave a star.")))
        self._count = QLabel()
        self._count.setObjectName("historyCountLabel")
        self._count.setProperty("muted", True)
        self._refresh = QPushButton(self.tr("Refresh"))
        self._refresh.setObjectName("historyRefreshButton")
        self._refresh.setAccessibleName(self.tr("Read the history again"))
        self._refresh.setToolTip(
            wrapped(
                self.tr(
                    "Read the list again. Runs of this window come by themselves; those of the command line, or of "
                    "another window, come with this."
                )
            )
        )
        self._pause = QTimer(self, singleShot=True, interval=_TYPED_MS)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        row.addWidget(self.search, 1)
        row.addWidget(self._starred)
        row.addStretch(1)
        row.addWidget(self._count)
        row.addWidget(self._refresh)
        self.search.textChanged.connect(self._pause.start)
        self.search.returnPressed.connect(self._tell)
        self._pause.timeout.connect(self._tell)
        self._starred.toggled.connect(self._tell)
        self._refresh.clicked.connect(self.refresh_wanted)

    def clear(self) -> None:
        """Want all runs again."""
        self.search.clear()
        self._starred.setChecked(False)
        self._tell()

    def set_counts(self, found: int, known: int, is_filtered: bool) -> None:
        """Tell how many runs there are, and how many of them were found."""
        if is_filtered:
            text = self.tr("{found} of {count} runs").format(found=f"{found:,}", count=f"{known:,}")
        elif known == 1:
            text = self.tr("1 run")
        else:
            text = self.tr("{count} runs").format(count=f"{known:,}") if known else ""
        self._count.setText(text)

    def _tell(self) -> None:
        self._pause.stop()
        self.search_changed.emit(tuple(self.search.text().casefold().split()), self._starred.isChecked())
