"""A network of ``engine.architecture`` as layers that compute."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

import numpy as np

from engine.architecture import layers as records
from engine.architecture.layers import Layer as Record
from engine.architecture.network import NetworkSpec, children, walk
from engine.architecture.pooled_first import pooled_first
from engine.architecture.shapes import summarize
from engine.backends.scratch import activations
from engine.backends.scratch.blocks import Concat, Residual, Sequence
from engine.backends.scratch.conv import Conv2D
from engine.backends.scratch.layers import Array, ArrayModule, Dense, Dropout, Flatten, Layer, Parameter
from engine.backends.scratch.norm import BatchNorm
from engine.backends.scratch.pooling import AvgPool2D, GlobalAvgPool2D, MaxPool2D

_ACTIVATIONS: dict[str, Callable[[ArrayModule], Layer]] = {
    "relu": activations.ReLU,
    "leaky-relu": activations.LeakyReLU,
    "sigmoid": activations.Sigmoid,
    "tanh": activations.Tanh,
    "softrelu": activations.SoftReLU,
    "gelu": activations.GELU,
}


def assemble(
    spec: NetworkSpec, xp: ArrayModule, dtype: np.dtype, values: Mapping[str, Array] = MappingProxyType({})
) -> tuple[Sequence, dict[str, Parameter]]:
    """Return the layers of a network and its parameters by path.

    Parameters
    ----------
    spec : NetworkSpec
    xp : module
        NumPy or CuPy.
    dtype : dtype
        float32 or float64.
    values : mapping of path to array, optional
        What the parameters are, not copied. By default they are new, and all zero.
    """
    parameters = {}
    for p in summarize(spec).parameters:
        value = values[p.path] if values else xp.zeros(p.shape, dtype)
        parameters[p.path] = Parameter(value, xp.zeros(p.shape, dtype), p.trainable, p.decays)
    return _sequence(spec.layers, "", xp, parameters, _first_to_learn(spec)), parameters


def _first_to_learn(spec: NetworkSpec) -> str:
    """Return the path of the layer whose input's derivative nobody needs; empty where there is no single one."""
    for layer in spec.layers:
        if isinstance(layer, (records.Dense, records.Conv2D)):
            return layer.name
        if any(isinstance(p.layer, (records.Dense, records.Conv2D, records.BatchNorm)) for p in walk((layer,))):
            return ""
    return ""


def _sequence(
    layers: tuple[Record, ...], prefix: str, xp: ArrayModule, parameters: dict[str, Parameter], first: str
) -> Sequence:
    made = {layer.name: _layer(layer, prefix + layer.name, xp, parameters, first) for layer in layers}
    written = [(prefix + name, layer) for name, layer in made.items()]
    return Sequence(written, [made[layer.name] for layer in pooled_first(layers)])


def _layer(record: Record, path: str, xp: ArrayModule, parameters: dict[str, Parameter], first: str) -> Layer:
    to_input = path != first
    weight, bias = parameters.get(f"{path}/weight"), parameters.get(f"{path}/bias")
    inside = partial(_sequence, xp=xp, parameters=parameters, first=first)
    match record:
        case records.Dense():
            assert weight is not None
            return Dense(xp, weight, bias, to_input)
        case records.Conv2D():
            assert weight is not None
            return Conv2D(xp, weight, bias, record.stride, record.padding, to_input)
        case records.MaxPool2D():
            return MaxPool2D(xp, record.size, record.stride, record.padding)
        case records.AvgPool2D():
            return AvgPool2D(xp, record.size, record.stride, record.padding)
        case records.GlobalAvgPool2D():
            return GlobalAvgPool2D(xp)
        case records.Flatten():
            return Flatten()
        case records.Activation(function=function):
            return _ACTIVATIONS[function](xp)
        case records.Dropout():
            return Dropout(path)
        case records.BatchNorm():
            return BatchNorm(xp, *(parameters[f"{path}/{r}"] for r in ("gamma", "beta", "running_mean", "running_var")))
        case records.Residual():
            body, shortcut = (inside(layers, f"{path}/{branch}") for branch, layers in children(record))
            return Residual(body, shortcut)
        case records.Concat():
            return Concat(xp, [inside(layers, f"{path}/{branch}") for branch, layers in children(record)])
    raise TypeError(f"no layer for {type(record).__name__}")
