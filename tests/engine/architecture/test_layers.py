from __future__ import annotations

from typing import get_args

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
    describe,
    short_name,
)
from engine.architecture.network import NetworkSpec


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (Dense(10), "Dense 10"),
        (Dense(10, use_bias=False), "Dense 10, no bias"),
        (Conv2D(20, (5, 5)), "Conv 20, 5×5"),
        (Conv2D(8, (3, 1), stride=(2, 1), padding=(1, 0), use_bias=False),
         "Conv 8, 3×1, stride 2×1, padding 1×0, no bias"),
        (MaxPool2D(), "Max pool 2×2"),
        (AvgPool2D((3, 3)), "Average pool 3×3, stride 2×2"),
        (GlobalAvgPool2D(), "Global average pool"),
        (Flatten(), "Flatten"),
        (Activation("relu"), "ReLU"),
        (Activation("leaky-relu"), "Leaky ReLU"),
        (Activation("tanh"), "tanh"),
        (Dropout(0.25), "Dropout 0.25"),
        (BatchNorm(), "Batch norm"),
        (Residual(body=()), "Residual"),
        (Concat(((), ())), "Concat of 2 branches"),
    ],
)  # fmt: skip
def test_a_layer_is_described_in_a_few_words(layer, words):
    assert describe(layer) == words


def test_every_kind_of_layer_has_a_name_and_a_description():
    samples = {
        Dense: Dense(2), Conv2D: Conv2D(2, (3, 3)), MaxPool2D: MaxPool2D(), AvgPool2D: AvgPool2D(),
        GlobalAvgPool2D: GlobalAvgPool2D(), Flatten: Flatten(), Activation: Activation("relu"),
        Dropout: Dropout(0.5), BatchNorm: BatchNorm(), Residual: Residual(body=()), Concat: Concat(((),)),
    }  # fmt: skip

    assert set(samples) == set(get_args(Layer))
    for layer in samples.values():
        assert describe(layer)
        assert NetworkSpec("net", (1, 8, 8), (layer,)).layers[0].name == f"{short_name(layer)}1"


@pytest.mark.parametrize("function", get_args(ActivationFunction))
def test_an_activation_is_named_after_its_function(function):
    assert short_name(Activation(function)) == function


def test_layers_cannot_be_changed():
    with pytest.raises(AttributeError):
        Dense(3).units = 4  # type: ignore[misc]
