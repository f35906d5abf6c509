from __future__ import annotations

import math

import numpy as np
import pytest

from engine.architecture.layers import BatchNorm, Conv2D, Dense, Flatten
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize
from engine.training.config import InitializerConfig
from engine.training.initializers import initial_weights

SPEC = NetworkSpec(
    "net", (12, 10, 10), (Conv2D(40, (5, 5), name="conv"), BatchNorm(name="norm"), Flatten(), Dense(30, name="dense"))
)
CONV_IN, CONV_OUT = 12 * 25, 40 * 25
DENSE_IN, DENSE_OUT = 40 * 6 * 6, 30


def drawn(seed: int = 0, spec: NetworkSpec = SPEC, **config: object) -> dict[str, np.ndarray]:
    return initial_weights(summarize(spec), InitializerConfig(**config), seed)


def assert_spread(values: np.ndarray, deviation: float, distribution: str) -> None:
    """Check the standard deviation to four standard errors, and that a uniform draw keeps its bound."""
    tolerance = 4 * deviation / math.sqrt(2 * values.size)
    assert values.mean() == pytest.approx(0, abs=4 * deviation / math.sqrt(values.size))
    assert values.std() == pytest.approx(deviation, abs=tolerance)
    bound = math.sqrt(3) * deviation
    if distribution == "uniform":
        assert 0.99 * bound < np.abs(values).max() <= bound * (1 + 1e-6)
    else:
        assert np.abs(values).max() > 1.5 * bound
        assert np.mean(np.abs(values) < deviation) == pytest.approx(0.6827, abs=0.02)


@pytest.mark.parametrize("distribution", ["uniform", "gaussian"])
@pytest.mark.parametrize("magnitude", [3.0, 2.0])
def test_xavier_spreads_by_the_mean_of_fan_in_and_fan_out(distribution, magnitude):
    weights = drawn(name="xavier", distribution=distribution, magnitude=magnitude)

    for path, fans in (("conv", CONV_IN + CONV_OUT), ("dense", DENSE_IN + DENSE_OUT)):
        scale = math.sqrt(magnitude / (fans / 2))
        deviation = scale / math.sqrt(3) if distribution == "uniform" else scale
        assert_spread(weights[f"{path}/weight"], deviation, distribution)


@pytest.mark.parametrize("distribution", ["uniform", "gaussian"])
def test_he_has_variance_2_over_fan_in(distribution):
    weights = drawn(name="he", distribution=distribution)

    assert_spread(weights["conv/weight"], math.sqrt(2 / CONV_IN), distribution)
    assert_spread(weights["dense/weight"], math.sqrt(2 / DENSE_IN), distribution)


def test_normal_has_its_scale_as_deviation_and_uniform_as_bound():
    assert_spread(drawn(name="normal", scale=0.05)["dense/weight"], 0.05, "gaussian")
    assert_spread(drawn(name="uniform", scale=0.05)["dense/weight"], 0.05 / math.sqrt(3), "uniform")


@pytest.mark.parametrize(("inputs", "outputs"), [(20, 7), (7, 20), (9, 9)])
def test_orthogonal_weights_keep_lengths_times_the_root_of_2(inputs, outputs):
    spec = NetworkSpec("net", (inputs,), (Dense(outputs),))
    weight = drawn(spec=spec, name="orthogonal")["dense1/weight"].astype(np.float64)

    small = weight @ weight.T if outputs <= inputs else weight.T @ weight
    assert small == pytest.approx(2 * np.eye(min(inputs, outputs)), abs=1e-6)


def test_orthogonal_kernels_are_orthogonal_over_all_their_inputs():
    kernels = drawn(name="orthogonal")["conv/weight"].reshape(40, -1).astype(np.float64)

    assert kernels @ kernels.T == pytest.approx(2 * np.eye(40), abs=1e-6)


def test_orthogonal_draws_turn_in_all_directions():
    """Without the sign of R's diagonal, QR would give a first column that always points the same way."""
    spec = NetworkSpec("net", (6,), (Dense(6),))
    signs = [np.sign(drawn(seed, spec, name="orthogonal")["dense1/weight"][0, 0]) for seed in range(60)]

    assert 10 < signs.count(1.0) < 50


def test_biases_are_zero_or_drawn_like_the_weights():
    assert not drawn(name="normal")["dense/bias"].any()
    wide = NetworkSpec("net", (2,), (Dense(20_000),))
    assert_spread(drawn(spec=wide, name="normal", scale=0.2, biases="drawn")["dense1/bias"], 0.2, "gaussian")
    assert_spread(
        drawn(spec=wide, name="uniform", scale=0.2, biases="drawn")["dense1/bias"], 0.2 / math.sqrt(3), "uniform"
    )


def test_batch_normalisation_starts_as_the_identity_whatever_the_initializer():
    weights = drawn(name="uniform", biases="drawn")

    for role, value in (("gamma", 1), ("beta", 0), ("running_mean", 0), ("running_var", 1)):
        assert (weights[f"norm/{role}"] == value).all()


def test_there_is_a_float32_array_for_every_parameter():
    weights = drawn()

    assert {path: w.shape for path, w in weights.items()} == {p.path: p.shape for p in summarize(SPEC).parameters}
    assert {w.dtype for w in weights.values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize("name", ["xavier", "he", "normal", "uniform", "orthogonal"])
def test_a_seed_draws_the_same_weights_and_another_seed_others(name):
    first, again, other = drawn(7, name=name), drawn(7, name=name), drawn(8, name=name)

    assert all(np.array_equal(first[path], again[path]) for path in first)
    assert not np.array_equal(first["conv/weight"], other["conv/weight"])


def test_a_layers_weights_depend_on_its_path_and_not_on_what_stands_around_it():
    alone = NetworkSpec("a", (8,), (Dense(8, name="middle"),))
    between = NetworkSpec("b", (8,), (Dense(8, name="first"), Dense(8, name="middle"), Dense(8, name="last")))

    alone_weights, weights = drawn(spec=alone), drawn(spec=between)

    assert np.array_equal(alone_weights["middle/weight"], weights["middle/weight"])
    assert not np.array_equal(weights["first/weight"], weights["middle/weight"])
    assert not np.array_equal(weights["last/weight"], weights["middle/weight"])
