"""LeNet and what became of it: sigmoid, tanh, and with batch normalisation."""

from __future__ import annotations

from engine.architecture.layers import Activation, BatchNorm, Conv2D, Dense, Flatten, MaxPool2D
from engine.architecture.network import NetworkSpec, Shape
from engine.architecture.zoo.experiment import Experiment
from engine.architecture.zoo.options import scaled
from engine.training.config import InitializerConfig, OptimizerConfig, ScheduleConfig, TrainingConfig


def lenet_tanh(input_shape: Shape, classes: int, *, width: float = 1.0) -> NetworkSpec:
    """Build LeNet with tanh as in MXNet's tutorial: 431,080 parameters for 28×28 images and ten classes.

    After LeCun et al., "Gradient-based learning applied to document recognition", Proc. IEEE 1998.
    """
    return NetworkSpec(
        "lenet-tanh",
        input_shape,
        (
            Conv2D(scaled(20, width), (5, 5)), Activation("tanh"), MaxPool2D(),
            Conv2D(scaled(50, width), (5, 5)), Activation("tanh"), MaxPool2D(),
            Flatten(), Dense(scaled(500, width)), Activation("tanh"), Dense(classes),
        ),
    )  # fmt: skip


def lenet_sigmoid(input_shape: Shape, classes: int, *, width: float = 1.0) -> NetworkSpec:
    """Build LeNet with sigmoid and max pooling, as in Dive into Deep Learning, first edition, section 5.5.

    After LeCun et al., "Gradient-based learning applied to document recognition", Proc. IEEE 1998, whose pooling
    averaged and whose images had a border of padding.
    """
    return NetworkSpec(
        "lenet-sigmoid",
        input_shape,
        (
            Conv2D(scaled(6, width), (5, 5)), Activation("sigmoid"), MaxPool2D(),
            Conv2D(scaled(16, width), (5, 5)), Activation("sigmoid"), MaxPool2D(),
            Flatten(), Dense(scaled(120, width)), Activation("sigmoid"),
            Dense(scaled(84, width)), Activation("sigmoid"), Dense(classes),
        ),
    )  # fmt: skip


def lenet_sigmoid_bn(input_shape: Shape, classes: int, *, width: float = 1.0) -> NetworkSpec:
    """Build the same LeNet with batch normalisation before every sigmoid, as in section 5.10 of the same course.

    After Ioffe and Szegedy, "Batch normalization", ICML 2015. The course keeps biases in front of BatchNorm, which
    takes them away again; here they are left out, and the function is the same.
    """
    return NetworkSpec(
        "lenet-sigmoid-bn",
        input_shape,
        (
            Conv2D(scaled(6, width), (5, 5), use_bias=False), BatchNorm(), Activation("sigmoid"), MaxPool2D(),
            Conv2D(scaled(16, width), (5, 5), use_bias=False), BatchNorm(), Activation("sigmoid"), MaxPool2D(),
            Flatten(), Dense(scaled(120, width), use_bias=False), BatchNorm(), Activation("sigmoid"),
            Dense(scaled(84, width), use_bias=False), BatchNorm(), Activation("sigmoid"), Dense(classes),
        ),
    )  # fmt: skip


def lenet_bn(input_shape: Shape, classes: int, *, width: float = 1.0) -> NetworkSpec:
    """Build a modern LeNet: batch normalisation and ReLU.

    Channels are multiples of 16, for which MXNet has fast convolution kernels, and pooling comes before ReLU: the
    same function for a quarter of the work.
    """
    return NetworkSpec(
        "lenet-bn",
        input_shape,
        (
            Conv2D(scaled(16, width), (5, 5), use_bias=False), MaxPool2D(), BatchNorm(), Activation("relu"),
            Conv2D(scaled(32, width), (5, 5), use_bias=False), MaxPool2D(), BatchNorm(), Activation("relu"),
            Flatten(), Dense(scaled(128, width)), Activation("relu"), Dense(classes),
        ),
    )  # fmt: skip


LENET_TANH = Experiment(
    name="lenet-tanh",
    family="LeNet",
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

LENET_SIGMOID = Experiment(
    name="lenet-sigmoid",
    family="LeNet",
    description="LeNet with sigmoids, as it was in 1998: gradients fade on their way back, and it starts slowly.",
    source="Dive into Deep Learning, first edition (MXNet), section 5.5 (LeNet): about 0.75 on Fashion-MNIST",
    build=lenet_sigmoid,
    config=TrainingConfig(
        optimizer=OptimizerConfig("sgd", learning_rate=0.9),
        initializer=InitializerConfig("xavier"),
        batch_size=256,
        epochs=5,
    ),
)

LENET_SIGMOID_BN = Experiment(
    name="lenet-sigmoid-bn",
    family="LeNet",
    description="The same LeNet with batch normalisation before each sigmoid: it learns from the first batch on.",
    source="Dive into Deep Learning, first edition (MXNet), section 5.10 (batch normalization)",
    build=lenet_sigmoid_bn,
    config=TrainingConfig(
        optimizer=OptimizerConfig("sgd", learning_rate=1.0),
        initializer=InitializerConfig("xavier"),
        batch_size=256,
        epochs=5,
    ),
)

LENET_BN = Experiment(
    name="lenet-bn",
    family="LeNet",
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
