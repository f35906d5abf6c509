"""The model file: one .safetensors file with a network, its weights and how they came about.

Its metadata holds ``format_version``, ``netarium`` (everything but the arrays, as JSON) and ``sha256``: the
SHA-256 of the whole file, counted with those 64 characters as zeros. safetensors itself has no checksum.
"""

from __future__ import annotations

import hashlib
import math
import re
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np
from msgspec import Struct

from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize
from engine.backends.checks import check_weights
from engine.errors import FileError, NetariumError
from engine.storage.atomic import write_atomically
from engine.storage.reading import damaged, open_checked
from engine.storage.safetensors_file import Header, encode_header, read_header, read_tensor
from engine.training.config import TrainingConfig
from engine.training.events import Position, RunState

FORMAT_VERSION = 2  # 2 added what is needed to resume a run exactly

_KIND = "a Netarium model"
_OPTIMIZER = "optimizer:"  # layer paths hold no colon
_OPTIMIZER_DTYPES = {"F32", "F64", "I64"}
_NO_DIGEST = "0" * 64
# Quotes inside JSON texts are escaped, so only the key itself can match.
_DIGEST = re.compile(rb'"sha256":"([0-9a-f]{64})"')
_CHUNK = 2**20


class EpochMetrics(Struct, frozen=True):
    """The figures of one epoch; losses are per sample, accuracies shares of right answers, NaN if unknown."""

    epoch: int
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float
    seconds: float


class Model(Struct, frozen=True, kw_only=True, eq=False):
    """A network with its weights, and how they came about.

    Parameters
    ----------
    spec : NetworkSpec
    weights : mapping of parameter path to array, float32
        Exactly the parameters of ``spec``, running statistics included.
    config : TrainingConfig, optional
        The settings of the run that made the weights.
    dataset : str
        The name of the data set it learned from, or empty.
    class_names : tuple of str
        What the outputs mean, in order, or empty.
    metrics : tuple of EpochMetrics
    created : str
        When, in ISO 8601.
    versions : dict
        What ``engine.backends.mxnet.runtime.versions`` returned when the weights were made.
    optimizer_state : mapping of name to array (float32, float64 or int64)
        What ``Network.optimizer_state`` returned, for a training state that can be resumed.
    position : Position, optional
        Where the run stood, for a training state.
    state : RunState, optional
        With it the run goes on exactly; without, its weights are only what another run may begin with.
    """

    spec: NetworkSpec
    weights: dict[str, np.ndarray]
    config: TrainingConfig | None = None
    dataset: str = ""
    class_names: tuple[str, ...] = ()
    metrics: tuple[EpochMetrics, ...] = ()
    created: str = ""
    versions: dict[str, str | int] = {}
    optimizer_state: dict[str, np.ndarray] = {}
    position: Position | None = None
    state: RunState | None = None


