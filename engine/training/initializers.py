"""The weights a network starts with, each drawn from the run's seed and the parameter's own path."""

from __future__ import annotations

import math

import numpy as np

from engine.architecture.shapes import NetworkSummary, ParameterSpec
from engine.backends.base import Array
from engine.training.chance import generator
from engine.training.config import InitializerConfig


def initial_weights(summary: NetworkSummary, config: InitializerConfig, seed: int) -> dict[str, Array]:
    """Return starting values for every parameter of a network.

    Returns
    -------
    dict of parameter path to array, float32
        Gammas and running variances are one; betas and running means zero.
    """
    return {p.path: _initial(p, config, seed).astype(np.float32) for p in summary.parameters}


def _initial(parameter: ParameterSpec, config: InitializerConfig, seed: int) -> Array:
    random = generator(seed, "weights", parameter.path)
    match parameter.role:
        case "weight":
            return _weight(parameter.shape, config, random)
        case "bias" if config.biases == "drawn":
            if config.name == "uniform":
                return random.uniform(-config.scale, config.scale, parameter.shape)
            return random.normal(0, config.scale, parameter.shape)
        case "gamma" | "running_var":
            return np.ones(parameter.shape)
        case _:
            return np.zeros(parameter.shape)


def _weight(shape: tuple[int, ...], config: InitializerConfig, random: np.random.Generator) -> Array:
    """Draw one weight tensor (out, in, ...).

    Sources: Glorot and Bengio, AISTATS 2010 (Xavier; the scale sqrt(magnitude / mean of fan-in and fan-out) is
    MXNet's); He et al., ICCV 2015 (variance 2 / fan-in); Saxe et al., ICLR 2014 (orthogonal, gain sqrt(2)
    as in MXNet).
    """
    receptive = math.prod(shape[2:])
    fan_in, fan_out = shape[1] * receptive, shape[0] * receptive
    match config.name:
        case "xavier":
            scale = math.sqrt(config.magnitude / ((fan_in + fan_out) / 2))
            if config.distribution == "uniform":
                return random.uniform(-scale, scale, shape)
            return random.normal(0, scale, shape)
        case "he":
            if config.distribution == "uniform":
                bound = math.sqrt(6 / fan_in)
                return random.uniform(-bound, bound, shape)
            return random.normal(0, math.sqrt(2 / fan_in), shape)
        case "normal":
            return random.normal(0, config.scale, shape)
        case "uniform":
            return random.uniform(-config.scale, config.scale, shape)
        case "orthogonal":
            return math.sqrt(2) * _orthogonal(shape[0], fan_in, random).reshape(shape)


def _orthogonal(rows: int, columns: int, random: np.random.Generator) -> Array:
    q, r = np.linalg.qr(random.normal(size=(max(rows, columns), min(rows, columns))))
    q = q * np.sign(np.diag(r))  # without this the distribution is not uniform over rotations
    return np.asarray(q if rows >= columns else q.T)
