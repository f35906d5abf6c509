"""The networks that are quick on MNIST: what makes them so, and that they learn at the pace they promise.

Whether they reach 99.0% and 99.5% on the whole of MNIST, and in how many seconds, is measured by
scripts/quick_networks.py, which takes minutes.
"""

from __future__ import annotations

import msgspec
import pytest

from engine.architecture.layers import BatchNorm, Conv2D, Dropout, MaxPool2D
from engine.architecture.shapes import summarize
from engine.architecture.zoo import experiment
from engine.backends.mxnet.gluon import GluonBackend
from engine.data.catalog import load_dataset
from engine.session import Session
from engine.training.events import EpochDone

QUICK = ["quick-99", "quick-99.5"]


@pytest.mark.parametrize("name", QUICK)
def test_channels_are_those_that_mxnet_computes_fast(name):
    assert all(layer.channels % 16 == 0 for layer in experiment(name).network().layers if isinstance(layer, Conv2D))


@pytest.mark.parametrize("name", QUICK)
def test_normalisation_sees_what_pooling_left(name):
    layers = experiment(name).network().layers
    for place, layer in enumerate(layers):
        if isinstance(layer, MaxPool2D):
            assert isinstance(layers[place - 1], Conv2D)
            assert isinstance(layers[place + 1], BatchNorm)


@pytest.mark.parametrize("name", QUICK)
def test_dropout_masks_are_drawn_for_vectors_alone(name):
    summary = summarize(experiment(name).network())
    assert all(len(entry.output_shape) == 1 for entry in summary.layers if isinstance(entry.layer, Dropout))


def test_the_more_exact_one_costs_more():
    quick, exact = (summarize(experiment(name).network()) for name in QUICK)
    assert quick.multiply_adds < 0.9e6
    assert quick.multiply_adds < exact.multiply_adds < 3e6


@pytest.mark.parametrize(
    ("name", "images", "epochs", "least"), [("quick-99", 5000, 2, 0.95), ("quick-99.5", 3000, 2, 0.9)]
)
def test_a_small_part_of_mnist_is_enough_to_see_it_learn(name, images, epochs, least):
    chosen = experiment(name)
    config = msgspec.structs.replace(chosen.config, epochs=epochs, limit_train=images, limit_validation=2000)
    session = Session(GluonBackend("cpu"), chosen.network(), config, load_dataset("mnist"))

    last = [event for event in session.train("run") if isinstance(event, EpochDone)][-1]

    assert last.validation_accuracy > least
