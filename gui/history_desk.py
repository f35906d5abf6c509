"""The desk at which the window asks for the history: SQLite works on a thread of its own, answers come as signals."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from PySide6.QtCore import QObject, Qt, Signal

from engine.errors import NetariumError, TrainingError
from engine.history.exporting import REPORT, check_export, export_runs
from engine.history.records import RunRecord, Weights
from engine.history.store import RunStore, history_folder
from gui.compared import ComparedRun
from gui.messages import translate_error

_CLOSE_S = 5.0  # that closing waits for what is being read or written
_KEPT = 64  # runs whose figures stay in memory: more than can be told apart in one plot

_Answer = tuple[str, tuple[Any, ...]]  # the name of a signal, and what it tells


class _Request(NamedTuple):
    """Something to do with the store; of one ``kind`` that is not empty only the newest waits."""

    kind: str
    do: Callable[[RunStore], _Answer | None]


class HistoryDesk(QObject):
    """Reads and changes the history without holding up the window.

    Methods return at once; the answers are emitted on the thread that made the desk. Every change is followed by
    ``runs_read``. Of several requests of a kind that wait, the newest is answered.

    Parameters
    ----------
    folder : Path, optional
        The history's, by default the one in the data folder. It is opened with the first request.
    """

    runs_read = Signal(object)  # list of RunRecord, the newest first; a run that did not change is the same object
    compared_read = Signal(object)  # list of ComparedRun, in the order that was asked for
    moments_read = Signal(int, str, object)  # run, its name, list of CheckpointRecord
    exported = Signal(object)  # the Path
    report_wanted = Signal(int, object)  # run and Path of a report, which takes a network to write
    failed = Signal(str)  # a sentence

    _answered = Signal(object)  # an _Answer, or an exception that nobody foresaw

    def __init__(self, folder: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder = folder
        self._requests: deque[_Request] = deque()
        self._changed = threading.Condition()
        self._is_closing = False
        self._store: RunStore | None = None
        self._figures: dict[int, tuple[object, ComparedRun]] = {}
        # Queued, so that the answers are told on this object's thread whatever is connected to them.
        self._answered.connect(self._tell, Qt.ConnectionType.QueuedConnection)
        self._thread = threading.Thread(target=self._work, name="netarium-history-desk", daemon=True)
        self._thread.start()

    def refresh(self) -> None:
        """Read all runs that are not deleted."""
        self._ask("runs", lambda store: ("runs_read", (store.runs(),)))

    def annotate(self, run: int, **values: str | int | bool | None) -> None:
        """Change ``name``, ``note``, ``star`` or ``colour`` of a run."""
        self._change(lambda store: store.annotate(run, **values))

    def delete(self, runs: Sequence[int]) -> None:
        """Take runs out of the list, but for those that go on."""
        self._change(lambda store: store.delete(runs))

    def restore(self, runs: Sequence[int]) -> None:
        """Bring deleted runs back."""
        self._change(lambda store: store.restore(runs))

    def read_compared(self, runs: Sequence[int]) -> None:
        """Read what is compared of some runs; those that are gone are left out."""
        self._ask("compared", lambda store: ("compared_read", (self._compared(store, runs),)))

    def read_moments(self, run: int) -> None:
        """Read at which moments a run's weights were kept."""

        def read(store: RunStore) -> _Answer:
            return "moments_read", (run, _known(store, run).name, store.checkpoints(run))

        self._ask("moments", read)

    def export(self, runs: Sequence[int], path: Path, weights: Weights = "best") -> None:
        """Write runs as the suffix of ``path`` says: .csv, or of a single run .json, .html or .safetensors.

        ``exported`` tells that it is done. A report is not written here, but asked for with ``report_wanted``.
        """
        self._ask("", lambda store: _export(store, runs, path, weights))

    def close(self) -> bool:
        """Do what was asked for, let go of the history, and tell whether that was done in reasonable time."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        self._thread.join(_CLOSE_S)
        return not self._thread.is_alive()

    def _ask(self, kind: str, do: Callable[[RunStore], _Answer | None]) -> None:
        with self._changed:
            if kind:
                self._requests = deque(request for request in self._requests if request.kind != kind)
            self._requests.append(_Request(kind, do))
            self._changed.notify_all()

    def _change(self, do: Callable[[RunStore], None]) -> None:
        self._ask("", do)
        self.refresh()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._requests or self._is_closing)
                if not self._requests:
                    break
                request = self._requests.popleft()
            answer = self._answer(request)
            if answer is not None and not self._is_closing:
                with contextlib.suppress(RuntimeError):  # the window was destroyed without closing the desk
                    self._answered.emit(answer)
        self._let_go()

    def _answer(self, request: _Request) -> _Answer | Exception | None:
        if self._store is not None and not self._store.is_in_place:
            self._let_go()
        try:
            if self._store is None:
                self._store = RunStore(self._folder)
            return request.do(self._store)
        except sqlite3.Error as error:
            # Opened again for the next request: a damaged database is set aside by whoever records runs.
            self._let_go()
            return "failed", (self._sentence(error),)
        except NetariumError as error:
            return "failed", (translate_error(error),)
        except Exception as error:  # told on the window's thread, where somebody listens
            return error

    def _let_go(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None

    def _tell(self, answer: _Answer | Exception) -> None:
        if isinstance(answer, Exception):
            raise answer
        signal, values = answer
        getattr(self, signal).emit(*values)

    def _sentence(self, error: sqlite3.Error) -> str:
        return self.tr(
            "The history of runs in {folder} cannot be used ({reason}). What is in it was not changed; see that the "
            "disk has room and can be written to, and try again."
        ).format(folder=self._folder or history_folder(), reason=str(error).rstrip("."))

    def _compared(self, store: RunStore, runs: Sequence[int]) -> list[ComparedRun]:
        """Read what is compared; what a run left is read once, since it changes no more."""
        compared = []
        for run in runs:
            record = store.run(run)
            if record is None or record.deleted:
                continue
            state = (record.status, record.step, record.epochs, record.ended)
            kept = self._figures.pop(run, None)
            if kept is not None and kept[0] == state:
                now = kept[1]._replace(record=record)
            else:
                now = ComparedRun(record, store.start(run), store.epochs(run, True), store.batches(run, True))
            self._figures[run] = (state, now)  # behind those that were read before
            compared.append(now)
        while len(self._figures) > _KEPT:
            del self._figures[next(iter(self._figures))]
        return compared


def _known(store: RunStore, run: int) -> RunRecord:
    record = store.run(run)
    if record is None:
        raise TrainingError("history.unknown", "There is no run {run} in the history.", run=run)
    return record


def _export(store: RunStore, runs: Sequence[int], path: Path, weights: Weights) -> _Answer:
    """Write runs, or say that a report is wanted; ``NetariumError`` if it cannot be written."""
    records = [_known(store, run) for run in runs]
    check_export(path, len(records))
    if path.suffix.lower() == REPORT:
        return "report_wanted", (records[0].id, path)
    export_runs(store, records, path, weights)
    return "exported", (path,)
