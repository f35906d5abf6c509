"""The network editor by mouse and keyboard: layers and branches that come, go and move."""

from __future__ import annotations

import random

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from engine.architecture import editing
from engine.architecture.layers import Dense
from engine.architecture.network import NetworkSpec
from engine.architecture.zoo import EXPERIMENTS
from gui.layer_kinds import layer_kinds
from tests.gui.editor_user import ALT, CONTROL, NONE, SHIFT, SMALL, open_editor


@pytest.fixture
def editor(qtbot):
    editor = open_editor(qtbot)
    yield editor
    editor.check_rows()


@pytest.mark.parametrize("kind", [kind for _, kinds in layer_kinds() for kind in kinds], ids=lambda kind: kind.name)
def test_a_new_layer_of_every_kind_comes_behind_the_selected_one_and_is_selected(editor, kind):
    before = "dropout1" if isinstance(kind.new, Dense) else "relu1"
    editor.click(before)
    editor.add(kind.name)
    names = editor.names()
    new = names[names.index(before) + 1]
    assert type(editor.layer(new)) is type(kind.new)
    assert len(names) == len(SMALL.layers) + 1
    assert editor.tree.keys() == (new,)
    assert editor.edits == [editor.spec]


def test_new_layers_fill_an_empty_block_and_then_follow_each_other(editor):
    editor.click("relu1")
    editor.add("addResidual")
    editor.add("addConv")
    editor.add("addBatchNorm")
    assert editor.names("residual2/") == ["conv1", "norm1"]
    editor.click("residual2/shortcut/")
    editor.add("addConv")
    assert editor.names("residual2/shortcut/") == ["conv1"]


def test_the_first_layer_of_an_empty_network_can_be_added(editor):
    editor.panel.set_network(NetworkSpec("empty", (1, 8, 8), ()))
    editor.add("addFlatten")
    editor.add("addDense")
    assert editor.names() == ["flatten1", "dense1"]


def test_delete_takes_out_the_selection_and_selects_its_neighbour(editor):
    editor.click("relu1", "dropout1")
    editor.key(Qt.Key.Key_Delete)
    assert editor.names() == ["conv1", "pool1", "residual1", "concat1", "flatten1", "dense1"]
    assert editor.tree.keys() == ("pool1",)
    editor.press("editorRemoveButton")
    assert editor.names() == ["conv1", "residual1", "concat1", "flatten1", "dense1"]


def test_emptying_a_branch_and_removing_one_are_two_things(editor):
    editor.click("residual1/shortcut/")
    editor.key(Qt.Key.Key_Delete)
    assert editor.layer("residual1").shortcut == ()
    editor.click("concat1/branch1/")
    editor.key(Qt.Key.Key_Delete)
    assert editor.layer("concat1").branches == ((),)


def test_branches_are_added_copied_and_exchanged(editor):
    editor.click("concat1/branch1/conv1")
    editor.add("addBranch")
    assert len(editor.layer("concat1").branches) == 3
    editor.click("concat1/branch1/")
    editor.key(Qt.Key.Key_D, CONTROL | SHIFT)
    assert editor.names("concat1/branch2/") == ["conv1"]
    editor.key(Qt.Key.Key_Down, ALT)
    editor.key(Qt.Key.Key_Down, ALT)
    assert [len(branch) for branch in editor.layer("concat1").branches] == [1, 0, 0, 1]
    editor.key(Qt.Key.Key_Up, ALT)
    assert [len(branch) for branch in editor.layer("concat1").branches] == [1, 0, 1, 0]


def test_a_duplicate_is_a_layer_of_its_own(editor):
    editor.click("residual1")
    editor.key(Qt.Key.Key_D, CONTROL | SHIFT)
    assert editor.names()[3:5] == ["residual1", "residual2"]
    editor.click("residual2/conv1")
    editor.enter("layerChannelsField", "5")
    assert (editor.layer("residual1/conv1").channels, editor.layer("residual2/conv1").channels) == (8, 5)


def test_keys_move_a_layer_up_down_in_and_out(editor):
    editor.click("pool1")
    editor.key(Qt.Key.Key_Up, ALT)
    assert editor.names()[:3] == ["conv1", "pool1", "relu1"]
    editor.key(Qt.Key.Key_Down, ALT)
    editor.key(Qt.Key.Key_Right, ALT)
    assert editor.names("residual1/") == ["pool1", "conv1", "norm1"]
    editor.key(Qt.Key.Key_Down, ALT)
    editor.key(Qt.Key.Key_Down, ALT)
    editor.key(Qt.Key.Key_Down, ALT)
    assert editor.names("residual1/shortcut/") == ["pool1", "conv1"], "from the body's end into the shortcut"
    editor.key(Qt.Key.Key_Left, ALT)
    assert editor.names()[2:4] == ["residual1", "pool1"]
    assert editor.tree.keys() == ("pool1",)


def test_commands_that_would_do_nothing_are_greyed_out(editor):
    def enabled(name):
        return editor.find(f"editor{name}Button").isEnabled()

    assert not enabled("Undo")
    assert not enabled("Remove")
    editor.click("conv1")
    assert enabled("Remove")
    assert not enabled("MoveUp")
    assert not enabled("MoveOut")
    assert enabled("MoveDown")
    editor.click("pool1")
    assert enabled("MoveIn")
    editor.click("residual1/")
    assert not enabled("Duplicate")


