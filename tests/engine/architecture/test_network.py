from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.architecture.layers import Activation, BatchNorm, Concat, Conv2D, Dense, Flatten, MaxPool2D, Residual
from engine.architecture.network import NetworkSpec, walk
from engine.architecture.shapes import summarize
from engine.errors import ConfigError, NetariumError
from tests.engine.architecture.strategies import SPECS
from tests.engine.samples import EVERYTHING


def paths(spec: NetworkSpec) -> list[str]:
    return [place.path for place in walk(spec.layers)]


def test_unnamed_layers_are_numbered_by_kind_and_paths_tell_the_place():
    spec = NetworkSpec(
        "net",
        (1, 8, 8),
        (
            Conv2D(2, (3, 3)),
            Activation("relu"),
            Residual(
                body=(Conv2D(2, (3, 3), padding=(1, 1)), BatchNorm(), Conv2D(2, (1, 1))), shortcut=(Conv2D(2, (1, 1)),)
            ),
            Concat(((MaxPool2D(),), (MaxPool2D(), Activation("leaky-relu")))),
            Activation("relu"),
            Conv2D(3, (1, 1)),
            Flatten(),
            Dense(4),
        ),
    )

    assert paths(spec) == [
        "conv1", "relu1",
        "residual1", "residual1/conv1", "residual1/norm1", "residual1/conv2", "residual1/shortcut/conv1",
        "concat1", "concat1/branch1/pool1", "concat1/branch2/pool1", "concat1/branch2/leaky-relu1",
        "relu2", "conv2", "flatten1", "dense1",
    ]  # fmt: skip
    assert [place.depth for place in walk(spec.layers)][2:8] == [0, 1, 1, 1, 1, 0]


@given(SPECS)
@settings(max_examples=100, deadline=None)
def test_paths_are_unique(spec):
    assert len(set(paths(spec))) == len(paths(spec))


def test_an_automatic_name_never_takes_one_that_was_given():
    spec = NetworkSpec("net", (4,), (Dense(4), Dense(4, name="dense1"), Dense(4), Dense(4, name="dense3")))

    assert paths(spec) == ["dense2", "dense1", "dense4", "dense3"]


def test_names_stay_when_a_layer_is_removed_or_added():
    spec = NetworkSpec("net", (4,), (Dense(4), Dense(5), Dense(6)))

    shorter = NetworkSpec("net", (4,), (*spec.layers[:1], *spec.layers[2:]))
    longer = NetworkSpec("net", (4,), (Dense(9), *spec.layers))

    assert paths(shorter) == ["dense1", "dense3"]
    assert paths(longer) == ["dense4", "dense1", "dense2", "dense3"]
    assert longer.layers[1:] == spec.layers


@pytest.mark.parametrize(
    "layers",
    [
        (Dense(4, name="a"), Dense(4, name="a")),
        (Dense(4, name="Dense"),),
        (Dense(4, name="a_b"),),
        (Dense(4, name="a/b"),),
        (Dense(4, name="1a"),),
        (Dense(4, name="a\n"),),
        (Dense(4, name="a" * 65),),
        (Residual(body=(Dense(4, name="x"), Dense(4, name="x"))),),
        (Concat(((Dense(4, name="x"), Dense(4, name="x")),)),),
    ],
    ids=str,
)
def test_a_malformed_or_repeated_layer_name_is_refused(layers):
    with pytest.raises(ConfigError, match=r"layer name .* used twice, or is not of lower-case letters") as caught:
        NetworkSpec("net", (4,), layers)

    assert caught.value.code == "network.layer_name"


def test_the_same_name_is_allowed_in_different_branches():
    twice = NetworkSpec("net", (4,), (Concat(((Dense(4, name="x"),), (Dense(4, name="x"),))), Dense(2, name="x")))

    assert paths(twice) == ["concat1", "concat1/branch1/x", "concat1/branch2/x", "x"]


def test_no_layer_of_a_residual_can_take_the_place_of_its_shortcut():
    inner = Residual(name="shortcut", body=(Dense(4),))

    with pytest.raises(ConfigError, match="shortcut"):
        NetworkSpec("net", (4,), (Residual(body=(inner,), shortcut=(Dense(4),)),))


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "\x00", "x" * 201])
def test_a_network_needs_a_printable_name(name):
    with pytest.raises(ConfigError, match="name"):
        NetworkSpec(name, (4,), (Dense(2),))


@given(SPECS)
@settings(max_examples=100, deadline=None)
def test_json_gives_the_same_network_back(spec):
    assert NetworkSpec.from_json(spec.to_json()) == spec


