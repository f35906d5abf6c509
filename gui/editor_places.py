"""Where commands of the editor lead: the place that what is selected would be moved to, or put in.

A selection is the paths of layers in order, or one branch, named by its sequence.
"""

from __future__ import annotations

from engine.architecture import editing
from engine.architecture.editing import Place
from engine.architecture.layers import Concat, Layer
from engine.architecture.network import NetworkSpec

Selection = tuple[str, ...]


def only_branch(spec: NetworkSpec, selection: Selection) -> tuple[str, int | None] | None:
    """Return the block of the selected branch, and which of its branches it is where they can be exchanged.

    None if layers are selected, or nothing.
    """
    if len(selection) != 1 or not selection[0].endswith("/"):
        return None
    path = editing.container_of(spec, selection[0])
    is_concat = isinstance(editing.layer_at(spec, path), Concat)
    return path, editing.branches_of(spec, path).index(selection[0]) if is_concat else None


def layers_of(spec: NetworkSpec, selection: Selection) -> tuple[Layer, ...]:
    """Return the selected layers, or those of the selected branch."""
    if only_branch(spec, selection) is not None:
        return editing.layers_at(spec, selection[0])
    return tuple(editing.layer_at(spec, path) for path in editing.outermost(selection))


def insertion(spec: NetworkSpec, selection: Selection) -> Place:
    """Return where new layers go: behind what is selected, or into it if it is a branch or an empty block."""
    if not selection:
        return Place("", len(spec.layers))
    last = selection[-1]
    if last.endswith("/"):
        return Place(last, len(editing.layers_at(spec, last)))
    branches = editing.branches_of(spec, last)
    if branches and not any(editing.layers_at(spec, branch) for branch in branches):
        return Place(branches[0], 0)
    place = editing.place_of(spec, last)
    return Place(place.sequence, place.index + 1)


def upward(spec: NetworkSpec, selection: Selection) -> Place | None:
    """Return the place one further up; from the head of a branch, the end of the branch before it."""
    if not _are_layers(selection):
        return None
    place = editing.place_of(spec, selection[0])
    if place.index > 0:
        return Place(place.sequence, place.index - 1)
    before = _neighbour(spec, place.sequence, -1)
    return None if before is None else Place(before, len(editing.layers_at(spec, before)))


def below(spec: NetworkSpec, selection: Selection) -> Place | None:
    """Return the place one further down; from the end of a branch, the head of the branch behind it."""
    if not _are_layers(selection):
        return None
    place = editing.place_of(spec, editing.outermost(selection)[-1])
    if place.index + 1 < len(editing.layers_at(spec, place.sequence)):
        return Place(place.sequence, place.index + 2)
    after = _neighbour(spec, place.sequence, 1)
    return None if after is None else Place(after, 0)


def inward(spec: NetworkSpec, selection: Selection) -> Place | None:
    """Return the head of the block behind what is selected, or the end of the block before it."""
    if not _are_layers(selection):
        return None
    last = editing.place_of(spec, editing.outermost(selection)[-1])
    layers = editing.layers_at(spec, last.sequence)
    if last.index + 1 < len(layers):
        branches = editing.branches_of(spec, last.sequence + layers[last.index + 1].name)
        if branches:
            return Place(branches[0], 0)
    first = editing.place_of(spec, selection[0])
    if first.index > 0:
        before = editing.layers_at(spec, first.sequence)[first.index - 1]
        branches = editing.branches_of(spec, first.sequence + before.name)
        if branches:
            return Place(branches[-1], len(editing.layers_at(spec, branches[-1])))
    return None


def outward(spec: NetworkSpec, selection: Selection) -> Place | None:
    """Return the place behind the block that holds what is selected."""
    if not _are_layers(selection):
        return None
    path = editing.container_of(spec, editing.place_of(spec, selection[-1]).sequence)
    if not path:
        return None
    block = editing.place_of(spec, path)
    return Place(block.sequence, block.index + 1)


def delete(spec: NetworkSpec, selection: Selection) -> tuple[NetworkSpec, Selection]:
    """Take out what is selected; of a residual, a branch is emptied.

    Returns
    -------
    NetworkSpec
    tuple of str
        What is selected then: the neighbour of what is gone.
    """
    branch = only_branch(spec, selection)
    if branch is not None:
        path, index = branch
        if index is None:
            return editing.clear(spec, selection[0]).spec, selection
        return editing.remove_branch(spec, selection[0]).spec, (path,)
    place = editing.place_of(spec, selection[0])
    edited = editing.remove(spec, selection).spec
    left = editing.layers_at(edited, place.sequence)
    if left:
        return edited, (place.sequence + left[min(place.index, len(left) - 1)].name,)
    return edited, (place.sequence,) if place.sequence else ()


def _are_layers(selection: Selection) -> bool:
    return bool(selection) and not selection[-1].endswith("/")


def _neighbour(spec: NetworkSpec, sequence: str, by: int) -> str | None:
    """Return the branch before or behind a sequence in its block."""
    path = editing.container_of(spec, sequence)
    if not path:
        return None
    branches = editing.branches_of(spec, path)
    index = branches.index(sequence) + by
    return branches[index] if 0 <= index < len(branches) else None
