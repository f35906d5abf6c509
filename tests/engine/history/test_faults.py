"""A disk that fails at any write costs no weights, no figures that were written, and no training."""

from __future__ import annotations

import builtins
import contextlib
import errno
import os
import stat
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest

from engine.history.recovery import open_history
from engine.history.store import RunStore
from engine.history.writer import HistoryWriter
from engine.storage import atomic
from engine.storage.model_file import load_model, save_model
from engine.training.events import RunFinished
from tests.engine.history.runs import CONFIG, recorded, session_on, squares

SHORT = msgspec.structs.replace(CONFIG, epochs=1)
FAULTS = {"full": errno.ENOSPC, "read-only": errno.EROFS, "failing": errno.EIO}


class FailingDisk:
    """The module ``os`` and the files of the atomic writer; the ``which``-th operation on a file's way fails.

    Creating, writing, syncing and renaming count. That a folder cannot be synced is no failure: the file is whole.
    """

    def __init__(self, monkeypatch, which: int = 0, number: int = 0) -> None:
        self.operations = 0
        self._which, self._number = which, number
        monkeypatch.setattr(atomic, "os", self)
        monkeypatch.setattr(atomic, "open", self._file, raising=False)

    def __getattr__(self, name):
        return getattr(os, name)

    def open(self, path, flags, *mode):
        if flags & os.O_CREAT:
            self._count()
        return os.open(path, flags, *mode)

    def fsync(self, descriptor):
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            self._count()
        os.fsync(descriptor)

    def replace(self, source, target):
        self._count()
        os.replace(source, target)

    @contextlib.contextmanager
    def _file(self, *arguments):
        with builtins.open(*arguments) as file:
            yield SimpleNamespace(write=lambda piece: self._count() or file.write(piece), flush=file.flush)

    def _count(self):
        self.operations += 1
        if self.operations == self._which:
            raise OSError(self._number, os.strerror(self._number))


def run_on():
    """Train and record one short run; return its weights, how it ended, and what was told of trouble."""
    troubles = []
    writer = HistoryWriter(troubled=troubles.append)
    session = session_on(squares(), config=SHORT)
    _, events = recorded(writer, session)
    for last in events:  # noqa: B007
        writer.settle()  # so that every run writes the same
    assert writer.close()
    return session.network.weights(), last, troubles


def test_every_operation_on_the_disk_may_fail_and_training_goes_on(monkeypatch, netarium_home, torture):
    with monkeypatch.context() as patch:
        counting = FailingDisk(patch)
        weights, _, troubles = run_on()
    assert not troubles and counting.operations > 20
    picks = range(1, counting.operations + 1) if torture else range(1, counting.operations + 1, 11)
    for which in picks:
        for name, number in FAULTS.items():
            with monkeypatch.context() as patch:
                FailingDisk(patch, which, number)
                after, last, troubles = run_on()
            place = f"{name} at operation {which}"
            assert isinstance(last, RunFinished) and last.reason == "completed", place
            assert all(np.array_equal(weights[path], after[path]) for path in weights), place
            assert troubles and troubles[0].code == "history.unwritable", place
            assert "Training goes on" in str(troubles[0])
            store, opening = open_history()
            run = store.newest()
            assert opening.note is None and (run.status, run.epochs) == ("completed", 1), place
            checkpoints = store.checkpoints(run.id)
            assert checkpoints and not list(netarium_home.rglob("*.tmp")), place
            for checkpoint in checkpoints:
                assert load_model(checkpoint.path).position == checkpoint.position, place
            store.close()


@pytest.mark.parametrize("number", FAULTS.values(), ids=FAULTS)
def test_an_older_file_stays_whole_whatever_operation_fails(monkeypatch, tmp_path, number):
    session = session_on(squares(), config=SHORT)
    path = tmp_path / "model.safetensors"
    save_model(path, session.model({}))
    before = path.read_bytes()
    newer = msgspec.structs.replace(session.model({}), created="later")
    with monkeypatch.context() as patch:
        counting = FailingDisk(patch)
        save_model(tmp_path / "other.safetensors", newer)
    for which in range(1, counting.operations + 1):
        with monkeypatch.context() as patch:
            FailingDisk(patch, which, number)
            with pytest.raises(atomic.FileError) as told:
                save_model(path, newer)
        assert "What was there before is unchanged" in str(told.value)
        assert path.read_bytes() == before
        assert [p.name for p in tmp_path.iterdir() if p.suffix == ".tmp"] == []


@pytest.mark.parametrize("pragma", ["max_page_count = 1", "query_only = ON"], ids=["full", "read-only"])
def test_a_database_that_cannot_be_written_for_a_while_has_everything_afterwards(pragma):
    troubles = []
    writer = HistoryWriter(troubled=troubles.append)
    recorder, events = recorded(writer, session_on(squares(samples=6400), config=SHORT))

    def command(text):
        writer.submit(lambda store: store._connection.execute(f"PRAGMA {text}").fetchall() and None)

    for number, _ in enumerate(events):
        if number == 8:
            command(pragma)
        elif number == 300:
            assert writer.settle()
            assert [t.code for t in troubles] == ["history.unwritable"]
            command("max_page_count = 1000000")
            command("query_only = OFF")
    assert writer.close()
    assert troubles[-1] is None
    store = RunStore()
    run = store.run(recorder.id)
    assert (run.status, run.epochs, run.step) == ("completed", 1, 400)
    assert store.batches(run.id)["step"].tolist() == list(range(1, 401))
    store.close()


def test_without_a_folder_for_the_history_training_goes_on_and_it_is_told(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("NETARIUM_HOME", str(blocked))
    _, last, troubles = run_on()
    assert last.reason == "completed"
    assert troubles and "cannot be created" in str(troubles[0])
