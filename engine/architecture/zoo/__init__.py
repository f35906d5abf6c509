"""Every named network with its published experiment."""

from __future__ import annotations

from engine.architecture.zoo.alexnet import ALEXNET, ALEXNET_ORIGINAL
from engine.architecture.zoo.convnets import SIMPLE_CONVNET
from engine.architecture.zoo.densenet import DENSENET, DENSENET_ORIGINAL
from engine.architecture.zoo.experiment import Experiment
from engine.architecture.zoo.googlenet import GOOGLENET, GOOGLENET_ORIGINAL
from engine.architecture.zoo.lenet import LENET_BN, LENET_SIGMOID, LENET_SIGMOID_BN, LENET_TANH
from engine.architecture.zoo.mlp import MLP_64, MLP_128_64, MLP_256, MLP_256_256, MLP_DROPOUT, SOFTMAX_REGRESSION
from engine.architecture.zoo.nin import NIN, NIN_ORIGINAL
from engine.architecture.zoo.options import BuilderOptions
from engine.architecture.zoo.quick import QUICK_99, QUICK_99_5
from engine.architecture.zoo.resnet import RESNET_18, RESNET_18_ORIGINAL, RESNET_20
from engine.architecture.zoo.vgg import VGG_11, VGG_11_ORIGINAL
from engine.errors import ConfigError

# Those of a family stand together. The first is what a newcomer meets: it learns digits in seconds.
EXPERIMENTS: dict[str, Experiment] = {
    experiment.name: experiment
    for experiment in (
        LENET_BN,
        LENET_TANH,
        LENET_SIGMOID,
        LENET_SIGMOID_BN,
        SIMPLE_CONVNET,
        QUICK_99,
        QUICK_99_5,
        SOFTMAX_REGRESSION,
        MLP_64,
        MLP_128_64,
        MLP_256,
        MLP_256_256,
        MLP_DROPOUT,
        ALEXNET,
        ALEXNET_ORIGINAL,
        VGG_11,
        VGG_11_ORIGINAL,
        NIN,
        NIN_ORIGINAL,
        GOOGLENET,
        GOOGLENET_ORIGINAL,
        RESNET_18,
        RESNET_18_ORIGINAL,
        RESNET_20,
        DENSENET,
        DENSENET_ORIGINAL,
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


__all__ = ["EXPERIMENTS", "BuilderOptions", "Experiment", "experiment"]
