"""Shapes, parameters and costs of a network, worked out from its description alone."""

from __future__ import annotations

import math
from typing import Literal

from msgspec import Struct

from engine.architecture.layers import (
    AvgPool2D,
    BatchNorm,
    Concat,
    Conv2D,
    Dense,
    Flatten,
    GlobalAvgPool2D,
    Layer,
    MaxPool2D,
    Residual,
    describe,
)
from engine.architecture.network import NetworkSpec, Shape
from engine.errors import ConfigError, ShapeError
from engine.validation import check_fields

Role = Literal["weight", "bias", "gamma", "beta", "running_mean", "running_var"]

# A tensor beyond this would not be trained on one machine, and hides an overflow.
_MOST_VALUES = 2**31


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


class LayerSummary(Struct, frozen=True):
    """A layer at its place, with the shapes it takes and gives and what it costs."""

    path: str
    layer: Layer
    depth: int
    input_shape: Shape
    output_shape: Shape
    parameters: tuple[ParameterSpec, ...]
    multiply_adds: int

    @property
    def parameter_count(self) -> int:
        """How many numbers the layer learns, without those of layers inside it."""
        return sum(p.size for p in self.parameters if p.trainable)


class NetworkSummary(Struct, frozen=True):
    """Everything derived from a network: its layers in order of execution, composites first."""

    layers: tuple[LayerSummary, ...]
    output_shape: Shape

    @property
    def parameters(self) -> tuple[ParameterSpec, ...]:
        """All tensors in order of execution, running statistics included."""
        return tuple(p for layer in self.layers for p in layer.parameters)

    @property
    def parameter_count(self) -> int:
        """How many numbers are trained."""
        return sum(layer.parameter_count for layer in self.layers)

    @property
    def multiply_adds(self) -> int:
        """Multiplications with addition for one sample, forward."""
        return sum(layer.multiply_adds for layer in self.layers)

    def layer(self, path: str) -> LayerSummary:
        """Return the layer with this path; ``KeyError`` if there is none."""
        for entry in self.layers:
            if entry.path == path:
                return entry
        raise KeyError(path)


def summarize(spec: NetworkSpec) -> NetworkSummary:
    """Infer all shapes, parameters and costs of ``spec``.

    Raises
    ------
    ShapeError
        If a layer does not fit the shape that reaches it; the sentence names the layer, the shape and
        what would fit.
    ConfigError
        If a layer's own setting is out of range.
    """
    if len(spec.input_shape) not in (1, 3) or any(not 1 <= n <= 4096 for n in spec.input_shape):
        raise ConfigError(
            "network.input_shape",
            "The input shape {shape} must be (features) or (channels, height, width), each from 1 to 4096.",
            shape=spec.input_shape,
        )
    layers: list[LayerSummary] = []
    output = _sequence(spec.layers, spec.input_shape, "", 0, layers)
    return NetworkSummary(tuple(layers), output)


def classes(spec: NetworkSpec) -> int:
    """Return how many classes a classifier tells apart.

    Raises
    ------
    ShapeError
        If the network does not end in a vector of at least two values.
    """
    output = summarize(spec).output_shape
    if len(output) != 1 or output[0] < 2:
        raise ShapeError(
            "shape.not_a_classifier",
            "The network ends in shape {output}; a classifier ends in one number per class, such as Dense 10.",
            output=format_shape(output), layer="",
        )  # fmt: skip
    return output[0]


def format_shape(shape: Shape) -> str:
    """Return a shape as people write it: ``20×24×24``."""
    return "×".join(map(str, shape))


def _sequence(layers: tuple[Layer, ...], shape: Shape, prefix: str, depth: int, out: list[LayerSummary]) -> Shape:
    for layer in layers:
        shape = _layer(layer, shape, prefix + layer.name, depth, out)
    return shape


def _layer(layer: Layer, shape: Shape, path: str, depth: int, out: list[LayerSummary]) -> Shape:
    if not isinstance(layer, (Residual, Concat)):
        check_fields(layer, path)
    place = len(out)
    if isinstance(layer, Residual):
        output = _residual(layer, shape, path, depth, out)
    elif isinstance(layer, Concat):
        output = _concat(layer, shape, path, depth, out)
    else:
        output = _output_shape(layer, shape, path)
    parameters = _parameters(layer, shape, path)
    if math.prod(output) > _MOST_VALUES or any(p.size > _MOST_VALUES for p in parameters):
        raise ShapeError(
            "shape.too_large", "{layer} would hold more than {most} numbers.", layer=path, most=_MOST_VALUES
        )
    costs = _multiply_adds(layer, shape, output)
    out.insert(place, LayerSummary(path, layer, depth, shape, output, parameters, costs))
    return output


def _output_shape(layer: Layer, shape: Shape, path: str) -> Shape:
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


def _residual(layer: Residual, shape: Shape, path: str, depth: int, out: list[LayerSummary]) -> Shape:
    body = _sequence(layer.body, shape, f"{path}/", depth + 1, out)
    shortcut = _sequence(layer.shortcut, shape, f"{path}/shortcut/", depth + 1, out)
    if body != shortcut:
        raise ShapeError(
            "shape.residual",
            "{layer} adds its body of shape {body} to a shortcut of shape {shortcut}; make them equal, for "
            "example with a 1×1 convolution in the shortcut.",
            layer=path, body=format_shape(body), shortcut=format_shape(shortcut),
        )  # fmt: skip
    return body


def _concat(layer: Concat, shape: Shape, path: str, depth: int, out: list[LayerSummary]) -> Shape:
    if not layer.branches:
        raise ShapeError("shape.concat_empty", "{layer} has no branches; give it at least one.", layer=path)
    outputs = [
        _sequence(branch, shape, f"{path}/branch{i}/", depth + 1, out) for i, branch in enumerate(layer.branches, 1)
    ]
    if any(o[1:] != outputs[0][1:] or len(o) != len(outputs[0]) for o in outputs):
        raise ShapeError(
            "shape.concat",
            "{layer} joins branches of shapes {shapes}; all but the first number must be equal.",
            layer=path, shapes=", ".join(map(format_shape, outputs)),
        )  # fmt: skip
    return (sum(o[0] for o in outputs), *outputs[0][1:])


def _parameters(layer: Layer, shape: Shape, path: str) -> tuple[ParameterSpec, ...]:
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


def _multiply_adds(layer: Layer, shape: Shape, output: Shape) -> int:
    match layer:
        case Dense():
            return shape[0] * output[0]
        case Conv2D(kernel=kernel):
            return math.prod(output) * shape[0] * kernel[0] * kernel[1]
        case _:
            return 0