@pytest.mark.parametrize(
    ("target", "share", "sequence", "names"),
    [
        ("conv1", 0.1, "", ["pool1", "conv1", "relu1"]),
        ("conv1", 0.9, "", ["conv1", "pool1", "relu1"]),
        ("residual1/", 0.5, "residual1/", ["conv1", "norm1", "pool1"]),
        ("residual1/norm1", 0.1, "residual1/", ["conv1", "pool1", "norm1"]),
        ("residual1", 0.6, "residual1/", ["pool1", "conv1", "norm1"]),
        ("concat1/branch2/", 0.5, "concat1/branch2/", ["pool1"]),
        ("", 0, "", ["conv1", "relu1", "residual1", "concat1", "flatten1", "dropout1", "dense1", "pool1"]),
    ],
)
def test_a_layer_is_dragged_to_where_it_is_dropped(editor, target, share, sequence, names):
    assert editor.drag("pool1", target, share)
    assert editor.names(sequence)[: len(names)] == names
    assert editor.tree.keys() == (f"{sequence}pool1",)
    editor.key(Qt.Key.Key_Z, CONTROL)
    assert editor.spec == SMALL


def test_several_layers_are_dragged_together_and_a_block_not_into_itself(editor):
    assert not editor.drag("residual1", "residual1/conv1", 0.1)
    assert editor.spec == SMALL
    assert editor.drag(("conv1", "relu1"), "dense1", 0.9)
    assert editor.names()[-3:] == ["dense1", "conv1", "relu1"]


def test_a_dragged_layer_shows_where_it_would_go(editor):
    editor.click("pool1")
    before = editor.tree.viewport().grab().toImage()
    editor.tree.begin_drag()
    assert editor.hover(editor.spot("conv1", 0.1))
    assert editor.tree.viewport().grab().toImage() != before
    editor.tree.end_drag()
    assert editor.tree.viewport().grab().toImage() == before


def test_copied_layers_are_json_and_can_be_pasted_elsewhere(editor):
    editor.click("conv1", "relu1")
    editor.key(Qt.Key.Key_C, CONTROL)
    assert editing.layers_from_json(QGuiApplication.clipboard().text()) == SMALL.layers[:2]
    editor.click("concat1/branch2/")
    editor.key(Qt.Key.Key_V, CONTROL)
    assert editor.names("concat1/branch2/") == ["conv1", "relu1"]
    editor.key(Qt.Key.Key_X, CONTROL)
    assert editor.names("concat1/branch2/") == []
    editor.click("dense1")
    editor.key(Qt.Key.Key_V, CONTROL)
    assert editor.names()[-2:] == ["conv2", "relu2"], "names that are taken become new ones"


def test_a_whole_network_can_be_pasted_and_nonsense_is_refused_with_a_sentence(editor):
    QGuiApplication.clipboard().setText(EXPERIMENTS["mlp-128-64"].network().to_json())
    editor.click("dense1")
    editor.key(Qt.Key.Key_V, CONTROL)
    assert len(editor.spec.layers) == len(SMALL.layers) + 6
    before = editor.spec
    QGuiApplication.clipboard().setText("a shopping list")
    editor.key(Qt.Key.Key_V, CONTROL)
    assert editor.spec == before
    assert "neither layers nor a network" in editor.failures[0]


@pytest.mark.parametrize("seed", range(6))
def test_rows_and_network_agree_after_any_commands(editor, seed):
    chance = random.Random(seed)
    kinds = [kind.new for _, kinds in layer_kinds() for kind in kinds]
    keys = {
        "remove": (Qt.Key.Key_Delete, NONE), "duplicate": (Qt.Key.Key_D, CONTROL | SHIFT),
        "up": (Qt.Key.Key_Up, ALT), "down": (Qt.Key.Key_Down, ALT), "in": (Qt.Key.Key_Right, ALT),
        "out": (Qt.Key.Key_Left, ALT), "cut": (Qt.Key.Key_X, CONTROL), "paste": (Qt.Key.Key_V, CONTROL),
        "undo": (Qt.Key.Key_Z, CONTROL), "redo": (Qt.Key.Key_Z, CONTROL | SHIFT),
    }  # fmt: skip
    QGuiApplication.clipboard().setText(editing.layers_to_json(SMALL.layers[3:5]))
    editor.tree.setFocus()
    for _ in range(60):
        rows = editor.shown_rows()
        if rows and chance.random() < 0.7:
            editor.tree.clearSelection()
            for key in chance.sample(rows, min(len(rows), chance.choice((1, 1, 1, 2, 3)))):
                editor.tree.item(key).setSelected(True)
        command = chance.choice(["add", *keys])
        if command == "add":
            editor.panel._session.add([chance.choice(kinds)])
        else:
            editor.key(*keys[command])
        editor.check_rows()
        assert set(editor.tree.keys()) == set(editor.panel._session.selection)
    while editor.panel._session.can_undo:
        editor.panel.undo()
    assert editor.spec == SMALL
    assert editor.failures == []
