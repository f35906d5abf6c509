from __future__ import annotations

import hashlib
import json
import math
import struct

import msgspec
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from engine.architecture.network import NetworkSpec
from engine.errors import FileError
from engine.storage.model_file import (
    EpochMetrics,
    Model,
    is_model_file,
    load_model,
    save_model,
)
from engine.storage.safetensors_file import read_safetensors_tensors
from engine.training.config import OptimizerConfig, TrainingConfig
from engine.training.events import Position
from tests.engine.storage.samples import (
    CONVNET,
    MLP,
    assert_refused,
    assert_same,
    bit_flips,
    truncations,
    weights_of,
)

FULL = Model(
    spec=CONVNET,
    weights=weights_of(CONVNET),
    config=TrainingConfig(optimizer=OptimizerConfig(name="adam"), seed=7),
    dataset="mnist",
    class_names=("0", "eins", "“二”"),
    metrics=(EpochMetrics(1, 0.5, 0.9, 0.4, 0.91, 1.25), EpochMetrics(2, math.nan, 0.1, math.inf, 0.1, 2.5)),
    created="2024-05-06T07:08:09+00:00",
    versions={"python": "3.11.2", "threads": 2},
    optimizer_state={"mean/dense1/weight": np.ones((3, 4), np.float32), "step": np.array(12, np.int64)},
    position=Position(2, 0, 1200, 3.75),
)


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "small.safetensors"
    save_model(path, Model(spec=MLP, weights=weights_of(MLP)))
    return path.read_bytes()


def signed(header: dict, data: bytes = b"") -> bytes:
    """Return a file with this header and the checksum that belongs to it."""
    header["__metadata__"]["sha256"] = "0" * 64
    raw = json.dumps(header, separators=(",", ":")).encode()
    file = struct.pack("<Q", len(raw)) + raw + data
    return file.replace(b'"sha256":"' + b"0" * 64, b'"sha256":"' + hashlib.sha256(file).hexdigest().encode())


def forged(small: bytes, **changes: object) -> bytes:
    """Return the small model with other contents and a right checksum."""
    (length,) = struct.unpack("<Q", small[:8])
    header = json.loads(small[8 : 8 + length])
    contents = json.loads(header["__metadata__"]["netarium"])
    header["__metadata__"]["netarium"] = json.dumps(contents | changes)
    return signed(header, small[8 + length :])


def test_everything_comes_back(tmp_path):
    path = tmp_path / "model.safetensors"
    save_model(path, FULL)
    loaded = load_model(path)
    assert_same(loaded.weights, FULL.weights)
    assert_same(loaded.optimizer_state, FULL.optimizer_state)
    for field in ("spec", "config", "dataset", "class_names", "created", "versions", "position"):
        assert getattr(loaded, field) == getattr(FULL, field), field
    assert loaded.metrics[0] == FULL.metrics[0]
    assert math.isnan(loaded.metrics[1].train_loss) and loaded.metrics[1].seconds == 2.5
    assert is_model_file(path)


def test_the_same_model_gives_the_same_bytes(tmp_path):
    save_model(tmp_path / "a", FULL)
    save_model(tmp_path / "b", load_model(tmp_path / "a"))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_safetensors_library_reads_it(tmp_path):
    path = tmp_path / "model.safetensors"
    save_model(path, FULL)
    theirs = load_file(path)
    for name, array in FULL.weights.items():
        np.testing.assert_array_equal(theirs[name], array)
    assert theirs["optimizer:step"] == 12


def test_not_finite_weights_can_be_kept_for_inspection(tmp_path):
    weights = weights_of(MLP) | {"dense1/bias": np.full(5, np.nan, np.float32)}
    save_model(tmp_path / "m", Model(spec=MLP, weights=weights))
    assert np.isnan(load_model(tmp_path / "m").weights["dense1/bias"]).all()


def test_saving_weights_of_another_network_is_refused_and_keeps_the_old_file(tmp_path, small):
    path = tmp_path / "small.safetensors"
    with pytest.raises(FileError, match="dense1/weight"):
        save_model(path, Model(spec=MLP, weights=weights_of(CONVNET)))
    assert path.read_bytes() == small


def test_every_flipped_bit_is_noticed(tmp_path, small):
    for data in bit_flips(small, 300):
        assert_refused(load_model, tmp_path / "m", data)


def test_every_truncation_is_noticed(tmp_path, small):
    for data in (*truncations(small), small + b"\0"):
        assert_refused(load_model, tmp_path / "m", data)


def test_a_flip_in_the_weights_is_told_as_damage(tmp_path, small):
    data = small[:-1] + bytes([small[-1] ^ 1])
    assert "checksum" in assert_refused(load_model, tmp_path / "m", data)


def test_weights_of_another_program_are_told_apart(tmp_path):
    path = tmp_path / "other.safetensors"
    tensors = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.array([1], np.float16)}
    save_file(tensors, path)
    assert not is_model_file(path)
    with pytest.raises(FileError, match="weights without a network"):
        load_model(path)
    found = read_safetensors_tensors(path)
    for name in tensors:
        np.testing.assert_array_equal(found[name], tensors[name])
        assert found[name].dtype == tensors[name].dtype


