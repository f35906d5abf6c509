"""Which weights of a trained network an edited one can keep."""

from __future__ import annotations

from collections.abc import Callable, Hashable

import msgspec

from engine.architecture.shapes import LayerSummary, NetworkSummary


def kept_layers(trained: NetworkSummary, edited: NetworkSummary) -> dict[str, str]:
    """Return for each layer of ``edited`` that keeps its weights the path of the trained layer they come from.

    A layer keeps the weights of the trained layer at its own path if their tensors have the same shapes. One that
    was moved is found by its name and settings, one that was renamed by its settings among its neighbours; of
    several, in order. No trained layer is used twice.
    """
    kept: dict[str, str] = {}
    for identity in (_by_path, _by_name, _by_settings):
        _match(trained, edited, identity, kept)
    return kept


def _match(
    trained: NetworkSummary, edited: NetworkSummary, identity: Callable[[LayerSummary], Hashable], kept: dict[str, str]
) -> None:
    used = set(kept.values())
    free: dict[Hashable, list[str]] = {}
    for entry in reversed(trained.layers):
        if entry.parameters and entry.path not in used:
            free.setdefault(identity(entry), []).append(entry.path)
    for entry in edited.layers:
        if entry.parameters and entry.path not in kept and free.get(identity(entry)):
            kept[entry.path] = free[identity(entry)].pop()


def _tensors(entry: LayerSummary) -> Hashable:
    return type(entry.layer), tuple((p.role, p.shape) for p in entry.parameters)


def _by_path(entry: LayerSummary) -> Hashable:
    return entry.path, _tensors(entry)


def _by_name(entry: LayerSummary) -> Hashable:
    return entry.layer, _tensors(entry)


def _by_settings(entry: LayerSummary) -> Hashable:
    parent = entry.path.rpartition("/")[0]
    return parent, msgspec.structs.replace(entry.layer, name=""), _tensors(entry)
