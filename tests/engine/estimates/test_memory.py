from __future__ import annotations

import itertools

import msgspec
import pytest

from engine.architecture.layers import Activation, Conv2D, Dense, Dropout, Flatten
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize
from engine.architecture.zoo import EXPERIMENTS
from engine.estimates.memory import describe_bytes, largest_batch, training_memory, validation_memory
from engine.training.config import OptimizerConfig, TrainingConfig
from scripts.check_estimates import memory_fits
from scripts.measure_training import growth
from tests.engine.samples import EVERYTHING, build

MLP = NetworkSpec("mlp", (1, 28, 28), (Flatten(), Dense(500), Activation("relu"), Dense(10)))
GIGABYTE = 10**9


def estimate(spec, batch=100, **settings):
    return training_memory(summarize(spec), TrainingConfig(batch_size=batch, **settings))


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_larger_batches_take_more(name):
    summary = summarize(EXPERIMENTS[name].network())
    config = EXPERIMENTS[name].config
    batches = (1, 2, 16, 100, 256, 1000)
    figures = [training_memory(summary, msgspec.structs.replace(config, batch_size=b)) for b in batches]

    assert all(smaller < larger for smaller, larger in itertools.pairwise(figures))


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam"])
def test_the_moments_of_the_optimizer_are_counted_as_the_backend_allocates_them(optimizer):
    config = OptimizerConfig(optimizer)
    network = build(EVERYTHING)
    network.prepare_training(config, "mean")
    moments = sum(array.nbytes for name, array in network.optimizer_state().items() if name != "step")

    untrained = sum(p.size for p in summarize(EVERYTHING).parameters if not p.trainable)
    more = estimate(EVERYTHING, optimizer=config) - estimate(EVERYTHING, optimizer=OptimizerConfig("sgd"))
    assert more - moments in (0, 4 * untrained, 8 * untrained)


def test_weights_gradients_and_two_good_copies_are_in_it():
    wider = NetworkSpec("mlp", (1, 28, 28), (Flatten(), Dense(501), Activation("relu"), Dense(10)))
    parameters = 784 + 1 + 10

    assert estimate(wider, batch=1) - estimate(MLP, batch=1) >= 4 * 4 * parameters


def test_dropout_masks_are_in_it():
    layers = (Flatten(), Dense(500), Activation("relu"), Dropout(0.5), Dense(10))
    with_dropout = NetworkSpec("mlp", (1, 28, 28), layers)

    # One mask, drawn as the one before is still used, and the product that the next layer takes.
    assert estimate(with_dropout, batch=100) - estimate(MLP, batch=100) == 3 * 4 * 500 * 100


def test_a_batch_is_no_larger_than_the_training_samples():
    assert estimate(MLP, batch=256, limit_train=10) == estimate(MLP, batch=10)


@pytest.mark.parametrize("name", ["mlp-256-256", "lenet-tanh", "alexnet-original", "googlenet-original"])
@pytest.mark.parametrize("available", [3 * GIGABYTE // 2, 3 * GIGABYTE])
def test_the_largest_batch_fits_with_a_reserve_and_one_more_does_not(name, available):
    spec = EXPERIMENTS[name].network()
    config = EXPERIMENTS[name].config
    validation = validation_memory(summarize(spec))
    largest = largest_batch(summarize(spec), config, available)

    assert largest is not None
    assert validation + estimate(spec, largest, optimizer=config.optimizer) <= 0.9 * available
    if largest < 10_000:
        assert validation + estimate(spec, largest + 1, optimizer=config.optimizer) > 0.8 * available


def test_the_largest_batch_is_one_that_the_settings_allow():
    largest = largest_batch(summarize(MLP), TrainingConfig(), 1000 * GIGABYTE)

    assert largest == 10_000
    assert TrainingConfig(batch_size=largest).checked()


def test_there_is_no_batch_where_not_even_the_weights_fit():
    assert largest_batch(summarize(EXPERIMENTS["alexnet-original"].network()), TrainingConfig(), GIGABYTE // 2) is None


def test_the_largest_batch_looks_at_memory_and_not_at_the_samples_of_a_run():
    config = TrainingConfig(limit_train=10)

    assert largest_batch(summarize(MLP), config, GIGABYTE) == largest_batch(summarize(MLP), TrainingConfig(), GIGABYTE)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (999_499, "999 kB"),
        (999_500, "1 MB"),
        (56_400_000, "56 MB"),
        (999_999_999, "1.0 GB"),
        (1_234_000_000, "1.2 GB"),
        (99_960_000_000, "100 GB"),
    ],
)  # fmt: skip
def test_amounts_read_as_people_write_them(count, text):
    assert describe_bytes(count) == text


OF_ONES_OWN = NetworkSpec(
    "own", (3, 40, 40), (Conv2D(24, (3, 3)), Activation("tanh"), Conv2D(24, (3, 3)), Flatten(), Dense(10))
)


@pytest.mark.parametrize(
    ("spec", "batch", "optimizer"),
    [
        (EXPERIMENTS["mlp-dropout"].network(), 256, "sgd"),
        (EXPERIMENTS["lenet-tanh"].network(), 256, "momentum"),
        (EXPERIMENTS["resnet-18-original"].network(), 4, "adam"),
        (OF_ONES_OWN, 128, "nesterov"),
    ],
    ids=lambda value: value.name if isinstance(value, NetworkSpec) else str(value),
)
def test_the_estimate_agrees_with_how_much_a_process_grows(spec, batch, optimizer):
    config = TrainingConfig(batch_size=batch, optimizer=OptimizerConfig(optimizer, learning_rate=1e-3))
    measured = growth(spec, config)
    estimated = training_memory(summarize(spec), config)

    figures = f"{describe_bytes(estimated)} estimated, {describe_bytes(measured)} measured"
    assert memory_fits(estimated, measured), figures


def test_what_the_first_validation_adds_agrees_too():
    spec, config = EXPERIMENTS["nin-original"].network(), TrainingConfig(batch_size=4)
    measured = growth(spec, config, steps=3, validate=True)
    estimated = training_memory(summarize(spec), config) + validation_memory(summarize(spec))

    figures = f"{describe_bytes(estimated)} estimated, {describe_bytes(measured)} measured"
    assert memory_fits(estimated, measured), figures