def test_json_is_readable_and_leaves_out_what_is_usual():
    spec = NetworkSpec("net", (1, 4, 4), (Conv2D(2, (3, 3)), Flatten(), Dense(2)))

    assert json.loads(spec.to_json()) == {
        "name": "net",
        "input_shape": [1, 4, 4],
        "layers": [
            {"kind": "conv", "name": "conv1", "channels": 2, "kernel": [3, 3]},
            {"kind": "flatten", "name": "flatten1"},
            {"kind": "dense", "name": "dense1", "units": 2},
        ],
    }


def nested(depth: int) -> str:
    block = '{"kind": "dense", "units": 4}'
    for _ in range(depth):
        block = f'{{"kind": "residual", "body": [{block}]}}'
    return f'{{"name": "deep", "input_shape": [4], "layers": [{block}]}}'


def network_json(layer: str = '{"kind": "dense", "units": 4}', shape: str = "[4]", name: str = '"net"') -> str:
    return f'{{"name": {name}, "input_shape": {shape}, "layers": [{layer}]}}'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "[" * 100_000,
        '{"layers": ' * 5_000,
        b"\xff\xfe\x00",
        '{"name": "net"}',
        network_json()[:-1],
        network_json()[:-1] + ', "extra": 1}',
        network_json(name="3"),
        network_json(name='"\\ud800"'),
        network_json(shape='"4"'),
        network_json(shape="[4.5]"),
        network_json(shape="[null]"),
        network_json("[]"),
        network_json('{"units": 4}'),
        network_json('{"kind": "lambda", "units": 4}'),
        network_json('{"kind": "dense", "units": "4"}'),
        network_json('{"kind": "dense", "units": 4.5}'),
        network_json('{"kind": "dense", "units": NaN}'),
        network_json('{"kind": "dense", "units": 0}'),
        network_json('{"kind": "dense", "units": 1000001}'),
        network_json(f'{{"kind": "dense", "units": 1{"0" * 400}}}'),
        network_json('{"kind": "dense", "units": 4, "color": "red"}'),
        network_json('{"kind": "dense", "units": 4, "name": "A"}'),
        network_json('{"kind": "dense", "units": 4, "name": "a"}, {"kind": "dense", "units": 4, "name": "a"}'),
        network_json('{"kind": "conv", "channels": 1, "kernel": [3]}'),
        network_json('{"kind": "conv", "channels": 1, "kernel": [3, 3, 3]}'),
        network_json('{"kind": "conv", "channels": 1, "kernel": [3, 2000]}'),
        network_json('{"kind": "dropout", "rate": 1.0}'),
        network_json('{"kind": "dropout", "rate": -0.5}'),
        network_json('{"kind": "activation", "function": "__import__"}'),
        network_json('{"kind": "concat", "branches": [{}]}'),
        nested(33),
        nested(2_000),
        network_json(", ".join(['{"kind": "flatten"}'] * 10_001)),
    ],
    ids=lambda text: str(text)[:60],
)
def test_json_that_is_no_network_is_refused_with_a_sentence(text):
    with pytest.raises(ConfigError) as caught:
        NetworkSpec.from_json(text)

    assert str(caught.value).endswith(".")
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("shape", ["[]", "[0]", "[-3]", "[1, 2]", "[1, 2, 3, 4]", "[5000]", f"[1{'0' * 40}]"])
def test_an_input_shape_that_cannot_be_is_refused_before_anything_is_computed(shape):
    with pytest.raises(ConfigError, match=r"input shape|not a network"):
        summarize(NetworkSpec.from_json(network_json(shape=shape)))


@given(st.integers(0, 10**9), st.binary(min_size=1, max_size=4))
@settings(max_examples=200, deadline=None)
def test_damaged_json_gives_a_network_or_a_sentence_and_nothing_else(place, bytes_):
    text = EVERYTHING.to_json().encode()
    place %= len(text)
    try:
        summarize(NetworkSpec.from_json(text[:place] + bytes_ + text[place + len(bytes_) :]))
    except NetariumError as error:
        assert error.code


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["kind", "name", "body", "branches", "units", "layers"]), inner, max_size=4
            )
        ),
        max_leaves=8,
    )
)
@settings(max_examples=150, deadline=None)
def test_any_other_json_is_refused(value):
    text = msgspec.json.encode({"name": "net", "input_shape": [4], "layers": [value]})

    with pytest.raises(ConfigError):
        NetworkSpec.from_json(text)
