"""The settings here are those of the table of published experiments in the project's design, written out again."""

from __future__ import annotations

import itertools

import msgspec
import pytest

from engine.architecture.layers import Activation, BatchNorm, Conv2D, Dense, Dropout, MaxPool2D
from engine.architecture.network import NetworkSpec, children, walk
from engine.architecture.shapes import classes
from engine.architecture.zoo import EXPERIMENTS, experiment
from engine.errors import ConfigError
from engine.training.config import InitializerConfig, OptimizerConfig, ScheduleConfig, TrainingConfig, config_from_json

# Of the scaled convolutional networks without batch normalisation, and of those with it.
GENTLE = TrainingConfig(
    optimizer=OptimizerConfig("adam", learning_rate=0.001),
    initializer=InitializerConfig("he", distribution="gaussian"),
    batch_size=100, epochs=5, loss_reduction="mean", sampling="shuffled",
)  # fmt: skip
ONE_CYCLE = TrainingConfig(
    optimizer=OptimizerConfig("momentum", learning_rate=0.1, momentum=0.9, weight_decay=1e-4),
    schedule=ScheduleConfig("one-cycle", warmup_epochs=0, rising_fraction=0.25, final_factor=0),
    initializer=InitializerConfig("he", distribution="gaussian"),
    batch_size=100, epochs=5, loss_reduction="mean", sampling="shuffled",
)  # fmt: skip


def course(learning_rate: float, batch_size: int, initializer: str = "xavier") -> TrainingConfig:
    """Return how the course trains on Fashion-MNIST: plain SGD for five epochs."""
    return TrainingConfig(
        optimizer=OptimizerConfig("sgd", learning_rate=learning_rate),
        initializer=InitializerConfig(initializer, distribution="uniform", magnitude=3, scale=0.01, biases="zero"),
        batch_size=batch_size, epochs=5, loss_reduction="mean", sampling="shuffled",
    )  # fmt: skip


def quick(
    learning_rate: float, epochs: int, weight_decay: float, shift: int, rising_fraction: float = 0.25
) -> TrainingConfig:
    """Return one cycle of a learning rate, as short as it may be."""
    return TrainingConfig(
        optimizer=OptimizerConfig("momentum", learning_rate=learning_rate, momentum=0.9, weight_decay=weight_decay),
        schedule=ScheduleConfig("one-cycle", warmup_epochs=0, rising_fraction=rising_fraction, final_factor=0),
        initializer=InitializerConfig("he", distribution="gaussian"),
        batch_size=100, epochs=epochs, shift=shift, loss_reduction="mean", sampling="shuffled",
    )  # fmt: skip


PUBLISHED = {
    "lenet-tanh": TrainingConfig(
        optimizer=OptimizerConfig("sgd", learning_rate=0.1),
        initializer=InitializerConfig("uniform", scale=0.01, biases="zero"),
        batch_size=100, epochs=10, loss_reduction="mean", sampling="shuffled",
    ),
    "mlp-128-64": TrainingConfig(
        optimizer=OptimizerConfig("sgd", learning_rate=0.1),
        initializer=InitializerConfig("uniform", scale=0.01, biases="zero"),
        batch_size=100, epochs=10, loss_reduction="mean", sampling="shuffled",
    ),
    "mlp-256-256": TrainingConfig(
        optimizer=OptimizerConfig("sgd", learning_rate=0.001),
        initializer=InitializerConfig("normal", scale=0.01, biases="drawn"),
        batch_size=64, epochs=10, loss_reduction="sum", sampling="shuffled",
    ),
    "simple-convnet": TrainingConfig(
        optimizer=OptimizerConfig("adam", learning_rate=0.001),
        initializer=InitializerConfig("normal", scale=0.01, biases="zero"),
        batch_size=100, epochs=20, loss_reduction="mean", sampling="with-replacement",
        limit_train=5000, limit_validation=1000,
    ),
    "softmax-regression": TrainingConfig(
        optimizer=OptimizerConfig("sgd", learning_rate=0.1),
        initializer=InitializerConfig("normal", scale=0.01, biases="zero"),
        batch_size=256, epochs=5, loss_reduction="mean", sampling="shuffled",
    ),
    "lenet-bn": TrainingConfig(
        optimizer=OptimizerConfig("momentum", learning_rate=0.1, momentum=0.9, weight_decay=1e-4),
        schedule=ScheduleConfig("one-cycle", warmup_epochs=0, rising_fraction=0.25, final_factor=0),
        initializer=InitializerConfig("he", distribution="gaussian"),
        batch_size=100, epochs=4, loss_reduction="mean", sampling="shuffled",
    ),
    "mlp-dropout": TrainingConfig(
        optimizer=OptimizerConfig("sgd", learning_rate=0.5),
        initializer=InitializerConfig("normal", scale=0.01, biases="zero"),
        batch_size=256, epochs=10, loss_reduction="mean", sampling="shuffled",
    ),
    "mlp-256": course(0.5, 256, "normal"),
    "mlp-64": TrainingConfig(
        optimizer=OptimizerConfig("sgd", learning_rate=0.1),
        initializer=InitializerConfig("xavier", distribution="uniform", magnitude=2.0, biases="zero"),
        batch_size=10, epochs=50, loss_reduction="mean", sampling="in-order",
    ),
    "lenet-sigmoid": course(0.9, 256),
    "lenet-sigmoid-bn": course(1.0, 256),
    "alexnet-original": course(0.01, 128),
    "vgg-11-original": course(0.05, 128),
    "nin-original": course(0.1, 128),
    "googlenet-original": course(0.1, 128),
    "resnet-18-original": course(0.05, 256),
    "densenet-original": course(0.1, 256),
    "alexnet": GENTLE,
    "vgg-11": GENTLE,
    "nin": TrainingConfig(
        optimizer=OptimizerConfig("adam", learning_rate=0.002),
        initializer=InitializerConfig("he", distribution="gaussian"),
        batch_size=50, epochs=5, loss_reduction="mean", sampling="shuffled",
    ),
    "googlenet": GENTLE,
    "resnet-18": ONE_CYCLE,
    "resnet-20": ONE_CYCLE,
    "densenet": ONE_CYCLE,
    # Netarium's own: the settings that scripts/quick_networks.py was found to need no more than.
    "quick-99": quick(0.25, epochs=1, weight_decay=1e-3, shift=0, rising_fraction=0.1),
    "quick-99.5": quick(0.1, epochs=8, weight_decay=5e-4, shift=1),
}  # fmt: skip


