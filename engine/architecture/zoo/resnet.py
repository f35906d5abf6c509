"""Residual networks: blocks that add what they find to what they were given."""

from __future__ import annotations

from engine.architecture.layers import BatchNorm, Dense, Flatten, GlobalAvgPool2D, Layer, Residual
from engine.architecture.network import NetworkSpec, Shape
from engine.architecture.zoo.blocks import RELU, conv_norm, convolution, max_pool, norm_relu_conv
from engine.architecture.zoo.experiment import Build, Experiment
from engine.architecture.zoo.options import scaled
from engine.training.config import InitializerConfig, OptimizerConfig, ScheduleConfig, TrainingConfig


def resnet_18_original(input_shape: Shape, classes: int, *, width: float = 1.0) -> NetworkSpec:
    """Build ResNet-18, for images of 96×96 as in Dive into Deep Learning, first edition, section 5.11.

    After He et al., "Deep residual learning for image recognition", CVPR 2016: 11,689,512 parameters for three
    channels and 1,000 classes. The paper's batch normalisation in the shortcuts is kept, which the course leaves out;
    convolutions have no bias, as BatchNorm follows each.
    """
    stem = (*conv_norm(scaled(64, width), 7, stride=2, padding=3), RELU, max_pool(3, stride=2, padding=1))
    return _resnet_18("resnet-18-original", input_shape, classes, stem, 64, width)


def resnet_18(input_shape: Shape, classes: int, *, width: float = 1.0) -> NetworkSpec:
    """Build ResNet-18 for images of 28×28.

    All eight residual blocks are there. Scaled are the beginning, a 3×3 convolution at every pixel in place of a 7×7
    one at every second and a pooling, as the paper itself does for CIFAR's 32×32, and the channels, a quarter.
    """
    return _resnet_18(
        "resnet-18", input_shape, classes, (*conv_norm(scaled(16, width), 3, padding=1), RELU), 16, width
    )  # fmt: skip


def preactivation_resnet(name: str, n: int) -> Build:
    """Return a builder of a pre-activation ResNet of the CIFAR kind with 6n + 2 layers.

    Three stages of ``n`` blocks at 16, 32 and 64 channels. After He et al., "Identity mappings in deep residual
    networks", ECCV 2016: BatchNorm and ReLU come before each convolution, so that the sum of a block reaches the next
    unchanged. Where a stage halves the image, the shortcut is a 1×1 convolution of it.
    """

    def build(input_shape: Shape, classes: int, *, width: float = 1.0) -> NetworkSpec:
        layers: list[Layer] = [*conv_norm(scaled(16, width), 3, padding=1), RELU]
        for stage, channels in enumerate((16, 32, 64)):
            for block in range(n):
                layers.append(_preactivation_block(scaled(channels, width), stage, block))
        return NetworkSpec(
            name, input_shape, (*layers, BatchNorm(), RELU, GlobalAvgPool2D(), Flatten(), Dense(classes))
        )  # fmt: skip

    return build


def _resnet_18(
    name: str, input_shape: Shape, classes: int, stem: tuple[Layer, ...], first: int, width: float
) -> NetworkSpec:
    """Return four stages of two blocks; each stage after the first halves the image and doubles the channels."""
    layers = list(stem)
    for stage in range(4):
        channels = scaled(first * 2**stage, width)
        layers += [*_block(channels, halve=stage > 0), *_block(channels)]
    return NetworkSpec(name, input_shape, (*layers, GlobalAvgPool2D(), Flatten(), Dense(classes)))


def _block(channels: int, *, halve: bool = False) -> tuple[Layer, ...]:
    stride = 2 if halve else 1
    body = (*conv_norm(channels, 3, stride=stride, padding=1), RELU, *conv_norm(channels, 3, padding=1))
    return (Residual(body, conv_norm(channels, 1, stride=2) if halve else ()), RELU)


def _preactivation_block(channels: int, stage: int, block: int) -> Residual:
    second = norm_relu_conv(channels, 3, padding=1)
    if block > 0:
        return Residual((*norm_relu_conv(channels, 3, padding=1), *second))
    if stage == 0:  # BatchNorm and ReLU stand before the block already, for both of its paths
        return Residual((convolution(channels, 3, padding=1, use_bias=False), *second))
    return Residual(
        (*norm_relu_conv(channels, 3, stride=2, padding=1), *second),
        (convolution(channels, 1, stride=2, use_bias=False),),
    )


RESNET_18 = Experiment(
    name="resnet-18",
    family="ResNet",
    description="Eight residual blocks whose shortcuts carry gradients to the first layer: ResNet for small images.",
    source="Netarium, scaled from resnet-18-original",
    build=resnet_18,
    config=TrainingConfig(
        optimizer=OptimizerConfig("momentum", learning_rate=0.1, momentum=0.9, weight_decay=1e-4),
        schedule=ScheduleConfig("one-cycle", rising_fraction=0.25),
        initializer=InitializerConfig("he", distribution="gaussian"),
        batch_size=100,
        epochs=5,
    ),
)

RESNET_18_ORIGINAL = Experiment(
    name="resnet-18-original",
    family="ResNet",
    description="ResNet-18 as published, for images of 96 pixels as in the course.",
    source="Dive into Deep Learning, first edition (MXNet), section 5.11 (ResNet): about 0.92 on Fashion-MNIST",
    build=resnet_18_original,
    image_size=96,
    config=TrainingConfig(
        optimizer=OptimizerConfig("sgd", learning_rate=0.05),
        initializer=InitializerConfig("xavier"),
        batch_size=256,
        epochs=5,
    ),
)

RESNET_20 = Experiment(
    name="resnet-20",
    family="ResNet",
    description="Twenty layers at three sizes, with BatchNorm and ReLU first: the ResNet made for CIFAR.",
    source="He et al., Identity mappings in deep residual networks, ECCV 2016; one-cycle training after Smith, 2018",
    build=preactivation_resnet("resnet-20", 3),
    config=TrainingConfig(
        optimizer=OptimizerConfig("momentum", learning_rate=0.1, momentum=0.9, weight_decay=1e-4),
        schedule=ScheduleConfig("one-cycle", rising_fraction=0.25),
        initializer=InitializerConfig("he", distribution="gaussian"),
        batch_size=100,
        epochs=5,
    ),
)
