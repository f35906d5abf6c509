"""Converts a model or weights file to another format."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize
from engine.backends.mxnet import runtime
from engine.storage.formats import read_weights
from engine.storage.matching import Matching, match
from engine.storage.model_file import Model, is_model_file, load_model
from engine.storage.models import refuse_without_network, save_model_as


def convert(
    source: Path, target: Path, network: NetworkSpec | None = None, trainable: bool = False
) -> list[tuple[str, str]]:
    """Write what ``source`` holds to ``target`` in the format that its suffix names.

    Parameters
    ----------
    source, target : Path
        ``.safetensors``, ``.params``, ``.npz``, or ``-symbol.json`` with its ``-0000.params`` beside it.
    network : NetworkSpec, optional
        What the weights belong to; needed unless the source is a model file, which knows it.
    trainable : bool
        Let a ``-symbol.json`` end in SoftmaxOutput, for ``Module.fit``.

    Returns
    -------
    list of (name in the source, parameter path)
        Which tensor was taken for which parameter.

    Raises
    ------
    FileError
        If a file cannot be read or written, the weights do not fit, or the network is needed.
    """
    model, matching = _read(source, network)
    save_model_as(target, model, trainable)
    return [(entry.source, entry.target) for entry in matching.entries]


def _read(source: Path, network: NetworkSpec | None) -> tuple[Model, Matching]:
    if source.suffix.lower() == ".safetensors" and is_model_file(source):
        model = load_model(source)
        if network is None or network == model.spec:
            return model, match(summarize(model.spec), model.weights)
    if network is None:
        refuse_without_network(source)
    matching = read_weights(source, summarize(network))
    created = datetime.now(timezone.utc).isoformat(timespec="seconds")
    model = Model(spec=network, weights=matching.weights, created=created, versions=runtime.versions())
    return model, matching
