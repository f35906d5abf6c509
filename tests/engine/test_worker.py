"""The worker's thread: states, messages, and that it stays alive whatever it is asked."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine import messages as m
from engine.architecture.layers import Activation, Dense, Dropout, Flatten
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize
from engine.backends.mxnet.gluon import GluonBackend
from engine.errors import DataError
from engine.storage.model_file import Model, save_model
from engine.training.chance import sample_order
from engine.training.config import InitializerConfig, OptimizerConfig, TrainingConfig
from engine.training.events import BatchesDone, EpochDone, Position, RunFinished, RunStarted, SettingChanged
from engine.training.initializers import initial_weights
from engine.worker import Worker
from tests.engine.conftest import make_dataset

SPEC = NetworkSpec(
    "tiny", (1, 28, 28), (Flatten(), Dense(16), Activation("relu"), Dropout(0.2), Dense(2))
)  # fmt: skip
CONFIG = TrainingConfig(optimizer=OptimizerConfig("momentum", learning_rate=0.05), batch_size=20, epochs=2)
LONG = TrainingConfig(optimizer=OptimizerConfig("momentum", learning_rate=0.01), batch_size=2, epochs=500)


class Listener:
    """Drives a worker from the test's thread and keeps all it told."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.told: list[m.Message] = []
        self._seen = 0

    def wait_for(self, wanted, seconds: float = 60.0) -> m.Message:
        """Return the next message for which ``wanted`` holds."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.told += self.worker.take()
            while self._seen < len(self.told):
                message = self.told[self._seen]
                self._seen += 1
                if wanted(message):
                    return message
            time.sleep(0.002)
        raise AssertionError(f"not told in {seconds} s; told {[type(t).__name__ for t in self.told[-20:]]}")

    def wait_for_state(self, state: str) -> m.StateChanged:
        return self.wait_for(lambda message: isinstance(message, m.StateChanged) and message.state == state)

    def wait_for_kind(self, kind):
        return self.wait_for(lambda message: isinstance(message, kind))

    def ask(self, command: m.Command, kind):
        self.told += self.worker.take()
        self._seen = len(self.told)
        self.worker.submit(command)
        return self.wait_for_kind(kind)


@pytest.fixture
def listener(monkeypatch):
    monkeypatch.setattr("engine.data.catalog.load_dataset", lambda name: make_dataset())
    worker = Worker()
    listener = Listener(worker)
    worker.start()
    listener.wait_for_state("ready")
    listener.ask(m.LoadDataset("halves"), m.DatasetLoaded)
    yield listener
    assert worker.close(20), "the worker's thread did not stop"


def train(listener: Listener, config: TrainingConfig = CONFIG, **more) -> None:
    listener.ask(m.Train("run 1", SPEC, config, "cpu", **more), RunStarted)


def test_a_data_set_asked_for_before_the_start_is_read_beside_mxnet(monkeypatch):
    readers = []

    def read(name):
        readers.append(threading.current_thread().name)
        if name == "broken":
            raise DataError("data.idx", "{file} cannot be used.", file=name)
        return make_dataset()

    monkeypatch.setattr("engine.data.catalog.load_dataset", read)
    for name, answer in (("halves", m.DatasetLoaded), ("broken", m.CommandFailed)):
        worker = Worker()
        listener = Listener(worker)
        command = m.LoadDataset(name)
        worker.submit(command)
        worker.start()
        listener.wait_for_state("ready")
        told = listener.wait_for_kind(answer)
        assert name == "halves" or told.command is command
        assert worker.close(20)
    assert len(readers) == 2 and not any("netarium-worker" in name for name in readers)


def test_the_worker_and_what_it_starts_let_the_window_go_first(listener, monkeypatch):
    levels = {}

    def noting(*arguments):
        levels["worker"] = os.getpriority(os.PRIO_PROCESS, 0)
        started = threading.Thread(target=lambda: levels.update(started=os.getpriority(os.PRIO_PROCESS, 0)))
        started.start()
        started.join()
        return sample_order(*arguments)

    monkeypatch.setattr("engine.training.loop.sample_order", noting)
    train(listener)
    listener.wait_for_kind(RunFinished)

    lower = min(19, os.getpriority(os.PRIO_PROCESS, 0) + 5)
    assert levels == {"worker": lower, "started": lower}


def test_a_run_goes_from_started_to_completed_and_learns(listener):
    train(listener)
    finished = listener.wait_for_kind(RunFinished)
    assert finished.reason == "completed"
    epochs = [message for message in listener.told if isinstance(message, EpochDone)]
    assert [epoch.epoch for epoch in epochs] == [1, 2]
    assert epochs[-1].validation_accuracy > 0.95
    assert sum(len(b.losses) for b in listener.told if isinstance(b, BatchesDone)) == 40
    assert listener.wait_for_state("ready").trained


def test_reports_that_follow_each_other_are_taken_as_one():
    worker = Worker()

    def report(run, step, losses, speed):
        position = Position(0, step, step, float(step))
        return BatchesDone(run, position, np.array(losses), np.array(losses) / 10, 0.1 * step, speed)

    finished = RunFinished("a", Position(0, 3, 3, 3.0), "completed")
    reports = [report("a", 1, [3.0], 100.0), report("a", 3, [2.0, 1.0], 400.0)]
    for message in (*reports, finished, report("b", 1, [5.0], 100.0), report("c", 1, [6.0], 100.0)):
        worker._post(message)

    first, second, *others = worker.take()

    assert first.losses.tolist() == [3, 2, 1]
    assert first.accuracies.tolist() == pytest.approx([0.3, 0.2, 0.1])
    assert (first.position, first.learning_rate) == (reports[1].position, reports[1].learning_rate)
    assert first.samples_per_second == pytest.approx(200)  # a third of them at 100, and the rest at 400
    assert second is finished
    assert [other.run for other in others] == ["b", "c"]
    assert worker.take() == []


def test_pause_holds_and_resume_goes_on_where_it_was(listener):
    train(listener, LONG)
    listener.worker.submit(m.Pause())
    listener.wait_for_state("paused")
    paused_at = [b for b in listener.told if isinstance(b, BatchesDone)][-1].position.step
    prediction = listener.ask(m.Predict(1, np.zeros((1, 28, 28), np.float32)), m.Prediction)
    assert prediction.probabilities.shape == (2,)
    listener.told += listener.worker.take()
    assert not [b for b in listener.told if isinstance(b, BatchesDone) and b.position.step > paused_at]
    listener.worker.submit(m.Resume())
    following = listener.wait_for_kind(BatchesDone)
    assert following.position.step - len(following.losses) == paused_at


def test_step_trains_exactly_one_batch(listener):
    train(listener, LONG, one_batch=True)
    listener.wait_for_state("paused")
    steps = [b.position.step for b in listener.told if isinstance(b, BatchesDone)]
    assert steps == [1]
    for expected in (2, 3):
        assert listener.ask(m.StepBatch(), BatchesDone).position.step == expected
        listener.wait_for_state("paused")


def test_a_step_at_the_end_of_an_epoch_trains_the_first_batch_of_the_next(listener):
    train(listener, one_batch=True)
    listener.wait_for_state("paused")
    for expected in range(2, 23):  # 20 batches are an epoch
        listener.ask(m.StepBatch(), m.StateChanged)
        assert [b.position.step for b in listener.told if isinstance(b, BatchesDone)][-1] == expected


def test_stop_keeps_the_network_and_more_epochs_follow_it(listener):
    train(listener, LONG)
    listener.wait_for_kind(BatchesDone)
    stopped = listener.ask(m.Stop(), RunFinished)
    assert stopped.reason == "stopped" and stopped.position.step > 0
    assert listener.wait_for_state("ready").trained
    started = listener.ask(m.TrainMore("run 1", CONFIG), RunStarted)
    assert started.start.step == stopped.position.step
    finished = listener.wait_for_kind(RunFinished)
    assert finished.reason == "completed"
    assert finished.position.epoch == stopped.position.epoch + 2


def test_stop_while_paused(listener):
    train(listener, LONG, one_batch=True)
    listener.wait_for_state("paused")
    assert listener.ask(m.Stop(), RunFinished).position.step == 1
    assert listener.wait_for_state("ready").trained


def test_settings_change_while_training(listener):
    train(listener, LONG)
    for setting, value in (("learning_rate", 0.002), ("dropout", 0.4), ("momentum", 0.5), ("weight_decay", 1e-3)):
        event = listener.ask(m.Change(setting, value), SettingChanged)
        assert (event.setting, event.new) == (setting, value)
    batches = listener.wait_for(lambda b: isinstance(b, BatchesDone) and b.learning_rate != 0.01)
    assert batches.learning_rate == 0.002


def test_a_bad_change_is_told_and_training_goes_on(listener):
    train(listener, LONG)
    failed = listener.ask(m.Change("learning_rate", -1.0), m.CommandFailed)
    assert "learning rate is -1.0" in str(failed.error)
    listener.wait_for_kind(BatchesDone)


def test_predictions_and_weights_come_while_training(listener):
    train(listener, LONG)
    image = make_dataset().test_images[0] / np.float32(255)
    prediction = listener.ask(m.Predict(7, image, with_activations=True), m.Prediction)
    assert prediction.request == 7
    assert prediction.probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert list(prediction.activations) == ["flatten1", "dense1", "relu1", "dropout1", "dense2"]
    weights = listener.ask(m.ReadWeights("dense1/weight"), m.WeightsRead)
    assert weights.values.shape == (16, 784)


def test_only_the_latest_prediction_of_many_waiting_is_computed(listener):
    train(listener, LONG, one_batch=True)
    listener.wait_for_state("paused")
    with listener.worker._changed:  # the worker cannot take any before all are there
        for request in range(50):
            listener.worker._inbox.append(m.Predict(request, np.zeros((1, 28, 28), np.float32)))
    listener.worker.submit(m.Predict(99, np.zeros((1, 28, 28), np.float32)))
    listener.wait_for(lambda p: isinstance(p, m.Prediction) and p.request == 99)
    assert sum(isinstance(p, m.Prediction) for p in listener.told) < 50


def test_mistakes_are_those_of_the_network_on_the_test_images(listener):
    train(listener, CONFIG, one_batch=True)
    listener.wait_for_state("paused")
    found = listener.ask(m.FindMistakes(), m.MistakesFound)
    dataset = make_dataset()
    wrong = set()
    for index, (image, label) in enumerate(zip(dataset.test_images, dataset.test_labels, strict=True)):
        answer = listener.ask(m.Predict(index, image / np.float32(255)), m.Prediction)
        if answer.probabilities.argmax() != label:
            wrong.add(index)
    assert set(found.indices.tolist()) == wrong


def test_divergence_puts_good_weights_back_and_says_so(listener):
    linear = NetworkSpec("linear", (1, 28, 28), (Flatten(), Dense(16), Dense(16), Dense(16), Dense(2)))
    wild = TrainingConfig(optimizer=OptimizerConfig("sgd", learning_rate=100.0), batch_size=20, epochs=50)
    listener.ask(m.Train("run 1", linear, wild, "cpu"), RunStarted)
    finished = listener.wait_for_kind(RunFinished)
    assert finished.reason == "diverged" and "learning rate" in finished.message
    weights = listener.ask(m.ReadWeights("dense1/weight"), m.WeightsRead)
    assert np.isfinite(weights.values).all()


def test_save_and_open_bring_back_the_same_network(listener, tmp_path):
    train(listener)
    listener.wait_for_kind(RunFinished)
    image = make_dataset().test_images[0] / np.float32(255)
    before = listener.ask(m.Predict(1, image), m.Prediction).probabilities
    path = tmp_path / "model.safetensors"
    assert listener.ask(m.Save(path), m.Saved).path == path
    train(listener, LONG)
    listener.ask(m.Stop(), RunFinished)
    ready = listener.ask(m.Open(path, SPEC, CONFIG, "cpu"), m.NetworkReady)
    assert ready.spec == SPEC and ready.config == CONFIG and ready.class_names == ("left", "right")
    after = listener.ask(m.Predict(2, image), m.Prediction).probabilities
    np.testing.assert_array_equal(before, after)


def test_a_bad_file_changes_nothing(listener, tmp_path):
    train(listener)
    listener.wait_for_kind(RunFinished)
    before = listener.ask(m.ReadWeights("dense2/weight"), m.WeightsRead).values
    for name, content in (("a.safetensors", b"\xff" * 100), ("b.params", b"no"), ("c.npz", b""), ("d.txt", b"?")):
        path = tmp_path / name
        path.write_bytes(content)
        failed = listener.ask(m.Open(path, SPEC, CONFIG, "cpu"), m.CommandFailed)
        assert str(failed.error)
    np.testing.assert_array_equal(before, listener.ask(m.ReadWeights("dense2/weight"), m.WeightsRead).values)


def test_a_network_that_does_not_fit_leaves_the_old_one_alive(listener):
    train(listener)
    listener.wait_for_kind(RunFinished)
    one_class = NetworkSpec("one", (1, 28, 28), (Flatten(), Dense(1)))
    colour = NetworkSpec("colour", (3, 28, 28), (Flatten(), Dense(2)))
    for spec in (one_class, colour):
        assert listener.ask(m.Train("run 2", spec, CONFIG, "cpu"), m.CommandFailed).error.values
    assert listener.ask(m.ReadWeights("dense1/weight"), m.WeightsRead).values.shape == (16, 784)


def test_training_twice_at_once_is_refused_and_the_run_goes_on(listener):
    train(listener, LONG)
    failed = listener.ask(m.Train("run 2", SPEC, CONFIG, "cpu"), m.CommandFailed)
    assert "stop it first" in str(failed.error)
    assert listener.wait_for_kind(BatchesDone).run == "run 1"


def test_commands_out_of_place_do_nothing(listener):
    for command in (m.Pause(), m.Resume(), m.StepBatch(), m.Stop(), m.FindMistakes(), m.ReadWeights("x")):
        listener.worker.submit(command)
    train(listener)
    assert listener.wait_for_kind(RunFinished).reason == "completed"


def test_closing_while_training_ends_the_run_and_still_saves(monkeypatch, tmp_path):
    monkeypatch.setattr("engine.data.catalog.load_dataset", lambda name: make_dataset())
    worker = Worker()
    listener = Listener(worker)
    worker.start()
    listener.ask(m.LoadDataset("halves"), m.DatasetLoaded)
    train(listener, LONG)
    path = tmp_path / "kept.safetensors"
    worker.submit(m.Save(path))
    assert worker.close(20)
    assert [t.reason for t in worker.take() if isinstance(t, RunFinished)] == ["stopped"]
    assert path.exists()


def test_an_unforeseen_error_is_reported_and_the_thread_lives(listener, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("unforeseen")

    monkeypatch.setattr("engine.trainer.save_model_as", broken)
    train(listener)
    listener.wait_for_kind(RunFinished)
    crashed = listener.ask(m.Save("x"), m.Crashed)
    assert "unforeseen" in crashed.summary and "broken" in crashed.report
    assert listener.ask(m.ReadWeights("dense1/weight"), m.WeightsRead).values.shape == (16, 784)


def test_a_model_of_other_images_opens_and_says_why_it_cannot_be_tested_here(listener, tmp_path):
    path = tmp_path / "small.safetensors"
    small = NetworkSpec("small", (3, 8, 8), (Flatten(), Dense(2)))
    save_model(path, Model(spec=small, weights=initial_weights(summarize(small), InitializerConfig(), seed=0)))
    assert listener.ask(m.Open(path, SPEC, CONFIG, "cpu"), m.NetworkReady).spec == small
    assert "3×8×8" in str(listener.ask(m.FindMistakes(), m.CommandFailed).error)
    assert "3×8×8" in str(listener.ask(m.TrainMore("run 2", CONFIG), m.CommandFailed).error)


def test_more_epochs_after_a_stop_report_at_their_own_pace_and_not_every_batch(listener):
    train(listener, LONG)
    listener.wait_for_kind(BatchesDone)
    listener.ask(m.Stop(), RunFinished)
    listener.ask(m.TrainMore("run 1", LONG), RunStarted)
    several = listener.wait_for(lambda event: isinstance(event, BatchesDone) and len(event.losses) > 1, seconds=20)
    assert several.run == "run 1"


EDITED = NetworkSpec(
    "tiny", (1, 28, 28), (Flatten(), Dense(16), Activation("tanh"), Dense(8), Activation("relu"), Dense(2))
)  # fmt: skip


def test_more_epochs_of_an_edited_network_keep_the_weights_of_what_was_not_touched(listener):
    train(listener)
    listener.wait_for_kind(RunFinished)
    trained = listener.ask(m.ReadWeights("dense1/weight"), m.WeightsRead).values
    still = TrainingConfig(optimizer=OptimizerConfig("sgd", learning_rate=1e-9), batch_size=20, epochs=1)

    ready = listener.ask(m.TrainMore("run 1", still, EDITED), m.NetworkReady)

    assert (ready.spec, ready.origin) == (EDITED, "edited")
    assert listener.wait_for_kind(RunStarted).start.epoch == 2
    listener.wait_for_kind(RunFinished)
    kept = listener.ask(m.ReadWeights("dense1/weight"), m.WeightsRead).values
    np.testing.assert_allclose(kept, trained, atol=1e-5)


def test_an_edit_that_does_not_fit_is_refused_and_the_network_stays(listener):
    train(listener)
    listener.wait_for_kind(RunFinished)

    failed = listener.ask(m.Edit(NetworkSpec("tiny", (1, 28, 28), (Dense(2),))), m.CommandFailed)

    assert failed.error.code == "shape.misfit"
    assert listener.ask(m.ReadWeights("dense1/weight"), m.WeightsRead).values.shape == (16, 784)


def test_the_activity_of_every_layer_is_told_while_training(listener):
    train(listener, LONG)
    listener.wait_for_kind(BatchesDone)

    measured = listener.ask(m.MeasureActivity(), m.ActivityMeasured)

    assert list(measured.activity) == ["flatten1", "dense1", "relu1", "dropout1", "dense2"]
    assert measured.activity["relu1"].units == 16
    assert measured.activity["relu1"].mean > 0
    assert measured.step > 0


def test_a_drawing_is_resized_for_a_network_of_another_size(listener):
    small = NetworkSpec("small", (1, 7, 7), (Flatten(), Dense(2)))
    listener.ask(m.Train("run 1", small, CONFIG, "cpu"), RunStarted)
    listener.wait_for_kind(RunFinished)
    left = np.zeros((1, 28, 28), np.float32)
    left[:, :, :14] = 1

    prediction = listener.ask(m.Predict(1, left), m.Prediction)

    assert prediction.probabilities.argmax() == 0


def test_an_estimate_tells_memory_at_once_and_time_after_some_batches(listener):
    request = m.Estimate(5, SPEC, CONFIG, "cpu")

    first = listener.ask(request, m.Estimated)
    second = listener.wait_for_kind(m.Estimated)

    assert first.cost.epoch is None
    assert first.cost.memory == second.cost.memory > summarize(SPEC).parameter_count * 4
    assert second.request == 5
    assert 0 < second.cost.epoch.train_seconds < 60


def test_training_drops_an_estimate_that_is_under_way(listener):
    listener.worker.submit(m.Estimate(1, SPEC, CONFIG, "cpu"))
    train(listener)
    listener.wait_for_kind(RunFinished)
    listener.wait_for_state("ready")

    listener.ask(m.Save(Path("nowhere.txt")), m.CommandFailed)  # an answer from after everything else

    assert not [told for told in listener.told if isinstance(told, m.Estimated) and told.cost.epoch]


class OutOfMemory:
    """A backend for which one network is too large: its first batch fails, late, as MXNet's do."""

    name = "out-of-memory"

    def __init__(self, _name: str, device: str) -> None:
        self.device = device
        self._backend = GluonBackend(device)

    def settle(self) -> None:
        self._backend.settle()

    def build(self, spec, weights):
        network = self._backend.build(spec, weights)
        if spec.name == "too-large":
            network.train_batch = self._fail
        return network

    def _fail(self, *arguments):
        raise RuntimeError("Traceback (most recent call last):\n  here\nMXNetError: Failed to allocate CPU Memory")


