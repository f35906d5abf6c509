"""Compares the estimates of memory and time with measurements, for every network of the zoo.

    python scripts/check_estimates.py [--memory] [--time] [--only NAME]...

Memory must be within 25% of what is measured where that is more than 200 MB, and within 50 MB elsewhere; the time of
an epoch within 20%. The exit code is 1 if one is not. Nothing else should run meanwhile when times are measured.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Generator
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engine.architecture.shapes import summarize
from engine.architecture.zoo import EXPERIMENTS, Experiment
from engine.backends.base import Backend
from engine.backends.mxnet.gluon import GluonBackend
from engine.data.catalog import load_dataset
from engine.data.dataset import Dataset
from engine.estimates.available import available_memory
from engine.estimates.memory import training_memory
from engine.estimates.timing import EpochEstimate, measure_epoch
from engine.session import Session
from engine.training.config import TrainingConfig
from engine.training.events import EpochDone, RunFinished
from scripts.measure_training import growth

BATCHES = (1, 16, 128, 256)
LARGE = 200_000_000
MEMORY_SHARE, MEMORY_BYTES = 0.25, 50_000_000
TIME_SHARE = 0.20

# An epoch is cut to about so many seconds, but not to fewer batches.
EPOCH_SECONDS, FEWEST_BATCHES = 12.0, 10


def main() -> int:
    """Print the tables; return 1 if an estimate is out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memory", action="store_true", help="check memory only, unless --time is given too")
    parser.add_argument("--time", action="store_true", help="check times only, unless --memory is given too")
    parser.add_argument("--only", action="append", choices=list(EXPERIMENTS), metavar="NAME", help="this network")
    arguments = parser.parse_args()
    chosen = [EXPERIMENTS[name] for name in arguments.only or EXPERIMENTS]
    good = True
    if arguments.memory or not arguments.time:
        good &= check_memory(chosen)
    if arguments.time or not arguments.memory:
        good &= check_time(chosen)
    return 0 if good else 1


def memory_fits(estimated: int, measured: int) -> bool:
    """Return whether an estimate of memory is as good as promised."""
    allowed = MEMORY_SHARE * measured if measured > LARGE else MEMORY_BYTES
    return abs(estimated - measured) <= allowed


def check_memory(chosen: list[Experiment]) -> bool:
    """Print estimated and measured megabytes of each network at several batch sizes."""
    print(f"{'network':<22}{'batch':>6}{'estimated MB':>14}{'measured MB':>13}  ok")
    good = True
    for experiment in chosen:
        spec = experiment.network()
        for batch in BATCHES:
            config = msgspec.structs.replace(experiment.config, batch_size=batch)
            estimated = training_memory(summarize(spec), config)
            line = f"{experiment.name:<22}{batch:>6}{estimated / 1e6:>14.0f}"
            if estimated > 0.8 * (available_memory() or math.inf):
                print(f"{line}{'-':>13}  too large for this machine", flush=True)
                continue
            measured = growth(spec, config)
            fits = memory_fits(estimated, measured)
            good &= fits
            print(f"{line}{measured / 1e6:>13.0f}  {'yes' if fits else 'NO'}", flush=True)
    return good


def check_time(chosen: list[Experiment]) -> bool:
    """Print estimated and measured seconds of an epoch of each network, on MNIST or the first part of it."""
    backend, dataset = GluonBackend("cpu"), load_dataset("mnist")
    print(f"{'network':<22}{'batch':>6}{'batches':>9}{'estimated s':>13}{'measured s':>12}  ok   validation s")
    good = True
    for experiment in chosen:
        config = shortened(backend, experiment, dataset)
        estimated = finish(measure_epoch(backend, experiment.network(), config, dataset))
        measured = measured_epoch(backend, experiment, config, dataset)
        fits = abs(estimated.train_seconds - measured.train_seconds) <= TIME_SHARE * measured.train_seconds
        good &= fits
        print(
            f"{experiment.name:<22}{config.batch_size:>6}{batches(config, dataset):>9}"
            f"{estimated.train_seconds:>13.2f}{measured.train_seconds:>12.2f}  {'yes' if fits else 'NO '}"
            f"  {estimated.validation_seconds:.2f} ({measured.validation_seconds:.2f})",
            flush=True,
        )
    return good


def shortened(backend: Backend, experiment: Experiment, dataset: Dataset) -> TrainingConfig:
    """Return an experiment's settings for one epoch, of so many samples that it does not take for ever."""
    config = msgspec.structs.replace(experiment.config, epochs=1)
    whole = finish(measure_epoch(backend, experiment.network(), config, dataset))
    share = EPOCH_SECONDS / max(EPOCH_SECONDS, whole.train_seconds)
    kept = max(FEWEST_BATCHES, round(share * batches(config, dataset))) * config.batch_size
    samples = min(kept, config.limit_train or kept, len(dataset.train_images))
    validation = min(max(1000, round(share * len(dataset.test_images))), config.limit_validation or samples)
    return msgspec.structs.replace(config, limit_train=samples, limit_validation=validation)


def measured_epoch(backend: Backend, experiment: Experiment, config: TrainingConfig, dataset: Dataset) -> EpochEstimate:
    """Train for one epoch and return what it took."""
    session = Session(backend, experiment.network(), config, dataset)
    for event in session.train("measured"):
        if isinstance(event, EpochDone):
            return EpochEstimate(event.seconds, session.stopwatch.seconds - event.seconds)
        if isinstance(event, RunFinished):
            raise RuntimeError(event.message)
    raise AssertionError("a run ends in an event")


def batches(config: TrainingConfig, dataset: Dataset) -> int:
    """Return how many batches an epoch has."""
    return math.ceil(min(len(dataset.train_images), config.limit_train or math.inf) / config.batch_size)


def finish(measuring: Generator[None, None, EpochEstimate]) -> EpochEstimate:
    """Return what a generator ends with."""
    while True:
        try:
            next(measuring)
        except StopIteration as end:
            return end.value


if __name__ == "__main__":
    sys.exit(main())
