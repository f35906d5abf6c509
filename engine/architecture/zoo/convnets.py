"""Small convolutional networks that belong to no family."""

from __future__ import annotations

from engine.architecture.layers import Activation, Conv2D, Dense, Flatten, MaxPool2D
from engine.architecture.network import NetworkSpec, Shape
from engine.architecture.zoo.experiment import Experiment
from engine.architecture.zoo.options import scaled
from engine.training.config import InitializerConfig, OptimizerConfig, TrainingConfig


def simple_convnet(input_shape: Shape, classes: int, *, width: float = 1.0) -> NetworkSpec:
    """Build the one-convolution network of the NumPy book."""
    return NetworkSpec(
        "simple-convnet",
        input_shape,
        (
            Conv2D(scaled(30, width), (5, 5)), Activation("relu"), MaxPool2D(),
            Flatten(), Dense(scaled(100, width)), Activation("relu"), Dense(classes),
        ),
    )  # fmt: skip


SIMPLE_CONVNET = Experiment(
    name="simple-convnet",
    family="LeNet",
    description="One convolution and two dense layers: the network one writes first in plain NumPy.",
    source="Deep Learning from Scratch, chapter 7 (SimpleConvNet): about 0.96 on the first 5,000 / 1,000 images",
    build=simple_convnet,
    config=TrainingConfig(
        optimizer=OptimizerConfig("adam", learning_rate=0.001),
        initializer=InitializerConfig("normal", scale=0.01),
        batch_size=100,
        epochs=20,
        sampling="with-replacement",
        limit_train=5000,
        limit_validation=1000,
    ),
)
