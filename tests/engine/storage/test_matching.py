from __future__ import annotations

import numpy as np
import pytest

from engine.architecture.shapes import summarize
from engine.errors import FileError
from engine.storage.matching import match
from tests.engine.storage.samples import CONVNET, MLP, assert_same, weights_of

SUMMARY = summarize(CONVNET)
WEIGHTS = weights_of(CONVNET)
MLP_WEIGHTS = weights_of(MLP)


def renamed(function) -> dict[str, np.ndarray]:
    return {function(name): array for name, array in WEIGHTS.items()}


def backwards(tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return dict(reversed(tensors.items()))


@pytest.mark.parametrize(
    "rename",
    [
        lambda name: name,
        lambda name: name.replace("/", "_"),
        lambda name: name.replace("/", "."),
        lambda name: "hybridsequential0_" + name.replace("/", "_"),
        lambda name: name.replace("/", "_").replace("running", "moving"),
    ],
    ids=["paths", "mxnet", "dots", "prefix", "module"],
)
def test_names_decide_whatever_the_order(rename):
    matching = match(SUMMARY, backwards(renamed(rename)))
    assert matching.by_name
    assert_same(matching.weights, WEIGHTS)
    assert [(e.source, e.target, e.shape) for e in matching.entries] == [
        (rename(name), name, array.shape) for name, array in WEIGHTS.items()
    ]


def test_foreign_names_match_by_order_and_shape():
    matching = match(SUMMARY, {f"arr_{i}": array for i, array in enumerate(WEIGHTS.values())})
    assert not matching.by_name
    assert_same(matching.weights, WEIGHTS)
    assert matching.entries[0].source == "arr_0"


def test_statistics_at_the_end_of_a_module_file_find_their_layer():
    foreign = {f"x{i}_{name.rsplit('/')[-1]}": (name, array) for i, (name, array) in enumerate(WEIGHTS.items())}
    ordered = sorted(foreign, key=lambda name: "running" in name)
    matching = match(SUMMARY, {name: foreign[name][1] for name in ordered})
    assert not matching.by_name
    assert_same(matching.weights, WEIGHTS)


def test_gluon_counts_from_zero_and_pytorch_has_its_own_words():
    first, second = MLP_WEIGHTS["dense1/weight"], MLP_WEIGHTS["dense2/weight"]
    gluon = {"net0_dense0_weight": first, "net0_dense0_bias": MLP_WEIGHTS["dense1/bias"],
             "net0_dense1_weight": second, "net0_dense1_bias": MLP_WEIGHTS["dense2/bias"]}  # fmt: skip
    assert_same(match(summarize(MLP), gluon).weights, MLP_WEIGHTS)
    torch_words = {"gamma": "weight", "beta": "bias"}
    torch = {}
    for i, (path, array) in enumerate(WEIGHTS.items()):
        role = path.rsplit("/")[-1]
        torch[f"{i}.{torch_words.get(role, role)}"] = array
    torch["1.num_batches_tracked"] = np.array(100)
    assert_same(match(SUMMARY, torch).weights, WEIGHTS)


def test_weights_then_biases_is_an_order_that_fits_too():
    order = ["dense1/weight", "dense2/weight", "dense1/bias", "dense2/bias"]
    matching = match(summarize(MLP), {f"p{i}": MLP_WEIGHTS[name] for i, name in enumerate(order)})
    assert_same(matching.weights, MLP_WEIGHTS)


def test_other_types_become_contiguous_float32_copies():
    tensors = {name: np.asfortranarray(array.astype(np.float64)) for name, array in WEIGHTS.items()}
    weights = match(SUMMARY, tensors).weights
    assert_same(weights, WEIGHTS)
    assert all(array.flags.c_contiguous for array in weights.values())
    same = match(SUMMARY, WEIGHTS).weights
    assert not any(np.shares_memory(same[name], WEIGHTS[name]) for name in WEIGHTS)


def test_numbers_beyond_float32_become_infinite_without_a_warning():
    tensors = {name: array.astype(np.float64) for name, array in MLP_WEIGHTS.items()}
    tensors["dense1/bias"] = np.full(5, 1e300)
    assert np.isinf(match(summarize(MLP), tensors).weights["dense1/bias"]).all()


def without(name: str) -> dict[str, np.ndarray]:
    return {key: array for key, array in MLP_WEIGHTS.items() if key != name}


@pytest.mark.parametrize(
    ("tensors", "sentence"),
    [
        (MLP_WEIGHTS | {"dense2/weight": np.zeros((4, 5))}, "dense2/weight needs shape 3×5, but dense2/weight .* 4×5"),
        (without("dense2/bias"), r"no tensor left for dense2/bias \(3\)"),
        (MLP_WEIGHTS | {"dense3/bias": np.zeros(7)}, r"no place for dense3/bias \(7\)"),
        (WEIGHTS, "dense1/weight needs shape 5×6, but conv1/weight in the file has shape 4×1×3×3"),
        ({}, "no tensor left for dense1/weight"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named_with_both_shapes(tensors, sentence):
    with pytest.raises(FileError, match=sentence):
        match(summarize(MLP), tensors)
