"""Branches from moments of a run: exact, with other settings, on the run's own data, and refused."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from engine import messages as m
from engine.errors import TrainingError
from engine.history.resuming import _caution
from engine.training.events import RunFinished
from tests.engine.benched import Bench, of_kind
from tests.engine.history.runs import CONFIG, squares


@pytest.fixture
def bench(monkeypatch):
    bench = Bench(monkeypatch)
    yield bench
    bench.close()


def test_a_branch_with_the_same_settings_is_a_replay_and_told_to_be_exact(bench):
    bench.train_to(7)  # a pause keeps a state
    bench.ask(m.Resume(), until=lambda message: isinstance(message, RunFinished))
    expected = bench.weights()
    store = bench.history()
    state = next(c for c in store.checkpoints(1) if c.kind == "state" and c.position.batch)

    bench.ask(m.BranchRun("branch", state, None, "cpu", "gluon"))

    bench.bench._records.store()
    assert all(np.array_equal(expected[path], values) for path, values in bench.weights().items())
    branch = store.newest()
    assert (branch.origin.kind, branch.origin.parent, branch.backend) == ("state", 1, "scratch")
    replayed = of_kind(bench.told, m.EpochReplayed)
    assert [r.epoch for r in replayed] == [2, 3] and all(r.exact for r in replayed)
    store.close()


def test_a_branch_with_other_settings_goes_another_way_and_a_snapshot_says_that_moments_restart(bench):
    bench.train()
    store = bench.history()
    first = store.checkpoints(1)[0]
    assert (first.kind, first.position.step) == ("snapshot", 0)
    slower = msgspec.structs.replace(CONFIG, epochs=1, batch_size=8)

    told = bench.ask(m.BranchRun("branch", first, slower, "cpu", "scratch"))

    [ready] = of_kind(told, m.NetworkReady)
    assert "moments begin anew" in ready.note and ready.config == slower
    bench.bench._records.store()
    branch = store.newest()
    assert (branch.origin.kind, branch.origin.parent, branch.origin.step) == ("snapshot", 1, 0)
    assert (branch.epochs, branch.step) == (1, 10)
    assert of_kind(bench.told, m.EpochReplayed) == []
    store.close()


@pytest.mark.parametrize("epochs", [None, 1])
def test_a_branch_with_its_own_settings_learns_from_the_data_of_its_run(bench, monkeypatch, epochs):
    bench.train()
    learned_from, others = bench.dataset, replace(squares(90), name="others")
    monkeypatch.setattr("engine.history.data.read_again", lambda source: {"squares": learned_from}[source])
    bench.dataset = others
    bench.bench.handle(m.LoadDataset("others"))
    store = bench.history()
    first = store.checkpoints(1)[0]
    settings = None if epochs is None else msgspec.structs.replace(CONFIG, epochs=epochs)

    told = bench.ask(m.BranchRun("branch", first, settings, "cpu", "scratch"))

    assert of_kind(told, m.DatasetLoaded) == [m.DatasetLoaded(learned_from)]
    assert bench.bench.trainer.dataset is learned_from
    bench.bench._records.store()
    assert (store.newest().dataset, store.newest().origin.parent) == ("squares", 1)
    bench.bench.handle(m.LoadDataset("others"))
    bench.ask(m.BranchRun("branch", first, settings or CONFIG, "cpu", "scratch", own_data=False))
    bench.bench._records.store()
    assert store.newest().dataset == "others"
    store.close()


def test_a_branch_that_cannot_begin_leaves_the_data_set_that_is_open(bench, monkeypatch):
    bench.train()
    learned_from, others = bench.dataset, replace(squares(90), name="others")
    monkeypatch.setattr("engine.history.data.read_again", lambda source: learned_from)
    bench.dataset = others
    bench.bench.handle(m.LoadDataset("others"))
    store = bench.history()
    [first, *_] = store.checkpoints(1)

    def without_room(*_):
        raise TrainingError("test.memory", "There is no room.")

    monkeypatch.setattr("engine.session.place", without_room)
    told = bench.ask(m.BranchRun("branch", first, msgspec.structs.replace(CONFIG, epochs=1), "cpu", "scratch"))

    assert of_kind(told, m.CommandFailed) and not of_kind(told, m.DatasetLoaded)
    assert bench.bench.trainer.dataset is bench.bench.trainer.session.dataset is others
    store.close()


def test_a_replay_on_other_images_is_refused_whichever_data_set_is_wanted(bench):
    bench.train_to(7)
    bench.ask(m.Resume(), until=lambda message: isinstance(message, RunFinished))
    store = bench.history()
    state = next(c for c in store.checkpoints(1) if c.kind == "state" and c.position.batch)
    bench.dataset = replace(bench.dataset, train_images=255 - bench.dataset.train_images)
    bench.bench.handle(m.LoadDataset("squares"))
    for own_data in (True, False):
        [failed] = of_kind(bench.ask(m.BranchRun("b", state, None, "cpu", "gluon", own_data=own_data)), m.CommandFailed)
        assert failed.error.code == "history.other_data"
    store.close()


def test_only_threads_that_differ_from_those_a_run_would_have_now_are_cautioned_about(bench, monkeypatch):
    bench.train_to(4)
    store = bench.history()
    start = store.start(1)
    store.close()
    monkeypatch.setattr("engine.backends.scratch.blas.threads", lambda: 2)
    monkeypatch.setattr("engine.backends.mxnet.runtime.thread_count", lambda: 4)
    for backend, device, then, now in (
        ("scratch", "cpu", 2, ""), ("scratch", "cpu", 1, ""), ("scratch", "cpu", 4, "4 then, 2 now"),
        ("gluon", "cpu", 4, ""), ("gluon", "cpu", 1, "1 then, 4 now"),
    ):  # fmt: skip
        said = _caution(msgspec.structs.replace(start, backend=backend, device=device, threads=then))
        assert now in said and bool(said) == bool(now)
    assert "threads" not in _caution(msgspec.structs.replace(start, device="gpu(0)", threads=1))
