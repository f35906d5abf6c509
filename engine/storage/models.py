"""Opens and saves a model in any format Netarium knows, by the file's suffix."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize
from engine.errors import FileError
from engine.storage.atomic import check_writable
from engine.storage.formats import SYMBOL_SUFFIX, check_suffix, read_weights, write_weights
from engine.storage.model_file import Model, is_model_file, load_model, save_model
from engine.storage.mxnet_symbol import export_for_mxnet
from engine.storage.reading import open_checked


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
        refuse_without_network(path)
    matching = read_weights(path, summarize(network))
    note = f"{len(matching.weights)} tensors of {path.name} were matched to {network.name}."
    return Opened(Model(spec=network, weights=matching.weights), note)


def refuse_without_network(path: Path) -> NoReturn:
    """Raise ``FileError``: weights need a network, unless ``path`` cannot hold weights in the first place."""
    check_suffix(path, for_reading=True)
    with open_checked(path):
        raise FileError(
            "file.no_network",
            "{file} holds weights without a network; say which network they belong to (--network NAME).",
            file=path,
        )  # fmt: skip


def check_target(path: Path) -> None:
    """Check that ``save_model_as`` could write to ``path``, before the training that makes the model.

    Raises
    ------
    FileError
        As ``save_model_as`` would.
    """
    check_suffix(path)
    check_writable(path)


def save_model_as(path: Path, model: Model, trainable: bool = False) -> None:
    """Write a whole model (``.safetensors``), its weights alone, or a graph for other MXNet programs.

    ``trainable`` lets such a graph end in SoftmaxOutput, for ``Module.fit``.

    Raises
    ------
    FileError
        If the suffix is unknown or the file cannot be written; an older file is intact.
    """
    check_suffix(path)
    if path.name.endswith(SYMBOL_SUFFIX):
        prefix = path.with_name(path.name.removesuffix(SYMBOL_SUFFIX))
        export_for_mxnet(prefix, model.spec, model.weights, trainable)
    elif path.suffix.lower() == ".safetensors":
        save_model(path, model)
    else:
        write_weights(path, model.spec, model.weights)
