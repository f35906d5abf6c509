"""Measures the NumPy backend beside a textbook implementation of the same network and the same step.

The textbook way: windows are copied into a matrix one by one, in Python loops over the kernel's offsets, with the batch
outermost in memory; images are turned about before and after each product; max pooling goes through the same matrix
and argmax; and all is in float64, NumPy's default. Both are given the same weights and batches and must end
with the same weights.

Run as ``python benchmarks/scratch.py``; ``--batch`` and ``--rounds`` change what is measured.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from engine.architecture.shapes import summarize
from engine.architecture.zoo import experiment
from engine.backends.base import StepSettings
from engine.backends.scratch.network import ScratchBackend
from engine.training.initializers import initial_weights

NAME = "simple-convnet"
TIMES = 3.0  # how much faster the backend has to be


def im2col(images: np.ndarray, size: int, stride: int) -> np.ndarray:
    """Return each window of images as a row: (batch · rows · columns, channels · size · size)."""
    batch, channels, height, width = images.shape
    rows, columns = (height - size) // stride + 1, (width - size) // stride + 1
    gathered = np.zeros((batch, channels, size, size, rows, columns))
    for y in range(size):
        for x in range(size):
            gathered[:, :, y, x] = images[:, :, y : y + stride * rows : stride, x : x + stride * columns : stride]
    return gathered.transpose(0, 4, 5, 1, 2, 3).reshape(batch * rows * columns, -1)


def col2im(matrix: np.ndarray, shape: tuple[int, ...], size: int, stride: int) -> np.ndarray:
    """Return images of ``shape`` with each row of ``matrix`` added where its window lies."""
    batch, channels, height, width = shape
    rows, columns = (height - size) // stride + 1, (width - size) // stride + 1
    spread = matrix.reshape(batch, rows, columns, channels, size, size).transpose(0, 3, 4, 5, 1, 2)
    images = np.zeros((batch, channels, height + stride - 1, width + stride - 1))
    for y in range(size):
        for x in range(size):
            images[:, :, y : y + stride * rows : stride, x : x + stride * columns : stride] += spread[:, :, y, x]
    return images[:, :, :height, :width]


class Textbook:
    """The network of the NumPy book with Adam: convolution, ReLU, pooling, dense, ReLU, dense, softmax."""

    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        self.weights = {path: value.astype(np.float64) for path, value in weights.items()}
        self.means = {path: np.zeros_like(value) for path, value in self.weights.items()}
        self.squares = {path: np.zeros_like(value) for path, value in self.weights.items()}
        self.steps = 0

    def gradients(self, images: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
        """Return the gradient of the mean cross-entropy by each weight."""
        w = self.weights
        batch, kernels = len(images), w["conv1/weight"]
        side = images.shape[2] - kernels.shape[2] + 1
        flat_kernels = kernels.reshape(len(kernels), -1).T
        columns = im2col(images, kernels.shape[2], 1)
        maps = (columns @ flat_kernels + w["conv1/bias"]).reshape(batch, side, side, -1).transpose(0, 3, 1, 2)
        off = maps <= 0
        lit = maps.copy()
        lit[off] = 0
        windows = im2col(lit, 2, 2).reshape(-1, 4)
        winners = windows.argmax(axis=1)
        pooled = windows.max(axis=1).reshape(batch, side // 2, side // 2, -1).transpose(0, 3, 1, 2)
        features = pooled.reshape(batch, -1)
        hidden = features @ w["dense1/weight"].T + w["dense1/bias"]
        dark = hidden <= 0
        hidden[dark] = 0
        logits = hidden @ w["dense2/weight"].T + w["dense2/bias"]
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        dlogits = powers / powers.sum(axis=1, keepdims=True)
        dlogits[np.arange(batch), labels] -= 1
        dlogits /= batch

        dhidden = dlogits @ w["dense2/weight"]
        dhidden[dark] = 0
        dpooled = (dhidden @ w["dense1/weight"]).reshape(pooled.shape).transpose(0, 2, 3, 1)
        dwindows = np.zeros((dpooled.size, 4))
        dwindows[np.arange(winners.size), winners] = dpooled.flatten()
        dmaps = col2im(dwindows.reshape(-1, 4 * maps.shape[1]), maps.shape, 2, 2)
        dmaps[off] = 0
        drows = dmaps.transpose(0, 2, 3, 1).reshape(-1, len(kernels))
        dcolumns = drows @ flat_kernels.T
        col2im(dcolumns, images.shape, kernels.shape[2], 1)  # the first layer's too, as the book has it
        return {
            "conv1/weight": (columns.T @ drows).T.reshape(kernels.shape), "conv1/bias": drows.sum(axis=0),
            "dense1/weight": dhidden.T @ features, "dense1/bias": dhidden.sum(axis=0),
            "dense2/weight": dlogits.T @ hidden, "dense2/bias": dlogits.sum(axis=0),
        }  # fmt: skip

    def step(self, images: np.ndarray, labels: np.ndarray, rate: float) -> None:
        """Change the weights by one step of Adam."""
        self.steps += 1
        corrected = rate * np.sqrt(1 - 0.999**self.steps) / (1 - 0.9**self.steps)
        for path, gradient in self.gradients(images, labels).items():
            self.means[path] += 0.1 * (gradient - self.means[path])
            self.squares[path] += 0.001 * (gradient**2 - self.squares[path])
            self.weights[path] -= corrected * self.means[path] / (np.sqrt(self.squares[path]) + 1e-8)


def seconds(step: Callable[[int], None], rounds: range) -> float:
    """Return the median time of a step, which other work on the machine disturbs least."""
    times = []
    for number in rounds:
        began = time.perf_counter()
        step(number)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def main() -> int:
    """Print how many samples per second both train; 1 if the backend is not fast enough or differs."""
    parser = argparse.ArgumentParser(description="Measure the NumPy backend beside a textbook implementation.")
    parser.add_argument("--batch", type=int, default=100, help="samples per batch (100)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds in turn, of four batches each (5)")
    options = parser.parse_args()
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (2000, 1, 28, 28), np.uint8)
    labels = random.integers(0, 10, 2000)
    config = experiment(NAME).config
    spec = experiment(NAME).network()
    weights = initial_weights(summarize(spec), config.initializer, 0)
    rate = config.optimizer.learning_rate
    batches = random.integers(0, 2000, (4 * options.rounds + 2, options.batch))

    network = ScratchBackend().build(spec, weights)
    network.prepare_training(config.optimizer, "mean")
    data = network.place(images, labels)
    settings = StepSettings(rate, 0.0, 0.0)
    textbook = Textbook(weights)

    def ours(number: int) -> None:
        network.train_batch(data, batches[number], {}, settings).result()

    def theirs(number: int) -> None:
        textbook.step(images[batches[number]] / 255, labels[batches[number]], rate)

    measured: dict[str, list[float]] = {"backend": [], "textbook": []}
    for number in range(2):
        ours(number)
        theirs(number)
    for first in range(2, len(batches), 4):
        # In turn, so that a machine that grows slower does so for both.
        measured["backend"].append(seconds(ours, range(first, first + 4)))
        measured["textbook"].append(seconds(theirs, range(first, first + 4)))

    ratios = [slow / fast for fast, slow in zip(*measured.values(), strict=True)]
    difference = max(float(np.abs(w - textbook.weights[path]).max()) for path, w in network.weights().items())
    print(f"{NAME}, batch {options.batch}, medians of {options.rounds} rounds:")
    for name, times in measured.items():
        print(f"  {name:9} {options.batch / statistics.median(times):8,.0f} samples/s")
    print(f"  ratio     {statistics.median(ratios):8.1f}  (rounds: {', '.join(f'{r:.1f}' for r in ratios)})")
    print(f"  largest difference between their weights afterwards: {difference:.1e}")
    return int(statistics.median(ratios) < TIMES or difference > 1e-3)


if __name__ == "__main__":
    raise SystemExit(main())
