from __future__ import annotations

import msgspec
import numpy as np

from engine.architecture.layers import Activation, BatchNorm, Concat, Conv2D, Dense, Flatten, Residual
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize
from engine.training.config import InitializerConfig
from engine.training.initializers import initial_weights
from engine.training.transfer import carried_tensors, carry_over, kept_layers

CONV, NORM = Conv2D(4, (3, 3), padding=(1, 1), name="conv1"), BatchNorm(name="norm1")
HEAD = (Flatten(name="flatten1"), Dense(8, name="dense1"), Activation("relu", name="relu1"), Dense(3, name="dense2"))


def summary(*layers, shape=(1, 6, 6)):
    return summarize(NetworkSpec("net", shape, layers))


BEFORE = summary(CONV, NORM, *HEAD)


def test_a_network_that_was_not_edited_keeps_everything():
    assert carried_tensors(BEFORE, BEFORE) == {p.path: p.path for p in BEFORE.parameters}
    assert kept_layers(BEFORE, BEFORE) == (4, 4)


def test_a_changed_layer_starts_anew_and_so_does_the_one_whose_input_changed():
    wider = msgspec.structs.replace(HEAD[1], units=16)
    after = summary(CONV, NORM, HEAD[0], wider, *HEAD[2:])

    carried = carried_tensors(BEFORE, after)

    assert "dense1/weight" not in carried
    assert "dense2/weight" not in carried
    assert carried["dense2/bias"] == "dense2/bias"
    assert kept_layers(BEFORE, after) == (2, 4)


def test_layers_without_weights_come_and_go_freely():
    after = summary(CONV, NORM, Activation("tanh"), *HEAD)

    assert kept_layers(BEFORE, after) == (4, 4)


def test_a_layer_that_was_moved_into_a_block_is_found_there():
    after = summary(Residual(body=(CONV,), shortcut=(Conv2D(4, (1, 1), name="conv9"),), name="residual1"), NORM, *HEAD)

    carried = carried_tensors(BEFORE, after)

    assert carried["residual1/conv1/weight"] == "conv1/weight"
    assert "residual1/shortcut/conv9/weight" not in carried


def test_nothing_is_guessed_where_two_layers_could_be_meant():
    twins = summary(Concat(((CONV,), (CONV,)), name="concat1"), Flatten(name="flatten1"), Dense(3, name="dense2"))

    assert not [path for path in carried_tensors(BEFORE, twins) if path.endswith("conv1/weight")]


def test_weights_are_carried_and_the_rest_is_fresh():
    after = summary(CONV, NORM, HEAD[0], msgspec.structs.replace(HEAD[1], units=16), *HEAD[2:])
    trained = {p.path: np.full(p.shape, 7, np.float32) for p in BEFORE.parameters}
    fresh = initial_weights(after, InitializerConfig("he"), seed=3)

    weights = carry_over(BEFORE, trained, after, fresh)

    assert set(weights) == {p.path for p in after.parameters}
    assert (weights["conv1/weight"] == 7).all()
    assert (weights["norm1/running_var"] == 7).all()
    assert np.array_equal(weights["dense1/weight"], fresh["dense1/weight"])
    assert weights["dense1/weight"].shape == (16, 144)
