"""DenseNet: every layer is given the outputs of all layers before it."""

from __future__ import annotations

from engine.architecture.layers import BatchNorm, Concat, Dense, Flatten, GlobalAvgPool2D, Layer
from engine.architecture.network import NetworkSpec, Shape
from engine.architecture.zoo.blocks import RELU, conv_norm, halving_average, max_pool, norm_relu_conv
from engine.architecture.zoo.experiment import Experiment
from engine.architecture.zoo.options import scaled
from engine.training.config import InitializerConfig, OptimizerConfig, ScheduleConfig, TrainingConfig

_BLOCKS = (4, 4, 4, 4)  # convolutions in each dense block


def densenet_original(input_shape: Shape, classes: int, *, width: float = 1.0) -> NetworkSpec:
    """Build the DenseNet of Dive into Deep Learning, first edition, section 5.12, for images of 96×96.

    After Huang et al., "Densely connected convolutional networks", CVPR 2017: growth rate 32, four blocks of four
    convolutions, 64 first channels, and transitions that halve channels and image. Convolutions have no bias, as in
    the paper: BatchNorm takes it away again further on. ``width`` multiplies first channels and growth rate.
    """
    first = scaled(64, width)
    stem = (*conv_norm(first, 7, stride=2, padding=3), RELU, max_pool(3, stride=2, padding=1))
    return _densenet("densenet-original", input_shape, classes, stem, first, scaled(32, width))


def densenet(input_shape: Shape, classes: int, *, width: float = 1.0) -> NetworkSpec:
    """Build the DenseNet for images of 32×32.

    All four blocks of four convolutions and all three transitions are there. Scaled are the first convolution, 3×3 at
    every pixel in place of 7×7 at every second, so that the last block still sees 2×2 pixels, and first channels and
    growth rate, half.
    """
    first = scaled(32, width)
    stem = (*conv_norm(first, 3, padding=1), RELU, max_pool(3, stride=2, padding=1))
    return _densenet("densenet", input_shape, classes, stem, first, scaled(16, width))


def _densenet(
    name: str, input_shape: Shape, classes: int, stem: tuple[Layer, ...], channels: int, growth: int
) -> NetworkSpec:
    layers = list(stem)
    for place, convolutions in enumerate(_BLOCKS):
        if place > 0:
            channels = max(1, channels // 2)
            layers += [*norm_relu_conv(channels, 1), halving_average()]
        # Each joins its input, unchanged, and what it makes of it.
        layers += [Concat(((), norm_relu_conv(growth, 3, padding=1))) for _ in range(convolutions)]
        channels += convolutions * growth
    return NetworkSpec(name, input_shape, (*layers, BatchNorm(), RELU, GlobalAvgPool2D(), Flatten(), Dense(classes)))


DENSENET = Experiment(
    name="densenet",
    family="DenseNet",
    description="Four blocks in which each layer sees all before it, with transitions between: DenseNet, scaled.",
    source="Netarium, scaled from densenet-original",
    build=densenet,
    image_size=32,
    config=TrainingConfig(
        optimizer=OptimizerConfig("momentum", learning_rate=0.1, momentum=0.9, weight_decay=1e-4),
        schedule=ScheduleConfig("one-cycle", rising_fraction=0.25),
        initializer=InitializerConfig("he", distribution="gaussian"),
        batch_size=100,
        epochs=5,
    ),
)

DENSENET_ORIGINAL = Experiment(
    name="densenet-original",
    family="DenseNet",
    description="The course's DenseNet for images of 96 pixels: growth rate 32, four blocks of four.",
    source="Dive into Deep Learning, first edition (MXNet), section 5.12 (DenseNet)",
    build=densenet_original,
    image_size=96,
    config=TrainingConfig(
        optimizer=OptimizerConfig("sgd", learning_rate=0.1),
        initializer=InitializerConfig("xavier"),
        batch_size=256,
        epochs=5,
    ),
)
