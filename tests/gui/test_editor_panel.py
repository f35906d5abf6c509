"""The network editor by mouse and keyboard: what an edit does to the network, the rows and the figures."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QDragEnterEvent, QDragMoveEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QMenu, QWidget

from engine.architecture import editing
from engine.architecture.layers import (
    Activation,
    BatchNorm,
    Concat,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPool2D,
    Residual,
)
from engine.architecture.network import NetworkSpec, walk
from engine.architecture.shapes import summarize
from engine.architecture.zoo import EXPERIMENTS
from gui.editor_panel import EditorPanel
from gui.layer_kinds import layer_kinds
from gui.layer_painter import ERROR_ROLE
from gui.layer_tree import LayerTree
from gui.theme import DARK, LIGHT

SMALL = NetworkSpec(
    "small", (1, 12, 12),
    (
        Conv2D(8, (3, 3)), Activation("relu"), MaxPool2D(),
        Residual(body=(Conv2D(8, (3, 3), padding=(1, 1)), BatchNorm()), shortcut=(Conv2D(8, (1, 1)),)),
        Concat(((Conv2D(4, (1, 1)),), ())),
        Flatten(), Dropout(0.25), Dense(10),
    ),
)  # fmt: skip
LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier
CONTROL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier,
)  # fmt: skip


class Editor:
    """Someone at the editor: clicks rows, presses keys, types into fields."""

    def __init__(self, panel: EditorPanel, qtbot) -> None:
        self.panel, self.qtbot = panel, qtbot
        self.tree = panel.findChild(LayerTree)
        self.edits: list[NetworkSpec] = []
        self.failures: list[str] = []
        panel.edited.connect(self.edits.append)
        panel.failed.connect(self.failures.append)

    @property
    def spec(self) -> NetworkSpec:
        return self.panel.network()

    def names(self, sequence="") -> list[str]:
        return [layer.name for layer in editing.layers_at(self.spec, sequence)]

    def layer(self, path):
        return editing.layer_at(self.spec, path)

    def find(self, name, kind=QWidget):
        """Return the widget of this name that can be seen: every kind of layer has its own form."""
        found = [w for w in self.panel.findChildren(kind, name) if w.isVisibleTo(self.panel)]
        assert len(found) == 1, (name, found)
        return found[0]

    def spot(self, key, share=0.5) -> QPoint:
        self.tree.scrollToItem(self.tree.item(key))
        frame = self.tree.visualItemRect(self.tree.item(key))
        return QPoint(frame.left() + 60, round(frame.top() + share * frame.height()))

    def click(self, *keys, modifier=CONTROL) -> None:
        for place, key in enumerate(keys):
            chosen = modifier if place else NONE
            self.qtbot.mouseClick(self.tree.viewport(), LEFT, chosen, self.spot(key, 0.1))
        self.tree.setFocus()

    def key(self, key, modifier=NONE, widget=None) -> None:
        self.qtbot.keyClick(widget or self.tree, key, modifier)

    def press(self, name) -> None:
        button = self.find(name, QAbstractButton)
        assert button.isEnabled(), name
        self.qtbot.mouseClick(button, LEFT)

    def add(self, name) -> None:
        """Choose from the menu that the add button opens."""
        menu = self.panel.findChild(QMenu, "addLayerMenu")
        self.key(Qt.Key.Key_Insert)
        assert menu.isVisible()
        action = self.panel.findChild(QAction, f"{name}Action")
        self.qtbot.mouseClick(menu, LEFT, pos=menu.actionGeometry(action).center())
        menu.close()

    def enter(self, name, text) -> None:
        field = self.find(name)
        field.setFocus()
        field.selectAll()
        self.qtbot.keyClicks(field, text)
        self.key(Qt.Key.Key_Return, widget=field)

    def drag(self, key, target, share=0.5) -> bool:
        """Drag the selected rows from ``key`` to a row, as the platform tells it; say whether they could go there."""
        self.click(key) if isinstance(key, str) else self.click(*key)
        assert self.tree.begin_drag()
        viewport = self.tree.viewport()
        position = self.spot(target, share) if target else viewport.rect().bottomLeft() + QPoint(9, -2)
        accepted = self.hover(position)
        if accepted:
            event = QDropEvent(QPointF(position), Qt.DropAction.MoveAction, QMimeData(), LEFT, NONE)
            QApplication.sendEvent(viewport, event)
        else:
            self.tree.end_drag()
        return accepted

    def hover(self, position) -> bool:
        """Let what is dragged hover, as the platform tells it, and say whether it could be dropped there."""
        for kind in (QDragEnterEvent, QDragMoveEvent):
            event = kind(position, Qt.DropAction.MoveAction, QMimeData(), LEFT, NONE)
            QApplication.sendEvent(self.tree.viewport(), event)
        return event.isAccepted()

    def cells(self, key) -> list[str]:
        item = self.tree.item(key)
        return [item.text(column) for column in range(3)]

    def shown_rows(self) -> list[str]:
        """Return the keys of all rows in the order in which they stand."""
        keys, item = [], self.tree.topLevelItem(0)
        while item is not None:
            keys.append(item.data(0, Qt.ItemDataRole.UserRole))
            following = item.child(0)
            while following is None and item is not None:
                parent = item.parent() or self.tree.invisibleRootItem()
                following = parent.child(parent.indexOfChild(item) + 1)
                item = item.parent() if following is None else item
            item = following
        return keys

    def check_rows(self) -> None:
        """Check that the tree shows the network: every layer, every branch, in their places."""
        expected = []
        for entry in walk(self.spec.layers):
            expected.append(entry.path)
            expected += editing.branches_of(self.spec, entry.path)
        assert sorted(self.shown_rows()) == sorted(expected)
        layers = [key for key in self.shown_rows() if not key.endswith("/")]
        assert layers == [entry.path for entry in walk(self.spec.layers)]
        for path in layers:
            place = editing.place_of(self.spec, path)
            item = self.tree.item(path)
            parent = item.parent()
            assert (parent.data(0, Qt.ItemDataRole.UserRole) if parent else "") == place.sequence


@pytest.fixture
def editor(qtbot):
    panel = EditorPanel()
    qtbot.addWidget(panel)
    panel.set_network(SMALL)
    panel.resize(340, 900)
    with qtbot.waitActive(panel):
        panel.show()
        panel.activateWindow()
    editor = Editor(panel, qtbot)
    yield editor
    editor.check_rows()


def test_every_layer_is_a_row_with_its_shape_and_parameters(editor):
    assert editor.cells("conv1") == ["Conv 8, 3×3", "8×10×10", "80"]
    assert editor.cells("relu1") == ["ReLU", "8×10×10", "–"]
    assert editor.cells("residual1") == ["Residual", "8×5×5", str(8 * 8 * 9 + 8 + 16 + 8 * 8 + 8)]
    assert editor.cells("residual1/shortcut/conv1") == ["Conv 8, 1×1", "8×5×5", "72"]
    assert editor.cells("concat1/branch2/")[0] == "Branch 2"
    assert editor.edits == [], "showing a network is not an edit"


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


def test_settings_apply_at_once_and_figures_follow(editor):
    editor.click("conv1")
    editor.enter("layerChannelsField", "16")
    assert editor.layer("conv1").channels == 16
    assert editor.cells("pool1")[1] == "16×5×5"
    assert editor.find("factOutput", QLabel).text() == "16×10×10"
    assert editor.find("factReceptiveField", QLabel).text().startswith("3×3")
    assert editor.find("factMultiplyAdds", QLabel).text() == "14,400"
    editor.click("dropout1")
    editor.enter("layerRateField", "0.5")
    editor.click("relu1")
    function = editor.find("layerFunctionField")
    function.setFocus()
    editor.qtbot.keyClicks(function, "ta")
    editor.click("residual1/conv1")
    editor.qtbot.mouseClick(editor.find("layerUseBiasFieldBox"), LEFT, pos=QPoint(8, 8))
    assert (editor.layer("dropout1").rate, editor.layer("relu1").function) == (0.5, "tanh")
    assert editor.layer("residual1/conv1").use_bias is False


def test_height_and_width_change_together_until_they_are_unlinked(editor):
    editor.click("conv1")
    editor.enter("layerKernelField1", "5")
    assert editor.layer("conv1").kernel == (5, 5)
    assert editor.cells("conv1")[1] == "8×8×8"
    editor.press("layerKernelFieldLink")
    editor.enter("layerKernelField2", "3")
    assert editor.layer("conv1").kernel == (5, 3)
    editor.click("residual1/conv1")
    editor.click("conv1")
    assert not editor.find("layerKernelFieldLink").isChecked(), "numbers that differ must not be made equal"


def test_enter_on_a_row_goes_to_its_settings(editor):
    editor.click("dense1")
    editor.key(Qt.Key.Key_Return)
    units = editor.find("layerUnitsField")
    assert units.hasFocus()
    editor.qtbot.keyClicks(units, "20")
    editor.key(Qt.Key.Key_Return, widget=units)
    assert editor.layer("dense1").units == 20


def test_a_layer_that_was_added_or_renamed_is_told_as_selected_after_the_edit(editor):
    told = []
    editor.panel.edited.connect(lambda spec: told.append(len(list(walk(spec.layers)))))
    editor.panel.layer_selected.connect(told.append)
    editor.click("relu1")
    editor.add("addDropout")
    editor.enter("layerNameFieldEdit", "mine")
    editor.enter("layerRateField", "0.1")
    assert told == ["relu1", 13, "dropout2", 13, "mine", 13]


def test_steps_in_one_field_are_one_edit_to_take_back(editor):
    editor.click("dense1")
    units = editor.find("layerUnitsField")
    units.setFocus()
    for _ in range(4):
        editor.key(Qt.Key.Key_Up, widget=units)
    assert editor.layer("dense1").units == 14
    editor.click("dropout1")
    editor.click("dense1")
    units.setFocus()
    editor.key(Qt.Key.Key_Up, widget=units)
    editor.key(Qt.Key.Key_Z, CONTROL, units)
    assert editor.layer("dense1").units == 14
    editor.key(Qt.Key.Key_Z, CONTROL, units)
    assert editor.spec == SMALL
    assert units.value() == 10
    editor.key(Qt.Key.Key_Z, CONTROL | SHIFT, units)
    assert editor.layer("dense1").units == 14


def test_undo_takes_back_typing_first_and_edits_then(editor):
    editor.click("dense1")
    editor.enter("layerUnitsField", "12")
    name = editor.find("layerNameFieldEdit", QLineEdit)
    name.setFocus()
    editor.qtbot.keyClicks(name, "x")
    editor.key(Qt.Key.Key_Z, CONTROL, name)
    assert name.text() == "dense1"
    assert editor.layer("dense1").units == 12
    editor.key(Qt.Key.Key_Z, CONTROL, name)
    assert editor.layer("dense1").units == 10


def test_a_layer_is_renamed_unless_a_neighbour_has_the_name(editor):
    editor.click("residual1/conv1")
    name = editor.find("layerNameFieldEdit", QLineEdit)
    editor.enter("layerNameFieldEdit", "Wide one")
    assert editor.names("residual1/")[0] == name.text() == "ideone", "capitals and blanks cannot be typed"
    editor.enter("layerNameFieldEdit", "norm1")
    assert "norm1" in editor.failures[0]
    assert name.text() == editor.names("residual1/")[0]
    editor.enter("layerNameFieldEdit", "wide")
    assert editor.names("residual1/") == ["wide", "norm1"]
    assert editor.tree.keys() == ("residual1/wide",)


def test_all_edits_are_taken_back_and_put_back(editor):
    editor.click("conv1")
    editor.key(Qt.Key.Key_Delete)
    editor.enter("networkInputField1", "3")
    editor.click("relu1")
    editor.add("addConcat")
    editor.enter("networkNameFieldEdit", "other")
    last = editor.spec
    for _ in range(4):
        editor.press("editorUndoButton")
    assert editor.spec == SMALL
    assert not editor.find("editorUndoButton").isEnabled()
    for _ in range(4):
        editor.press("editorRedoButton")
    assert editor.spec == last
    assert (last.name, last.input_shape) == ("other", (3, 12, 12))
    editor.press("editorUndoButton")
    editor.click("relu1")
    editor.key(Qt.Key.Key_Delete)
    assert not editor.find("editorRedoButton").isEnabled(), "a new edit is another future"


def test_a_misfit_is_told_at_its_layer_and_what_follows_has_no_shape(editor):
    editor.click("residual1/conv1")
    editor.enter("layerPaddingField1", "0")
    item = editor.tree.item("residual1")
    sentence = item.data(0, ERROR_ROLE)
    assert "1×1 convolution in the shortcut" in sentence
    assert editor.cells("residual1")[1:] == ["–", "–"]
    assert editor.cells("dense1")[1] == "–"
    assert editor.cells("conv1")[1] == "8×10×10"
    assert (
        editor.tree.visualItemRect(item).height() > 2 * editor.tree.visualItemRect(editor.tree.item("conv1")).height()
    )
    assert editor.edits[-1] == editor.spec, "who listens is told of networks that do not fit, too"

    editor.click("conv1")
    editor.press("editorProblemButton")
    assert editor.tree.keys() == ("residual1",)
    editor.key(Qt.Key.Key_Z, CONTROL)
    assert not editor.panel.findChild(QWidget, "editorProblemButton").isVisibleTo(editor.panel)
    assert editor.cells("dense1")[1] == "10"


def test_an_error_is_painted_red_under_its_layer(editor):
    editor.panel.apply_theme(LIGHT)
    editor.click("conv1")
    editor.enter("layerKernelField1", "30")
    editor.click("relu1")
    image = editor.tree.viewport().grab().toImage()
    frame = editor.tree.visualItemRect(editor.tree.item("conv1"))
    reds = sum(
        image.pixelColor(x, y).red() > image.pixelColor(x, y).blue() + 80
        for x in range(0, image.width(), 2) for y in range(frame.top() + frame.height() // 2, frame.bottom())
    )  # fmt: skip
    assert reds > 30


def test_a_network_that_is_no_classifier_is_told_without_blaming_a_layer(editor):
    editor.click("dense1", "flatten1", "dropout1")
    editor.key(Qt.Key.Key_Delete)
    assert "classifier" in editor.find("editorProblemButton").accessibleName()
    assert not any(editor.tree.item(key).data(0, ERROR_ROLE) for key in editor.shown_rows())


def test_selecting_is_told_once_and_not_when_the_window_selects(editor):
    told = []
    editor.panel.layer_selected.connect(told.append)
    editor.click("pool1")
    assert told == ["pool1"]
    editor.panel.select("residual1/shortcut/conv1")
    assert editor.tree.keys() == ("residual1/shortcut/conv1",)
    assert editor.find("factInput", QLabel).text() == "8×5×5"
    editor.panel.select("no/such/layer")
    assert told == ["pool1"]
    assert editor.edits == []


def test_a_network_from_outside_starts_afresh_unless_it_is_this_one(editor):
    editor.click("relu1")
    editor.key(Qt.Key.Key_Delete)
    editor.panel.set_network(editor.spec)
    assert editor.find("editorUndoButton").isEnabled()
    editor.panel.set_network(EXPERIMENTS["lenet-tanh"].network())
    assert not editor.find("editorUndoButton").isEnabled()
    assert len(editor.edits) == 1


def test_what_a_trained_network_keeps_is_told_and_offered(editor):
    applied = []
    editor.panel.apply_requested.connect(lambda: applied.append(editor.spec))
    editor.panel.set_trained(summarize(SMALL))
    editor.panel.set_apply_enabled(True)
    button = editor.find("applyEditButton")
    assert not button.isEnabled(), "nothing differs yet"
    editor.click("dropout1")
    editor.add("addDense")
    assert editor.find("keptLabel", QLabel).text() == "Keeps the weights of 5 of 7 layers"
    editor.press("applyEditButton")
    assert applied == [editor.spec]
    editor.panel.set_apply_enabled(False)
    assert not button.isEnabled()
    editor.panel.set_apply_enabled(True)
    editor.click("conv1")
    editor.enter("layerKernelField1", "30")
    assert not button.isEnabled(), "it does not fit"
    editor.panel.set_trained(None)
    assert not button.isVisibleTo(editor.panel)


def test_what_a_person_folded_stays_folded_over_edits(editor):
    editor.tree.item("residual1").setExpanded(False)
    editor.click("conv1")
    editor.enter("layerChannelsField", "9")
    editor.click("conv1")
    editor.key(Qt.Key.Key_Delete)
    assert not editor.tree.item("residual1").isExpanded()
    assert editor.tree.item("concat1").isExpanded()


def test_an_edit_leaves_the_rows_that_stay_where_they_are(editor):
    rows = {key: editor.tree.item(key) for key in editor.shown_rows()}
    editor.click("relu1")
    editor.key(Qt.Key.Key_D, CONTROL | SHIFT)
    editor.click("residual1/conv1")
    editor.key(Qt.Key.Key_Delete)
    assert all(editor.tree.item(key) is row for key, row in rows.items() if key != "residual1/conv1")


@pytest.mark.parametrize("name", sorted(EXPERIMENTS))
def test_every_network_of_the_zoo_opens_and_every_row_fits(editor, name):
    editor.panel.set_network(EXPERIMENTS[name].network())
    assert not editor.panel.findChild(QWidget, "editorProblemButton").isVisibleTo(editor.panel)
    assert all(editor.tree.item(entry.path).text(1) != "–" for entry in walk(editor.spec.layers))


def test_every_button_and_field_has_a_name_and_explains_itself(editor):
    for path in (entry.path for entry in walk(SMALL.layers)):
        editor.panel.select(path)
    for widget in editor.panel.findChildren(QWidget):
        interactive = widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.focusProxy() is None
        internal = widget.objectName().startswith("qt_") or widget.inherits("QScrollArea")
        if interactive and not internal and widget.isVisibleTo(editor.panel):
            label = f"{widget.metaObject().className()} {widget.objectName()}"
            assert widget.objectName(), label
            assert widget.accessibleName(), label
            explained = widget if widget.toolTip() else widget.parent()
            assert explained.toolTip() or widget is editor.tree, label


def test_both_themes_are_drawn(editor):
    pictures = []
    for theme in (LIGHT, DARK):
        editor.panel.apply_theme(theme)
        pictures.append(editor.find("editorAddButton").grab().toImage())
    assert pictures[0] != pictures[1]
