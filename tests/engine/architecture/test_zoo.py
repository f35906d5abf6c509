"""The settings here are those of the table of published experiments in the project's design, written out again."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from engine.architecture.layers import Activation, Conv2D, Dense, Dropout
from engine.architecture.network import NetworkSpec, walk
from engine.architecture.shapes import classes, summarize
from engine.architecture.zoo import EXPERIMENTS, experiment
from engine.backends.mxnet.gluon import GluonBackend
from engine.errors import ConfigError
from engine.training.config import InitializerConfig, OptimizerConfig, ScheduleConfig, TrainingConfig, config_from_json
from engine.training.data import place
from engine.training.events import BatchesDone
from engine.training.initializers import initial_weights
from engine.training.live import LiveSettings
from engine.training.loop import train
from tests.engine.samples import samples

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


def test_no_convolution_before_batch_normalisation_has_a_bias():
    layers = experiment("lenet-bn").network().layers

    assert [layer.use_bias for layer in layers if isinstance(layer, Conv2D)] == [False, False]


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_is_described_and_its_network_bears_its_name(name):
    chosen = experiment(name)

    assert chosen.name == chosen.network().name == name
    assert chosen.description.endswith(".") and chosen.source
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


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_few_batches_lower_the_loss_and_reach_the_first_layer(name):
    chosen = experiment(name)
    spec = chosen.network()
    fresh = initial_weights(summarize(spec), chosen.config.initializer, chosen.config.seed)
    network = GluonBackend("cpu").build(spec, fresh)
    network.prepare_training(chosen.config.optimizer, chosen.config.loss_reduction)
    batch = samples(spec, 16)
    part = (batch.images, batch.labels)
    one_batch = TrainingConfig(
        optimizer=chosen.config.optimizer, loss_reduction=chosen.config.loss_reduction, batch_size=16, epochs=6
    )
    data = place(network, one_batch, part, part)
    before = network.evaluate_batch(data.train, 0, 16).result().loss
    live = LiveSettings(spec, chosen.config.optimizer, report_every=0)
    events = list(train(network, data, one_batch, live=live))
    losses = [event.losses[-1] for event in events if isinstance(event, BatchesDone)]

    assert len(losses) == 6
    assert np.isfinite(losses).all()
    assert network.evaluate_batch(data.train, 0, 16).result().loss < before
    trained = network.weights()
    still = [p.path for p in summarize(spec).parameters if np.array_equal(trained[p.path], fresh[p.path])]
    assert not still
