"""The same table of operators makes arrays and graphs."""

from __future__ import annotations

import json

import numpy as np
import pytest

from engine.architecture.layers import Concat, Dropout, Residual
from engine.architecture.network import NetworkSpec, walk
from engine.architecture.shapes import summarize
from engine.backends.mxnet import runtime
from engine.backends.mxnet.operators import forward, log_softmax_cross_entropy, mxnet_name
from tests.engine.backends.reference import Reference, cross_entropy, softmax
from tests.engine.samples import EVERYTHING, build, samples


@pytest.fixture(scope="module")
def mx():
    return runtime.load()


def test_arrays_and_a_graph_give_the_same_logits(mx):
    batch = samples(EVERYTHING, 4, dtype=np.float32)
    weights = build(EVERYTHING).weights()
    arrays = {path: mx.nd.array(w) for path, w in weights.items()}
    variables = {path: mx.sym.var(mxnet_name(path)) for path in weights}

    at_once = forward(mx.nd, EVERYTHING, mx.nd.array(batch.images), arrays).asnumpy()
    graph = forward(mx.sym, EVERYTHING, mx.sym.var("data"), variables)
    named = {mxnet_name(path): array for path, array in arrays.items()} | {"data": mx.nd.array(batch.images)}
    executor = graph.bind(
        mx.cpu(),
        {name: named[name] for name in graph.list_arguments()},
        aux_states={name: named[name] for name in graph.list_auxiliary_states()},
    )

    np.testing.assert_allclose(at_once, Reference(EVERYTHING, weights).logits(batch.images), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(executor.forward(is_train=False)[0].asnumpy(), at_once, rtol=1e-5, atol=1e-6)


def test_a_graph_is_named_after_the_layers_of_the_network(mx):
    variables = {p.path: mx.sym.var(mxnet_name(p.path)) for p in summarize(EVERYTHING).parameters}

    graph = forward(mx.sym, EVERYTHING, mx.sym.var("data"), variables)

    names = {node["name"] for node in json.loads(graph.tojson())["nodes"]}
    for place in walk(EVERYTHING.layers):
        if not isinstance(place.layer, (Residual, Concat)):
            assert mxnet_name(place.path) in names
    assert set(graph.list_auxiliary_states()) == {
        mxnet_name(p.path) for p in summarize(EVERYTHING).parameters if not p.trainable
    }


def test_names_of_paths_are_unique_and_hold_no_slash():
    names = [mxnet_name(p.path) for p in summarize(EVERYTHING).parameters]

    assert mxnet_name("residual1/conv2/weight") == "residual1_conv2_weight"
    assert len(set(names)) == len(names)
    assert not any("/" in name for name in names)


def test_dropout_multiplies_with_its_mask_and_without_one_does_nothing(mx):
    spec = NetworkSpec("net", (4,), (Dropout(0.5),))
    x = mx.nd.array([[1, 2, 3, 4]])

    assert forward(mx.nd, spec, x, {}).asnumpy().tolist() == [[1, 2, 3, 4]]
    masked = forward(mx.nd, spec, x, {}, {"dropout1": mx.nd.array([[2, 0, 0, 2]])})
    assert masked.asnumpy().tolist() == [[2, 0, 0, 8]]


def test_cross_entropy_is_right_where_exp_would_overflow(mx):
    logits = np.array([[1e4, 0, -1e4], [0.5, 0.25, 0.125]], np.float32)

    losses = log_softmax_cross_entropy(mx.nd, mx.nd.array(logits), mx.nd.array([2, 0])).asnumpy()

    np.testing.assert_allclose(losses, cross_entropy(logits.astype(np.float64), np.array([2, 0])), rtol=1e-6)


def test_the_gradient_of_the_cross_entropy_is_as_exact_as_its_numbers(mx):
    random = np.random.default_rng(0)
    values, labels = random.normal(scale=3, size=(128, 10)).astype(np.float32), random.integers(10, size=128)
    logits = mx.nd.array(values)
    logits.attach_grad()
    with mx.autograd.record():
        losses = log_softmax_cross_entropy(mx.nd, logits, mx.nd.array(labels))
    losses.backward()

    expected = softmax(values.astype(np.float64)) - np.eye(10)[labels]
    np.testing.assert_allclose(logits.grad.asnumpy(), expected, atol=5e-7)
