"""Which backend trains a network fastest here: timed once on a few batches, and known from then on."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct

from engine.architecture.layers import Dropout
from engine.architecture.network import NetworkSpec, walk
from engine.architecture.shapes import summarize
from engine.backends.base import Backend, Network, StepSettings
from engine.backends.choice import BACKEND_NAMES
from engine.backends.mxnet import runtime
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
_OPERATIONS = 6  # for each multiplication with addition: two, in the forward pass and twice in the backward pass
_MOST_KNOWN = 500
_IN_DOUBT = 1.5  # a run so many times as fast as what was timed: something else took the cores then

Rates = dict[str, float]


class Fastest(Struct, frozen=True):
    """The backend to take, and how many times as fast as the usual one it is; 1 where that is taken itself."""

    backend: str
    ratio: float = 1.0


class _Known(Struct, forbid_unknown_fields=True):
    """What was measured: samples a second of every backend, by what was measured; the oldest first."""

    rates: dict[str, Rates]


# Made while modules are imported: msgspec works a type out when it first reads one, and two threads at that crash.
_KNOWN = msgspec.json.Decoder(_Known)


def find_fastest(
    spec: NetworkSpec, config: TrainingConfig, device: str, make_backend: Callable[[str, str], Backend]
) -> Fastest:
    """Return the fastest backend for training a network, timing a few batches of each where it is not known yet.

    The network that is timed is one of its own, with random images: nothing of a run is touched.

    Parameters
    ----------
    device : str
    make_backend : callable (backend's name, device's name) -> Backend

    Raises
    ------
    DeviceError
        If there is no such device.
    """
    names = backends_on(device)
    key = _key(spec, config, device, names)
    known = _read()
    rates = known.rates.get(key)
    if rates is None:
        rates = _measure(spec, config, device, make_backend, names)
        if rates:  # what was not timed, for being slow at this moment, may be another time
            known.rates[key] = rates
            _write(known)
    return _best(rates, names)


def doubt(spec: NetworkSpec, config: TrainingConfig, device: str, backend: str, rate: float) -> None:
    """Forget what was timed if a run was far faster (``rate``, in samples a second): it is timed again for the next.

    Where another program took the cores while backends were timed, their order may be another than usual.
    """
    with contextlib.suppress(DeviceError):  # a GPU that is gone by now has nothing to be timed
        known, key = _read(), _key(spec, config, device, backends_on(device))
        if rate > _IN_DOUBT * known.rates.get(key, {}).get(backend, rate):
            del known.rates[key]
            _write(known)


def known_fastest(spec: NetworkSpec, config: TrainingConfig, device: str) -> str:
    """Return the backend that ``find_fastest`` would, if that is known; the usual one on the device if not."""
    names = backends_on(device)
    rates = _read().rates.get(_key(spec, config, device, names))
    return _best(rates or {}, names).backend


def _best(rates: Rates, names: Sequence[str]) -> Fastest:
    usual = USUAL if USUAL in names else names[0]
    if usual not in rates:
        return Fastest(max(rates, key=lambda name: rates[name]) if rates else usual)
    best = max(rates, key=lambda name: rates[name])
    ratio = rates[best] / rates[usual]
    return Fastest(best, ratio) if ratio >= _WORTH_IT else Fastest(usual)


def _measure(
    spec: NetworkSpec,
    config: TrainingConfig,
    device: str,
    make_backend: Callable[[str, str], Backend],
    names: Sequence[str],
) -> Rates:
    """Time a few batches of each backend by turns, where they are quick enough; the quickest of each counts."""
    if _OPERATIONS * summarize(spec).multiply_adds * config.batch_size > _MOST_OPERATIONS:
        return {}
    racers: dict[str, _Racer] = {}
    seconds: Rates = {}
    for name in names:
        try:
            backend = make_backend(name, device)
            with explained(backend, spec, config.batch_size):
                racer = _Racer(backend, spec, config)
                racer.train(_WARM_UP)
                began = time.perf_counter()
                racer.train(1)
        except NetariumError:
            continue  # one that cannot compute it, or lacks the memory, is no choice
        racers[name], seconds[name] = racer, time.perf_counter() - began
        if seconds[name] > _SLOW_BATCH_S and name == names[0]:
            return {}
    began = time.perf_counter()
    for _ in range(_ROUNDS):
        for name, racer in racers.items():
            seconds[name] = min(seconds[name], racer.time(seconds[name]))
        if time.perf_counter() - began > _LONGEST_S:
            break
    return {name: config.batch_size / value for name, value in seconds.items()}


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


def _key(spec: NetworkSpec, config: TrainingConfig, device: str, names: Sequence[str]) -> str:
    """Return what a measurement holds for: layers, batch size, optimizer, device, versions and threads."""
    parts = (
        msgspec.structs.replace(spec, name="any").to_json(), config.batch_size, config.optimizer.name, device,
        list(names), {name: str(value) for name, value in runtime.versions().items()},
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
