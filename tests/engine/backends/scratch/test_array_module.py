"""The array module is a parameter: no NumPy function is ever given an array of another module, as CuPy's are."""

from __future__ import annotations

import numpy as np
import pytest

from engine.architecture.shapes import summarize
from engine.backends.base import StepSettings
from engine.backends.scratch.network import ScratchBackend
from engine.training.config import InitializerConfig, OptimizerConfig, OptimizerName
from engine.training.initializers import initial_weights
from tests.engine.backends.scratch import foreign
from tests.engine.backends.scratch.foreign import ForeignModule
from tests.engine.samples import EVERYTHING, masks, samples

SETTINGS = StepSettings(0.01, 0.9, 0.01)


def built(backend, name="sgd"):
    config = InitializerConfig("normal", scale=0.3, biases="drawn")
    network = backend.build(EVERYTHING, initial_weights(summarize(EVERYTHING), config, 0))
    network.prepare_training(OptimizerConfig(name, clip_norm=0.5, clip_value=0.3), "mean")
    batch = samples(EVERYTHING, 5)
    return network, network.place(batch.images, batch.labels)


def trained(backend, name):
    network, data = built(backend, name)
    drawn = masks(EVERYTHING, 5)
    figures = [network.train_batch(data, np.arange(5), drawn, SETTINGS).result() for _ in range(2)]
    return network, [*figures, network.evaluate_batch(data, 1, 4).result()]


@pytest.mark.parametrize("device", ["gpu", "gpu(0)", "gpu(1)"])
@pytest.mark.parametrize("name", OptimizerName.__args__)
def test_another_array_module_trains_the_same_and_gives_numpy_arrays_out(name, device):
    (ours, figures), (theirs, expected) = (
        trained(ScratchBackend(device, ForeignModule()), name),
        trained(ScratchBackend(), name),
    )

    assert figures == expected
    images = samples(EVERYTHING, 3, dtype=np.float32).images
    for mine, other in (
        (ours.weights(), theirs.weights()),
        (ours.gradients(), theirs.gradients()),
        (ours.optimizer_state(), theirs.optimizer_state()),
        (ours.activations(images), theirs.activations(images)),
        ({"p": ours.predict(images)}, {"p": theirs.predict(images)}),
        ({"w": ours.copy_weight("conv1/weight").result()}, {"w": theirs.copy_weight("conv1/weight").result()}),
    ):
        assert list(mine) == list(other)
        for key, value in mine.items():
            assert type(value) is np.ndarray
            assert np.array_equal(value, other[key]), key
    ours.set_optimizer_state(theirs.optimizer_state())
    ours.set_weights(theirs.weights())
    assert ours.activity(images).result() == theirs.activity(images).result()


def test_nothing_waits_for_the_gpu_until_a_result_is_read():
    network, data = built(ScratchBackend("gpu(0)", ForeignModule()), "adam")
    images = samples(EVERYTHING, 3, dtype=np.float32).images
    before = foreign.waits

    figures = network.train_batch(data, np.arange(5), masks(EVERYTHING, 5), SETTINGS)
    validated = network.evaluate_batch(data, 0, 5)
    answer = network.classify(images, with_activations=True)
    copy = network.copy_weight("conv1/weight")
    assert foreign.waits == before

    assert figures.result().loss > 0 and validated.result().loss > 0
    assert answer.result().probabilities.sum(axis=1) == pytest.approx([1, 1, 1])
    assert np.array_equal(copy.result(), network.weights()["conv1/weight"])


def test_a_result_is_that_of_its_moment_whatever_was_trained_since():
    network, data = built(ScratchBackend("gpu(0)", ForeignModule()))
    before = network.weights()["conv1/weight"]

    copy = network.copy_weight("conv1/weight")
    network.train_batch(data, np.arange(5), masks(EVERYTHING, 5), SETTINGS)

    assert np.array_equal(copy.result(), before)
    assert not np.array_equal(network.weights()["conv1/weight"], before)


def test_copies_that_nobody_read_keep_their_memory_until_they_are_there():
    backend = ScratchBackend("gpu(0)", ForeignModule())
    network, data = built(backend)
    for _ in range(3):
        network.train_batch(data, np.arange(5), masks(EVERYTHING, 5), SETTINGS)
    assert len(backend._place._coming) == 3

    network.evaluate_batch(data, 0, 5).result()
    network.evaluate_batch(data, 0, 5)
    assert len(backend._place._coming) == 1  # the others are there

    backend.settle()
    assert backend._place._coming == []
