"""One network in set-up, diagram, editor and worker: chosen, edited, trained on, kept, and come back to."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton

from engine import messages as m
from engine.architecture.layers import Dense, Dropout, Flatten
from engine.architecture.network import NetworkSpec
from engine.architecture.zoo import experiment
from engine.storage.networks import save_own_network, write_network
from gui.memory_question import MemoryQuestion
from tests.gui.conftest import make_digits

FIRST = NetworkSpec("mine", (1, 28, 28), (Flatten(), Dense(24), Dense(10)))


@pytest.fixture
def trained(operator):
    """A window with a perceptron that was trained for an epoch."""
    operator.train("mlp-128-64")
    return operator


def diagram(operator):
    return operator.window.views.diagram


def editor(operator):
    return operator.window.views.editor


def description(operator) -> str:
    """Return the line under the network in Set-up."""
    return operator.find("networkDescription", QLabel).text()


def add_layer(operator, after: str, layer) -> None:
    """Put a layer behind another, as the editor does when one is chosen from its menu."""
    editor(operator).select(after)
    assert editor(operator)._session.add([layer])


def test_the_diagram_and_the_editor_follow_the_list(operator):
    operator.choose("networkCombo", "resnet-20")
    assert diagram(operator).view.spec.name == "resnet-20"
    assert editor(operator).network() == diagram(operator).view.spec == operator.controller._subject.network


def test_the_button_and_the_key_bring_editor_and_diagram_to_light(operator):
    operator.click("editNetworkButton")
    operator.until(lambda: not editor(operator).visibleRegion().isEmpty())
    assert operator.window.tabs.currentWidget() is diagram(operator)
    operator.trigger("showCurvesAction")
    assert operator.window.tabs.currentWidget() is operator.window.views.curves


def test_the_editor_comes_by_key_out_of_a_field_too(operator, qtbot):
    field = operator.find("epochsSpin")
    field.setFocus()
    qtbot.keyClick(field, Qt.Key.Key_F4)
    operator.until(lambda: not editor(operator).visibleRegion().isEmpty())


def test_an_edit_is_what_is_trained_next(operator):
    operator.choose("networkCombo", "softmax-regression")
    add_layer(operator, "flatten1", Dense(12))
    assert operator.find("networkCombo").placeholderText() == "my-softmax-regression"
    assert operator.controller._subject.network.layers[1] == Dense(12, name="dense2")
    operator.enter("epochsSpin", "1")
    operator.click("trainButton")
    operator.until_state("trained")
    assert operator.controller.model_spec.name == "my-softmax-regression"
    assert [layer.name for layer in operator.controller.model_spec.layers] == ["flatten1", "dense2", "dense1"]


def test_a_network_that_does_not_fit_says_so_at_its_layer_and_is_not_trained(operator):
    operator.choose("networkCombo", "softmax-regression")
    editor(operator).select("flatten1")
    assert editor(operator)._session.remove()
    assert operator.controller._subject.network is None
    operator.click("trainButton")
    operator.until_told("dense1 (Dense 10) gets shape 1×28×28")
    editor(operator).undo()
    assert operator.controller._subject.network is not None
    assert operator.window.notices.text() == ""


def test_more_epochs_keep_the_weights_of_what_was_not_edited(trained):
    weights = read(trained, "dense1/weight")
    add_layer(trained, "relu2", Dropout(0.5))
    trained.enter("learningRateSpin", "1e-9")
    trained.click("moreEpochsButton")
    trained.until(lambda: trained.controller.position.epoch > 1)
    trained.until_state("trained")
    assert trained.controller.model_spec.layers[-2] == Dropout(0.5, name="dropout1")
    np.testing.assert_allclose(read(trained, "dense1/weight"), weights, atol=1e-6)


def test_more_epochs_do_not_pass_over_an_edit_that_does_not_fit(trained):
    before = trained.controller.position
    editor(trained).select("flatten1")
    assert editor(trained)._session.remove()
    trained.click("moreEpochsButton")
    trained.until_told("dense1 (Dense 128) gets shape 1×28×28")
    assert (trained.controller.state, trained.controller.position) == ("trained", before)


def test_a_network_from_the_list_is_no_edit_and_more_epochs_go_on_with_the_trained_one(trained):
    before = trained.controller.model_spec
    trained.choose("networkCombo", "mlp-256")
    assert not trained.find("applyEditButton", QPushButton).isVisibleTo(editor(trained))
    trained.click("moreEpochsButton")
    trained.until(lambda: trained.controller.position.epoch > 1)
    assert trained.controller.model_spec == before


def test_apply_exchanges_the_trained_network_and_undo_brings_its_weights_back(trained):
    weights = read(trained, "dense3/weight")
    trained.window.show_editor()
    editor(trained).select("relu2")
    assert editor(trained)._session.remove()
    trained.click("applyEditButton")
    trained.until(lambda: trained.controller.model_spec.name == "my-mlp-128-64")
    assert trained.find("keptLabel", QLabel).text() == "This is the trained network."
    editor(trained).undo()
    trained.click("applyEditButton")
    trained.until(lambda: trained.controller.model_spec.name == "mlp-128-64")
    np.testing.assert_array_equal(read(trained, "dense3/weight"), weights)


def test_the_boxes_tell_the_activity_of_the_trained_network_and_of_no_other(trained, qtbot):
    told = []
    shown = diagram(trained)
    original = shown.set_activity
    shown.set_activity = lambda activity: (told.append(activity), original(activity))
    trained.trigger("showDiagramAction")
    trained.until(lambda: bool(told) and told[-1] is not None)
    assert told[-1]["relu1"].units == 128
    count = len(told)
    trained.choose("networkCombo", "mlp-256")
    trained.controller.refresh_watched()
    trained.until_answered()
    assert all(activity is None for activity in told[count:])


def test_a_layer_of_the_diagram_leads_to_its_weights(trained):
    diagram(trained).layer_activated.emit("dense2")
    assert trained.window.views.weights.layer_combo.currentData() == "dense2"


def test_a_layer_of_the_diagram_brings_to_light_what_has_something_to_show(trained):
    weights, features = trained.find("weightsDock"), trained.find("featureMapsDock")
    trained.window.tabifyDockWidget(weights, features)
    features.raise_()
    trained.until(lambda: not features.widget().visibleRegion().isEmpty())
    diagram(trained).layer_activated.emit("dense2")
    trained.until(lambda: not weights.widget().visibleRegion().isEmpty())
    trained.draw()
    features.raise_()
    trained.until(lambda: trained.window.views.features.has_maps())
    diagram(trained).layer_activated.emit("dense2")
    trained.until_answered()
    assert weights.widget().visibleRegion().isEmpty()


def test_selecting_in_the_diagram_selects_in_the_editor_and_back(operator):
    operator.choose("networkCombo", "lenet-tanh")
    diagram(operator).layer_selected.emit("conv2")
    assert editor(operator)._session.selection == ("conv2",)
    editor(operator).layer_selected.emit("dense1")
    assert diagram(operator).view.selection() == "dense1"


def test_own_networks_stand_at_the_end_of_the_list_and_can_be_trained(operator):
    save_own_network(FIRST)
    editor(operator).own_networks_changed.emit()
    combo = operator.find("networkCombo")
    assert [combo.itemText(row) for row in (combo.count() - 2, combo.count() - 1)] == ["My networks", "mine"]
    operator.train("mine")
    assert operator.controller.model_spec == FIRST


def test_a_drawing_is_answered_by_a_network_of_another_image_size(operator):
    small = NetworkSpec("small", (1, 14, 14), (Flatten(), Dense(10)))
    editor(operator)._session.load(small)
    operator.enter("epochsSpin", "1")
    operator.click("trainButton")
    operator.until_state("trained")
    operator.draw()
    operator.until_answered()
    assert sum(operator.probabilities()) == pytest.approx(1, abs=1e-4)


def test_costs_are_told_by_themselves_and_measured(operator):
    operator.until(lambda: operator.find("costMemory", QLabel).text().startswith("about "))
    operator.until(lambda: " to check" in operator.find("costTime", QLabel).text())


def test_too_little_memory_is_asked_about_before_training(operator, monkeypatch, qtbot):
    monkeypatch.setattr("engine.estimates.cost.available_memory", lambda device: 300 * 2**20)
    operator.choose("networkCombo", "lenet-tanh")
    operator.enter("batchSizeSpin", "9000")
    operator.until(lambda: operator.find("costWarning", QLabel).isVisibleTo(operator.window))
    operator.click("trainButton")
    operator.until(lambda: operator.window.findChild(MemoryQuestion) is not None)
    question = operator.find("memoryQuestion")
    operator.until_state("ready")
    operator.until(lambda: question.findChild(QPushButton, "trainFittingButton").isVisible())
    qtbot.mouseClick(question.findChild(QPushButton, "trainFittingButton"), Qt.MouseButton.LeftButton)
    operator.until(lambda: operator.controller.state in ("training", "trained"))
    assert 0 < operator.window.views.setup.configuration().batch_size < 9000


def read(operator, path: str) -> np.ndarray:
    """Return a weight tensor of the trained network."""
    got = []
    views = operator.window.views
    original = views.weights.set_weights
    views.weights.set_weights = lambda name, values: got.append((name, values))
    try:
        operator.controller._worker.submit(m.ReadWeights(path))
        operator.until(lambda: any(name == path for name, _ in got))
    finally:
        views.weights.set_weights = original
    return next(values for name, values in got if name == path)


def test_undo_and_paste_by_key_go_to_the_panel_that_has_the_keyboard(operator, qtbot):
    operator.draw()
    operator.window.show_editor()
    before = editor(operator).network()
    rows = operator.find("layerTree")
    rows.setFocus()
    editor(operator).select("relu3")
    qtbot.keyClick(rows, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(rows, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert len(editor(operator).network().layers) == len(before.layers) + 1
    qtbot.keyClick(rows, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert editor(operator).network() == before
    canvas = operator.window.views.draw.canvas
    assert canvas.can_undo()
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not canvas.can_undo()
    assert editor(operator).network() == before


def test_a_variant_is_the_network_as_wide_and_for_images_as_large_as_the_form_says(operator):
    operator.choose("networkCombo", "alexnet")
    operator.click("variantHeader")
    operator.enter("epochsSpin", "7")
    operator.enter("widthSpin", "0.5")
    operator.enter("variantDropoutSpin", "0.2")
    operator.enter("imageSizeSpin", "40")
    network = operator.controller._subject.network
    assert network == experiment("alexnet").network(width=0.5, dropout=0.2, image_size=40)
    assert diagram(operator).view.spec == network
    assert operator.window.views.setup.configuration().epochs == 7


def test_a_variant_that_cannot_be_built_says_why_and_the_next_one_can(operator):
    operator.choose("networkCombo", "vgg-11")
    operator.click("variantHeader")
    operator.enter("imageSizeSpin", "8")
    operator.until_told("vgg-11 needs images of at least 32×32 pixels, but gets 8×8")
    assert operator.controller._subject.network is None
    operator.enter("imageSizeSpin", "48")
    assert operator.controller._subject.network.input_shape == (1, 48, 48)


def test_variants_are_offered_only_where_there_are_any(operator):
    operator.choose("networkCombo", "softmax-regression")
    save_own_network(FIRST)
    editor(operator).own_networks_changed.emit()
    operator.choose("networkCombo", "mine")
    assert not operator.find("variantHeader").isVisibleTo(operator.window)
    operator.choose("networkCombo", "lenet-bn")
    assert operator.find("variantHeader").isVisibleTo(operator.window)
    assert not operator.find("variantDropoutSpin").isVisibleTo(operator.find("widthSpin").parentWidget())


def test_an_edit_that_is_undone_leaves_the_network_from_the_list_as_its_variant_was(operator):
    operator.choose("networkCombo", "mlp-128-64")
    operator.find("variantHeader").setChecked(True)
    operator.enter("widthSpin", "0.5")
    before = operator.controller._subject.network
    told = description(operator)
    add_layer(operator, "dense1", Dropout(0.5))
    assert description(operator) == "Edited by you."
    assert not operator.find("variantHeader").isVisibleTo(operator.window.views.setup)
    editor(operator).undo()
    assert operator.controller._subject.network == before
    assert operator.find("networkCombo").currentText() == "mlp-128-64"
    assert operator.find("variantHeader").isVisibleTo(operator.window.views.setup)
    assert operator.find("widthSpin").value() == 0.5
    assert description(operator) == told
    operator.enter("widthSpin", "1")  # it is the one in the list again, so that its width can be changed
    assert operator.controller._subject.network == experiment("mlp-128-64").network()
    add_layer(operator, "dense1", Dropout(0.5))
    editor(operator).undo()
    editor(operator).redo()
    assert operator.find("networkCombo").currentText() == "" and operator.controller._subject.network != before


def test_an_edit_that_is_undone_leaves_the_model_that_was_opened(trained, tmp_path):
    path = tmp_path / "model.safetensors"
    trained.controller.save(path)
    trained.until(lambda: trained.controller.model_path == path)
    trained.choose("networkCombo", "softmax-regression")
    trained.controller.open(path)
    trained.until(lambda: trained.find("networkCombo").currentText() == "mlp-128-64")
    told = description(trained)
    add_layer(trained, "dense1", Dropout(0.5))
    assert description(trained) == "Edited by you." != told
    editor(trained).undo()
    assert description(trained) == told
    assert not trained.find("variantHeader").isVisibleTo(trained.window.views.setup)  # the weights are of this width


def test_an_edit_that_is_undone_on_other_images_is_no_network_from_the_list(operator, tmp_path):
    operator.choose("networkCombo", "mlp-128-64")
    add_layer(operator, "dense1", Dropout(0.5))
    operator.controller._subject.take_dataset(make_digits(side=16))
    before = operator.controller._subject.network
    editor(operator).undo()
    assert operator.controller._subject.network != before
    assert description(operator) == "Edited by you."


def test_an_edited_network_can_be_trained_without_leaving_the_editor(operator):
    operator.choose("networkCombo", "softmax-regression")
    operator.enter("epochsSpin", "1")
    operator.window.show_editor()
    operator.until(lambda: not operator.find("trainFromHereButton").visibleRegion().isEmpty())
    add_layer(operator, "flatten1", Dense(12))
    operator.click("trainFromHereButton")
    operator.until_state("trained")
    assert operator.controller.model_spec.name == "my-softmax-regression"


def test_a_network_file_is_opened_like_a_model(operator, tmp_path):
    write_network(tmp_path / "my-net.json", FIRST)
    operator.controller.open(tmp_path / "my-net.json")
    assert operator.controller._subject.network == FIRST
    (tmp_path / "broken.json").write_text("{}")
    operator.controller.open(tmp_path / "broken.json")
    operator.until_told("broken.json is damaged or not a network")
    assert operator.controller._subject.network == FIRST


def test_the_editor_and_the_picture_are_there_again_after_a_restart(operator, open_window):
    operator.window.show_editor()
    operator.until(lambda: not editor(operator).visibleRegion().isEmpty())
    operator.close()
    later = open_window()
    later.until(lambda: not editor(later).visibleRegion().isEmpty())
    assert later.window.tabs.currentWidget() is diagram(later)


def test_in_the_editor_the_keyboard_begins_among_the_layers(operator, qtbot):
    operator.trigger("editNetworkAction")
    operator.until(lambda: not editor(operator).visibleRegion().isEmpty())
    rows = operator.find("layerTree")
    assert operator.window.focusWidget() is rows
    qtbot.keyClick(rows, Qt.Key.Key_Down)
    first, second = (layer.name for layer in editor(operator).network().layers[:2])
    assert diagram(operator).view.selection() == first
    assert editor(operator)._session.selection == (first,)
    qtbot.keyClick(rows, Qt.Key.Key_Down)
    assert editor(operator)._session.selection == (second,)


def test_costs_of_a_network_that_does_not_take_the_images_are_not_waited_for_for_ever(operator):
    coloured = NetworkSpec("coloured", (3, 28, 28), (Flatten(), Dense(10)))
    editor(operator)._session.load(coloured)
    operator.until(lambda: operator.find("costTime", QLabel).text() == "–")
    assert operator.find("costParameters", QLabel).text() == "23,530"
    assert operator.window.notices.text() == ""


def test_a_run_in_numpy_goes_on_in_gluon(operator):
    operator.choose("backendCombo", "NumPy")
    operator.train("mlp-128-64")
    weights = read(operator, "dense1/weight")
    operator.choose("backendCombo", "Gluon")
    operator.enter("learningRateSpin", "1e-9")
    operator.click("moreEpochsButton")
    operator.until(lambda: operator.controller.position.epoch > 1)
    operator.click("stopButton")
    operator.until_state("trained")
    np.testing.assert_allclose(read(operator, "dense1/weight"), weights, atol=1e-6)
    assert operator.controller._worker._bench.trainer.session.backend.name == "gluon"


def test_choosing_noise_says_what_it_teaches(operator):
    operator.choose("networkCombo", "mlp-64")
    operator.until_state("ready")
    operator.choose("datasetCombo", "Noise with random labels")
    operator.until_told("Memorising is not learning.")
