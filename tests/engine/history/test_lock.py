"""A run that goes on is claimed before anybody else can see it."""

from __future__ import annotations

from engine.history.store import RunStore
from engine.history.writer import HistoryWriter
from tests.engine.history.runs import recorded, session_on, squares


def test_a_new_run_is_seen_only_once_it_is_locked(monkeypatch):
    seen = []
    lock = RunStore.lock

    def watched(store, run):
        other = RunStore()
        seen.append([record.id for record in other.runs()])
        other.close()
        return lock(store, run)

    monkeypatch.setattr(RunStore, "lock", watched)
    writer = HistoryWriter()
    _, events = recorded(writer, session_on(squares()))
    list(events)
    assert writer.close()
    assert seen == [[]]
    store = RunStore()
    assert [(record.id, record.status) for record in store.runs()] == [(1, "completed")]
    store.close()
