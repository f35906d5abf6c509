from __future__ import annotations

import math
import weakref
from contextlib import suppress

import pytest
from hypothesis import given, settings

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
    MaxPool2D,
    Residual,
)
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import classes, format_shape, summarize, summarize_partly
from engine.architecture.zoo import experiment
from engine.backends.mxnet import runtime
from engine.backends.mxnet.operators import forward, mxnet_name
from engine.errors import ConfigError, ShapeError
from tests.engine.architecture.strategies import POOLS, fitting_specs


class Held:
    """Something that a caller has while it asks."""


def dense(inputs: int, units: int) -> int:
    return inputs * units + units


PUBLISHED_COUNTS = {
    "lenet-tanh": 431_080,
    "mlp-128-64": 109_386,
    "softmax-regression": 7_850,
    "mlp-256-256": dense(784, 256) + dense(256, 256) + dense(256, 10),
    "mlp-dropout": dense(784, 256) + dense(256, 256) + dense(256, 10),
    # (28 - 5 + 1) / 2 = 12 after the convolution and the pool.
    "simple-convnet": 30 * (25 + 1) + dense(30 * 12 * 12, 100) + dense(100, 10),
    # 28 -> 24 -> 12 -> 8 -> 4, and a gamma and a beta for each channel.
    "lenet-bn": 16 * 25 + 2 * 16 + 32 * 16 * 25 + 2 * 32 + dense(32 * 4 * 4, 128) + dense(128, 10),
}


@pytest.mark.parametrize("name", PUBLISHED_COUNTS)
def test_named_networks_have_the_published_number_of_parameters(name):
    summary = summarize(experiment(name).network())

    assert summary.parameter_count == PUBLISHED_COUNTS[name]
    assert summary.output_shape == (10,)


def test_every_layer_of_lenet_has_the_shape_and_cost_of_the_book():
    summary = summarize(experiment("lenet-tanh").network())

    assert [(layer.path, layer.output_shape) for layer in summary.layers] == [
        ("conv1", (20, 24, 24)), ("tanh1", (20, 24, 24)), ("pool1", (20, 12, 12)),
        ("conv2", (50, 8, 8)), ("tanh2", (50, 8, 8)), ("pool2", (50, 4, 4)),
        ("flatten1", (800,)), ("dense1", (500,)), ("tanh3", (500,)), ("dense2", (10,)),
    ]  # fmt: skip
    assert summary.layers[3].input_shape == (20, 12, 12)
    assert summary.multiply_adds == 20 * 24 * 24 * 25 + 50 * 8 * 8 * 20 * 25 + 800 * 500 + 500 * 10
    assert [p.path for p in summary.parameters][:4] == ["conv1/weight", "conv1/bias", "conv2/weight", "conv2/bias"]
    assert summary.layer("conv2").parameters[0].shape == (50, 20, 5, 5)


def test_running_statistics_are_kept_but_not_counted_and_only_weights_and_gammas_decay():
    summary = summarize(NetworkSpec("net", (2, 4, 4), (Conv2D(3, (1, 1)), BatchNorm(), Flatten(), Dense(2))))

    roles = {p.path: (p.trainable, p.decays) for p in summary.parameters}
    assert roles == {
        "conv1/weight": (True, True), "conv1/bias": (True, False),
        "norm1/gamma": (True, True), "norm1/beta": (True, False),
        "norm1/running_mean": (False, False), "norm1/running_var": (False, False),
        "dense1/weight": (True, True), "dense1/bias": (True, False),
    }  # fmt: skip
    assert summary.parameter_count == 3 * 2 + 3 + 2 * 3 + 48 * 2 + 2


def test_a_residual_keeps_the_shape_of_its_body_and_comes_before_it():
    block = Residual(
        body=(Conv2D(8, (3, 3), stride=(2, 2), padding=(1, 1)),), shortcut=(Conv2D(8, (1, 1), stride=(2, 2)),)
    )
    summary = summarize(NetworkSpec("net", (3, 9, 7), (block,)))

    assert [(s.path, s.depth, s.input_shape, s.output_shape) for s in summary.layers] == [
        ("residual1", 0, (3, 9, 7), (8, 5, 4)),
        ("residual1/conv1", 1, (3, 9, 7), (8, 5, 4)),
        ("residual1/shortcut/conv1", 1, (3, 9, 7), (8, 5, 4)),
    ]
    assert summary.layers[0].parameter_count == 0
    assert summary.parameter_count == 8 * 27 + 8 + 8 * 3 + 8


