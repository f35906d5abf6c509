"""A whole network as one immutable value: its input shape and its tree of layers, to and from JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
from msgspec import Struct

from engine.architecture.layers import Concat, Layer, Residual, short_name
from engine.errors import ConfigError

Shape = tuple[int, ...]

# No underscore: paths become MXNet names by writing "_" for "/", and back again.
_LAYER_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}\Z")
_MOST_LAYERS = 10_000
_DEEPEST = 32


class NetworkSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """A named tree of layers with the shape of one input sample.

    Parameters
    ----------
    name : str
        What the network is called in lists and files.
    input_shape : tuple of int
        (channels, height, width) or (features,), without the batch.
    layers : tuple of Layer
        In order. Unnamed layers are named here, so that a layer keeps its name when others come or go.

    Raises
    ------
    ConfigError
        If a layer's name is malformed or used twice among neighbours.
    """

    name: str
    input_shape: Shape
    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        if not self.name.strip() or len(self.name) > 200 or not self.name.isprintable():
            raise ConfigError(
                "network.name", "The network's name {name!r} is not a printable text.", name=self.name[:80]
            )
        msgspec.structs.force_setattr(self, "layers", _named(self.layers, "", 0))
        if sum(1 for _ in walk(self.layers)) > _MOST_LAYERS:
            raise ConfigError("network.too_large", "A network can have at most {most} layers.", most=_MOST_LAYERS)

    def to_json(self) -> str:
        """Return the network as JSON text, from which ``from_json`` makes an equal one."""
        return msgspec.json.encode(self).decode()

    @staticmethod
    def from_json(text: str | bytes) -> NetworkSpec:
        """Read a network from JSON.

        Raises
        ------
        ConfigError
            If the text is not a network; nothing of it is used.
        """
        try:
            return _NETWORK.decode(text)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise ConfigError(
                "network.json", "This is not a network description: {detail}.", detail=str(error).rstrip(".")
            ) from error


# Made while modules are imported: msgspec works a type out when it first reads one, and two threads at that crash.
_NETWORK = msgspec.json.Decoder(NetworkSpec)


class Placed(Struct, frozen=True):
    """A layer at its place: its path, such as ``residual1/conv2``, and how many composites enclose it."""

    path: str
    layer: Layer
    depth: int


def walk(layers: tuple[Layer, ...], prefix: str = "", depth: int = 0) -> Iterator[Placed]:
    """Yield every layer with its path in order of execution, a composite before what it holds."""
    for layer in layers:
        path = prefix + layer.name
        yield Placed(path, layer, depth)
        for branch, inner in children(layer):
            yield from walk(inner, f"{path}/{branch}", depth + 1)


def children(layer: Layer) -> list[tuple[str, tuple[Layer, ...]]]:
    """Return the branches of a composite with the prefix of the paths inside; a plain layer has none."""
    if isinstance(layer, Residual):
        return [("", layer.body), ("shortcut/", layer.shortcut)]
    if isinstance(layer, Concat):
        return [(f"branch{i}/", branch) for i, branch in enumerate(layer.branches, 1)]
    return []


def _named(layers: tuple[Layer, ...], prefix: str, depth: int) -> tuple[Layer, ...]:
    if depth > _DEEPEST:
        raise ConfigError(
            "network.too_deep", "Blocks can be nested at most {most} deep.", most=_DEEPEST
        )  # fmt: skip
    taken = {layer.name for layer in layers if layer.name}
    counts: dict[str, int] = {}
    result: list[Layer] = []
    # A residual's body stands beside its shortcut, whose paths begin with this name.
    seen: set[str] = {"shortcut"} if prefix else set()
    for layer in layers:
        name = layer.name
        while not name:
            stem = short_name(layer)
            counts[stem] = counts.get(stem, 0) + 1
            candidate = f"{stem}{counts[stem]}"
            name = "" if candidate in taken else candidate
        if not _LAYER_NAME.match(name) or name in seen:
            raise ConfigError(
                "network.layer_name",
                "The layer name {name!r} in {place} is used twice, or is not of lower-case letters, digits "
                "and '-'.",
                name=name[:80], place=prefix or "the network",
            )  # fmt: skip
        seen.add(name)
        result.append(_with_named_children(layer, name, prefix, depth))
    return tuple(result)


def _with_named_children(layer: Layer, name: str, prefix: str, depth: int) -> Layer:
    path = f"{prefix}{name}/"
    if isinstance(layer, Residual):
        return msgspec.structs.replace(
            layer, name=name, body=_named(layer.body, path, depth + 1),
            shortcut=_named(layer.shortcut, path + "shortcut/", depth + 1),
        )  # fmt: skip
    if isinstance(layer, Concat):
        return msgspec.structs.replace(
            layer, name=name,
            branches=tuple(_named(b, f"{path}branch{i}/", depth + 1) for i, b in enumerate(layer.branches, 1)),
        )  # fmt: skip
    return msgspec.structs.replace(layer, name=name)
