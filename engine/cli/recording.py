"""Records the runs of the command line in the history."""

from __future__ import annotations

import argparse
import sqlite3
import sys
from types import TracebackType

from engine.errors import NetariumError
from engine.history.recorder import USUAL_PACE, Pace, Recorder
from engine.history.records import Origin, RunRecord
from engine.history.recovery import Opening
from engine.history.store import RunStore
from engine.history.troubles import unusable
from engine.history.writer import HistoryWriter
from engine.session import Session
from engine.training.events import TrainingEvent


class Recording:
    """While it is entered, what is trained is recorded, unless ``options`` say ``--no-history``.

    What goes wrong with the history is told on stderr and never ends the training.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        self._wanted = not options.no_history
        self._pace = _pace(options.checkpoint_every)
        self._writer: HistoryWriter | None = None
        self._store: RunStore | None = None
        self._recorder: Recorder | None = None
        self._exact = self._inexact = 0

    def __enter__(self) -> Recording:
        if self._wanted:
            self._writer = HistoryWriter(_tell_opening, _tell_trouble)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._store is not None:
            self._store.close()
        if self._writer is None:
            return
        if self._recorder is not None:
            self._recorder.interrupt()  # unless it has ended
        self._writer.close()
        if self._recorder is not None and self._recorder.id is not None and kind is None:
            print(f"Recorded as run {self._recorder.id}.", file=sys.stderr)
        if self._exact + self._inexact:
            same = "all the same, bit for bit" if not self._inexact else f"{self._inexact} of them not the same"
            print(f"Epochs trained a second time: {self._exact + self._inexact}, {same}.", file=sys.stderr)

    def store(self) -> RunStore:
        """Return the history for reading; ``NetariumError`` if it cannot be read."""
        if self._writer is not None:
            self._writer.settle()
        try:
            self._store = self._store or RunStore()
        except (sqlite3.Error, OSError) as error:
            raise unusable(error) from error
        return self._store

    def begin(self, session: Session, origin: Origin, run: int | None = None) -> None:
        """Record what this session trains: as a new run, or as ``run`` of the history."""
        if self._writer is not None:
            self._recorder = Recorder(
                self._writer, session, origin, run=run, pace=self._pace,
                replayed=lambda replayed: self._count(replayed.exact),
            )  # fmt: skip

    def follow(self, event: TrainingEvent) -> None:
        """Record an event."""
        if self._recorder is not None:
            self._recorder.follow(event)

    def _count(self, exact: bool) -> None:
        self._exact += exact
        self._inexact += not exact


def _pace(checkpoint_every: float | None) -> Pace:
    if checkpoint_every is None:
        return USUAL_PACE
    if checkpoint_every == 0:  # as often as possible, whatever it costs
        return Pace(figures_s=0.05, state_s=0.0, snapshot_s=0.0, share=1.0)
    return Pace(state_s=checkpoint_every, snapshot_s=min(checkpoint_every, USUAL_PACE.snapshot_s))


def _tell_opening(opening: Opening, unfinished: RunRecord | None) -> None:
    if opening.note is not None:
        print(opening.note, file=sys.stderr)


def _tell_trouble(error: NetariumError | None) -> None:
    print(error or "The history of runs is written again.", file=sys.stderr)
