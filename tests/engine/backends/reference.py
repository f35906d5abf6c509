"""A network in plain NumPy and float64, written from the definitions of its layers and from nothing else."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from engine.architecture.layers import (
    Activation,
    AvgPool2D,
    BatchNorm,
    Concat,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAvgPool2D,
    Layer,
    MaxPool2D,
    Residual,
)
from engine.architecture.network import NetworkSpec

ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "relu": lambda x: np.maximum(x, 0),
    "leaky-relu": lambda x: np.where(x > 0, x, 0.01 * x),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "softrelu": lambda x: np.log1p(np.exp(x)),
    "gelu": np.vectorize(lambda x: x * (1 + math.erf(x / math.sqrt(2))) / 2, otypes=[np.float64]),
}


@dataclass
class Reference:
    """Computes one network; ``masks`` and the batch's statistics are used only while ``training``."""

    spec: NetworkSpec
    weights: Mapping[str, np.ndarray]
    training: bool = False
    masks: Mapping[str, np.ndarray] = field(default_factory=dict)
    outputs: dict[str, np.ndarray] = field(default_factory=dict)
    running: dict[str, np.ndarray] = field(default_factory=dict)

    def logits(self, images: np.ndarray) -> np.ndarray:
        return self._sequence(self.spec.layers, "", images.astype(np.float64))

    def losses(self, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Return each sample's cross-entropy."""
        return cross_entropy(self.logits(images), labels)

    def _sequence(self, layers: tuple[Layer, ...], prefix: str, x: np.ndarray) -> np.ndarray:
        for layer in layers:
            path = prefix + layer.name
            x = self._layer(layer, path, x)
            self.outputs[path] = x
        return x

    def _layer(self, layer: Layer, path: str, x: np.ndarray) -> np.ndarray:
        match layer:
            case Residual():
                body = self._sequence(layer.body, f"{path}/", x)
                return body + self._sequence(layer.shortcut, f"{path}/shortcut/", x)
            case Concat():
                branches = [self._sequence(b, f"{path}/branch{i + 1}/", x) for i, b in enumerate(layer.branches)]
                return np.concatenate(branches, axis=1)
            case Dense():
                return x @ self._parameter(path, "weight").T + self._bias(layer, path)
            case Conv2D():
                windows = _windows(x, layer.kernel, layer.stride, layer.padding, 0.0)
                y = np.einsum("bcijkl,ockl->boij", windows, self._parameter(path, "weight"))
                return y + np.reshape(self._bias(layer, path), (-1, 1, 1))
            case MaxPool2D():
                return _windows(x, layer.size, layer.stride, layer.padding, -np.inf).max(axis=(4, 5))
            case AvgPool2D():
                return _windows(x, layer.size, layer.stride, layer.padding, 0.0).mean(axis=(4, 5))
            case GlobalAvgPool2D():
                return x.mean(axis=(2, 3), keepdims=True)
            case Flatten():
                return x.reshape(len(x), -1)
            case Activation(function=function):
                return ACTIVATIONS[function](x)
            case Dropout():
                return x * self.masks[path] if self.training else x
            case BatchNorm():
                return self._normalised(path, x)
        raise AssertionError(layer)

    def _normalised(self, path: str, x: np.ndarray) -> np.ndarray:
        axes, shape = (0, *range(2, x.ndim)), (-1, *[1] * (x.ndim - 2))
        mean, variance = self._parameter(path, "running_mean"), self._parameter(path, "running_var")
        if self.training:
            old_mean, old_variance = mean, variance
            mean, variance = x.mean(axis=axes), x.var(axis=axes)
            self.running[f"{path}/running_mean"] = 0.9 * old_mean + 0.1 * mean
            self.running[f"{path}/running_var"] = 0.9 * old_variance + 0.1 * variance
        normal = (x - mean.reshape(shape)) / np.sqrt(variance.reshape(shape) + 1e-5)
        return normal * self._parameter(path, "gamma").reshape(shape) + self._parameter(path, "beta").reshape(shape)

    def _parameter(self, path: str, role: str) -> np.ndarray:
        return self.weights[f"{path}/{role}"].astype(np.float64)

    def _bias(self, layer: Dense | Conv2D, path: str) -> np.ndarray:
        return self._parameter(path, "bias") if layer.use_bias else np.zeros(1)


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(labels)), labels]


def numerical_gradients(
    loss: Callable[[dict[str, np.ndarray]], float], weights: Mapping[str, np.ndarray], paths: list[str]
) -> dict[str, np.ndarray]:
    """Return the derivative of ``loss`` by each value of the weights in ``paths``, by central differences."""
    values = {path: weight.astype(np.float64) for path, weight in weights.items()}
    gradients = {}
    for path in paths:
        gradient = np.zeros(values[path].shape)
        for place in np.ndindex(gradient.shape):
            kept = values[path][place]
            losses = []
            for step in (1e-5, -1e-5):
                values[path][place] = kept + step
                losses.append(loss(values))
            values[path][place] = kept
            gradient[place] = (losses[0] - losses[1]) / 2e-5
        gradients[path] = gradient
    return gradients


def _windows(
    x: np.ndarray, size: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int], fill: float
) -> np.ndarray:
    """Return every window: (batch, channels, rows, columns, window height, window width)."""
    around = ((0, 0), (0, 0), (padding[0], padding[0]), (padding[1], padding[1]))
    padded = np.pad(x, around, constant_values=fill)
    return sliding_window_view(padded, size, axis=(2, 3))[:, :, :: stride[0], :: stride[1]]