def test_a_concat_adds_channels_and_an_empty_branch_is_the_identity():
    spec = NetworkSpec("net", (3, 6, 6), (Concat(((Conv2D(4, (3, 3), padding=(1, 1)),), (), (Conv2D(2, (1, 1)),))),))

    assert summarize(spec).output_shape == (4 + 3 + 2, 6, 6)
    assert summarize(NetworkSpec("net", (5,), (Concat(((Dense(2),), ())),))).output_shape == (7,)


CONV = Conv2D(2, (5, 5))
MISFITS = [
    ((1, 8, 8), (Dense(10),), "dense1 (Dense 10) gets shape 1×8×8", "put a Flatten layer before it"),
    ((1, 8, 8), (Flatten(), CONV), "conv1 (Conv 2, 5×5) gets shape 64", "an image (channels, height, width)"),
    ((9,), (MaxPool2D(),), "pool1 (Max pool 2×2) gets shape 9", "move it before Flatten"),
    ((9,), (GlobalAvgPool2D(),), "pool1 (Global average pool) gets shape 9", "an image"),
    ((1, 8, 4), (CONV,), "conv1 (Conv 2, 5×5) gets shape 1×8×4", "at least 5×5 pixels"),
    ((1, 2, 2), (Conv2D(2, (5, 5), padding=(1, 1)),), "gets shape 1×2×2", "at least 3×3 pixels"),
    ((1, 8, 8), (CONV, MaxPool2D(), CONV), "conv2 (Conv 2, 5×5) gets shape 2×2×2", "at least 5×5 pixels"),
    ((1, 8, 8), (MaxPool2D(padding=(2, 0)),), "pool1 (Max pool 2×2) gets shape 1×8×8", "a padding smaller than"),
    ((1, 8, 8), (Residual(body=(Conv2D(4, (1, 1)), Dense(3))),),
     "residual1/dense1 (Dense 3) gets shape 4×8×8", "Flatten"),
    ((1, 8, 8), (Residual(body=(Conv2D(4, (3, 3)),)),),
     "residual1 adds its body of shape 4×6×6 to a shortcut of shape 1×8×8", "1×1 convolution"),
    ((1, 8, 8), (Concat(((MaxPool2D(),), ())),), "concat1 joins branches of shapes 1×4×4, 1×8×8", "must be equal"),
    ((1, 8, 8), (Concat(((Flatten(),), ())),), "concat1 joins branches of shapes 64, 1×8×8", "must be equal"),
    ((1, 8, 8), (Concat(((), (Conv2D(2, (9, 9)),))),), "concat1/branch2/conv1 (Conv 2, 9×9) gets shape 1×8×8",
     "at least 9×9"),
    ((1, 8, 8), (Concat(()),), "concat1 has no branches", "give it at least one"),
    ((4096,), (Dense(1_000_000),), "dense1 would hold more than", "2147483648"),
    ((16, 4096, 4096), (Conv2D(1000, (1, 1)),), "conv1 would hold more than", "2147483648"),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "layers", "what", "remedy"), MISFITS, ids=lambda v: v if isinstance(v, str) else "")
def test_a_layer_that_does_not_fit_is_named_with_its_shape_and_what_would_fit(shape, layers, what, remedy):
    with pytest.raises(ShapeError) as caught:
        summarize(NetworkSpec("net", shape, layers))

    assert what in str(caught.value)
    assert remedy in str(caught.value)
    assert str(caught.value).startswith(str(caught.value.values["layer"]))


def test_a_setting_out_of_range_is_named_with_the_path_of_its_layer():
    with pytest.raises(ConfigError, match=r"residual1/dropout1\.rate is 1\.5, but must be at least 0 and less than 1"):
        summarize(NetworkSpec("net", (4,), (Residual(body=(Dropout(1.5),)),)))


def test_a_classifier_ends_in_one_number_for_each_class():
    assert classes(NetworkSpec("net", (4,), (Dense(7),))) == 7
    with pytest.raises(ShapeError, match=r"ends in shape 2×3×3; a classifier ends in one number per class"):
        classes(NetworkSpec("net", (2, 3, 3), (Activation("relu"),)))
    with pytest.raises(ShapeError, match="ends in shape 1;"):
        classes(NetworkSpec("net", (4,), (Dense(1),)))


def test_an_unknown_path_has_no_summary():
    with pytest.raises(KeyError, match="dense9"):
        summarize(NetworkSpec("net", (4,), (Dense(7),))).layer("dense9")


def test_shapes_are_written_as_people_do():
    assert format_shape((20, 24, 24)) == "20×24×24"


