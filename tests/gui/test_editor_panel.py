"""The network editor by mouse and keyboard: settings, undo, figures, errors, and what it tells."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget

from engine.architecture.network import walk
from engine.architecture.shapes import summarize
from engine.architecture.zoo import EXPERIMENTS
from gui.layer_painter import ERROR_ROLE
from gui.theme import DARK, LIGHT
from tests.gui.editor_user import CONTROL, LEFT, SHIFT, SMALL, open_editor


@pytest.fixture
def editor(qtbot):
    editor = open_editor(qtbot)
    yield editor
    editor.check_rows()


def test_every_layer_is_a_row_with_its_shape_and_parameters(editor):
    assert editor.cells("conv1") == ["Conv 8, 3×3", "8×10×10", "80"]
    assert editor.cells("relu1") == ["ReLU", "8×10×10", "–"]
    assert editor.cells("residual1") == ["Residual", "8×5×5", str(8 * 8 * 9 + 8 + 16 + 8 * 8 + 8)]
    assert editor.cells("residual1/shortcut/conv1") == ["Conv 8, 1×1", "8×5×5", "72"]
    assert editor.cells("concat1/branch2/")[0] == "Branch 2"
    assert editor.edits == [], "showing a network is not an edit"


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
