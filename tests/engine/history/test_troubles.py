"""What goes wrong with the history in ways that are no disk's fault: odd paths, other processes, faults of our own."""

from __future__ import annotations

import os
import shutil
import sqlite3
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from engine.backends.choice import make_backend
from engine.data.catalog import open_folder, read_again
from engine.errors import NetariumError
from engine.history.data import recorded_dataset
from engine.history.records import Origin
from engine.history.recovery import open_history
from engine.history.run_lock import claim
from engine.history.run_log import RunLog
from engine.history.store import RunStore
from engine.history.writer import HistoryWriter
from engine.record_keeping import RecordKeeper
from engine.returning import return_to_run
from engine.storage.model_file import load_model
from engine.training.events import BatchesDone
from tests.engine.data.test_catalog import write_folder
from tests.engine.history.runs import CONFIG, recorded, session_on, squares


def cut_run(step: int) -> int:
    """Record a run that is interrupted after a batch, and return its number."""
    writer = HistoryWriter()
    recorder, events = recorded(writer, session_on(squares()))
    for event in events:
        if isinstance(event, BatchesDone) and event.position.step == step:
            recorder.interrupt()
            break
    assert writer.close()
    return recorder.id


def test_a_data_set_in_a_folder_that_is_no_utf8_is_recorded_saved_and_found_again(tmp_path):
    folder = tmp_path / os.fsdecode(b"bilder-\xff\xe4")
    write_folder(folder, images=np.arange(3 * 64, dtype=np.uint8).reshape(3, 8, 8))
    dataset = open_folder(folder)
    dataset.source.encode()
    dataset.name.encode()
    assert np.array_equal(read_again(dataset.source).train_images, dataset.train_images)

    troubles = []
    writer = HistoryWriter(troubled=troubles.append)
    _, events = recorded(writer, session_on(dataset, config=msgspec.structs.replace(CONFIG, batch_size=3, epochs=1)))
    list(events)
    assert writer.close() and troubles == []
    store = RunStore()
    start = store.start(1)
    assert recorded_dataset(start).digest == dataset.digest
    assert load_model(store.checkpoints(1)[-1].path).dataset == "bilder-��"
    store.close()


def test_a_fault_of_our_own_ends_neither_the_training_nor_the_thread_that_writes(monkeypatch):
    troubles = []
    writer = HistoryWriter(troubled=troubles.append)
    add, faults = RunLog.write, iter([ZeroDivisionError("by chance"), KeyError("step")])

    def faulty(log, store):
        for fault in faults:
            raise fault
        add(log, store)

    monkeypatch.setattr(RunLog, "write", faulty)
    _, events = recorded(writer, session_on(squares()))
    *_, last = events
    assert last.reason == "completed" and writer.close()
    assert "ZeroDivisionError: by chance" in str(troubles[0]) and troubles[1:] == [None]
    store = RunStore()
    assert (store.run(1).status, store.run(1).epochs) == ("completed", 3)
    store.close()


def test_a_run_that_another_process_records_is_not_written_by_this_one():
    run = cut_run(7)
    store = RunStore()
    held = claim(store.run_folder(run))
    before = store.run(run), store.batches(run)["step"].tolist()
    troubles = []
    writer = HistoryWriter(troubled=troubles.append)
    session = return_to_run(store, run, squares(), make_backend).session
    _, events = recorded(writer, session, run=run, resume=True)
    *_, last = events
    assert last.reason == "completed" and writer.close()
    assert [trouble.code for trouble in troubles] == ["history.taken"]
    after = store.run(run), store.batches(run)["step"].tolist()
    assert msgspec.to_builtins(after[0].step) == before[0].step and after[1] == before[1]
    assert after[0].status == before[0].status
    os.close(held)
    store.close()


def replace_by_a_copy(folder):
    """Do what a program does that keeps folders the same on two machines."""
    copy = folder.with_name("copy.sqlite3")
    shutil.copy(folder / "runs.sqlite3", copy)
    os.replace(copy, folder / "runs.sqlite3")


