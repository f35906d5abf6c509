from __future__ import annotations

import os

import numpy as np
import pytest
from safetensors.numpy import save_file

from engine.architecture.shapes import summarize
from engine.backends.mxnet import runtime
from engine.errors import FileError
from engine.storage.formats import read_weights, write_weights
from engine.storage.model_file import load_model
from tests.engine.storage.samples import CONVNET, MLP, assert_same, weights_of

SUMMARY = summarize(CONVNET)
WEIGHTS = weights_of(CONVNET)


@pytest.mark.parametrize("suffix", [".safetensors", ".params", ".npz", ".NPZ"])
def test_weights_come_back_from_every_format(tmp_path, suffix):
    path = tmp_path / f"weights{suffix}"
    write_weights(path, CONVNET, WEIGHTS)
    matching = read_weights(path, SUMMARY)
    assert matching.by_name
    assert_same(matching.weights, WEIGHTS)


def test_params_carry_the_names_mxnet_expects(tmp_path):
    write_weights(tmp_path / "w.params", CONVNET, WEIGHTS)
    theirs = runtime.load().nd.load(str(tmp_path / "w.params"))
    assert list(theirs) == [name.replace("/", "_") for name in WEIGHTS]
    np.testing.assert_array_equal(theirs["dense1_bias"].asnumpy(), WEIGHTS["dense1/bias"])


def test_a_model_file_written_from_weights_knows_its_network(tmp_path):
    write_weights(tmp_path / "m.safetensors", CONVNET, WEIGHTS)
    assert load_model(tmp_path / "m.safetensors").spec == CONVNET


def test_safetensors_of_another_program_are_matched(tmp_path):
    save_file({name.replace("/", "."): array for name, array in WEIGHTS.items()}, tmp_path / "w.safetensors")
    assert_same(read_weights(tmp_path / "w.safetensors", SUMMARY).weights, WEIGHTS)


def test_the_params_beside_a_symbol_are_read(tmp_path):
    write_weights(tmp_path / "net-0000.params", CONVNET, WEIGHTS)
    assert_same(read_weights(tmp_path / "net-symbol.json", SUMMARY).weights, WEIGHTS)


@pytest.mark.parametrize("name", ["weights.pickle", "weights", "symbol.json"])
def test_an_unknown_suffix_names_the_known_ones(tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(FileError, match=r"\.safetensors, \.params, \.npz"):
        read_weights(tmp_path / name, SUMMARY)
    with pytest.raises(FileError, match=r"\.safetensors, \.params, \.npz"):
        write_weights(tmp_path / name, CONVNET, WEIGHTS)
    assert (tmp_path / name).read_bytes() == b"x"


@pytest.mark.parametrize("suffix", [".safetensors", ".params", ".npz"])
def test_missing_files_and_folders_get_a_sentence(tmp_path, suffix):
    with pytest.raises(FileError, match="There is no file"):
        read_weights(tmp_path / f"missing{suffix}", SUMMARY)
    (tmp_path / f"folder{suffix}").mkdir()
    with pytest.raises(FileError, match="is a folder"):
        read_weights(tmp_path / f"folder{suffix}", SUMMARY)
    with pytest.raises(FileError, match="it is a folder"):
        write_weights(tmp_path / f"folder{suffix}", CONVNET, WEIGHTS)


@pytest.mark.parametrize("suffix", [".safetensors", ".params", ".npz"])
def test_weights_of_another_network_are_not_written(tmp_path, suffix):
    with pytest.raises(FileError, match="dense1/weight"):
        write_weights(tmp_path / f"w{suffix}", MLP, WEIGHTS)
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_gets_a_sentence(tmp_path):
    write_weights(tmp_path / "w.npz", CONVNET, WEIGHTS)
    (tmp_path / "w.npz").chmod(0)
    with pytest.raises(FileError, match="cannot be read"):
        read_weights(tmp_path / "w.npz", SUMMARY)
