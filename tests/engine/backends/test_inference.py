"""What every backend answers without changing a network, compared with NumPy."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from engine.architecture.layers import (
    Activation,
    ActivationFunction,
    AvgPool2D,
    BatchNorm,
    Concat,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAvgPool2D,
    Layer,
    MaxPool2D,
    Residual,
)
from engine.architecture.network import NetworkSpec, walk
from engine.architecture.shapes import summarize
from engine.errors import FileError
from tests.engine.backends.reference import Reference, cross_entropy, softmax
from tests.engine.samples import EVERYTHING, MLP, build, samples

SINGLE_LAYERS: list[Layer] = [
    Conv2D(3, (3, 2)),
    Conv2D(3, (2, 3), stride=(2, 1), padding=(0, 2), use_bias=False),
    Conv2D(1, (1, 1)),
    MaxPool2D(),
    MaxPool2D((3, 2), stride=(2, 3), padding=(1, 1)),
    AvgPool2D((3, 3), stride=(2, 1), padding=(1, 2)),
    GlobalAvgPool2D(),
    Flatten(),
    BatchNorm(),
    Dropout(0.5),
    Residual(body=(Conv2D(2, (3, 3), padding=(1, 1)), BatchNorm())),
    Residual(body=()),
    Concat(((Conv2D(1, (1, 1)),), (), (MaxPool2D((3, 3), stride=(1, 1), padding=(1, 1)),))),
    *(Activation(function) for function in get_args(ActivationFunction)),
]


def scrambled(network):
    """Give a network running statistics and gammas that are not those of the start."""
    random = np.random.default_rng(5)
    network.set_weights(
        {
            path: random.uniform(0.5, 1.5, w.shape)
            if path.endswith(("gamma", "running_var"))
            else random.normal(size=w.shape)
            for path, w in network.weights().items()
        }
    )
    return network


@pytest.mark.parametrize("layer", SINGLE_LAYERS, ids=lambda layer: str(layer)[:60])
def test_each_layer_computes_its_definition(backend, layer):
    spec = NetworkSpec("net", (2, 7, 6), (layer,))
    network = scrambled(build(spec, backend))
    images = np.random.default_rng(0).normal(size=(4, 2, 7, 6)).astype(np.float32)

    output = list(network.activations(images).values())[-1]

    expected = Reference(spec, network.weights()).logits(images)
    assert output.shape == expected.shape == (4, *summarize(spec).output_shape)
    np.testing.assert_allclose(output, expected, rtol=2e-5, atol=2e-5)


def test_activations_are_every_layers_output_a_composite_after_what_it_holds(backend):
    network = scrambled(build(EVERYTHING, backend))
    images = samples(EVERYTHING, 5, dtype=np.float32).images
    reference = Reference(EVERYTHING, network.weights())
    reference.logits(images)

    activations = network.activations(images)

    shapes = {layer.path: (5, *layer.output_shape) for layer in summarize(EVERYTHING).layers}
    assert {path: value.shape for path, value in activations.items()} == shapes
    order = list(activations)
    assert order[-1] == EVERYTHING.layers[-1].name
    assert [p for p in order if "/" not in p] == [layer.name for layer in EVERYTHING.layers]
    for path in order:
        inside = [p for p in order if p.startswith(f"{path}/")]
        assert all(order.index(p) < order.index(path) for p in inside)
    plain = [place.path for place in walk(EVERYTHING.layers) if not isinstance(place.layer, (Residual, Concat))]
    assert [path for path in order if path in plain] == plain
    for path, value in activations.items():
        assert value.dtype == np.float32
        np.testing.assert_allclose(value, reference.outputs[path], rtol=1e-4, atol=1e-4, err_msg=path)


def test_probabilities_are_the_softmax_of_the_logits(backend):
    network = build(EVERYTHING, backend)
    images = samples(EVERYTHING, 6, dtype=np.float32).images

    probabilities = network.predict(images)

    assert (probabilities.shape, probabilities.dtype) == ((6, 3), np.float32)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
    logits = list(network.activations(images).values())[-1]
    np.testing.assert_allclose(probabilities, softmax(logits.astype(np.float64)), rtol=1e-5)


def test_one_image_gets_the_same_answer_alone_and_among_others(backend):
    network = scrambled(build(EVERYTHING, backend))
    images = samples(EVERYTHING, 8, dtype=np.float32).images

    together = network.predict(images)

    for i in range(8):
        np.testing.assert_allclose(network.predict(images[i : i + 1])[0], together[i], rtol=1e-4, atol=1e-6)


def test_answers_are_the_callers_own(backend):
    network = build(MLP, backend)
    images = samples(MLP, 3, dtype=np.float32).images
    first = network.predict(images)
    kept = first.copy()

    network.predict(images[::-1])
    network.activations(images * 0)

    assert np.array_equal(first, kept)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_evaluation_sums_cross_entropy_and_right_answers(backend, dtype):
    network = scrambled(build(EVERYTHING, backend))
    batch = samples(EVERYTHING, 20, dtype=dtype)
    data = network.place(batch.images, batch.labels)
    logits = Reference(EVERYTHING, network.weights()).logits(batch.images / (255 if dtype is np.uint8 else 1))

    assert len(data) == 20
    for start, stop in ((0, 20), (0, 1), (7, 16)):
        loss, correct = network.evaluate_batch(data, start, stop).result()
        labels = batch.labels[start:stop]
        assert loss == pytest.approx(cross_entropy(logits[start:stop], labels).sum(), rel=1e-4)
        assert correct == (logits[start:stop].argmax(axis=1) == labels).sum()
        assert (type(loss), type(correct)) == (float, int)


def test_a_loss_too_large_for_exp_is_still_finite(backend):
    spec = NetworkSpec("net", (2,), (Dense(3, use_bias=False),))
    weights = {"dense1/weight": np.array([[1000, 0], [0, 1000], [-1000, -1000]], np.float32)}
    network = backend.build(spec, weights)

    data = network.place(np.array([[1, 0], [0, 1]], np.float32), np.array([2, 1]))

    assert network.evaluate_batch(data, 0, 2).result() == (2000.0, 1)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("layout", ["fortran", "channels-last", "backwards", "read-only"])
def test_images_may_lie_in_memory_as_they_like(backend, dtype, layout):
    network = build(EVERYTHING, backend)
    batch = samples(EVERYTHING, 6, dtype=dtype)
    images = {
        "fortran": lambda a: np.asfortranarray(a),
        "channels-last": lambda a: np.ascontiguousarray(a.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2),
        "backwards": lambda a: a[::-1].copy()[::-1],
        "read-only": lambda a: np.frombuffer(a.tobytes(), a.dtype).reshape(a.shape),
    }[layout](batch.images)
    plain, other = network.place(batch.images, batch.labels), network.place(images, batch.labels[::-1].copy()[::-1])

    assert network.evaluate_batch(other, 1, 5).result() == network.evaluate_batch(plain, 1, 5).result()
    if dtype is np.float32:
        assert np.array_equal(network.predict(images), network.predict(batch.images))


def test_a_vector_network_takes_images_by_their_values(backend):
    spec = NetworkSpec("net", (6,), (Dense(3),))
    network = build(spec, backend)
    images = np.random.default_rng(0).random((4, 6), np.float32)
    data = network.place(images, np.array([0, 1, 2, 0]))

    expected = Reference(spec, network.weights()).losses(images, np.array([0, 1, 2, 0])).sum()
    assert network.evaluate_batch(data, 0, 4).result().loss == pytest.approx(expected, rel=1e-5)


def test_looking_at_a_network_changes_nothing(backend):
    network = build(EVERYTHING, backend)
    before = network.weights()
    batch = samples(EVERYTHING, 6, dtype=np.float32)

    network.predict(batch.images)
    network.activations(batch.images)
    network.evaluate_batch(network.place(batch.images, batch.labels), 0, 6).result()

    after = network.weights()
    assert all(np.array_equal(before[path], after[path]) for path in before)


def test_weights_go_in_and_come_out_unchanged_and_are_copies(backend):
    network = build(EVERYTHING, backend)
    random = np.random.default_rng(0)
    given = {path: random.normal(size=w.shape).astype(np.float32) for path, w in network.weights().items()}

    network.set_weights(given)
    taken = network.weights()

    assert list(taken) == [p.path for p in summarize(EVERYTHING).parameters]
    for path in given:
        assert taken[path].dtype == np.float32
        assert np.array_equal(taken[path], given[path])
        given[path][:] = 7
    assert all(np.array_equal(w, taken[path]) for path, w in network.weights().items())
    for path in taken:
        taken[path][:] = 8
    assert not any((w == 7).all() or (w == 8).all() for w in network.weights().values())


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda w: w.pop("dense2/bias"), r"lack dense2/bias \(4\); the network stays as it was"),
        (lambda w: w.update({"dense1/weight": np.zeros((36, 8))}), r"dense1/weight has shape 36×8, but .* 8×36"),
        (lambda w: w.update({"dense1/bias": np.zeros((8, 1))}), r"dense1/bias has shape 8×1"),
        (lambda w: w.update({"dense3/bias": np.zeros(2)}), r"hold dense3/bias, which the network has not"),
    ],
)
def test_weights_that_do_not_fit_are_refused_and_change_nothing(backend, change, sentence):
    network = build(MLP, backend)
    before = network.weights()
    others = {path: w + 1 for path, w in before.items()}
    change(others)

    with pytest.raises(FileError, match=sentence):
        network.set_weights(others)
    with pytest.raises(FileError, match=sentence):
        backend.build(MLP, others)

    after = network.weights()
    assert all(np.array_equal(before[path], after[path]) for path in before)


def test_layers_may_have_the_names_that_a_graph_uses_itself(backend):
    names = ("data", "data0", "weight", "bias", "label", "softmax", "fwd")
    spec = NetworkSpec("net", (5,), tuple(Dense(4, name=name) for name in names))
    network = build(spec, backend)
    images = np.random.default_rng(0).random((3, 5), np.float32)

    activations = network.activations(images)

    assert list(activations) == list(names)
    np.testing.assert_allclose(
        activations["fwd"], Reference(spec, network.weights()).logits(images), rtol=1e-4, atol=1e-5
    )
