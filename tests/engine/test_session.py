from __future__ import annotations

import dataclasses
from pathlib import Path

import msgspec
import numpy as np
import pytest

from engine.architecture.layers import Activation, Dense, Dropout, Flatten
from engine.architecture.network import NetworkSpec
from engine.backends.mxnet.gluon import GluonBackend
from engine.data.dataset import Dataset
from engine.data.resizing import resize
from engine.errors import ConfigError, DataError, ShapeError, TrainingError
from engine.session import Session
from engine.storage.model_file import Model, load_model, save_model
from engine.training.config import OptimizerConfig, ScheduleConfig, TrainingConfig
from engine.training.events import BatchesDone, EpochDone, Position, RunFinished, RunStarted
from tests.engine.conftest import make_dataset

SPEC = NetworkSpec("tiny", (1, 8, 8), (Flatten(), Dense(12), Activation("relu"), Dropout(0.3), Dense(2)))
ADAM = TrainingConfig(optimizer=OptimizerConfig("adam", learning_rate=0.01), batch_size=20, epochs=2)
BATCHES = 10


@pytest.fixture(scope="module")
def data() -> Dataset:
    return make_dataset(samples=200, side=8)


@pytest.fixture(scope="module")
def backend() -> GluonBackend:
    return GluonBackend("cpu")


def changed(config: TrainingConfig, optimizer: dict | None = None, **fields) -> TrainingConfig:
    """Return ``config`` with some fields, and some of its optimizer's, replaced."""
    replaced = msgspec.structs.replace(config.optimizer, **(optimizer or {}))
    return msgspec.structs.replace(config, optimizer=replaced, **fields)


def train_to(session: Session, batch: int, config: TrainingConfig | None = None) -> None:
    """Train from the beginning of an epoch to the end of one of its batches, and stop there."""
    events = session.train("run", config)
    session.live.synchronous, session.live.report_every = True, 0.0
    for event in events:
        if isinstance(event, BatchesDone) and event.position.batch == batch:
            events.close()
            return
    raise AssertionError("the run ended before")


def finish(session: Session, config: TrainingConfig | None = None) -> RunFinished:
    """Train to the end of a run."""
    *_, last = session.train("run", config)
    assert isinstance(last, RunFinished)
    return last


def assert_same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    assert list(one) == list(other)
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def moments(session: Session) -> dict[str, np.ndarray]:
    return session.network.optimizer_state()


def test_a_run_learns_and_its_figures_are_kept(backend, data):
    session = Session(backend, SPEC, ADAM, data)
    events = list(session.train("run"))
    epochs = [event for event in events if isinstance(event, EpochDone)]
    assert isinstance(events[0], RunStarted) and events[-1].reason == "completed"
    assert epochs[-1].validation_accuracy > 0.95
    assert [m.validation_loss for m in session.metrics] == [e.validation_loss for e in epochs]
    assert session.position == events[-1].position
    assert (session.position.epoch, session.position.batch, session.position.step) == (2, 0, 2 * BATCHES)


def test_more_epochs_count_on_and_equal_one_long_run(backend, data):
    long, twice = (Session(backend, SPEC, ADAM, data) for _ in range(2))
    finish(long, changed(ADAM, epochs=4))
    finish(twice)
    finish(twice)
    assert [m.epoch for m in twice.metrics] == [1, 2, 3, 4]
    assert_same(long.network.weights(), twice.network.weights())


KEEPING = [
    changed(ADAM, {"learning_rate": 0.5, "momentum": 0.1, "weight_decay": 0.1}),
    changed(ADAM, epochs=7, seed=3, batch_size=10),
    changed(ADAM, schedule=ScheduleConfig("cosine")),
]

RENEWING = [
    changed(ADAM, {"name": "rmsprop"}),
    changed(ADAM, {"beta1": 0.5}),
    changed(ADAM, {"beta2": 0.9}),
    changed(ADAM, {"clip_value": 1.0}),
    changed(ADAM, {"clip_norm": 1.0}),
    changed(ADAM, loss_reduction="sum"),
]


