"""Edits of a network: every place in it can be reached, names stay, and what comes out can be trained."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.architecture import editing
from engine.architecture.editing import Place
from engine.architecture.layers import Activation, BatchNorm, Concat, Conv2D, Dense, Dropout, Flatten, Residual
from engine.architecture.network import NetworkSpec, walk
from engine.architecture.shapes import summarize, summarize_partly
from engine.architecture.zoo import EXPERIMENTS
from engine.backends.mxnet.gluon import GluonBackend
from engine.errors import ConfigError
from engine.training.config import OptimizerConfig
from tests.engine.architecture.strategies import LAYERS, SPECS
from tests.engine.samples import SETTINGS, build, masks, samples

BRANCHED = NetworkSpec(
    "branched", (1, 8, 8),
    (
        Conv2D(4, (3, 3), padding=(1, 1)),
        Residual(body=(Conv2D(4, (1, 1)), Activation("relu")), shortcut=(BatchNorm(),)),
        Concat(((Conv2D(2, (1, 1)),), (Conv2D(3, (1, 1)), BatchNorm()), ())),
        Flatten(),
        Dense(5),
    ),
)  # fmt: skip


def paths(spec):
    return [entry.path for entry in walk(spec.layers)]


def names(spec, sequence=""):
    return [layer.name for layer in editing.layers_at(spec, sequence)]


def places(spec):
    sequences = ["", *(s for path in paths(spec) for s in editing.branches_of(spec, path))]
    return [Place(s, index) for s in sequences for index in range(len(editing.layers_at(spec, s)) + 1)]


@pytest.mark.parametrize("place", places(BRANCHED), ids=str)
def test_a_layer_can_be_put_anywhere_under_its_own_name(place):
    spec, put = editing.insert(BRANCHED, place, [Dropout(0.5, name="mine")])
    assert put == (f"{place.sequence}mine",)
    assert editing.place_of(spec, put[0]) == place
    assert sorted(paths(spec)) == sorted([*paths(BRANCHED), *put])
    assert editing.remove(spec, put).spec == BRANCHED


def test_a_name_that_is_taken_is_replaced_by_a_free_one():
    spec, put = editing.insert(BRANCHED, Place("", 0), [Conv2D(4, (3, 3), name="conv1"), Conv2D(7, (3, 3))])
    assert put == ("conv2", "conv3")
    assert names(spec) == ["conv2", "conv3", "conv1", "residual1", "concat1", "flatten1", "dense1"]


def test_a_body_cannot_get_a_layer_called_as_its_shortcut():
    spec, put = editing.insert(BRANCHED, Place("residual1/", 0), [Dense(3, name="shortcut")])
    assert put == ("residual1/dense1",)
    assert editing.layer_at(spec, "residual1/shortcut/norm1") == BatchNorm(name="norm1")


@pytest.mark.parametrize("path", paths(BRANCHED))
@pytest.mark.parametrize("place", places(BRANCHED), ids=str)
def test_a_layer_moves_to_every_place_but_into_itself(path, place):
    before = editing.layer_at(BRANCHED, path)
    if place.sequence.startswith(f"{path}/"):
        with pytest.raises(ConfigError, match="itself"):
            editing.move(BRANCHED, [path], place)
        return
    spec, (moved,) = editing.move(BRANCHED, [path], place)
    after = editing.layer_at(spec, moved)
    free = before.name not in names(BRANCHED, place.sequence) or place.sequence == path.removesuffix(before.name)
    assert moved.startswith(place.sequence)
    assert after == before if free else type(after) is type(before)
    assert len(paths(spec)) == len(paths(BRANCHED))
    # It stands in front of what stood at the place.
    behind = [name for name in names(BRANCHED, place.sequence)[place.index :] if place.sequence + name != path]
    assert names(spec, place.sequence)[editing.place_of(spec, moved).index + 1 :] == behind


def test_several_layers_move_together_in_their_order():
    spec, put = editing.move(BRANCHED, ["conv1", "flatten1"], Place("concat1/branch3/", 0))
    assert put == ("concat1/branch3/conv1", "concat1/branch3/flatten1")
    assert names(spec) == ["residual1", "concat1", "dense1"]
    down, _ = editing.move(BRANCHED, ["conv1", "residual1"], Place("", 4))
    assert names(down) == ["concat1", "flatten1", "conv1", "residual1", "dense1"]


def test_a_block_and_a_layer_in_it_count_once():
    assert editing.outermost(["residual1/conv1", "residual1", "conv1"]) == ["residual1", "conv1"]
    assert len(editing.duplicate(BRANCHED, ["residual1", "residual1/conv1"]).paths) == 1


def test_a_copy_of_a_block_has_a_name_of_its_own_and_the_same_names_inside():
    spec, put = editing.duplicate(BRANCHED, ["concat1"])
    assert put == ("concat2",)
    assert names(spec)[2:4] == ["concat1", "concat2"]
    assert editing.layer_at(spec, "concat2").branches == editing.layer_at(spec, "concat1").branches


def test_settings_and_name_of_a_layer_are_replaced():
    spec, put = editing.replace(BRANCHED, "residual1/conv1", Conv2D(9, (1, 1), name="wide"))
    assert put == ("residual1/wide",)
    assert editing.layer_at(spec, "residual1/wide").channels == 9
    for name in ("relu1", "Not allowed", "shortcut"):
        with pytest.raises(ConfigError, match="layer name"):
            editing.replace(BRANCHED, "residual1/conv1", Conv2D(9, (1, 1), name=name))


def test_branches_come_go_and_change_places():
    spec, put = editing.add_branch(BRANCHED, "concat1", (Dropout(0.5),), 1)
    assert put == ("concat1/branch2/",)
    assert names(spec, "concat1/branch2/") == ["dropout1"]
    assert names(spec, "concat1/branch3/") == ["conv1", "norm1"]
    moved, put = editing.move_branch(spec, "concat1/branch2/", 3)
    assert put == ("concat1/branch4/",)
    assert [names(moved, f"concat1/branch{n}/") for n in (1, 2, 3, 4)] == [
        ["conv1"],
        ["conv1", "norm1"],
        [],
        ["dropout1"],
    ]
    assert editing.remove_branch(moved, "concat1/branch4/").spec == BRANCHED
    assert names(editing.clear(BRANCHED, "residual1/").spec, "residual1/") == []


def test_a_layer_that_is_called_like_a_branch_is_not_taken_for_one():
    spec = NetworkSpec("odd", (4,), (Residual((Residual((Dense(4),), name="branch1"),), name="shortcut"),))
    assert editing.container_of(spec, "shortcut/branch1/") == "shortcut/branch1"
    assert editing.container_of(spec, "shortcut/branch1/shortcut/") == "shortcut/branch1"
    assert editing.container_of(spec, "shortcut/") == "shortcut"
    assert editing.container_of(spec, "") == ""


@pytest.mark.parametrize(
    "edit",
    [
        lambda: editing.layer_at(BRANCHED, "conv7"),
        lambda: editing.layer_at(BRANCHED, "conv1/conv1"),
        lambda: editing.layer_at(BRANCHED, ""),
        lambda: editing.insert(BRANCHED, Place("concat1/branch4/", 0), [Flatten()]),
        lambda: editing.insert(BRANCHED, Place("concat1/", 0), [Flatten()]),
        lambda: editing.insert(BRANCHED, Place("", 6), [Flatten()]),
        lambda: editing.remove_branch(BRANCHED, "residual1/shortcut/"),
        lambda: editing.remove_branch(BRANCHED, ""),
        lambda: editing.add_branch(BRANCHED, "conv1"),
        lambda: editing.move_branch(BRANCHED, "concat1/branch1/", 3),
    ],
)
def test_a_place_that_is_not_there_is_told(edit):
    with pytest.raises(ConfigError) as caught:
        edit()
    assert caught.value.code in ("edit.missing", "edit.no_branches")


def test_name_and_input_shape_of_the_network_change():
    assert editing.rename(BRANCHED, "other").name == "other"
    assert editing.set_input_shape(BRANCHED, (3, 9, 9)).input_shape == (3, 9, 9)
    with pytest.raises(ConfigError):
        editing.rename(BRANCHED, " ")


@given(SPECS)
def test_layers_come_back_from_json_as_they_were(spec):
    assert editing.layers_from_json(editing.layers_to_json(spec.layers)) == spec.layers
    assert editing.layers_from_json(spec.to_json()) == spec.layers


def test_layers_of_one_name_from_different_blocks_can_be_copied_together():
    layers = [editing.layer_at(BRANCHED, path) for path in ("conv1", "residual1/conv1")]
    copied = editing.layers_from_json(editing.layers_to_json(layers))
    assert [(layer.name, layer.kernel) for layer in copied] == [("conv1", (3, 3)), ("conv2", (1, 1))]


def test_one_layer_and_unnamed_layers_can_be_pasted():
    assert editing.layers_from_json('{"kind": "dense", "units": 5}') == (Dense(5, name="dense1"),)
    assert editing.layers_from_json(' [{"kind": "flatten"}]') == (Flatten(name="flatten1"),)


@pytest.mark.parametrize(
    "text",
    ["", "hello", "3", "{}", "[3]", '[{"kind": "magic"}]', '{"kind": "dense"}', '[{"kind": "dense", "units": 0}]',
     '[{"kind": "dense", "units": 5, "size": 3}]', "\ud800", "[" * 100_000, '{"a":' * 100_000, " " * (8 * 2**20 + 1),
     '[{"kind":"flatten","name":"a"},{"kind":"flatten","name":"a"}]'],
    ids=range(14),
)  # fmt: skip
def test_text_that_is_no_layers_is_refused_with_a_sentence(text):
    with pytest.raises(ConfigError):
        editing.layers_from_json(text)


def edited_at_random(spec, layers, chance):
    """Return ``spec`` after one edit of any kind at any place."""
    place, path = chance.choice(places(spec)), chance.choice([*paths(spec), None])
    blocks = [p for p in paths(spec) if isinstance(editing.layer_at(spec, p), Concat)]
    match chance.randrange(8):
        case 0 | 1:
            return editing.insert(spec, place, layers).spec
        case 2 if path:
            return editing.remove(spec, [path]).spec
        case 3 if path and not place.sequence.startswith(f"{path}/"):
            return editing.move(spec, [path], place).spec
        case 4 if path:
            return editing.duplicate(spec, [path]).spec
        case 5 if path:
            return editing.replace(spec, path, layers[0]).spec
        case 6 if blocks:
            return editing.add_branch(spec, chance.choice(blocks), layers).spec
        case 7 if blocks:
            block = chance.choice(blocks)
            sequences = editing.branches_of(spec, block)
            return editing.remove_branch(spec, chance.choice(sequences)).spec if sequences else spec
    return spec


STARTS = [
    BRANCHED,
    *(EXPERIMENTS[name].network((1, 12, 12), 3) for name in ("softmax-regression", "mlp-dropout", "simple-convnet")),
]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(STARTS), st.lists(LAYERS, min_size=6, max_size=6), st.integers(0, 2**32))
def test_whatever_edits_make_is_trained_or_refused_at_a_layer(spec, layers, seed):
    chance = random.Random(seed)
    for layer in layers:
        edited = edited_at_random(spec, [layer], chance)
        partial = summarize_partly(edited)
        if not partial.error_path:  # the end of the network is seen to below
            assert partial.error is None or partial.error.code == "shape.not_a_classifier"
            spec = edited
        else:
            assert partial.error_path in paths(edited)
            assert partial.error_path not in {entry.path for entry in partial.layers}
    assert NetworkSpec.from_json(spec.to_json()) == spec
    end = [Dense(3)] if len(summarize(spec).output_shape) == 1 else [Flatten(), Dense(3)]
    spec = editing.insert(spec, Place("", len(spec.layers)), end).spec
    network = build(spec, GluonBackend("cpu"))
    network.prepare_training(OptimizerConfig("sgd"), "mean")
    batch = samples(spec, 2)
    data = network.place(batch.images, batch.labels)
    metrics = network.train_batch(data, np.arange(2), masks(spec, 2, 0), SETTINGS).result()
    assert not np.isnan(metrics.loss)
