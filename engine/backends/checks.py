"""Checks that every backend makes before it changes anything."""

from __future__ import annotations

from engine.architecture.shapes import NetworkSummary, format_shape
from engine.backends.base import Weights
from engine.errors import FileError


def check_weights(summary: NetworkSummary, weights: Weights) -> None:
    """Check that ``weights`` has every parameter of the network, with its shape, and no other.

    Raises
    ------
    FileError
        Naming the first layer that does not fit, and both shapes.
    """
    for parameter in summary.parameters:
        if parameter.path not in weights:
            raise FileError(
                "weights.missing", "The weights lack {parameter} ({shape}); the network stays as it was.",
                parameter=parameter.path, shape=format_shape(parameter.shape),
            )  # fmt: skip
        found = tuple(weights[parameter.path].shape)
        if found != parameter.shape:
            raise FileError(
                "weights.shape",
                "{parameter} has shape {found}, but the network needs {shape}; it stays as it was.",
                parameter=parameter.path, found=format_shape(found), shape=format_shape(parameter.shape),
            )  # fmt: skip
    extra = sorted(set(weights) - {p.path for p in summary.parameters})
    if extra:
        raise FileError(
            "weights.extra", "The weights hold {parameter}, which the network has not; it stays as it was.",
            parameter=extra[0],
        )  # fmt: skip
