"""The optimizers, fed with given gradients, beside MXNet's own classes and formulas in NumPy."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from engine.backends.base import StepSettings
from engine.backends.mxnet import runtime
from engine.backends.mxnet.optimizers import Optimizer, Trained
from engine.training.config import OptimizerConfig

RATE, DECAY, CLIP = 0.05, 0.02, 0.3
SETTINGS = StepSettings(learning_rate=RATE, momentum=0.9, weight_decay=0.0)

OWN = {
    "sgd": lambda opt, **k: opt.SGD(momentum=0.0, **k),
    "momentum": lambda opt, **k: opt.SGD(momentum=0.9, **k),
    "nesterov": lambda opt, **k: opt.NAG(momentum=0.9, **k),
    "adagrad": lambda opt, **k: opt.AdaGrad(**k),
    "rmsprop": lambda opt, **k: opt.RMSProp(gamma1=0.9, **k),
    "adam": lambda opt, **k: opt.Adam(beta1=0.9, beta2=0.999, **k),
}


def drawn(steps: int = 10) -> tuple[list[np.ndarray], list[list[np.ndarray]]]:
    """Return a weight matrix and a bias to begin with, and gradients for each step."""
    random = np.random.default_rng(1)
    shapes = [(4, 3), (4,)]
    starts = [random.normal(size=shape).astype(np.float32) for shape in shapes]
    gradients = [[random.normal(size=shape).astype(np.float32) for shape in shapes] for _ in range(steps)]
    return starts, gradients


class Driven:
    """An optimizer on a weight that decays and a bias that does not."""

    def __init__(self, config: OptimizerConfig, starts: list[np.ndarray]) -> None:
        nd = runtime.load().nd
        self.weights = [nd.array(w) for w in starts]
        self.gradients = [nd.zeros_like(w) for w in self.weights]
        parts = zip(("dense1/weight", "dense1/bias"), self.weights, self.gradients, (True, False), strict=True)
        self.optimizer = Optimizer(nd, config, [Trained(*part) for part in parts])

    def step(self, gradients: list[np.ndarray], settings: StepSettings = SETTINGS) -> list[np.ndarray]:
        for array, gradient in zip(self.gradients, gradients, strict=True):
            array[:] = gradient
        self.optimizer.step(settings)
        return [w.asnumpy() for w in self.weights]


@pytest.mark.parametrize("clip", [None, CLIP], ids=["unclipped", "clipped"])
@pytest.mark.parametrize("decay", [0.0, DECAY], ids=["no-decay", "decay"])
@pytest.mark.parametrize("size", [1.0, 1e-4], ids=["large", "small"])
@pytest.mark.parametrize("name", OWN)
def test_ten_steps_agree_with_mxnets_own_class(name, size, decay, clip):
    """Small gradients show each method's epsilon."""
    mx = runtime.load()
    starts, gradients = drawn()
    gradients = [[size * g for g in step] for step in gradients]
    driven = Driven(OptimizerConfig(name, clip_value=clip), starts)
    # Told their names, MXNet's optimizers leave biases undecayed, as Module does.
    own = OWN[name](
        mx.optimizer, learning_rate=RATE, wd=decay, clip_gradient=clip, rescale_grad=1.0,
        param_idx2name={0: "dense1_weight", 1: "dense1_bias"},
    )  # fmt: skip
    theirs = [mx.nd.array(w) for w in starts]
    states = [own.create_state(i, w) for i, w in enumerate(theirs)]

    for step in gradients:
        ours = driven.step(step, msgspec.structs.replace(SETTINGS, weight_decay=decay))
        for i, gradient in enumerate(step):
            own.update(i, theirs[i], mx.nd.array(gradient), states[i])
        for mine, other in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(mine, other.asnumpy(), atol=1e-6, rtol=1e-6)

    assert all(np.abs(mine - start).max() > 0.01 * size for mine, start in zip(ours, starts, strict=True))


@pytest.mark.parametrize("name", OWN)
def test_weight_decay_pulls_weights_towards_zero_and_leaves_biases(name):
    starts, _ = drawn()
    nothing = [np.zeros_like(w) for w in starts]

    weight, bias = Driven(OptimizerConfig(name), starts).step(
        nothing, msgspec.structs.replace(SETTINGS, weight_decay=DECAY)
    )

    assert np.array_equal(np.sign(starts[0] - weight), np.sign(starts[0]))
    assert np.array_equal(bias, starts[1])


