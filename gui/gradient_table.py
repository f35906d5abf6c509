"""The table of a gradient check: one row for each parameter."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from engine.backends.scratch.gradient_check import TOLERANCE, GradientCheck, Verdict
from gui.form import wrapped
from gui.network_summary import count_text
from gui.theme import GAP, SPACE, Theme

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_FIGURES = (1, 2, 3, 4)
_VERDICT = 5
_TEXT_MARGIN = 3  # that Qt's style adds in rows, but not in a header
_KIND = Qt.ItemDataRole.UserRole


class GradientTable(QTreeWidget):
    """Rows in order of execution; a verdict is told by sign and word as well as by colour."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("gradientTable")
        self.setAccessibleName(self.tr("What was found of each parameter"))
        columns = (
            (self.tr("Parameter"), self.tr("A tensor that the network learns, named by its layer.")),
            (self.tr("Numbers"), self.tr("How many numbers the tensor holds.")),
            (self.tr("Checked"), self.tr("Of how many of them the two gradients were compared.")),
            (self.tr("At a kink"), self.tr("How many were left out, since moving them crosses a kink of the loss.")),
            (
                self.tr("Relative error"),
                self.tr(
                    "How far the two gradients are from each other, beside how large they are. Rounding alone gives "
                    "about 1e-8 to 1e-10; a wrong backward pass gives 1e-3 or more."
                ),
            ),
            (self.tr("Verdict"), self.tr("Whether the relative error is at most {most:g}.").format(most=TOLERANCE)),
        )
        self.setHeaderLabels([name for name, _ in columns])
        for column, (_, idea) in enumerate(columns):
            self.headerItem().setToolTip(column, wrapped(idea))
        for column in _FIGURES:
            self.headerItem().setTextAlignment(column, _RIGHT)
        self._items: list[QTreeWidgetItem] = []
        self._colours: dict[Verdict, QColor] = {}
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAlternatingRowColors(True)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # a path ends in what the tensor is
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.header().setStretchLastSection(False)
        self.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)

    def clear(self) -> None:
        """Take all rows away."""
        self._items.clear()
        super().clear()

    def add(self, check: GradientCheck) -> None:
        """Add what was found of one parameter, and show it."""
        compared = check.verdict in ("agrees", "differs")
        item = QTreeWidgetItem([
            check.path, count_text(check.size), count_text(check.checked), count_text(check.at_kink),
            f"{check.error:.1e}" if compared else "–", self._word(check.verdict),
        ])  # fmt: skip
        for column in _FIGURES:
            item.setTextAlignment(column, _RIGHT)
        item.setToolTip(0, check.path)
        item.setToolTip(_VERDICT, wrapped(self._meaning(check.verdict)))
        item.setData(_VERDICT, _KIND, check.verdict)
        self._colour(item)
        if check.verdict == "differs":
            bold = self.font()
            bold.setBold(True)
            item.setFont(_VERDICT, bold)
        self._items.append(item)
        self.addTopLevelItem(item)
        self.scrollToItem(item)

    def text(self) -> str:
        """Return the table as text in columns."""
        if not self._items:
            return ""
        items = [self.headerItem(), *self._items]
        rows = [[item.text(column) for column in range(self.columnCount())] for item in items]
        widths = [max(len(row[column]) for row in rows) for column in range(self.columnCount())]
        return "\n".join(
            "  ".join(
                text.rjust(width) if column in _FIGURES else text.ljust(width)
                for column, (text, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        )

    def apply_theme(self, theme: Theme) -> None:
        """Take on the colours of a scheme."""
        self.setStyleSheet(
            f"QTreeView::item {{ padding: {SPACE // 2}px {GAP - _TEXT_MARGIN}px; }}"
            f"QHeaderView::section {{ padding: {SPACE}px {GAP}px; background: {theme.window}; color: {theme.muted};"
            f" border: none; border-bottom: 1px solid {theme.border}; }}"
        )
        good, bad, other = QColor(theme.good), QColor(theme.bad), QColor(theme.muted)
        self._colours = {"agrees": good, "differs": bad, "no effect": other, "at kinks": other}
        for item in self._items:
            self._colour(item)

    def _colour(self, item: QTreeWidgetItem) -> None:
        verdict = item.data(_VERDICT, _KIND)
        if verdict in self._colours:
            item.setForeground(_VERDICT, self._colours[verdict])

    def _word(self, verdict: Verdict) -> str:
        return {
            "agrees": self.tr("✓ agrees"),
            "differs": self.tr("✗ differs"),
            "no effect": self.tr("– no effect"),
            "at kinks": self.tr("– at kinks"),
        }[verdict]

    def _meaning(self, verdict: Verdict) -> str:
        return {
            "agrees": self.tr("Backpropagation gives what the loss really does."),
            "differs": self.tr("Backpropagation gives something else than what the loss really does."),
            "no effect": self.tr(
                "The loss does not depend on the numbers that were moved, and backpropagation says so too: a bias "
                "before BatchNorm, say, which subtracts the mean again, or a unit that a ReLU has switched off."
            ),
            "at kinks": self.tr("Every number that was moved is at a kink, so there was nothing to compare."),
        }[verdict]
