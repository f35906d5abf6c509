"""Carries weights from a network to an edited one, so that what was not touched keeps what it has learned."""

from __future__ import annotations

from collections import Counter

from engine.architecture.shapes import NetworkSummary, ParameterSpec
from engine.backends.base import Array, Weights

_Signature = tuple[str, str, tuple[int, ...]]


def carried_tensors(old: NetworkSummary, new: NetworkSummary) -> dict[str, str]:
    """Tell which tensors of ``new`` take their values from which of ``old``.

    A tensor is kept where path and shape are the same. One that was moved into or out of a block has another path;
    it is found by its layer's name and its shape if these belong to a single tensor on both sides.

    Returns
    -------
    dict of parameter path in ``new`` to parameter path in ``old``
    """
    before = {p.path: p for p in old.parameters}
    kept = {p.path: p.path for p in new.parameters if p.path in before and before[p.path].shape == p.shape}
    moved_from = _by_signature([p for p in old.parameters if p.path not in kept])
    moved_to = _by_signature([p for p in new.parameters if p.path not in kept])
    return kept | {path: moved_from[signature] for signature, path in moved_to.items() if signature in moved_from}


def kept_layers(old: NetworkSummary, new: NetworkSummary) -> tuple[int, int]:
    """Return how many layers of ``new`` keep all they have learned, and how many learn anything."""
    carried = carried_tensors(old, new)
    learning = [layer.parameters for layer in new.layers if layer.parameters]
    return sum(all(p.path in carried for p in parameters) for parameters in learning), len(learning)


def carry_over(old: NetworkSummary, weights: Weights, new: NetworkSummary, fresh: Weights) -> dict[str, Array]:
    """Return weights for ``new``: those of ``old`` where they are kept, and ``fresh`` ones elsewhere."""
    return {**fresh, **{path: weights[source] for path, source in carried_tensors(old, new).items()}}


def _by_signature(parameters: list[ParameterSpec]) -> dict[_Signature, str]:
    """Return the paths of tensors that are the only ones with their layer's name, role and shape."""
    signatures = {p.path: (p.layer.rpartition("/")[2], p.role, p.shape) for p in parameters}
    counts = Counter(signatures.values())
    return {signature: path for path, signature in signatures.items() if counts[signature] == 1}
