"""The backend that is chosen by timing: what wins, what is remembered, and what does no harm."""

from __future__ import annotations

import time
from typing import NamedTuple

import msgspec
import pytest

from engine.architecture.layers import Activation, Dense, Flatten
from engine.architecture.network import NetworkSpec
from engine.architecture.zoo import experiment
from engine.backends.choice import make_backend
from engine.backends.scratch import blas
from engine.errors import TrainingError
from engine.fastest import Fastest, _drop_the_slower, doubt, find_fastest, known_fastest
from engine.storage.paths import data_home
from tests.engine.history.runs import CONFIG, SMALL

UNTIMED = Fastest("gluon", is_timed=False)
# Without convolutions one thread may be the fastest.
DENSE = NetworkSpec("dense", (1, 8, 8), (Flatten(), Dense(16), Activation("relu"), Dense(3)))


class Computing(NamedTuple):
    """What is to be known of a backend that computed a run."""

    name: str
    threads: int = 2
    device: str = "cpu"


class Paced:
    """A backend whose batches take a given time; it computes with NumPy."""

    def __init__(self, seconds: float, first: float | Exception | None = None) -> None:
        self._seconds, self._first, self._inner = seconds, first, make_backend("scratch")
        self.name, self.device, self.threads, self.built = "paced", "cpu", 2, 0

    def build(self, spec, weights):
        self.built += 1
        network = self._inner.build(spec, weights)
        train, waits = network.train_batch, iter([] if self._first is None else [self._first])

        def slowly(*arguments):
            wait = next(waits, self._seconds)
            if isinstance(wait, Exception):
                raise wait
            time.sleep(wait)
            return train(*arguments)

        network.train_batch = slowly
        return network

    def settle(self):
        self._inner.settle()


def paced(**seconds: float):
    """Return a function that makes backends of these speeds; those not named cannot compute anything.

    ``alone`` is NumPy with one thread.
    """
    made: dict[str, Paced] = {}

    def make(name: str, device: str, threads: int | None = None) -> Paced:
        name = "alone" if threads == 1 else name
        if name not in seconds:
            raise TrainingError("test.none", "It cannot be computed.")
        return made.setdefault(name, Paced(seconds[name]))

    make.made = made
    return make


def test_the_fastest_wins_where_it_is_clearly_faster():
    found = find_fastest(SMALL, CONFIG, "cpu", paced(gluon=0.02, module=0.03, ndarray=0.03, scratch=0.004))
    assert found.backend == "scratch" and 2 < found.ratio < 10


def test_a_small_lead_keeps_the_usual_one():
    assert find_fastest(SMALL, CONFIG, "cpu", paced(gluon=0.02, scratch=0.0195)) == Fastest("gluon")


def test_what_was_timed_once_is_known_from_then_on_and_for_this_network_and_batch_size_only():
    make = paced(gluon=0.02, scratch=0.004)
    assert known_fastest(SMALL, CONFIG, "cpu") == UNTIMED
    first = find_fastest(SMALL, CONFIG, "cpu", make)
    assert find_fastest(SMALL, CONFIG, "cpu", make) == first
    assert make.made["gluon"].built == make.made["scratch"].built == 1
    assert known_fastest(SMALL, CONFIG, "cpu") == first
    renamed = msgspec.structs.replace(SMALL, name="other")
    assert known_fastest(renamed, CONFIG, "cpu") == first
    assert known_fastest(SMALL, msgspec.structs.replace(CONFIG, batch_size=17), "cpu") == UNTIMED
    find_fastest(SMALL, msgspec.structs.replace(CONFIG, batch_size=17), "cpu", make)
    assert make.made["gluon"].built == 2


