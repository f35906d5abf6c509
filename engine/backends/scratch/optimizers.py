"""The optimizers, written out: how gradients g change weights w.

The formulas and epsilons are those of MXNet 1.9.1's ``mx.optimizer``, so that a run goes on in another backend. The
NumPy book's differ in three places: it adds 1e-7 outside the root in AdaGrad and RMSProp, keeps 0.99 of RMSProp's old
mean square, and writes Nesterov's momentum with another look-ahead.

Weight decay applies to weights and gammas only. Clipping by value comes before it is added, but after it in RMSProp
and Adam; so does MXNet.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np

from engine.backends.base import StepSettings
from engine.backends.scratch.arrays import to_numpy
from engine.backends.scratch.layers import Array, ArrayModule, Parameter
from engine.errors import TrainingError
from engine.training.config import OptimizerConfig

# What each optimizer remembers of every weight.
_MOMENTS: dict[str, tuple[str, ...]] = {
    "sgd": (),
    "momentum": ("momentum",),
    "nesterov": ("momentum",),
    "adagrad": ("history",),
    "rmsprop": ("mean-square",),
    "adam": ("mean", "mean-square"),
}
_STEP = "step"


class Optimizer:
    """Changes weights by their gradients.

    Parameters
    ----------
    xp : module
    config : OptimizerConfig
    parameters : mapping of path to Parameter
        Those that are trained.
    """

    def __init__(self, xp: ArrayModule, config: OptimizerConfig, parameters: Mapping[str, Parameter]) -> None:
        self._xp = xp
        self._config = config
        self._parameters = dict(parameters)
        self._step = 0
        self._moments = {
            path: {moment: xp.zeros_like(p.value) for moment in _MOMENTS[config.name]} for path, p in parameters.items()
        }

    def step(self, settings: StepSettings) -> None:
        """Apply one update with the gradients that are in place, which stay as they are."""
        self._step += 1
        scale = self._scale()
        update = getattr(self, f"_{self._config.name}")
        for path, p in self._parameters.items():
            g = p.gradient if scale is None else p.gradient * scale
            decay = settings.weight_decay if p.decays else 0.0
            update(p.value, g, decay, settings, **{_spelt(name): m for name, m in self._moments[path].items()})

    def _scale(self) -> Array | None:
        """Return what brings the norm of all gradients together to ``clip_norm`` (Pascanu et al., ICML 2013)."""
        if self._config.clip_norm is None:
            return None
        squares = sum((p.gradient**2).sum() for p in self._parameters.values())
        return self._xp.minimum(self._config.clip_norm / (self._xp.sqrt(squares) + 1e-8), 1)

    def _clipped(self, g: Array) -> Array:
        limit = self._config.clip_value
        return g if limit is None else self._xp.clip(g, -limit, limit)

    def _sgd(self, w: Array, g: Array, decay: float, settings: StepSettings) -> None:
        """``w -= rate (g + decay w)``."""
        w -= settings.learning_rate * _decayed(self._clipped(g), w, decay)

    def _momentum(self, w: Array, g: Array, decay: float, settings: StepSettings, momentum: Array) -> None:
        """``v = momentum v - rate (g + decay w); w += v`` (Polyak 1964)."""
        momentum *= settings.momentum
        momentum -= settings.learning_rate * _decayed(self._clipped(g), w, decay)
        w += momentum

    def _nesterov(self, w: Array, g: Array, decay: float, settings: StepSettings, momentum: Array) -> None:
        """``v = momentum v - rate (g + decay w); w += momentum v - rate (g + decay w)``.

        One step of momentum, and the next one's already taken (Nesterov 1983; Sutskever et al., ICML 2013). The decay
        in the velocity that is kept is of the new weight, since MXNet's kernel reads w after it has changed it.
        """
        g = self._clipped(g)
        step = settings.learning_rate * _decayed(g, w, decay)
        momentum *= settings.momentum
        w += settings.momentum * (momentum - step) - step
        momentum -= settings.learning_rate * _decayed(g, w, decay)

    def _adagrad(self, w: Array, g: Array, decay: float, settings: StepSettings, history: Array) -> None:
        """``h += g²; w -= rate (g / √(h + 1e-7) + decay w)`` (Duchi et al., JMLR 2011)."""
        g = self._clipped(g)
        history += g * g
        w -= settings.learning_rate * _decayed(g / self._xp.sqrt(history + 1e-7), w, decay)

    def _rmsprop(self, w: Array, g: Array, decay: float, settings: StepSettings, mean_square: Array) -> None:
        """``s = γ s + (1 - γ) g²; w -= rate g / √(s + 1e-8)``, g with decay w (Tieleman and Hinton 2012)."""
        g = self._clipped(_decayed(g, w, decay))
        mean_square *= self._config.decay
        mean_square += (1 - self._config.decay) * (g * g)
        w -= settings.learning_rate * g / self._xp.sqrt(mean_square + 1e-8)

    def _adam(
        self, w: Array, g: Array, decay: float, settings: StepSettings, mean: Array, mean_square: Array
    ) -> None:  # fmt: skip
        """``m = β₁ m + (1 - β₁) g; s = β₂ s + (1 - β₂) g²; w -= rate' m / (√s + 1e-8)``, g with decay w.

        ``rate' = rate √(1 - β₂ᵗ) / (1 - β₁ᵗ)`` corrects that m and s began at zero (Kingma and Ba, ICLR 2015).
        """
        beta1, beta2 = self._config.beta1, self._config.beta2
        g = self._clipped(_decayed(g, w, decay))
        mean *= beta1
        mean += (1 - beta1) * g
        mean_square *= beta2
        mean_square += (1 - beta2) * (g * g)
        rate = settings.learning_rate * math.sqrt(1 - beta2**self._step) / (1 - beta1**self._step)
        w -= rate * mean / (self._xp.sqrt(mean_square) + 1e-8)

    def state(self) -> dict[str, np.ndarray]:
        """Return copies of all moments and the update count by name."""
        return {name: to_numpy(moment) for name, moment in self._named()} | {_STEP: np.array(self._step, np.int64)}

    def set_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Restore what ``state`` returned; ``TrainingError`` if it is of another optimizer or network."""
        moments = dict(self._named())
        fits = set(state) == {*moments, _STEP} and all(state[name].shape == m.shape for name, m in moments.items())
        if not (fits and _is_count(state[_STEP])):
            raise TrainingError(
                "training.optimizer_state",
                "The saved state of the optimizer belongs to another optimizer or network; it was not used.",
            )
        for name, moment in moments.items():
            moment[...] = self._xp.asarray(state[name])
        self._step = int(state[_STEP])

    def _named(self) -> Iterator[tuple[str, Array]]:
        for moment in _MOMENTS[self._config.name]:
            for path, moments in self._moments.items():
                yield f"{path}:{moment}", moments[moment]


def _decayed(g: Array, w: Array, decay: float) -> Array:
    return g + decay * w if decay else g


def _spelt(moment: str) -> str:
    return moment.replace("-", "_")


def _is_count(array: np.ndarray) -> bool:
    return array.shape == () and array.dtype.kind in "iu" and int(array) >= 0
