"""How many input pixels a value inside a network depends on.

Source: Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016; a window of k values that
lie ``jump`` input pixels apart sees (k - 1) * jump pixels more than one of its values does.
"""

from __future__ import annotations

from msgspec import Struct

from engine.architecture.layers import AvgPool2D, Concat, Conv2D, Dense, GlobalAvgPool2D, Layer, MaxPool2D, Residual
from engine.architecture.network import NetworkSpec

Extent = tuple[int, int]

# Far beyond every image; strides that multiply through thousands of layers make numbers that cannot be written.
_MOST_PIXELS = 10**9


def receptive_fields(spec: NetworkSpec) -> dict[str, Extent]:
    """Return the receptive field of every layer's output by path.

    Returns
    -------
    dict of path to (rows, columns)
        In input pixels, the largest over branches. It may exceed the image, as published figures do; after global
        pooling and Dense it is the whole image. Empty for a network that takes vectors.
    """
    if len(spec.input_shape) != 3:
        return {}
    fields: dict[str, Extent] = {}
    _sequence(spec.layers, _Reach((1, 1), (1, 1)), "", (spec.input_shape[1], spec.input_shape[2]), fields)
    return fields


class _Reach(Struct, frozen=True):
    """What a value sees of the input, and how many input pixels lie between it and its neighbour."""

    field: Extent
    jump: Extent


def _sequence(layers: tuple[Layer, ...], reach: _Reach, prefix: str, image: Extent, out: dict[str, Extent]) -> _Reach:
    for layer in layers:
        path = prefix + layer.name
        reach = _layer(layer, reach, path, image, out)
        out[path] = reach.field
    return reach


def _layer(layer: Layer, reach: _Reach, path: str, image: Extent, out: dict[str, Extent]) -> _Reach:
    match layer:
        case (
            Conv2D(kernel=size, stride=stride)
            | MaxPool2D(size=size, stride=stride)
            | AvgPool2D(size=size, stride=stride)
        ):
            rows, columns = (reach.field[axis] + (size[axis] - 1) * reach.jump[axis] for axis in (0, 1))
            return _Reach(_bounded(rows, columns), _bounded(reach.jump[0] * stride[0], reach.jump[1] * stride[1]))
        case Dense() | GlobalAvgPool2D():
            return _Reach(image, image)
        case Residual(body=body, shortcut=shortcut):
            return _widest(
                _sequence(body, reach, f"{path}/", image, out),
                _sequence(shortcut, reach, f"{path}/shortcut/", image, out),
            )
        case Concat(branches=branches):
            return _widest(
                *(_sequence(branch, reach, f"{path}/branch{i}/", image, out) for i, branch in enumerate(branches, 1)),
            )
        case _:
            return reach


def _bounded(rows: int, columns: int) -> Extent:
    return min(rows, _MOST_PIXELS), min(columns, _MOST_PIXELS)


def _widest(*reaches: _Reach) -> _Reach:
    if not reaches:
        return _Reach((1, 1), (1, 1))
    return _Reach(
        (max(r.field[0] for r in reaches), max(r.field[1] for r in reaches)),
        (max(r.jump[0] for r in reaches), max(r.jump[1] for r in reaches)),
    )
