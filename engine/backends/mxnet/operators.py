"""The one table from layers to MXNet operators, for arrays and symbols alike.

``F`` is ``mx.nd`` or ``mx.sym``, so the same lines compute at once, build a graph for Module, or are traced by a
Gluon HybridBlock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.architecture.layers import (
    Activation,
    AvgPool2D,
    BatchNorm,
    Concat,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAvgPool2D,
    Layer,
    MaxPool2D,
    Residual,
)
from engine.architecture.network import NetworkSpec
from engine.architecture.pooled_first import pooled_first

# NDArrays or Symbols; MXNet has no types.
Tensor = Any
Record = Callable[[str, Tensor], None]
Order = Callable[[tuple[Layer, ...]], tuple[Layer, ...]]


def forward(
    F: Any,
    spec: NetworkSpec,
    x: Tensor,
    parameters: Mapping[str, Tensor],
    masks: Mapping[str, Tensor] | None = None,
    record: Record | None = None,
    as_written: bool = False,
) -> Tensor:
    """Compute the logits of a network.

    Parameters
    ----------
    F : module
        ``mx.nd`` or ``mx.sym``.
    x : (batch, *input shape), float32
    parameters : mapping of parameter path to tensor
    masks : mapping of layer path to tensor (batch, *layer shape), optional
        What the Dropout layers multiply with while training; without them Dropout is the identity.
    record : callable (path, output), optional
        Called with the output of every layer in order of execution, a composite after what it holds.
    as_written : bool
        Whether every layer has its place, as it has where outputs are recorded; otherwise ``pooled_first`` says.

    Returns
    -------
    Tensor (batch, *output shape)
    """
    order = tuple if as_written or record is not None else pooled_first
    return _sequence(F, spec.layers, "", x, parameters, masks or {}, record, order)


def log_softmax_cross_entropy(F: Any, logits: Tensor, labels: Tensor) -> Tensor:
    """Return each sample's cross-entropy (batch,) in log-softmax form, which cannot overflow."""
    # Without a temperature MXNet takes oneDNN's log-softmax, whose logarithm is forty times less exact than float32:
    # its gradients led fifty steps of an MLP 0.04 away from what all other ways to compute them agree on.
    return -F.pick(F.log_softmax(logits, axis=-1, temperature=1.0), labels, axis=-1)


def mxnet_name(path: str) -> str:
    """Return the MXNet name of a layer or parameter path; layer names hold no ``_``, so it can be undone."""
    return path.replace("/", "_")


def _sequence(
    F: Any,
    layers: tuple[Layer, ...],
    prefix: str,
    x: Tensor,
    parameters: Mapping[str, Tensor],
    masks: Mapping[str, Tensor],
    record: Record | None,
    order: Order,
) -> Tensor:
    for layer in order(layers):
        path = prefix + layer.name
        if isinstance(layer, Residual):
            body = _sequence(F, layer.body, f"{path}/", x, parameters, masks, record, order)
            x = body + _sequence(F, layer.shortcut, f"{path}/shortcut/", x, parameters, masks, record, order)
        elif isinstance(layer, Concat):
            branches = [
                _sequence(F, branch, f"{path}/branch{i}/", x, parameters, masks, record, order)
                for i, branch in enumerate(layer.branches, 1)
            ]
            x = F.concat(*branches, dim=1)
        else:
            x = _apply(F, layer, path, x, parameters, masks)
        if record is not None:
            record(path, x)
    return x


def _apply(
    F: Any, layer: Layer, path: str, x: Tensor, parameters: Mapping[str, Tensor], masks: Mapping[str, Tensor]
) -> Tensor:
    name = mxnet_name(path)

    def parameter(role: str) -> Tensor:
        return parameters[f"{path}/{role}"]

    match layer:
        case Dense(units=units, use_bias=use_bias):
            bias = {"bias": parameter("bias")} if use_bias else {}
            return F.FullyConnected(
                x, weight=parameter("weight"), **bias, num_hidden=units, no_bias=not use_bias, flatten=False,
                name=name,
            )  # fmt: skip
        case Conv2D(use_bias=use_bias):
            bias = {"bias": parameter("bias")} if use_bias else {}
            return F.Convolution(
                x, weight=parameter("weight"), **bias, num_filter=layer.channels, kernel=layer.kernel,
                stride=layer.stride, pad=layer.padding, no_bias=not use_bias, name=name,
            )  # fmt: skip
        case MaxPool2D() | AvgPool2D():
            return F.Pooling(
                x, pool_type="max" if isinstance(layer, MaxPool2D) else "avg", kernel=layer.size,
                stride=layer.stride, pad=layer.padding, pooling_convention="valid", name=name,
            )  # fmt: skip
        case GlobalAvgPool2D():
            return F.Pooling(x, pool_type="avg", kernel=(1, 1), global_pool=True, name=name)
        case Flatten():
            return F.Flatten(x, name=name)
        case Activation(function="leaky-relu"):
            return F.LeakyReLU(x, act_type="leaky", slope=0.01, name=name)
        case Activation(function="gelu"):
            return F.LeakyReLU(x, act_type="gelu", name=name)
        case Activation(function=function):
            return F.Activation(x, act_type=function, name=name)
        case Dropout():
            return x * masks[path] if path in masks else F.identity(x, name=name)
        case BatchNorm():
            # MXNet's own defaults (eps 1e-3, gamma fixed to one) differ from Gluon's and from everyone's.
            return F.BatchNorm(
                x, gamma=parameter("gamma"), beta=parameter("beta"), moving_mean=parameter("running_mean"),
                moving_var=parameter("running_var"), eps=1e-5, momentum=0.9, fix_gamma=False, name=name,
            )  # fmt: skip
        case _:
            raise TypeError(f"no operator for {type(layer).__name__}")
