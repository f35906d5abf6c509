"""The check of gradients as the worker does it: one parameter between two commands, given up when something begins."""

from __future__ import annotations

import pytest

from engine import messages as m
from engine.architecture.layers import Activation, Dense, Flatten
from engine.architecture.network import NetworkSpec
from engine.backends.scratch.gradient_check import check_gradients
from engine.training.config import TrainingConfig
from engine.training.events import RunFinished
from tests.engine.test_workbench import Bench, of_kind

SPEC = NetworkSpec("tiny", (1, 28, 28), (Flatten(), Dense(6), Activation("tanh"), Dense(2)))
CHECK = m.CheckGradients(7, SPEC)
CONFIG = TrainingConfig(batch_size=20, epochs=1)


@pytest.fixture
def bench(monkeypatch):
    return Bench(monkeypatch)


def test_every_parameter_is_told_and_then_the_end(bench):
    *checked, end = bench.ask(CHECK)
    assert [message.check for message in checked] == check_gradients(SPEC)
    assert {message.request for message in checked} == {7}
    assert end == m.GradientsChecked(7)


def test_one_parameter_is_checked_between_two_commands(bench):
    bench.told.clear()
    bench._bench.handle(CHECK)
    for count in (1, 2, 3):
        bench._bench.go_on()
        assert len(of_kind(bench.told, m.GradientChecked)) == count


def test_a_check_that_is_cancelled_says_nothing_more(bench):
    bench._bench.handle(CHECK)
    bench._bench.go_on()
    assert bench.ask(m.CancelCheck()) == []


def test_a_newer_check_takes_the_place_of_the_one_under_way(bench):
    bench._bench.handle(CHECK)
    bench._bench.go_on()
    told = bench.ask(m.CheckGradients(8, SPEC))
    assert {message.request for message in of_kind(told, m.GradientChecked)} == {8}


@pytest.mark.parametrize(
    "command", [m.Train("run 1", SPEC, CONFIG, "cpu"), m.LoadDataset("another")], ids=["training", "data set"]
)
def test_what_begins_gives_up_a_check_and_says_so(bench, command):
    bench._bench.handle(CHECK)
    bench._bench.go_on()
    told = bench.ask(command)
    assert m.Dropped(CHECK) in told
    assert not of_kind(told, (m.GradientChecked, m.GradientsChecked))


def test_while_a_run_goes_on_a_check_is_refused_and_the_run_is_not_touched(bench):
    bench._bench.handle(m.Train("run 1", SPEC, CONFIG, "cpu"))
    told = bench.ask(CHECK)
    assert [failed.error.code for failed in of_kind(told, m.CommandFailed)] == ["training.busy"]
    assert [event.reason for event in of_kind(told, RunFinished)] == ["completed"]


def test_a_network_that_is_no_classifier_is_refused_in_words(bench):
    [failed] = bench.ask(m.CheckGradients(1, NetworkSpec("one", (1, 28, 28), (Flatten(), Dense(1)))))
    assert failed.error.code == "shape.not_a_classifier"


def test_a_network_for_which_there_is_too_little_memory_is_refused_beforehand(bench, monkeypatch):
    monkeypatch.setattr("engine.chores.available_memory", lambda: 50_000)
    [failed] = bench.ask(CHECK)
    assert failed.error.code == "gradients.too_large"


def test_memory_that_runs_out_is_told_in_words(bench, monkeypatch):
    def too_large(*_, **__):
        raise MemoryError
        yield

    monkeypatch.setattr("engine.backends.scratch.gradient_check.each_gradient", too_large)
    [failed] = bench.ask(CHECK)
    assert failed.error.code == "gradients.memory"
    assert "tiny" in str(failed.error)
