"""Convolutional networks of the LeNet kind."""

from __future__ import annotations

from engine.architecture.layers import Activation, BatchNorm, Conv2D, Dense, Flatten, MaxPool2D
from engine.architecture.network import NetworkSpec, Shape
from engine.architecture.zoo.experiment import Experiment
from engine.training.config import InitializerConfig, OptimizerConfig, ScheduleConfig, TrainingConfig


def lenet_tanh(input_shape: Shape, classes: int) -> NetworkSpec:
    """Build LeNet with tanh as in MXNet's tutorial: 431,080 parameters for 28×28 images and ten classes.

    After LeCun et al., "Gradient-based learning applied to document recognition", Proc. IEEE 1998.
    """
    return NetworkSpec(
        "lenet-tanh",
        input_shape,
        (
            Conv2D(20, (5, 5)), Activation("tanh"), MaxPool2D(),
            Conv2D(50, (5, 5)), Activation("tanh"), MaxPool2D(),
            Flatten(), Dense(500), Activation("tanh"), Dense(classes),
        ),
    )  # fmt: skip


def simple_convnet(input_shape: Shape, classes: int) -> NetworkSpec:
    """Build the one-convolution network of the NumPy book."""
    return NetworkSpec(
        "simple-convnet",
        input_shape,
        (
            Conv2D(30, (5, 5)), Activation("relu"), MaxPool2D(),
            Flatten(), Dense(100), Activation("relu"), Dense(classes),
        ),
    )  # fmt: skip


def lenet_bn(input_shape: Shape, classes: int) -> NetworkSpec:
    """Build a modern LeNet: batch normalisation and ReLU.

    Channels are multiples of 16, for which MXNet has fast convolution kernels, and pooling comes before ReLU: the
    same function for a quarter of the work.
    """
    return NetworkSpec(
        "lenet-bn",
        input_shape,
        (
            Conv2D(16, (5, 5), use_bias=False), MaxPool2D(), BatchNorm(), Activation("relu"),
            Conv2D(32, (5, 5), use_bias=False), MaxPool2D(), BatchNorm(), Activation("relu"),
            Flatten(), Dense(128), Activation("relu"), Dense(classes),
        ),
    )  # fmt: skip


LENET_TANH = Experiment(
    name="lenet-tanh",
    description="Two convolutions and two dense layers with tanh: LeNet as in MXNet's first tutorial.",
    source="MXNet tutorial, Handwritten digit recognition (LeNet): validation accuracy 0.9878",
    build=lenet_tanh,
    config=TrainingConfig(
        optimizer=OptimizerConfig("sgd", learning_rate=0.1),
        initializer=InitializerConfig("uniform", scale=0.01),
        batch_size=100,
        epochs=10,
    ),
)

SIMPLE_CONVNET = Experiment(
    name="simple-convnet",
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

LENET_BN = Experiment(
    name="lenet-bn",
    description="LeNet as one would build it today, with batch normalisation: 99% on MNIST in two epochs.",
    source="Netarium; one-cycle training after Smith, 2018",
    build=lenet_bn,
    config=TrainingConfig(
        optimizer=OptimizerConfig("momentum", learning_rate=0.1, momentum=0.9, weight_decay=1e-4),
        schedule=ScheduleConfig("one-cycle", rising_fraction=0.25),
        initializer=InitializerConfig("he", distribution="gaussian"),
        batch_size=100,
        epochs=4,
    ),
)