def test_a_run_that_fails_at_once_gives_back_the_network_from_before(monkeypatch):
    monkeypatch.setattr("engine.data.catalog.load_dataset", lambda name: make_dataset())
    listener = Listener(Worker(make_backend=OutOfMemory))
    listener.worker.start()
    listener.wait_for_state("ready")
    listener.ask(m.LoadDataset("halves"), m.DatasetLoaded)
    try:
        train(listener)
        listener.wait_for_state("ready")
        weights = listener.ask(m.ReadWeights("dense1/weight"), m.WeightsRead).values
        too_large = NetworkSpec("too-large", SPEC.input_shape, SPEC.layers)

        finished = listener.ask(m.Train("run 2", too_large, CONFIG, "cpu"), RunFinished)
        restored = listener.wait_for(lambda told: isinstance(told, m.NetworkReady))

        assert finished.reason == "failed" and finished.message.startswith("Memory ran out")
        assert (restored.spec, restored.origin) == (SPEC, "restored")
        np.testing.assert_array_equal(
            listener.ask(m.ReadWeights("dense1/weight"), m.WeightsRead).values, weights
        )  # fmt: skip
        assert listener.ask(m.TrainMore("run 3", CONFIG), RunStarted).start.epoch == 2
        assert listener.wait_for_kind(RunFinished).reason == "completed"
    finally:
        assert listener.worker.close(20)


