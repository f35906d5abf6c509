"""AlexNet: five convolutions and three dense layers, the network that made deep learning known."""

from __future__ import annotations

from engine.architecture.layers import Dense, Dropout, Flatten, Layer
from engine.architecture.network import NetworkSpec, Shape
from engine.architecture.zoo.blocks import RELU, conv_relu, max_pool
from engine.architecture.zoo.experiment import Experiment
from engine.architecture.zoo.options import scaled
from engine.training.config import InitializerConfig, OptimizerConfig, TrainingConfig


def alexnet_original(input_shape: Shape, classes: int, *, width: float = 1.0, dropout: float = 0.5) -> NetworkSpec:
    """Build AlexNet for images of 224×224, as in Dive into Deep Learning, first edition, section 5.6.

    After Krizhevsky et al., "ImageNet classification with deep convolutional neural networks", NIPS 2012. As in the
    course, local response normalisation and the division between two GPUs are left out: later networks showed that
    neither is needed.
    """
    return NetworkSpec(
        "alexnet-original",
        input_shape,
        (
            *conv_relu(scaled(96, width), 11, stride=4), max_pool(3, stride=2),
            *conv_relu(scaled(256, width), 5, padding=2), max_pool(3, stride=2),
            *conv_relu(scaled(384, width), 3, padding=1),
            *conv_relu(scaled(384, width), 3, padding=1),
            *conv_relu(scaled(256, width), 3, padding=1), max_pool(3, stride=2),
            Flatten(),
            *dense_head(scaled(4096, width), dropout, classes),
        ),
    )  # fmt: skip


def alexnet(input_shape: Shape, classes: int, *, width: float = 1.0, dropout: float = 0.5) -> NetworkSpec:
    """Build AlexNet for images of 28×28.

    Every layer of the original is there. Scaled are the first convolution, 5×5 at every pixel in place of 11×11 at
    every fourth, since a digit is no larger than 28 pixels; the channels, a quarter to a third (multiples of 16, for
    which MXNet has fast kernels); and the dense layers, an eighth, since 64×2×2 values reach them in place of 256×5×5.
    """
    return NetworkSpec(
        "alexnet",
        input_shape,
        (
            *conv_relu(scaled(32, width), 5, padding=2), max_pool(3, stride=2),
            *conv_relu(scaled(64, width), 5, padding=2), max_pool(3, stride=2),
            *conv_relu(scaled(96, width), 3, padding=1),
            *conv_relu(scaled(96, width), 3, padding=1),
            *conv_relu(scaled(64, width), 3, padding=1), max_pool(3, stride=2),
            Flatten(),
            *dense_head(scaled(512, width), dropout, classes),
        ),
    )  # fmt: skip


def dense_head(units: int, dropout: float, classes: int) -> tuple[Layer, ...]:
    """Return the three dense layers that AlexNet and VGG end in, with dropout after the first two."""
    return (Dense(units), RELU, Dropout(dropout), Dense(units), RELU, Dropout(dropout), Dense(classes))


ALEXNET = Experiment(
    name="alexnet",
    family="AlexNet",
    description="Five convolutions, overlapping pooling, ReLU and dropout: AlexNet for small images.",
    source="Netarium, scaled from alexnet-original",
    build=alexnet,
    config=TrainingConfig(
        optimizer=OptimizerConfig("adam", learning_rate=0.001),
        initializer=InitializerConfig("he", distribution="gaussian"),
        batch_size=100,
        epochs=5,
    ),
)

ALEXNET_ORIGINAL = Experiment(
    name="alexnet-original",
    family="AlexNet",
    description="AlexNet as in the course, for images of 224 pixels: the network that won ImageNet in 2012.",
    source="Dive into Deep Learning, first edition (MXNet), section 5.6 (AlexNet): about 0.88 on Fashion-MNIST",
    build=alexnet_original,
    image_size=224,
    config=TrainingConfig(
        optimizer=OptimizerConfig("sgd", learning_rate=0.01),
        initializer=InitializerConfig("xavier"),
        batch_size=128,
        epochs=5,
    ),
)
