"""The rows of the editor's tree: what each layer, block and branch says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from PySide6.QtCore import QCoreApplication

from engine.architecture.layers import Concat, Layer, Residual, describe
from engine.architecture.network import NetworkSpec, children
from engine.architecture.shapes import PartialSummary, format_shape
from gui.network_summary import count_text

UNKNOWN = "–"


@dataclass
class Row:
    """A layer, or a branch of a block.

    ``key`` is the layer's path or the branch's sequence, ``name`` what tells it from its neighbours, ``note`` stands
    behind the title.
    """

    key: str
    name: str
    title: str
    note: str = ""
    output: str = ""
    parameters: str = ""
    error: str = ""
    rows: list[Row] = field(default_factory=list)

    @property
    def is_branch(self) -> bool:
        """Whether it is a branch, not a layer."""
        return self.key.endswith("/")

    def cells(self) -> tuple[str, ...]:
        """Return everything that is shown of it, without the rows inside."""
        return (self.key, self.title, self.note, self.output, self.parameters, self.error)


def every(rows: list[Row]) -> Iterator[Row]:
    """Yield rows and the rows inside them, in order."""
    for row in rows:
        yield row
        yield from every(row.rows)


def build_rows(spec: NetworkSpec, partial: PartialSummary, error: str) -> list[Row]:
    """Return the rows of a network; ``error`` is the sentence for the layer that does not fit."""
    facts = {entry.path: (format_shape(entry.output_shape), entry.parameter_count) for entry in partial.layers}
    return _Builder(facts, partial.error_path, error).rows(spec.layers, "")[0]


class _Builder:
    def __init__(self, facts: dict[str, tuple[str, int]], error_path: str, error: str) -> None:
        self._facts = facts
        self._error_path = error_path
        self._error = error

    def rows(self, layers: tuple[Layer, ...], prefix: str) -> tuple[list[Row], int]:
        """Return the rows of a sequence and how many parameters they have, as far as that is known."""
        found = [self._layer(layer, prefix + layer.name) for layer in layers]
        return [row for row, _ in found], sum(count for _, count in found)

    def _layer(self, layer: Layer, path: str) -> tuple[Row, int]:
        output, count = self._facts.get(path, (UNKNOWN, 0))
        row = Row(path, layer.name, describe(layer), layer.name, output)
        for title, (branch, inner) in zip(_branch_titles(layer), children(layer), strict=True):
            rows, inside = self.rows(inner, f"{path}/{branch}")
            note = "" if rows else _tr("empty: passes its input on")
            row.rows.append(Row(f"{path}/{branch}", f"/{branch}", title, note, rows=rows))
            count += inside
        row.parameters = count_text(count) if count and output != UNKNOWN else UNKNOWN
        if path == self._error_path:
            row.error = self._error
        return row, count


def _branch_titles(layer: Layer) -> list[str]:
    if isinstance(layer, Residual):
        return [_tr("Body"), _tr("Shortcut")]
    if isinstance(layer, Concat):
        return [_tr("Branch {number}").format(number=number) for number in range(1, len(layer.branches) + 1)]
    return []


def _tr(text: str) -> str:
    return QCoreApplication.translate("LayerRows", text)
