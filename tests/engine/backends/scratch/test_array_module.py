"""The array module is a parameter: no NumPy function is ever given an array of another module, as CuPy's are."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from engine.architecture.shapes import summarize
from engine.backends.base import StepSettings
from engine.backends.scratch.network import ScratchBackend
from engine.training.config import InitializerConfig, OptimizerConfig, OptimizerName
from engine.training.initializers import initial_weights
from tests.engine.samples import EVERYTHING, masks, samples


class Foreign:
    """An array that only its own module's functions take; what CuPy's arrays do with operators, this does."""

    __array_priority__ = 1000
    __hash__ = None

    def __init__(self, array):
        self.inner = array

    def __array__(self, *_):
        raise TypeError("an array of another module was handed to NumPy")

    __array_ufunc__ = None  # NumPy's arrays and numbers leave operators to this class

    def get(self):
        return self.inner.copy()

    def __len__(self):
        return len(self.inner)

    def __float__(self):
        return float(self.inner)

    def __int__(self):
        return int(self.inner)

    def __getitem__(self, key):
        return wrapped(self.inner[opened(key)])

    def __setitem__(self, key, value):
        self.inner[opened(key)] = opened(value)

    def __getattr__(self, name):
        value = getattr(self.inner, name)
        if name in ("shape", "strides", "dtype", "ndim", "size", "itemsize"):
            return value
        return foreign_function(value) if callable(value) else wrapped(value)


def opened(value):
    if isinstance(value, np.ndarray):
        raise TypeError("an array of NumPy was handed to another module")
    if isinstance(value, Foreign):
        return value.inner
    return type(value)(opened(v) for v in value) if isinstance(value, (tuple, list)) else value


def wrapped(value):
    return Foreign(value) if isinstance(value, (np.ndarray, np.generic)) else value


def foreign_function(function):
    def call(*arguments, **named):
        return wrapped(function(*opened(arguments), **{name: opened(value) for name, value in named.items()}))

    return call


def operator(name):
    def call(self, *others):
        result = getattr(self.inner if isinstance(self.inner, np.ndarray) else np.asarray(self.inner), name)(
            *opened(others)
        )
        if name.startswith("__i") and name != "__invert__":
            return self
        return wrapped(result)

    return call


NAMES = "add sub mul truediv matmul pow and or xor"
for stem in NAMES.split():
    for prefix in ("", "r", "i"):
        if not (prefix == "i" and stem == "matmul"):
            setattr(Foreign, f"__{prefix}{stem}__", operator(f"__{prefix}{stem}__"))
for stem in "neg eq ne lt le gt ge invert".split():
    setattr(Foreign, f"__{stem}__", operator(f"__{stem}__"))


class ForeignModule:
    """NumPy's functions for foreign arrays only."""

    inf = np.inf
    lib = SimpleNamespace(stride_tricks=SimpleNamespace(as_strided=foreign_function(np.lib.stride_tricks.as_strided)))

    @staticmethod
    def asarray(value, dtype=None):
        return Foreign(np.array(value.inner if isinstance(value, Foreign) else value, dtype))

    def __getattr__(self, name):
        return foreign_function(getattr(np, name))


def trained(backend, name):
    config = InitializerConfig("normal", scale=0.3, biases="drawn")
    network = backend.build(EVERYTHING, initial_weights(summarize(EVERYTHING), config, 0))
    network.prepare_training(OptimizerConfig(name, clip_norm=0.5, clip_value=0.3), "mean")
    batch = samples(EVERYTHING, 5)
    data = network.place(batch.images, batch.labels)
    drawn = masks(EVERYTHING, 5)
    figures = [network.train_batch(data, np.arange(5), drawn, StepSettings(0.01, 0.9, 0.01)).result() for _ in range(2)]
    return network, [*figures, network.evaluate_batch(data, 1, 4).result()]


@pytest.mark.parametrize("name", OptimizerName.__args__)
def test_another_array_module_trains_the_same_and_gives_numpy_arrays_out(name):
    (ours, figures), (theirs, expected) = (
        trained(ScratchBackend("gpu(0)", ForeignModule()), name),
        trained(ScratchBackend(), name),
    )

    assert figures == expected
    images = samples(EVERYTHING, 3, dtype=np.float32).images
    for mine, other in (
        (ours.weights(), theirs.weights()),
        (ours.gradients(), theirs.gradients()),
        (ours.optimizer_state(), theirs.optimizer_state()),
        (ours.activations(images), theirs.activations(images)),
        ({"p": ours.predict(images)}, {"p": theirs.predict(images)}),
        ({"w": ours.copy_weight("conv1/weight").result()}, {"w": theirs.copy_weight("conv1/weight").result()}),
    ):
        assert list(mine) == list(other)
        for key, value in mine.items():
            assert type(value) is np.ndarray
            assert np.array_equal(value, other[key]), key
    ours.set_optimizer_state(theirs.optimizer_state())
    ours.set_weights(theirs.weights())
    assert ours.activity(images).result() == theirs.activity(images).result()
