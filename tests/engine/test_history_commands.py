"""What the worker does with the history: it records, returns, branches, looks back, and counts mistakes."""

from __future__ import annotations

import os

import msgspec
import numpy as np
import pytest

from engine import messages as m
from engine.history.store import RunStore
from engine.storage.model_file import load_model
from engine.training.events import BatchesDone, EpochDone, RunFinished
from tests.engine.benched import Bench, of_kind
from tests.engine.history.crashed import leave_a_run_without_a_state
from tests.engine.history.runs import CONFIG, SMALL, session_on


@pytest.fixture
def bench(monkeypatch):
    bench = Bench(monkeypatch)
    yield bench
    bench.close()


def at_step(step):
    return lambda message: isinstance(message, BatchesDone) and message.position.step >= step


def test_a_run_is_recorded_and_its_number_told(bench):
    bench.train()
    store = bench.history()
    [kept] = of_kind(bench.told, m.RunKept)
    run = store.run(kept.id)
    assert (kept.run, run.status, run.epochs, run.origin.kind) == ("run 1", "completed", 3, "fresh")
    store.close()


def test_a_run_that_is_stopped_goes_on_exactly_to_its_planned_end(bench):
    whole = bench.train("whole")
    expected = bench.weights()
    bench.train_to(7)
    bench.ask(m.Stop())
    store = bench.history()
    stopped = store.newest()
    assert (stopped.status, stopped.step) == ("stopped", 7)

    told = bench.ask(m.ContinueRun("again", stopped.id))

    assert all(np.array_equal(expected[path], values) for path, values in bench.weights().items())
    [finished] = of_kind(told, RunFinished)
    assert finished.reason == "completed" and finished.position.epoch == 3
    [past] = of_kind(told, m.PastTold)
    assert past.run == "again" and past.batches["step"][-1] == stopped.step
    ready = of_kind(told, m.NetworkReady)[0]
    assert (ready.origin, ready.config, ready.spec) == ("returned", CONFIG, SMALL)
    bench.bench._records.store()
    run = store.run(stopped.id)
    assert (run.status, run.step) == ("completed", 15)
    figures = [event.validation_loss for event in of_kind(whole, EpochDone)]
    assert store.epochs(stopped.id)["validation_loss"].tolist() == figures
    store.close()


def test_a_run_that_ended_cannot_be_continued_and_says_so(bench):
    bench.train()
    [failed] = of_kind(bench.ask(m.ContinueRun("again", 1)), m.CommandFailed)
    assert failed.error.code == "history.complete"
    [failed] = of_kind(bench.ask(m.ContinueRun("again", 8)), m.CommandFailed)
    assert failed.error.code == "history.unknown"


def test_after_closing_amid_a_run_the_next_start_offers_it_and_it_goes_on(bench):
    bench.train("whole")
    expected = bench.weights()
    bench.train_to(8)
    bench.close()
    bench.told.clear()
    bench.open()
    bench.bench._records.store()  # waits for the history

    [opened] = of_kind(bench.told, m.HistoryOpened)
    assert opened.note is None
    assert opened.unfinished is not None and opened.unfinished.status == "interrupted"
    bench.ask(m.ContinueRun("again", opened.unfinished.id))
    assert all(np.array_equal(expected[path], values) for path, values in bench.weights().items())


def test_without_an_unfinished_run_nothing_is_offered(bench):
    bench.train_to(4)
    bench.ask(m.Stop())  # somebody ended it
    bench.close()
    bench.told.clear()
    bench.open()
    bench.bench._records.store()
    assert of_kind(bench.told, m.HistoryOpened)[0].unfinished is None


def test_a_run_that_a_crash_left_without_a_state_is_not_offered(bench):
    bench.close()
    leave_a_run_without_a_state()
    bench.told.clear()
    bench.open()
    store = bench.history()
    crashed = store.newest()
    assert crashed.status == "interrupted"
    assert [checkpoint.kind for checkpoint in store.checkpoints(crashed.id)] == ["snapshot"]
    store.close()
    assert of_kind(bench.told, m.HistoryOpened)[0].unfinished is None


