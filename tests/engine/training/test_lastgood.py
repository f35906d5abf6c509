from __future__ import annotations

import numpy as np
import pytest

from engine.training import lastgood as module
from engine.training.lastgood import LastGoodWeights
from tests.engine.samples import MLP, build
from tests.engine.training.clock import Clock


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def network():
    return build(MLP)


def change(network, value):
    network.set_weights({path: np.full_like(w, value) for path, w in network.weights().items()})


def value(network):
    return float(network.weights()["dense1/weight"][0, 0])


def test_weights_are_good_once_their_batch_had_a_finite_loss(clock, network):
    last_good = LastGoodWeights(network)
    change(network, 1.0)
    last_good.consider(0)
    last_good.confirm(0)
    clock.now += 10
    change(network, 2.0)
    last_good.consider(1)
    change(network, 3.0)

    assert last_good.restore() == 0
    assert value(network) == 1.0

    last_good.confirm(0)  # an earlier batch says nothing about the copy
    assert last_good.restore() == 0

    last_good.confirm(1)
    assert last_good.restore() == 1
    assert value(network) == 2.0


def test_the_weights_of_the_start_come_back_where_no_batch_was_good(clock, network):
    last_good = LastGoodWeights(network)
    assert last_good.weights is None
    change(network, 1.0)
    last_good.consider(0)
    change(network, np.nan)

    assert last_good.restore() == 0
    assert value(network) == 1.0


def test_copies_are_taken_about_once_a_second(clock, network):
    last_good = LastGoodWeights(network)
    for step in range(20):
        change(network, float(step))
        last_good.consider(step)
        last_good.confirm(step)
        clock.now += 0.25

    assert last_good.restore() == 16
    assert value(network) == 16.0
