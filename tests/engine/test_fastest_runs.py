"""Runs that are computed by what was timed: recorded so, going on so, and putting it to the test."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from engine import messages as m
from engine.backends.choice import BACKEND_NAMES
from engine.backends.scratch.network import ScratchBackend
from engine.fastest import AUTO, Fastest, find_fastest
from engine.storage.model_file import load_model, save_model
from engine.storage.paths import data_home
from engine.training.config import TrainingConfig
from tests.engine.benched import Bench, of_kind
from tests.engine.history.runs import CONFIG, SMALL
from tests.engine.test_fastest import DENSE, paced


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


def test_a_run_with_one_thread_is_recorded_so_and_goes_on_so_to_the_last_bit(bench, monkeypatch, two_threads, tmp_path):
    monkeypatch.setattr("engine.trainer.find_fastest", lambda *_: Fastest("scratch", 1.9, 1))
    config = msgspec.structs.replace(CONFIG, epochs=2)

    def threads():
        return bench.bench.trainer.session.backend.threads

    bench.ask(m.Train("whole", DENSE, config, "cpu", backend=AUTO))
    whole = bench.weights()
    told = bench.ask(m.Train("cut", DENSE, config, "cpu", one_batch=True, backend=AUTO))
    assert of_kind(told, m.BackendChosen) == [m.BackendChosen("scratch", 1.9, on_one_thread=True)]
    bench.ask(m.StepBatch())
    bench.ask(m.Stop())
    store = bench.history()
    run = store.newest()
    assert threads() == run.threads == store.start(run.id).threads == 1
    bench.ask(m.Train("other", SMALL, config, "cpu", one_batch=True, backend="scratch"))
    bench.ask(m.Stop())
    assert threads() == ScratchBackend().threads > 1
    [ready] = of_kind(bench.ask(m.ContinueRun("again", run.id)), m.NetworkReady)
    assert threads() == 1 and "threads" not in ready.note
    assert all(np.array_equal(whole[path], value) for path, value in bench.weights().items())
    checkpoint = store.checkpoints(run.id)[0]
    for settings in (None, config):
        bench.ask(m.BranchRun("branch", checkpoint, settings, "cpu", AUTO))
        assert threads() == 1
    bench.ask(m.Save(tmp_path / "model.safetensors"))
    bench.ask(m.Train("other", SMALL, config, "cpu", one_batch=True, backend="scratch"))
    bench.ask(m.Stop())
    bench.ask(m.Open(tmp_path / "model.safetensors", None, CONFIG, "cpu", AUTO))
    assert threads() == 1
    model = load_model(tmp_path / "model.safetensors")
    assert model.versions["device"] == "cpu"
    on_gpu = {**model.versions, "device": "gpu(0)"}
    save_model(tmp_path / "gpu.safetensors", msgspec.structs.replace(model, versions=on_gpu))
    bench.ask(m.Open(tmp_path / "gpu.safetensors", None, CONFIG, "cpu", AUTO))
    assert threads() > 1, "a GPU's one thread is not the processor's"
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
