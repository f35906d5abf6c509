"""A network as the sequence of operations that MXNet computes, with what each keeps for its backward pass."""

from __future__ import annotations

import math

from msgspec import Struct

from engine.architecture.layers import (
    Activation,
    AvgPool2D,
    BatchNorm,
    Concat,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Layer,
    MaxPool2D,
    Residual,
)
from engine.architecture.shapes import NetworkSummary


class Operation(Struct, frozen=True):
    """One operation of the forward pass; tensors are numbered, 0 is the network's input.

    Parameters
    ----------
    layer : Layer
    inputs : tuple of int
        Tensors that it takes.
    output : int
        The tensor that it gives.
    weights : int
        How many numbers its weight tensor holds.
    needs_input, needs_output : bool
        Whether the backward pass takes them.
    in_place : bool
        Whether the output may overwrite the first input, and its gradient that of the output.
    """

    layer: Layer
    inputs: tuple[int, ...]
    output: int
    weights: int
    needs_input: bool
    needs_output: bool
    in_place: bool


class Graph(Struct, frozen=True):
    """Operations in the order of execution, and how many values one sample's tensors hold."""

    operations: tuple[Operation, ...]
    sizes: tuple[int, ...]


def graph(summary: NetworkSummary) -> Graph:
    """Return the operations that compute a network."""
    builder = _Builder(summary)
    builder.sequence(tuple(entry.layer for entry in summary.layers if entry.depth == 0), "", 0)
    return Graph(tuple(builder.operations), tuple(builder.sizes))


class _Builder:
    def __init__(self, summary: NetworkSummary) -> None:
        self._entries = {entry.path: entry for entry in summary.layers}
        self.sizes = [math.prod(summary.input_shape)]
        self.operations: list[Operation] = []

    def sequence(self, layers: tuple[Layer, ...], prefix: str, tensor: int) -> int:
        for layer in layers:
            tensor = self._layer(layer, prefix + layer.name, tensor)
        return tensor

    def _layer(self, layer: Layer, path: str, tensor: int) -> int:
        if isinstance(layer, Residual):
            body = self.sequence(layer.body, f"{path}/", tensor)
            return self._add(layer, path, (body, self.sequence(layer.shortcut, f"{path}/shortcut/", tensor)))
        if isinstance(layer, Concat):
            branches = [
                self.sequence(branch, f"{path}/branch{i}/", tensor) for i, branch in enumerate(layer.branches, 1)
            ]
            return self._add(layer, path, tuple(branches))
        return self._add(layer, path, (tensor,))

    def _add(self, layer: Layer, path: str, inputs: tuple[int, ...]) -> int:
        entry = self._entries[path]
        needs_input, needs_output = _needs(layer)
        self.sizes.append(math.prod(entry.output_shape))
        output = len(self.sizes) - 1
        weights = sum(p.size for p in entry.parameters if p.role == "weight")
        in_place = isinstance(layer, (Activation, Dropout, Flatten, Residual))
        self.operations.append(Operation(layer, inputs, output, weights, needs_input, needs_output, in_place))
        return output


def _needs(layer: Layer) -> tuple[bool, bool]:
    """Return whether the backward pass takes the operation's input, and its output, as MXNet 1.9.1 declares it."""
    match layer:
        case Dense() | Conv2D() | BatchNorm() | Dropout():
            return True, False
        case Activation(function="relu"):
            return False, True
        case Activation() | MaxPool2D() | AvgPool2D():
            return True, True
        case Flatten() | Residual() | Concat():
            return False, False
        case _:  # global pooling
            return True, True
