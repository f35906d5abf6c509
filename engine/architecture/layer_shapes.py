"""What one layer makes of a shape: its output shape, its parameters and what it costs."""

from __future__ import annotations

import math
from typing import Literal

from msgspec import Struct

from engine.architecture.layers import (
    AvgPool2D,
    BatchNorm,
    Conv2D,
    Dense,
    Flatten,
    GlobalAvgPool2D,
    Layer,
    MaxPool2D,
    describe,
)
from engine.architecture.network import Shape
from engine.errors import ShapeError

Role = Literal["weight", "bias", "gamma", "beta", "running_mean", "running_var"]


class ParameterSpec(Struct, frozen=True):
    """One tensor of a network, named by the path of its layer and its role: ``conv1/weight``."""

    layer: str
    role: Role
    shape: Shape

    @property
    def path(self) -> str:
        """The full name, such as ``residual1/conv2/weight``."""
        return f"{self.layer}/{self.role}"

    @property
    def size(self) -> int:
        """How many numbers the tensor holds."""
        return math.prod(self.shape)

    @property
    def trainable(self) -> bool:
        """Whether gradients change it; the running statistics of BatchNorm are not trained."""
        return self.role not in ("running_mean", "running_var")

    @property
    def decays(self) -> bool:
        """Whether weight decay applies: to weights and gammas, never to biases."""
        return self.role in ("weight", "gamma")


def output_shape(layer: Layer, shape: Shape, path: str) -> Shape:
    """Return the shape that a plain layer gives for the shape it takes.

    Raises
    ------
    ShapeError
        If the layer does not fit; the sentence names the layer, the shape and what would fit.
    """
    match layer:
        case Dense(units=units):
            if len(shape) != 1:
                raise _misfit(layer, path, shape, "a flat vector; put a Flatten layer before it")
            return (units,)
        case Conv2D(channels=channels, kernel=kernel, stride=stride, padding=padding):
            return (channels, *_windows(layer, path, shape, kernel, stride, padding))
        case (
            MaxPool2D(size=size, stride=stride, padding=padding) | AvgPool2D(size=size, stride=stride, padding=padding)
        ):
            if padding[0] >= size[0] or padding[1] >= size[1]:
                raise _misfit(layer, path, shape, "a padding smaller than its window")
            return (shape[0], *_windows(layer, path, shape, size, stride, padding))
        case GlobalAvgPool2D():
            _need_image(layer, path, shape)
            return (shape[0], 1, 1)
        case Flatten():
            return (math.prod(shape),)
        case _:
            return shape


def parameters(layer: Layer, shape: Shape, path: str) -> tuple[ParameterSpec, ...]:
    """Return the tensors of a layer that takes ``shape``, without those of layers inside it."""
    shapes: dict[Role, Shape] = {}
    match layer:
        case Dense(units=units, use_bias=bias):
            shapes["weight"] = (units, shape[0])
            if bias:
                shapes["bias"] = (units,)
        case Conv2D(channels=channels, kernel=kernel, use_bias=bias):
            shapes["weight"] = (channels, shape[0], *kernel)
            if bias:
                shapes["bias"] = (channels,)
        case BatchNorm():
            shapes = dict.fromkeys(("gamma", "beta", "running_mean", "running_var"), (shape[0],))
    return tuple(ParameterSpec(path, role, value) for role, value in shapes.items())


def multiply_adds(layer: Layer, shape: Shape, output: Shape) -> int:
    """Return the multiplications with addition for one sample, forward, without those of layers inside it."""
    match layer:
        case Dense():
            return shape[0] * output[0]
        case Conv2D(kernel=kernel):
            return math.prod(output) * shape[0] * kernel[0] * kernel[1]
        case _:
            return 0


def format_shape(shape: Shape) -> str:
    """Return a shape as people write it: ``20×24×24``."""
    return "×".join(map(str, shape))


def _windows(
    layer: Layer,
    path: str,
    shape: Shape,
    size: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
) -> tuple[int, int]:
    """Return how many windows fit below and beside each other, those that stick out left out."""
    _need_image(layer, path, shape)
    rows, columns = ((shape[axis + 1] + 2 * padding[axis] - size[axis]) // stride[axis] + 1 for axis in (0, 1))
    if rows < 1 or columns < 1:
        raise _misfit(
            layer, path, shape,
            f"an image of at least {max(1, size[0] - 2 * padding[0])}×{max(1, size[1] - 2 * padding[1])} pixels; "
            "use a smaller window, more padding, or pool less before it",
        )  # fmt: skip
    return rows, columns


def _need_image(layer: Layer, path: str, shape: Shape) -> None:
    if len(shape) != 3:
        raise _misfit(layer, path, shape, "an image (channels, height, width); move it before Flatten")


def _misfit(layer: Layer, path: str, shape: Shape, wanted: str) -> ShapeError:
    return ShapeError(
        "shape.misfit",
        "{layer} ({description}) gets shape {shape}, but needs {wanted}.",
        layer=path, description=describe(layer), shape=format_shape(shape), wanted=wanted,
    )  # fmt: skip
