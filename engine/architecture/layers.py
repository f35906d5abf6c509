"""The layers a network is made of, as immutable records.

A layer says what is computed, never how; shapes are inferred in ``shapes.py``, and each backend maps
the records to its own operations. Images are (channels, height, width), vectors (features,).
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

Count = Annotated[int, Meta(ge=1, le=1_000_000)]
Extent = Annotated[int, Meta(ge=1, le=1024)]
Margin = Annotated[int, Meta(ge=0, le=512)]
Rate = Annotated[float, Meta(ge=0.0, lt=1.0)]

ActivationFunction = Literal["relu", "leaky-relu", "sigmoid", "tanh", "softrelu", "gelu"]


class LayerRecord(Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True, omit_defaults=True):
    """What every layer has: a name, unique among its neighbours.

    An empty name is filled in by ``NetworkSpec`` (``conv1``, ``conv2``, ...). Names are lower-case
    letters, digits and ``-``.
    """

    name: str = ""


class Dense(LayerRecord, frozen=True, tag="dense"):
    """A fully connected layer, ``y = x Wᵀ + b`` with W of shape (units, features).

    Takes (features,) and gives (units,).
    """

    units: Count
    use_bias: bool = True


class Conv2D(LayerRecord, frozen=True, tag="conv"):
    """A two-dimensional convolution (cross-correlation) with weights (channels, in, kernel height, width)."""

    channels: Count
    kernel: tuple[Extent, Extent]
    stride: tuple[Extent, Extent] = (1, 1)
    padding: tuple[Margin, Margin] = (0, 0)
    use_bias: bool = True


class MaxPool2D(LayerRecord, frozen=True, tag="max-pool"):
    """The largest value in each window; windows that do not fit whole are left out."""

    size: tuple[Extent, Extent] = (2, 2)
    stride: tuple[Extent, Extent] = (2, 2)
    padding: tuple[Margin, Margin] = (0, 0)


class AvgPool2D(LayerRecord, frozen=True, tag="avg-pool"):
    """The mean of each window, padding counted as zeros; windows that do not fit whole are left out."""

    size: tuple[Extent, Extent] = (2, 2)
    stride: tuple[Extent, Extent] = (2, 2)
    padding: tuple[Margin, Margin] = (0, 0)


class GlobalAvgPool2D(LayerRecord, frozen=True, tag="global-avg-pool"):
    """The mean of each channel: (channels, height, width) to (channels, 1, 1)."""


class Flatten(LayerRecord, frozen=True, tag="flatten"):
    """An image laid out as one vector, channel by channel, row by row."""


class Activation(LayerRecord, frozen=True, tag="activation"):
    """A function applied to every value.

    ``leaky-relu`` has slope 0.01 below zero; ``softrelu`` is log(1 + exp(x)); ``gelu`` is x Φ(x).
    """

    function: ActivationFunction


class Dropout(LayerRecord, frozen=True, tag="dropout"):
    """While training, sets each value to zero with probability ``rate`` and scales the rest by 1 / (1 - rate).

    Source: Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 2014.
    """

    rate: Rate


class BatchNorm(LayerRecord, frozen=True, tag="batch-norm"):
    """Normalises each channel (or feature) to the batch's mean and variance, then scales and shifts.

    eps is 1e-5 and the running statistics keep 0.9 of their old value.
    Source: Ioffe and Szegedy, "Batch normalization", ICML 2015.
    """


class Residual(LayerRecord, frozen=True, tag="residual"):
    """``body(x) + shortcut(x)``; an empty shortcut is the identity.

    Source: He et al., "Deep residual learning for image recognition", CVPR 2016.
    """

    body: tuple[Layer, ...]
    shortcut: tuple[Layer, ...] = ()


class Concat(LayerRecord, frozen=True, tag="concat"):
    """The outputs of several branches of the same input, joined along the channels.

    An empty branch is the identity. Source: Szegedy et al., "Going deeper with convolutions", CVPR 2015.
    """

    branches: tuple[tuple[Layer, ...], ...]


Layer = (
    Dense
    | Conv2D
    | MaxPool2D
    | AvgPool2D
    | GlobalAvgPool2D
    | Flatten
    | Activation
    | Dropout
    | BatchNorm
    | Residual
    | Concat
)

# The names that unnamed layers are given, before their number.
SHORT_NAMES: dict[type, str] = {
    Dense: "dense",
    Conv2D: "conv",
    MaxPool2D: "pool",
    AvgPool2D: "pool",
    GlobalAvgPool2D: "pool",
    Flatten: "flatten",
    Dropout: "dropout",
    BatchNorm: "norm",
    Residual: "residual",
    Concat: "concat",
}


def short_name(layer: Layer) -> str:
    """Return the stem of the name an unnamed layer is given, such as ``conv`` or ``relu``."""
    if isinstance(layer, Activation):
        return layer.function
    return SHORT_NAMES[type(layer)]


def describe(layer: Layer) -> str:
    """Return a layer in a few words, such as ``Conv 20, 5×5``."""
    match layer:
        case Dense(units=units, use_bias=bias):
            return f"Dense {units}" + ("" if bias else ", no bias")
        case Conv2D():
            text = f"Conv {layer.channels}, {_extent(layer.kernel)}"
            if layer.stride != (1, 1):
                text += f", stride {_extent(layer.stride)}"
            if layer.padding != (0, 0):
                text += f", padding {_extent(layer.padding)}"
            return text + ("" if layer.use_bias else ", no bias")
        case MaxPool2D() | AvgPool2D():
            kind = "Max pool" if isinstance(layer, MaxPool2D) else "Average pool"
            text = f"{kind} {_extent(layer.size)}"
            return text if layer.stride == layer.size else f"{text}, stride {_extent(layer.stride)}"
        case Activation(function=function):
            return {"relu": "ReLU", "leaky-relu": "Leaky ReLU", "gelu": "GELU"}.get(function, function)
        case Dropout(rate=rate):
            return f"Dropout {rate:g}"
        case GlobalAvgPool2D():
            return "Global average pool"
        case BatchNorm():
            return "Batch norm"
        case Concat(branches=branches):
            return f"Concat of {len(branches)} branches"
        case Residual():
            return "Residual"
        case _:
            return type(layer).__name__


def _extent(pair: tuple[int, int]) -> str:
    return f"{pair[0]}×{pair[1]}"
