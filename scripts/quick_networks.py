"""Trains the two quick networks on the whole of MNIST, as anybody would, and prints how fast and how good they are.

    python scripts/quick_networks.py [NETWORK ...] [--seeds 0 1 2]

Seconds are of training, and of training with the validation after each epoch. The exit code is 1 if a run misses its
accuracy or takes too long; seconds mean something only on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import msgspec

from engine.architecture.zoo import experiment
from engine.backends.mxnet import runtime
from engine.backends.mxnet.gluon import GluonBackend
from engine.data.catalog import load_dataset
from engine.session import Session
from engine.training.events import EpochDone


@dataclass(frozen=True)
class Mark:
    """What every run of a network has to reach: a test accuracy after its last epoch, in so many seconds."""

    accuracy: float
    seconds: float


MARKS = {"quick-99": Mark(0.990, 10.0), "quick-99.5": Mark(0.995, 600.0)}


def train(name: str, seed: int) -> tuple[EpochDone, float, float]:
    """Train a network with its own settings; return its last epoch and the seconds without and with validation."""
    chosen, dataset = experiment(name), load_dataset("mnist")
    spec = chosen.network(dataset.input_shape, len(dataset.class_names))
    session = Session(GluonBackend("cpu"), spec, msgspec.structs.replace(chosen.config, seed=seed), dataset)
    began = time.perf_counter()
    epochs = [event for event in session.train("run") if isinstance(event, EpochDone)]
    return epochs[-1], sum(epoch.seconds for epoch in epochs), time.perf_counter() - began


def main() -> int:
    """Train every network with every seed and return the exit code."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("networks", nargs="*", metavar="NETWORK", help=", ".join(MARKS))
    options.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    chosen = options.parse_args()
    unknown = [name for name in chosen.networks if name not in MARKS]
    if unknown:
        options.error(f"there is no mark for {', '.join(unknown)}; there are {', '.join(MARKS)}")
    runtime.load()
    print(f"{runtime.versions()['threads']} threads")
    missed = 0
    for name in chosen.networks or MARKS:
        mark = MARKS[name]
        for seed in chosen.seeds:
            last, seconds, with_validation = train(name, seed)
            reached = last.validation_accuracy >= mark.accuracy and seconds <= mark.seconds
            missed += not reached
            print(
                f"{name:10}  seed {seed}  {last.epoch:2} epochs  {seconds:6.1f} s training  "
                f"{with_validation:6.1f} s with validation  test accuracy {last.validation_accuracy:.4f}"
                + ("" if reached else f"  missed: {mark.accuracy} within {mark.seconds:g} s"),
                flush=True,
            )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