def essence(spec: NetworkSpec) -> list[object]:
    """Return what a publication says of a network: its layers with sizes and functions."""
    words: list[object] = []
    for place_ in walk(spec.layers):
        match place_.layer:
            case Conv2D(channels=channels, kernel=kernel, padding=(0, 0), stride=(1, 1)):
                words.append((channels, *kernel))
            case Dense(units=units):
                words.append(units)
            case Activation(function=function):
                words.append(function)
            case Dropout(rate=rate):
                words.append(rate)
            case other:
                words.append(type(other).__name__)
    return words


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_settings_are_those_of_the_published_experiment(name):
    assert experiment(name).config == PUBLISHED[name]
    assert experiment(name).config.checked()


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("lenet-tanh", [(20, 5, 5), "tanh", "MaxPool2D", (50, 5, 5), "tanh", "MaxPool2D", "Flatten", 500, "tanh", 10]),
        ("mlp-128-64", ["Flatten", 128, "relu", 64, "relu", 10]),
        ("mlp-256-256", ["Flatten", 256, "relu", 256, "relu", 10]),
        ("mlp-dropout", ["Flatten", 256, "relu", 0.2, 256, "relu", 0.5, 10]),
        ("softmax-regression", ["Flatten", 10]),
        ("mlp-256", ["Flatten", 256, "relu", 10]),
        ("mlp-64", ["Flatten", 64, "relu", 10]),
        (
            "lenet-sigmoid",
            [(6, 5, 5), "sigmoid", "MaxPool2D", (16, 5, 5), "sigmoid", "MaxPool2D",
             "Flatten", 120, "sigmoid", 84, "sigmoid", 10],
        ),
        (
            "lenet-sigmoid-bn",
            [(6, 5, 5), "BatchNorm", "sigmoid", "MaxPool2D", (16, 5, 5), "BatchNorm", "sigmoid", "MaxPool2D",
             "Flatten", 120, "BatchNorm", "sigmoid", 84, "BatchNorm", "sigmoid", 10],
        ),
        ("simple-convnet", [(30, 5, 5), "relu", "MaxPool2D", "Flatten", 100, "relu", 10]),
        (
            "lenet-bn",
            [(16, 5, 5), "MaxPool2D", "BatchNorm", "relu", (32, 5, 5), "MaxPool2D", "BatchNorm", "relu",
             "Flatten", 128, "relu", 10],
        ),
    ],
)  # fmt: skip
def test_the_layers_are_those_of_the_published_network(name, layers):
    assert essence(experiment(name).network()) == layers


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_nothing_has_a_bias_that_batch_normalisation_takes_away(name):
    def check(layers):
        computing = [layer for layer in layers if not isinstance(layer, MaxPool2D)]
        for layer, after in itertools.pairwise(computing):
            if isinstance(layer, Conv2D | Dense) and isinstance(after, BatchNorm):
                assert not layer.use_bias, layer.name
        for layer in layers:
            for _, inner in children(layer):
                check(inner)

    check(experiment(name).network().layers)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_is_described_and_its_network_bears_its_name(name):
    chosen = experiment(name)

    assert chosen.name == chosen.network().name == name
    assert chosen.description.endswith(".") and chosen.source and chosen.family
    assert classes(chosen.network((3, 32, 32), 7)) == 7


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_network_and_settings_survive_json(name):
    chosen = experiment(name)

    assert NetworkSpec.from_json(chosen.network().to_json()) == chosen.network()
    assert config_from_json(msgspec.json.encode(chosen.config)) == chosen.config


def test_an_unknown_network_is_answered_with_those_there_are():
    with pytest.raises(ConfigError) as caught:
        experiment("lenet-5")

    assert str(caught.value) == f"There is no network 'lenet-5'; there are {', '.join(EXPERIMENTS)}."
    assert set(EXPERIMENTS) == set(PUBLISHED)


def test_families_stand_together_and_a_newcomer_meets_the_quick_lenet_first():
    families = [entry.family for entry in EXPERIMENTS.values()]

    assert next(iter(EXPERIMENTS)) == "lenet-bn"
    assert all(before == after for before, after in zip(sorted(families, key=families.index), families, strict=True))
