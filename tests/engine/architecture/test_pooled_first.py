"""Max pooling before activations: where it may come, and that nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest

from engine.architecture.layers import Activation, AvgPool2D, Conv2D, Dense, Flatten, MaxPool2D
from engine.architecture.network import NetworkSpec
from engine.architecture.pooled_first import pooled_first
from engine.architecture.shapes import summarize
from engine.backends.scratch.network import ScratchBackend
from engine.training.config import InitializerConfig
from engine.training.initializers import initial_weights

POOL = MaxPool2D(name="pool")


@pytest.mark.parametrize("function", ["relu", "leaky-relu", "sigmoid", "tanh", "softrelu"])
def test_max_pooling_comes_before_a_function_that_never_falls(function):
    activation = Activation(function)
    assert pooled_first((activation, POOL)) == (POOL, activation)


def test_gelu_falls_first_so_it_stays_where_it_is():
    assert pooled_first((Activation("gelu"), POOL)) == (Activation("gelu"), POOL)


def test_a_mean_is_no_maximum():
    assert pooled_first((Activation("relu"), AvgPool2D())) == (Activation("relu"), AvgPool2D())


def test_all_poolings_pass_and_the_rest_keeps_its_order():
    conv, relu, second = Conv2D(4, (3, 3)), Activation("relu"), MaxPool2D(name="second")
    assert pooled_first((conv, relu, POOL, second, Flatten())) == (conv, POOL, second, relu, Flatten())


def test_with_and_without_recorded_outputs_a_network_answers_the_same_bit_for_bit(backend_with_pooling):
    network, images = backend_with_pooling
    plain = network.classify(images).result()
    told = network.classify(images, with_activations=True).result()
    np.testing.assert_array_equal(plain.probabilities, told.probabilities)
    assert told.activations is not None
    assert told.activations["tanh1"].shape[-2:] == (10, 10)  # as it is written: before the pooling
    assert told.activations["pool1"].shape[-2:] == (5, 5)


@pytest.fixture
def backend_with_pooling():
    layers = (Conv2D(4, (3, 3)), Activation("tanh"), MaxPool2D(), Flatten(), Dense(3))
    spec = NetworkSpec("pooled", (1, 12, 12), layers)
    network = ScratchBackend().build(spec, initial_weights(summarize(spec), InitializerConfig("xavier"), 0))
    return network, np.random.default_rng(0).random((5, 1, 12, 12), np.float32)
