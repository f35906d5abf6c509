"""The backend that is chosen by timing: what wins, what is remembered, and what does no harm."""

from __future__ import annotations

import time

import msgspec
import numpy as np
import pytest

from engine import messages as m
from engine.architecture.zoo import experiment
from engine.backends.choice import BACKEND_NAMES, make_backend
from engine.errors import TrainingError
from engine.fastest import AUTO, Fastest, doubt, find_fastest, known_fastest
from engine.storage.paths import data_home
from engine.training.config import TrainingConfig
from tests.engine.history.runs import CONFIG, SMALL
from tests.engine.test_history_commands import Bench, of_kind


class Paced:
    """A backend whose batches take a given time; it computes with NumPy."""

    def __init__(self, seconds: float, first: float | Exception | None = None) -> None:
        self._seconds, self._first, self._inner = seconds, first, make_backend("scratch")
        self.name, self.device, self.built = "paced", "cpu", 0

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
    """Return a function that makes backends of these speeds; those not named cannot compute anything."""
    made: dict[str, Paced] = {}

    def make(name: str, device: str) -> Paced:
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
    assert known_fastest(SMALL, CONFIG, "cpu") == "gluon"
    first = find_fastest(SMALL, CONFIG, "cpu", make)
    assert find_fastest(SMALL, CONFIG, "cpu", make) == first
    assert make.made["gluon"].built == make.made["scratch"].built == 1
    assert known_fastest(SMALL, CONFIG, "cpu") == "scratch"
    renamed = msgspec.structs.replace(SMALL, name="other")
    assert known_fastest(renamed, CONFIG, "cpu") == "scratch"
    assert known_fastest(SMALL, msgspec.structs.replace(CONFIG, batch_size=17), "cpu") == "gluon"
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
    assert find_fastest(SMALL, other, "cpu", paced()) == Fastest("gluon")


def test_a_network_of_slow_batches_is_not_timed_in_every_backend():
    make = paced(gluon=0.5, module=0.5, ndarray=0.5, scratch=0.001)
    began = time.monotonic()
    assert find_fastest(SMALL, CONFIG, "cpu", make) == Fastest("gluon")
    assert "scratch" not in make.made and time.monotonic() - began < 2


def test_slow_batches_are_few_so_that_nobody_waits_long_for_the_first_run():
    make = paced(gluon=0.3, module=0.3, ndarray=0.3, scratch=0.1)
    began = time.monotonic()
    assert find_fastest(SMALL, CONFIG, "cpu", make).backend == "scratch"
    assert time.monotonic() - began < 6  # four batches each, where three rounds would take twelve seconds


def test_a_first_batch_that_takes_long_says_nothing_about_the_others():
    """The first batch of a process loads and plans; a network is not slow for that."""
    made = {"gluon": Paced(0.02, first=0.6), "scratch": Paced(0.004)}

    def make(name, device):
        return made.get(name) or paced()(name, device)

    assert find_fastest(SMALL, CONFIG, "cpu", make).backend == "scratch"


def test_what_was_too_slow_to_be_timed_is_not_taken_for_known():
    find_fastest(SMALL, CONFIG, "cpu", paced(gluon=0.5, scratch=0.001))
    assert find_fastest(SMALL, CONFIG, "cpu", paced(gluon=0.02, scratch=0.004)).backend == "scratch"


def test_a_backend_that_runs_out_of_memory_is_no_choice_and_the_others_are():
    made = {"gluon": Paced(0.02), "scratch": Paced(0.001, first=MemoryError())}

    def make(name, device):
        return made.get(name) or paced()(name, device)

    assert find_fastest(SMALL, CONFIG, "cpu", make) == Fastest("gluon")


def test_batches_that_are_plainly_large_are_not_timed_at_all():
    make = paced(gluon=0.001, scratch=0.0001)
    large = msgspec.structs.replace(CONFIG, batch_size=10_000)
    assert find_fastest(experiment("lenet-tanh").network(), large, "cpu", make) == Fastest("gluon")
    assert make.made == {}


