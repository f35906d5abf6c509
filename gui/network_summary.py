"""The table of a network's layers: what comes out of each, how much of the image it sees, what it learns."""

from __future__ import annotations

from PySide6.QtCore import QLocale, QSize, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from engine.architecture.layers import describe
from engine.architecture.network import Shape
from engine.architecture.shapes import LayerSummary, NetworkSummary, format_shape
from gui.form import wrapped
from gui.theme import SPACE

_MOST_ROWS = 12  # a deeper network scrolls inside the table
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class LayerTable(QTreeWidget):
    """One row per layer; what a block holds is under the block. The last row is the total."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("layerTable")
        self.setAccessibleName(self.tr("Layers of the network"))
        self.setHeaderLabels([self.tr("Layer"), self.tr("Output"), self.tr("Sees"), self.tr("Learns")])
        ideas = (
            self.tr("What the image passes through, from top to bottom; what a block holds is under the block"),
            self.tr("The shape of one sample after the layer: channels×height×width"),
            self.tr("The receptive field: how many pixels of the image a side, one value after the layer depends on"),
            self.tr("How many numbers the layer learns"),
        )
        for column, idea in enumerate(ideas):
            self.headerItem().setToolTip(column, wrapped(idea))
            if column:
                self.headerItem().setTextAlignment(column, _RIGHT)
        self.setIndentation(12)
        self.setUniformRowHeights(True)
        self.setRootIsDecorated(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.header().setStretchLastSection(False)
        self.header().setMinimumSectionSize(40)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in (1, 2, 3):
            self.header().setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)

    def set_network(self, summary: NetworkSummary) -> None:
        """Show the layers of a network."""
        self.clear()
        enclosing: list[QTreeWidgetItem] = []
        for entry in summary.layers:
            item = self._row(entry, summary.input_shape)
            self._add_spacing(item)
            del enclosing[entry.depth :]
            if enclosing:
                enclosing[-1].addChild(item)
            else:
                self.addTopLevelItem(item)
            enclosing.append(item)
        total = QTreeWidgetItem([self.tr("Total"), "", "", _narrow_count(summary.parameter_count)])
        total.setToolTip(3, count_text(summary.parameter_count))
        total.setTextAlignment(3, _RIGHT)
        bold = self.font()
        bold.setBold(True)
        total.setFont(0, bold)
        total.setFont(3, bold)
        self._add_spacing(total)
        self.addTopLevelItem(total)
        self.expandAll()
        self._fit_height(len(summary.layers) + 1)

    def _row(self, entry: LayerSummary, image: Shape) -> QTreeWidgetItem:
        parameters = _narrow_count(entry.parameter_count) if entry.parameter_count else "–"
        sees, idea = self._reach(entry.receptive_field, image)
        item = QTreeWidgetItem([describe(entry.layer), format_shape(entry.output_shape), sees, parameters])
        item.setToolTip(0, f"{entry.path}: {describe(entry.layer)}")
        item.setToolTip(2, idea)
        item.setToolTip(3, count_text(entry.parameter_count))
        for column in (1, 2, 3):
            item.setTextAlignment(column, _RIGHT)
        return item

    def _reach(self, field: tuple[int, int] | None, image: Shape) -> tuple[str, str]:
        """Return a receptive field as short as can be, and in a sentence."""
        if field is None or len(image) != 3:
            return "–", self.tr("Its input is no image")
        if field[0] >= image[1] and field[1] >= image[2]:
            return self.tr("all"), self.tr("The whole image ({field} pixels)").format(field=format_shape(field))
        short = str(field[0]) if field[0] == field[1] else format_shape(field)
        return short, self.tr("{field} pixels of the image").format(field=format_shape(field))

    def _add_spacing(self, item: QTreeWidgetItem) -> None:
        item.setSizeHint(0, QSize(0, self._row_height()))

    def _fit_height(self, rows: int) -> None:
        header = self.header().sizeHint().height()
        self.setFixedHeight(header + self._row_height() * min(rows, _MOST_ROWS) + 2 * self.frameWidth())

    def _row_height(self) -> int:
        return self.fontMetrics().height() + SPACE


def count_text(number: int) -> str:
    """Return a count with its thousands set apart as the language does: ``431,080``."""
    locale = QLocale()
    locale.setNumberOptions(QLocale.NumberOption.DefaultNumberOptions)  # the C locale omits the separator
    return locale.toString(number)


def short_count(number: int) -> str:
    """Return a large count in thousands, millions or billions: ``2.29 M``."""
    for size, sign in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= size:
            return f"{number / size:.3g} {sign}"
    return str(number)


def _narrow_count(number: int) -> str:
    """Return a count in full as long as it is no wider than a short one."""
    return short_count(number) if number > 99_999 else count_text(number)
