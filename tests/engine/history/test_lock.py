"""A run that goes on is claimed before anybody else can see it."""

from __future__ import annotations

import fcntl
import os

from engine.history.recovery import open_history
from engine.history.run_lock import LOCK, claim
from engine.history.store import RunStore
from engine.history.writer import HistoryWriter
from tests.engine.history.runs import recorded, session_on, squares


def test_a_new_run_is_seen_only_once_it_is_locked(monkeypatch):
    seen = []

    def watched(folder):
        other = RunStore()
        seen.append([record.id for record in other.runs()])
        other.close()
        return claim(folder)

    monkeypatch.setattr("engine.history.run_log.claim", watched)
    writer = HistoryWriter()
    _, events = recorded(writer, session_on(squares()))
    list(events)
    assert writer.close()
    assert seen == [[]]
    store = RunStore()
    assert [(record.id, record.status) for record in store.runs()] == [(1, "completed")]
    store.close()


def test_a_lock_that_a_killed_process_left_goes_at_the_next_start_and_one_that_is_held_stays():
    store = RunStore()
    for run in (1, 2, 3):
        store.run_folder(run).mkdir()
        (store.run_folder(run) / LOCK).touch()
    (store.run_folder(3) / "snapshot-000000001.safetensors").touch()
    held = claim(store.run_folder(2))
    store.close()

    store, _ = open_history()
    assert not store.run_folder(1).exists()
    assert (store.run_folder(2) / LOCK).exists()
    assert [path.name for path in store.run_folder(3).iterdir()] == ["snapshot-000000001.safetensors"]
    assert claim(store.run_folder(2)) is None
    os.close(held)
    store.close()


def test_a_lock_whose_file_was_removed_meanwhile_is_taken_on_a_new_file(monkeypatch):
    store = RunStore()
    path = store.run_folder(1) / LOCK
    flock, calls = fcntl.flock, []

    def removed_meanwhile(descriptor, how):
        calls.append(descriptor)
        if len(calls) == 1:
            path.unlink()
        flock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", removed_meanwhile)
    held = claim(store.run_folder(1))
    monkeypatch.undo()
    assert len(calls) == 2 and path.exists()
    other = RunStore(store.folder)
    assert claim(other.run_folder(1)) is None
    os.close(held)
    other.close()
    store.close()
