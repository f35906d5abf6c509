"""One way to train a network, in a process of its own: it trains when it is told to, and tells how fast it was.

Started by ``frameworks.py``, which writes a number of seconds to its standard input for each round and reads samples a
second from its output. Between its rounds it waits, and takes nothing from the others.
"""

from __future__ import annotations

import json
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import msgspec

from benchmarks.races import RACES, Race
from engine import spare_memory
from engine.architecture.layers import Dropout
from engine.architecture.network import walk
from engine.architecture.shapes import summarize
from engine.backends.base import Backend, StepSettings, Weights
from engine.backends.choice import make_backend
from engine.data.catalog import load_dataset
from engine.data.dataset import Dataset
from engine.history.recorder import Recorder
from engine.history.writer import HistoryWriter
from engine.session import Session
from engine.training.chance import dropout_mask, sample_order
from engine.training.data import place
from engine.training.events import BatchesDone
from engine.training.initializers import initial_weights

Train = Callable[[float], float]  # for so many seconds; returns samples a second

_WARM_UP_S = 0.5


def ours(backend: Backend, race: Race, dataset: Dataset, is_recorded: bool = False) -> Train:
    """Run our training loop with all that it tells, and keep the run in the history if it is to be recorded."""
    config = msgspec.structs.replace(race.config, epochs=10_000, limit_validation=race.config.batch_size)
    session = Session(backend, race.spec, config, dataset)
    events = session.train("benchmark")
    recorder = Recorder(HistoryWriter(), session) if is_recorded else None
    done = 0

    def train(seconds: float) -> float:
        nonlocal done
        began, first = time.perf_counter(), done
        while time.perf_counter() - began < seconds or done == first:
            event = next(events)
            if recorder is not None:
                recorder.follow(event)
            if isinstance(event, BatchesDone):
                done = event.position.step
        return (done - first) * config.batch_size / (time.perf_counter() - began)

    return train


def bare(backend: Backend, race: Race, dataset: Dataset) -> Train:
    """Run the same backend in the shortest loop there is: batches one after the other, two in flight."""
    config = race.config
    network = backend.build(race.spec, _weights(race))
    network.prepare_training(config.optimizer, config.loss_reduction)
    parts = ((dataset.train_images, dataset.train_labels), (dataset.test_images[:1], dataset.test_labels[:1]))
    data = place(network, config, *parts).train
    chosen = config.optimizer
    settings = StepSettings(chosen.learning_rate, chosen.momentum, chosen.weight_decay)
    order, at = sample_order(0, 0, len(data), config.sampling), 0
    shapes = {layer.path: layer.output_shape for layer in summarize(race.spec).layers}
    rates = {placed.path: placed.layer.rate for placed in walk(race.spec.layers) if isinstance(placed.layer, Dropout)}
    flying: deque[Any] = deque()

    def train(seconds: float) -> float:
        nonlocal at
        began, count = time.perf_counter(), 0
        while time.perf_counter() - began < seconds or not count:
            indices = order[at : at + config.batch_size]
            drawn = {
                path: dropout_mask(0, path, count, (len(indices), *shapes[path]), rate) for path, rate in rates.items()
            }
            flying.append(network.train_batch(data, indices, drawn, settings))
            if len(flying) > 1:
                flying.popleft().result()
            count += len(indices)
            at = at + config.batch_size if at + 2 * config.batch_size <= len(data) else 0
        while flying:
            flying.popleft().result()
        return count / (time.perf_counter() - began)

    return train


def in_torch(race: Race, dataset: Dataset, threads: int) -> Train:
    """PyTorch eager."""
    from benchmarks.torch_network import TorchLoop

    loop = TorchLoop(race.spec, race.config, dataset, _weights(race), threads)

    def train(seconds: float) -> float:
        began, count = time.perf_counter(), 0
        while time.perf_counter() - began < seconds or not count:
            loop.train(1)
            count += race.config.batch_size
        return count / (time.perf_counter() - began)

    return train


def _weights(race: Race) -> Weights:
    return initial_weights(summarize(race.spec), race.config.initializer, race.config.seed)


def contestant(kind: str, race: Race, threads: int) -> Train:
    """Return a way to train the network of a race: ``torch``, or a backend, also after ``bare`` and the like."""
    dataset = load_dataset("mnist")
    if kind == "torch":
        return in_torch(race, dataset, threads)
    backend = make_backend(kind.split()[-1])
    if kind.startswith("bare "):
        return bare(backend, race, dataset)
    return ours(backend, race, dataset, kind.startswith("recorded "))


def main(arguments: list[str]) -> None:
    """Train rounds as long as there are lines to read."""
    name, kind, threads = arguments
    if kind != "torch":
        spare_memory.keep()  # as app.py does
    train = contestant(kind, RACES[name], int(threads))
    train(_WARM_UP_S)
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        print(json.dumps(train(float(line))), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
