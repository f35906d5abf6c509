"""What a network's diagram says: a card for each layer, and the pieces that the layout places."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QCoreApplication

from engine.architecture.layers import (
    Activation,
    AvgPool2D,
    BatchNorm,
    Concat,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAvgPool2D,
    Layer,
    MaxPool2D,
    Residual,
    describe,
)
from engine.architecture.network import NetworkSpec, children, walk
from engine.architecture.shapes import LayerSummary, PartialSummary, format_shape
from gui.messages import translate_error
from gui.network_summary import count_text

Kind = Literal[
    "convolution", "dense", "pooling", "normalisation", "activation", "dropout", "reshape", "join", "terminal"
]  # fmt: skip

# No layer has these paths, since names hold letters, digits and "-" only.
INPUT, OUTPUT, JOIN = "<input>", "<output>", "<join>"

_KINDS: dict[type, Kind] = {
    Conv2D: "convolution",
    Dense: "dense",
    MaxPool2D: "pooling",
    AvgPool2D: "pooling",
    GlobalAvgPool2D: "pooling",
    BatchNorm: "normalisation",
    Activation: "activation",
    Dropout: "dropout",
    Flatten: "reshape",
    Residual: "join",
    Concat: "join",
}


@dataclass(frozen=True)
class Card:
    """What one box says.

    Parameters
    ----------
    key : str
        The layer's path, ``INPUT`` or ``OUTPUT``.
    kind : Kind
    title, rest : str
        The layer in a few words; ``rest`` is what does not go into the first line.
    word : str
        The kind in one word, for where nothing else can be read.
    shape : str
        The output shape, "?" where it could not be worked out.
    parameters : str
        How many numbers are learned; empty if none.
    note : str
        What is wrong here; empty if nothing is.
    block : {"", "open", "folded"}
        Whether the card stands for a block.
    units : int
        Channels or features of the output, 0 if unknown.
    """

    key: str
    kind: Kind
    title: str
    rest: str = ""
    word: str = ""
    shape: str = "?"
    parameters: str = ""
    note: str = ""
    block: Literal["", "open", "folded"] = ""
    units: int = 0

    @property
    def is_layer(self) -> bool:
        """Whether it stands for a layer or block, and not for the input or the output."""
        return self.key not in (INPUT, OUTPUT)

    def spoken(self) -> str:
        """Return everything the card says in one line, for tooltips and screen readers."""
        title = ", ".join(part for part in (self.title, self.rest) if part)
        said = [f"{self.key}: {title}" if self.is_layer else title, self.shape, self.parameters, self.note]
        return " · ".join(part for part in said if part)


@dataclass(frozen=True)
class Node:
    """A card at its place: an open block has branches of nodes, everything else has none."""

    card: Card
    branches: tuple[tuple[Node, ...], ...] = ()
    main_first: bool = False


Fold = Callable[[str], bool]


def nodes_of(spec: NetworkSpec, summary: PartialSummary, folded: Fold) -> tuple[Node, ...]:
    """Return what is to be drawn, from the input to the output.

    Parameters
    ----------
    spec : NetworkSpec
    summary : PartialSummary
        Of the same network.
    folded : callable
        Whether the block with this path is drawn as one box.
    """
    return _Writer(spec, summary, folded).nodes()


def cards_in(nodes: tuple[Node, ...]) -> Iterator[Card]:
    """Yield every card in order of execution, a block's before those inside it."""
    for node in nodes:
        yield node.card
        for branch in node.branches:
            yield from cards_in(branch)


def block_paths(spec: NetworkSpec) -> list[str]:
    """Return the paths of all blocks, outer ones first."""
    return [placed.path for placed in walk(spec.layers) if isinstance(placed.layer, (Residual, Concat))]


def kind_of(layer: Layer) -> Kind:
    """Return the kind by which a layer is coloured."""
    return _KINDS[type(layer)]


def kind_words() -> dict[Kind, str]:
    """Return what each kind is called in one word."""
    return {
        "convolution": _tr("Conv"),
        "dense": _tr("Dense"),
        "pooling": _tr("Pool"),
        "normalisation": _tr("Norm"),
        "activation": _tr("Activation"),
        "dropout": _tr("Dropout"),
        "reshape": _tr("Flatten"),
        "join": _tr("Block"),
    }


