"""Every named network with its published experiment."""

from __future__ import annotations

from engine.architecture.zoo.convnets import LENET_BN, LENET_TANH, SIMPLE_CONVNET
from engine.architecture.zoo.experiment import Experiment
from engine.architecture.zoo.mlp import MLP_128_64, MLP_256_256, MLP_DROPOUT, SOFTMAX_REGRESSION
from engine.errors import ConfigError

EXPERIMENTS: dict[str, Experiment] = {
    experiment.name: experiment
    for experiment in (
        LENET_BN,
        LENET_TANH,
        SIMPLE_CONVNET,
        SOFTMAX_REGRESSION,
        MLP_128_64,
        MLP_256_256,
        MLP_DROPOUT,
    )
}


def experiment(name: str) -> Experiment:
    """Return the experiment of a named network.

    Raises
    ------
    ConfigError
        If there is none of this name; the sentence lists those there are.
    """
    if name not in EXPERIMENTS:
        raise ConfigError(
            "network.unknown", "There is no network {name!r}; there are {known}.",
            name=name, known=", ".join(EXPERIMENTS),
        )  # fmt: skip
    return EXPERIMENTS[name]


__all__ = ["EXPERIMENTS", "Experiment", "experiment"]
