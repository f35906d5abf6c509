"""Edits of a network: pure functions that take a ``NetworkSpec`` and give another.

A layer is named by its path. A sequence of layers is named by the text in front of its layers' paths: ``""`` is
the network itself, ``residual1/`` a residual's body, ``residual1/shortcut/`` its shortcut and
``concat1/branch2/`` a branch. A layer keeps its name wherever no neighbour has it already, so that trained
weights still belong to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from engine.architecture.layers import Concat, Layer, Residual
from engine.architecture.network import NetworkSpec, Shape, children, walk
from engine.errors import ConfigError

Layers = tuple[Layer, ...]

# Far above the JSON of the largest network that can be made; guards the clipboard and files against mistakes.
LARGEST_TEXT = 8 * 2**20


class Place(msgspec.Struct, frozen=True):
    """Where a layer can be put: in front of the layer that is now at ``index`` of ``sequence``."""

    sequence: str
    index: int


class Edit(NamedTuple):
    """The edited network, and the paths of what was put there or changed; empty after a removal.

    Of a branch, its sequence is given in place of a path.
    """

    spec: NetworkSpec
    paths: tuple[str, ...] = ()


def layer_at(spec: NetworkSpec, path: str) -> Layer:
    """Return the layer with this path.

    Raises
    ------
    ConfigError
        If there is none.
    """
    place = place_of(spec, path)
    return layers_at(spec, place.sequence)[place.index]


def place_of(spec: NetworkSpec, path: str) -> Place:
    """Return where the layer with this path stands."""
    head, slash, name = path.rpartition("/")
    sequence = head + slash
    for index, layer in enumerate(layers_at(spec, sequence)):
        if layer.name == name:
            return Place(sequence, index)
    raise _missing(path)


def layers_at(spec: NetworkSpec, sequence: str) -> Layers:
    """Return the layers of a sequence."""
    found: list[Layers] = []

    def look(layers: Layers) -> Layers:
        found.append(layers)
        return layers

    _rebuilt(spec.layers, sequence, sequence, look)
    return found[0]


def container_of(spec: NetworkSpec, sequence: str) -> str:
    """Return the path of the block that holds a sequence; empty for the network itself."""
    # Looked up, not read off: a layer may be called branch1 too.
    for entry in walk(spec.layers):
        if any(f"{entry.path}/{branch}" == sequence for branch, _ in children(entry.layer)):
            return entry.path
    if sequence:
        raise _missing(sequence)
    return ""


def branches_of(spec: NetworkSpec, path: str) -> list[str]:
    """Return the sequences of a block; a plain layer has none."""
    return [f"{path}/{branch}" for branch, _ in children(layer_at(spec, path))]


def insert(spec: NetworkSpec, place: Place, layers: Sequence[Layer]) -> Edit:
    """Put layers at a place; those whose name is taken there get another one."""
    before = layers_at(spec, place.sequence)
    if not 0 <= place.index <= len(before):
        raise _missing(f"{place.sequence}{place.index}")
    fresh = _unnamed_where_taken(layers, {layer.name for layer in before} | {"shortcut"})
    changed = _with_layers(spec, place.sequence, (*before[: place.index], *fresh, *before[place.index :]))
    there = layers_at(changed, place.sequence)[place.index : place.index + len(fresh)]
    return Edit(changed, tuple(place.sequence + layer.name for layer in there))


def remove(spec: NetworkSpec, paths: Sequence[str]) -> Edit:
    """Take layers out; what a block holds goes with it."""
    for path in outermost(paths):
        place = place_of(spec, path)
        layers = layers_at(spec, place.sequence)
        spec = _with_layers(spec, place.sequence, layers[: place.index] + layers[place.index + 1 :])
    return Edit(spec)


def move(spec: NetworkSpec, paths: Sequence[str], place: Place) -> Edit:
    """Move layers, in the order given, to a place described in the network as it is before the move.

    Raises
    ------
    ConfigError
        If a block would be moved into itself, or there is no such layer or place.
    """
    paths = outermost(paths)
    if any(place.sequence.startswith(f"{path}/") for path in paths):
        raise ConfigError("edit.into_itself", "A block cannot be moved into itself; move it to another place.")
    layers = [layer_at(spec, path) for path in paths]
    standing = [place_of(spec, path) for path in paths]
    index = place.index - sum(old.sequence == place.sequence and old.index < place.index for old in standing)
    return insert(remove(spec, paths).spec, Place(place.sequence, index), layers)


def duplicate(spec: NetworkSpec, paths: Sequence[str]) -> Edit:
    """Put copies of layers behind the last one given, under new names."""
    paths = outermost(paths)
    layers = [msgspec.structs.replace(layer_at(spec, path), name="") for path in paths]
    last = place_of(spec, paths[-1])
    return insert(spec, Place(last.sequence, last.index + 1), layers)


def replace(spec: NetworkSpec, path: str, layer: Layer) -> Edit:
    """Put ``layer`` in the place of another: other settings, or another name.

    Raises
    ------
    ConfigError
        If its name is malformed, or a neighbour's.
    """
    place = place_of(spec, path)
    sequence, index = place.sequence, place.index
    layers = layers_at(spec, sequence)
    changed = _with_layers(spec, sequence, (*layers[:index], layer, *layers[index + 1 :]))
    return Edit(changed, (sequence + layers_at(changed, sequence)[index].name,))


def clear(spec: NetworkSpec, sequence: str) -> Edit:
    """Take all layers out of a sequence."""
    return Edit(_with_layers(spec, sequence, ()), (sequence,) if sequence else ())


def add_branch(spec: NetworkSpec, path: str, layers: Layers = (), index: int | None = None) -> Edit:
    """Give a Concat one more branch: the last one, or the one that will be at ``index``."""
    block = _concat(spec, path)
    at = len(block.branches) if index is None else index
    branches = (*block.branches[:at], layers, *block.branches[at:])
    return Edit(replace(spec, path, Concat(branches, name=block.name)).spec, (f"{path}/branch{at + 1}/",))


def remove_branch(spec: NetworkSpec, sequence: str) -> Edit:
    """Take a branch with all its layers out of a Concat."""
    path, at = _branch(spec, sequence)
    block = _concat(spec, path)
    return Edit(replace(spec, path, Concat(block.branches[:at] + block.branches[at + 1 :], name=block.name)).spec)


def move_branch(spec: NetworkSpec, sequence: str, index: int) -> Edit:
    """Move a branch of a Concat so that it is the one at ``index``, counted from zero."""
    path, at = _branch(spec, sequence)
    block = _concat(spec, path)
    if not 0 <= index < len(block.branches):
        raise _missing(f"{path}/branch{index + 1}")
    branches = list(block.branches)
    branches.insert(index, branches.pop(at))
    return Edit(replace(spec, path, Concat(tuple(branches), name=block.name)).spec, (f"{path}/branch{index + 1}/",))


def set_input_shape(spec: NetworkSpec, shape: Shape) -> NetworkSpec:
    """Return the network for inputs of another shape; whether its layers fit is for ``summarize`` to say."""
    return NetworkSpec(spec.name, shape, spec.layers)


def rename(spec: NetworkSpec, name: str) -> NetworkSpec:
    """Return the network under another name; ``ConfigError`` if the name is not a printable text."""
    return NetworkSpec(name, spec.input_shape, spec.layers)


def outermost(paths: Sequence[str]) -> list[str]:
    """Return the paths without those of layers inside another one of them."""
    return [path for path in paths if not any(path.startswith(f"{other}/") for other in paths)]


def layers_to_json(layers: Sequence[Layer]) -> str:
    """Return layers as JSON text, from which ``layers_from_json`` makes equal ones.

    Of layers with the same name, which come from different blocks, the first keeps it.
    """
    return msgspec.json.format(msgspec.json.encode(_unnamed_where_taken(layers, set())), indent=2).decode()


# Made while modules are imported: msgspec works a type out when it first reads one, and two threads at that crash.
_LAYERS, _LAYER = msgspec.json.Decoder(Layers), msgspec.json.Decoder(Layer)
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])


def layers_from_json(text: str) -> Layers:
    """Read layers from JSON: a list of layers, one layer, or a whole network, whose layers are taken.

    Raises
    ------
    ConfigError
        If the text is none of these; nothing of it is used.
    """
    if len(text) > LARGEST_TEXT:
        raise ConfigError(
            "edit.too_long", "The text is longer than {most:,} characters, and no network is.", most=LARGEST_TEXT
        )
    try:
        if text.lstrip().startswith("["):
            layers = _LAYERS.decode(text)
        elif "kind" in _FIELDS.decode(text):
            layers = (_LAYER.decode(text),)
        else:
            return NetworkSpec.from_json(text).layers
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise ConfigError(
            "edit.json", "This is neither layers nor a network: {detail}.", detail=str(error).rstrip(".")
        ) from error
    return NetworkSpec("pasted", (1,), layers).layers  # names them, and checks the names there are


def _unnamed_where_taken(layers: Sequence[Layer], taken: set[str]) -> list[Layer]:
    """Return layers without the names that are in ``taken`` or come again, so that they get new ones."""
    result = []
    for layer in layers:
        result.append(msgspec.structs.replace(layer, name="") if layer.name in taken else layer)
        taken.add(layer.name)
    return result


def _with_layers(spec: NetworkSpec, sequence: str, layers: Layers) -> NetworkSpec:
    changed = _rebuilt(spec.layers, sequence, sequence, lambda _: layers)
    return NetworkSpec(spec.name, spec.input_shape, changed)


def _rebuilt(layers: Layers, rest: str, sequence: str, change: Callable[[Layers], Layers]) -> Layers:
    """Return ``layers`` with the sequence that ``rest`` leads to changed; ``sequence`` is its full name."""
    if not rest:
        return change(layers)
    name, _, rest = rest.partition("/")
    for index, layer in enumerate(layers):
        if layer.name == name and isinstance(layer, (Residual, Concat)):
            return (*layers[:index], _rebuilt_inside(layer, rest, sequence, change), *layers[index + 1 :])
    raise _missing(sequence)


def _rebuilt_inside(
    block: Residual | Concat, rest: str, sequence: str, change: Callable[[Layers], Layers]
) -> Residual | Concat:
    first, _, after = rest.partition("/")
    if isinstance(block, Residual):
        if first == "shortcut":
            return msgspec.structs.replace(block, shortcut=_rebuilt(block.shortcut, after, sequence, change))
        return msgspec.structs.replace(block, body=_rebuilt(block.body, rest, sequence, change))
    at = _branch_number(first) - 1
    if not 0 <= at < len(block.branches):
        raise _missing(sequence)
    branches = list(block.branches)
    branches[at] = _rebuilt(branches[at], after, sequence, change)
    return msgspec.structs.replace(block, branches=tuple(branches))


def _concat(spec: NetworkSpec, path: str) -> Concat:
    block = layer_at(spec, path) if path else None
    if not isinstance(block, Concat):
        raise ConfigError("edit.no_branches", "{layer} has no branches; only a Concat has.", layer=path)
    return block


def _branch(spec: NetworkSpec, sequence: str) -> tuple[str, int]:
    path, at = container_of(spec, sequence), _branch_number(sequence.removesuffix("/").rpartition("/")[2]) - 1
    _concat(spec, path)
    return path, at


def _branch_number(text: str) -> int:
    number = text.removeprefix("branch")
    return int(number) if text != number and number.isdecimal() and len(number) < 6 else 0


def _missing(path: str) -> ConfigError:
    return ConfigError("edit.missing", "The network has no {path}; nothing was changed.", path=path or "such place")