class _Contents(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything of a model but its arrays, as it is in the file."""

    network: NetworkSpec
    config: TrainingConfig | None
    dataset: str
    class_names: tuple[str, ...]
    # Rows in the order of EpochMetrics; JSON has no NaN, so it is null here.
    metrics: tuple[tuple[int, float | None, float | None, float | None, float | None, float | None], ...]
    created: str
    versions: dict[str, str | int]
    position: Position | None
    state: RunState | None = None


# Made while modules are imported: msgspec works a type out when it first reads one, and two threads at that crash.
_CONTENTS = msgspec.json.Decoder(_Contents)


def save_model(path: Path, model: Model) -> None:
    """Write a model file; an older file at ``path`` stays intact unless the new one is complete.

    Raises
    ------
    FileError
        If the weights are not those of the network, or the file cannot be written.
    """
    summary = summarize(model.spec)
    check_weights(summary, model.weights)
    tensors = {p.path: np.asarray(model.weights[p.path], "<f4", order="C") for p in summary.parameters}
    for name, state in model.optimizer_state.items():
        tensors[_OPTIMIZER + name] = np.asarray(state, order="C")
    header = encode_header(
        tensors,
        {
            "format_version": str(FORMAT_VERSION),
            "sha256": _NO_DIGEST,
            "netarium": msgspec.json.encode(_contents(model)).decode(),
        },
    )
    digest = hashlib.sha256(header)
    for tensor in tensors.values():
        digest.update(tensor.data)
    signed = header.replace(f'"sha256":"{_NO_DIGEST}"'.encode(), f'"sha256":"{digest.hexdigest()}"'.encode(), 1)
    write_atomically(path, (signed, *(tensor.data for tensor in tensors.values())))


def load_model(path: Path) -> Model:
    """Read a model file; nothing of it is used before its checksum was compared.

    Raises
    ------
    FileError
        If the file cannot be read, is damaged, was written by a newer Netarium, or is a safetensors file of
        another program.
    """
    with open_checked(path) as (file, size):
        header = read_header(file, size, path)
        _check_origin(header, path)
        _check_digest(file, header, path)
        contents = _decode(header, path)
        _check_tensors(header, contents.network, path)
        arrays = {name: read_tensor(file, header, name, path) for name in header.tensors}
    return Model(
        spec=contents.network,
        weights={name: array for name, array in arrays.items() if not name.startswith(_OPTIMIZER)},
        config=contents.config,
        dataset=contents.dataset,
        class_names=contents.class_names,
        metrics=tuple(
            EpochMetrics(epoch, *(math.nan if value is None else value for value in values))
            for epoch, *values in contents.metrics
        ),
        created=contents.created,
        versions=contents.versions,
        optimizer_state={
            name.removeprefix(_OPTIMIZER): array for name, array in arrays.items() if name.startswith(_OPTIMIZER)
        },
        position=contents.position,
        state=contents.state,
    )


def is_model_file(path: Path) -> bool:
    """Return whether a safetensors file names itself a model of ours; its checksum is not compared.

    Raises
    ------
    FileError
        If it is not a safetensors file.
    """
    with open_checked(path) as (file, size):
        return "netarium" in read_header(file, size, path).metadata


def _contents(model: Model) -> _Contents:
    return _Contents(
        network=model.spec,
        config=model.config,
        dataset=model.dataset,
        class_names=model.class_names,
        metrics=tuple(msgspec.structs.astuple(m) for m in model.metrics),
        created=model.created,
        versions=model.versions,
        position=model.position,
        state=model.state,
    )


def _check_origin(header: Header, path: Path) -> None:
    version = header.metadata.get("format_version", "")
    if "netarium" not in header.metadata:
        raise FileError(
            "model.foreign",
            "{file} holds weights without a network; choose the network they belong to, and open them as its "
            "weights.",
            file=path,
        )  # fmt: skip
    if not re.fullmatch(r"[0-9]{1,9}", version):
        raise damaged(path, _KIND, "it does not say the version of its format")
    if int(version) > FORMAT_VERSION:
        raise FileError(
            "model.newer",
            "{file} was saved by a newer Netarium (format {version}, this one reads up to {known}); update "
            "Netarium to open it. Nothing was changed.",
            file=path, version=int(version), known=FORMAT_VERSION,
        )  # fmt: skip


def _check_digest(file: BinaryIO, header: Header, path: Path) -> None:
    found = list(_DIGEST.finditer(header.raw))
    if len(found) != 1:
        raise damaged(path, _KIND, "it has no checksum")
    start, end = found[0].span(1)
    digest = hashlib.sha256(len(header.raw).to_bytes(8, "little"))
    digest.update(header.raw[:start] + _NO_DIGEST.encode() + header.raw[end:])
    file.seek(header.data_start)
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    if digest.hexdigest().encode() != found[0][1]:
        raise damaged(path, _KIND, "its checksum does not match its content")


def _decode(header: Header, path: Path) -> _Contents:
    try:
        contents = _CONTENTS.decode(header.metadata["netarium"])
        if contents.config is not None:
            contents.config.checked()
    except (msgspec.MsgspecError, RecursionError, NetariumError) as error:
        problem = str(error).rstrip(".")
        raise damaged(path, _KIND, f"its description is not valid ({problem})") from error
    return contents


def _check_tensors(header: Header, spec: NetworkSpec, path: Path) -> None:
    """Check that the tensors are exactly the network's parameters, and optimizer state."""
    try:
        shapes = {p.path: p.shape for p in summarize(spec).parameters}
    except NetariumError as error:
        raise damaged(path, _KIND, f"its network is not valid ({str(error).rstrip('.')})") from error
    for name, entry in header.tensors.items():
        if name.startswith(_OPTIMIZER):
            fits = entry.dtype in _OPTIMIZER_DTYPES
        else:
            fits = entry.dtype == "F32" and entry.shape == shapes.pop(name, None)
        if not fits:
            raise damaged(path, _KIND, f"{name[:80]} does not belong to its network")
    if shapes:
        raise damaged(path, _KIND, f"{next(iter(shapes))} is missing")
