"""The worker's hand in the history: every run is recorded, and runs of it are found again."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from engine import messages as m
from engine.history.recorder import Recorder
from engine.history.records import FRESH, Origin, RunRecord
from engine.history.recovery import Opening
from engine.history.run_log import Replayed
from engine.history.store import RunStore
from engine.history.troubles import unusable
from engine.history.writer import HistoryWriter
from engine.session import Session


class RecordKeeper:
    """Records the runs of a workbench.

    Parameters
    ----------
    post : callable (Message)
        Takes what there is to tell; called from the worker's thread and from the history's.
    """

    def __init__(self, post: Callable[[m.Message], None]) -> None:
        self._post = post
        self._writer: HistoryWriter | None = None
        self._store: RunStore | None = None

    def open(self) -> None:
        """Open the history on a thread of its own, and tell what it was found like."""
        self._writer = HistoryWriter(self._tell_opening, lambda error: self._post(m.HistoryTroubled(error)))

    def record(self, name: str, session: Session, origin: Origin = FRESH, run: int | None = None) -> Recorder:
        """Return what keeps the run called ``name`` in its events: as a new one, or as ``run`` of the history."""
        if self._writer is None:
            self.open()
        assert self._writer is not None

        def tell_replay(replayed: Replayed) -> None:
            self._post(m.EpochReplayed(name, replayed.epoch, replayed.exact))

        return Recorder(
            self._writer, session, origin, run=run, replayed=tell_replay,
            began=lambda number: self._post(m.RunKept(name, number)),
            ended=lambda number: self._post(m.RunRecorded(name, number)),
        )  # fmt: skip

    def store(self) -> RunStore:
        """Return the history for reading, with all in it that was submitted so far.

        Raises
        ------
        NetariumError
            If it cannot be read.
        """
        if self._writer is not None:
            self._writer.settle()
        if self._store is not None and not self._store.is_in_place:
            self._store.close()
            self._store = None
        if self._store is None:
            try:
                self._store = RunStore()
            except (sqlite3.Error, OSError) as error:
                raise unusable(error) from error
        return self._store

    def close(self) -> None:
        """Write what waits, and let go of the history."""
        if self._store is not None:
            self._store.close()
            self._store = None
        if self._writer is not None:
            self._writer.close(timeout=8.0)
            self._writer = None

    def _tell_opening(self, opening: Opening, unfinished: RunRecord | None) -> None:
        self._post(m.HistoryOpened(opening.note, unfinished))
