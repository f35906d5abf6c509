"""One network in two backends: nothing differs but rounding, and a fault shows at once."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from engine.architecture.layers import Activation, Dense, Dropout, Flatten
from engine.architecture.network import NetworkSpec
from engine.architecture.zoo import experiment
from engine.backends.base import StepSettings
from engine.backends.choice import BACKEND_NAMES, make_backend
from engine.backends.scratch import layers as scratch_layers
from engine.data.catalog import load_dataset
from engine.errors import NetariumError
from engine.session import Session
from engine.training.config import OptimizerConfig, ScheduleConfig, TrainingConfig
from engine.training.events import BatchesDone
from engine.twin import Difference, check_room, largest_difference, twin_run
from tests.engine.samples import DROPOUT_MLP, build, masks, samples

SPEC = NetworkSpec("small", (1, 28, 28), (Flatten(), Dense(16), Activation("relu"), Dropout(0.3), Dense(2)))
CONFIG = TrainingConfig(
    optimizer=OptimizerConfig("momentum", learning_rate=0.05), batch_size=30, epochs=1, shift=1,
    schedule=ScheduleConfig("cosine"),
)  # fmt: skip


def run(halves, first="gluon", second="scratch", batches=5, config=CONFIG, spec=SPEC):
    return list(twin_run(spec, config, halves, (make_backend(first), make_backend(second)), batches))


@pytest.mark.parametrize("name", BACKEND_NAMES)
def test_a_backend_beside_itself_gives_no_difference_at_all(halves, name):
    steps = run(halves, name, name)
    assert [step.step for step in steps] == [1, 2, 3, 4, 5]
    for step in steps:
        assert step.losses[0] == step.losses[1] and step.loss_difference == 0
        assert step.weight_difference == step.gradient_difference == Difference(0.0, 0.0, "")
    assert steps[0].losses != steps[-1].losses


@pytest.mark.parametrize("name", BACKEND_NAMES[1:])
def test_two_backends_differ_by_rounding_only(halves, name):
    for step in run(halves, "gluon", name):
        assert step.loss_difference == abs(step.losses[0] - step.losses[1]) < 1e-5
        assert step.weight_difference.relative < 1e-5 and step.gradient_difference.relative < 1e-4


def test_fifty_batches_of_a_perceptron_agree():
    chosen = experiment("mlp-128-64")
    optimizer = OptimizerConfig("sgd", learning_rate=0.1)
    config = msgspec.structs.replace(chosen.config, optimizer=optimizer, limit_train=2000)
    steps = run(load_dataset("mnist"), batches=50, config=config, spec=chosen.network())
    assert len(steps) == 50
    assert max(step.loss_difference for step in steps) < 1e-3
    assert max(step.weight_difference.absolute for step in steps) > 0  # it is rounding, and two ways to compute


def test_it_is_the_run_that_training_would_be(halves):
    """The losses are those of a run of its own: the same weights, order, masks, shifts and rates."""
    session = Session(make_backend("gluon"), SPEC, CONFIG, halves)
    session.live.synchronous = True
    alone = [event.losses for event in session.train("run") if isinstance(event, BatchesDone)]
    assert [step.losses[0] for step in run(halves, batches=14)] == np.concatenate(alone).tolist()


def test_there_may_be_more_batches_than_the_epochs_of_the_settings_have(halves):
    steps = run(halves, batches=31)  # an epoch has 14
    assert len(steps) == 31
    assert steps[30].loss_difference < 1e-4


def test_a_fault_shows_in_the_first_gradients(halves, monkeypatch):
    right = scratch_layers.Dense.backward

    def wrong(self, dy):
        back = right(self, dy)
        self.weight.gradient[...] *= 1.001
        return back

    sound = run(halves, batches=1)[0]
    monkeypatch.setattr(scratch_layers.Dense, "backward", wrong)
    (faulty,) = run(halves, batches=1)
    assert faulty.losses == sound.losses  # computed before the weights were changed
    assert faulty.gradient_difference.relative > 100 * sound.gradient_difference.relative
    assert faulty.gradient_difference.path.endswith("/weight")
    assert faulty.weight_difference.absolute > 100 * sound.weight_difference.absolute


def test_gradients_are_compared_although_some_backends_clip_them_in_place(halves):
    optimizer = msgspec.structs.replace(CONFIG.optimizer, clip_norm=0.01)
    config = msgspec.structs.replace(CONFIG, optimizer=optimizer)
    for step in run(halves, config=config):
        assert 0 < step.gradient_difference.absolute
        assert step.gradient_difference.relative < 1e-4


def test_the_weights_of_a_large_network_are_compared_now_and_then(halves):
    large = NetworkSpec("large", (1, 28, 28), (Flatten(), Dense(3000), Dense(2)))  # 2.4 million
    compared = [step.weight_difference is not None for step in run(halves, spec=large, batches=8)]
    assert compared == [True, False, True, False, False, True, False, True]


def test_a_loss_that_is_no_longer_finite_ends_it_in_words(halves):
    optimizer = OptimizerConfig("sgd", learning_rate=100.0)
    deep = NetworkSpec("deep", (1, 28, 28), (Flatten(), *(Dense(64) for _ in range(6)), Dense(2)))
    with pytest.raises(NetariumError, match="infinite or undefined with gluon after"):
        run(halves, batches=50, spec=deep, config=TrainingConfig(optimizer=optimizer, batch_size=30))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"batches": 0}, "config.out_of_range"),
        ({"spec": NetworkSpec("one", (1, 28, 28), (Flatten(), Dense(1)))}, "shape.not_a_classifier"),
        ({"spec": NetworkSpec("colour", (3, 28, 28), (Flatten(), Dense(2)))}, "data.shape"),
        ({"spec": NetworkSpec("bare", (1, 28, 28), (Flatten(),))}, "training.no_parameters"),
    ],
)
def test_what_cannot_be_trained_is_refused(halves, changes, code):
    with pytest.raises(NetariumError) as refusal:
        run(halves, **changes)
    assert refusal.value.code == code


def test_room_is_needed_for_both(monkeypatch):
    spec = experiment("lenet-tanh").network()
    check_room(spec, TrainingConfig(), "cpu")
    monkeypatch.setattr("engine.estimates.cost.available_memory", lambda device: 10 * 2**20)
    with pytest.raises(NetariumError, match="Training lenet-tanh twice with batches of 100 takes about"):
        check_room(spec, TrainingConfig(), "cpu")


def test_the_largest_difference_names_its_tensor():
    ours = {"a": np.array([1.0, -8.0]), "b": np.array([[3.0]]), "empty": np.zeros((0, 2))}
    theirs = {"a": np.array([1.0, -8.5]), "b": np.array([[1.0]]), "empty": np.zeros((0, 2))}
    assert largest_difference(ours, theirs) == Difference(2.0, 2.0 / 8.5, "b")
    assert largest_difference(ours, ours) == Difference(0.0, 0.0, "")
    broken = ours | {"a": np.array([np.nan, 0.0])}
    assert largest_difference(broken, ours).absolute == largest_difference(ours, broken).absolute == np.inf


@pytest.mark.parametrize("name", BACKEND_NAMES)
def test_every_backend_tells_the_gradients_that_changed_the_weights(name):
    batch = samples(DROPOUT_MLP, 20)
    network = build(DROPOUT_MLP, make_backend(name))
    network.prepare_training(OptimizerConfig("sgd"), "mean")
    before = network.weights()
    settings = StepSettings(learning_rate=1.0, momentum=0.0, weight_decay=0.0)
    data = network.place(batch.images, batch.labels)
    network.train_batch(data, np.arange(20), masks(DROPOUT_MLP, 20), settings).result()
    gradients, after = network.gradients(), network.weights()
    assert gradients.keys() == before.keys()
    for path, gradient in gradients.items():
        np.testing.assert_allclose(before[path] - after[path], gradient, atol=1e-6, err_msg=path)
        assert np.abs(gradient).max() > 1e-4
    gradients["dense1/weight"][:] = 0  # copies: nobody else's
    assert np.abs(network.gradients()["dense1/weight"]).max() > 0
