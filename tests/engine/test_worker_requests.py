"""What a worker answers beside its runs: predictions, weights, files and estimates."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine import messages as m
from engine.architecture.layers import Dense, Flatten
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize
from engine.storage.model_file import Model, save_model
from engine.training.config import InitializerConfig
from engine.training.events import BatchesDone, RunFinished, RunStarted
from engine.training.initializers import initial_weights
from tests.engine.conftest import make_dataset
from tests.engine.listening import CONFIG, LONG, SPEC, train


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


def test_a_model_of_other_images_opens_and_says_why_it_cannot_be_tested_here(listener, tmp_path):
    path = tmp_path / "small.safetensors"
    small = NetworkSpec("small", (3, 8, 8), (Flatten(), Dense(2)))
    save_model(path, Model(spec=small, weights=initial_weights(summarize(small), InitializerConfig(), seed=0)))
    assert listener.ask(m.Open(path, SPEC, CONFIG, "cpu"), m.NetworkReady).spec == small
    assert "3×8×8" in str(listener.ask(m.FindMistakes(), m.CommandFailed).error)
    assert "3×8×8" in str(listener.ask(m.TrainMore("run 2", CONFIG), m.CommandFailed).error)


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


def test_an_unforeseen_error_is_reported_and_the_thread_lives(listener, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("unforeseen")

    monkeypatch.setattr("engine.trainer.save_model_as", broken)
    train(listener)
    listener.wait_for_kind(RunFinished)
    crashed = listener.ask(m.Save("x"), m.Crashed)
    assert "unforeseen" in crashed.summary and "broken" in crashed.report
    assert listener.ask(m.ReadWeights("dense1/weight"), m.WeightsRead).values.shape == (16, 784)
