"""A network's diagram as a scene: builds what is drawn, and knows what lies next to what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QObject, QRectF
from PySide6.QtWidgets import QGraphicsScene

from engine.inspection.activity import LayerActivity
from gui.diagram_content import JOIN, Node
from gui.diagram_items import BoxItem, EdgesItem, FrameItem, JoinItem, NodeItem
from gui.diagram_layout import Diagram, arrange
from gui.diagram_paint import Colours
from gui.diagram_rows import heading_of, join_rows, pieces_of, rows_of
from gui.theme import LIGHT, Theme


class DiagramScene(QGraphicsScene):
    """Boxes, frames and lines of one network; what is drawn is replaced by ``show_nodes``."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        # Every item is painted anyway where the whole network is seen, and an index has to be built after every edit.
        self.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        self.colours = Colours(LIGHT)
        self.setBackgroundBrush(self.colours.surface)
        self.diagram: Diagram | None = None
        self.chosen = ""
        self._nodes: tuple[Node, ...] = ()
        self._with_figures = False
        self._nodes_by_key: dict[str, NodeItem] = {}
        self._joins: dict[str, JoinItem] = {}
        self._boxes: list[BoxItem] = []
        self._next: dict[str, str] = {}
        self._previous: dict[str, str] = {}

    def show_nodes(self, nodes: tuple[Node, ...], columns: Sequence[int] | None, with_figures: bool) -> None:
        """Draw these nodes instead of what was drawn; the selection stays if its box does.

        Parameters
        ----------
        nodes : tuple of Node
        columns : sequence of int, optional
            How many of the outermost pieces each column takes.
        with_figures : bool
            Whether boxes have a row for what is measured while training.
        """
        self.clear()
        self._nodes, self._with_figures = nodes, with_figures
        self._nodes_by_key, self._joins, self._boxes = {}, {}, []
        self._next, self._previous = {}, {}
        self.diagram = arrange(pieces_of(nodes, with_figures), columns) if nodes else None
        if self.diagram is not None:
            self.addItem(EdgesItem(self.diagram.edges, self.colours))
            self._add(nodes, 0)
            self._link(nodes, "", "")
            self.setSceneRect(QRectF(0, 0, self.diagram.width, self.diagram.height))
        chosen, self.chosen = self.chosen, ""
        self.choose(chosen if chosen in self._nodes_by_key else "")

    def apply_theme(self, theme: Theme) -> None:
        """Paint in the colours of ``theme``."""
        self.colours = Colours(theme)
        self.setBackgroundBrush(self.colours.surface)
        for item in self.items():
            if isinstance(item, (NodeItem, EdgesItem)):
                item.colours = self.colours
        self.update()

    def set_activity(self, activity: Mapping[str, LayerActivity], readable: bool) -> None:
        """Show what was measured; only boxes that look otherwise are painted again.

        Parameters
        ----------
        activity : mapping of layer path to LayerActivity
        readable : bool
            Whether figures can be read at the present zoom.
        """
        for box in self._boxes:
            box.set_activity(activity.get(box.card.key), readable)

    def item(self, key: str) -> NodeItem | None:
        """Return the box of a layer or the frame of a block."""
        return self._nodes_by_key.get(key)

    def join(self, key: str) -> JoinItem | None:
        """Return the node in which the branches of an open block meet."""
        return self._joins.get(key)

    def layer_keys(self) -> list[str]:
        """Return the paths of all layers and blocks that are drawn, in order of execution."""
        return [key for key, item in self._nodes_by_key.items() if item.card.is_layer]

    def choose(self, key: str) -> None:
        """Mark the box with this key as selected, and no other."""
        for path, chosen in ((self.chosen, False), (key, True)):
            for item in (self._nodes_by_key.get(path), self._joins.get(path)):
                if item is not None:
                    item.choose(chosen)
        self.chosen = key

    def after(self, key: str) -> str:
        """Return the layer that the flow reaches next; empty at the end."""
        return self._next.get(key, "")

    def before(self, key: str) -> str:
        """Return the layer that the flow comes from; empty at the beginning."""
        return self._previous.get(key, "")

    def beside(self, key: str, to_the_right: bool) -> str:
        """Return the nearest layer on one side, such as in the next branch or column; empty if there is none."""
        item = self._nodes_by_key.get(key)
        if item is None:
            return ""
        own = item.rect
        best, least = "", float("inf")
        for box in self._boxes:
            other = box.rect
            away = other.left() - own.right() if to_the_right else own.left() - other.right()
            if not box.card.is_layer or away < 0:
                continue
            apart = max(0.0, other.top() - own.bottom(), own.top() - other.bottom())
            # What is at the same height is nearer than what is higher or lower.
            cost = away + 3 * apart + 0.2 * abs(other.center().y() - own.center().y())
            if cost < least:
                best, least = box.card.key, cost
        return best

    def _add(self, nodes: tuple[Node, ...], depth: int) -> None:
        assert self.diagram is not None
        for node in nodes:
            card = node.card
            item: NodeItem
            if card.block == "open":
                item = FrameItem(card, self.diagram.frames[card.key], depth, heading_of(card), self.colours)
                item.setZValue(-100 + depth)
                join = JoinItem(card, self.diagram.boxes[f"{card.key}/{JOIN}"], join_rows(node), self.colours)
                self._joins[card.key] = join
                self.addItem(join)
            else:
                rect = self.diagram.boxes[card.key]
                item = BoxItem(card, rect, rows_of(card, self._with_figures), self.colours)
                self._boxes.append(item)
            self._nodes_by_key[card.key] = item
            self.addItem(item)
            for branch in node.branches:
                self._add(branch, depth + 1)

    def _link(self, nodes: tuple[Node, ...], before: str, after: str) -> None:
        """Note what comes before and after each layer; a block's main branch lies on the way through it."""
        layers = [node for node in nodes if node.card.is_layer]
        for place, node in enumerate(layers):
            key = node.card.key
            following = layers[place + 1].card.key if place + 1 < len(layers) else after
            preceding = _last(layers[place - 1]) if place else before
            inner = next((branch for branch in node.branches if branch), ())
            self._next[key] = inner[0].card.key if inner else following
            self._previous[key] = preceding
            for branch in node.branches:
                self._link(branch, key, following)


def _last(node: Node) -> str:
    """Return the layer that is passed last on the way through ``node``."""
    inner = next((branch for branch in node.branches if branch), ())
    return _last(inner[-1]) if inner else node.card.key
