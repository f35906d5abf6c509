"""The whole window through real widgets and events: training, drawing, looking inside, closing, remembering."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QFileDialog, QLabel, QMessageBox, QPushButton, QTabBar

from engine.architecture.shapes import summarize
from gui.curve_plot import CurvePlot
from gui.theme import DARK, LIGHT
from tests.gui.conftest import FASHION, make_digits, write_idx_folder

BUTTONS = ("trainButton", "pauseButton", "stepButton", "stopButton", "moreEpochsButton")


def possible(operator):
    """Return the buttons that can be pressed."""
    return {name.removesuffix("Button") for name in BUTTONS if operator.find(name).isEnabled()}


def batches(operator):
    """Return how many points the training curve has."""
    x, _ = operator.find("lossPlot", CurvePlot).raw.getData()
    return 0 if x is None else len(x)


def epochs(operator):
    """Return where the points of the validation curve are."""
    x, _ = operator.find("lossPlot", CurvePlot).validation.getData()
    return [] if x is None else x.tolist()


def outputs(operator):
    """Return what the feature maps show of each layer."""
    maps = operator.window.views.features.maps
    return [maps.section(entry.path).values for entry in summarize(operator.controller.model_spec).layers]


def test_the_window_is_shown_before_mxnet_is_loaded_and_nothing_can_be_pressed(open_window):
    operator = open_window(ready=False)
    assert operator.window.isVisible()
    assert operator.controller.state == "loading"
    assert possible(operator) == set()
    operator.until_state("ready")
    assert possible(operator) == {"train", "step"}


def test_what_can_be_chosen_is_there_when_the_window_is_ready(operator):
    assert operator.find("networkCombo").count() > 5
    assert operator.find("datasetCombo").currentText() == "MNIST digits"
    assert operator.find("deviceCombo").currentData() == "cpu"
    assert operator.window.windowTitle() == "Netarium"
    assert operator.find("stateLabel", QLabel).text() == "Ready"


def test_a_click_on_train_moves_the_curves_and_leaves_a_model(operator):
    operator.begin("softmax-regression", epochs=3)
    operator.until_state("trained")
    operator.until(lambda: batches(operator) > 0)
    operator.until(lambda: operator.find("accuracyPlot", CurvePlot).values()[1] == "100.00%")
    assert operator.controller.model_spec.name == "softmax-regression"
    assert operator.window.isWindowModified()
    assert "softmax-regression" in operator.window.windowTitle()
    assert possible(operator) == {"train", "step", "moreEpochs"}


def test_the_default_network_learns(operator):
    operator.enter("epochsSpin", "3")
    operator.click("trainButton")
    operator.until_state("trained")
    operator.until(lambda: operator.find("accuracyPlot", CurvePlot).values()[1] not in ("–", ""))
    assert float(operator.find("accuracyPlot", CurvePlot).values()[1].removesuffix("%")) > 50


def test_pause_step_resume_and_stop(operator):
    operator.begin()
    assert possible(operator) == {"pause", "stop"}
    assert not operator.find("networkCombo").isEnabled()

    operator.click("pauseButton")
    operator.until_state("paused")
    assert possible(operator) == {"pause", "step", "stop"}
    assert operator.find("pauseButton").text() == "Resume"
    held = operator.controller.position.step

    operator.click("stepButton")
    operator.until(lambda: operator.controller.position.step == held + 1)
    operator.until_state("paused")

    operator.click("pauseButton")
    operator.until_batch(held + 5)
    assert operator.controller.state == "training"

    operator.click("stopButton")
    assert possible(operator) == set()
    operator.until_state("trained")
    assert possible(operator) == {"train", "step", "moreEpochs"}


def test_step_begins_a_run_with_one_batch(operator):
    operator.click("stepButton")
    operator.until_state("paused")
    assert operator.controller.position.step == 1


def test_more_epochs_follow_on_the_same_curve(operator):
    operator.train(epochs=2)
    before = operator.controller.position
    operator.enter("moreEpochsSpin", "3")
    operator.click("moreEpochsButton")
    operator.until(lambda: operator.controller.position.epoch == before.epoch + 3)
    operator.until_state("trained")
    assert operator.controller.position.step == before.step // 2 * 5
    operator.until(lambda: epochs(operator) == [1, 2, 3, 4, 5])


def test_a_live_change_reaches_the_run_and_is_marked_on_the_curve(operator):
    operator.begin()
    operator.enter("learningRateSpin", "0.025")
    marks = operator.find("lossPlot", CurvePlot).changes
    operator.until(lambda: marks.texts() == ["learning rate 0.1 → 0.025"])
    operator.until(
        lambda: "learning\N{NO-BREAK SPACE}rate\N{NO-BREAK SPACE}0.025" in operator.find("readoutLabel").text()
    )


def test_a_run_that_diverges_says_why_and_can_be_followed_by_another(operator):
    operator.choose("networkCombo", "softmax-regression")
    operator.enter("learningRateSpin", "100")
    operator.enter("weightDecaySpin", "1")
    operator.enter("epochsSpin", "500")
    operator.click("trainButton")
    operator.until_told("learning rate")
    operator.until_state("trained")
    assert possible(operator) == {"train", "step", "moreEpochs"}
    operator.train()


def test_drawing_is_answered_while_it_trains_and_clear_takes_the_answer_away(operator):
    operator.begin("lenet-bn")
    operator.draw()
    operator.until_answered()
    assert operator.controller.state == "training"
    probabilities = operator.probabilities()
    assert len(probabilities) == 10
    assert sum(probabilities) == pytest.approx(1, abs=1e-4)
    operator.until(lambda: operator.probabilities() != probabilities)  # it goes on to learn

    operator.click("clearButton")
    operator.until(lambda: operator.probabilities() is None)
    operator.until_batch(operator.controller.position.step + 3)
    assert operator.probabilities() is None


def test_a_drawing_made_before_training_is_answered_as_soon_as_there_is_a_network(operator):
    operator.draw()
    assert operator.probabilities() is None
    operator.click("stepButton")
    operator.until(lambda: operator.probabilities() is not None)


def test_a_stroke_that_is_undone_takes_its_answer_with_it(operator):
    operator.train()
    operator.draw()
    operator.until(lambda: operator.probabilities() is not None)
    operator.click("undoButton")
    operator.until(lambda: operator.probabilities() is None)


def test_test_images_are_answered_beside_their_label(operator):
    operator.train("softmax-regression", epochs=20)
    for index in (3, 7):
        probabilities = operator.pick(index)
        label = operator.controller.dataset.test_labels[index]
        assert np.argmax(probabilities) == label
        assert operator.find("trueLabel", QLabel).text() == f"Label: {label} ✓"
    operator.click("wrongImageButton")
    operator.until_told("every test image right")


def test_each_press_shows_another_image_it_gets_wrong(operator):
    operator.click("stepButton")
    operator.until_state("paused")
    operator.click("wrongImageButton")
    operator.until(lambda: "✗" in operator.find("trueLabel", QLabel).text())
    first = operator.find("testImageSpin").value()
    operator.click("wrongImageButton")
    operator.until_answered()
    assert operator.find("testImageSpin").value() != first
    assert "✗" in operator.find("trueLabel", QLabel).text()


def test_weights_are_shown_and_follow_the_training(operator):
    weights = operator.window.views.weights
    operator.open_tab("Weights")
    operator.begin("lenet-bn")
    operator.until(lambda: not weights.display.picture_image().isNull())
    before = weights.display.picture_image()
    operator.until(lambda: weights.display.picture_image() != before)
    combo = operator.find("layerCombo")
    combo.setFocus()
    operator.qtbot.keyClick(combo, Qt.Key.Key_End)
    assert weights.wanted() == "dense2/weight"
    operator.until(lambda: not weights.display.picture_image().isNull())


@pytest.mark.parametrize("way", ["closed", "behind a tab"])
def test_hidden_panels_cost_the_training_nothing(operator, way):
    if way == "closed":
        operator.find("weightsDock").close()
        operator.find("featureMapsDock").close()
    else:
        operator.open_tab("Weights")
    operator.begin()
    operator.draw()
    operator.until_answered()
    assert (operator.window.views.weights.wanted() is None) == (way == "closed")
    assert outputs(operator) == [None, None]


def test_the_answer_is_the_same_whoever_looks(operator):
    operator.open_tab("Feature maps")
    operator.train("lenet-bn")
    answers = [operator.pick(index) for index in range(6)]
    operator.open_tab("Weights")
    assert [operator.pick(index) for index in range(6)] == answers


def test_a_panel_that_comes_to_light_is_filled_without_training(operator):
    operator.window.resize(1280, 720)
    operator.open_tab("Weights")
    operator.train()
    operator.draw()
    operator.until_answered()
    assert outputs(operator) == [None, None]
    operator.open_tab("Feature maps")
    operator.until(lambda: all(values is not None for values in outputs(operator)))
    assert operator.window.views.weights.wanted() is None
    operator.train()
    operator.open_tab("Weights")
    operator.until(lambda: not operator.window.views.weights.display.picture_image().isNull())


def test_feature_maps_of_every_layer_answer_the_drawing(operator):
    operator.open_tab("Feature maps")
    operator.train("lenet-bn")
    operator.draw()
    operator.until(lambda: all(values is not None for values in outputs(operator)))
    operator.until(lambda: "conv1" in operator.window.views.features.maps.painted())
    operator.click("clearButton")
    operator.until(lambda: all(values is None for values in outputs(operator)))


def test_dark_and_light_reach_window_and_plots(operator):
    operator.trigger("darkThemeAction")
    assert operator.window.palette().window().color().name() == DARK.window
    operator.trigger("lightThemeAction")
    assert operator.window.palette().window().color().name() == LIGHT.window


def test_the_window_fits_a_small_screen(operator):
    operator.window.resize(1280, 720)
    operator.qtbot.waitExposed(operator.window)
    assert operator.window.minimumSizeHint().height() <= 700
    assert (operator.window.width(), operator.window.height()) == (1280, 720)


def test_closing_while_training_asks_and_cancel_goes_on(operator):
    operator.begin()
    operator.window.close()
    question = operator.find("closeQuestion", QMessageBox)
    assert operator.window.isVisible()
    operator.qtbot.mouseClick(question.button(QMessageBox.StandardButton.Cancel), Qt.MouseButton.LeftButton)
    operator.until_batch(operator.controller.position.step + 2)
    assert operator.window.isVisible()


def test_stop_and_close_keeps_the_model_for_the_next_sitting(operator, open_window):
    operator.begin()
    operator.click("pauseButton")
    operator.until_state("paused")
    answer = operator.pick(5)
    operator.window.close()
    question = operator.find("closeQuestion", QMessageBox)
    stop = question.findChild(QPushButton, "stopAndCloseButton")
    operator.qtbot.mouseClick(stop, Qt.MouseButton.LeftButton)
    assert not operator.window.isVisible()

    later = open_window()
    later.trigger("reopenAction")
    later.until(lambda: later.controller.model_spec is not None)
    assert later.pick(5) == answer
    assert later.find("moreEpochsButton").isEnabled()


def test_epochs_added_to_an_opened_model_are_kept_when_the_window_closes_during_them(operator, open_window, tmp_path):
    operator.train()
    path = tmp_path / "model.safetensors"
    operator.controller.save(path)
    operator.until(lambda: operator.controller.model_path == path)
    operator.enter("moreEpochsSpin", "9999")
    operator.click("moreEpochsButton")
    operator.until_batch(operator.controller.position.step + 20)
    assert operator.window.isWindowModified()
    operator.close()

    later = open_window()
    later.trigger("reopenAction")
    later.until(lambda: later.controller.model_spec is not None)


def test_without_a_model_nothing_is_kept(operator, open_window):
    operator.close()
    assert not open_window().window.files.unsaved_model.exists()


def test_a_window_that_is_closed_at_once_does_not_start_its_worker(open_window):
    operator = open_window(ready=False)
    operator.close()
    operator.qtbot.wait(0)
    assert not operator.controller._worker._thread.is_alive()


def test_places_of_docks_and_colours_are_remembered(operator, open_window):
    operator.find("weightsDock").close()
    operator.window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, operator.find("drawDock"))
    operator.trigger("darkThemeAction")
    operator.close()

    later = open_window()
    assert not later.find("weightsDock").isVisible()
    assert later.window.dockWidgetArea(later.find("drawDock")) == Qt.DockWidgetArea.LeftDockWidgetArea
    assert later.window.themes.theme is DARK

    later.trigger("resetLayoutAction")
    assert later.find("weightsDock").isVisibleTo(later.window)
    assert later.window.dockWidgetArea(later.find("drawDock")) == Qt.DockWidgetArea.RightDockWidgetArea


def test_settings_that_are_no_layout_are_passed_over(operator, open_window):
    for key in ("geometry", "layout", "theme", "recentFiles", "folder"):
        operator.window.settings.setValue(key, "nonsense")
    operator.window.settings.sync()
    assert open_window().window.isVisible()


def test_an_unforeseen_error_is_told_in_a_dialog_and_the_window_goes_on(operator, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("nobody foresaw this")

    monkeypatch.setattr("engine.trainer.Session", broken)
    operator.click("trainButton")
    operator.until(lambda: operator.window.findChild(QDialog, "errorDialog") is not None)
    assert "nobody foresaw this" in operator.find("errorSentence", QLabel).text()
    operator.click("errorCloseButton")
    monkeypatch.undo()
    operator.until_state("ready")
    assert possible(operator) == {"train", "step"}


@pytest.mark.skipif(not FASHION.is_dir(), reason="Fashion-MNIST is not beside this checkout")
def test_a_window_can_begin_with_another_data_set(open_window):
    operator = open_window(FASHION)
    assert operator.find("datasetCombo").currentText() == "fashion-mnist"
    operator.click("stepButton")
    operator.until_state("paused")
    assert len(operator.pick(0)) == 10
    assert operator.find("trueLabel", QLabel).text().startswith("Label: Ankle boot")


@pytest.fixture
def small_images(tmp_path, monkeypatch):
    """Have the dialog for folders answer with a data set of 16x16 pixels and three classes."""
    folder = write_idx_folder(tmp_path / "small", make_digits(side=16, classes=3))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    return folder


def test_the_network_follows_a_data_set_of_another_size(operator, small_images):
    operator.trigger("openDatasetAction")
    operator.until(lambda: operator.find("datasetCombo").currentText() == "small")
    operator.click("stepButton")
    operator.until_state("paused")
    assert operator.controller.model_spec.input_shape == (1, 16, 16)
    assert len(operator.pick(4)) == 3


def test_a_folder_that_was_opened_can_be_chosen_again(operator, small_images):
    operator.trigger("openDatasetAction")
    operator.until(lambda: operator.find("datasetCombo").currentText() == "small")
    for name in ("MNIST digits", "small"):
        operator.choose("datasetCombo", name)
        operator.until(lambda name=name: operator.controller.dataset.name == name.split()[0].lower())
    assert operator.find("testImageSpin").maximum() == 59


def test_a_network_that_does_not_fit_the_images_says_so_each_time(operator, tmp_path, monkeypatch):
    folder = write_idx_folder(tmp_path / "tiny", make_digits(side=8, classes=2))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    operator.trigger("openDatasetAction")
    operator.until_told("lenet-bn needs images of at least 16×16 pixels, but gets 8×8")
    operator.click("closeNoticeButton")
    operator.click("trainButton")
    operator.until_told("lenet-bn needs images of at least 16×16 pixels, but gets 8×8")
    assert operator.controller.state == "ready"
    operator.train("softmax-regression")


def test_a_folder_without_images_leaves_the_data_set_as_it_was(operator, tmp_path, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    operator.trigger("openDatasetAction")
    operator.until_told("has no train-images-idx3-ubyte")
    assert operator.find("datasetCombo").currentText() == "MNIST digits"
    operator.train()


def test_mistakes_are_those_in_the_data_set_that_is_shown(operator, small_images):
    operator.click("stepButton")
    operator.until_state("paused")
    operator.click("wrongImageButton")
    operator.until(lambda: "✗" in operator.find("trueLabel", QLabel).text())
    operator.click("stopButton")
    operator.until_state("trained")
    operator.trigger("openDatasetAction")
    operator.until(lambda: operator.controller.dataset.name == "small")
    assert not operator.controller.questions._mistakes


@pytest.mark.parametrize("width", [1280, 1800])
def test_every_tab_bar_lies_upon_the_docks_that_it_is_of(open_window, width):
    operator = open_window(ready=False)
    operator.window.resize(width, 900)
    operator.qtbot.wait(50)
    docks = [dock for dock in operator.window.docks() if dock.isVisible()]
    bars = operator.window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
    shown = [bar for bar in bars if bar.isVisible()]
    assert {tuple(bar.tabText(place) for place in range(bar.count())) for bar in shown} == {
        ("Set-up", "Editor"), ("Weights", "Feature maps", "Confusion"),
    }  # fmt: skip
    assert len(shown) == 2
    for bar in shown:
        assert any(bar.geometry().bottom() + 1 == dock.y() for dock in docks)


@pytest.mark.parametrize("button", ["historyBestButton", "editorAddButton"])
def test_progress_stays_in_sight_while_the_pointer_rests_on_a_button(operator, button):
    operator.begin()
    operator.window.show_editor()
    operator.window.show_history()
    rested = operator.find(button)
    operator.until(rested.isVisible)
    operator.qtbot.mouseMove(operator.find("centreTabs"))
    operator.qtbot.mouseMove(rested)
    operator.qtbot.wait(50)
    assert rested.underMouse()
    assert operator.find("stateLabel", QLabel).isVisible()
    assert operator.window.statusBar().currentMessage() == ""
