"""NumPy alone and Gluon compute the same: one forward and backward pass, and fifty steps."""

from __future__ import annotations

import numpy as np
import pytest

from engine.architecture.shapes import summarize
from engine.architecture.zoo import EXPERIMENTS
from engine.backends.base import StepSettings
from engine.backends.mxnet.gluon import GluonBackend
from engine.backends.scratch.network import ScratchBackend
from engine.training.config import InitializerConfig, OptimizerConfig
from engine.training.initializers import initial_weights
from tests.engine.samples import DROPOUT_MLP, EVERYTHING, MLP, masks, samples


def small(name):
    """A network of the zoo, as narrow as it can be made without losing its shape."""
    experiment = EXPERIMENTS[name]
    return experiment.network(width=0.25) if "width" in experiment.parameters else experiment.network()


# Those that were published at 224 pixels are the same builders again, a hundred times the work.
ZOO = [small(name) for name in EXPERIMENTS if not name.endswith("-original")]
WITHOUT_BATCH_NORM = ("mlp-128-64", "mlp-dropout", "lenet-tanh", "simple-convnet", "alexnet")


def pair(spec, seed=0):
    weights = initial_weights(
        summarize(spec), InitializerConfig("he", distribution="gaussian", biases="drawn", scale=0.1), seed
    )
    return ScratchBackend().build(spec, weights), GluonBackend("cpu").build(spec, weights)


def trained(network, spec, batch, settings, number=0):
    data = network.place(batch.images, batch.labels)
    count = len(batch.labels)
    return network.train_batch(data, np.arange(count), masks(spec, count, number), settings).result()


def differing(spec, seed):
    """Return the parameters in whose gradients the two backends differ for one batch."""
    batch = samples(spec, 6, seed)
    after, figures = [], []
    for network in pair(spec, seed):
        network.prepare_training(OptimizerConfig("sgd"), "mean")
        before = network.weights()
        figures.append(trained(network, spec, batch, StepSettings(1.0, 0.0, 0.0)))
        after.append(network.weights())

    assert figures[0].loss == pytest.approx(figures[1].loss, rel=1e-4)
    assert figures[0].correct == figures[1].correct
    # With a learning rate of 1 a step of SGD is the gradient.
    ours, theirs = ({path: before[path] - value for path, value in weights.items()} for weights in after)
    largest = max(np.linalg.norm(gradient) for gradient in theirs.values())
    assert largest > 0
    return [
        path
        for path, expected in theirs.items()
        if np.linalg.norm(ours[path] - expected) > 1e-4 * np.linalg.norm(expected) + 1e-5 * largest
    ]


@pytest.mark.parametrize("spec", [EVERYTHING, MLP, DROPOUT_MLP, *ZOO], ids=lambda spec: spec.name)
def test_one_pass_forward_and_back_agrees_with_gluon(spec):
    """Rounding may turn a ReLU of a deep network on in one of them; then another batch has to tell.

    A derivative that is wrong is so for every batch.
    """
    found = differing(spec, 0)
    for seed in range(1, 4):
        found = found and differing(spec, seed)

    assert found == []


@pytest.mark.parametrize("name", WITHOUT_BATCH_NORM)
def test_after_fifty_steps_the_loss_is_still_that_of_gluon(name):
    spec = small(name)
    rate = EXPERIMENTS[name].config.optimizer.learning_rate
    batch = samples(spec, 20)
    losses = []
    for network in pair(spec):
        network.prepare_training(OptimizerConfig("sgd"), "mean")
        steps = [trained(network, spec, batch, StepSettings(rate, 0.0, 0.0), number).loss / 20 for number in range(50)]
        losses.append(steps)

    assert losses[0][-1] < losses[0][0]
    np.testing.assert_allclose(losses[0], losses[1], atol=1e-3)


@pytest.mark.parametrize("name", ["momentum", "adam"])
def test_a_run_goes_on_in_the_other_backend(name):
    ours, theirs = pair(DROPOUT_MLP)
    batch = samples(DROPOUT_MLP, 12)
    settings = StepSettings(0.01, 0.9, 0.001)
    for network in (ours, theirs):
        network.prepare_training(OptimizerConfig(name), "mean")
    for number in range(3):
        trained(ours, DROPOUT_MLP, batch, settings, number)

    theirs.set_weights(ours.weights())
    theirs.set_optimizer_state(ours.optimizer_state())
    for number in range(3, 6):
        for network in (ours, theirs):
            trained(network, DROPOUT_MLP, batch, settings, number)

    for mine, other in ((ours.weights(), theirs.weights()), (ours.optimizer_state(), theirs.optimizer_state())):
        assert list(mine) == list(other)
        for key, value in mine.items():
            np.testing.assert_allclose(value, other[key], rtol=1e-4, atol=1e-6, err_msg=key)


def test_the_gradients_of_the_last_batch_can_be_read():
    network, _ = pair(EVERYTHING)
    network.prepare_training(OptimizerConfig("sgd", clip_norm=0.01), "mean")
    before = network.weights()

    trained(network, EVERYTHING, samples(EVERYTHING, 6), StepSettings(0.5, 0.0, 0.0))

    gradients = network.gradients()
    assert set(gradients) == {p.path for p in summarize(EVERYTHING).parameters if p.trainable}
    norm = np.sqrt(sum(float((g.astype(np.float64) ** 2).sum()) for g in gradients.values()))
    assert norm > 0.1
    for path, gradient in gradients.items():
        moved = before[path] - network.weights()[path]
        np.testing.assert_allclose(moved, 0.5 * gradient * 0.01 / norm, rtol=1e-3, atol=1e-6)
