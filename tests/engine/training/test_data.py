from __future__ import annotations

import numpy as np
import pytest

from engine.errors import DataError
from engine.training.config import TrainingConfig
from engine.training.data import place
from tests.engine.samples import MLP, build, samples


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
@pytest.mark.parametrize("shape", [(1, 6, 7), (3, 6, 6), (36,)])
def test_images_of_another_shape_are_refused(wrong, shape):
    right = (samples(MLP, 4).images, samples(MLP, 4).labels)
    bad = (np.zeros((4, *shape), np.uint8), right[1])
    parts = (bad, right) if wrong == "training" else (right, bad)

    with pytest.raises(DataError) as caught:
        place(build(MLP), TrainingConfig(), *parts)

    written = "×".join(map(str, shape))
    assert f"The images have shape {written}, but mlp takes 1×6×6" in str(caught.value)