@given(fitting_specs())
@settings(max_examples=60, deadline=None)
def test_shapes_and_parameters_are_those_that_mxnet_infers(spec):
    """MXNet is told the shape of the data alone and works out every output and every weight."""
    sym = runtime.load().sym
    summary = summarize(spec)
    variables = {p.path: sym.var(mxnet_name(p.path)) for p in summary.parameters}
    outputs = {}
    forward(sym, spec, sym.identity(sym.var("data")), variables, record=outputs.__setitem__)
    group = sym.Group(list(outputs.values()))
    weights, shapes, statistics = group.infer_shape(data=(3, *spec.input_shape))

    assert dict(zip(outputs, shapes, strict=True)) == {s.path: (3, *s.output_shape) for s in summary.layers}
    inferred = dict(zip(group.list_arguments(), weights, strict=True))
    inferred |= dict(zip(group.list_auxiliary_states(), statistics, strict=True))
    del inferred["data"]
    assert inferred == {mxnet_name(p.path): p.shape for p in summary.parameters}


@given(POOLS)
@settings(max_examples=100, deadline=None)
def test_a_pool_fits_exactly_where_mxnet_can_compute_it(pool):
    mx = runtime.load()
    spec = NetworkSpec("net", (1, 3, 5), (pool,))
    try:
        expected = forward(mx.sym, spec, mx.sym.var("data"), {}).infer_shape(data=(1, 1, 3, 5))[1][0][1:]
    except mx.MXNetError:
        expected = None
    if expected is None or any(pad >= size for pad, size in zip(pool.padding, pool.size, strict=True)):
        # MXNet computes windows that lie in the padding alone; their maximum would be minus infinity.
        with pytest.raises(ShapeError):
            summarize(spec)
    else:
        assert summarize(spec).output_shape == expected


@given(fitting_specs())
@settings(max_examples=50, deadline=None)
def test_totals_are_the_sums_of_the_layers(spec):
    summary = summarize(spec)

    assert summary.parameter_count == sum(math.prod(p.shape) for p in summary.parameters if p.trainable)
    assert [s for s in summary.layers if s.depth == 0][-1].output_shape == summary.output_shape
    assert summary.multiply_adds >= sum(p.size for p in summary.parameters if p.role == "weight")


def test_average_pool_and_max_pool_have_the_same_arithmetic():
    for size, stride, padding in [((3, 3), (2, 2), (1, 1)), ((2, 3), (1, 2), (0, 1)), ((4, 4), (4, 4), (0, 0))]:
        shapes = {
            summarize(NetworkSpec("net", (2, 11, 10), (kind(size, stride, padding),))).output_shape
            for kind in (MaxPool2D, AvgPool2D)
        }
        assert len(shapes) == 1


def test_what_fits_is_told_up_to_the_layer_that_does_not():
    spec = NetworkSpec("net", (1, 8, 8), (Conv2D(4, (3, 3)), Flatten(), MaxPool2D(), Dense(10)))

    partly = summarize_partly(spec)

    assert [layer.path for layer in partly.layers] == ["conv1", "flatten1"]
    assert partly.error_path == "pool1"
    with pytest.raises(ShapeError, match="pool1") as raised:
        summarize(spec)
    assert str(raised.value) == str(partly.error)


def test_an_error_of_a_join_belongs_to_the_block_and_one_inside_to_its_layer():
    join = Residual(body=(Conv2D(4, (1, 1)),))
    inside = Concat(((Conv2D(4, (1, 1)),), (Conv2D(4, (9, 9)),)))
    out_of_range = Dense(0)

    for layer, path in ((join, "residual1"), (inside, "concat1/branch2/conv1"), (out_of_range, "dense1")):
        partly = summarize_partly(NetworkSpec("net", (1, 8, 8), (layer,)))
        assert partly.error is not None
        assert partly.error_path == path


def test_a_network_that_is_no_classifier_is_told_whole_with_an_error_of_its_own():
    partly = summarize_partly(NetworkSpec("net", (1, 8, 8), (Conv2D(4, (3, 3)),)))

    assert [layer.path for layer in partly.layers] == ["conv1"]
    assert partly.error is not None
    assert partly.error.code == "shape.not_a_classifier"
    assert partly.error_path == ""


def test_a_network_that_fits_has_no_error_and_the_layers_of_its_summary():
    spec = experiment("lenet-bn").network()

    partly = summarize_partly(spec)

    assert partly.error is None
    assert partly.layers == summarize(spec).layers


def test_an_error_keeps_nothing_alive_of_those_who_asked():
    spec = NetworkSpec("net", (1, 8, 8), (Dense(4),))
    used: list[weakref.ref[Held]] = []

    def ask() -> None:
        held = Held()
        used.append(weakref.ref(held))
        summarize(spec)

    for _ in range(2):
        with suppress(ShapeError):
            ask()

    assert [reference() for reference in used] == [None, None]
    with pytest.raises(ShapeError, match=r"dense1 \(Dense 4\) gets shape 1×8×8") as caught:
        summarize(spec)
    assert caught.value.code == "shape.misfit" and caught.value.values["layer"] == "dense1"
