from __future__ import annotations

import numpy as np
import pytest

from engine.architecture.layers import Activation, Conv2D, Dense, Flatten
from engine.architecture.network import NetworkSpec
from engine.inspection.activity import layer_activities
from tests.engine.samples import DROPOUT_MLP, EVERYTHING, MLP, build, samples


@pytest.mark.parametrize("spec", [MLP, DROPOUT_MLP, EVERYTHING], ids=lambda spec: spec.name)
def test_the_activity_is_that_of_the_outputs(spec, backend):
    network = build(spec, backend)
    images = samples(spec, 7, dtype=np.float32).images

    measured = network.activity(images).result()

    expected = layer_activities(network.activations(images))
    assert list(measured) == list(expected)
    for path, activity in measured.items():
        assert activity.mean == pytest.approx(expected[path].mean, rel=1e-4, abs=1e-6)
        assert (activity.dead, activity.units) == (expected[path].dead, expected[path].units)


def test_units_that_never_answer_are_dead_and_others_are_not(backend):
    spec = NetworkSpec(
        "net", (1, 4, 4), (Conv2D(3, (3, 3)), Activation("relu"), Flatten(), Dense(5), Activation("relu"), Dense(2))
    )
    network = build(spec, backend)
    weights = network.weights()
    weights["conv1/bias"] = np.array([-1000, 1000, -1000], np.float32)
    weights["dense1/bias"] = np.array([1000, 1000, -1e7, 1000, 1000], np.float32)
    network.set_weights(weights)

    activity = network.activity(samples(spec, 20, dtype=np.float32).images).result()

    assert (activity["relu1"].dead, activity["relu1"].units) == (2, 3)
    assert (activity["relu2"].dead, activity["relu2"].units) == (1, 5)
    assert activity["conv1"].dead == 0
    assert activity["conv1"].mean < 0
