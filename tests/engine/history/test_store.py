"""The history itself: what is read is what was written, and what a person says of runs lasts."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import FileError
from engine.history.checkpoints import thin
from engine.history.decimation import CHUNK, MOST_POINTS, Decimated, read_chunks
from engine.history.records import BATCH_COLUMNS, Origin
from engine.history.recovery import open_history
from engine.history.run_lock import claim
from engine.history.store import DATABASE, RunStore, history_folder
from engine.history.writer import HistoryWriter
from engine.storage.model_file import load_model
from tests.engine.history.runs import recorded, session_on, squares


@pytest.fixture
def writer():
    writer = HistoryWriter()
    yield writer
    assert writer.close()


@pytest.fixture
def store(writer):
    """A history with one finished run."""
    _, events = recorded(writer, session_on(squares()))
    for _ in events:
        assert writer.settle()  # so that nothing is left out for want of time
    store = RunStore()
    yield store
    store.close()


def test_what_a_person_says_of_a_run_lasts(store):
    store.annotate(1, name="with dropout", note="try 0.5", star=True, colour=3)
    again = RunStore()
    run = again.run(1)
    again.close()
    assert (run.name, run.note, run.star, run.colour) == ("with dropout", "try 0.5", True, 3)
    with pytest.raises(ValueError, match="no status"):
        store.annotate(1, status="completed")


def test_a_deleted_run_can_be_brought_back_and_is_purged_with_its_files_after_a_day(writer, store):
    folder = store.run_folder(1)
    store.delete([1])
    assert store.runs() == [] and [run.id for run in store.runs(deleted=True)] == [1]
    store.restore([1])
    assert [run.id for run in store.runs()] == [1]
    store.delete([1])
    open_history()[0].close()
    assert folder.exists()
    long_ago = (datetime.now(timezone.utc) - timedelta(days=2)).isoformat(timespec="milliseconds")
    store.update(1, {"deleted": long_ago})
    open_history()[0].close()
    assert not folder.exists() and store.run(1) is None
    assert len(store.epochs(1)["epoch"]) == 0 and store.checkpoints(1) == []


def test_the_past_of_a_branch_is_that_of_its_parents(writer, store):
    middle = next(c for c in store.checkpoints(1) if c.position.epoch == 2 and c.kind == "snapshot")
    model = load_model(middle.path)
    branch = session_on(squares(), model=model)
    recorder, events = recorded(writer, branch, Origin("snapshot", 1, middle.position.step))
    list(events)
    assert writer.settle()
    assert store.epochs(recorder.id)["epoch"].tolist() == [3, 4, 5]
    assert store.epochs(recorder.id, with_past=True)["epoch"].tolist() == [1, 2, 3, 4, 5]
    steps = store.batches(recorder.id, with_past=True)["step"]
    assert steps.tolist() == list(range(1, 26))


def test_settings_that_change_while_it_runs_are_kept(writer):
    session = session_on(squares())
    recorder, events = recorded(writer, session)
    for number, _ in enumerate(events):
        if number == 4:
            session.live.change("learning_rate", 0.002)
            session.live.change("dropout", 0.7)
    assert writer.settle()
    store = RunStore()
    changes = store.changes(recorder.id)
    store.close()
    assert [(c.setting, c.old, c.new) for c in changes] == [("learning_rate", 0.01, 0.002), ("dropout", 0.3, 0.7)]


def test_a_database_of_a_newer_version_is_left_alone(store):
    store._connection.execute("PRAGMA user_version = 99")
    with pytest.raises(FileError) as told:
        open_history()
    assert told.value.code == "history.newer" and "left untouched" in str(told.value)
    assert store.run(1) is not None


@pytest.mark.parametrize("damage", ["rubbish", "truncated", "page"])
def test_a_damaged_database_is_set_aside_and_its_runs_are_found_again(store, damage):
    before, files = store.run(1), sorted(store.run_folder(1).glob("*.safetensors"))
    store._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path = history_folder() / DATABASE
    data = bytearray(path.read_bytes())
    if damage == "rubbish":
        data[:] = b"this is no database at all" * 100
    elif damage == "truncated":
        data[:] = data[:5000]
    else:
        data[4096 : 2 * 4096] = b"\xff" * 4096
    store.close()
    path.write_bytes(data)
    (history_folder() / f"{DATABASE}-wal").write_bytes(b"")  # nobody closed it

    again, opening = open_history()

    assert opening.note is not None and opening.note.code == "history.damaged"
    assert "1 runs were found again" in str(opening.note)
    assert list(history_folder().glob("runs-damaged-*.sqlite3"))
    found = again.run(1)
    assert (found.network, found.epochs, found.step, found.config) == ("small", 3, 15, before.config)
    assert found.validation_accuracy == before.validation_accuracy
    assert again.epochs(1)["validation_loss"].tolist()[-1] == before.validation_loss
    assert sorted(c.path for c in again.checkpoints(1)) == files
    again.close()


def test_files_without_an_entry_are_adopted_and_entries_without_a_file_dropped_after_a_crash(store):
    folder = store.run_folder(1)
    kept = store.checkpoints(1)
    with store.transaction() as connection:
        connection.execute("DELETE FROM checkpoints WHERE id = ?", (kept[0].id,))
    kept[1].path.unlink()
    (folder / ".netarium-0123.tmp").write_bytes(b"half")
    (folder / "state-000000099.safetensors").write_bytes(b"no model")
    store.update(1, {"status": "running"})

    again, opening = open_history()

    assert opening.interrupted == (1,) and again.run(1).status == "interrupted"
    assert {c.path for c in again.checkpoints(1)} == {c.path for c in kept if c is not kept[1]}
    assert not list(folder.glob("*.tmp"))
    again.close()


def test_a_run_that_another_process_records_is_not_called_interrupted(store):
    store.update(1, {"status": "running"})
    lock = claim(store.run_folder(1))
    assert claim(store.run_folder(1)) is None
    again, opening = open_history()
    assert opening.interrupted == () and again.run(1).status == "running"
    again.close()
    assert lock is not None


def test_figures_that_are_not_numbers_survive(store):
    store.update(1, {"validation_loss": float("nan")})
    assert np.isnan(store.run(1).validation_loss)


def rows(first: int, last: int) -> np.ndarray:
    steps = np.arange(first, last + 1, dtype=float)
    return np.column_stack([steps, steps / 100, steps / 10, 1 / steps, steps % 2, np.full(len(steps), 0.1)])


@given(st.lists(st.integers(1, 900), min_size=1, max_size=12))
def test_decimation_keeps_the_mean_and_the_end_in_bounded_space(sizes):
    decimated, done = Decimated(), 0
    for size in sizes:
        decimated.add(rows(done + 1, done + size))
        done += size
    points = decimated.rows()
    assert len(points) <= MOST_POINTS + 1
    assert points[-1, 0] == done
    weights = np.diff(points[:, 0], prepend=0)
    assert np.average(points[:, 3], weights=weights) == pytest.approx((1 / np.arange(1, done + 1)).mean())


def test_chunks_that_changed_make_the_same_rows_again():
    decimated, stored = Decimated(), {}
    for first in range(1, 9001, 700):
        decimated.add(rows(first, first + 699))
        stored |= dict(decimated.take_changed_chunks())
        for chunk in [chunk for chunk in stored if chunk >= decimated.chunk_count()]:
            del stored[chunk]
        again = read_chunks([stored[chunk] for chunk in sorted(stored)])
        assert np.array_equal(again, decimated.rows())
    assert len(stored) <= MOST_POINTS // CHUNK + 1
    assert again.shape[1] == len(BATCH_COLUMNS)


def test_decimated_rows_go_on_from_where_they_were_cut():
    whole, part = Decimated(), Decimated()
    whole.add(rows(1, 3000))
    part.add(rows(1, 2600))
    again = Decimated(part.rows())
    again.truncate(2400)
    again.add(rows(2401, 3000))
    assert np.array_equal(again.rows(), whole.rows())


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=80, unique=True), st.integers(3, 50))
def test_thinning_keeps_the_ends_and_the_best_and_no_more_than_wanted(steps, most):
    steps = sorted(steps)
    best = steps[len(steps) // 2]
    gone = thin(steps, most, {best})
    left = [step for step in steps if step not in gone]
    assert len(left) == min(len(steps), most)
    assert {steps[0], steps[-1], best} <= set(left)


def test_thinning_one_after_the_other_stays_evenly_spread():
    kept = []
    for step in range(1000):
        kept.append(step)
        gone = thin(kept, 50)
        kept = [other for other in kept if other not in gone]
    gaps = np.diff(kept)
    assert len(kept) == 50 and gaps.max() <= 64


def test_the_writer_thread_waits_for_a_busy_database(store):
    other = sqlite3.connect(history_folder() / DATABASE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        impatient = sqlite3.connect(history_folder() / DATABASE, timeout=0, isolation_level=None)
        try:
            impatient.execute("BEGIN IMMEDIATE")
        finally:
            impatient.close()
    other.execute("COMMIT")
    store.annotate(1, note="after it")
    other.close()
    assert store.run(1).note == "after it"
