from __future__ import annotations

import json

import numpy as np
import pytest

from engine.backends.mxnet import runtime
from engine.backends.mxnet.gluon import GluonBackend
from engine.errors import FileError
from engine.storage.mxnet_symbol import export_for_mxnet
from tests.engine.storage.samples import CONVNET, MLP, weights_of

WEIGHTS = weights_of(CONVNET)
IMAGES = np.random.default_rng(3).uniform(size=(5, 1, 8, 8)).astype(np.float32)


@pytest.fixture(scope="module")
def mx():
    return runtime.load()


@pytest.fixture(scope="module")
def probabilities():
    return GluonBackend("cpu").build(CONVNET, WEIGHTS).predict(IMAGES)


def test_module_loads_it_and_agrees(mx, tmp_path, probabilities):
    export_for_mxnet(tmp_path / "net", CONVNET, WEIGHTS)
    module = mx.mod.Module.load(str(tmp_path / "net"), 0, label_names=None)
    module.bind([("data", IMAGES.shape)], for_training=False)
    module.forward(mx.io.DataBatch([mx.nd.array(IMAGES)]), is_train=False)
    np.testing.assert_allclose(module.get_outputs()[0].asnumpy(), probabilities, rtol=1e-5, atol=1e-7)


@pytest.mark.filterwarnings("ignore:Cannot decide type")  # MXNet says it of its own exports too
def test_symbol_block_imports_it_and_agrees(mx, tmp_path, probabilities):
    export_for_mxnet(tmp_path / "net", CONVNET, WEIGHTS)
    block = mx.gluon.SymbolBlock.imports(str(tmp_path / "net-symbol.json"), ["data"], str(tmp_path / "net-0000.params"))
    np.testing.assert_allclose(block(mx.nd.array(IMAGES)).asnumpy(), probabilities, rtol=1e-5, atol=1e-7)


def test_a_trainable_export_goes_on_learning_in_module_fit(mx, tmp_path):
    export_for_mxnet(tmp_path / "net", CONVNET, WEIGHTS, trainable=True)
    symbol, arguments, statistics = mx.model.load_checkpoint(str(tmp_path / "net"), 0)
    assert symbol.list_outputs() == ["softmax_output"]
    labels = np.array([0, 1, 2, 0, 1], np.float32)
    module = mx.mod.Module(symbol)
    module.fit(
        mx.io.NDArrayIter(IMAGES, labels, batch_size=5), num_epoch=2, arg_params=arguments,
        aux_params=statistics, optimizer_params={"learning_rate": 0.1},
    )  # fmt: skip
    learned, seen = module.get_params()
    assert abs(learned["dense1_weight"].asnumpy() - WEIGHTS["dense1/weight"]).max() > 0
    assert abs(seen["norm1_running_mean"].asnumpy() - WEIGHTS["norm1/running_mean"]).max() > 0


def test_dropout_layers_are_left_to_the_other_program(tmp_path):
    export_for_mxnet(tmp_path / "net", CONVNET, WEIGHTS)
    nodes = json.loads((tmp_path / "net-symbol.json").read_text())["nodes"]
    assert [(n["name"], n["attrs"]["p"]) for n in nodes if n["op"] == "Dropout"] == [("dropout1", "0.5")]


def test_the_same_network_gives_the_same_files(tmp_path):
    for name in "ab":
        export_for_mxnet(tmp_path / name, CONVNET, WEIGHTS)
    for suffix in ("-symbol.json", "-0000.params"):
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_weights_of_another_network_are_refused(tmp_path):
    with pytest.raises(FileError, match="dense1/weight"):
        export_for_mxnet(tmp_path / "net", MLP, WEIGHTS)
    assert not list(tmp_path.iterdir())
