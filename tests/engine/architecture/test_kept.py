"""What an edited network keeps of a trained one."""

from __future__ import annotations

import msgspec

from engine.architecture import editing
from engine.architecture.editing import Place
from engine.architecture.kept import kept_layers
from engine.architecture.layers import Activation, BatchNorm, Concat, Conv2D, Dense, Flatten
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize

TRAINED = NetworkSpec(
    "trained", (1, 8, 8),
    (
        Conv2D(4, (3, 3), padding=(1, 1)), BatchNorm(), Activation("relu"), Conv2D(4, (3, 3), padding=(1, 1)),
        Concat(((Conv2D(4, (1, 1)),), (Conv2D(6, (1, 1)),))),
        Flatten(), Dense(5),
    ),
)  # fmt: skip
ALL = ["conv1", "norm1", "conv2", "concat1/branch1/conv1", "concat1/branch2/conv1", "dense1"]


def kept(edited):
    return kept_layers(summarize(TRAINED), summarize(edited))


def test_an_unchanged_network_keeps_everything():
    assert kept(TRAINED) == {path: path for path in ALL}


def test_a_changed_layer_and_those_it_feeds_lose_their_weights():
    wider = msgspec.structs.replace(editing.layer_at(TRAINED, "conv2"), channels=8)
    edited = editing.replace(TRAINED, "conv2", wider).spec
    assert kept(edited) == {path: path for path in ("conv1", "norm1", "dense1")}


def test_settings_that_leave_the_tensors_alone_keep_the_weights():
    unpadded = msgspec.structs.replace(editing.layer_at(TRAINED, "conv2"), padding=(2, 2), stride=(1, 1))
    assert kept(editing.replace(TRAINED, "conv2", unpadded).spec)["conv2"] == "conv2"


def test_a_moved_layer_keeps_its_weights():
    edited, (moved,) = editing.move(TRAINED, ["conv2"], Place("concat1/branch2/", 0))
    assert moved == "concat1/branch2/conv2"
    assert kept(edited) == {**{path: path for path in ALL if path != "conv2"}, moved: "conv2"}


def test_branches_keep_their_weights_when_they_change_places():
    edited = editing.move_branch(TRAINED, "concat1/branch1/", 1).spec
    assert kept(edited)["concat1/branch1/conv1"] == "concat1/branch2/conv1"
    assert kept(edited)["concat1/branch2/conv1"] == "concat1/branch1/conv1"


def test_a_renamed_layer_keeps_its_weights():
    renamed = msgspec.structs.replace(editing.layer_at(TRAINED, "dense1"), name="answer")
    assert kept(editing.replace(TRAINED, "dense1", renamed).spec)["answer"] == "dense1"


def test_a_copy_starts_afresh_beside_its_trained_original():
    edited, (copy,) = editing.duplicate(TRAINED, ["conv2"])
    assert copy not in kept(edited)
    assert kept(edited)["conv2"] == "conv2"
