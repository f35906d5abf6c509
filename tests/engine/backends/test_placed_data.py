"""What every backend does to images between where they lie and the network."""

from __future__ import annotations

import numpy as np
import pytest

from engine.architecture.layers import Conv2D, Dense, Flatten, MaxPool2D
from engine.architecture.network import NetworkSpec
from engine.backends.base import StepSettings
from engine.data.resizing import resize
from engine.training.augmentation import shifted
from engine.training.config import OptimizerConfig
from tests.engine.samples import build

STEP = StepSettings(learning_rate=0.1, momentum=0.9, weight_decay=0.0)
LABELS = np.array([0, 1, 2, 0, 1])


def network_for(backend, shape):
    """A network whose weights depend on every pixel of an image of this shape."""
    spec = NetworkSpec("small", shape, (Conv2D(2, (2, 2)), MaxPool2D(), Flatten(), Dense(3)))
    return build(spec, backend)


def trained(backend, shape, images, **arguments):
    """Return the figures and the weights after one batch of samples 3, 0 and 4."""
    network = network_for(backend, shape)
    network.prepare_training(OptimizerConfig("momentum"), "mean")
    data = network.place(images, LABELS)
    figures = network.train_batch(data, np.array([3, 0, 4]), {}, STEP, **arguments).result()
    return figures, network.weights()


def assert_same_training(ours, theirs):
    assert ours[0].loss == pytest.approx(theirs[0].loss, rel=1e-5)
    assert ours[0].correct == theirs[0].correct
    for path, weight in ours[1].items():
        np.testing.assert_allclose(weight, theirs[1][path], atol=1e-6, err_msg=path)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("shape", [(2, 17, 21), (2, 5, 4), (2, 8, 16), (2, 10, 4)], ids=str)
def test_images_of_another_size_are_resized_on_their_way(backend, shape, dtype):
    grey = np.random.default_rng(0).integers(0, 256, (5, 2, 8, 10), np.uint8)
    scaled = grey / np.float32(255)
    images, resized = grey if dtype is np.uint8 else scaled, resize(scaled, shape[1:])
    network = network_for(backend, shape)

    for start, stop in ((0, 5), (2, 3)):
        ours, theirs = (
            network.evaluate_batch(network.place(given, LABELS), start, stop).result() for given in (images, resized)
        )
        assert ours.loss == pytest.approx(theirs.loss, rel=1e-5)
        assert ours.correct == theirs.correct
    assert_same_training(trained(backend, shape, images), trained(backend, shape, resized))


@pytest.mark.parametrize("shape", [(2, 8, 10), (2, 16, 5)], ids=str)
def test_images_are_moved_before_they_are_resized(backend, shape):
    images = np.random.default_rng(0).integers(0, 256, (5, 2, 8, 10), np.uint8)
    shifts = np.array([[1, -2], [0, 0], [-3, 2]])
    moved = images.copy()
    moved[[3, 0, 4]] = shifted(images[[3, 0, 4]], shifts)

    assert_same_training(trained(backend, shape, images, shifts=shifts), trained(backend, shape, moved))


def test_a_network_of_vectors_takes_images_of_as_many_values(backend):
    spec = NetworkSpec("net", (12,), (Dense(3),))
    images = np.random.default_rng(0).integers(0, 256, (5, 1, 3, 4), np.uint8)
    network = build(spec, backend)

    ours, theirs = (
        network.evaluate_batch(network.place(given, LABELS), 1, 4).result() for given in (images, images.reshape(5, 12))
    )

    assert ours == theirs
