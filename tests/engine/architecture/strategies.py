"""Random networks for hypothesis."""

from __future__ import annotations

from typing import get_args

from hypothesis import strategies as st

from engine.architecture.layers import (
    Activation,
    ActivationFunction,
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
from engine.architecture.shapes import summarize
from engine.errors import ShapeError


def pairs(low: int, high: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(low, high), st.integers(low, high))


POOLS = st.sampled_from([MaxPool2D, AvgPool2D]).flatmap(
    lambda kind: st.builds(kind, size=pairs(1, 4), stride=pairs(1, 3), padding=pairs(0, 2))
)
PLAIN = st.one_of(
    st.builds(Dense, units=st.integers(1, 7), use_bias=st.booleans()),
    st.builds(
        Conv2D,
        channels=st.integers(1, 5),
        kernel=pairs(1, 4),
        stride=pairs(1, 3),
        padding=pairs(0, 3),
        use_bias=st.booleans(),
    ),
    POOLS,
    st.builds(GlobalAvgPool2D),
    st.builds(Flatten),
    st.builds(Activation, function=st.sampled_from(get_args(ActivationFunction))),
    st.builds(Dropout, rate=st.floats(0, 0.9)),
    st.builds(BatchNorm),
)


def _composites(inner: st.SearchStrategy[Layer]) -> st.SearchStrategy[Layer]:
    branch = st.lists(inner, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Residual, body=branch, shortcut=branch),
        st.builds(Concat, branches=st.lists(branch, min_size=1, max_size=3).map(tuple)),
    )


LAYERS = st.recursive(PLAIN, _composites, max_leaves=6)
INPUT_SHAPES = st.one_of(st.tuples(st.integers(1, 3), st.integers(4, 14), st.integers(4, 14)), st.tuples(st.just(9)))

# Any tree of layers, whether its shapes fit or not.
SPECS = st.builds(NetworkSpec, st.just("random"), INPUT_SHAPES, st.lists(LAYERS, min_size=1, max_size=6).map(tuple))


@st.composite
def fitting_specs(draw: st.DrawFn) -> NetworkSpec:
    """Draw a network whose shapes fit: of random layers, those that fit what comes before them."""
    spec = NetworkSpec("random", draw(INPUT_SHAPES), (BatchNorm(),))
    for layer in draw(st.lists(LAYERS, min_size=3, max_size=12)):
        longer = NetworkSpec(spec.name, spec.input_shape, (*spec.layers, layer))
        try:
            summarize(longer)
        except ShapeError:
            continue
        spec = longer
    return spec
