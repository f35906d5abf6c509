"""How the cost of an epoch grows with batch size, width and depth, in one figure, with what limits each region.

For every network and backend the training loop itself is timed (``measure_epoch``), in rounds by turns; the median of
the rounds is drawn. Beside each curve stands what the arithmetic alone would take: three passes (forward, and backward
by input and by weight) of a multiplication and an addition each, at the speed of a large matrix product on this
machine. Where a curve follows that line, arithmetic limits it; where it lies far above, what a batch costs however
small it is: Python, operators that are begun one by one, memory that is touched.

    python benchmarks/growth.py [--rounds 3] [--figure docs/images/cost-growth.png] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np

from engine import spare_memory
from engine.architecture.layers import Activation, Conv2D, Dense, Flatten, MaxPool2D
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize
from engine.backends.choice import make_backend
from engine.data.catalog import load_dataset
from engine.data.dataset import Dataset
from engine.estimates.timing import measure_epoch
from engine.training.config import OptimizerConfig, TrainingConfig

BACKENDS = ("gluon", "scratch")
FLOPS_PER_MULTIPLY_ADD = 6  # two for each of the three passes
SAMPLES = 60_000
BATCHES = (8, 16, 32, 64, 128, 256, 512, 1024)
MLP_WIDTHS = (16, 32, 64, 128, 256, 512, 1024)
CONV_WIDTHS = (4, 8, 16, 32, 64)
DEPTHS = (1, 2, 4, 8, 16)


class Point(NamedTuple):
    """What is measured: a place on a curve of a panel."""

    panel: str
    curve: str
    x: int
    spec: NetworkSpec
    batch: int
    backend: str


def mlp(width: int, depth: int) -> NetworkSpec:
    """Return ``depth`` hidden layers of ``width`` units."""
    hidden = [layer for _ in range(depth) for layer in (Dense(width), Activation("relu"))]
    return NetworkSpec("mlp", (1, 28, 28), (Flatten(), *hidden, Dense(10)))


def convnet(channels: int, depth: int) -> NetworkSpec:
    """Return ``depth`` 3×3 convolutions of ``channels`` maps at 14×14, then a dense layer."""
    body: list[Any] = [Conv2D(channels, (3, 3), padding=(1, 1)), MaxPool2D(), Activation("relu")]
    for _ in range(depth - 1):
        body += [Conv2D(channels, (3, 3), padding=(1, 1)), Activation("relu")]
    return NetworkSpec("convnet", (1, 28, 28), (*body, Flatten(), Dense(10)))


def points() -> Iterator[Point]:
    """Yield everything that is measured."""
    for backend in BACKENDS:
        for batch in BATCHES:
            yield Point("batch size", f"MLP 128-64, {backend}", batch, mlp(128, 2), batch, backend)
            yield Point("batch size", f"convolutions, {backend}", batch, convnet(16, 2), batch, backend)
        for width in MLP_WIDTHS:
            yield Point("width", f"MLP of two layers, {backend}", width, mlp(width, 2), 100, backend)
        for channels in CONV_WIDTHS:
            yield Point("width", f"two convolutions, {backend}", channels, convnet(channels, 2), 100, backend)
        for depth in DEPTHS:
            yield Point("depth", f"MLP of width 128, {backend}", depth, mlp(128, depth), 100, backend)
            yield Point("depth", f"convolutions of 16, {backend}", depth, convnet(16, depth), 100, backend)


def seconds_per_epoch(point: Point, dataset: Dataset) -> float:
    """Return how long training takes for the whole data set, without validation."""
    config = TrainingConfig(optimizer=OptimizerConfig("sgd", learning_rate=0.01), batch_size=point.batch)
    measuring = measure_epoch(make_backend(point.backend), point.spec, config, dataset)
    while True:
        try:
            next(measuring)
        except StopIteration as end:
            return float(end.value.train_seconds)


def peak_flops() -> float:
    """Return how many float32 operations a second a large matrix product does here: the best of five."""
    a = np.random.default_rng(0).random((2048, 2048), np.float32)
    best = float("inf")
    for _ in range(5):
        began = time.perf_counter()
        a @ a
        best = min(best, time.perf_counter() - began)
    return float(2 * 2048**3 / best)


def arithmetic_seconds(point: Point, peak: float) -> float:
    """Return what the multiplications and additions of an epoch alone would take."""
    return FLOPS_PER_MULTIPLY_ADD * summarize(point.spec).multiply_adds * SAMPLES / peak


def measure(rounds: int) -> list[dict[str, Any]]:
    """Measure all points, in rounds by turns, and return a row for each."""
    dataset, peak = load_dataset("mnist"), peak_flops()
    todo = list(points())
    times: list[list[float]] = [[] for _ in todo]
    for number in range(rounds):
        for place, point in enumerate(todo):
            times[place].append(seconds_per_epoch(point, dataset))
            print(f"\rround {number + 1}, {place + 1} of {len(todo)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return [
        {
            "panel": point.panel, "curve": point.curve, "x": point.x, "seconds": statistics.median(spread),
            "fastest": min(spread), "slowest": max(spread), "arithmetic": arithmetic_seconds(point, peak),
        }
        for point, spread in zip(todo, times, strict=True)
    ]  # fmt: skip


def main() -> int:
    """Measure, print a table, and draw the figure."""
    parser = argparse.ArgumentParser(description="Measures how the cost of an epoch grows.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--figure", type=Path)
    parser.add_argument("--json", type=Path, help="write the rows here, or draw those of an earlier run with --redraw")
    parser.add_argument("--redraw", action="store_true")
    options = parser.parse_args()
    spare_memory.keep()  # as app.py does
    if options.redraw:
        rows = json.loads(options.json.read_text())
    else:
        rows = measure(options.rounds)
        if options.json:
            options.json.write_text(json.dumps(rows, indent=1))
    print(f"{'':12}{'':32}{'x':>6}{'s/epoch':>10}{'arithmetic':>12}{'share':>7}")
    for row in rows:
        share = row["arithmetic"] / row["seconds"]
        print(
            f"{row['panel']:12}{row['curve']:32}{row['x']:6}{row['seconds']:10.3f}{row['arithmetic']:12.3f}{share:7.0%}"
        )
    if options.figure:
        from benchmarks.growth_figure import draw

        draw(rows, options.figure)
    return 0


if __name__ == "__main__":
    sys.exit(main())
