"""The view of a network's diagram: zoom, pan, selection by mouse and keyboard, and folding of blocks."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPoint, QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QWidget

from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import PartialSummary
from engine.inspection.activity import LayerActivity
from gui.diagram_columns import MOST_FITTED, choose_columns
from gui.diagram_content import block_paths, nodes_of
from gui.diagram_items import NodeItem
from gui.diagram_paint import ALL_TEXT_FROM
from gui.diagram_rows import pieces_of
from gui.diagram_scene import DiagramScene
from gui.theme import Theme
from gui.zoom_view import ZoomView

_PAN = 60  # logical pixels that an arrow key with Ctrl moves the picture
_WAIT_MS = 60  # until the size of the view has settled
# A network whose titles would not even be readable enlarged is shown with its blocks folded at first.
_FOLDED_BELOW = 0.3
_RATHER_SEEN = 24  # logical pixels of surroundings that stay visible beside a selected box


class DiagramView(ZoomView):
    """A diagram that fits itself into the view until somebody zooms or moves it.

    The wheel, ``+`` and ``-`` zoom, ``0`` fits; dragging or Ctrl with the arrow keys moves. Arrow keys and Tab move the
    selection, Return activates it, the space bar folds a block.
    """

    selected = Signal(str)  # a person chose the layer with this path
    activated = Signal(str)  # its weights and feature maps are wanted
    drawn = Signal()  # boxes came, went or moved

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Diagram of the network"))
        self.diagram_scene = DiagramScene(self)
        self.setScene(self.diagram_scene)
        self.spec: NetworkSpec | None = None
        self.summary = PartialSummary(())
        self._folded: set[str] = set()
        self._activity: Mapping[str, LayerActivity] = {}
        self._with_figures = False
        self._columns: tuple[int, ...] = ()
        self._may_fold = False  # whether nobody has seen the network yet
        self._is_stale = False  # what is drawn is older than the network
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_WAIT_MS)
        self._settle.timeout.connect(self._refit)

    def set_network(self, spec: NetworkSpec | None, summary: PartialSummary, keep: bool) -> None:
        """Draw a network; ``keep`` keeps zoom, position, selection and folds, as after an edit."""
        self.spec, self.summary = spec, summary
        if not keep:
            self._folded, self._may_fold = set(), True
            self._activity, self._with_figures = {}, False
            self.is_fitted = True
            self.diagram_scene.choose("")
        self._draw()

    def set_activity(self, activity: Mapping[str, LayerActivity] | None) -> None:
        """Show figures in the boxes; the first ones make room for themselves."""
        self._activity = activity or {}
        if self._activity and not self._with_figures:
            self._with_figures = True
            self._draw()
        else:
            self.diagram_scene.set_activity(self._activity, self.scale_now() >= ALL_TEXT_FROM)

    def apply_theme(self, theme: Theme) -> None:
        """Paint in the colours of ``theme``."""
        self.diagram_scene.apply_theme(theme)

    def select(self, path: str) -> None:
        """Mark a layer, or the folded block that holds it, and bring it to sight; nothing is told."""
        self.ensure_drawn()
        while path and self.diagram_scene.item(path) is None:
            path = path.rpartition("/")[0]
        self._choose(path)

    def selection(self) -> str:
        """Return the path of the selected layer; empty if none is."""
        return self.diagram_scene.chosen

    def folded(self) -> set[str]:
        """Return the paths of the folded blocks."""
        return set(self._folded)

    def fold(self, path: str, folded: bool) -> None:
        """Draw a block as one box, or with what is in it."""
        if self.spec is None or path not in block_paths(self.spec):
            return
        (self._folded.add if folded else self._folded.discard)(path)
        self._draw(anchor=path)

    def fold_all(self, folded: bool) -> None:
        """Fold the outermost blocks, or open all."""
        blocks = block_paths(self.spec) if self.spec is not None else []
        self._folded = {path for path in blocks if "/" not in path} if folded else set()
        chosen = self.selection()
        if folded and "/" in chosen:
            self.diagram_scene.choose(chosen.split("/")[0])
        self.is_fitted = True
        self._draw()

    def ensure_drawn(self) -> None:
        """Draw now what was left undrawn while nobody could see it."""
        if self._is_stale:
            self._is_stale = False
            self._build("")
            self._fold_what_is_too_small()

    def fit(self) -> None:
        """Show the whole network, in as many columns as make it largest."""
        self.is_fitted = True
        self._draw()

    def sizeHint(self) -> QSize:
        """Return a comfortable size."""
        return QSize(600, 400)

    def minimumSizeHint(self) -> QSize:
        """Return the size below which nothing could be recognised."""
        return QSize(160, 120)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Let Tab go from layer to layer, and on to the next widget at the end."""
        keys = self.diagram_scene.layer_keys()
        chosen = self.selection()
        place = keys.index(chosen) + (1 if forward else -1) if chosen in keys else (0 if forward else len(keys) - 1)
        if self.hasFocus() and 0 <= place < len(keys):
            self._take(keys[place])
            return True
        return super().focusNextPrevChild(forward)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the selection or the picture, zoom, fold, or activate."""
        key, controlled = event.key(), bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if key in _ARROWS:
            if controlled:
                self.pan(_ARROWS[key] * -_PAN)
            else:
                self._step(key)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_in()
        elif key == Qt.Key.Key_Minus:
            self.zoom_out()
        elif key == Qt.Key.Key_0:
            self.fit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.selection():
            self.activated.emit(self.selection())
        elif key == Qt.Key.Key_Space:
            self._toggle_fold(self.selection())
        else:
            super().keyPressEvent(event)

    def can_be_pressed(self, place: QPoint) -> bool:
        """Return whether there is a layer at a place in the view."""
        return self.item_at(place) is not None

    def press(self, place: QPoint) -> None:
        """Select the layer at a place in the view, or fold or open its block."""
        item = self.item_at(place)
        if item is None:
            return
        on_mark = self._is_on_mark(item, place)
        self._take(item.card.key)
        if on_mark:
            self._toggle_fold(item.card.key)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Activate a layer; on free ground, fit."""
        place = event.position().toPoint()
        item = self.item_at(place)
        if item is None:
            self.fit()
        elif not self._is_on_mark(item, place):
            self.activated.emit(item.card.key)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit again if nobody has zoomed."""
        super().resizeEvent(event)
        if self.is_fitted:
            self._show_whole()
            self._settle.start()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Select a first layer for who comes by keyboard, so that the arrow keys have somewhere to start."""
        super().focusInEvent(event)
        keys = self.diagram_scene.layer_keys()
        if keys and not self.selection():
            if event.reason() == Qt.FocusReason.TabFocusReason:
                self._choose(keys[0])
            elif event.reason() == Qt.FocusReason.BacktabFocusReason:
                self._choose(keys[-1])

    def showEvent(self, event: QShowEvent) -> None:
        """Draw what came while nobody could see it."""
        super().showEvent(event)
        self.ensure_drawn()

    def item_at(self, place: QPoint) -> NodeItem | None:
        """Return the box, join or heading of a layer or block at a place in the view."""
        for item in self.items(place):
            if isinstance(item, NodeItem) and item.card.is_layer:
                return item
        return None

    def _is_on_mark(self, item: NodeItem, place: QPoint) -> bool:
        return item.fold_mark().adjusted(-4, -4, 4, 4).contains(self.mapToScene(place))

    def _draw(self, anchor: str = "") -> None:
        if self.isVisible():
            self._is_stale = False
            self._build(anchor)
            self._fold_what_is_too_small()
        else:
            self._is_stale = True

    def _build(self, anchor: str) -> None:
        """Draw the network; ``anchor`` names the box that stays where it is where the zoom is kept."""
        scene = self.diagram_scene
        item = scene.item(anchor or scene.chosen) or self._central_item()
        held = (item.card.key, item.rect.topLeft()) if item is not None else ("", QPointF())
        place = self.mapFromScene(held[1])
        nodes = nodes_of(self.spec, self.summary, self._folded.__contains__) if self.spec is not None else ()
        count = len(nodes)
        if self.is_fitted or sum(self._columns) == 0:
            size = self.viewport().size()
            self._columns = choose_columns(pieces_of(nodes, self._with_figures), size.width(), size.height())
        elif sum(self._columns) != count:
            self._columns = _stretched(self._columns, count)
        scene.show_nodes(nodes, self._columns, self._with_figures)
        scene.set_activity(self._activity, readable=True)
        if self.is_fitted:
            self._show_whole()
        else:
            now = scene.item(held[0])
            self.show_at(self.scale_now(), now.rect.topLeft() if now is not None else held[1], QPointF(place))
        self.drawn.emit()

    def _fold_what_is_too_small(self) -> None:
        """Begin with folded blocks where a new network has too little room; later that is up to the person."""
        if self._may_fold and self.isVisible() and self.spec is not None:
            self._may_fold = False
            if self.is_fitted and self.scale_now() < _FOLDED_BELOW and block_paths(self.spec):
                self.fold_all(True)

    def _refit(self) -> None:
        """Choose the columns anew for the size that the view has now."""
        if self.is_fitted and self.spec is not None and self.isVisible():
            nodes = nodes_of(self.spec, self.summary, self._folded.__contains__)
            size = self.viewport().size()
            if choose_columns(pieces_of(nodes, self._with_figures), size.width(), size.height()) != self._columns:
                self._draw()

    def _show_whole(self) -> None:
        diagram = self.diagram_scene.diagram
        size = self.viewport().size()
        if diagram is None or size.isEmpty():
            return
        scale = min(size.width() / diagram.width, size.height() / diagram.height, MOST_FITTED)
        middle = QPointF(diagram.width / 2, diagram.height / 2)
        self.show_at(scale, middle, QPointF(size.width() / 2, size.height() / 2))

    def _central_item(self) -> NodeItem | None:
        middle = self.mapToScene(self.viewport().rect().center())
        items = [self.diagram_scene.item(key) for key in self.diagram_scene.layer_keys()]
        there = [item for item in items if item is not None]
        return min(there, key=lambda item: (item.rect.center() - middle).manhattanLength(), default=None)

    def _step(self, key: int) -> None:
        scene, chosen = self.diagram_scene, self.selection()
        if not chosen:
            keys = scene.layer_keys()
            target = keys[0] if keys else ""
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            target = scene.beside(chosen, key == Qt.Key.Key_Right)
        else:
            target = scene.after(chosen) if key == Qt.Key.Key_Down else scene.before(chosen)
        if target:
            self._take(target)

    def _take(self, key: str) -> None:
        """Select what a person chose, and tell it."""
        self._choose(key)
        self.selected.emit(key)

    def _choose(self, key: str) -> None:
        self.diagram_scene.choose(key)
        item = self.diagram_scene.item(key)
        self.setAccessibleDescription(item.card.spoken() if item is not None else "")
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))
        if item is None or self.is_fitted:
            return
        self.ensureVisible(item.shape().boundingRect(), _RATHER_SEEN, _RATHER_SEEN)

    def _toggle_fold(self, path: str) -> None:
        item = self.diagram_scene.item(path)
        if item is not None and item.card.block:
            self.fold(path, item.card.block == "open")


_ARROWS: dict[int, QPoint] = {
    Qt.Key.Key_Left: QPoint(-1, 0),
    Qt.Key.Key_Right: QPoint(1, 0),
    Qt.Key.Key_Up: QPoint(0, -1),
    Qt.Key.Key_Down: QPoint(0, 1),
}


def _stretched(columns: tuple[int, ...], count: int) -> tuple[int, ...]:
    """Return the same columns for more or fewer pieces: the last ones take or give."""
    kept: list[int] = []
    for column in columns:
        if sum(kept) + column >= count:
            break
        kept.append(column)
    return (*kept, count - sum(kept)) if count > sum(kept) else tuple(kept)
