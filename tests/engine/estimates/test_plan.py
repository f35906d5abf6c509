from __future__ import annotations

import pytest

from engine.architecture.layers import (
    Activation,
    BatchNorm,
    Concat,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAvgPool2D,
    MaxPool2D,
    Residual,
)
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize
from engine.architecture.zoo import EXPERIMENTS
from engine.estimates.graph import graph
from engine.estimates.plan import Plan, plan


def planned(*layers, shape=(4, 6, 6)):
    return plan(graph(summarize(NetworkSpec("net", shape, layers))))


def test_a_dense_network_keeps_what_its_backward_pass_takes():
    result = planned(Flatten(), Dense(8), Activation("relu"), Dense(4), shape=(1, 6, 6))

    # The flat image, the hidden units (ReLU overwrites them), the logits. Backward: the gradient of the hidden units,
    # and that of the image in the block where the logits' was.
    # While classifying, the logits are put where the flat image was.
    assert result == Plan(activations=36 + 8 + 4, gradients=8 + 36, inference=36 + 8)


@pytest.mark.parametrize(("function", "copies"), [("relu", 1), ("tanh", 2), ("gelu", 2)])
def test_only_relu_overwrites_its_input_where_the_backward_pass_needs_no_more(function, copies):
    layers = (Conv2D(8, (3, 3)), Activation(function), Conv2D(2, (1, 1)))

    assert planned(*layers).activations == copies * 8 * 16 + 2 * 16


def test_batch_normalisation_keeps_its_input_and_its_output():
    result = planned(Conv2D(8, (3, 3)), BatchNorm(), Activation("relu"), Conv2D(2, (1, 1)))

    assert result.activations == 2 * 8 * 16 + 2 * 16


def test_dropout_keeps_what_it_multiplies_and_its_product():
    assert planned(Dense(32), Dropout(0.5), Dense(4), shape=(16,)).activations == 2 * 32 + 4


def test_a_sum_overwrites_what_the_body_gave_while_the_shortcut_stays():
    body = (Conv2D(4, (3, 3), padding=(1, 1)), Activation("relu"), Conv2D(4, (3, 3), padding=(1, 1)))
    result = planned(Conv2D(4, (1, 1)), Residual(body=body), Activation("relu"), Conv2D(1, (1, 1)))

    assert result.activations == 3 * 4 * 36 + 36  # the block's input, the hidden images, the sum

    # Backward through the body there are the shortcut's gradient and two of the body's.
    assert result.gradients == 3 * 4 * 36


def test_branches_are_copied_where_they_are_joined():
    branches = ((Conv2D(8, (1, 1)),), (Conv2D(2, (1, 1)),))
    result = planned(Conv2D(4, (1, 1)), Concat(branches), Conv2D(1, (1, 1)))

    # The input of the branches and their joint output are kept. The branches' own outputs are not; the last layer's
    # output is put where one of them was.
    assert result.activations == 36 * (4 + 8 + 2 + 10)


def test_a_block_is_not_given_to_what_is_much_smaller():
    layers = (Conv2D(64, (1, 1)), GlobalAvgPool2D(), Flatten(), Dense(3))

    # 64 values are 1/36 of the image, beyond what MXNet would put into its block.
    assert planned(*layers).gradients == 64 * 36 + 64 + 3


def test_pooling_keeps_both_sides():
    assert planned(Conv2D(8, (1, 1)), MaxPool2D(), Conv2D(1, (1, 1))).activations == 8 * 36 + 8 * 9 + 9


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_network_can_be_planned_and_keeps_less_than_all_its_tensors(name):
    network = graph(summarize(EXPERIMENTS[name].network()))
    result = plan(network)

    assert max(network.sizes) <= result.activations <= sum(network.sizes[1:])
    assert max(network.sizes[1:]) <= result.inference <= result.activations
    assert max(network.sizes[1:]) <= result.gradients <= sum(network.sizes)
