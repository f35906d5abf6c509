"""Which backend trains a network fastest here, and with how many threads: timed once, and known from then on."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct

from engine.architecture.layers import Conv2D, Dropout
from engine.architecture.network import NetworkSpec, walk
from engine.architecture.shapes import summarize
from engine.backends.base import Backend, MakeBackend, Network, StepSettings
from engine.backends.choice import BACKEND_NAMES
from engine.backends.mxnet import runtime
from engine.backends.scratch import blas
from engine.devices import backends_on
from engine.errors import DeviceError, FileError, NetariumError
from engine.failures import explained
from engine.storage.atomic import write_atomically
from engine.storage.paths import data_home, make_data_home
from engine.training.chance import dropout_mask
from engine.training.config import TrainingConfig
from engine.training.initializers import initial_weights

AUTO = "auto"
USUAL = BACKEND_NAMES[0]

_WORTH_IT = 1.1  # how much faster than the usual backend another one has to be
_WARM_UP = 1  # batches in which plans and kernels are made
_ROUNDS, _ROUND_S, _MOST_BATCHES = 3, 0.05, 40
_LONGEST_S = 1.0  # of all rounds together, but for the first
# Of networks with larger or slower batches a few in each backend would be felt before the first run.
_SLOW_BATCH_S, _MOST_OPERATIONS = 0.4, 20e9
_FEW_OPERATIONS = 1e9  # of a batch that takes long only because of what else the machine does
_OPERATIONS = 6  # for each multiplication with addition: two, in the forward pass and twice in the backward pass
_MOST_KNOWN = 500
_FAR_FASTER, _FAR_SLOWER = 1.5, 2.0  # of a run, to what was timed: something else took the cores then, or does now

# A way to compute is a backend's name, and this after it where it computes with one thread.
_ON_ONE_THREAD = "/1"

Rates = dict[str, float]


class Fastest(Struct, frozen=True):
    """The backend to take, and how many times as fast as the usual one it is; 1 where that is taken itself.

    ``threads`` are how many it is to compute with; None for as many as usual. ``is_timed`` tells whether others were
    compared with it.
    """

    backend: str
    ratio: float = 1.0
    threads: int | None = None
    is_timed: bool = True


class _Known(Struct, forbid_unknown_fields=True):
    """What was measured: samples a second of every way to compute, by what was measured; the oldest first."""

    rates: dict[str, Rates]


# Made while modules are imported: msgspec works a type out when it first reads one, and two threads at that crash.
_KNOWN = msgspec.json.Decoder(_Known)


def find_fastest(spec: NetworkSpec, config: TrainingConfig, device: str, make_backend: MakeBackend) -> Fastest:
    """Return the fastest backend for training a network, timing a few batches of each where it is not known yet.

    The network that is timed is one of its own, with random images: nothing of a run is touched.

    Parameters
    ----------
    device : str
    make_backend : MakeBackend

    Raises
    ------
    DeviceError
        If there is no such device.
    """
    ways = _ways(spec, device)
    key = _key(spec, config, device, ways)
    known = _read()
    rates = known.rates.get(key)
    if rates is None:
        rates = _measure(spec, config, device, make_backend, ways)
        if rates:  # what was not timed, for being slow at this moment, may be another time
            known.rates[key] = rates
            _write(known)
    return _best(rates, ways)


def doubt(spec: NetworkSpec, config: TrainingConfig, backend: Backend, rate: float) -> None:
    """Forget what was timed if the quickest epoch of a run tells that other programs come or went since.

    Then all is timed again for the next run. A run that is far faster (``rate``, in samples a second) tells that they
    took the cores before. One that is far slower tells it where there is one thread to choose: several wait for each
    other at every product, and one does not.
    """
    with contextlib.suppress(DeviceError):  # a GPU that is gone by now has nothing to be timed
        ways = _ways(spec, backend.device)
        known, key = _read(), _key(spec, config, backend.device, ways)
        rates = known.rates.get(key, {})
        timed = rates.get(_way(backend, ways), rate)
        # Images that are moved about take longer, and are not timed.
        waits = backend.threads > 1 and backend.name + _ON_ONE_THREAD in ways and not config.shift
        if rate > _FAR_FASTER * timed or (waits and 0 < _FAR_SLOWER * rate < timed):
            del known.rates[key]
            _write(known)


def known_fastest(spec: NetworkSpec, config: TrainingConfig, device: str) -> Fastest:
    """Return what ``find_fastest`` would, if that is known; the usual backend on the device if not."""
    ways = _ways(spec, device)
    return _best(_read().rates.get(_key(spec, config, device, ways), {}), ways)


def _ways(spec: NetworkSpec, device: str) -> tuple[str, ...]:
    """Return the ways to compute a network on a device.

    One thread may be the fastest for matrix products as small as those of MLPs, at least while other programs want the
    cores too. Convolutions are shared among threads that wait for each other more rarely.
    """
    names = backends_on(device)
    alone = "scratch" in names and device.startswith("cpu") and blas.threads() > 1
    if alone and not any(isinstance(placed.layer, Conv2D) for placed in walk(spec.layers)):
        return (*names, "scratch" + _ON_ONE_THREAD)
    return names


def _way(backend: Backend, ways: Sequence[str]) -> str:
    way = backend.name + _ON_ONE_THREAD
    return way if backend.threads == 1 and way in ways else backend.name


def _best(rates: Rates, ways: Sequence[str]) -> Fastest:
    usual = USUAL if USUAL in ways else ways[0]
    if not rates:
        return Fastest(usual, is_timed=False)
    best = max(rates, key=lambda way: rates[way])
    ratio = rates[best] / rates[usual] if usual in rates else 1.0
    if usual in rates and ratio < _WORTH_IT:
        return Fastest(usual)
    name, _, threads = best.partition("/")
    return Fastest(name, ratio, int(threads) if threads else None)


def _measure(
    spec: NetworkSpec,
    config: TrainingConfig,
    device: str,
    make_backend: MakeBackend,
    ways: Sequence[str],
) -> Rates:
    """Time a few batches in each way by turns, where they are quick enough; the quickest of each counts."""
    operations = _OPERATIONS * summarize(spec).multiply_adds * config.batch_size
    if operations > _MOST_OPERATIONS:
        return {}
    racers: dict[str, _Racer] = {}
    seconds: dict[str, list[float]] = {}  # that a batch took, in every round
    for way in ways:
        name, _, threads = way.partition("/")
        try:
            backend = make_backend(name, device, int(threads)) if threads else make_backend(name, device)
            with explained(backend, spec, config.batch_size):
                racer = _Racer(backend, spec, config)
                racer.train(_WARM_UP)
                began = time.perf_counter()
                racer.train(1)
        except NetariumError:
            continue  # one that cannot compute it, or lacks the memory, is no choice
        racers[way], seconds[way] = racer, [time.perf_counter() - began]
        if seconds[way][0] > _SLOW_BATCH_S and operations > _FEW_OPERATIONS and way == ways[0]:
            return {}
    began = time.perf_counter()
    for _, (way, racer) in itertools.product(range(_ROUNDS), racers.items()):
        if time.perf_counter() - began < _LONGEST_S:
            seconds[way].append(racer.time(seconds[way][0]))
    _drop_the_slower(seconds)
    return {way: config.batch_size / min(taken) for way, taken in seconds.items()}


def _drop_the_slower(seconds: dict[str, list[float]]) -> None:
    """Leave one thread or all, whichever is faster in the mean: the quickest round does not tell of waiting."""
    for way in [way for way in seconds if way.endswith(_ON_ONE_THREAD)]:
        with_all = way.removesuffix(_ON_ONE_THREAD)
        if with_all in seconds:
            del seconds[with_all if fmean(seconds[with_all]) > _WORTH_IT * fmean(seconds[way]) else way]


class _Racer:
    """A network that trains on random images, with two batches in flight as the training loop has them."""

    def __init__(self, backend: Backend, spec: NetworkSpec, config: TrainingConfig) -> None:
        summary = summarize(spec)
        self._network: Network = backend.build(spec, initial_weights(summary, config.initializer, config.seed))
        self._network.prepare_training(config.optimizer, config.loss_reduction)
        random = np.random.default_rng(0)
        count = config.batch_size
        images = random.integers(0, 256, (count, *spec.input_shape)).astype(np.uint8)
        outputs = summary.layers[-1].output_shape[0]
        self._data = self._network.place(images, random.integers(0, outputs, count).astype(np.uint8))
        self._indices = np.arange(count)
        shapes = {layer.path: layer.output_shape for layer in summary.layers}
        self._masks = {
            placed.path: dropout_mask(0, placed.path, 0, (count, *shapes[placed.path]), placed.layer.rate)
            for placed in walk(spec.layers)
            if isinstance(placed.layer, Dropout)
        }
        chosen = config.optimizer
        # A rate at which nothing explodes: what is not finite takes longer on some processors.
        self._settings = StepSettings(min(chosen.learning_rate, 1e-4), chosen.momentum, chosen.weight_decay)

    def train(self, batches: int) -> None:
        """Train so many batches to their end."""
        flying: deque[Any] = deque()
        for _ in range(batches):
            flying.append(self._network.train_batch(self._data, self._indices, self._masks, self._settings))
            if len(flying) > 1:
                flying.popleft().result()
        while flying:
            flying.popleft().result()

    def time(self, seconds: float) -> float:
        """Train for a moment, and return the seconds a batch took; ``seconds`` is what one is known to take at most."""
        together = 4 if seconds < _ROUND_S else 2  # so that the next is there when one is waited for
        began, batches = time.perf_counter(), 0
        while batches < _MOST_BATCHES and time.perf_counter() - began < _ROUND_S:
            self.train(together)
            batches += together
        return (time.perf_counter() - began) / batches


def _key(spec: NetworkSpec, config: TrainingConfig, device: str, ways: Sequence[str]) -> str:
    """Return what a measurement holds for: layers, batch size, optimizer, device, versions and threads."""
    parts = (
        msgspec.structs.replace(spec, name="any").to_json(), config.batch_size, config.optimizer.name, device,
        list(ways), {name: str(value) for name, value in runtime.versions().items()},
    )  # fmt: skip
    return hashlib.blake2b(msgspec.json.encode(parts), digest_size=16).hexdigest()


def _file() -> Path:
    return data_home() / "backend-speeds.json"


def _read() -> _Known:
    """Return what is known; nothing where the file is missing or damaged, for it can be measured again."""
    try:
        return _KNOWN.decode(_file().read_bytes())
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return _Known({})


def _write(known: _Known) -> None:
    kept = dict(list(known.rates.items())[-_MOST_KNOWN:])
    with contextlib.suppress(FileError):  # then it is measured again next time
        make_data_home()
        write_atomically(_file(), msgspec.json.encode(_Known(kept)))
