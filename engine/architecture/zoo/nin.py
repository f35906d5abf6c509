"""Network in network: 1×1 convolutions in place of dense layers, and an average at the end."""

from __future__ import annotations

from engine.architecture.layers import Dropout, Flatten, GlobalAvgPool2D, Layer
from engine.architecture.network import NetworkSpec, Shape
from engine.architecture.zoo.blocks import conv_relu, max_pool
from engine.architecture.zoo.experiment import Experiment
from engine.architecture.zoo.options import scaled
from engine.training.config import InitializerConfig, OptimizerConfig, TrainingConfig


def nin_original(input_shape: Shape, classes: int, *, width: float = 1.0, dropout: float = 0.5) -> NetworkSpec:
    """Build NiN for images of 224×224, as in Dive into Deep Learning, first edition, section 5.8.

    After Lin et al., "Network in network", ICLR 2014. The last block has a channel for each class; their means over
    the image are the logits. The ReLU before that mean is the course's.
    """
    return NetworkSpec(
        "nin-original",
        input_shape,
        (
            *_block(scaled(96, width), 11, stride=4), max_pool(3, stride=2),
            *_block(scaled(256, width), 5, padding=2), max_pool(3, stride=2),
            *_block(scaled(384, width), 3, padding=1), max_pool(3, stride=2),
            Dropout(dropout), *_block(classes, 3, padding=1), GlobalAvgPool2D(), Flatten(),
        ),
    )  # fmt: skip


def nin(input_shape: Shape, classes: int, *, width: float = 1.0, dropout: float = 0.5) -> NetworkSpec:
    """Build NiN for images of 28×28.

    All four blocks of three convolutions are there. Scaled, as in ``alexnet``, are the first convolution, 5×5 at every
    pixel in place of 11×11 at every fourth, and the channels, a quarter to a third. The very last ReLU is left out: a
    class whose one channel died under it, which happens at once in some, would be lost, and with it a tenth of all
    answers.
    """
    return NetworkSpec(
        "nin",
        input_shape,
        (
            *_block(scaled(32, width), 5, padding=2), max_pool(3, stride=2),
            *_block(scaled(64, width), 5, padding=2), max_pool(3, stride=2),
            *_block(scaled(96, width), 3, padding=1), max_pool(3, stride=2),
            Dropout(dropout), *_block(classes, 3, padding=1)[:-1], GlobalAvgPool2D(), Flatten(),
        ),
    )  # fmt: skip


def _block(channels: int, kernel: int, *, stride: int = 1, padding: int = 0) -> tuple[Layer, ...]:
    """Return a convolution and two of 1×1: a small dense network that moves over the image."""
    return (
        *conv_relu(channels, kernel, stride=stride, padding=padding),
        *conv_relu(channels, 1),
        *conv_relu(channels, 1),
    )


NIN = Experiment(
    name="nin",
    family="NiN",
    description="1×1 convolutions and a global average in place of dense layers: NiN for small images.",
    source="Netarium, scaled from nin-original",
    build=nin,
    # Ten channels between the last convolutions let little through at first: more and larger steps than for the others.
    config=TrainingConfig(
        optimizer=OptimizerConfig("adam", learning_rate=0.002),
        initializer=InitializerConfig("he", distribution="gaussian"),
        batch_size=50,
        epochs=5,
    ),
)

NIN_ORIGINAL = Experiment(
    name="nin-original",
    family="NiN",
    description="Network in network as in the course, for images of 224 pixels: no dense layer at all.",
    source="Dive into Deep Learning, first edition (MXNet), section 5.8 (NiN)",
    build=nin_original,
    image_size=224,
    config=TrainingConfig(
        optimizer=OptimizerConfig("sgd", learning_rate=0.1),
        initializer=InitializerConfig("xavier"),
        batch_size=128,
        epochs=5,
    ),
)
