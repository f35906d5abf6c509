"""What the shared contract of all backends cannot see: how the layers of the NumPy backend do it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.architecture.layers import Activation, Conv2D, Dense, Flatten, MaxPool2D
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize
from engine.architecture.zoo import EXPERIMENTS
from engine.backends.base import StepSettings
from engine.backends.scratch.activations import erf
from engine.backends.scratch.assembly import assemble
from engine.backends.scratch.blocks import Concat, Residual
from engine.backends.scratch.conv import pad, parts, unpad, windows_of
from engine.backends.scratch.gradient_check import check_gradients
from engine.backends.scratch.layers import Pass
from engine.backends.scratch.losses import SoftmaxCrossEntropy
from engine.backends.scratch.network import ScratchBackend
from engine.backends.scratch.pooling import MaxPool2D as Pooling
from engine.training.config import OptimizerConfig
from tests.engine.backends.reference import Reference
from tests.engine.samples import EVERYTHING, build, masks, samples

SETTINGS = StepSettings(0.1, 0.9, 0.0)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 2e-7), (np.float64, 1e-15)])
def test_the_error_function_is_as_precise_as_its_dtype(dtype, tolerance):
    x = np.concatenate([np.linspace(-9, 9, 4001), [0, 1e-30, -1e-30, 40, -1e30]]).astype(dtype)

    result = erf(np, x)

    assert result.dtype == dtype
    np.testing.assert_allclose(result, [math.erf(v) for v in x], atol=tolerance)


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (5, 4)])
@pytest.mark.parametrize("stride", [(1, 1), (2, 1), (3, 2)])
def test_windows_are_the_pieces_of_the_images_and_not_copies(size, stride):
    x = np.random.default_rng(0).normal(size=(3, 2, 7, 6))

    windows = windows_of(np, x, size, stride)

    rows, columns = windows.shape[3:5]
    assert (rows, columns) == ((7 - size[0]) // stride[0] + 1, (6 - size[1]) // stride[1] + 1)
    for r in range(rows):
        for q in range(columns):
            top, left = r * stride[0], q * stride[1]
            piece = x[:, :, top : top + size[0], left : left + size[1]]
            assert np.array_equal(windows[:, :, :, r, q].transpose(3, 0, 1, 2), piece)
    assert np.shares_memory(windows, x)


def test_parts_hold_every_value_of_every_window_once():
    x = np.arange(2 * 3 * 7 * 6).reshape(2, 3, 7, 6)

    found = np.stack([part for _, part in parts(x, (2, 3), (2, 1), (3, 4))])

    windows = windows_of(np, x, (2, 3), (2, 1))
    assert np.array_equal(found, windows.transpose(1, 2, 5, 0, 3, 4).reshape(found.shape))


def test_padding_is_put_around_and_taken_off():
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 5))

    padded = pad(np, x, (1, 2), -7)

    assert np.array_equal(padded, np.pad(x, ((0, 0), (0, 0), (1, 1), (2, 2)), constant_values=-7))
    assert np.array_equal(unpad(padded, (1, 2)), x)


# Of these the first three have windows that serve two rows of the output.
@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "height", "use_bias"),
    [
        ((5, 3), (1, 1), (0, 0), 8, True),
        ((5, 5), (1, 2), (2, 1), 6, False),
        ((10, 2), (2, 1), (0, 1), 12, True),
        ((5, 3), (1, 1), (0, 0), 9, True),
        ((5, 3), (2, 1), (0, 0), 11, True),
        ((4, 4), (1, 1), (1, 1), 9, True),
    ],
)
def test_a_convolution_and_its_derivatives_are_those_of_the_definition(kernel, stride, padding, height, use_bias):
    layer = Conv2D(3, kernel, stride=stride, padding=padding, use_bias=use_bias)
    spec = NetworkSpec("net", (2, height, 7), (Conv2D(2, (1, 1)), layer, Activation("tanh"), Flatten(), Dense(3)))
    network = build(spec, ScratchBackend(dtype=np.float64))
    images = samples(spec, 4).images / 255

    outputs = network.activations(images)
    checks = check_gradients(spec)

    reference = Reference(spec, network.weights())
    reference.logits(images)
    np.testing.assert_allclose(outputs["conv2"], reference.outputs["conv2"], rtol=1e-12, atol=1e-13)
    assert {check.path for check in checks} >= {"conv1/weight", "conv2/weight"}
    assert [check.verdict for check in checks] == ["agrees"] * len(checks)


def test_of_equal_values_the_first_wins_and_only_one():
    layer = Pooling(np, (2, 2), (2, 2), (0, 0))
    layer.forward(np.array([[5.0, 5, 0, 1], [5, 5, 1, 1]]).reshape(1, 1, 2, 4), Pass(training=True))

    dx = layer.backward(np.array([3.0, 4]).reshape(1, 1, 1, 2))

    assert dx.reshape(2, 4).tolist() == [[3, 0, 0, 4], [0, 0, 0, 0]]


def test_a_value_that_wins_in_overlapping_windows_gets_the_sum():
    layer = Pooling(np, (1, 2), (1, 1), (0, 0))
    layer.forward(np.array([1.0, 9, 2]).reshape(1, 1, 1, 3), Pass(training=True))

    assert layer.backward(np.array([3.0, 4]).reshape(1, 1, 1, 2)).reshape(-1).tolist() == [0, 7, 0]


def trained_once(network, spec, batch):
    network.prepare_training(OptimizerConfig("sgd"), "mean")
    data = network.place(batch.images, batch.labels)
    return network.train_batch(data, np.arange(len(batch.labels)), masks(spec, len(batch.labels)), SETTINGS).result()


def layers_in(sequence):
    for _, layer in sequence.layers:
        yield layer
        inside = {Residual: lambda r: [r.body, r.shortcut], Concat: lambda c: c.branches}.get(type(layer))
        for branch in inside(layer) if inside else []:
            yield from layers_in(branch)


def test_nothing_of_a_batch_is_kept_after_it():
    network = build(EVERYTHING, ScratchBackend())

    trained_once(network, EVERYTHING, samples(EVERYTHING, 4))

    kept = [layer.kept for layer in layers_in(network._layers)]
    assert len(kept) == len(summarize(EVERYTHING).layers)
    assert kept == [None] * len(kept)


@pytest.mark.parametrize("first", [(Conv2D(2, (3, 3)), Flatten()), (Flatten(), Dense(5))], ids=["convolution", "dense"])
def test_the_first_layer_that_learns_does_not_work_out_what_nobody_asks(first):
    spec = NetworkSpec("net", (1, 5, 5), (*first, Activation("tanh"), Dense(3)))
    layers, parameters = assemble(spec, np, np.dtype(np.float64))
    random = np.random.default_rng(0)
    for parameter in parameters.values():
        parameter.value[...] = random.normal(size=parameter.value.shape)
    loss = SoftmaxCrossEntropy(np)

    def gradients():
        loss.forward(layers.forward(random_images, Pass(training=True)), np.array([0, 2]))
        dx = layers.backward(loss.backward())
        return dx, [p.gradient.copy() for p in parameters.values()]

    random_images = random.normal(size=(2, 1, 5, 5))
    nothing, without = gradients()
    next(layer for _, layer in layers.layers if hasattr(layer, "to_input")).to_input = True
    dx, full = gradients()

    assert nothing is None
    assert dx.shape == (2, 1, 5, 5)
    assert all(np.array_equal(a, b) for a, b in zip(without, full, strict=True))


def test_float64_stays_float64_and_is_exact():
    network = build(EVERYTHING, ScratchBackend(dtype=np.float64))
    batch = samples(EVERYTHING, 6)
    weights = network.weights()
    expected = Reference(EVERYTHING, weights, True, masks(EVERYTHING, 6)).losses(batch.images / 255, batch.labels)

    assert trained_once(network, EVERYTHING, batch).loss == pytest.approx(expected.sum(), rel=1e-12)

    assert {w.dtype for w in network.weights().values()} == {np.dtype(np.float64)}
    assert {g.dtype for g in network.gradients().values()} == {np.dtype(np.float64)}
    assert {a.dtype for a in network.activations(batch.images / 255).values()} == {np.dtype(np.float64)}


@pytest.mark.parametrize("name", list(EXPERIMENTS))
def test_every_network_of_the_zoo_can_be_assembled(name):
    experiment = EXPERIMENTS[name]
    spec = experiment.network(width=0.1) if "width" in experiment.parameters else experiment.network()

    layers, parameters = assemble(spec, np, np.dtype(np.float32))

    assert {path: p.value.shape for path, p in parameters.items()} == {
        p.path: p.shape for p in summarize(spec).parameters
    }
    assert len(list(layers_in(layers))) == len(summarize(spec).layers)


def test_numbers_that_overflow_are_told_by_the_loss_and_not_by_warnings():
    spec = NetworkSpec("net", (1, 4, 4), (Conv2D(2, (3, 3)), MaxPool2D(), Flatten(), Activation("relu"), Dense(2)))
    network = build(spec, ScratchBackend())
    network.set_weights({path: np.full(w.shape, 1e30) for path, w in network.weights().items()})

    loss = trained_once(network, spec, samples(spec, 4)).loss
    again = trained_once(network, spec, samples(spec, 4)).loss

    assert not (math.isfinite(loss) and math.isfinite(again))
