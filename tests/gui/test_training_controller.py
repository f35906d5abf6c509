"""The controller between real panels and a worker that only writes down what it is asked."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from engine import messages as m
from engine.architecture.network import NetworkSpec
from engine.architecture.zoo import experiment
from engine.errors import DataError, FileError, TrainingError
from engine.estimates.cost import Cost
from engine.estimates.timing import EpochEstimate
from engine.training.config import TrainingConfig
from engine.training.events import Position, RunStarted, SettingChanged
from gui.training_controller import FIRST_NETWORK
from tests.gui.conftest import make_digits
from tests.gui.controlled import IMAGE, SPEC, Desk, batches


@pytest.fixture
def desk(qtbot):
    desk = Desk(qtbot)
    yield desk
    desk.controller.close()


@pytest.fixture
def ready(desk):
    desk.get_ready()
    return desk


@pytest.fixture
def trained(ready):
    ready.have_network()
    ready.finish_run()
    return ready


def test_starting_asks_for_the_data_set_and_offers_what_there_is(desk):
    desk.controller.start()
    assert desk.worker.started
    assert desk.worker.commands == [m.LoadDataset("mnist")]
    assert desk.views.setup.network_name() == FIRST_NETWORK
    assert desk.controller.state == "loading"


def test_a_run_is_asked_for_with_what_the_form_says(ready):
    ready.transport.train_requested.emit()
    (command,) = ready.worker.asked(m.Train)
    chosen = experiment(FIRST_NETWORK)
    assert command == m.Train("run 1", chosen.network(), chosen.config, "cpu", backend="auto")
    assert ready.controller.state == "stopping", "nothing can be pressed until the worker answers"


def test_every_run_has_a_name_of_its_own_and_more_epochs_keep_it(trained):
    trained.transport.train_requested.emit()
    trained.have_network()
    trained.finish_run("run 1")
    trained.transport.more_epochs_requested.emit(7)
    trained.tell(m.StateChanged("ready", True))
    trained.transport.train_requested.emit()
    (more,) = trained.worker.asked(m.TrainMore)
    assert (more.run, more.config.epochs) == ("run 1", 7)
    assert [command.run for command in trained.worker.asked(m.Train)] == ["run 1", "run 2"]


def test_the_status_bar_tells_where_a_paused_run_stands_and_every_step_of_it(ready):
    ready.tell(RunStarted("run 1", TrainingConfig(), Position(), 1, 40, 400, 60), m.StateChanged("training", False))
    ready.tell(batches("run 1", 8))
    ready.tell(batches("run 1", 11), m.StateChanged("paused", True))
    assert "batch 11 of 40" in ready.views.progress.text()
    ready.tell(batches("run 1", 12))
    assert "batch 12 of 40" in ready.views.progress.text()


def test_step_begins_a_run_when_idle_and_is_one_batch_when_paused(ready):
    ready.transport.step_requested.emit()
    assert ready.worker.asked(m.Train)[-1].one_batch
    ready.tell(m.StateChanged("paused", True))
    ready.transport.step_requested.emit()
    assert isinstance(ready.worker.commands[-1], m.StepBatch)


def test_commands_for_a_run_go_to_the_worker_as_they_are(trained):
    trained.tell(m.StateChanged("training", True))
    trained.transport.pause_requested.emit()
    trained.transport.resume_requested.emit()
    trained.views.setup.live_setting_changed.emit("learning_rate", 0.01)
    trained.transport.stop_requested.emit()
    wanted = (m.Pause, m.Resume, m.Change, m.Stop)
    assert [c for c in trained.worker.commands if isinstance(c, wanted)] == [
        m.Pause(), m.Resume(), m.Change("learning_rate", 0.01), m.Stop(),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("message", "state"),
    [
        (m.StateChanged("ready", False), "ready"), (m.StateChanged("ready", True), "trained"),
        (m.StateChanged("training", True), "training"), (m.StateChanged("paused", True), "paused"),
    ],
)  # fmt: skip
def test_the_state_of_the_worker_is_that_of_the_window(ready, message, state):
    ready.tell(message)
    assert ready.controller.state == state
    assert ready.controller.is_running == (state in ("training", "paused"))


def test_a_refused_run_gives_the_buttons_back_and_is_explained(ready):
    ready.transport.train_requested.emit()
    ready.tell(m.CommandFailed(ready.worker.asked(m.Train)[0], TrainingError("x", "It does not fit.")))
    assert ready.controller.state == "ready"
    assert ready.failures == ["It does not fit."]


def test_refused_epochs_leave_what_was_trained(trained):
    trained.transport.more_epochs_requested.emit(2)
    trained.tell(m.CommandFailed(trained.worker.asked(m.TrainMore)[0], TrainingError("x", "No data.")))
    assert trained.controller.state == "trained"


def test_a_refused_file_changes_neither_state_nor_model(trained, tmp_path):
    trained.controller.open(tmp_path / "bad.npz")
    (command,) = trained.worker.asked(m.Open)
    trained.tell(m.CommandFailed(command, FileError("x", "It is damaged.")))
    assert trained.failures == ["It is damaged."]
    assert trained.controller.state == "trained"
    assert trained.controller.model_spec == SPEC
    assert trained.controller.model_path is None


def test_with_another_data_set_an_epoch_is_measured_anew(ready):
    ready.qtbot.waitUntil(lambda: len(ready.worker.asked(m.Estimate)) == 1, timeout=5000)
    [asked] = ready.worker.asked(m.Estimate)
    ready.tell(m.Estimated(asked.request, Cost("cpu", 100, 2**20, 2**30, 1000, EpochEstimate(6.7, 0.4))))
    ready.tell(m.DatasetLoaded(make_digits(train=40)))
    ready.qtbot.waitUntil(lambda: len(ready.worker.asked(m.Estimate)) == 2, timeout=5000)


def test_a_refused_data_set_leaves_the_choice_as_it_was(ready, tmp_path):
    folder = tmp_path / "empty"
    ready.controller.load_dataset(folder)
    ready.tell(m.CommandFailed(m.LoadDataset(folder), DataError("x", "There is nothing.")))
    assert ready.views.setup.dataset_name() == "mnist"
    assert ready.failures == ["There is nothing."]


def test_an_unforeseen_error_is_handed_on_with_its_report(ready, qtbot):
    with qtbot.waitSignal(ready.controller.crashed) as crash:
        ready.tell(m.Crashed("ZeroDivisionError: x", "Traceback…"))
    assert crash.args == ["ZeroDivisionError: x", "Traceback…"]


def test_images_are_classified_only_once_there_is_a_network(ready):
    ready.views.draw.input_changed.emit(IMAGE)
    assert ready.worker.asked(m.Predict) == []
    ready.have_network()
    assert ready.worker.asked(m.Predict)[-1].image is IMAGE


def test_requests_are_numbered_and_only_newer_answers_are_shown(trained):
    trained.show_image()
    trained.views.draw.input_changed.emit(trained.controller.questions._image)
    first, second = (command.request for command in trained.worker.asked(m.Predict)[-2:])
    assert second == first + 1 == trained.controller.latest_request
    trained.answer(second, best=4)
    trained.answer(first, best=9)
    assert trained.shown == 4
    assert trained.controller.answered_request == second


def test_an_answer_to_what_was_wiped_away_is_not_shown(trained, qtbot):
    trained.show_image()
    request = trained.controller.latest_request
    trained.views.draw.canvas.clear()
    qtbot.waitUntil(lambda: trained.controller.questions._image is None, timeout=2000)
    trained.answer(request, best=4)
    assert trained.shown is None
    trained.show_image()
    qtbot.waitUntil(lambda: trained.controller.questions._image is not None, timeout=2000)
    trained.answer(request, best=4)
    assert trained.shown is None, "it answers the drawing before"
    trained.answer(trained.controller.latest_request, best=5)
    assert trained.shown == 5


def test_activations_are_asked_for_only_while_they_can_be_seen(trained):
    trained.show_image()
    assert not trained.worker.asked(m.Predict)[-1].with_activations
    trained.views.features.show()
    assert trained.worker.asked(m.Predict)[-1].with_activations
    values = np.ones((1, 4, 24, 24), np.float32)
    trained.answer(trained.controller.latest_request, best=1, activations={"conv1": values})
    assert trained.views.features.maps.section("conv1").values is not None


def test_weights_are_asked_for_only_while_they_can_be_seen_and_one_at_a_time(trained):
    assert trained.worker.asked(m.ReadWeights) == []
    trained.views.weights.show()
    assert trained.worker.asked(m.ReadWeights) == [m.ReadWeights("conv1/weight")]
    trained.controller.refresh_watched()
    assert len(trained.worker.asked(m.ReadWeights)) == 1
    trained.tell(m.WeightsRead("conv1/weight", np.ones((4, 1, 5, 5), np.float32), 4))
    trained.controller.refresh_watched()
    assert len(trained.worker.asked(m.ReadWeights)) == 2


def test_mistakes_are_shown_in_turn_and_looked_for_anew_after_more_training(trained):
    draw = trained.views.draw
    draw.mistake_requested.emit()
    trained.tell(m.MistakesFound(np.array([5, 2]), 60))
    assert draw.picker.index_spin.value() == 5
    for expected in (2, 5):
        draw.mistake_requested.emit()
        assert draw.picker.index_spin.value() == expected
    assert len(trained.worker.asked(m.FindMistakes)) == 1
    trained.tell(batches("run 1", 5))
    draw.mistake_requested.emit()
    assert len(trained.worker.asked(m.FindMistakes)) == 2
    trained.tell(m.MistakesFound(np.array([], np.int64), 60))
    assert trained.notices[-1] == "It gets every test image right."


def test_a_model_is_unsaved_until_it_is_written_and_again_with_the_next_batch(trained, tmp_path):
    assert trained.controller.model_unsaved
    path = tmp_path / "model.safetensors"
    trained.controller.save(path)
    assert trained.worker.asked(m.Save) == [m.Save(path)]
    trained.tell(m.Saved(path))
    assert (trained.controller.model_path, trained.controller.model_unsaved) == (path, False)
    trained.tell(SettingChanged("run 1", Position(), "momentum", 0.5, 0.9))
    assert not trained.controller.model_unsaved
    with trained.qtbot.waitSignal(trained.controller.model_changed):
        trained.tell(batches("run 1", 5))
    assert trained.controller.model_unsaved


def test_weights_alone_do_not_count_as_saved(trained, tmp_path):
    trained.tell(m.Saved(tmp_path / "weights.npz"))
    assert trained.controller.model_unsaved
    assert trained.controller.model_path is None


def test_an_opened_model_fills_the_form_and_is_trained_on_as_a_run_of_its_own(trained, tmp_path):
    trained.transport.train_requested.emit()
    path = tmp_path / "model.safetensors"
    trained.have_network(NetworkSpec("lenet-tanh", SPEC.input_shape, SPEC.layers), path)
    assert trained.views.setup.network_name() == "lenet-tanh"
    assert trained.views.setup.configuration() == TrainingConfig()
    trained.transport.more_epochs_requested.emit(1)
    assert trained.worker.asked(m.TrainMore)[-1].run != "run 1"
    trained.tell(m.StateChanged("ready", True))
    trained.transport.train_requested.emit()
    assert trained.worker.asked(m.Train)[-1].spec.layers == SPEC.layers, "the network from the file, not the named one"


def test_a_run_that_ends_badly_is_explained(ready):
    ready.have_network()
    ready.finish_run(reason="diverged", message="The loss became infinite.")
    assert ready.failures == ["The loss became infinite."]
    assert ready.controller.state == "trained"


def test_the_window_looks_by_itself_only_while_something_goes_on(trained):
    assert not trained.controller._timer.isActive()
    trained.tell(m.StateChanged("training", True))
    assert trained.controller._timer.isActive()
    trained.worker.messages.append(batches("run 1", 9))  # batches wake nobody
    trained.qtbot.waitUntil(lambda: trained.controller.position.step == 9, timeout=2000)
    trained.tell(m.StateChanged("paused", True))
    assert not trained.controller._timer.isActive()


def test_closing_closes_the_worker(ready):
    assert ready.controller.close()
    assert ready.worker.closed


def test_a_network_that_is_brought_back_is_saved_or_unsaved_as_it_was(trained, tmp_path):
    path = tmp_path / "model.safetensors"
    trained.tell(m.Saved(path))
    trained.transport.train_requested.emit()
    trained.tell(m.NetworkReady(SPEC, TrainingConfig(), (), "fresh"), m.StateChanged("training", True))
    assert (trained.controller.model_path, trained.controller.model_unsaved) == (None, True)
    trained.finish_run("run 1", "failed", "Memory ran out.")
    trained.tell(m.NetworkReady(SPEC, TrainingConfig(), (), "restored"), m.StateChanged("ready", True))
    assert (trained.controller.model_path, trained.controller.model_unsaved) == (path, False)
    assert trained.failures[-1] == "Memory ran out."
    assert trained.notices[-1] == "small from before is back."


def test_a_refused_estimate_is_not_worth_a_notice(desk):
    desk.get_ready()
    refused = m.Estimate(1, SPEC, TrainingConfig(), "cpu")
    desk.tell(m.CommandFailed(refused, TrainingError("training.classes", "too few")))
    assert desk.failures == []


def test_a_run_refused_for_want_of_memory_begins_with_smaller_batches_or_all_the_same(desk):
    desk.get_ready()
    desk.transport.train_requested.emit()
    asked = desk.worker.asked(m.Train)[-1]
    told = []
    desk.controller.too_large.connect(told.append)
    cost = Cost("cpu", asked.config.batch_size, 9, 5, 7)
    desk.tell(m.TooLarge(asked, cost), m.StateChanged("ready", False))
    assert told == [cost] and desk.controller.state == "ready"
    desk.controller.runs.train_with_batches(7)
    assert desk.worker.asked(m.Train)[-1].config.batch_size == 7
    assert desk.views.setup.configuration().batch_size == 7
    desk.tell(m.TooLarge(asked, cost), m.StateChanged("ready", False))
    desk.controller.runs.train_anyway()
    assert desk.worker.asked(m.Train)[-1] == msgspec.structs.replace(asked, ignore_memory=True)
