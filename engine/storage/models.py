"""Opens and saves a model in any format Netarium knows, by the file's suffix."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize
from engine.errors import FileError
from engine.storage.formats import SYMBOL_SUFFIX, read_weights, write_weights
from engine.storage.model_file import Model, is_model_file, load_model, save_model
from engine.storage.mxnet_symbol import export_for_mxnet


@dataclass(frozen=True)
class Opened:
    """A model, and a sentence on how its tensors were matched where the file has weights alone."""

    model: Model
    note: str = ""


def open_model(path: Path, network: NetworkSpec | None = None) -> Opened:
    """Read a model, or weights alone into ``network``.

    Raises
    ------
    FileError
        If the file cannot be used, or does not say which network it belongs to and none was given.
    """
    if path.suffix.lower() == ".safetensors" and is_model_file(path):
        return Opened(load_model(path))
    if network is None:
        raise FileError(
            "file.no_network",
            "{file} holds weights without a network; say which network they belong to (--network NAME).",
            file=path.name,
        )  # fmt: skip
    matching = read_weights(path, summarize(network))
    note = f"{len(matching.weights)} tensors of {path.name} were matched to {network.name}."
    return Opened(Model(spec=network, weights=matching.weights), note)


def save_model_as(path: Path, model: Model, trainable: bool = False) -> None:
    """Write a whole model (``.safetensors``), its weights alone, or a graph for other MXNet programs.

    ``trainable`` lets such a graph end in SoftmaxOutput, for ``Module.fit``.

    Raises
    ------
    FileError
        If the suffix is unknown or the file cannot be written; an older file is intact.
    """
    if path.name.endswith(SYMBOL_SUFFIX):
        prefix = path.with_name(path.name.removesuffix(SYMBOL_SUFFIX))
        export_for_mxnet(prefix, model.spec, model.weights, trainable)
    elif path.suffix.lower() == ".safetensors":
        save_model(path, model)
    else:
        write_weights(path, model.spec, model.weights)