@pytest.mark.parametrize("config", KEEPING)
def test_moments_are_kept_where_the_method_is_the_same(backend, data, config):
    session = Session(backend, SPEC, ADAM, data)
    finish(session)
    before = moments(session)
    session.train("run", config)
    assert_same(moments(session), before)


@pytest.mark.parametrize("config", RENEWING)
def test_moments_begin_anew_where_the_method_changes(backend, data, config):
    session = Session(backend, SPEC, ADAM, data)
    finish(session)
    session.train("run", config)
    assert moments(session) and all(not array.any() for array in moments(session).values())
    assert session.config == config


CONTINUING = [changed(ADAM, {"learning_rate": 0.5, "name": "sgd"}), changed(ADAM, epochs=9, limit_validation=50)]
REORDERING = [
    changed(ADAM, seed=1),
    changed(ADAM, batch_size=10),
    changed(ADAM, sampling="in-order"),
    changed(ADAM, limit_train=150),
]


@pytest.mark.parametrize("config", CONTINUING)
def test_a_begun_epoch_is_finished_where_its_order_is_the_same(backend, data, config):
    session = Session(backend, SPEC, ADAM, data)
    train_to(session, 4)
    started = next(session.train("run", config))
    assert (started.start.epoch, started.start.batch, started.start.step) == (0, 4, 4)


@pytest.mark.parametrize("config", REORDERING)
def test_a_begun_epoch_begins_anew_where_its_order_changes(backend, data, config):
    session = Session(backend, SPEC, ADAM, data)
    train_to(session, 4)
    started = next(session.train("run", config))
    assert (started.start.epoch, started.start.batch, started.start.step) == (0, 0, 4)


def test_a_begun_epoch_begins_anew_on_another_data_set(backend, data):
    session = Session(backend, SPEC, ADAM, data)
    train_to(session, 9)
    small = make_dataset(samples=100, side=8)
    session.dataset = Dataset(
        "others", small.train_images, small.train_labels, small.test_images, small.test_labels, ("dark", "light")
    )
    started = next(session.train("run"))
    assert (started.start.batch, started.start.step, started.batches_per_epoch) == (0, 9, 5)
    assert session.class_names == ("dark", "light")
    assert session.model({}).dataset == "others"


def test_refused_settings_leave_the_session_as_it_was(backend, data):
    session = Session(backend, SPEC, ADAM, data)
    train_to(session, 4)
    position, weights = session.position, session.network.weights()
    with pytest.raises(ConfigError, match="batch size is 0"):
        session.train("run", changed(ADAM, batch_size=0))
    coloured = {part: np.repeat(getattr(data, part), 3, axis=1) for part in ("train_images", "test_images")}
    session.dataset = dataclasses.replace(data, **coloured)
    with pytest.raises(DataError, match="3×8×8"):
        session.train("run", changed(ADAM, seed=9))
    assert (session.config, session.position) == (ADAM, position)
    assert_same(session.network.weights(), weights)


def reopened(session: Session, backend, data, folder: Path) -> Session:
    """Save the session as a model file and open it again."""
    path = folder / "model.safetensors"
    save_model(path, session.model({"mxnet": "1.9.1"}))
    model = load_model(path)
    return Session(backend, model.spec, model.config, data, model)


@pytest.mark.parametrize("name", ["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam"])
@pytest.mark.parametrize("batch", [3, BATCHES])
def test_a_saved_training_state_goes_on_bit_for_bit_from_the_middle_of_an_epoch(backend, data, tmp_path, name, batch):
    config = changed(ADAM, {"name": name})
    whole, begun = (Session(backend, SPEC, config, data) for _ in range(2))
    finish(whole)
    train_to(begun, batch)
    again = reopened(begun, backend, data, tmp_path)
    assert (again.position, again.config) == (begun.position, config)
    assert_same(moments(again), moments(begun))
    missing = changed(config, epochs=2 if batch < BATCHES else 1)
    assert finish(again, missing).position.epoch == 2
    assert_same(again.network.weights(), whole.network.weights())
    assert_same(moments(again), moments(whole))


