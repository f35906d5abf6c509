"""Small networks, images and runs that the engine's tests share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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
    MaxPool2D,
    Residual,
)
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize
from engine.backends.base import Backend, Network, StepSettings
from engine.backends.mxnet.gluon import GluonBackend
from engine.training.chance import dropout_mask
from engine.training.config import InitializerConfig
from engine.training.initializers import initial_weights

SETTINGS = StepSettings(learning_rate=0.1, momentum=0.9, weight_decay=0.0)

MLP = NetworkSpec("mlp", (1, 6, 6), (Flatten(), Dense(8), Activation("tanh"), Dense(4)))

DROPOUT_MLP = NetworkSpec("dropout-mlp", (1, 6, 6), (Flatten(), Dense(16), Activation("relu"), Dropout(0.3), Dense(4)))

# One of every kind of layer and of every function, with strides, paddings and shapes that are not square.
EVERYTHING = NetworkSpec(
    "everything",
    (2, 8, 6),
    (
        Conv2D(4, (3, 2), stride=(1, 2), padding=(1, 1)),
        BatchNorm(),
        Activation("leaky-relu"),
        Residual(
            body=(Conv2D(4, (3, 3), padding=(1, 1), use_bias=False), BatchNorm(), Activation("relu"), Dropout(0.25)),
            shortcut=(Conv2D(4, (1, 1)),),
        ),
        MaxPool2D((3, 2), stride=(2, 1), padding=(1, 0)),
        Concat(
            (
                (Conv2D(2, (1, 1)), Activation("gelu")),
                (AvgPool2D((3, 3), stride=(1, 1), padding=(1, 1)), Activation("softrelu")),
                (),
            )
        ),
        Residual(body=(Activation("sigmoid"),)),
        AvgPool2D((2, 1), stride=(2, 1)),
        Concat(((GlobalAvgPool2D(), Flatten(), Dense(5, use_bias=False)), (Flatten(), Activation("tanh")))),
        Dropout(0.5),
        Dense(3),
    ),
)


@dataclass(frozen=True)
class Samples:
    """Images and labels."""

    images: np.ndarray
    labels: np.ndarray


def samples(spec: NetworkSpec, count: int, seed: int = 0, dtype: type = np.uint8) -> Samples:
    """Return images that ``spec`` takes; each class brightens other values, so that they can be learned."""
    random = np.random.default_rng(seed)
    classes = summarize(spec).output_shape[0]
    labels = random.integers(classes, size=count).astype(np.uint8)
    patterns = np.random.default_rng(99).integers(0, 128, size=(classes, *spec.input_shape))
    images = patterns[labels] + random.integers(0, 128, size=(count, *spec.input_shape))
    if dtype is np.uint8:
        return Samples(images.astype(np.uint8), labels)
    return Samples((images / 255).astype(dtype), labels)


def build(spec: NetworkSpec, backend: Backend | None = None, seed: int = 0) -> Network:
    """Build a network whose weights and biases are drawn, so that no two values are alike."""
    config = InitializerConfig("normal", scale=0.3, biases="drawn")
    return (backend or GluonBackend("cpu")).build(spec, initial_weights(summarize(spec), config, seed))


def masks(spec: NetworkSpec, batch: int, step: int = 0) -> dict[str, np.ndarray]:
    """Return a mask for every Dropout layer of ``spec``."""
    places = [layer for layer in summarize(spec).layers if isinstance(layer.layer, Dropout)]
    return {
        place.path: dropout_mask(0, place.path, step, (batch, *place.output_shape), place.layer.rate)
        for place in places
    }
