"""The loss and the optimizers that are written out, beside MXNet's own operators."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from engine.backends.base import StepSettings
from engine.backends.mxnet import runtime
from engine.backends.mxnet.ndarray import log_sum_exp_cross_entropy
from engine.backends.mxnet.operators import log_softmax_cross_entropy
from engine.backends.mxnet.optimizers import Optimizer, Trained
from engine.backends.mxnet.written_out import WrittenOutOptimizer
from engine.training.config import OptimizerConfig
from tests.engine.backends.reference import cross_entropy, softmax

NAMES = ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam")
SETTINGS = StepSettings(learning_rate=0.05, momentum=0.9, weight_decay=0.02)


@pytest.fixture(scope="module")
def mx():
    return runtime.load()


@pytest.mark.parametrize("scale", [1.0, 100.0, 1e4])
def test_the_written_loss_is_that_of_the_operator_and_so_is_its_gradient(mx, scale):
    random = np.random.default_rng(0)
    values, classes = (random.normal(size=(6, 5)) * scale).astype(np.float32), random.integers(0, 5, 6)
    results = {}
    for loss in (log_sum_exp_cross_entropy, log_softmax_cross_entropy):
        logits = mx.nd.array(values)
        logits.attach_grad()
        with mx.autograd.record():
            losses = loss(mx.nd, logits, mx.nd.array(classes))
        losses.backward()
        results[loss] = losses.asnumpy(), logits.grad.asnumpy()
    losses, gradient = results[log_sum_exp_cross_entropy]

    np.testing.assert_allclose(losses, cross_entropy(values.astype(np.float64), classes), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(gradient, softmax(values.astype(np.float64)) - np.eye(5)[classes], atol=1e-5)
    for ours, theirs in zip(results[log_sum_exp_cross_entropy], results[log_softmax_cross_entropy], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


class Driven:
    """An optimizer on a matrix that decays and a bias that does not."""

    def __init__(self, kind: type[Optimizer], config: OptimizerConfig) -> None:
        nd, random = runtime.load().nd, np.random.default_rng(1)
        self.weights = [nd.array(random.normal(size=shape)) for shape in ((4, 3), (4,))]
        self._gradients = [nd.zeros_like(w) for w in self.weights]
        parts = zip(("dense1/weight", "dense1/bias"), self.weights, self._gradients, (True, False), strict=True)
        self.optimizer = kind(nd, config, [Trained(*part) for part in parts])

    def steps(self, count: int, size: float = 1.0, settings: StepSettings = SETTINGS, seed: int = 2) -> None:
        random = np.random.default_rng(seed)
        for _ in range(count):
            for gradient in self._gradients:
                gradient[:] = size * random.normal(size=gradient.shape)
            self.optimizer.step(settings)


def assert_alike(written: Driven, fused: Driven) -> None:
    """Weights and moments differ by less than rounding explains."""
    for ours, theirs in zip(written.weights, fused.weights, strict=True):
        np.testing.assert_allclose(ours.asnumpy(), theirs.asnumpy(), rtol=1e-5, atol=1e-5)
    states = written.optimizer.state(), fused.optimizer.state()
    assert list(states[0]) == list(states[1])
    for name, moment in states[0].items():
        np.testing.assert_allclose(moment, states[1][name], rtol=1e-4, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("clip", [{}, {"clip_value": 0.3}, {"clip_norm": 0.5}, {"clip_norm": 50.0}], ids=str)
@pytest.mark.parametrize("decay", [0.0, 0.02, 0.8])
@pytest.mark.parametrize("size", [1.0, 1e-4], ids=["large", "small"])
@pytest.mark.parametrize("name", NAMES)
def test_ten_written_steps_agree_with_the_fused_operators(name, size, decay, clip):
    """Small gradients show each method's epsilon, a large decay the order of decay and clipping."""
    config = OptimizerConfig(name, decay=0.8, beta1=0.7, beta2=0.95, **clip)
    settings = msgspec.structs.replace(SETTINGS, weight_decay=decay)
    written, fused = Driven(WrittenOutOptimizer, config), Driven(Optimizer, config)

    for driven in (written, fused):
        driven.steps(10, size, settings)

    assert_alike(written, fused)


@pytest.mark.parametrize("name", NAMES)
def test_a_state_passes_from_one_to_the_other(name):
    config = OptimizerConfig(name)
    written, fused = Driven(WrittenOutOptimizer, config), Driven(Optimizer, config)
    fused.steps(5)
    written.optimizer.set_state(fused.optimizer.state())
    for ours, theirs in zip(written.weights, fused.weights, strict=True):
        ours[:] = theirs

    for driven in (written, fused):
        driven.steps(5, seed=3)

    assert_alike(written, fused)


def test_gradients_of_zero_change_nothing_when_clipped_by_norm():
    for name in NAMES:
        driven = Driven(WrittenOutOptimizer, OptimizerConfig(name, clip_norm=1.0))
        before = [w.asnumpy() for w in driven.weights]

        driven.steps(2, size=0.0, settings=msgspec.structs.replace(SETTINGS, weight_decay=0.0))

        assert all(np.array_equal(old, w.asnumpy()) for old, w in zip(before, driven.weights, strict=True)), name