def test_opening_keeps_history_and_names(backend, data, tmp_path):
    session = Session(backend, SPEC, ADAM, data)
    finish(session)
    again = reopened(session, backend, data, tmp_path)
    assert again.metrics == session.metrics
    assert (again.class_names, again.model({}).dataset) == (("left", "right"), "halves")
    alone = reopened(session, backend, None, tmp_path)
    assert alone.class_names == ("left", "right")
    assert_same(alone.network.weights(), session.network.weights())
    with pytest.raises(TrainingError, match="There is no data set"):
        alone.train("run")


def test_weights_without_a_state_begin_at_the_first_epoch(backend, data):
    trained = Session(backend, SPEC, ADAM, data)
    finish(trained)
    session = Session(backend, SPEC, ADAM, data, Model(spec=SPEC, weights=trained.network.weights()))
    assert (session.position, session.metrics, session.class_names) == (Position(), (), ("left", "right"))
    assert next(iter(session.train("run"))).start == Position()


def test_after_divergence_good_weights_are_there_and_fresh_moments_begin(backend, data, tmp_path):
    session = Session(backend, SPEC, changed(ADAM, epochs=1), data)
    finish(session)
    wild = changed(ADAM, {"name": "sgd", "learning_rate": 100.0, "weight_decay": 1.0}, epochs=5)
    finished = finish(session, wild)
    assert finished.reason == "diverged"
    assert all(np.isfinite(array).all() for array in session.network.weights().values())
    assert session.model({}).optimizer_state == {}
    for goes_on in (session, reopened(session, backend, data, tmp_path)):
        assert finish(goes_on, ADAM).reason == "completed"
        epochs = [m.epoch for m in goes_on.metrics]
        assert epochs == list(range(1, len(epochs) + 1))
        assert goes_on.metrics[-1].validation_accuracy > 0.9


class Failing:
    """A backend whose networks fail at a batch, as MXNet does when memory runs out: late, and once."""

    name, device, threads = "failing", "cpu", 2

    def __init__(self, backend: GluonBackend, batch: int) -> None:
        self._backend = backend
        self.left = batch

    def settle(self) -> None:
        self._backend.settle()

    def build(self, spec, weights):
        network = self._backend.build(spec, weights)
        train_batch = network.train_batch

        def fail_once(*arguments):
            self.left -= 1
            if self.left == 0:
                broken = {path: np.full_like(array, np.nan) for path, array in network.weights().items()}
                network.set_weights(broken)
                raise RuntimeError("[12:00:00] src/storage.cc:1: out of memory\nStack trace:\n  0 somewhere")
            return train_batch(*arguments)

        network.train_batch = fail_once
        return network


@pytest.mark.parametrize("batch", [1, 2, 14])
def test_a_failed_computation_puts_the_last_good_weights_back(backend, data, batch):
    session = Session(Failing(backend, batch), SPEC, ADAM, data)
    start = session.network.weights()
    events = list(session.train("run"))
    finished = events[-1]
    assert isinstance(finished, RunFinished) and finished.reason == "failed"
    assert finished.position == session.position
    assert "last good weights were put back" in finished.message
    assert finished.message.startswith("Memory ran out") and "Stack trace" not in finished.message
    assert all(np.isfinite(array).all() for array in session.network.weights().values())
    if batch == 1:
        assert_same(session.network.weights(), start)
    assert session.model({}).optimizer_state == {}
    assert finish(session).reason == "completed"
    assert session.metrics[-1].validation_accuracy > 0.9


def test_too_few_classes_are_refused_before_anything_is_built(data):
    class Unused:
        def build(self, spec, weights):
            raise AssertionError("built")

    arrays = (data.train_images, data.train_labels, data.test_images, data.test_labels)
    with pytest.raises(TrainingError, match="tiny tells 2 classes apart, but thirds has 3"):
        Session(Unused(), SPEC, ADAM, Dataset("thirds", *arrays, ("left", "middle", "right")))
    with pytest.raises(ConfigError, match="epochs is 0"):
        Session(Unused(), SPEC, changed(ADAM, epochs=0), data)


