"""MNIST to 99.0%: seconds of training with the recipe of ``quick-99``, beside the same recipe in PyTorch.

Both begin with the same weights, see the same batches with the same schedule, and are checked on the 10,000 test images
after their last epoch; seconds are of training alone. Seeds and frameworks take turns, each in a process of its own.

    python benchmarks/to99.py [--seeds 0 1 2] [--network quick-99]
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import msgspec

from benchmarks.races import Race
from engine import spare_memory
from engine.architecture.shapes import summarize
from engine.architecture.zoo import experiment
from engine.backends.choice import make_backend
from engine.data.catalog import load_dataset
from engine.fastest import find_fastest
from engine.session import Session
from engine.training.events import EpochDone
from engine.training.initializers import initial_weights

WANTED, MOST_SECONDS = 0.99, 10.0


def ours(race: Race) -> dict[str, object]:
    """Train with the fastest backend, as ``auto`` does, and return accuracy and seconds."""
    spare_memory.keep()  # as app.py does
    dataset = load_dataset("mnist")
    backend = find_fastest(race.spec, race.config, "cpu", make_backend).backend
    session = Session(make_backend(backend), race.spec, race.config, dataset)
    done = [event for event in session.train("run") if isinstance(event, EpochDone)]
    return {
        "accuracy": done[-1].validation_accuracy, "seconds": sum(epoch.seconds for epoch in done), "with": backend,
    }  # fmt: skip


def in_torch(race: Race, threads: int) -> dict[str, object]:
    """Train in PyTorch, and return accuracy and seconds."""
    from benchmarks.torch_network import TorchLoop

    dataset = load_dataset("mnist")
    weights = initial_weights(summarize(race.spec), race.config.initializer, race.config.seed)
    loop = TorchLoop(race.spec, race.config, dataset, weights, threads)
    batches = -(-len(dataset.train_labels) // race.config.batch_size) * race.config.epochs
    began = time.perf_counter()
    loop.train(batches)
    return {"seconds": time.perf_counter() - began, "accuracy": loop.accuracy(dataset), "with": "torch"}


def race_of(network: str, seed: int) -> Race:
    """Return a network with its own settings and this seed."""
    chosen = experiment(network)
    return Race(network, chosen.network(), msgspec.structs.replace(chosen.config, seed=seed), 1.0)


def main() -> int:
    """Train with every seed by turns, and print how good and how quick each was."""
    parser = argparse.ArgumentParser(description="Measures the seconds to 99% on MNIST.")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--network", default="quick-99")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--one", choices=("ours", "torch"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        race = race_of(options.network, options.seeds[0])
        print(json.dumps(ours(race) if options.one == "ours" else in_torch(race, options.threads)))
        return 0
    ways = ["ours", *(["torch"] if importlib.util.find_spec("torch") is not None else [])]
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for seed in options.seeds:
        for way in ways:
            command = [sys.executable, __file__, "--one", way, "--seeds", str(seed), "--network", options.network]
            environment = {**os.environ, "OMP_NUM_THREADS": str(options.threads)}
            done = subprocess.run(
                [*command, "--threads", str(options.threads)], stdout=subprocess.PIPE, text=True, check=True,
                env=environment,
            )  # fmt: skip
            told = json.loads(done.stdout.splitlines()[-1])
            seconds[way].append(told["seconds"])
            print(f"seed {seed}  {told['with']:8} {told['accuracy']:.2%} after {told['seconds']:.1f} s of training")
    for way in ways:
        print(f"{way:6} median {statistics.median(seconds[way]):.1f} s")
    middle = statistics.median(seconds["ours"])
    print(f"aim: {WANTED:.0%} within {MOST_SECONDS:g} s: {'reached' if middle <= MOST_SECONDS else 'missed'} in time")
    return 0


if __name__ == "__main__":
    sys.exit(main())
