from __future__ import annotations

import msgspec
import numpy as np

from engine.architecture.layers import Activation, BatchNorm, Conv2D, Dense, Flatten, Residual
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize
from engine.training.config import InitializerConfig
from engine.training.initializers import initial_weights
from engine.training.transfer import carry_over

CONV, NORM = Conv2D(4, (3, 3), padding=(1, 1), name="conv1"), BatchNorm(name="norm1")
HEAD = (Flatten(name="flatten1"), Dense(8, name="dense1"), Activation("relu", name="relu1"), Dense(3, name="dense2"))


def summary(*layers, shape=(1, 6, 6)):
    return summarize(NetworkSpec("net", shape, layers))


BEFORE = summary(CONV, NORM, *HEAD)


def test_weights_are_carried_and_the_rest_is_fresh():
    wider = msgspec.structs.replace(HEAD[1], units=16)
    moved = Residual(body=(CONV,), shortcut=(Conv2D(4, (1, 1), name="conv9"),), name="residual1")
    after = summary(moved, NORM, HEAD[0], wider, *HEAD[2:])
    trained = {p.path: np.full(p.shape, 7, np.float32) for p in BEFORE.parameters}
    fresh = initial_weights(after, InitializerConfig("he"), seed=3)

    weights = carry_over(BEFORE, trained, after, fresh)

    assert set(weights) == {p.path for p in after.parameters}
    assert (weights["residual1/conv1/weight"] == 7).all()
    assert (weights["norm1/running_var"] == 7).all()
    assert np.array_equal(weights["dense1/weight"], fresh["dense1/weight"])
    assert weights["dense1/weight"].shape == (16, 144)
    assert np.array_equal(weights["dense2/bias"], fresh["dense2/bias"])  # its weights had to go, so it learns anew
    assert np.array_equal(weights["residual1/shortcut/conv9/weight"], fresh["residual1/shortcut/conv9/weight"])
