"""Finds out which tensor of a weights file belongs to which parameter of a network.

By name, where the names are the network's own, in any of the ways that programs write them; otherwise by
order and shape. How they were matched is part of the result, so that it can be shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import numpy as np
from msgspec import Struct

from engine.architecture.network import Shape
from engine.architecture.shapes import NetworkSummary, ParameterSpec, Role, format_shape
from engine.errors import FileError

_SEPARATORS = ("/", "_", ".")
# Module and the symbols of Gluon call the running statistics so.
_MODULE_NAMES = {"running_mean": "moving_mean", "running_var": "moving_var"}
# What a name's last word says about a tensor; PyTorch calls gamma and beta weight and bias.
_ROLES: dict[str, tuple[Role, ...]] = {
    "weight": ("weight", "gamma"),
    "bias": ("bias", "beta"),
    "gamma": ("gamma",),
    "beta": ("beta",),
    "running_mean": ("running_mean",),
    "moving_mean": ("running_mean",),
    "running_var": ("running_var",),
    "moving_var": ("running_var",),
}
_LAST_WORD = re.compile(rf"({'|'.join(_ROLES)})\Z")


class Match(Struct, frozen=True):
    """A tensor of the file, the path of the parameter it becomes, and their shape."""

    source: str
    target: str
    shape: Shape


class Matching(Struct, frozen=True, eq=False):
    """Which tensor became which parameter, in the network's order, and the weights themselves.

    ``weights`` are contiguous float32 arrays by parameter path; ``by_name`` tells whether names decided.
    """

    entries: tuple[Match, ...]
    weights: dict[str, np.ndarray]
    by_name: bool


def match(summary: NetworkSummary, tensors: Mapping[str, np.ndarray]) -> Matching:
    """Give every parameter of a network its tensor.

    Names match as paths (``conv1/weight``), as MXNet writes them (``conv1_weight``) or with dots
    (``conv1.weight``), all with the same prefix or none. Where they do not all match, each parameter takes the
    first unused tensor of its shape whose name does not say that it is something else.

    Parameters
    ----------
    summary : NetworkSummary
    tensors : mapping of name to array
        In the order of the file. Single numbers without a dimension are counters and are left out.

    Raises
    ------
    FileError
        If a parameter finds no tensor or a tensor no parameter: naming the layer, and both shapes where they
        differ.
    """
    candidates = {name: tensor for name, tensor in tensors.items() if tensor.ndim}
    named = _by_name(summary, candidates)
    sources = named or _by_order(summary, candidates)
    entries = []
    weights = {}
    for parameter in summary.parameters:
        source = sources[parameter.path]
        if candidates[source].shape != parameter.shape:
            raise _misfit(parameter, source, candidates[source].shape)
        entries.append(Match(source, parameter.path, parameter.shape))
        with np.errstate(over="ignore"):  # a float64 beyond float32 becomes infinite, which the viewers show
            weights[parameter.path] = np.array(candidates[source], np.float32, order="C")
    return Matching(tuple(entries), weights, named is not None)


def _by_name(summary: NetworkSummary, tensors: Mapping[str, np.ndarray]) -> dict[str, str] | None:
    """Return the tensor's name for each parameter path if one way of writing fits them all."""
    for names in _spellings(summary):
        first = next(iter(names.values()), "")
        for prefix in {name.removesuffix(first) for name in tensors if name.endswith(first)}:
            if {prefix + name for name in names.values()} == set(tensors):
                return {path: prefix + name for path, name in names.items()}
    return None


def _spellings(summary: NetworkSummary) -> Iterator[dict[str, str]]:
    """Yield the names of all parameters by path, in each way that programs write them."""
    for separator in _SEPARATORS:
        for roles in ({}, _MODULE_NAMES):
            yield {
                p.path: f"{p.layer}/".replace("/", separator) + roles.get(p.role, p.role) for p in summary.parameters
            }


def _by_order(summary: NetworkSummary, tensors: Mapping[str, np.ndarray]) -> dict[str, str]:
    unused = {name: _roles(name) for name in tensors}
    sources = {}
    for parameter in summary.parameters:
        possible = [name for name, roles in unused.items() if parameter.role in roles]
        if not possible:
            raise FileError(
                "weights.missing",
                "The file has no tensor left for {parameter} ({shape}); it does not belong to this network. Nothing "
                "was changed.",
                parameter=parameter.path, shape=format_shape(parameter.shape),
            )  # fmt: skip
        source = next((name for name in possible if tensors[name].shape == parameter.shape), None)
        if source is None:
            raise _misfit(parameter, possible[0], tensors[possible[0]].shape)
        sources[parameter.path] = source
        del unused[source]
    if unused:
        name = next(iter(unused))
        raise FileError(
            "weights.extra", "The network has no place for {tensor} ({shape}) of the file; it does not belong to "
            "this network. Nothing was changed.",
            tensor=name[:80], shape=format_shape(tensors[name].shape),
        )  # fmt: skip
    return sources


def _roles(name: str) -> tuple[Role, ...]:
    """Return what a tensor may be by its name; anything, if the name does not tell."""
    word = _LAST_WORD.search(name)
    return _ROLES[word[1]] if word else ("weight", "bias", "gamma", "beta", "running_mean", "running_var")


def _misfit(parameter: ParameterSpec, source: str, shape: Shape) -> FileError:
    return FileError(
        "weights.shape",
        "{parameter} needs shape {needed}, but {source} in the file has shape {found}. Nothing was changed.",
        parameter=parameter.path, needed=format_shape(parameter.shape), source=source[:80],
        found=format_shape(shape),
    )  # fmt: skip
