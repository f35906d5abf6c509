"""Networks, weights and damaged files that the storage tests share."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import numpy as np
import pytest

from engine.architecture.layers import (
    Activation,
    BatchNorm,
    Concat,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPool2D,
    Residual,
)
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize
from engine.errors import FileError

MLP = NetworkSpec("mlp", (6,), (Dense(units=5), Activation(function="relu"), Dense(units=3)))

# Every kind of parameter, and paths of every depth.
CONVNET = NetworkSpec(
    "convnet", (1, 8, 8),
    (
        Conv2D(channels=4, kernel=(3, 3), padding=(1, 1), use_bias=False),
        BatchNorm(),
        Activation(function="relu"),
        Residual(
            body=(Conv2D(channels=4, kernel=(3, 3), padding=(1, 1)),),
            shortcut=(Conv2D(channels=4, kernel=(1, 1)),),
        ),
        Concat(branches=((), (Conv2D(channels=4, kernel=(1, 1)),))),
        MaxPool2D(),
        Flatten(),
        Dropout(rate=0.5),
        Dense(units=3),
    ),
)  # fmt: skip


def weights_of(spec: NetworkSpec, seed: int = 0) -> dict[str, np.ndarray]:
    """Return random weights; variances are positive."""
    generator = np.random.default_rng(seed)
    return {p.path: (generator.uniform(0.5, 1.5, p.shape)).astype(np.float32) for p in summarize(spec).parameters}


def assert_same(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    """Names in order, types, shapes and bits agree."""
    assert list(found) == list(expected)
    for name in expected:
        assert found[name].dtype == expected[name].dtype, name
        assert found[name].shape == expected[name].shape, name
        assert found[name].tobytes() == expected[name].tobytes(), name


def truncations(data: bytes) -> Iterator[bytes]:
    """Yield the file cut at every length near its ends, and at some between."""
    lengths = {*range(0, min(len(data), 200)), *range(max(0, len(data) - 40), len(data))}
    lengths |= set(range(0, len(data), max(1, len(data) // 50)))
    for length in sorted(lengths):
        yield data[:length]


def bit_flips(data: bytes, count: int, seed: int = 0) -> Iterator[bytes]:
    """Yield copies of the file that differ in one bit."""
    chance = random.Random(seed)
    for _ in range(count):
        copy = bytearray(data)
        copy[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        yield bytes(copy)


def assert_refused(read, path, data: bytes, seconds: float = 1.0) -> str:
    """The reader refuses these bytes in time; returns its sentence."""
    path.write_bytes(data)
    began = time.perf_counter()
    with pytest.raises(FileError) as caught:
        read(path)
    assert time.perf_counter() - began < seconds
    return str(caught.value)


def assert_survives(read, path, data: bytes) -> None:
    """The reader returns something or refuses; it never fails in another way."""
    path.write_bytes(data)
    try:
        read(path)
    except FileError:
        pass
