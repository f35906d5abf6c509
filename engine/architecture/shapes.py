"""Shapes, parameters and costs of a network, worked out from its description alone."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from functools import lru_cache

from msgspec import Struct

from engine.architecture.layer_shapes import (
    ParameterSpec,
    Role,
    format_shape,
    multiply_adds,
    output_shape,
    parameters,
)
from engine.architecture.layers import Concat, Layer, Residual
from engine.architecture.network import NetworkSpec, Shape
from engine.architecture.receptive_field import receptive_fields
from engine.errors import ConfigError, NetariumError, ShapeError
from engine.validation import check_fields

__all__ = [
    "LayerSummary",
    "NetworkSummary",
    "ParameterSpec",
    "PartialSummary",
    "Role",
    "classes",
    "format_shape",
    "summarize",
    "summarize_partly",
]

# A tensor beyond this would not be trained on one machine, and hides an overflow.
_MOST_VALUES = 2**31


class LayerSummary(Struct, frozen=True):
    """A layer at its place, with the shapes it takes and gives and what it costs.

    ``receptive_field`` is how many rows and columns of input pixels one output value depends on, the largest over
    branches; it may exceed the image. None in a network that takes vectors.
    """

    path: str
    layer: Layer
    depth: int
    input_shape: Shape
    output_shape: Shape
    parameters: tuple[ParameterSpec, ...]
    multiply_adds: int
    receptive_field: tuple[int, int] | None = None

    @property
    def parameter_count(self) -> int:
        """How many numbers the layer learns, without those of layers inside it."""
        return sum(p.size for p in self.parameters if p.trainable)


class NetworkSummary(Struct, frozen=True):
    """Everything derived from a network: its layers in order of execution, composites first."""

    layers: tuple[LayerSummary, ...]
    input_shape: Shape
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


@dataclass(frozen=True)
class PartialSummary:
    """What can be said of a network that may not fit together.

    Parameters
    ----------
    layers : tuple of LayerSummary
        In order of execution, up to the error; a composite that the error is in is left out.
    error : NetariumError, optional
        What does not fit; None if everything does.
    error_path : str
        The path of the layer that causes it; empty where it concerns the whole network.
    """

    layers: tuple[LayerSummary, ...]
    error: NetariumError | None = None
    error_path: str = ""


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
    partly, output = _surveyed(spec)
    if output is None:
        assert partly.error is not None
        raise copy.copy(partly.error)  # the one that is kept would keep the frames of all, and of two threads
    return NetworkSummary(partly.layers, spec.input_shape, output)


def summarize_partly(spec: NetworkSpec) -> PartialSummary:
    """Infer what can be inferred of a network that is being built; its error is told rather than raised."""
    partly, output = _surveyed(spec)
    if output is not None:
        try:
            _class_count(output)
        except NetariumError as error:
            return PartialSummary(partly.layers, error)
    return partly


def classes(spec: NetworkSpec) -> int:
    """Return how many classes a classifier tells apart.

    Raises
    ------
    ShapeError
        If the network does not end in a vector of at least two values.
    """
    return _class_count(summarize(spec).output_shape)


@lru_cache(maxsize=16)  # an edit of a network is looked at by half a dozen readers, and each wants all of it
def _surveyed(spec: NetworkSpec) -> tuple[PartialSummary, Shape | None]:
    """Return what fits, and the shape of the output if everything does."""
    survey = _Survey(spec)
    try:
        output = survey.run()
    except NetariumError as error:
        return PartialSummary(tuple(survey.layers), error.with_traceback(None), survey.path), None
    return PartialSummary(tuple(survey.layers)), output


def _class_count(output: Shape) -> int:
    if len(output) != 1 or output[0] < 2:
        raise ShapeError(
            "shape.not_a_classifier",
            "The network ends in shape {output}; a classifier ends in one number per class, such as Dense 10.",
            output=format_shape(output), layer="",
        )  # fmt: skip
    return output[0]


class _Survey:
    """Walks a network in order of execution and writes down what it finds; ``path`` is where it is."""

    def __init__(self, spec: NetworkSpec) -> None:
        self._spec = spec
        self._fields = receptive_fields(spec)
        self.layers: list[LayerSummary] = []
        self.path = ""

    def run(self) -> Shape:
        """Return the shape of the network's output."""
        shape = self._spec.input_shape
        if len(shape) not in (1, 3) or any(not 1 <= n <= 4096 for n in shape):
            raise ConfigError(
                "network.input_shape",
                "The input shape {shape} must be (features) or (channels, height, width), each from 1 to 4096.",
                shape=shape,
            )
        return self._sequence(self._spec.layers, shape, "", 0)

    def _sequence(self, layers: tuple[Layer, ...], shape: Shape, prefix: str, depth: int) -> Shape:
        for layer in layers:
            shape = self._layer(layer, shape, prefix + layer.name, depth)
        return shape

    def _layer(self, layer: Layer, shape: Shape, path: str, depth: int) -> Shape:
        place = len(self.layers)
        if isinstance(layer, Residual):
            output = self._residual(layer, shape, path, depth)
        elif isinstance(layer, Concat):
            output = self._concat(layer, shape, path, depth)
        else:
            self.path = path
            check_fields(layer, path)
            output = output_shape(layer, shape, path)
        learned = parameters(layer, shape, path)
        if math.prod(output) > _MOST_VALUES or any(p.size > _MOST_VALUES for p in learned):
            raise ShapeError(
                "shape.too_large", "{layer} would hold more than {most} numbers.", layer=path, most=_MOST_VALUES
            )
        costs = multiply_adds(layer, shape, output)
        entry = LayerSummary(path, layer, depth, shape, output, learned, costs, self._fields.get(path))
        self.layers.insert(place, entry)
        return output

    def _residual(self, layer: Residual, shape: Shape, path: str, depth: int) -> Shape:
        body = self._sequence(layer.body, shape, f"{path}/", depth + 1)
        shortcut = self._sequence(layer.shortcut, shape, f"{path}/shortcut/", depth + 1)
        self.path = path
        if body != shortcut:
            raise ShapeError(
                "shape.residual",
                "{layer} adds its body of shape {body} to a shortcut of shape {shortcut}; make them equal, for "
                "example with a 1×1 convolution in the shortcut.",
                layer=path, body=format_shape(body), shortcut=format_shape(shortcut),
            )  # fmt: skip
        return body

    def _concat(self, layer: Concat, shape: Shape, path: str, depth: int) -> Shape:
        outputs = [
            self._sequence(branch, shape, f"{path}/branch{i}/", depth + 1) for i, branch in enumerate(layer.branches, 1)
        ]
        self.path = path
        if not outputs:
            raise ShapeError("shape.concat_empty", "{layer} has no branches; give it at least one.", layer=path)
        if any(o[1:] != outputs[0][1:] or len(o) != len(outputs[0]) for o in outputs):
            raise ShapeError(
                "shape.concat",
                "{layer} joins branches of shapes {shapes}; all but the first number must be equal.",
                layer=path, shapes=", ".join(map(format_shape, outputs)),
            )  # fmt: skip
        return (sum(o[0] for o in outputs), *outputs[0][1:])