def test_what_a_run_was_far_faster_than_is_timed_again():
    find_fastest(SMALL, CONFIG, "cpu", paced(gluon=0.004, scratch=0.04))  # something else took the cores
    timed = CONFIG.batch_size / 0.005
    for backend, rate in (("gluon", 1.2 * timed), ("scratch", timed / 10), ("module", 9 * timed), ("gluon", 0.0)):
        doubt(SMALL, CONFIG, "cpu", backend, rate)
    make = paced(gluon=0.02, scratch=0.004)
    assert find_fastest(SMALL, CONFIG, "cpu", make) == Fastest("gluon") and make.made == {}
    doubt(SMALL, CONFIG, "gpu(7)", "gluon", 2 * timed)  # it is gone
    doubt(SMALL, CONFIG, "cpu", "gluon", 2 * timed)
    assert find_fastest(SMALL, CONFIG, "cpu", make).backend == "scratch"


@pytest.fixture
def bench(monkeypatch):
    bench = Bench(monkeypatch)
    yield bench
    bench.close()


def test_a_run_in_the_window_is_computed_by_what_was_chosen_recorded_so_and_goes_on_so(bench, monkeypatch):
    monkeypatch.setattr("engine.trainer.find_fastest", lambda *_: Fastest("scratch", 1.9))
    told = bench.ask(m.Train("run 1", SMALL, CONFIG, "cpu", one_batch=True, backend=AUTO))
    assert of_kind(told, m.BackendChosen) == [m.BackendChosen("scratch", 1.9)]
    bench.ask(m.StepBatch())
    bench.ask(m.Stop())
    store = bench.history()
    run = store.newest()
    assert run.backend == store.start(run.id).backend == "scratch"
    monkeypatch.setattr("engine.trainer.find_fastest", lambda *_: pytest.fail("a run goes on as it began"))
    bench.ask(m.ContinueRun("again", run.id))
    assert bench.bench.trainer.session.backend.name == "scratch"
    bench.ask(m.TrainMore("run 1", msgspec.structs.replace(CONFIG, epochs=1), backend=AUTO))
    assert bench.bench.trainer.session.backend.name == "scratch"
    checkpoint = store.checkpoints(run.id)[0]
    bench.ask(m.BranchRun("branch", checkpoint, msgspec.structs.replace(CONFIG, epochs=1), "cpu", AUTO))
    assert bench.bench.trainer.session.backend.name == "scratch"
    store.close()


def test_timing_changes_no_number_of_a_run(bench):
    bench.ask(m.Train("run 1", SMALL, CONFIG, "cpu", backend=AUTO))
    chosen = bench.bench.trainer.session.backend.name
    weights = bench.weights()
    assert chosen in BACKEND_NAMES
    bench.ask(m.Train("run 2", SMALL, CONFIG, "cpu", backend=chosen))
    assert all(np.array_equal(weights[path], value) for path, value in bench.weights().items())


def test_settings_that_cannot_be_are_refused_before_anything_is_timed(bench, monkeypatch):
    monkeypatch.setattr("engine.fastest._measure", lambda *_: pytest.fail("it must not be timed"))
    wrong = TrainingConfig(batch_size=0)
    [failed] = of_kind(bench.ask(m.Train("run 1", SMALL, wrong, "cpu", backend=AUTO)), m.CommandFailed)
    assert failed.error.code == "config.out_of_range"


def test_a_run_in_the_window_puts_what_was_timed_to_the_test(bench):
    def timed():
        return len(msgspec.json.decode((data_home() / "backend-speeds.json").read_bytes())["rates"])

    for seconds, left in ((0.0, 1), (0.25, 0)):  # about as fast as it is, and far slower
        find_fastest(SMALL, CONFIG, "cpu", paced(gluon=seconds))
        bench.ask(m.Train("run 1", SMALL, CONFIG, "cpu", backend=AUTO))
        assert timed() == left
        (data_home() / "backend-speeds.json").unlink()


def test_an_opened_model_is_computed_by_what_trained_it_and_answers_the_same(bench, tmp_path):
    path = tmp_path / "model.safetensors"
    image = np.full((1, 8, 8), 0.3, np.float32)

    def answer():
        [predicted] = of_kind(bench.ask(m.Predict(1, image)), m.Prediction)
        return predicted.probabilities.tolist()

    for backend in ("scratch", "gluon"):
        bench.ask(m.Train("run 1", SMALL, CONFIG, "cpu", backend=backend))
        before = answer()
        bench.ask(m.Save(path))
        other = "gluon" if backend == "scratch" else "scratch"
        bench.ask(m.Train("run 2", SMALL, CONFIG, "cpu", backend=other))
        bench.ask(m.Open(path, None, CONFIG, "cpu", AUTO))
        assert bench.bench.trainer.session.backend.name == backend
        assert answer() == before