@pytest.mark.parametrize("damage", ["gone", "cut short"])
def test_a_run_whose_states_were_taken_away_is_not_offered(bench, damage):
    bench.train_to(8)
    bench.close()
    store = RunStore()
    for checkpoint in store.checkpoints(1):
        if damage == "gone" and checkpoint.kind == "state":
            checkpoint.path.unlink()
        elif checkpoint.kind == "state":
            os.truncate(checkpoint.path, checkpoint.size // 2)
    store.close()
    bench.told.clear()
    bench.open()
    bench.bench._records.store()
    assert of_kind(bench.told, m.HistoryOpened)[0].unfinished is None


def test_more_epochs_are_a_child_of_the_run_before(bench):
    bench.train()
    bench.history().close()
    bench.ask(m.TrainMore("run 1", msgspec.structs.replace(CONFIG, epochs=1)))
    store = bench.history()
    child = store.newest()
    assert (child.origin.kind, child.origin.parent, child.origin.step) == ("more", 1, 15)
    assert store.epochs(child.id)["epoch"].tolist() == [4]
    store.close()


def test_a_moment_is_looked_at_while_the_network_of_now_goes_on(bench):
    bench.train()
    store = bench.history()
    first = store.checkpoints(1)[0]
    image = bench.dataset.test_images[0] / np.float32(255)
    path = "conv1/weight"
    [now] = of_kind(bench.ask(m.ReadWeights(path)), m.WeightsRead)

    [shown] = of_kind(bench.ask(m.ViewMoment(first)), m.MomentShown)
    assert shown.checkpoint == first and shown.spec == SMALL
    [then] = of_kind(bench.ask(m.ReadWeights(path)), m.WeightsRead)
    assert then.step == 0 and np.array_equal(then.values, load_model(first.path).weights[path])
    [answer] = of_kind(bench.ask(m.Predict(1, image, with_activations=True)), m.Prediction)
    assert answer.activations is not None

    [shown] = of_kind(bench.ask(m.ViewMoment(None)), m.MomentShown)
    assert shown.checkpoint is None
    [again] = of_kind(bench.ask(m.ReadWeights(path)), m.WeightsRead)
    assert np.array_equal(again.values, now.values)
    [answer_now] = of_kind(bench.ask(m.Predict(2, image)), m.Prediction)
    assert not np.array_equal(answer.probabilities, answer_now.probabilities)
    store.close()


def test_a_checkpoint_that_is_gone_is_told_and_what_is_shown_stays(bench):
    bench.train()
    store = bench.history()
    first, *_, last = store.checkpoints(1)
    bench.ask(m.ViewMoment(last))
    first.path.unlink()
    [failed] = of_kind(bench.ask(m.ViewMoment(first)), m.CommandFailed)
    assert failed.error.code.startswith("file.")
    [read] = of_kind(bench.ask(m.ReadWeights("conv1/weight")), m.WeightsRead)
    assert read.step == last.position.step
    store.close()


def test_the_confusion_matrix_is_that_of_the_moment_that_is_looked_at(bench):
    bench.train()
    store = bench.history()
    first = store.checkpoints(1)[0]
    [now] = of_kind(bench.ask(m.MeasureConfusion(20)), m.ConfusionMeasured)
    bench.ask(m.ViewMoment(first))
    [then] = of_kind(bench.ask(m.MeasureConfusion(20)), m.ConfusionMeasured)
    assert now.checkpoint is None and then.checkpoint == first
    assert now.samples == then.samples == now.matrix.sum() == 20
    labels = bench.dataset.test_labels[:20]
    assert now.matrix.sum(axis=1).tolist() == np.bincount(labels, minlength=3).tolist()
    accuracy = store.run(1).validation_accuracy
    [whole] = of_kind(bench.ask(m.ViewMoment(None)) + bench.ask(m.MeasureConfusion(1000)), m.ConfusionMeasured)
    assert np.trace(whole.matrix) / 24 == pytest.approx(accuracy)
    store.close()


def test_saving_while_training_writes_weights_and_position_that_belong_together(bench, tmp_path):
    bench.train(config=msgspec.structs.replace(CONFIG, epochs=300), until=at_step(3))
    path = tmp_path / "now.safetensors"
    bench.ask(m.Save(path), until=lambda message: isinstance(message, m.Saved))
    model = load_model(path)
    assert model.state is not None and model.state.position == model.position
    reference = session_on(bench.dataset, config=msgspec.structs.replace(CONFIG, epochs=300))
    events = reference.train("reference")
    reference.live.report_every, reference.live.synchronous = 0.0, True
    assert any(isinstance(e, BatchesDone) and e.position.step == model.position.step for e in events)
    for name, values in reference.network.weights().items():
        assert np.array_equal(values, model.weights[name]), name


def test_the_best_epoch_can_be_saved_beside_the_last(bench, tmp_path):
    config = msgspec.structs.replace(CONFIG, epochs=6)
    told = bench.train(config=config)
    accuracies = [event.validation_accuracy for event in of_kind(told, EpochDone)]
    bench.ask(m.Save(tmp_path / "best.safetensors", best=True))
    best = load_model(tmp_path / "best.safetensors")
    assert best.metrics[-1].epoch == accuracies.index(max(accuracies)) + 1
    assert best.state is None and best.optimizer_state == {}


def test_the_confusion_matrix_comes_with_the_answers_that_it_counts(bench):
    bench.train()
    [measured] = of_kind(bench.ask(m.MeasureConfusion(20)), m.ConfusionMeasured)
    labels = bench.dataset.test_labels[:20]
    for truth, answer in np.ndindex(measured.matrix.shape):
        counted = np.sum((labels == truth) & (measured.answers == answer))
        assert counted == measured.matrix[truth, answer]


def test_without_a_network_of_now_a_moment_can_be_looked_at_and_left(bench):
    bench.train()
    bench.close()
    bench.told.clear()
    bench.open()
    store = bench.history()
    last = store.checkpoints(1)[-1]
    [shown] = of_kind(bench.ask(m.ViewMoment(last)), m.MomentShown)
    assert shown.checkpoint == last and shown.spec == SMALL
    [left] = of_kind(bench.ask(m.ViewMoment(None)), m.MomentShown)
    assert left.checkpoint is None and left.spec is None
    store.close()


def test_the_end_of_a_record_is_told_when_all_of_it_is_on_the_disk(bench):
    bench.train()
    bench.bench._records.store()
    [recorded] = of_kind(bench.told, m.RunRecorded)
    store = RunStore()
    run = store.run(recorded.id)
    assert (recorded.run, run.status, run.epochs) == ("run 1", "completed", 3)
    assert store.checkpoints(recorded.id)[-1].position.step == run.step
    store.close()


def test_a_report_is_written_between_two_commands(bench, tmp_path, monkeypatch):
    monkeypatch.setattr("engine.history.reporting.recorded_dataset", lambda start: bench.dataset)
    bench.train()
    bench.history().close()
    path = tmp_path / "report.html"
    [written] = of_kind(bench.ask(m.WriteReport(1, path)), m.ReportWritten)
    assert (written.path, written.remark) == (path, "")
    page = path.read_text()
    assert "Answers to the test images" in page and "<svg" in page


def test_a_report_that_cannot_be_written_is_told_and_nothing_else_suffers(bench, tmp_path):
    bench.train()
    bench.history().close()
    [failed] = of_kind(bench.ask(m.WriteReport(1, tmp_path / "no" / "report.html")), m.CommandFailed)
    assert failed.error.code.startswith("file.")
    [failed] = of_kind(bench.ask(m.WriteReport(9, tmp_path / "report.html")), m.CommandFailed)
    assert failed.error.code == "history.unknown"
    assert not list(tmp_path.rglob("report*"))
    assert of_kind(bench.ask(m.ReadWeights("conv1/weight")), m.WeightsRead)
