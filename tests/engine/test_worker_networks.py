"""Which network a worker has after a run that failed, was refused, or went on with another network or backend."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from engine import messages as m
from engine.architecture.layers import Activation, Dense, Flatten
from engine.architecture.network import NetworkSpec
from engine.backends.mxnet.gluon import GluonBackend
from engine.training.config import OptimizerConfig, TrainingConfig
from engine.training.events import RunFinished, RunStarted
from engine.worker import Worker
from tests.engine.conftest import make_dataset
from tests.engine.listening import CONFIG, SPEC, Listener, train

EDITED = NetworkSpec(
    "tiny", (1, 28, 28), (Flatten(), Dense(16), Activation("tanh"), Dense(8), Activation("relu"), Dense(2))
)  # fmt: skip


def test_divergence_puts_good_weights_back_and_says_so(listener):
    linear = NetworkSpec("linear", (1, 28, 28), (Flatten(), Dense(16), Dense(16), Dense(16), Dense(2)))
    wild = TrainingConfig(optimizer=OptimizerConfig("sgd", learning_rate=100.0), batch_size=20, epochs=50)
    listener.ask(m.Train("run 1", linear, wild, "cpu"), RunStarted)
    finished = listener.wait_for_kind(RunFinished)
    assert finished.reason == "diverged" and "learning rate" in finished.message
    weights = listener.ask(m.ReadWeights("dense1/weight"), m.WeightsRead)
    assert np.isfinite(weights.values).all()


def test_a_network_that_does_not_fit_leaves_the_old_one_alive(listener):
    train(listener)
    listener.wait_for_kind(RunFinished)
    one_class = NetworkSpec("one", (1, 28, 28), (Flatten(), Dense(1)))
    colour = NetworkSpec("colour", (3, 28, 28), (Flatten(), Dense(2)))
    for spec in (one_class, colour):
        assert listener.ask(m.Train("run 2", spec, CONFIG, "cpu"), m.CommandFailed).error.values
    assert listener.ask(m.ReadWeights("dense1/weight"), m.WeightsRead).values.shape == (16, 784)


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


class OutOfMemory:
    """A backend for which one network is too large: its first batch fails, late, as MXNet's do."""

    name, threads = "out-of-memory", 2

    def __init__(self, _name: str, device: str, _threads: int | None = None) -> None:
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
    listener.ask(msgspec.structs.replace(command, ignore_memory=True), RunStarted)
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
