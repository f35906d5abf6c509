"""A small history of two runs for the tests of what is made of it."""

from __future__ import annotations

from engine.history.records import Origin
from engine.history.writer import HistoryWriter
from engine.training.events import BatchesDone
from tests.engine.history.runs import recorded, session_on, squares


def record_two_runs(dataset=None) -> None:
    """Record a run of three epochs with a change in it, and one after it that goes on, stopped after batch 23."""
    dataset = dataset or squares()
    writer = HistoryWriter()
    session = session_on(dataset)
    recorder, events = recorded(writer, session)
    for event in events:
        if isinstance(event, BatchesDone) and event.position.step == 7:
            session.live.change("learning_rate", 0.005)
    writer.settle()
    recorder, events = recorded(writer, session, Origin("more", recorder.id, 15))
    for event in events:
        if isinstance(event, BatchesDone) and event.position.step == 23:
            recorder.interrupt()
            break
    assert writer.close()
