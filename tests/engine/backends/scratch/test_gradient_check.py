from __future__ import annotations

import numpy as np
import pytest

from engine.architecture.layers import Activation, BatchNorm, Conv2D, Dense, Flatten, MaxPool2D
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize
from engine.architecture.zoo import EXPERIMENTS
from engine.backends.scratch import activations, norm, pooling
from engine.backends.scratch.gradient_check import TOLERANCE, check_gradients, each_gradient
from engine.errors import FileError, ShapeError
from tests.engine.backends.test_learning import TINY
from tests.engine.samples import DROPOUT_MLP, EVERYTHING, MLP

SMALL = [
    "softmax-regression", "mlp-128-64", "mlp-dropout", "lenet-tanh", "lenet-sigmoid-bn", "simple-convnet", "alexnet",
    "vgg-11", "nin",
]  # fmt: skip
DEEP = ["resnet-18", "densenet", "googlenet"]


def verdicts(spec, **arguments):
    return {check.path: check.verdict for check in check_gradients(spec, **arguments)}


def narrow(name):
    experiment = EXPERIMENTS[name]
    return experiment.network(width=0.1) if "width" in experiment.parameters else experiment.network()


def assert_right(checks, spec):
    assert [c.path for c in checks] == [p.path for p in summarize(spec).parameters if p.trainable]
    for check in checks:
        assert check.verdict in ("agrees", "no effect"), check
        assert check.error <= TOLERANCE, check
    assert sum(check.verdict == "agrees" for check in checks) > 0.9 * len(checks)


@pytest.mark.parametrize("spec", [EVERYTHING, TINY, MLP, DROPOUT_MLP], ids=lambda spec: spec.name)
def test_backpropagation_agrees_with_central_differences(spec):
    assert_right(check_gradients(spec), spec)


@pytest.mark.parametrize("name", SMALL)
def test_it_does_in_networks_of_the_zoo(name):
    assert_right(check_gradients(narrow(name)), narrow(name))


@pytest.mark.parametrize("name", DEEP)
def test_it_does_in_deep_networks_of_the_zoo(name):
    assert_right(check_gradients(narrow(name), coordinates=3), narrow(name))


@pytest.mark.parametrize(
    ("layer", "wrong"),
    [
        (activations.Tanh, lambda self, dy: dy * (1 - self.kept)),
        (norm.BatchNorm, lambda self, dy: dy * (self.gamma.value / self.kept[1]).reshape(-1, 1, 1)),
        (pooling.MaxPool2D, lambda self, dy: np.repeat(np.repeat(dy, 2, axis=2), 2, axis=3)),
    ],
)
def test_a_wrong_derivative_is_found(monkeypatch, layer, wrong):
    spec = NetworkSpec(
        "net", (1, 6, 6), (Conv2D(2, (3, 3)), BatchNorm(), Activation("tanh"), MaxPool2D(), Flatten(), Dense(3))
    )
    assert verdicts(spec)["conv1/weight"] == "agrees"

    monkeypatch.setattr(layer, "backward", wrong)

    found = verdicts(spec)
    assert found["conv1/weight"] == "differs"
    assert found["dense1/weight"] == "agrees"  # what comes after the mistake is right


def test_a_gradient_that_is_off_by_a_hundred_thousandth_is_found(monkeypatch):
    right = activations.Tanh.backward
    monkeypatch.setattr(activations.Tanh, "backward", lambda self, dy: right(self, dy) * (1 + 1e-5))

    check = check_gradients(MLP)[0]

    assert check.verdict == "differs"
    assert check.error == pytest.approx(1e-5, rel=0.01)


def test_a_bias_that_batch_normalisation_takes_away_has_no_effect():
    spec = NetworkSpec("net", (4,), (Dense(3), BatchNorm(), Activation("tanh"), Dense(2)))

    assert verdicts(spec)["dense1/bias"] == "no effect"


@pytest.mark.parametrize("function", ["relu", "leaky-relu"])
def test_a_weight_at_the_kink_of_a_relu_is_left_out(function):
    spec = NetworkSpec("net", (4,), (Dense(3), Activation(function), Dense(2)))
    weights = {p.path: np.ones(p.shape) for p in summarize(spec).parameters}
    weights["dense1/weight"][1] = weights["dense1/bias"][1] = 0  # the second unit's input is 0 for every sample

    checks = {check.path: check for check in check_gradients(spec, weights=weights)}

    assert (checks["dense1/weight"].at_kink, checks["dense1/weight"].checked) == (4, 8)
    assert (checks["dense1/bias"].at_kink, checks["dense1/bias"].checked) == (1, 2)
    assert checks["dense2/weight"].at_kink == 0


def test_a_weight_that_changes_which_value_wins_is_left_out():
    spec = NetworkSpec("net", (1, 2, 2), (Conv2D(1, (1, 1)), MaxPool2D(), Flatten(), Dense(2)))
    weights = {p.path: np.ones(p.shape) for p in summarize(spec).parameters}
    weights["conv1/weight"][:] = 0  # all four values are equal, and any step makes one win

    checks = {check.path: check for check in check_gradients(spec, weights=weights)}

    assert (checks["conv1/weight"].verdict, checks["conv1/weight"].at_kink) == ("at kinks", 1)
    assert checks["conv1/bias"].at_kink == 0


def test_at_most_so_many_coordinates_are_tried_and_the_seed_chooses_them():
    checks = {check.path: check for check in check_gradients(MLP, coordinates=7)}

    assert {path: check.checked for path, check in checks.items()} == {
        "dense1/weight": 7, "dense1/bias": 7, "dense2/weight": 7, "dense2/bias": 4,
    }  # fmt: skip
    assert checks["dense1/weight"].size == 8 * 36
    assert check_gradients(MLP, seed=3) == check_gradients(MLP, seed=3)
    assert check_gradients(MLP, seed=3) != check_gradients(MLP, seed=4)


def test_one_parameter_after_the_other_is_told_so_that_it_can_be_watched_and_stopped():
    checks = each_gradient(MLP)

    assert next(checks).path == "dense1/weight"
    checks.close()


def test_given_weights_are_checked_and_left_as_they_are():
    weights = {p.path: np.full(p.shape, 0.1, np.float32) for p in summarize(MLP).parameters}
    kept = {path: w.copy() for path, w in weights.items()}

    check_gradients(MLP, weights=weights)

    assert all(np.array_equal(weights[path], kept[path]) for path in kept)
    del weights["dense1/bias"]
    with pytest.raises(FileError, match="lack dense1/bias"):
        check_gradients(MLP, weights=weights)


def test_only_a_classifier_has_a_loss():
    with pytest.raises(ShapeError, match="classifier"):
        check_gradients(NetworkSpec("net", (1, 4, 4), (Conv2D(2, (3, 3)),)))
