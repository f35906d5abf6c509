from __future__ import annotations

import numpy as np
import pytest

from engine.backends.choice import make_backend
from engine.data.synthetic import random_labels
from engine.networks import choose_network
from engine.session import Session
from engine.training.events import EpochDone


def test_noise_has_the_sizes_of_the_example_and_is_the_same_every_time():
    data, again, other = random_labels(), random_labels(), random_labels(seed=1)

    assert data.train_images.shape == (800, 1, 1, 99)
    assert data.test_images.shape == (200, 1, 1, 99)
    assert len(data.class_names) == 10
    np.testing.assert_array_equal(data.train_images, again.train_images)
    assert not np.array_equal(data.train_labels, other.train_labels)


def test_features_are_uniform_and_labels_know_nothing_of_them():
    data = random_labels()
    features = data.train_images.reshape(800, 99) / 255

    assert features.mean() == pytest.approx(0.5, abs=0.01)
    assert features.var() == pytest.approx(1 / 12, abs=0.005)
    counts = np.bincount(data.train_labels, minlength=10)
    assert counts.min() > 50 and counts.max() < 115
    for label in range(10):  # a mean of some 80 samples is off by less than five of its standard deviations
        assert abs(features[data.train_labels == label].mean(axis=0) - 0.5).max() < 5 * np.sqrt(1 / 12 / counts[label])


def test_a_network_learns_noise_by_heart_and_nothing_else():
    data = random_labels()
    chosen = choose_network("mlp-64", data.input_shape, 10)

    session = Session(make_backend("module"), chosen.spec, chosen.config, data)
    epochs = [event for event in session.train("run") if isinstance(event, EpochDone)]

    assert epochs[-1].train_accuracy >= 0.97  # running, within the epoch
    assert 0.04 <= epochs[-1].validation_accuracy <= 0.16
