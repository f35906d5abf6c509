"""The history in the real window: runs are recorded, looked back at, gone on with, branched and told."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QTabBar

from engine.history.store import RunStore
from engine.storage.model_file import load_model
from tests.engine.history.crashed import leave_a_run_without_a_state


def weights_shown(operator) -> np.ndarray:
    return operator.window.views.weights.display._values


def latest_run():
    store = RunStore()
    try:
        return store.newest()
    finally:
        store.close()


def checkpoints(run: int):
    store = RunStore()
    try:
        return store.checkpoints(run)
    finally:
        store.close()


def show_weights(operator) -> None:
    operator.open_tab("Weights")
    operator.until(lambda: weights_shown(operator) is not None)


def until_weights(operator, path) -> None:
    wanted = load_model(path).weights["dense1/weight"]
    operator.until(lambda: np.array_equal(weights_shown(operator), wanted))


def test_the_scrubber_goes_back_to_the_beginning_and_to_now(operator):
    operator.train(epochs=2)
    show_weights(operator)
    now = weights_shown(operator).copy()
    scrubber = operator.find("scrubber")
    operator.until(scrubber.isVisible)
    run = latest_run()
    first, *_, last = checkpoints(run.id)

    operator.qtbot.keyClick(operator.find("momentSlider"), Qt.Key.Key_Home)
    until_weights(operator, first.path)
    assert operator.find("momentLabel", QLabel).text().startswith("untrained")
    assert operator.controller.questions.at_moment

    operator.click("backToNowButton")
    operator.until(lambda: not operator.controller.questions.at_moment)
    operator.until(lambda: np.array_equal(weights_shown(operator), now))
    until_weights(operator, last.path)


def test_a_new_run_brings_the_window_back_to_now(operator):
    operator.train()
    operator.until(operator.find("scrubber").isVisible)
    operator.qtbot.keyClick(operator.find("momentSlider"), Qt.Key.Key_Home)
    operator.until(lambda: operator.controller.questions.at_moment)
    operator.train()
    assert not operator.controller.questions.at_moment


def test_a_run_that_closing_ended_is_offered_at_the_next_start_and_goes_on(open_window):
    first = open_window()
    first.begin(epochs=3000)
    first.until(lambda: first.controller.position.step > 8)
    first.close()
    interrupted = latest_run()
    assert interrupted.status == "interrupted" and interrupted.step > 8

    second = open_window()
    second.until_told("was under way when Netarium ended")
    button = second.find("acceptOfferButton", QPushButton)
    second.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    second.until(lambda: second.controller.position.step > interrupted.step + 4)
    assert "under way" not in second.window.notices.text()
    second.click("stopButton")
    second.until_state("trained")
    second.until(lambda: latest_run().status == "stopped")
    assert latest_run().id == interrupted.id
    assert second.controller.model_spec.name == "softmax-regression"


def test_what_a_run_had_done_before_is_on_its_curves(open_window):
    first = open_window()
    first.begin(epochs=3000)
    first.until(lambda: first.controller.position.step > 8)
    first.close()
    step = latest_run().step
    second = open_window()
    second.until_told("under way")
    second.trigger("continueUnfinishedAction")
    second.until(lambda: second.controller.position.step > step)
    second.click("stopButton")
    second.until_state("trained")
    curves = second.window.views.curves
    steps = curves._current.batches["step"]
    assert steps[0] < step < steps[-1] and np.all(np.diff(steps) > 0)


def test_without_an_unfinished_run_nothing_is_offered(open_window):
    first = open_window()
    first.train()
    first.close()
    second = open_window()
    second.qtbot.wait(300)
    assert second.window.notices.text() == ""
    assert not second.find("continueUnfinishedAction", object).isEnabled()


def test_a_run_that_crashed_before_anything_was_kept_is_not_offered(open_window):
    leave_a_run_without_a_state()
    operator = open_window()
    panel = operator.window.views.history
    operator.until(lambda: panel.record(1) is not None and panel.record(1).status == "interrupted")
    assert operator.window.notices.text() == ""
    assert not operator.find("continueUnfinishedAction", object).isEnabled()


def test_the_confusion_matrix_is_that_of_the_moment_on_screen(operator):
    operator.train(epochs=2)
    operator.open_tab("Confusion")
    headline = operator.find("confusionHeadline", QLabel)
    operator.until(lambda: "right of 60 test images" in headline.text())
    now = headline.text()
    operator.until(operator.find("scrubber").isVisible)
    operator.qtbot.keyClick(operator.find("momentSlider"), Qt.Key.Key_Home)
    operator.until(lambda: headline.text() != now)
    operator.click("backToNowButton")
    operator.until(lambda: headline.text() == now)


def test_the_best_epoch_is_saved_and_the_model_stays_unsaved(operator, tmp_path, monkeypatch):
    operator.train(epochs=3)
    path = tmp_path / "best.safetensors"
    monkeypatch.setattr("gui.files.QFileDialog.getSaveFileName", lambda *_: (str(path), ""))
    operator.trigger("saveBestAction")
    operator.until_told("Saved best.safetensors")
    best = load_model(path)
    run = latest_run()
    assert best.metrics[-1].epoch == run.best_epoch
    assert operator.window.isWindowModified(), "the model as it is now has no file"


def test_the_history_tab_lists_the_run_once_it_ended(operator):
    operator.train()
    operator.trigger("showHistoryAction")
    tabs = operator.find("centreTabs").findChild(QTabBar)
    assert tabs.tabText(tabs.currentIndex()) == "History"
    run = latest_run()
    panel = operator.window.views.history
    operator.until(lambda: panel.record(run.id) is not None and panel.record(run.id).status == "completed")


def test_what_a_continued_run_costs_is_told_when_it_was_stopped(open_window):
    first = open_window()
    first.begin(epochs=3000)
    first.until(lambda: first.controller.position.step > 8)
    first.close()
    second = open_window()
    time = second.find("costTime", QLabel)
    second.until(lambda: time.text().startswith("about"))  # of the network that the window begins with
    second.until_told("under way")
    second.trigger("continueUnfinishedAction")
    second.until_state("training")
    second.until(lambda: second.find("costParameters", QLabel).text() == "7,850")
    second.qtbot.wait(600)  # the settings have come to rest long before the run is stopped
    assert time.text() == "as soon as nothing else runs"
    second.click("stopButton")
    second.until_state("trained")
    second.until(lambda: time.text().startswith("about"))
