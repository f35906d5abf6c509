"""The optimizers, as calls of MXNet's fused update operators on arrays that we own.

Owning the moments lets a run change its momentum while it goes on and be saved as plain arrays; MXNet's own
``Trainer`` would keep them in a pickle. The formulas and epsilons are those of MXNet 1.9.1's ``mx.optimizer``.
Gradients g are clipped first, then weight decay is added; RMSProp and Adam add it first and clip the sum, as MXNet's
operators do.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from engine.backends.base import Array, StepSettings
from engine.errors import TrainingError
from engine.training.config import OptimizerConfig

_MOMENTS: dict[str, tuple[str, ...]] = {
    "sgd": (),
    "momentum": ("momentum",),
    "nesterov": ("momentum",),
    "adagrad": ("history",),
    "rmsprop": ("mean-square",),
    "adam": ("mean", "mean-square"),
}
_STEP = "step"

# MXNet's kernels for many weights at once have room for 60, and write beyond it when given more.
_MOST_AT_ONCE = 60


class Trained(NamedTuple):
    """A parameter that is trained: its path, its arrays on the device, and whether weight decay applies."""

    path: str
    weight: Any
    gradient: Any
    decays: bool


class Optimizer:
    """Changes weights by their gradients.

    Parameters
    ----------
    F : module
        ``mx.nd``.
    config : OptimizerConfig
    parameters : list of Trained
    """

    def __init__(self, F: Any, config: OptimizerConfig, parameters: list[Trained]) -> None:
        self._F = F
        self._config = config
        self._parameters = parameters
        self._step = 0
        self._moments = {moment: [F.zeros_like(p.weight) for p in parameters] for moment in _MOMENTS[config.name]}

    def step(self, settings: StepSettings) -> None:
        """Apply one update with the gradients that are in place; returns before it is computed."""
        self._step += 1
        if self._config.clip_norm is not None:
            self._clip_norm(self._config.clip_norm)
        getattr(self, f"_{self._config.name}")(settings)

    def state(self) -> dict[str, Array]:
        """Return copies of all moments and the update count by name."""
        arrays = {name: moment.asnumpy() for name, moment in self._named_moments()}
        return arrays | {_STEP: np.array(self._step, np.int64)}

    def set_state(self, state: Mapping[str, Array]) -> None:
        """Restore what ``state`` returned; ``TrainingError`` if it is of another optimizer or network."""
        moments = dict(self._named_moments())
        fits = set(state) == {*moments, _STEP} and all(state[name].shape == m.shape for name, m in moments.items())
        if not (fits and _is_count(state[_STEP])):
            raise TrainingError(
                "training.optimizer_state",
                "The saved state of the optimizer belongs to another optimizer or network; it was not used.",
            )
        for name, moment in moments.items():
            moment[:] = np.asarray(state[name], np.float32)
        self._step = int(state[_STEP])

    def _named_moments(self) -> Iterator[tuple[str, Any]]:
        for moment, arrays in self._moments.items():
            for parameter, array in zip(self._parameters, arrays, strict=True):
                yield f"{parameter.path}:{moment}", array

    def _groups(self) -> Iterator[slice]:
        for first in range(0, len(self._parameters), _MOST_AT_ONCE):
            yield slice(first, first + _MOST_AT_ONCE)

    def _for_each(self, parameters: list[Trained], settings: StepSettings) -> dict[str, Any]:
        """Return what MXNet's operators for many weights take beside the arrays."""
        return {
            "out": [p.weight for p in parameters],
            "num_weights": len(parameters),
            "lrs": [settings.learning_rate] * len(parameters),
            "wds": [_decay(p, settings) for p in parameters],
            **self._clipping(),
        }

    def _clipping(self) -> dict[str, float]:
        return {} if self._config.clip_value is None else {"clip_gradient": self._config.clip_value}

    def _clip_norm(self, limit: float) -> None:
        """Scale all gradients so that their common norm is at most ``limit`` (Pascanu et al., ICML 2013)."""
        gradients = [p.gradient for p in self._parameters]
        squares = [
            self._F.multi_sum_sq(*gradients[group], num_arrays=len(gradients[group])) for group in self._groups()
        ]
        norm = self._F.sqrt(self._F.sum(self._F.concat(*squares, dim=0)))
        scale = self._F.minimum(limit / (norm + 1e-8), 1.0)
        for gradient in gradients:
            self._F.broadcast_mul(gradient, scale, out=gradient)

    def _sgd(self, settings: StepSettings) -> None:
        """``w -= rate (g + decay w)``."""
        for group in self._groups():
            parameters = self._parameters[group]
            self._F.multi_sgd_update(
                *(array for p in parameters for array in (p.weight, p.gradient)),
                **self._for_each(parameters, settings),
            )

    def _momentum(self, settings: StepSettings) -> None:
        """``v = momentum v - rate (g + decay w); w += v`` (Polyak 1964)."""
        for group in self._groups():
            parameters = self._parameters[group]
            triples = zip(parameters, self._moments["momentum"][group], strict=True)
            self._F.multi_sgd_mom_update(
                *(array for p, velocity in triples for array in (p.weight, p.gradient, velocity)),
                momentum=settings.momentum, **self._for_each(parameters, settings),
            )  # fmt: skip

    def _nesterov(self, settings: StepSettings) -> None:
        """Nesterov's momentum as ``nag_mom_update`` writes it: the step looks ahead along the velocity.

        ``s = rate (g + decay w); w += momentum (momentum v - s) - s; v = momentum v - rate (g + decay w)``: as the
        operator works in place, the decay in v is of the weight after its step.
        """
        for p, velocity, decay in self._with(settings, "momentum"):
            self._F.nag_mom_update(
                p.weight, p.gradient, velocity, out=p.weight, lr=settings.learning_rate, wd=decay,
                momentum=settings.momentum, **self._clipping(),
            )  # fmt: skip

    def _adagrad(self, settings: StepSettings) -> None:
        """``h += g²; w -= rate (g / sqrt(h + 1e-7) + decay w)`` (Duchi et al., JMLR 2011)."""
        F, clip = self._F, self._config.clip_value
        for p, history, decay in self._with(settings, "history"):
            gradient = p.gradient if clip is None else F.clip(p.gradient, -clip, clip)
            history += F.square(gradient)
            step = gradient / F.sqrt(history + 1e-7)
            if decay:
                step = step + decay * p.weight
            weight = p.weight
            weight -= settings.learning_rate * step

    def _rmsprop(self, settings: StepSettings) -> None:
        """``s = decay s + (1 - decay) g²; w -= rate g / sqrt(s + 1e-8)`` (Tieleman and Hinton 2012)."""
        for p, square, decay in self._with(settings, "mean-square"):
            self._F.rmsprop_update(
                p.weight, p.gradient, square, out=p.weight, lr=settings.learning_rate, wd=decay,
                gamma1=self._config.decay, epsilon=1e-8, **self._clipping(),
            )  # fmt: skip

    def _adam(self, settings: StepSettings) -> None:
        """Adam with bias correction folded into the rate, epsilon 1e-8 (Kingma and Ba, ICLR 2015)."""
        beta1, beta2 = self._config.beta1, self._config.beta2
        rate = settings.learning_rate * math.sqrt(1 - beta2**self._step) / (1 - beta1**self._step)
        squares = self._moments["mean-square"]
        for (p, mean, decay), square in zip(self._with(settings, "mean"), squares, strict=True):
            self._F.adam_update(
                p.weight, p.gradient, mean, square, out=p.weight, lr=rate, wd=decay, beta1=beta1,
                beta2=beta2, epsilon=1e-8, **self._clipping(),
            )  # fmt: skip

    def _with(self, settings: StepSettings, moment: str) -> Iterator[tuple[Trained, Any, float]]:
        decays = (_decay(p, settings) for p in self._parameters)
        return zip(self._parameters, self._moments[moment], decays, strict=True)


def _is_count(array: Array) -> bool:
    return array.shape == () and array.dtype.kind in "iu" and int(array) >= 0


def _decay(parameter: Trained, settings: StepSettings) -> float:
    return settings.weight_decay if parameter.decays else 0.0