@pytest.mark.parametrize("content", [b"", b"{", b'{"rates": {"a": 3}}', b"\xff\xfe", b'{"rates": {}, "more": 1}'])
def test_a_damaged_file_of_speeds_is_measured_and_written_anew(content):
    make = paced(gluon=0.02, scratch=0.004)
    find_fastest(SMALL, CONFIG, "cpu", make)
    path = data_home() / "backend-speeds.json"
    path.write_bytes(content)
    assert find_fastest(SMALL, CONFIG, "cpu", make).backend == "scratch"
    assert make.made["gluon"].built == 2
    assert find_fastest(SMALL, CONFIG, "cpu", make).backend == "scratch"
    assert make.made["gluon"].built == 2


def test_a_folder_that_cannot_be_written_costs_another_measurement_and_nothing_else(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("NETARIUM_HOME", str(blocked))
    assert find_fastest(SMALL, CONFIG, "cpu", paced(gluon=0.02, scratch=0.004)).backend == "scratch"


def test_one_that_cannot_compute_is_no_choice_and_without_any_it_is_the_usual_one():
    assert find_fastest(SMALL, CONFIG, "cpu", paced(gluon=0.004)) == Fastest("gluon")
    other = msgspec.structs.replace(CONFIG, batch_size=5)
    assert find_fastest(SMALL, other, "cpu", paced()) == UNTIMED


@pytest.fixture
def large(monkeypatch):
    """Let small networks do for large ones."""
    monkeypatch.setattr("engine.fastest._FEW_OPERATIONS", 1)


def test_a_large_network_of_slow_batches_is_not_timed_in_every_backend(large):
    make = paced(gluon=0.5, module=0.5, ndarray=0.5, scratch=0.001)
    began = time.monotonic()
    assert find_fastest(SMALL, CONFIG, "cpu", make) == UNTIMED
    assert "scratch" not in make.made and time.monotonic() - began < 2


def test_slow_batches_are_few_so_that_nobody_waits_long_for_the_first_run():
    make = paced(gluon=0.3, module=0.3, ndarray=0.3, scratch=0.1)
    began = time.monotonic()
    assert find_fastest(SMALL, CONFIG, "cpu", make).backend == "scratch"
    assert time.monotonic() - began < 6  # four batches each, where three rounds would take twelve seconds


def test_a_small_network_is_timed_however_slow_other_programs_make_it():
    make = paced(gluon=0.5, module=0.6, ndarray=0.6, scratch=0.002)
    began = time.monotonic()
    assert find_fastest(SMALL, CONFIG, "cpu", make).backend == "scratch"
    assert time.monotonic() - began < 8  # no rounds after the first second


def test_a_first_batch_that_takes_long_says_nothing_about_the_others():
    """The first batch of a process loads and plans; a network is not slow for that."""
    made = {"gluon": Paced(0.02, first=0.6), "scratch": Paced(0.004)}

    def make(name, device, threads=None):
        return made.get(name if threads is None else "alone") or paced()(name, device)

    assert find_fastest(SMALL, CONFIG, "cpu", make).backend == "scratch"


def test_what_was_too_slow_to_be_timed_is_not_taken_for_known(large):
    find_fastest(SMALL, CONFIG, "cpu", paced(gluon=0.5, scratch=0.001))
    assert find_fastest(SMALL, CONFIG, "cpu", paced(gluon=0.02, scratch=0.004)).backend == "scratch"


def test_a_backend_that_runs_out_of_memory_is_no_choice_and_the_others_are():
    made = {"gluon": Paced(0.02), "scratch": Paced(0.001, first=MemoryError())}

    def make(name, device, threads=None):
        return made.get(name if threads is None else "alone") or paced()(name, device)

    assert find_fastest(SMALL, CONFIG, "cpu", make) == Fastest("gluon")


def test_batches_that_are_plainly_large_are_not_timed_at_all():
    make = paced(gluon=0.001, scratch=0.0001)
    large = msgspec.structs.replace(CONFIG, batch_size=10_000)
    assert find_fastest(experiment("lenet-tanh").network(), large, "cpu", make) == UNTIMED
    assert make.made == {}


def test_what_a_run_was_far_faster_than_is_timed_again():
    find_fastest(SMALL, CONFIG, "cpu", paced(gluon=0.004, scratch=0.04))  # something else took the cores
    timed = CONFIG.batch_size / 0.005
    for name, rate in (("gluon", 1.2 * timed), ("scratch", timed / 10), ("module", 9 * timed), ("gluon", 0.0)):
        doubt(SMALL, CONFIG, Computing(name), rate)
    make = paced(gluon=0.02, scratch=0.004)
    assert find_fastest(SMALL, CONFIG, "cpu", make) == Fastest("gluon") and make.made == {}
    doubt(SMALL, CONFIG, Computing("gluon", device="gpu(7)"), 2 * timed)  # it is gone
    doubt(SMALL, CONFIG, Computing("gluon"), 2 * timed)
    assert find_fastest(SMALL, CONFIG, "cpu", make).backend == "scratch"


def test_one_thread_is_chosen_where_it_is_faster_than_all(two_threads):
    make = paced(gluon=0.02, module=0.03, ndarray=0.03, scratch=0.01, alone=0.004)
    found = find_fastest(DENSE, CONFIG, "cpu", make)
    assert (found.backend, found.threads) == ("scratch", 1) and 2 < found.ratio < 10
    assert known_fastest(DENSE, CONFIG, "cpu") == found
    other = msgspec.structs.replace(CONFIG, batch_size=17)
    found = find_fastest(DENSE, other, "cpu", paced(gluon=0.02, scratch=0.004, alone=0.01))
    assert (found.backend, found.threads) == ("scratch", None)


@pytest.mark.parametrize(
    ("all_threads", "left"),
    [((0.4, 4.0, 4.0), "scratch/1"), ((0.7, 0.9, 0.6), "scratch"), ((0.9, 0.8, 0.8), "scratch")],
)
def test_threads_are_judged_by_all_rounds_since_the_quickest_tells_nothing_of_waiting(all_threads, left):
    seconds = {"gluon": [1.0, 1.0, 1.0], "scratch": list(all_threads), "scratch/1": [0.8, 0.8]}
    _drop_the_slower(seconds)
    assert list(seconds) == ["gluon", left]


def test_one_thread_is_no_way_to_compute_convolutions_and_no_other_way_where_there_is_one(two_threads, monkeypatch):
    make = paced(gluon=0.02, scratch=0.01, alone=0.002)
    assert find_fastest(SMALL, CONFIG, "cpu", make).threads is None
    monkeypatch.setattr(blas, "threads", lambda: 1)
    assert find_fastest(DENSE, CONFIG, "cpu", make).threads is None
    assert "alone" not in make.made


def test_threads_that_wait_for_each_other_in_a_run_are_timed_again(two_threads):
    quiet = paced(gluon=0.02, scratch=0.004, alone=0.006)
    find_fastest(DENSE, CONFIG, "cpu", quiet)
    timed = CONFIG.batch_size / 0.006
    for threads, rate in ((2, timed), (1, timed / 5), (2, 0.0)):
        doubt(DENSE, CONFIG, Computing("scratch", threads), rate)
    doubt(DENSE, CONFIG, Computing("gluon"), CONFIG.batch_size / 0.2)  # what else is slower then, one thread is too
    busy = paced(gluon=0.04, scratch=0.03, alone=0.006)
    assert find_fastest(DENSE, CONFIG, "cpu", busy).threads is None and busy.made == {}
    moved = msgspec.structs.replace(CONFIG, shift=2)
    doubt(DENSE, moved, Computing("scratch"), timed / 5)
    assert find_fastest(DENSE, CONFIG, "cpu", busy).threads is None and busy.made == {}
    doubt(DENSE, CONFIG, Computing("scratch"), timed / 5)
    assert find_fastest(DENSE, CONFIG, "cpu", busy).threads == 1
