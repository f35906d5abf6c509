"""The optimizers written out, fed with given gradients, beside MXNet's own classes."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from engine.backends.mxnet import runtime
from engine.backends.scratch.layers import Parameter
from engine.backends.scratch.optimizers import Optimizer
from engine.training.config import OptimizerConfig
from tests.engine.backends.test_optimizers import CLIP, DECAY, OWN, RATE, SETTINGS, drawn
from tests.engine.backends.test_optimizers import Driven as OnMXNet


class Driven:
    """An optimizer on a weight that decays and a bias that does not."""

    def __init__(self, config, starts):
        self.parameters = {
            path: Parameter(start.copy(), np.zeros_like(start), decays=decays)
            for path, start, decays in zip(("dense1/weight", "dense1/bias"), starts, (True, False), strict=True)
        }
        self.optimizer = Optimizer(np, config, self.parameters)

    def step(self, gradients, settings=SETTINGS):
        for parameter, gradient in zip(self.parameters.values(), gradients, strict=True):
            parameter.gradient[...] = gradient
        self.optimizer.step(settings)
        return [parameter.value.copy() for parameter in self.parameters.values()]


@pytest.mark.parametrize("clip", [None, CLIP], ids=["unclipped", "clipped"])
@pytest.mark.parametrize("decay", [0.0, DECAY], ids=["no-decay", "decay"])
@pytest.mark.parametrize("size", [1.0, 1e-4], ids=["large", "small"])
@pytest.mark.parametrize("name", OWN)
def test_ten_steps_agree_with_mxnets_own_class(name, size, decay, clip):
    mx = runtime.load()
    starts, gradients = drawn()
    gradients = [[size * g for g in step] for step in gradients]
    driven = Driven(OptimizerConfig(name, clip_value=clip), starts)
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
            assert mine.dtype == np.float32
            # MXNet rounds 1 - 0.999 to float32, which makes Adam's steps longer by 2e-5 of themselves.
            np.testing.assert_allclose(mine, other.asnumpy(), atol=1e-5 if name == "adam" else 1e-6, rtol=1e-6)

    assert all(np.abs(mine - start).max() > 0.01 * size for mine, start in zip(ours, starts, strict=True))


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("limit", [0.5, 3.0, 1000.0])
def test_clipping_by_norm_scales_all_gradients_together_and_leaves_them_in_place(name, limit):
    starts, gradients = drawn(1)
    norm = np.sqrt(sum(float((g.astype(np.float64) ** 2).sum()) for g in gradients[0]))
    scaled = [(g * min(1.0, limit / norm)).astype(np.float32) for g in gradients[0]]

    driven = Driven(OptimizerConfig(name, clip_norm=limit), starts)
    clipped = driven.step(gradients[0])
    expected = Driven(OptimizerConfig(name), starts).step(scaled)

    assert 3.0 < norm < 1000
    for mine, other in zip(clipped, expected, strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-6)
    for parameter, gradient in zip(driven.parameters.values(), gradients[0], strict=True):
        assert np.array_equal(parameter.gradient, gradient)


@pytest.mark.parametrize("name", OWN)
def test_clipping_leaves_gradients_of_zero_alone(name):
    starts, _ = drawn(1)

    weights = Driven(OptimizerConfig(name, clip_norm=1.0), starts).step([np.zeros_like(w) for w in starts])

    assert all(np.array_equal(w, start) for w, start in zip(weights, starts, strict=True))


@pytest.mark.parametrize("name", OWN)
def test_it_goes_on_from_a_state_of_mxnet(name):
    """Model files do not say which backend wrote them."""
    starts, gradients = drawn()
    settings = msgspec.structs.replace(SETTINGS, weight_decay=DECAY)
    theirs = OnMXNet(OptimizerConfig(name, clip_value=CLIP), starts)
    for step in gradients[:5]:
        halfway = theirs.step(step, settings)
    ours = Driven(OptimizerConfig(name, clip_value=CLIP), halfway)

    ours.optimizer.set_state(theirs.optimizer.state())

    for step in gradients[5:]:
        for mine, other in zip(ours.step(step, settings), theirs.step(step, settings), strict=True):
            np.testing.assert_allclose(mine, other, atol=1e-5)
