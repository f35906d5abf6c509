"""What Module adds that can go wrong: arrays bound once and shared by graphs and batch sizes."""

from __future__ import annotations

import numpy as np
import pytest

from engine.backends.mxnet import runtime
from engine.backends.mxnet.gluon import GluonBackend
from engine.backends.mxnet.module import ModuleBackend
from engine.training.config import OptimizerConfig
from tests.engine.backends.reference import Reference
from tests.engine.samples import EVERYTHING, MLP, SETTINGS, build, masks, samples


@pytest.fixture(params=["cpu", "cpu(1)"])
def network(request):
    return build(EVERYTHING, ModuleBackend(request.param))


def test_figures_asked_for_late_are_those_of_their_own_batch(network):
    """The next batch is computed into the same memory."""
    network.prepare_training(OptimizerConfig("sgd"), "mean")
    batch = samples(EVERYTHING, 12)
    data = network.place(batch.images, batch.labels)
    other = build(EVERYTHING, GluonBackend("cpu"))
    other.prepare_training(OptimizerConfig("sgd"), "mean")
    placed = other.place(batch.images, batch.labels)
    parts = np.split(np.arange(12), [5, 10])

    late = [network.train_batch(data, part, masks(EVERYTHING, len(part)), SETTINGS) for part in parts]
    late += [network.evaluate_batch(data, start, start + 3) for start in (0, 3, 6, 9)]
    soon = [other.train_batch(placed, part, masks(EVERYTHING, len(part)), SETTINGS).result() for part in parts]
    soon += [other.evaluate_batch(placed, start, start + 3).result() for start in (0, 3, 6, 9)]

    for ours, theirs in zip(late, soon, strict=True):
        assert ours.result().loss == pytest.approx(theirs.loss, rel=1e-3)


def test_every_graph_follows_the_weights_however_they_change(network):
    batch = samples(EVERYTHING, 9, dtype=np.float32)
    data = network.place(batch.images, batch.labels)

    last = EVERYTHING.layers[-1].name

    def check():
        reference = Reference(EVERYTHING, network.weights())
        loss = reference.losses(batch.images[4:], batch.labels[4:]).sum()
        logits = reference.logits(batch.images)
        expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        conv1 = network.activity(batch.images).result()["conv1"]

        assert network.evaluate_batch(data, 4, 9).result().loss == pytest.approx(loss, rel=1e-3)
        np.testing.assert_allclose(network.activations(batch.images)[last], logits, rtol=1e-3, atol=1e-3)
        np.testing.assert_allclose(network.predict(batch.images[:2]), expected[:2], rtol=1e-3, atol=1e-4)
        assert conv1.mean == pytest.approx(reference.outputs["conv1"].mean(), rel=1e-3, abs=1e-4)

    check()
    for reduction in ("mean", "sum", "mean"):
        network.prepare_training(OptimizerConfig("momentum"), reduction)
        network.train_batch(data, np.arange(7), masks(EVERYTHING, 7), SETTINGS).result()
        check()
    network.set_weights({path: weight / 2 for path, weight in network.weights().items()})
    check()


@pytest.mark.parametrize("count", [3, 9])
def test_a_batch_that_found_no_memory_can_be_tried_again(network, count, monkeypatch):
    network.prepare_training(OptimizerConfig("sgd"), "sum")
    batch = samples(EVERYTHING, 9, dtype=np.float32)
    data = network.place(batch.images, batch.labels)
    network.predict(batch.images[:5])
    network.train_batch(data, np.arange(5), masks(EVERYTHING, 5), SETTINGS).result()
    before = network.weights()

    def full(*_, **__):
        raise MemoryError

    with monkeypatch.context() as nowhere:
        nowhere.setattr(runtime.load().executor.Executor, "reshape", full)
        with pytest.raises(MemoryError):
            network.predict(batch.images[:count])
        with pytest.raises(MemoryError):
            network.train_batch(data, np.arange(count), masks(EVERYTHING, count), SETTINGS)

    again = network.predict(batch.images[:count])
    loss = network.train_batch(data, np.arange(count), masks(EVERYTHING, count), SETTINGS).result().loss
    fresh = ModuleBackend("cpu").build(EVERYTHING, before).predict(batch.images[:count])
    np.testing.assert_allclose(again, fresh, rtol=1e-4, atol=1e-6)
    reference = Reference(EVERYTHING, before, training=True, masks=masks(EVERYTHING, count))
    assert loss == pytest.approx(reference.losses(batch.images[:count], batch.labels[:count]).sum(), rel=1e-3)


def test_mxnet_tells_nothing_on_the_error_output(capfd):
    network = build(MLP, ModuleBackend("cpu"))
    network.prepare_training(OptimizerConfig("sgd"), "sum")
    batch = samples(MLP, 10)
    data = network.place(batch.images, batch.labels)
    for count in (4, 10, 2):
        network.train_batch(data, np.arange(count), {}, SETTINGS).result()
        network.evaluate_batch(data, 0, count).result()

    network.activations(batch.images / 255)

    assert capfd.readouterr() == ("", "")
