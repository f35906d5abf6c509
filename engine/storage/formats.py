"""Reads and writes weights in any format Netarium knows, by the file's suffix."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import NetworkSummary, summarize
from engine.backends.checks import check_weights
from engine.backends.mxnet.operators import mxnet_name
from engine.errors import FileError
from engine.storage.atomic import write_atomically
from engine.storage.matching import Matching, match
from engine.storage.model_file import Model, is_model_file, load_model, save_model
from engine.storage.mxnet_params import encode_mxnet_params, read_mxnet_params
from engine.storage.npz import encode_npz, read_npz
from engine.storage.pickled_params import read_pickled_params
from engine.storage.safetensors_file import read_safetensors_tensors

SYMBOL_SUFFIX = "-symbol.json"
"""How the names of MXNet's graphs end; the weights lie beside them, with ``PARAMS_SUFFIX`` instead."""

PARAMS_SUFFIX = "-0000.params"

PICKLE_SUFFIX = ".pkl"
"""How the names of the NumPy book's parameters end."""


def read_weights(path: Path, summary: NetworkSummary) -> Matching:
    """Read the weights of a network from a .safetensors, .params, .npz or .pkl file, or beside a -symbol.json.

    Raises
    ------
    FileError
        If the suffix is unknown, the file cannot be used, or its tensors do not fit the network.
    """
    if path.name.endswith(SYMBOL_SUFFIX):
        path = path.with_name(path.name.removesuffix(SYMBOL_SUFFIX) + PARAMS_SUFFIX)
    if path.suffix.lower() == PICKLE_SUFFIX:
        return match(summary, read_pickled_params(path, summary))
    return match(summary, _reader(path)(path))


def write_weights(path: Path, spec: NetworkSpec, weights: Mapping[str, np.ndarray]) -> None:
    """Write weights to a .params (Gluon's names), .npz (paths) or .safetensors file (with the network).

    Raises
    ------
    FileError
        If the suffix is unknown, the weights are not those of the network, or the file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix == ".safetensors":
        save_model(path, Model(spec=spec, weights=dict(weights)))
        return
    summary = summarize(spec)
    check_weights(summary, weights)
    ordered = {p.path: np.asarray(weights[p.path], np.float32) for p in summary.parameters}
    if suffix == ".params":
        named = {mxnet_name(name): array for name, array in ordered.items()}
        write_atomically(path, encode_mxnet_params(named))
    elif suffix == ".npz":
        write_atomically(path, (encode_npz(ordered),))
    else:
        raise _unknown(path)


def check_suffix(path: Path, for_reading: bool = False) -> None:
    """Check that a file's name says a format; pickles are only read.

    Raises
    ------
    FileError
        Listing the suffixes there are.
    """
    if for_reading and path.suffix.lower() == PICKLE_SUFFIX:
        return
    prefix = path.name.removesuffix(SYMBOL_SUFFIX)
    if prefix == path.name:
        _reader(path)
    elif not prefix:
        raise _unknown(path)


def _reader(path: Path) -> Callable[[Path], dict[str, np.ndarray]]:
    readers = {".params": read_mxnet_params, ".npz": read_npz, ".safetensors": _read_safetensors}
    if path.suffix.lower() not in readers:
        raise _unknown(path)
    return readers[path.suffix.lower()]


def _read_safetensors(path: Path) -> dict[str, np.ndarray]:
    return load_model(path).weights if is_model_file(path) else read_safetensors_tensors(path)


def _unknown(path: Path) -> FileError:
    return FileError(
        "file.unknown_suffix",
        "{file} is in no format that Netarium knows; names end in .safetensors, .params, .npz or -symbol.json.",
        file=path,
    )  # fmt: skip
