"""What is raced: networks of the zoo with their optimizers and batch sizes, and how far ahead we want to be."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from engine.architecture.network import NetworkSpec
from engine.architecture.zoo import experiment
from engine.training.config import TrainingConfig


class Race(Struct, frozen=True):
    """A network, its settings, and the ratio of the best backend to PyTorch that is aimed at."""

    title: str
    spec: NetworkSpec
    config: TrainingConfig
    aim: float


def _race(title: str, network: str, batch: int, aim: float) -> Race:
    chosen = experiment(network)
    # Shifting images is NumPy's work in any framework, and limits would only make epochs shorter.
    config = msgspec.structs.replace(chosen.config, batch_size=batch, shift=0, limit_train=None, sampling="shuffled")
    return Race(title, chosen.network(), config, aim)


RACES: dict[str, Race] = {
    "mlp-32": _race("MLP 128-64, batch 32", "mlp-128-64", 32, 1.5),
    "mlp-100": _race("MLP 128-64, batch 100", "mlp-128-64", 100, 1.1),
    "mlp-256": _race("MLP 128-64, batch 256", "mlp-128-64", 256, 0.9),
    "wide-100": _race("MLP 256-256, batch 100", "mlp-256-256", 100, 1.0),
    "lenet": _race("LeNet 20/50 tanh, batch 100", "lenet-tanh", 100, 1.2),
    "lenet-bn": _race("LeNet 16/32 with BatchNorm, batch 100", "lenet-bn", 100, 1.4),
    "convnet": _race("simple-convnet with Adam, batch 100", "simple-convnet", 100, 1.3),
    "resnet": _race("ResNet-20, batch 100", "resnet-20", 100, 1.0),
    "vgg": _race("VGG-11, scaled, batch 100", "vgg-11", 100, 1.0),
    "densenet": _race("DenseNet, scaled, batch 100", "densenet", 100, 1.0),
}
