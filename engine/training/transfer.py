"""Carries weights from a network to an edited one, so that what was not touched keeps what it has learned."""

from __future__ import annotations

from engine.architecture.kept import kept_layers
from engine.architecture.shapes import NetworkSummary
from engine.backends.base import Array, Weights


def carry_over(old: NetworkSummary, weights: Weights, new: NetworkSummary, fresh: Weights) -> dict[str, Array]:
    """Return weights for ``new``: those of ``old`` for the layers that keep theirs, ``fresh`` ones for the others."""
    sources = kept_layers(old, new)
    return {
        p.path: weights[f"{sources[p.layer]}/{p.role}"] if p.layer in sources else fresh[p.path] for p in new.parameters
    }
