"""The worker's thread: states, messages, and that it stays alive whatever it is asked."""

from __future__ import annotations

import os
import threading

import numpy as np
import pytest

from engine import messages as m
from engine.errors import DataError
from engine.training.chance import sample_order
from engine.training.events import BatchesDone, EpochDone, Position, RunFinished, RunStarted, SettingChanged
from engine.worker import Worker
from tests.engine.conftest import make_dataset
from tests.engine.listening import CONFIG, LONG, SPEC, Listener, train


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


def test_more_epochs_after_a_stop_report_at_their_own_pace_and_not_every_batch(listener):
    train(listener, LONG)
    listener.wait_for_kind(BatchesDone)
    listener.ask(m.Stop(), RunFinished)
    listener.ask(m.TrainMore("run 1", LONG), RunStarted)
    several = listener.wait_for(lambda event: isinstance(event, BatchesDone) and len(event.losses) > 1, seconds=20)
    assert several.run == "run 1"


def test_a_run_in_numpy_learns_like_any_other(listener):
    listener.ask(m.Train("run 1", SPEC, CONFIG, "cpu", backend="scratch"), RunStarted)
    listener.wait_for_kind(RunFinished)
    epochs = [message for message in listener.told if isinstance(message, EpochDone)]
    assert epochs[-1].validation_accuracy > 0.95
