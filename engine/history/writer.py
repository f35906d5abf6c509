"""The thread that writes the history, so that training never waits for a disk."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from engine.errors import FileError, NetariumError
from engine.history.records import RunRecord
from engine.history.recovery import Opening, open_history
from engine.history.resuming import unfinished_run
from engine.history.store import RunStore
from engine.history.troubles import unwritable

Job = Callable[[RunStore], None]

_TRY_AGAIN_S = 5.0  # to open a history that could not be opened


class HistoryWriter:
    """Carries out jobs one after the other, and tells when they fail.

    Parameters
    ----------
    opened : callable (Opening, RunRecord or None)
        Told when the history was opened and put in order, with the run that the last sitting left unfinished, if it can
        be gone on with: once, unless somebody removes the history.
    troubled : callable (NetariumError or None)
        Told when writing fails, once until it works again, and then with None.
    folder : Path, optional
        The history's, by default the one in the data folder.

    Both are called from the writer's thread and must return at once.
    """

    def __init__(
        self,
        opened: Callable[[Opening, RunRecord | None], None] = lambda opening, unfinished: None,
        troubled: Callable[[NetariumError | None], None] = lambda error: None,
        folder: Path | None = None,
    ) -> None:
        self._opened, self._troubled, self._folder = opened, troubled, folder
        self._jobs: deque[Job] = deque([lambda store: None])  # the first opens it
        self._changed = threading.Condition()
        self._closing = False
        self._in_trouble = False
        self._store: RunStore | None = None
        self._opened_at = 0.0
        self._thread = threading.Thread(target=self._work, name="netarium-history", daemon=True)
        self._thread.start()

    @property
    def backlog(self) -> int:
        """How many jobs wait or are being done."""
        return len(self._jobs)

    def submit(self, job: Job) -> None:
        """Have ``job`` done on the writer's thread, after those before it."""
        with self._changed:
            self._jobs.append(job)
            self._changed.notify_all()

    def settle(self, timeout: float = 30.0) -> bool:
        """Wait until everything submitted so far is done, and tell whether it was within ``timeout`` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._jobs, timeout)

    def close(self, timeout: float = 30.0) -> bool:
        """Do what waits, let go of the database, and tell whether that was done within ``timeout`` seconds."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._jobs or self._closing)
                if not self._jobs:
                    break
                job = self._jobs[0]
            self._try(job)
            with self._changed:
                self._jobs.popleft()
                self._changed.notify_all()
        if self._store is not None:
            self._store.close()

    def _try(self, job: Job) -> None:
        try:
            store = self._open()
            if store is not None:
                job(store)
        except Exception as error:  # whatever it is, training goes on, and with the next job it is tried again
            if not self._in_trouble:
                self._troubled(unwritable(error))
            self._in_trouble = True
        else:
            if self._in_trouble and store is not None:
                self._in_trouble = False
                self._troubled(None)

    def _open(self) -> RunStore | None:
        """Return the store; None while it is not yet time to try again."""
        if self._store is not None and not self._store.is_in_place:
            self._store.close()
            self._store = None
            self._troubled(_removed())
            self._in_trouble = True
            self._opened_at = 0.0
        if self._store is None:
            if time.monotonic() - self._opened_at < _TRY_AGAIN_S and self._in_trouble:
                return None
            self._opened_at = time.monotonic()
            self._store, opening = open_history(self._folder)
            self._opened(opening, unfinished_run(self._store))
        return self._store


def _removed() -> NetariumError:
    return FileError(
        "history.removed",
        "The history of runs was removed or replaced while Netarium used it. Training goes on and is recorded in the "
        "history that is there now; saved models are untouched. If the other was to stay, close Netarium and put its "
        "folder back.",
    )
