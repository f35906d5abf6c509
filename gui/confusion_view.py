"""A confusion matrix as a heat map: what each class was taken for."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.confusion_facts import ConfusionFacts
from gui.confusion_layout import ConfusionLayout, lay_out
from gui.confusion_painter import ConfusionPainter
from gui.form import wrapped
from gui.theme import LIGHT, Theme

_MOVES = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}
_OPENING = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


class ConfusionView(QWidget):
    """Rows are what images show, columns what the network answers; pointer or arrow keys choose a cell."""

    pointed = Signal(int, int)  # truth and answer of the cell that is chosen
    left = Signal()  # no cell is chosen any more
    cell_chosen = Signal(int, int)  # a cell with samples in it was clicked or opened by key

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("confusionView")
        self.setAccessibleName(self.tr("Confusion matrix"))
        self.setToolTip(
            wrapped(
                self.tr(
                    "Each row holds the images of one class, each column what they were taken for. Colours are shares "
                    "of the row. Blue on the diagonal is right. Mistakes are orange on a scale of their own that lifts "
                    "small shares, or a network that is 99% right would show none. Recall, at the right, is the share "
                    "of a class that was recognised; precision, below, the share of an answer that was right. Click a "
                    "cell, or go there by arrow keys and press Return, to see its images."
                )
            )
        )
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._theme = LIGHT
        self._facts: ConfusionFacts | None = None
        self._layout: ConfusionLayout | None = None
        self._picture: QPixmap | None = None  # everything but the choice; made when painted
        self._cell: tuple[int, int] | None = None
        self._pressed: tuple[int, int] | None = None

    def set_facts(self, facts: ConfusionFacts | None) -> None:
        """Show another matrix; the chosen cell stays while the classes do."""
        before = None if self._facts is None else self._facts.names
        self._facts = facts
        if facts is None or facts.names != before:
            self._layout = None
            self.forget_cell()
        self._picture = None
        self.update()

    def apply_theme(self, theme: Theme) -> None:
        """Paint in the colours of ``theme``."""
        self._theme = theme
        self._picture = None
        self.update()

    def cell(self) -> tuple[int, int] | None:
        """Return truth and answer of the chosen cell."""
        return self._cell

    def cell_rect(self, truth: int, answer: int) -> QRectF:
        """Return where a cell is painted, in widget coordinates."""
        layout = self._plan()
        return QRectF() if layout is None else layout.cell(truth, answer)

    def choose(self, truth: int, answer: int) -> None:
        """Choose a cell."""
        if self._facts is not None and (truth, answer) != self._cell:
            self._cell = (truth, answer)
            self.pointed.emit(truth, answer)
            self.update()

    def forget_cell(self) -> None:
        """Choose no cell."""
        if self._cell is not None:
            self._cell = None
            self.left.emit()
            self.update()

    def sizeHint(self) -> QSize:
        """Return a size in which ten classes have their counts."""
        return QSize(420, 380)

    def minimumSizeHint(self) -> QSize:
        """Return the size in which ten classes can be told apart."""
        return QSize(160, 140)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay everything out anew when it is next painted."""
        super().resizeEvent(event)
        self._layout = self._picture = None

    def changeEvent(self, event: QEvent) -> None:
        """Follow another font."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._layout = self._picture = None

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Choose the first cell for somebody who comes by keyboard."""
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason) and not self._cell:
            self.choose(0, 0)

    def leaveEvent(self, event: QEvent) -> None:
        """Choose no cell, unless the keyboard is here."""
        if not self.hasFocus():
            self.forget_cell()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Choose the cell under the pointer."""
        cell = self._cell_at(event.position())
        if cell is not None:
            self.choose(*cell)
        elif not self.hasFocus():
            self.forget_cell()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a click."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = self._cell_at(event.position())
            if self._pressed is not None:
                self.choose(*self._pressed)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Open the cell that was pressed, if the pointer is still there."""
        pressed, self._pressed = self._pressed, None
        if event.button() == Qt.MouseButton.LeftButton and pressed is not None:
            if pressed == self._cell_at(event.position()):
                self._open()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the chosen cell, or open it."""
        key = Qt.Key(event.key())
        if self._facts is None:
            super().keyPressEvent(event)
            return
        last = self._facts.classes - 1
        row, column = self._cell or (0, 0)
        if key in _MOVES:
            down, right = _MOVES[key] if self._cell else (0, 0)
            self.choose(min(max(row + down, 0), last), min(max(column + right, 0), last))
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self.choose(row, 0 if key == Qt.Key.Key_Home else last)
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self.choose(0 if key == Qt.Key.Key_PageUp else last, column)
        elif key in _OPENING and self._cell is not None:
            self._open()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the matrix and mark the chosen cell with its row and column."""
        layout = self._plan()
        if layout is None or self._facts is None:
            return
        ratio = self.devicePixelRatioF()
        if self._picture is None or self._picture.devicePixelRatioF() != ratio:
            self._picture = QPixmap(self.size() * ratio)
            self._picture.setDevicePixelRatio(ratio)
            self._picture.fill(Qt.GlobalColor.transparent)
            with QPainter(self._picture) as painter:
                ConfusionPainter(self._facts, layout, self._theme).paint(painter)
        with QPainter(self) as painter:
            painter.drawPixmap(0, 0, self._picture)
            if self._cell is not None:
                self._paint_choice(painter, layout, *self._cell)

    def _paint_choice(self, painter: QPainter, layout: ConfusionLayout, row: int, column: int) -> None:
        cell, cells = layout.cell(row, column), layout.cells
        band = QColor(self._theme.accent)
        band.setAlpha(56)
        for strip in (
            QRectF(cells.left() - layout.left, cell.top(), layout.left, cell.height()),
            QRectF(cells.right(), cell.top(), layout.right, cell.height()),
            QRectF(cell.left(), cells.top() - layout.top, cell.width(), layout.top),
            QRectF(cell.left(), cells.bottom(), cell.width(), layout.bottom),
        ):
            painter.fillRect(strip, band)
        room = max(0.0, (7 - min(cell.width(), cell.height())) / 2)  # a tiny cell stays findable
        painter.setPen(QPen(QColor(self._theme.text), 2))
        painter.drawRect(cell.adjusted(-room, -room, room, room))

    def _plan(self) -> ConfusionLayout | None:
        if self._layout is None and self._facts is not None:
            self._layout = lay_out(QSizeF(self.size()), self._facts.names, self.font())
        return self._layout if self._facts is not None else None

    def _cell_at(self, point: QPointF) -> tuple[int, int] | None:
        layout = self._plan()
        return None if layout is None else layout.cell_at(point.x(), point.y())

    def _open(self) -> None:
        if self._cell is not None and self._facts is not None and self._facts.matrix[self._cell]:
            self.cell_chosen.emit(*self._cell)
