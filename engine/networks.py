"""Finds a network by what a person calls it: one that comes with Netarium, one of their own, or a file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from engine.architecture.network import NetworkSpec, Shape
from engine.architecture.shapes import classes
from engine.architecture.zoo import EXPERIMENTS
from engine.errors import ConfigError
from engine.storage.model_file import load_model
from engine.storage.networks import own_networks, read_network
from engine.training.config import InitializerConfig, OptimizerConfig, TrainingConfig

# What a network learns with that nobody published settings for: Adam and He's weights forgive most.
USUAL_SETTINGS = TrainingConfig(
    optimizer=OptimizerConfig("adam", learning_rate=0.001),
    initializer=InitializerConfig("he", distribution="gaussian"),
    batch_size=100,
    epochs=5,
)


@dataclass(frozen=True)
class Adjustments:
    """What to change about a network that comes with Netarium; None leaves it as it is.

    See ``engine.architecture.zoo.Experiment.network``.
    """

    width: float | None = None
    dropout: float | None = None
    image_size: int | None = None


@dataclass(frozen=True)
class Chosen:
    """A network with the settings to train it with."""

    spec: NetworkSpec
    config: TrainingConfig
    description: str = ""


def choose_network(
    name: str,
    input_shape: Shape = (1, 28, 28),
    class_count: int = 10,
    adjustments: Adjustments = Adjustments(),
) -> Chosen:
    """Return the network that ``name`` means.

    Parameters
    ----------
    name : str
        One of ``zoo.EXPERIMENTS``, one of the user's own networks, or the path of a ``.json`` or model file.
    input_shape, class_count
        Of the data set; a network that comes with Netarium is built for them, any other is as it is.
    adjustments : Adjustments

    Raises
    ------
    NetariumError
        If there is no such network, it does not fit together, is no classifier, or cannot be adjusted like this.
    """
    if name in EXPERIMENTS:
        chosen = EXPERIMENTS[name]
        spec = chosen.network(
            input_shape, class_count, width=adjustments.width, dropout=adjustments.dropout,
            image_size=adjustments.image_size,
        )  # fmt: skip
        return Chosen(spec, chosen.config, chosen.description)
    found = _own_or_file(name)
    if adjustments != Adjustments():
        raise ConfigError(
            "network.fixed",
            "{network} is a network of its own, which has no width, dropout or image size to choose; edit it instead.",
            network=found.spec.name,
        )
    classes(found.spec)
    return found


def _own_or_file(name: str) -> Chosen:
    own = own_networks().networks
    if name in own:
        return Chosen(own[name].spec, USUAL_SETTINGS)
    path = Path(name)
    if path.suffix.lower() == ".json":
        return Chosen(read_network(path), USUAL_SETTINGS)
    if os.path.exists(name):  # Path.exists raises where a name is too long to be a file's
        model = load_model(path)
        return Chosen(model.spec, model.config or USUAL_SETTINGS)
    raise ConfigError(
        "network.unknown", "There is no network {name!r}; there are {known}.",
        name=name, known=", ".join([*EXPERIMENTS, *own]) + " and .json files",
    )  # fmt: skip