def test_a_run_that_does_not_fit_into_memory_is_not_begun_unless_it_is_wanted_all_the_same(listener, monkeypatch):
    train(listener)
    listener.wait_for_state("ready")
    weights = listener.ask(m.ReadWeights("dense1/weight"), m.WeightsRead).values
    monkeypatch.setattr("engine.estimates.cost.available_memory", lambda device: 30 * 2**20)
    wide = NetworkSpec("wide", (1, 28, 28), (Flatten(), Dense(3000), Dense(2)))
    command = m.Train("run 2", wide, CONFIG, "cpu")

    refused = listener.ask(command, m.TooLarge)

    assert refused.command == command
    assert refused.cost.memory > 30 * 2**20
    assert listener.wait_for_state("ready").trained
    np.testing.assert_array_equal(listener.ask(m.ReadWeights("dense1/weight"), m.WeightsRead).values, weights)
    assert listener.ask(m.TrainMore("run 1", CONFIG), RunStarted).start.epoch == 2  # it has its memory already
    listener.wait_for_state("ready")
    listener.ask(replace(command, ignore_memory=True), RunStarted)
    assert listener.wait_for_kind(RunFinished).reason == "completed"


def test_more_epochs_that_are_refused_leave_the_network_unedited(listener):
    train(listener)
    listener.wait_for_state("ready")
    nothing_to_learn = TrainingConfig(optimizer=OptimizerConfig("momentum", learning_rate=-1.0))

    listener.ask(m.TrainMore("run 1", nothing_to_learn, EDITED), m.CommandFailed)

    assert listener.ask(m.ReadWeights("dense2/weight"), m.WeightsRead).values.shape == (2, 16)
    assert not [told for told in listener.told if isinstance(told, m.NetworkReady) and told.origin == "edited"]


@pytest.mark.parametrize("backend", ["module", "ndarray", "scratch"])
def test_more_epochs_go_on_in_another_backend_with_weights_and_moments(listener, backend):
    train(listener)
    listener.wait_for_state("ready")
    trained = listener.ask(m.ReadWeights("dense1/weight"), m.WeightsRead).values
    # Without momentum the moments that come along move nothing.
    still = OptimizerConfig("momentum", learning_rate=1e-9, momentum=0.0)
    config = TrainingConfig(optimizer=still, batch_size=20, epochs=1)

    listener.ask(m.TrainMore("run 1", config, backend=backend), RunStarted)

    assert listener.wait_for_kind(RunFinished).reason == "completed"
    moved = listener.ask(m.ReadWeights("dense1/weight"), m.WeightsRead).values
    np.testing.assert_allclose(moved, trained, atol=1e-5)


def test_a_run_in_numpy_learns_like_any_other(listener):
    listener.ask(m.Train("run 1", SPEC, CONFIG, "cpu", backend="scratch"), RunStarted)
    listener.wait_for_kind(RunFinished)
    epochs = [message for message in listener.told if isinstance(message, EpochDone)]
    assert epochs[-1].validation_accuracy > 0.95