def test_decay_is_added_after_clipping():
    starts, gradients = drawn()
    large = [100 * g for g in gradients[0]]

    weight, bias = Driven(OptimizerConfig("sgd", clip_value=CLIP), starts).step(
        large, msgspec.structs.replace(SETTINGS, weight_decay=DECAY)
    )

    np.testing.assert_allclose(
        weight, starts[0] - RATE * (np.clip(large[0], -CLIP, CLIP) + DECAY * starts[0]), atol=1e-6
    )
    np.testing.assert_allclose(bias, starts[1] - RATE * np.clip(large[1], -CLIP, CLIP), atol=1e-6)


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("limit", [0.5, 3.0, 1000.0])
def test_clipping_by_norm_scales_all_gradients_together(name, limit):
    starts, gradients = drawn(1)
    norm = np.sqrt(sum(float((g.astype(np.float64) ** 2).sum()) for g in gradients[0]))
    scaled = [(g * min(1.0, limit / norm)).astype(np.float32) for g in gradients[0]]

    clipped = Driven(OptimizerConfig(name, clip_norm=limit), starts).step(gradients[0])
    expected = Driven(OptimizerConfig(name), starts).step(scaled)

    assert 3.0 < norm < 1000
    for mine, other in zip(clipped, expected, strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-6)


@pytest.mark.parametrize("name", OWN)
def test_clipping_leaves_gradients_of_zero_alone(name):
    starts, _ = drawn()

    weights = Driven(OptimizerConfig(name, clip_norm=1.0), starts).step([np.zeros_like(w) for w in starts])

    assert all(np.array_equal(w, start) for w, start in zip(weights, starts, strict=True))


@pytest.mark.parametrize("name", ["momentum", "nesterov"])
def test_momentum_can_be_switched_off_while_it_runs(name):
    starts, gradients = drawn()
    driven = Driven(OptimizerConfig(name), starts)
    before = driven.step(gradients[0])

    without = msgspec.structs.replace(SETTINGS, momentum=0.0)
    after = driven.step(gradients[1], without)

    for old, new, gradient in zip(before, after, gradients[1], strict=True):
        np.testing.assert_allclose(new, old - RATE * gradient, atol=1e-6)


def test_the_learning_rate_can_change_at_every_step():
    starts, gradients = drawn(3)
    driven = Driven(OptimizerConfig("sgd"), starts)
    expected = starts[0].astype(np.float64)

    for rate, step in zip((0.1, 1.0, 0.001), gradients, strict=True):
        weight, _ = driven.step(step, msgspec.structs.replace(SETTINGS, learning_rate=rate))
        expected -= rate * step[0]

    np.testing.assert_allclose(weight, expected, atol=1e-6)


@pytest.mark.parametrize("clip", [{}, {"clip_value": CLIP}, {"clip_norm": 1.0}], ids=str)
@pytest.mark.parametrize("name", OWN)
def test_a_state_given_to_another_optimizer_goes_on_identically(name, clip):
    starts, gradients = drawn()
    settings = msgspec.structs.replace(SETTINGS, weight_decay=DECAY)
    first = Driven(OptimizerConfig(name, **clip), starts)
    for step in gradients[:5]:
        halfway = first.step(step, settings)
    second = Driven(OptimizerConfig(name, **clip), halfway)

    second.optimizer.set_state(first.optimizer.state())

    for step in gradients[5:]:
        for mine, other in zip(first.step(step, settings), second.step(step, settings), strict=True):
            assert np.array_equal(mine, other)


@pytest.mark.parametrize("name", ["sgd", "momentum"])
@pytest.mark.parametrize("count", [1, 59, 60, 61, 130])
def test_any_number_of_weights_is_updated(name, count):
    nd = runtime.load().nd
    weights = [nd.full((2,), i) for i in range(count)]
    gradients = [nd.full((2,), i + 1) for i in range(count)]
    parts = [Trained(f"dense{i}/weight", w, g, True) for i, (w, g) in enumerate(zip(weights, gradients, strict=True))]
    optimizer = Optimizer(nd, OptimizerConfig(name, clip_norm=50.0), parts)

    for _ in range(2):
        optimizer.step(StepSettings(learning_rate=0.5, momentum=0.5, weight_decay=0.0))

    norm = np.sqrt(2 * sum((i + 1) ** 2 for i in range(count)))
    steps = 2.0 if name == "sgd" else 1 + 1.5
    moved = 0.5 * steps * min(1, 50 / norm)
    for i, weight in enumerate(weights):
        np.testing.assert_allclose(weight.asnumpy(), i - moved * (i + 1), rtol=1e-4, atol=1e-4)
