"""How MXNet lays out a network's activations and their gradients in memory, for one sample.

MXNet plans both passes before the first batch: an operation's output overwrites its input where nothing else needs
it, and a block that was released is given to the next tensor of about its size. Activations that the backward pass
needs stay; gradients of activations share a few blocks.
"""

from __future__ import annotations

from msgspec import Struct

from engine.estimates.graph import Graph

# MXNet gives a released block to a tensor that is at most so many times larger or smaller.
_MATCH = 16


class Plan(Struct, frozen=True):
    """Values that one sample takes in memory.

    Parameters
    ----------
    activations, gradients : int
        While the network trains.
    inference : int
        While it classifies, when nothing is kept for a backward pass.
    """

    activations: int
    gradients: int
    inference: int


def plan(graph: Graph) -> Plan:
    """Plan both passes of a network, and the forward pass alone."""
    return Plan(_forward(graph, training=True), _backward(graph), _forward(graph, training=False))


def _forward(graph: Graph, training: bool) -> int:
    uses = [0] * len(graph.sizes)
    for operation in graph.operations:
        for tensor in operation.inputs:
            uses[tensor] += 1 + (training and operation.needs_input)
        uses[operation.output] += training and operation.needs_output
    uses[-1] += 1  # the loss reads the last one
    blocks = _Blocks()
    places: dict[int, int] = {}
    left: dict[int, int] = {}  # uses of each block that are still to come
    for operation in graph.operations:
        first = places.get(operation.inputs[0])
        if operation.in_place and first is not None and left[first] == 1:
            places[operation.output] = first
            left[first] += uses[operation.output]
        else:
            block = places[operation.output] = blocks.take(graph.sizes[operation.output])
            left[block] = uses[operation.output]
        for tensor in operation.inputs:
            if tensor in places:  # the batch itself is not in the plan
                block = places[tensor]
                left[block] -= 1
                if left[block] == 0:
                    blocks.release(block)
    return blocks.total


def _backward(graph: Graph) -> int:
    if not graph.operations:  # a network that somebody begins to build
        return 0
    blocks = _Blocks()
    gradients: dict[int, list[int]] = {graph.operations[-1].output: [blocks.take(graph.sizes[-1])]}
    for operation in reversed(graph.operations):
        arrived = gradients.pop(operation.output)
        gradient = arrived.pop(0)
        for other in arrived:  # what came from several users is added up in the first block
            blocks.release(other)
        reused = False
        for tensor in operation.inputs:
            if tensor == 0:
                continue  # nobody asks for the gradient of the images
            if operation.in_place and not reused:
                gradients.setdefault(tensor, []).append(gradient)
                reused = True
            else:
                gradients.setdefault(tensor, []).append(blocks.take(graph.sizes[tensor]))
        if not reused:
            blocks.release(gradient)
    return blocks.total


class _Blocks:
    """Blocks of memory that are taken and released; each stays as large as its largest tenant."""

    def __init__(self) -> None:
        self._sizes: list[int] = []
        self._free: list[int] = []

    @property
    def total(self) -> int:
        return sum(self._sizes)

    def take(self, size: int) -> int:
        fitting = [b for b in self._free if size <= self._sizes[b] <= size * _MATCH]
        smaller = [b for b in self._free if size // _MATCH <= self._sizes[b] < size]
        if fitting:
            block = min(fitting, key=self._sizes.__getitem__)
        elif smaller:
            block = max(smaller, key=self._sizes.__getitem__)
            self._sizes[block] = size
        else:
            self._sizes.append(size)
            return len(self._sizes) - 1
        self._free.remove(block)
        return block

    def release(self, block: int) -> None:
        self._free.append(block)
