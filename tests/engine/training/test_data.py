from __future__ import annotations

import numpy as np
import pytest

from engine.architecture.layers import Conv2D, Dense, Flatten
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize
from engine.data.resizing import resize
from engine.errors import DataError
from engine.training.config import TrainingConfig
from engine.training.data import check_images, evaluation_batch, fit_images, place
from tests.engine.samples import MLP, build, samples

VECTORS = NetworkSpec("vectors", (36,), (Dense(3),))


def test_limits_take_the_first_samples_of_each_part():
    train, validation = samples(MLP, 20, seed=0), samples(MLP, 12, seed=1)
    network = build(MLP)
    config = TrainingConfig(limit_train=5, limit_validation=3)

    data = place(network, config, (train.images, train.labels), (validation.images, validation.labels))

    assert (len(data.train), len(data.validation)) == (5, 3)
    whole = network.place(train.images, train.labels)
    assert network.evaluate_batch(data.train, 0, 5).result() == network.evaluate_batch(whole, 0, 5).result()


def test_without_limits_and_with_limits_beyond_the_data_all_is_taken():
    part = (samples(MLP, 20).images, samples(MLP, 20).labels)

    for config in (TrainingConfig(), TrainingConfig(limit_train=100, limit_validation=21)):
        data = place(build(MLP), config, part, part)
        assert (len(data.train), len(data.validation)) == (20, 20)


@pytest.mark.parametrize("wrong", ["training", "validation"])
@pytest.mark.parametrize("shape", [(3, 6, 6), (3, 12, 12), (36,), (6, 6)])
def test_images_that_no_resizing_makes_fit_are_refused(wrong, shape):
    right = (samples(MLP, 4).images, samples(MLP, 4).labels)
    bad = (np.zeros((4, *shape), np.uint8), right[1])
    parts = (bad, right) if wrong == "training" else (right, bad)

    with pytest.raises(DataError) as caught:
        place(build(MLP), TrainingConfig(), *parts)

    written = "×".join(map(str, shape))
    assert f"The images have shape {written}, but mlp takes 1×6×6" in str(caught.value)


@pytest.mark.parametrize("shape", [(1, 6, 6), (36,), (4, 3, 3)])
def test_a_network_of_vectors_takes_as_many_values_in_any_form(shape):
    images = np.random.default_rng(0).random((2, *shape), np.float32)

    assert np.array_equal(fit_images(VECTORS, images), images.reshape(2, 36))
    with pytest.raises(DataError, match=r"^The images have shape 1×6×7, but vectors takes 36;"):
        check_images(VECTORS, np.zeros((2, 1, 6, 7)))


@pytest.mark.parametrize("size", [(6, 6), (28, 28), (3, 40)])
def test_images_for_a_prediction_are_resized_to_the_network(size):
    images = np.random.default_rng(0).random((2, 1, *size), np.float32)

    assert np.array_equal(fit_images(MLP, images), resize(images, (6, 6)))
    with pytest.raises(DataError, match="The images have shape 3×6×6, but mlp takes 1×6×6"):
        fit_images(MLP, np.zeros((2, 3, 6, 6), np.float32))


@pytest.mark.parametrize(
    ("side", "channels", "expected"),
    [(28, 64, 256), (64, 32, 256), (64, 33, 248), (224, 64, 10), (4096, 1, 2), (4096, 16, 1)],
)
def test_networks_with_large_layers_are_evaluated_in_small_batches(side, channels, expected):
    layers = (Conv2D(channels, (1, 1)), Conv2D(1, (1, 1), stride=(64, 64)), Flatten(), Dense(10))

    assert evaluation_batch(summarize(NetworkSpec("net", (1, side, side), layers))) == expected


def test_a_network_without_layers_is_evaluated_as_any_other():
    assert evaluation_batch(summarize(NetworkSpec("net", (10,), ()))) == 256


def test_large_images_are_evaluated_in_small_batches_although_no_layer_gives_much():
    layers = (Conv2D(1, (64, 64), stride=(64, 64)), Flatten(), Dense(10))

    assert evaluation_batch(summarize(NetworkSpec("net", (2, 2048, 2048), layers))) == 4