def test_more_classes_than_the_data_has_are_fine(backend, data):
    wide = NetworkSpec("wide", (1, 8, 8), (Flatten(), Dense(5)))
    session = Session(backend, wide, ADAM, data)
    assert session.class_names == ("left", "right", "2", "3", "4")
    assert finish(session).reason == "completed"


def test_the_answer_is_the_same_to_the_last_bit_whether_or_not_every_layer_is_shown(backend, data):
    session = Session(backend, SPEC, ADAM, data)
    finish(session)
    for index in range(20):
        image = data.test_images[index : index + 1] / np.float32(255)
        shown = session.network.classify(image, with_activations=True).result()
        assert list(shown.activations) == ["flatten1", "dense1", "relu1", "dropout1", "dense2"]
        np.testing.assert_array_equal(shown.probabilities, session.network.predict(image))


def test_test_probabilities_come_in_order_and_cover_all_images(backend, data):
    session = Session(backend, SPEC, ADAM, data)
    finish(session)
    answers = np.concatenate(list(session.test_probabilities())).argmax(axis=1)
    accuracy = (answers == data.test_labels).mean()
    assert accuracy == pytest.approx(session.metrics[-1].validation_accuracy)


def test_a_network_for_larger_images_learns_predicts_and_finds_the_same_mistakes(backend, data):
    spec = NetworkSpec("large", (1, 20, 12), (*SPEC.layers,))
    session = Session(backend, spec, ADAM, data)
    assert finish(session).reason == "completed"
    probabilities = np.concatenate(list(session.test_probabilities()))
    assert session.metrics[-1].validation_accuracy > 0.9
    assert (probabilities.argmax(axis=1) == data.test_labels).mean() == pytest.approx(
        session.metrics[-1].validation_accuracy
    )
    images = resize(data.test_images / np.float32(255), (20, 12))
    np.testing.assert_allclose(session.network.predict(images), probabilities, atol=1e-5)


WIDER = NetworkSpec("tiny", (1, 8, 8), (Flatten(), Dense(12), Activation("tanh"), Dense(12), Dense(2)))


def test_an_edited_network_keeps_what_was_not_touched_and_trains_on(backend, data):
    session = Session(backend, SPEC, ADAM, data)
    finish(session)
    trained = session.network.weights()

    edited = session.edited(WIDER)

    weights = edited.network.weights()
    np.testing.assert_array_equal(weights["dense1/weight"], trained["dense1/weight"])
    assert weights["dense2/weight"].shape == (12, 12)
    assert edited.metrics == session.metrics
    assert finish(edited).position.epoch == 4
    assert not np.array_equal(edited.network.weights()["dense1/weight"], trained["dense1/weight"])


def test_an_edit_that_is_taken_back_brings_back_what_it_lost(backend, data):
    session = Session(backend, SPEC, ADAM, data)
    finish(session)
    trained = session.network.weights()

    back = session.edited(WIDER).edited(SPEC)

    assert_same(back.network.weights(), trained)


def test_after_training_an_edit_begins_from_the_weights_of_now(backend, data):
    session = Session(backend, SPEC, ADAM, data)
    finish(session)
    edited = session.edited(WIDER)
    finish(edited)

    weights = edited.edited(SPEC).network.weights()

    np.testing.assert_array_equal(weights["dense1/weight"], edited.network.weights()["dense1/weight"])


def test_an_edit_that_does_not_fit_leaves_the_session_as_it_was(backend, data):
    session = Session(backend, SPEC, ADAM, data)
    before = session.network.weights()

    with pytest.raises(ShapeError):
        session.edited(NetworkSpec("tiny", (1, 8, 8), (Flatten(), Dense(1))))
    with pytest.raises(ShapeError, match="dense1"):
        session.edited(NetworkSpec("tiny", (1, 8, 8), (Dense(2),)))

    assert_same(session.network.weights(), before)