@pytest.mark.parametrize(("harm", "runs"), [(shutil.rmtree, 1), (replace_by_a_copy, 2)])
def test_a_run_is_entered_anew_when_the_history_is_removed_or_replaced_under_it(harm, runs):
    troubles, numbers = [], []
    writer = HistoryWriter(troubled=troubles.append)
    recorder, events = recorded(writer, session_on(squares()), began=numbers.append)
    for event in events:
        if isinstance(event, BatchesDone) and event.position.step == 7:
            writer.settle()
            harm(RunStore().folder)
    assert writer.close()
    assert [trouble and trouble.code for trouble in troubles] == ["history.removed", None]
    assert "Training goes on" in str(troubles[0])
    store = RunStore()
    assert len(store.runs()) == runs and numbers[-1] == recorder.id == runs
    record = store.run(recorder.id)
    assert (record.status, record.epochs, record.step) == ("completed", 3, 15)
    assert store.epochs(recorder.id)["epoch"].tolist() == [1, 2, 3]
    assert record.thumbnail.tolist() == store.epochs(recorder.id)["validation_accuracy"].astype("f4").tolist()
    assert store.batches(recorder.id)["step"].tolist() == list(range(1, 16))
    assert load_model(store.checkpoints(recorder.id)[-1].path).position.epoch == 3
    store.close()


def test_a_run_that_went_on_is_a_run_of_its_own_in_a_history_that_replaces_the_one_it_came_from():
    run = cut_run(7)
    store = RunStore()
    session = return_to_run(store, run, squares(), make_backend).session
    store.close()
    writer = HistoryWriter()
    recorder, events = recorded(writer, session, run=run, resume=True)
    for event in events:
        if isinstance(event, BatchesDone) and event.position.step == 12:
            writer.settle()
            shutil.rmtree(store.folder)
    assert writer.close()
    store = RunStore()
    assert [(record.id, record.status, record.epochs) for record in store.runs()] == [(recorder.id, "completed", 3)]
    assert store.batches(recorder.id)["step"].tolist() == list(range(1, 16))
    store.close()


def test_who_only_reads_finds_the_history_that_is_there_now():
    keeper = RecordKeeper(lambda message: None)
    cut_run(7)
    assert len(keeper.store().runs()) == 1
    shutil.rmtree(keeper.store().folder)
    assert keeper.store().runs() == []
    keeper.close()


def test_what_a_branch_is_compared_with_may_fail_to_be_read_at_first(monkeypatch):
    cut_run(7)
    expect, faults = RunLog._expect_parent, iter([sqlite3.OperationalError("disk I/O error")])

    def failing(log, store):
        for fault in faults:
            raise fault
        expect(log, store)

    monkeypatch.setattr(RunLog, "_expect_parent", failing)
    troubles = []
    writer = HistoryWriter(troubled=troubles.append)
    recorder, events = recorded(writer, session_on(squares()), Origin("state", 1, 7))
    list(events)
    assert writer.close()
    assert [trouble and trouble.code for trouble in troubles] == ["history.unwritable", None]
    store = RunStore()
    assert [record.id for record in store.runs()] == [2, 1], "and it is there once"
    assert (store.run(recorder.id).status, store.run(recorder.id).step) == ("completed", 15)
    assert store.batches(recorder.id)["step"].tolist() == list(range(1, 16))
    store.close()


def test_going_back_that_fails_at_first_still_ends_where_the_run_goes_on(monkeypatch):
    run = cut_run(7)
    store = RunStore()
    session = return_to_run(store, run, squares(), make_backend).session
    resumed_at = session.position.step
    back, seen, faults = RunLog._go_back, [], iter([sqlite3.OperationalError("database or disk is full")] * 3)

    def failing(log, store, number, step):
        seen.append(step)
        for fault in faults:
            raise fault
        back(log, store, number, step)

    monkeypatch.setattr(RunLog, "_go_back", failing)
    writer = HistoryWriter()
    _, events = recorded(writer, session, run=run, resume=True)
    for _ in events:
        writer.settle()
    assert writer.close()
    assert seen == [resumed_at] * 4
    assert store.run(run).status == "completed"
    assert store.batches(run)["step"].tolist() == list(range(1, 16))
    store.close()


def test_a_history_that_cannot_be_read_says_so_and_does_not_speak_of_training(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("NETARIUM_HOME", str(blocked))
    keeper = RecordKeeper(lambda message: None)
    with pytest.raises(NetariumError) as told:
        keeper.store()
    assert "Training goes on" not in str(told.value) and "cannot be created" in str(told.value)

    monkeypatch.setenv("NETARIUM_HOME", str(tmp_path / "home"))
    store, _ = open_history()
    store.close()
    (store.folder / "runs.sqlite3").write_bytes(b"no database at all " * 100)
    with pytest.raises(NetariumError) as told:
        RecordKeeper(lambda message: None).store()
    assert told.value.code == "history.unusable" and "cannot be used" in str(told.value)


def test_a_folder_that_is_utf8_keeps_its_path_as_it_is(tmp_path):
    dataset = replace(squares(), folder=tmp_path / "größe 28")
    assert dataset.source == str(tmp_path / "größe 28")