def test_a_newer_format_asks_for_an_update(tmp_path, small):
    data = small.replace(b'"format_version":"2"', b'"format_version":"3"')
    assert "update Netarium" in assert_refused(load_model, tmp_path / "m", data)


@pytest.mark.parametrize(
    "changes",
    [
        {"network": {"name": "x", "input_shape": [6], "layers": [{"kind": "dense", "units": 0}]}},
        {"network": {"name": "x", "input_shape": [6], "layers": [{"kind": "dense", "units": 10**6}] * 9}},
        {"network": {"name": "x", "input_shape": [6], "layers": [{"kind": "pickle"}]}},
        {"network": {"name": "", "input_shape": [6], "layers": []}},
        {"network": {"name": "x", "input_shape": [10**18], "layers": []}},
        {"network": json.loads(CONVNET.to_json())},
        {"config": {"batch_size": -1}},
        {"config": {"unknown": 1}},
        {"metrics": [[1, 2]]},
        {"class_names": [1]},
        {"surprise": True},
    ],
)
def test_contents_that_are_not_valid_are_refused_though_the_checksum_is_right(tmp_path, small, changes):
    assert "damaged" in assert_refused(load_model, tmp_path / "m", forged(small, **changes))


def test_a_forged_file_without_changes_is_read(tmp_path, small):
    (tmp_path / "m").write_bytes(forged(small))
    assert load_model(tmp_path / "m").spec == MLP


def test_deep_json_is_refused(tmp_path, small):
    deep = '{"kind":"residual","body":[' * 50_000
    (length,) = struct.unpack("<Q", small[:8])
    header = json.loads(small[8 : 8 + length])
    header["__metadata__"]["netarium"] = '{"network":{"name":"x","input_shape":[6],"layers":[' + deep
    assert_refused(load_model, tmp_path / "m", signed(header, small[8 + length :]))
    raw = b'{"__metadata__":' + b"[" * 100_000
    assert_refused(load_model, tmp_path / "m", struct.pack("<Q", len(raw)) + raw)


@pytest.mark.parametrize("length", [2**62, 2**64 - 1, 5 * 2**20])
def test_a_header_longer_than_the_file_is_refused(tmp_path, small, length):
    assert_refused(load_model, tmp_path / "m", struct.pack("<Q", length) + small[8:])


@pytest.mark.parametrize(
    "entry",
    [
        {"dtype": "F32", "shape": [2**62], "data_offsets": [0, 2**62]},
        {"dtype": "F32", "shape": [2**61] * 30, "data_offsets": [0, 8]},
        {"dtype": "F32", "shape": [1] * 1_000_000, "data_offsets": [0, 4]},
        {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]},
        {"dtype": "F32", "shape": [2], "data_offsets": [8, 0]},
        {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]},
        {"dtype": "F32", "shape": [10**40], "data_offsets": [0, 8]},
        {"dtype": "F8_E5M2", "shape": [8], "data_offsets": [0, 8]},
        {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], "more": 1},
        {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]},
        "text",
    ],
)
def test_tensors_that_cannot_be_are_refused(tmp_path, entry):
    raw = json.dumps({"t": entry}).encode()
    assert_refused(read_safetensors_tensors, tmp_path / "m", struct.pack("<Q", len(raw)) + raw + b"\0" * 8)


@pytest.mark.parametrize("change", ["rename", "type"])
def test_tensors_that_are_not_the_networks_are_refused(tmp_path, small, change):
    (length,) = struct.unpack("<Q", small[:8])
    header = json.loads(small[8 : 8 + length])
    if change == "rename":
        header["dense9/bias"] = header.pop("dense2/bias")
    else:
        header["dense2/bias"]["dtype"] = "I32"
    sentence = assert_refused(load_model, tmp_path / "m", signed(header, small[8 + length :]))
    assert "does not belong" in sentence


def test_places_that_are_no_files_get_a_sentence(tmp_path):
    with pytest.raises(FileError, match="no file"):
        load_model(tmp_path / "missing.safetensors")
    with pytest.raises(FileError, match="is a folder"):
        load_model(tmp_path)
    with pytest.raises(FileError, match="not a file"):
        load_model(tmp_path / ".." / ".." / ".." / ".." / ".." / ".." / ".." / "dev" / "zero")
    assert "empty" in assert_refused(load_model, tmp_path / "m", b"")


def test_a_huge_sparse_file_is_refused_without_reading_it(tmp_path):
    with open(tmp_path / "m", "wb") as file:
        file.truncate(5 * 2**30)
    with pytest.raises(FileError, match="at most"):
        load_model(tmp_path / "m")


def test_a_network_keeps_its_names(tmp_path):
    """Layers named by hand come back as they were."""
    spec = NetworkSpec(
        "n", (4,), tuple(msgspec.structs.replace(layer, name=f"my-{i}") for i, layer in enumerate(MLP.layers))
    )
    save_model(tmp_path / "m", Model(spec=spec, weights=weights_of(spec)))
    assert set(load_model(tmp_path / "m").weights) == {"my-0/weight", "my-0/bias", "my-2/weight", "my-2/bias"}
