from __future__ import annotations

import itertools

import pytest

from engine.errors import FileError
from engine.storage.convert import convert
from engine.storage.model_file import Model, load_model, save_model
from engine.training.config import TrainingConfig
from tests.engine.storage.samples import CONVNET, MLP, assert_same, weights_of

NAMES = ["model.safetensors", "weights.params", "weights.npz", "net-symbol.json"]
MODEL = Model(spec=CONVNET, weights=weights_of(CONVNET), config=TrainingConfig(seed=5), dataset="mnist")


@pytest.fixture
def files(tmp_path):
    """The same weights in every format."""
    save_model(tmp_path / NAMES[0], MODEL)
    for name in NAMES[1:]:
        convert(tmp_path / NAMES[0], tmp_path / name)
    return tmp_path


def test_every_format_becomes_every_other(files):
    for source, target in itertools.product(NAMES, NAMES):
        (files / "out").mkdir(exist_ok=True)
        mapping = convert(files / source, files / "out" / target, CONVNET)
        assert [path for _, path in mapping] == list(MODEL.weights)
        convert(files / "out" / target, files / "back.safetensors", CONVNET)
        assert_same(load_model(files / "back.safetensors").weights, MODEL.weights)


def test_the_mapping_names_the_tensors_of_the_source(files):
    mapping = convert(files / "weights.params", files / "x.npz", CONVNET)
    assert mapping[0] == ("conv1_weight", "conv1/weight")


def test_a_model_keeps_its_history(files):
    convert(files / NAMES[0], files / "copy.safetensors")
    copy = load_model(files / "copy.safetensors")
    assert (copy.config, copy.dataset) == (MODEL.config, "mnist")


def test_weights_alone_become_a_full_model(files):
    convert(files / "weights.npz", files / "full.safetensors", CONVNET)
    full = load_model(files / "full.safetensors")
    assert full.spec == CONVNET
    assert full.created
    assert "numpy" in full.versions


@pytest.mark.parametrize("name", NAMES[1:])
def test_weights_alone_need_a_network(files, name):
    with pytest.raises(FileError, match="which network"):
        convert(files / name, files / "x.safetensors")
    assert not (files / "x.safetensors").exists()


def test_a_network_that_does_not_fit_changes_nothing(files):
    before = (files / NAMES[0]).read_bytes()
    for name in NAMES:
        with pytest.raises(FileError, match="dense1/weight needs shape 5×6"):
            convert(files / name, files / NAMES[0], MLP)
    assert (files / NAMES[0]).read_bytes() == before


def test_a_trainable_export_ends_in_softmax_output(files):
    convert(files / NAMES[0], files / "t-symbol.json", trainable=True)
    assert '"op": "SoftmaxOutput"' in (files / "t-symbol.json").read_text()
    assert '"op": "SoftmaxOutput"' not in (files / NAMES[3]).read_text()
