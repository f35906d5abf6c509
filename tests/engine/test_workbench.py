"""What the worker does when memory fails it, step by step on the test's own thread."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from engine import messages as m
from engine.architecture.layers import Activation, Dense, Flatten
from engine.architecture.network import NetworkSpec
from engine.backends.mxnet.gluon import GluonBackend
from engine.storage.model_file import load_model
from engine.training.config import InitializerConfig, OptimizerConfig, TrainingConfig
from engine.training.events import RunFinished
from engine.workbench import Workbench
from tests.engine.conftest import make_dataset

SPEC = NetworkSpec("tiny", (1, 28, 28), (Flatten(), Dense(16), Activation("relu"), Dense(2)))
WIDE = NetworkSpec("tiny", (1, 28, 28), (Flatten(), Dense(32), Activation("relu"), Dense(2)))
OTHER = NetworkSpec("other", (1, 28, 28), (Flatten(), Dense(2)))
CONFIG = TrainingConfig(optimizer=OptimizerConfig("momentum", learning_rate=0.05), batch_size=20, epochs=1)
DIVERGING = msgspec.structs.replace(CONFIG, initializer=InitializerConfig("normal", scale=10.0))
DEEP = NetworkSpec("deep", (1, 28, 28), (Flatten(), *(Dense(64) for _ in range(30)), Dense(2)))


class Memory:
    """A backend whose memory can be taken away: for no network, for one by name, or for all of them."""

    def __init__(self) -> None:
        self.lacking_for: set[str] = set()
        self.failing: set[str] = set()
        self.name, self.device, self.threads = "memory", "cpu", 2
        self._backend = GluonBackend("cpu")

    def build(self, spec, weights):
        if spec.name in self.lacking_for:
            raise MemoryError
        network = self._backend.build(spec, weights)
        if spec.name in self.failing:
            network.train_batch = self._fail
        return network

    def settle(self):
        self._backend.settle()

    def _fail(self, *_):
        raise RuntimeError("a kernel failed")


_ANY_TIME = (m.HistoryOpened, m.HistoryTroubled, m.RunKept, m.RunRecorded)


class Bench:
    """A workbench with the data set ``halves``, and all it told."""

    def __init__(self, monkeypatch) -> None:
        self._monkeypatch = monkeypatch
        self.memory = Memory()
        self.told: list[m.Message] = []
        self._bench = Workbench(self.told.append, lambda *_: self.memory)
        self._bench.load()
        self.load(make_dataset())

    def load(self, dataset) -> None:
        self._monkeypatch.setattr("engine.data.catalog.load_dataset", lambda _: dataset)
        self._bench.handle(m.LoadDataset("named"))

    def ask(self, command: m.Command) -> list[m.Message]:
        """Do what is asked to its end, and return what was told meanwhile, but for what the history tells any time."""
        self.told.clear()
        self._bench.handle(command)
        for _ in range(1000):
            if not self._bench.is_busy:
                return [told for told in self.told if not isinstance(told, _ANY_TIME)]
            self._bench.go_on()
        raise AssertionError("it never ends")

    def weights(self, path: Path) -> dict[str, np.ndarray]:
        assert m.Saved(path) in self.ask(m.Save(path))
        return dict(load_model(path).weights)


@pytest.fixture
def bench(monkeypatch):
    return Bench(monkeypatch)


def of_kind(told, kind):
    return [message for message in told if isinstance(message, kind)]


def same(first, second) -> bool:
    return first.keys() == second.keys() and all(np.array_equal(first[path], second[path]) for path in first)


def test_a_network_that_cannot_be_brought_back_yet_is_not_lost(bench, tmp_path):
    bench.ask(m.Train("first", SPEC, CONFIG, "cpu"))
    before = bench.weights(tmp_path / "before.safetensors")
    bench.memory.lacking_for = {"tiny", "other"}
    [failed] = of_kind(bench.ask(m.Train("second", OTHER, CONFIG, "cpu")), m.CommandFailed)
    assert failed.error.code == "training.memory"

    bench.memory.lacking_for = set()

    assert same(bench.weights(tmp_path / "after.safetensors"), before)


def test_what_an_edit_lost_comes_back_with_its_undo_although_a_training_failed_between(bench, tmp_path):
    bench.ask(m.Train("first", SPEC, CONFIG, "cpu"))
    before = bench.weights(tmp_path / "before.safetensors")
    bench.ask(m.Edit(WIDE))
    bench.memory.lacking_for = {"other"}
    bench.ask(m.Train("second", OTHER, CONFIG, "cpu"))

    bench.ask(m.Edit(SPEC))

    assert same(bench.weights(tmp_path / "after.safetensors"), before)


def test_a_later_failure_does_not_bring_back_a_network_that_was_given_up(bench):
    bench.ask(m.Train("first", SPEC, CONFIG, "cpu"))
    [diverged] = of_kind(bench.ask(m.Train("second", DEEP, DIVERGING, "cpu")), RunFinished)
    assert diverged.reason == "diverged"
    bench.memory.failing = {"other"}
    bench.ask(m.Edit(NetworkSpec("other", DEEP.input_shape, DEEP.layers)))

    told = bench.ask(m.TrainMore("third", CONFIG))

    assert [event.reason for event in of_kind(told, RunFinished)] == ["failed"]
    assert not of_kind(told, m.NetworkReady)


def test_a_failure_without_memory_to_go_back_ends_the_run(bench, tmp_path):
    bench.ask(m.Train("first", SPEC, CONFIG, "cpu"))
    before = bench.weights(tmp_path / "before.safetensors")
    bench.memory.failing, bench.memory.lacking_for = {"other"}, {"tiny"}

    with pytest.raises(Exception, match="Memory ran out"):
        bench.ask(m.Train("second", OTHER, CONFIG, "cpu"))

    assert bench.ask(m.Stop()) == []  # nothing goes on
    bench.memory.lacking_for = set()
    assert same(bench.weights(tmp_path / "after.safetensors"), before)


def test_an_edit_is_checked_against_the_data_set_that_was_loaded_during_the_run(bench):
    halves = make_dataset()
    bench._bench.handle(m.Train("first", SPEC, CONFIG, "cpu", one_batch=True))
    bench.load(type(halves)(
        "thirds", halves.train_images, halves.train_labels, halves.test_images, halves.test_labels, ("a", "b", "c")
    ))  # fmt: skip
    bench.ask(m.Resume())

    [failed] = of_kind(bench.ask(m.Edit(WIDE)), m.CommandFailed)

    assert failed.error.code == "training.classes" and failed.error.values["dataset"] == "thirds"


def test_a_network_of_other_classes_than_the_data_is_measured_by_all_its_names_or_not_at_all(bench):
    five = NetworkSpec("five", (1, 28, 28), (Flatten(), Dense(5)))
    told = bench.ask(m.Train("run", five, CONFIG, "cpu"))
    names = ("left", "right", "2", "3", "4")
    assert [ready.class_names for ready in of_kind(told, m.NetworkReady)] == [names]
    [measured] = of_kind(bench.ask(m.MeasureConfusion(50)), m.ConfusionMeasured)
    assert measured.matrix.shape == (5, 5) and measured.class_names == names
    data = bench._bench.trainer.dataset
    bench.load(replace(data, name="sixths", class_names=tuple("abcdef")))
    for command in (m.MeasureConfusion(50), m.FindMistakes()):
        [failed] = of_kind(bench.ask(command), m.CommandFailed)
        assert (failed.error.code, failed.command) == ("training.classes", command)


def test_an_estimate_for_which_not_even_one_image_fits_trains_nothing(bench, monkeypatch):
    monkeypatch.setattr("engine.estimates.cost.available_memory", lambda _: 1000)

    [estimated] = of_kind(bench.ask(m.Estimate(1, SPEC, CONFIG, "cpu")), m.Estimated)

    assert estimated.cost.largest_batch is None and estimated.cost.epoch is None


def test_an_estimate_that_runs_out_of_memory_says_so(bench):
    bench.memory.lacking_for = {"tiny"}

    told = bench.ask(m.Estimate(1, SPEC, CONFIG, "cpu"))

    assert [failed.error.code for failed in of_kind(told, m.CommandFailed)] == ["training.memory"]


def test_an_estimate_of_a_network_without_layers_is_refused_in_words(bench):
    [failed] = of_kind(bench.ask(m.Estimate(1, NetworkSpec("bare", (784,), ()), CONFIG, "cpu")), m.CommandFailed)

    assert failed.error.code == "training.no_parameters"


def test_time_is_measured_although_the_initial_weights_are_hopeless(bench):
    told = bench.ask(m.Estimate(1, DEEP, DIVERGING, "cpu"))

    assert of_kind(told, m.Estimated)[-1].cost.epoch.train_seconds > 0


def twin(bench, **changes):
    command = m.TwinRun(7, SPEC, CONFIG, "cpu", ("gluon", "scratch"), 6)
    return bench.ask(msgspec.structs.replace(command, **changes))


def test_a_twin_run_tells_every_batch_and_that_it_is_over(bench):
    told = of_kind(twin(bench), m.TwinStepped)

    assert [step.step for message in told for step in message.steps] == [1, 2, 3, 4, 5, 6]
    assert [message.finished for message in told] == [False] * (len(told) - 1) + [True]
    assert {message.request for message in told} == {7}


def test_a_twin_run_touches_neither_the_trained_network_nor_its_place(bench, tmp_path):
    bench.ask(m.Train("first", SPEC, CONFIG, "cpu"))
    before = bench.weights(tmp_path / "before.safetensors")

    twin(bench)

    assert same(bench.weights(tmp_path / "after.safetensors"), before)


def test_a_twin_run_that_diverges_tells_what_came_before(bench):
    rate = OptimizerConfig("sgd", learning_rate=100.0)
    told = twin(bench, spec=DEEP, config=msgspec.structs.replace(CONFIG, optimizer=rate), batches=50)

    [failed] = of_kind(told, m.CommandFailed)
    assert failed.error.code == "twin.diverged"
    steps = [step for message in of_kind(told, m.TwinStepped) for step in message.steps]
    assert len(steps) == failed.error.values["batches"] > 0
    assert not any(message.finished for message in of_kind(told, m.TwinStepped))


def test_a_twin_run_without_room_for_both_or_during_a_run_is_refused(bench, monkeypatch):
    monkeypatch.setattr("engine.estimates.cost.available_memory", lambda _: 1000)
    assert [failed.error.code for failed in of_kind(twin(bench), m.CommandFailed)] == ["twin.memory"]
    monkeypatch.undo()
    bench._bench.handle(m.Train("first", SPEC, CONFIG, "cpu", one_batch=True))
    bench._bench.handle(m.TwinRun(8, SPEC, CONFIG, "cpu", ("gluon", "gluon"), 5))
    assert bench.told[-1].error.code == "training.busy"


def test_a_twin_run_is_given_up_when_asked_to_or_when_training_begins(bench):
    endless = m.TwinRun(9, SPEC, CONFIG, "cpu", ("gluon", "gluon"), 10_000)
    bench._bench.handle(endless)
    bench._bench.go_on()
    assert bench._bench.is_busy
    bench._bench.handle(m.CancelTwin())
    assert not bench._bench.is_busy
    bench._bench.handle(endless)
    bench._bench.go_on()
    assert m.Dropped(endless) in bench.ask(m.Train("first", SPEC, CONFIG, "cpu"))


def test_what_an_estimate_took_is_given_back_to_the_system(bench, monkeypatch):
    given = []
    monkeypatch.setattr("engine.workbench.give_back", lambda: given.append(True))
    bench.ask(m.Estimate(1, DEEP, DIVERGING, "cpu"))
    assert given == [True]
