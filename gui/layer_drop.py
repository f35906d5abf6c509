"""Where a layer that is dragged over the editor's tree would go."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QTreeWidgetItem

from engine.architecture.editing import Place
from gui.layer_painter import BRANCH_ROLE

if TYPE_CHECKING:
    from gui.layer_tree import LayerTree

_KEY_ROLE = int(Qt.ItemDataRole.UserRole)


class Drop(NamedTuple):
    """A place, and the line or frame that marks it."""

    place: Place
    mark: QRect


def find_drop(tree: LayerTree, position: QPoint, dragged: tuple[str, ...]) -> Drop | None:
    """Return where layers would go that are dropped here; None where they cannot go.

    On the upper half of a layer they go in front of it, on the lower half behind it; on a branch to its end, and on
    the middle of a block into its first branch. Below all rows they go to the end of the network.
    """
    item = tree.itemAt(position)
    drop = _at_end(tree) if item is None else _at(tree, item, position)
    if drop is None or any(drop.place.sequence.startswith(f"{path}/") for path in dragged):
        return None
    return drop


def _at_end(tree: LayerTree) -> Drop:
    # Rows that are folded away have no rectangle, and count as at the top.
    bottom = max((tree.visualItemRect(item).bottom() for item in tree.walk()), default=0)
    return Drop(Place("", tree.topLevelItemCount()), QRect(0, bottom, tree.viewport().width(), 0))


def _at(tree: LayerTree, item: QTreeWidgetItem, position: QPoint) -> Drop:
    frame = tree.visualItemRect(item).adjusted(0, 1, 0, -1)
    frame.setRight(tree.viewport().width() - 2)
    key = item.data(0, _KEY_ROLE)
    if item.data(0, BRANCH_ROLE):
        return Drop(Place(key, item.childCount()), frame)
    share = (position.y() - frame.top()) / max(1, frame.height())
    branch = item.child(0)
    if branch is not None and (share > 0.25 if item.isExpanded() else 0.25 < share < 0.75):
        return Drop(Place(branch.data(0, _KEY_ROLE), 0 if item.isExpanded() else branch.childCount()), frame)
    behind = tree.place_after(key)
    if share < 0.5:
        return Drop(Place(behind.sequence, behind.index - 1), QRect(frame.left(), frame.top(), frame.width(), 0))
    return Drop(behind, QRect(frame.left(), frame.bottom(), frame.width(), 0))
