"""Every network of the zoo, at its own size and with its own settings, trains for real."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from engine.architecture.layers import BatchNorm
from engine.architecture.network import walk
from engine.architecture.shapes import summarize
from engine.architecture.zoo import EXPERIMENTS, experiment
from engine.backends.mxnet.gluon import GluonBackend
from engine.storage.model_file import Model, load_model, save_model
from engine.training.data import place
from engine.training.events import BatchesDone
from engine.training.initializers import initial_weights
from engine.training.live import LiveSettings
from engine.training.loop import train
from tests.engine.samples import samples

# A learning rate of 0.9 goes too far at first.
STEPS = dict.fromkeys(EXPERIMENTS, 6) | {"lenet-sigmoid": 12}


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_few_batches_lower_the_loss_and_reach_the_first_layer(name):
    chosen = experiment(name)
    spec = chosen.network()
    fresh = initial_weights(summarize(spec), chosen.config.initializer, chosen.config.seed)
    network = GluonBackend("cpu").build(spec, fresh)
    size, steps = 4 if name.endswith("-original") else 16, STEPS[name]
    # One batch over and over: what a network can learn soonest.
    config = msgspec.structs.replace(
        chosen.config, batch_size=size, epochs=steps, sampling="shuffled", limit_train=None, limit_validation=None
    )
    network.prepare_training(config.optimizer, config.loss_reduction)
    batch = samples(spec, size)
    part = (batch.images, batch.labels)
    data = place(network, config, part, part)
    before = network.evaluate_batch(data.train, 0, size).result().loss
    events = list(train(network, data, config, live=LiveSettings(spec, config.optimizer, report_every=0)))
    losses = [event.losses[-1] for event in events if isinstance(event, BatchesDone)]

    assert len(losses) == steps
    assert np.isfinite(losses).all()
    if any(isinstance(place.layer, BatchNorm) for place in walk(spec.layers)):
        # Six batches do not settle the running statistics that an evaluation relies on.
        assert losses[-1] < losses[0]
    else:
        assert network.evaluate_batch(data.train, 0, size).result().loss < before
    trained = network.weights()
    still = [p.path for p in summarize(spec).parameters if np.array_equal(trained[p.path], fresh[p.path])]
    assert not still
    first = summarize(spec).parameters[0].path
    change = np.linalg.norm(trained[first] - fresh[first]) / np.linalg.norm(fresh[first])
    optimizer = config.optimizer
    assert change > 1e-6 + 10 * steps * optimizer.weight_decay * optimizer.learning_rate / (1 - optimizer.momentum)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_network_survives_the_way_through_a_model_file(name, tmp_path):
    chosen = experiment(name)
    # The originals in a sixteenth of their width: what is asked is whether every tensor finds its place.
    narrow = {"width": 0.0625, "image_size": 96} if name.endswith("-original") else {}
    spec = chosen.network(**narrow)
    weights = initial_weights(summarize(spec), chosen.config.initializer, 1)
    save_model(tmp_path / "model.safetensors", Model(spec=spec, weights=weights, config=chosen.config))
    opened = load_model(tmp_path / "model.safetensors")

    assert (opened.spec, opened.config) == (spec, chosen.config)
    assert list(opened.weights) == list(weights)
    assert all(np.array_equal(opened.weights[path], weights[path]) for path in weights)
