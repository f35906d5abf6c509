"""The tree of a network's layers, in which they are selected and dragged to other places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import (
    QItemSelectionModel,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSignalBlocker,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QDrag,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from engine.architecture.editing import Place
from gui.layer_drop import Drop, find_drop
from gui.layer_painter import BRANCH_ROLE, ERROR_ROLE, NOTE_ROLE, LayerPainter
from gui.layer_rows import Row, every
from gui.theme import MARGIN, SPACE, Theme

_KEY_ROLE = int(Qt.ItemDataRole.UserRole)
_OPENED_ROLE = int(Qt.ItemDataRole.UserRole) + 4
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
# Above this many rows, blocks of a network that is shown for the first time are folded.
_MANY_ROWS = 60


class LayerTree(QTreeWidget):
    """One row per layer, and one per branch of a block; the layers of a branch are under it."""

    selected = Signal(object)  # the keys of the selected rows in order: paths of layers, or one branch
    moved = Signal(object, object)  # the paths that were dragged, and the Place they were dropped at

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("layerTree")
        self.setAccessibleName(self.tr("Layers, in the order in which an image passes them"))
        self.setHeaderLabels([self.tr("Layer"), self.tr("Output"), self.tr("Parameters")])
        self.headerItem().setToolTip(1, self.tr("The shape of one sample after the layer: channels×height×width"))
        self.headerItem().setToolTip(2, self.tr("How many numbers the layer learns"))
        for column in (1, 2):
            self.headerItem().setTextAlignment(column, _RIGHT)
            # Not fitted by Qt, which measures all rows again for every cell that changes.
            self.header().setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.header().setStretchLastSection(False)
        self.header().setMinimumSectionSize(36)
        self.setIndentation(14)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setDragEnabled(True)
        self.setAcceptDrops(True)
        self.viewport().setAcceptDrops(True)
        self._painter = LayerPainter(self)
        self.setItemDelegate(self._painter)
        self._rows: list[Row] = []
        self._items: dict[str, QTreeWidgetItem] = {}
        self._dragged: tuple[str, ...] = ()
        self._drop: Drop | None = None
        self.itemSelectionChanged.connect(self._tell)

    def set_rows(self, rows: list[Row], selection: Sequence[str], afresh: bool = False) -> None:
        """Show rows and select some; those that were there before keep their place, and stay folded if they were.

        Parameters
        ----------
        rows : list of Row
        selection : sequence of str
        afresh : bool
            Whether this is another network, whose blocks begin folded if it is long.
        """
        with QSignalBlocker(self):
            self.setUpdatesEnabled(False)
            if afresh:
                self.clear()
                self._rows = []
            before = self._items.keys()
            self._items = {}
            self._sync(self.invisibleRootItem(), self._rows, rows)
            self._fit_columns(rows)
            self._rows = rows
            if afresh and len(self._items) <= _MANY_ROWS:
                self.expandAll()
            # A whole network that was opened or undone to is as new as one from the list.
            self._note_opened(not afresh and len(self._items.keys() - before) <= _MANY_ROWS)
            self.select(selection)
            self.setUpdatesEnabled(True)

    def select(self, keys: Sequence[str]) -> None:
        """Select the rows with these keys, without a signal, and bring the last into view."""
        items = [self._items[key] for key in keys if key in self._items]
        with QSignalBlocker(self):
            if items:
                self.setCurrentItem(items[-1], 0, QItemSelectionModel.SelectionFlag.NoUpdate)
            if self.selectedItems() != items:
                self.clearSelection()
                for item in items:
                    item.setSelected(True)
        if items:
            self.scrollToItem(items[-1])

    def keys(self) -> tuple[str, ...]:
        """Return the keys of the selected rows in order; layers only, if there are both layers and branches."""
        chosen = {item.data(0, _KEY_ROLE) for item in self.selectedItems()}
        keys = [key for key in self._items if key in chosen]
        layers = [key for key in keys if not key.endswith("/")]
        return tuple(layers or keys[-1:])

    def item(self, key: str) -> QTreeWidgetItem:
        """Return the row with this key; ``KeyError`` if there is none."""
        return self._items[key]

    def apply_theme(self, theme: Theme) -> None:
        """Paint in the colours of ``theme``."""
        self._painter.apply_theme(theme)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Break the sentences of errors anew."""
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self.scheduleDelayedItemsLayout()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Begin with the row that has the keyboard, which Qt would step over, where none is selected yet."""
        item = self.currentItem()
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up) and item is not None and not self.selectedItems():
            item.setSelected(True)
        else:
            super().keyPressEvent(event)

    def drawRow(
        self, painter: QPainter, options: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint a row, and what is wrong with it below."""
        super().drawRow(painter, options, index)
        self._painter.paint_sentence(painter, options, options.rect, index)

    def drawBranches(self, painter: QPainter, rect: QRect, index: QModelIndex | QPersistentModelIndex) -> None:
        """Paint the arrow of a block beside its title, not beside the sentence below."""
        line = QRect(rect)
        line.setHeight(min(line.height(), self._painter.line_height()))
        super().drawBranches(painter, line, index)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the rows, and where what is dragged would go."""
        super().paintEvent(event)
        if self._drop is None and self._rows:
            return
        with QPainter(self.viewport()) as painter:
            if not self._rows:
                room = self.viewport().rect().adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
                painter.setPen(self.palette().placeholderText().color())
                painter.drawText(room, int(Qt.TextFlag.TextWordWrap), self.tr("No layers yet. Add one, or paste some."))
            if self._drop is not None:
                painter.setPen(QPen(self.palette().highlight().color(), 2))
                mark = self._drop.mark
                painter.drawRect(mark) if mark.height() else painter.drawLine(mark.topLeft(), mark.topRight())

    def startDrag(self, supported: Qt.DropAction) -> None:
        """Take the selected layers up; the tree moves them itself when they are dropped."""
        if not self.begin_drag():
            return
        drag = QDrag(self)
        mime = QMimeData()
        mime.setText("\n".join(self._dragged))
        drag.setMimeData(mime)
        drag.exec(Qt.DropAction.MoveAction)
        self.end_drag()

    def begin_drag(self) -> bool:
        """Note that the selected layers are being dragged; branches are moved by keys."""
        self._dragged = tuple(key for key in self.keys() if not key.endswith("/"))
        return bool(self._dragged)

    def end_drag(self) -> None:
        """Forget what was dragged."""
        self._dragged = ()
        self._show_drop(None)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take nothing but what was taken up here."""
        event.acceptProposedAction() if self._dragged else event.ignore()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Show where it would go, and scroll near the edges."""
        self._show_drop(find_drop(self, event.position().toPoint(), self._dragged) if self._dragged else None)
        edge = self.fontMetrics().height()
        bar = self.verticalScrollBar()
        if event.position().y() < edge or event.position().y() > self.viewport().height() - edge:
            bar.setValue(bar.value() + (bar.singleStep() if event.position().y() > edge else -bar.singleStep()))
        if self._drop is None:
            event.ignore()
        else:
            event.setDropAction(Qt.DropAction.MoveAction)
            event.accept()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Show no place any more."""
        self._show_drop(None)

    def dropEvent(self, event: QDropEvent) -> None:
        """Ask for the move."""
        drop = find_drop(self, event.position().toPoint(), self._dragged) if self._dragged else None
        dragged = self._dragged
        self.end_drag()
        if drop is None:
            event.ignore()
            return
        # Not a move to Qt, which would remove the rows itself.
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.moved.emit(dragged, drop.place)

    def place_after(self, key: str) -> Place:
        """Return the place behind the layer with this key."""
        item = self._items[key]
        parent = item.parent()
        sequence = parent.data(0, _KEY_ROLE) if parent is not None else ""
        siblings = parent if parent is not None else self.invisibleRootItem()
        return Place(sequence, siblings.indexOfChild(item) + 1)

    def _show_drop(self, drop: Drop | None) -> None:
        if drop != self._drop:
            self._drop = drop
            self.viewport().update()

    def _tell(self) -> None:
        self.selected.emit(self.keys())

    def _sync(self, parent: QTreeWidgetItem, old: list[Row], new: list[Row]) -> None:
        """Turn the rows ``old`` under ``parent`` into ``new``, touching only what differs."""
        head = 0
        while head < min(len(old), len(new)) and old[head].name == new[head].name:
            head += 1
        tail = 0
        while tail < min(len(old), len(new)) - head and old[-1 - tail].name == new[-1 - tail].name:
            tail += 1
        for _ in range(len(old) - head - tail):
            parent.takeChild(head)
        fresh = [QTreeWidgetItem() for _ in range(len(new) - head - tail)]
        parent.insertChildren(head, fresh)
        for place, row in enumerate(new):
            from_end = len(new) - place
            before = old[place] if place < head else old[-from_end] if from_end <= tail else None
            item = parent.child(place)
            assert item is not None
            self._items[row.key] = item
            if before is None or before.cells() != row.cells():
                _fill(item, row)
            if before is None and row.is_branch:
                item.setFirstColumnSpanned(True)
            self._sync(item, before.rows if before is not None else [], row.rows)

    def _fit_columns(self, rows: list[Row]) -> None:
        """Make the columns of figures as wide as their longest text."""
        metrics = self.fontMetrics()
        for column, texts in ((1, {row.output for row in every(rows)}), (2, {row.parameters for row in every(rows)})):
            texts.add(self.headerItem().text(column))
            width = max(metrics.horizontalAdvance(text) for text in texts) + 2 * SPACE + 2
            if width != self.header().sectionSize(column):
                self.header().resizeSection(column, width)

    def _note_opened(self, open_new: bool) -> None:
        """Open blocks and branches that have just got their first rows; later they stay as a person leaves them."""
        for item in self._items.values():
            if item.childCount() and item.data(0, _OPENED_ROLE) is None:
                item.setData(0, _OPENED_ROLE, True)
                if open_new:
                    item.setExpanded(True)

    def walk(self) -> Iterator[QTreeWidgetItem]:
        """Yield all rows in order."""
        yield from self._items.values()


def _fill(item: QTreeWidgetItem, row: Row) -> None:
    for column, text in enumerate((row.title, row.output, row.parameters)):
        item.setText(column, text)
    item.setData(0, _KEY_ROLE, row.key)
    item.setData(0, NOTE_ROLE, row.note)
    item.setData(0, ERROR_ROLE, row.error)
    item.setData(0, BRANCH_ROLE, row.is_branch)
    tip = row.error or (row.title if row.is_branch else f"{row.key}: {row.title}")
    item.setToolTip(0, tip)
    # What the delegate paints beside the title has to be said to those who cannot see it.
    item.setData(0, Qt.ItemDataRole.AccessibleTextRole, " ".join(filter(None, (row.title, row.note, row.error))))
