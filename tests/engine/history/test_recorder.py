"""A run is kept while it goes on, and a checkpoint goes on exactly."""

from __future__ import annotations

import numpy as np
import pytest

from engine.history.checkpoints import forget, write_checkpoint
from engine.history.records import Origin
from engine.history.store import RunStore
from engine.history.writer import HistoryWriter
from engine.storage.model_file import load_model
from engine.training.events import BatchesDone, EpochDone
from tests.engine.history.runs import CONFIG, recorded, session_on, squares


@pytest.fixture
def writer():
    troubles = []
    writer = HistoryWriter(troubled=troubles.append)
    yield writer
    assert writer.close()
    assert not troubles


def test_a_run_is_kept_with_its_figures_and_ends_completed(writer):
    session = session_on(squares())
    recorder, events = recorded(writer, session)
    told = list(events)
    assert writer.settle()
    store = RunStore()
    (run,) = store.runs()
    last = [event for event in told if isinstance(event, EpochDone)][-1]
    assert (run.id, run.status, run.epochs, run.step) == (recorder.id, "completed", 3, 15)
    assert (run.network, run.dataset, run.backend, run.config) == ("small", "squares", "scratch", CONFIG)
    assert run.validation_accuracy == last.validation_accuracy
    assert store.start(run.id).spec == session.spec
    epochs, batches = store.epochs(run.id), store.batches(run.id)
    assert epochs["epoch"].tolist() == [1, 2, 3] and epochs["step"].tolist() == [5, 10, 15]
    losses = np.concatenate([event.losses for event in told if isinstance(event, BatchesDone)])
    assert np.array_equal(batches["loss"], losses)
    assert batches["step"].tolist() == list(range(1, 16))


@pytest.mark.parametrize("backend", ["scratch", "gluon"])
@pytest.mark.parametrize("step", [3, 5, 12])
def test_a_checkpoint_goes_on_bit_for_bit_and_the_replay_is_told(writer, backend, step):
    dataset = squares()
    whole = session_on(dataset, backend=backend)
    recorder, events = recorded(writer, whole)
    cut = None
    for event in events:
        if isinstance(event, (BatchesDone, EpochDone)) and event.position.step == step and event.state:
            cut = whole.model({})
    assert writer.settle() and cut is not None
    replayed = []
    again = session_on(dataset, model=cut, backend=backend, config=cut.config)
    origin = Origin("state", recorder.id, step)
    _, events = recorded(writer, again, origin, resume=True, replayed=replayed.append)
    list(events)
    assert writer.settle()
    for path, values in whole.network.weights().items():
        assert np.array_equal(values, again.network.weights()[path]), path
    for name, values in whole.network.optimizer_state().items():
        assert np.array_equal(values, again.network.optimizer_state()[name]), name
    assert [r.epoch for r in replayed] == list(range(step // 5 + 1, 4))
    assert all(r.exact for r in replayed)


def test_what_the_database_names_is_as_it_was_when_the_process_ends_before_it_names_the_state_after_validation(
    writer, monkeypatch
):
    session = session_on(squares())
    recorder, events = recorded(writer, session)
    models = [
        session.model({})
        for event in events
        if isinstance(event, (BatchesDone, EpochDone)) and event.position.step == 15
    ]
    assert [model.position.batch for model in models] == [5, 0] and writer.settle()
    store = RunStore()
    forget(store, recorder.id, [checkpoint.path.name for checkpoint in store.checkpoints(recorder.id)])
    write_checkpoint(store, recorder.id, "state", models[0], best=False)
    with monkeypatch.context() as patched:
        patched.setattr(store, "transaction", lambda: 1 / 0)  # killed here
        with pytest.raises(ZeroDivisionError):
            write_checkpoint(store, recorder.id, "state", models[1], best=False)

    [named] = store.checkpoints(recorder.id)

    assert load_model(named.path).position == named.position == models[0].position
    write_checkpoint(store, recorder.id, "state", models[1], best=False)
    [named] = store.checkpoints(recorder.id)
    assert load_model(named.path).position == named.position == models[1].position
    assert list(named.path.parent.glob("*.safetensors")) == [named.path]
    store.close()


def test_states_kept_are_the_last_three_and_the_best(writer):
    session = session_on(squares())
    _, events = recorded(writer, session)
    for _ in events:
        writer.settle()
    writer.settle()
    store = RunStore()
    checkpoints = store.checkpoints(1)
    states = [c for c in checkpoints if c.kind == "state"]
    (run,) = store.runs()
    best = {c.position.epoch for c in checkpoints if c.best}
    assert best == {run.best_epoch}
    assert [c.position.step for c in states][-3:] == [13, 14, 15]
    assert len(states) <= 4
    for checkpoint in checkpoints:
        model = load_model(checkpoint.path)
        assert (model.state is None) == (checkpoint.kind == "snapshot")
        assert model.position == checkpoint.position
