"""The same network, weights, batch and masks give the same in all of MXNet's backends."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import numpy as np
import pytest

from engine.architecture.layers import BatchNorm
from engine.architecture.network import NetworkSpec, walk
from engine.architecture.shapes import summarize
from engine.architecture.zoo import EXPERIMENTS, experiment
from engine.backends.base import Backend, Network
from engine.backends.choice import make_backend
from engine.data.catalog import load_dataset
from engine.training.config import OptimizerConfig, Reduction
from engine.training.initializers import initial_weights
from tests.engine.samples import DROPOUT_MLP, EVERYTHING, MLP, SETTINGS, build, masks, samples

OTHERS = ("module", "ndarray")
SMALL = tuple(name for name in EXPERIMENTS if not name.endswith("-original"))
# Fifty batches of these take a second or two.
SMALLEST = tuple(name for name in SMALL if summarize(experiment(name).network()).multiply_adds < 3e6)


class Pass(NamedTuple):
    """One pass forward and backward, and what it left."""

    loss: float
    gradients: dict[str, np.ndarray]
    weights: dict[str, np.ndarray]
    probabilities: np.ndarray


def one_pass(network: Network, reduction: Reduction, count: int = 8) -> Pass:
    spec, batch = network.spec, samples(network.spec, count)
    # A first step of momentum at rate 1 leaves -g in the velocity, exactly.
    network.prepare_training(OptimizerConfig("momentum"), reduction)
    settings = msgspec.structs.replace(SETTINGS, learning_rate=1.0)
    data = network.place(batch.images, batch.labels)
    probabilities = network.predict((batch.images / 255).astype(np.float32))
    loss = network.train_batch(data, np.arange(count), masks(spec, count), settings).result().loss
    moments = network.optimizer_state().items()
    gradients = {name.removesuffix(":momentum"): -moment for name, moment in moments if name.endswith(":momentum")}
    return Pass(loss, gradients, network.weights(), probabilities)


def differing(ours: Pass, theirs: Pass) -> list[str]:
    """Return the parameters whose gradients differ; everything else must agree."""
    assert ours.loss == pytest.approx(theirs.loss, rel=1e-5)
    np.testing.assert_allclose(ours.probabilities, theirs.probabilities, atol=1e-5)
    largest = max(np.linalg.norm(gradient) for gradient in theirs.gradients.values())
    assert list(ours.gradients) == list(theirs.gradients)
    for path in set(theirs.weights) - set(theirs.gradients):  # the running statistics
        np.testing.assert_allclose(ours.weights[path], theirs.weights[path], rtol=1e-4, atol=1e-5, err_msg=path)
    return [
        path
        for path, gradient in theirs.gradients.items()
        if np.linalg.norm(ours.gradients[path] - gradient) > 1e-4 * np.linalg.norm(gradient) + 1e-5 * largest
    ]


def from_zoo(name: str, backend: Backend, seed: int = 0) -> Network:
    chosen = experiment(name)
    spec = chosen.network()
    return backend.build(spec, initial_weights(summarize(spec), chosen.config.initializer, seed))


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("spec", [MLP, DROPOUT_MLP, EVERYTHING], ids=lambda spec: spec.name)
def test_one_pass_through_every_kind_of_layer_agrees(spec: NetworkSpec, reduction: Reduction, other: str):
    passes = [one_pass(build(spec, make_backend(name)), reduction) for name in (other, "gluon")]

    assert differing(*passes) == []


@pytest.mark.parametrize("name", SMALL)
def test_one_pass_through_a_network_of_the_zoo_agrees(name):
    """Rounding may turn a ReLU of a deep network on in one of them; then other weights have to tell.

    A derivative that is wrong is so for all weights.
    """
    open_questions = {other: ["not compared"] for other in OTHERS}
    for seed in range(5):
        gluons = one_pass(from_zoo(name, make_backend("gluon"), seed), experiment(name).config.loss_reduction)
        for backend, before in open_questions.items():
            if before:
                ours = one_pass(from_zoo(name, make_backend(backend), seed), experiment(name).config.loss_reduction)
                open_questions[backend] = differing(ours, gluons)
        if not any(open_questions.values()):
            break

    assert open_questions == {other: [] for other in OTHERS}


@pytest.mark.parametrize("name", SMALLEST)
def test_fifty_steps_agree(name):
    config = experiment(name).config
    networks = [from_zoo(name, make_backend(backend)) for backend in ("gluon", *OTHERS)]
    spec = networks[0].spec
    # With batch normalisation a larger rate makes chaos of rounding.
    normalised = any(isinstance(place.layer, BatchNorm) for place in walk(spec.layers))
    settings = msgspec.structs.replace(
        SETTINGS, learning_rate=0.001 if normalised else config.optimizer.learning_rate, momentum=0.0
    )
    # Their own rates are for images as dark as these and, in the case of the fast ones, for larger batches.
    digits, size = load_dataset("mnist"), 128 if summarize(spec).multiply_adds < 5e5 else 16
    losses = []
    for network in networks:
        network.prepare_training(OptimizerConfig("sgd"), config.loss_reduction)
        data = network.place(digits.test_images, digits.test_labels)
        losses.append(
            [
                network.train_batch(data, part, masks(spec, size, step), settings).result().loss / size
                for step, part in enumerate(np.arange(50 * size).reshape(50, size))
            ]
        )

    assert losses[0][-1] != losses[0][0]
    for other in losses[1:]:
        np.testing.assert_allclose(other, losses[0], atol=1e-3)


@pytest.mark.parametrize("name", ["momentum", "nesterov", "adam"])
def test_a_run_goes_on_in_another_backend(name):
    """Weights and moments move; nothing remembers which backend they come from."""
    optimizer = OptimizerConfig(name, clip_norm=1.0)
    settings = msgspec.structs.replace(SETTINGS, learning_rate=0.01, weight_decay=0.01)
    batch = samples(DROPOUT_MLP, 20)

    def run(*backends: str) -> dict[str, np.ndarray]:
        network = build(DROPOUT_MLP, make_backend(backends[0]))
        state: dict[str, np.ndarray] = {}
        for number, backend in enumerate(backends):
            network = make_backend(backend).build(DROPOUT_MLP, network.weights())
            network.prepare_training(optimizer, "mean")
            if state:
                network.set_optimizer_state(state)
            data = network.place(batch.images, batch.labels)
            for step in range(4 * number, 4 * number + 4):
                network.train_batch(data, np.arange(20), masks(DROPOUT_MLP, 20, step), settings).result()
            state = network.optimizer_state()
        return network.weights()

    alone, passed = run("gluon", "gluon", "gluon"), run("module", "ndarray", "gluon")

    for path, weight in alone.items():
        np.testing.assert_allclose(passed[path], weight, rtol=1e-4, atol=1e-5, err_msg=path)