class _Writer:
    """Writes the cards of one network."""

    def __init__(self, spec: NetworkSpec, summary: PartialSummary, folded: Fold) -> None:
        self._spec = spec
        self._folded = folded
        self._entries = {entry.path: entry for entry in summary.layers}
        self._words = kind_words()
        self._error_path = summary.error_path
        self._sentence = translate_error(summary.error) if summary.error is not None else ""
        # An error of the whole network is shown where it shows: at the end if every layer fits, else at the start.
        if self._sentence and not self._error_path:
            whole = all(layer.name in self._entries for layer in spec.layers)
            self._error_path = OUTPUT if whole and spec.layers else INPUT

    def nodes(self) -> tuple[Node, ...]:
        spec = self._spec
        start = Card(INPUT, "terminal", _tr("Input"), shape=format_shape(spec.input_shape), note=self._note(INPUT))
        last = self._entries.get(spec.layers[-1].name) if spec.layers else None
        shape = format_shape(last.output_shape) if last is not None else "?"
        is_vector = last is not None and len(last.output_shape) == 1
        title = _tr("Logits") if is_vector else _tr("Output")
        end = Card(OUTPUT, "terminal", title, shape=shape, note=self._note(OUTPUT))
        return (Node(start), *self._sequence(spec.layers, ""), Node(end))

    def _sequence(self, layers: tuple[Layer, ...], prefix: str) -> tuple[Node, ...]:
        return tuple(self._node(layer, prefix + layer.name) for layer in layers)

    def _node(self, layer: Layer, path: str) -> Node:
        if not isinstance(layer, (Residual, Concat)):
            return Node(self._layer_card(layer, path))
        if self._folded(path):
            return Node(self._block_card(layer, path, "folded"))
        branches = tuple(self._sequence(inner, f"{path}/{branch}") for branch, inner in children(layer))
        return Node(self._block_card(layer, path, "open"), branches, isinstance(layer, Residual))

    def _layer_card(self, layer: Layer, path: str) -> Card:
        kind = kind_of(layer)
        title, rest = _split(describe(layer))
        word = title if isinstance(layer, (Activation, GlobalAvgPool2D)) and len(title) <= 8 else self._words[kind]
        entry = self._entries.get(path)
        count = entry.parameter_count if entry is not None else 0
        return Card(
            path, kind, title, rest, word, _shape(entry), _parameters(count), self._note(path), "", _units(entry)
        )  # fmt: skip

    def _block_card(self, layer: Residual | Concat, path: str, block: Literal["open", "folded"]) -> Card:
        inside = [placed for _, inner in children(layer) for placed in walk(inner)]
        count = sum(not isinstance(placed.layer, (Residual, Concat)) for placed in inside)
        entry = self._entries.get(path)
        within = [e for e in self._entries.values() if e.path.startswith(f"{path}/")]
        learned = sum(e.parameter_count for e in within) if entry is not None else 0
        title = _tr("{block}, 1 layer") if count == 1 else _tr("{block}, {count} layers")
        name = _tr("Residual") if isinstance(layer, Residual) else _tr("Concat")
        rest = _tr("{count} branches").format(count=len(layer.branches)) if isinstance(layer, Concat) else ""
        note = self._note(path)
        if block == "folded" and self._error_path.startswith(f"{path}/"):
            note = self._sentence
        return Card(
            path, "join", title.format(block=name, count=count), rest, name, _shape(entry), _parameters(learned), note,
            block, _units(entry),
        )  # fmt: skip

    def _note(self, path: str) -> str:
        return self._sentence if self._sentence and path == self._error_path else ""


def _split(description: str) -> tuple[str, str]:
    """Return what goes into the first line and the rest: ``Conv 64, 3×3`` and ``padding 1×1, no bias``."""
    parts = description.split(", ")
    first = 2 if len(parts) > 1 and "×" in parts[1] and " " not in parts[1] else 1
    return ", ".join(parts[:first]), ", ".join(parts[first:])


def _shape(entry: LayerSummary | None) -> str:
    return format_shape(entry.output_shape) if entry is not None else "?"


def _units(entry: LayerSummary | None) -> int:
    return entry.output_shape[0] if entry is not None else 0


def _parameters(count: int) -> str:
    if not count:
        return ""
    return _tr("1 param") if count == 1 else _tr("{count} params").format(count=count_text(count))


def _tr(text: str) -> str:
    return QCoreApplication.translate("Diagram", text)
