"""GoogLeNet: Inception blocks that look at the image at four scales at once."""

from __future__ import annotations

from typing import NamedTuple

from engine.architecture.layers import Concat, Dense, Flatten, GlobalAvgPool2D, MaxPool2D
from engine.architecture.network import NetworkSpec, Shape
from engine.architecture.zoo.blocks import conv_relu, max_pool
from engine.architecture.zoo.experiment import Experiment
from engine.architecture.zoo.options import scaled
from engine.training.config import InitializerConfig, OptimizerConfig, TrainingConfig


class _Channels(NamedTuple):
    """The channels of an Inception block's four branches; before 3×3 and 5×5, a 1×1 convolution narrows the input."""

    one: int
    three: tuple[int, int]
    five: tuple[int, int]
    pool: int


# Table 1 of the paper, inception 3a to 5b.
_STAGE_3 = (_Channels(64, (96, 128), (16, 32), 32), _Channels(128, (128, 192), (32, 96), 64))
_STAGE_4 = (
    _Channels(192, (96, 208), (16, 48), 64),
    _Channels(160, (112, 224), (24, 64), 64),
    _Channels(128, (128, 256), (24, 64), 64),
    _Channels(112, (144, 288), (32, 64), 64),
    _Channels(256, (160, 320), (32, 128), 128),
)
_STAGE_5 = (_Channels(256, (160, 320), (32, 128), 128), _Channels(384, (192, 384), (48, 128), 128))


def googlenet_original(input_shape: Shape, classes: int, *, width: float = 1.0) -> NetworkSpec:
    """Build GoogLeNet, as in Dive into Deep Learning, first edition, section 5.9, for images of 96×96.

    After Szegedy et al., "Going deeper with convolutions", CVPR 2015. As in the course, the two auxiliary classifiers,
    local response normalisation and the dropout before the last layer are left out: 6,998,552 parameters for three
    channels and 1,000 classes.
    """
    return NetworkSpec(
        "googlenet-original",
        input_shape,
        (
            *conv_relu(scaled(64, width), 7, stride=2, padding=3), _halve(),
            *conv_relu(scaled(64, width), 1), *conv_relu(scaled(192, width), 3, padding=1), _halve(),
            *(_inception(channels, width) for channels in _STAGE_3), _halve(),
            *(_inception(channels, width) for channels in _STAGE_4), _halve(),
            *(_inception(channels, width) for channels in _STAGE_5),
            GlobalAvgPool2D(), Flatten(), Dense(classes),
        ),
    )  # fmt: skip


def googlenet(input_shape: Shape, classes: int, *, width: float = 1.0) -> NetworkSpec:
    """Build GoogLeNet for images of 28×28.

    All nine Inception blocks are there. Scaled are the first convolution, 3×3 at every pixel in place of 7×7 at every
    second, so that the last blocks still see 2×2 pixels, and the channels: a quarter, rounded to the multiples of 16
    for which MXNet has fast kernels.
    """
    stages = [tuple(map(_quarter, stage)) for stage in (_STAGE_3, _STAGE_4, _STAGE_5)]
    return NetworkSpec(
        "googlenet",
        input_shape,
        (
            *conv_relu(scaled(16, width), 3, padding=1), _halve(),
            *conv_relu(scaled(16, width), 1), *conv_relu(scaled(48, width), 3, padding=1), _halve(),
            *(_inception(channels, width) for channels in stages[0]), _halve(),
            *(_inception(channels, width) for channels in stages[1]), _halve(),
            *(_inception(channels, width) for channels in stages[2]),
            GlobalAvgPool2D(), Flatten(), Dense(classes),
        ),
    )  # fmt: skip


def _inception(channels: _Channels, width: float) -> Concat:
    one, three, five, pool = channels
    return Concat(
        (
            conv_relu(scaled(one, width), 1),
            (*conv_relu(scaled(three[0], width), 1), *conv_relu(scaled(three[1], width), 3, padding=1)),
            (*conv_relu(scaled(five[0], width), 1), *conv_relu(scaled(five[1], width), 5, padding=2)),
            (max_pool(3, stride=1, padding=1), *conv_relu(scaled(pool, width), 1)),
        )
    )


def _halve() -> MaxPool2D:
    # The paper rounds the number of windows up; the padding of the course does the same here.
    return max_pool(3, stride=2, padding=1)


def _quarter(channels: _Channels) -> _Channels:
    """Return a quarter of the channels in multiples of 16."""

    def quarter(count: int) -> int:
        return max(16, round(count / 64) * 16)

    (three_in, three), (five_in, five) = channels.three, channels.five
    return _Channels(
        quarter(channels.one), (quarter(three_in), quarter(three)), (quarter(five_in), quarter(five)),
        quarter(channels.pool),
    )  # fmt: skip


GOOGLENET = Experiment(
    name="googlenet",
    family="GoogLeNet",
    description="Nine Inception blocks of four branches: GoogLeNet for small images.",
    source="Netarium, scaled from googlenet-original",
    build=googlenet,
    config=TrainingConfig(
        optimizer=OptimizerConfig("adam", learning_rate=0.001),
        initializer=InitializerConfig("he", distribution="gaussian"),
        batch_size=100,
        epochs=5,
    ),
)

GOOGLENET_ORIGINAL = Experiment(
    name="googlenet-original",
    family="GoogLeNet",
    description="GoogLeNet as in the course, for images of 96 pixels: 22 layers deep with 6 million parameters.",
    source="Dive into Deep Learning, first edition (MXNet), section 5.9 (GoogLeNet)",
    build=googlenet_original,
    image_size=96,
    config=TrainingConfig(
        optimizer=OptimizerConfig("sgd", learning_rate=0.1),
        initializer=InitializerConfig("xavier"),
        batch_size=128,
        epochs=5,
    ),
)
