"""Measures the backend scratch with CuPy on a GPU beside NumPy on the CPU: the same networks, the same code.

Rounds of both alternate, so that a machine that grows slower or warmer does so for both. A round trains some batches
without waiting for each, as a run does, and ends when the last one's loss is there. Before the first, a few batches
let CuPy compile its kernels. (It is not called cupy.py, since then it would be what ``import cupy`` finds.)

Run as ``python benchmarks/gpu.py``; ``--batch``, ``--rounds`` and ``--networks`` change what is measured.
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
from engine.backends.base import Backend, StepSettings
from engine.backends.choice import make_backend
from engine.devices import list_devices
from engine.errors import NetariumError
from engine.training.initializers import initial_weights

NETWORKS = ("simple-convnet", "lenet-tanh")
BATCHES = 20  # in a round
WARM_UP = 3
SAMPLES = 10_000


def gpu() -> str:
    """Return the GPU that CuPy computes on; end with a sentence if there is none."""
    gpus = [device for device in list_devices() if device.name.startswith("gpu")]
    for device in gpus:
        if "scratch" in device.backends:
            print(f"{device.name}: {device.label}")
            return device.name
    reasons = " ".join(f"{device.label}: {device.reason}" for device in gpus)
    sys.exit(f"There is no GPU here that CuPy computes on, so nothing was measured. {reasons}".rstrip())


def rounds_of(backend: Backend, name: str, batch: int) -> Callable[[], float]:
    """Return a function that trains a round of batches and returns the samples per second."""
    chosen = experiment(name)
    spec, config = chosen.network(), chosen.config
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (SAMPLES, *spec.input_shape), np.uint8)
    network = backend.build(spec, initial_weights(summarize(spec), config.initializer, 0))
    network.prepare_training(config.optimizer, config.loss_reduction)
    data = network.place(images, random.integers(0, 10, SAMPLES))
    # So small that the weights stay usual ones, however many rounds there are.
    settings = StepSettings(1e-6, config.optimizer.momentum, config.optimizer.weight_decay)

    def train(batches: int = BATCHES) -> float:
        began = time.perf_counter()
        for _ in range(batches):
            pending = network.train_batch(data, random.integers(0, SAMPLES, batch), {}, settings)
        pending.result()
        return batches * batch / (time.perf_counter() - began)

    train(WARM_UP)
    return train


def main() -> int:
    """Print how many samples per second each trains."""
    parser = argparse.ArgumentParser(description="Measure the backend scratch with CuPy on a GPU beside NumPy.")
    parser.add_argument("--batch", type=int, default=100, help="samples per batch (100)")
    parser.add_argument("--rounds", type=int, default=5, help=f"rounds in turn, of {BATCHES} batches each (5)")
    parser.add_argument("--networks", nargs="+", default=NETWORKS, metavar="NAME", help="by default %(default)s")
    options = parser.parse_args()
    backends = {"CuPy": make_backend("scratch", gpu()), "NumPy": make_backend("scratch", "cpu")}
    for name in options.networks:
        began = time.perf_counter()
        trains = {which: rounds_of(backend, name, options.batch) for which, backend in backends.items()}
        warm_up = time.perf_counter() - began
        rates: dict[str, list[float]] = {which: [] for which in trains}
        for _ in range(options.rounds):
            for which, train in trains.items():
                rates[which].append(train())
        ratios = [fast / slow for fast, slow in zip(*rates.values(), strict=True)]
        print(f"{name}, batch {options.batch}, medians of {options.rounds} rounds ({warm_up:.0f} s to warm up):")
        for which, values in rates.items():
            print(f"  {which:6} {statistics.median(values):10,.0f} samples/s")
        print(f"  ratio  {statistics.median(ratios):10.1f}  (rounds: {', '.join(f'{r:.1f}' for r in ratios)})")
    return 0


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except NetariumError as error:
        sys.exit(str(error))
