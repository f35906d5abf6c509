"""The few layers that are always written together, with square kernels in one number."""

from __future__ import annotations

from engine.architecture.layers import Activation, AvgPool2D, BatchNorm, Conv2D, Layer, MaxPool2D

RELU = Activation("relu")


def convolution(channels: int, kernel: int, *, stride: int = 1, padding: int = 0, use_bias: bool = True) -> Conv2D:
    """Return a convolution with a square kernel."""
    return Conv2D(channels, (kernel, kernel), (stride, stride), (padding, padding), use_bias)


def conv_relu(channels: int, kernel: int, *, stride: int = 1, padding: int = 0) -> tuple[Layer, ...]:
    """Return a convolution and ReLU, as networks were built before batch normalisation."""
    return (convolution(channels, kernel, stride=stride, padding=padding), RELU)


def conv_norm(channels: int, kernel: int, *, stride: int = 1, padding: int = 0) -> tuple[Layer, ...]:
    """Return a convolution without bias, which batch normalisation would take away again, and BatchNorm."""
    return (convolution(channels, kernel, stride=stride, padding=padding, use_bias=False), BatchNorm())


def norm_relu_conv(channels: int, kernel: int, *, stride: int = 1, padding: int = 0) -> tuple[Layer, ...]:
    """Return BatchNorm, ReLU and a convolution without bias: the order of pre-activation."""
    return (BatchNorm(), RELU, convolution(channels, kernel, stride=stride, padding=padding, use_bias=False))


def max_pool(size: int, *, stride: int, padding: int = 0) -> MaxPool2D:
    """Return max pooling with a square window."""
    return MaxPool2D((size, size), (stride, stride), (padding, padding))


def halving_average() -> AvgPool2D:
    """Return average pooling that halves height and width."""
    return AvgPool2D((2, 2), (2, 2))
