"""VGG-11: nothing but 3×3 convolutions, in blocks that halve the image and double the channels."""

from __future__ import annotations

from engine.architecture.layers import Flatten, Layer
from engine.architecture.network import NetworkSpec, Shape
from engine.architecture.zoo.alexnet import dense_head
from engine.architecture.zoo.blocks import conv_relu, max_pool
from engine.architecture.zoo.experiment import Experiment
from engine.architecture.zoo.options import scaled
from engine.training.config import InitializerConfig, OptimizerConfig, TrainingConfig

# (convolutions, channels) of each block in the paper's configuration A.
_BLOCKS = ((1, 64), (1, 128), (2, 256), (2, 512), (2, 512))


def vgg_11_original(
    input_shape: Shape, classes: int, *, width: float = 0.25, dropout: float = 0.5
) -> NetworkSpec:  # fmt: skip
    """Build VGG-11 for images of 224×224, as in Dive into Deep Learning, first edition, section 5.7.

    After Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition", ICLR 2015,
    configuration A. ``width`` multiplies the channels; the dense layers keep their 4,096 units, as in the course,
    whose ratio of 4 is the default here. With a width of 1 it is the paper's network: 132,863,336 parameters for
    three channels and 1,000 classes.
    """
    layers = (*_convolutions(width), Flatten(), *dense_head(4096, dropout, classes))
    return NetworkSpec("vgg-11-original", input_shape, layers)


def vgg_11(input_shape: Shape, classes: int, *, width: float = 1.0, dropout: float = 0.5) -> NetworkSpec:
    """Build VGG-11 for images of 32×32.

    All eight convolutions and five poolings of the original are there; 32 is the smallest image that they leave a
    pixel of. Scaled are the channels, a quarter, as the course does too, and the dense layers, an eighth, since one
    pixel reaches them in place of 7×7.
    """
    layers = (*_convolutions(width / 4), Flatten(), *dense_head(scaled(512, width), dropout, classes))
    return NetworkSpec("vgg-11", input_shape, layers)


def _convolutions(width: float) -> tuple[Layer, ...]:
    layers: list[Layer] = []
    for count, channels in _BLOCKS:
        for _ in range(count):
            layers += conv_relu(scaled(channels, width), 3, padding=1)
        layers.append(max_pool(2, stride=2))
    return tuple(layers)


VGG_11 = Experiment(
    name="vgg-11",
    family="VGG",
    description="Eight 3×3 convolutions in five blocks: depth from one simple rule, for small images.",
    source="Netarium, scaled from vgg-11-original",
    build=vgg_11,
    image_size=32,
    config=TrainingConfig(
        optimizer=OptimizerConfig("adam", learning_rate=0.001),
        initializer=InitializerConfig("he", distribution="gaussian"),
        batch_size=100,
        epochs=5,
    ),
)

VGG_11_ORIGINAL = Experiment(
    name="vgg-11-original",
    family="VGG",
    description="VGG-11 for images of 224 pixels, with a quarter of the channels, as in the course.",
    source="Dive into Deep Learning, first edition (MXNet), section 5.7 (VGG)",
    build=vgg_11_original,
    image_size=224,
    config=TrainingConfig(
        optimizer=OptimizerConfig("sgd", learning_rate=0.05),
        initializer=InitializerConfig("xavier"),
        batch_size=128,
        epochs=5,
    ),
)
