"""The one thread that owns a backend while the window is open: commands in, messages out."""

from __future__ import annotations

import os
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable
from functools import partial

from engine import messages as m
from engine.backends.base import MakeBackend
from engine.backends.choice import make_backend
from engine.training.events import BatchesDone, Evaluating, joined
from engine.workbench import Workbench

# A report of batches or of progress can wait for the window's next look; everything else wakes it.
_CAN_WAIT = (BatchesDone, Evaluating)
_HAND_OVER_S = 0.001
# By how much the window goes before the worker where both want a core, up to 19.
_NICENESS = 5


class Worker:
    """Runs a workbench on a thread of its own.

    Parameters
    ----------
    notify : callable
        Called from the worker's thread when a message should be taken soon; must return at once.
    make_backend : MakeBackend
    """

    def __init__(self, notify: Callable[[], None] = lambda: None, make_backend: MakeBackend = make_backend) -> None:
        self._notify = notify
        self._inbox: deque[m.Command] = deque()
        self._outbox: deque[m.Message] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._bench = Workbench(self._post, make_backend)
        self._thread = threading.Thread(target=self._work, name="netarium-worker", daemon=True)

    def start(self) -> None:
        """Start the thread; it loads MXNet first, and beside it the data set that was asked for before."""
        # Python's threads hand over after 5 ms by default; a batch that waits so long to be queued costs speed.
        sys.setswitchinterval(_HAND_OVER_S)
        self._thread.start()

    def submit(self, command: m.Command) -> None:
        """Ask for something, from any thread; the answer is a message."""
        with self._changed:
            if isinstance(command, m.LatestWins):
                older = [waiting for waiting in self._inbox if type(waiting) is type(command)]
                for waiting in older:
                    self._inbox.remove(waiting)
            self._inbox.append(command)
            self._changed.notify()

    def take(self) -> list[m.Message]:
        """Return all messages since the last call, in order; reports of a run that follow each other come as one."""
        taken: list[m.Message] = []
        while self._outbox:
            message, before = self._outbox.popleft(), taken[-1] if taken else None
            if isinstance(message, BatchesDone) and isinstance(before, BatchesDone) and before.run == message.run:
                taken[-1] = joined(before, message)
            else:
                taken.append(message)
        return taken

    def close(self, timeout: float = 10.0) -> bool:
        """End a run if one goes on, stop the thread, and tell whether it stopped within ``timeout`` seconds."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _post(self, message: m.Message) -> None:
        self._outbox.append(message)
        if not isinstance(message, _CAN_WAIT):
            self._notify()

    def _work(self) -> None:
        # On Linux this holds for one thread, and for those that it starts: MXNet's, and those of shared batches.
        os.nice(_NICENESS)
        self._guard(partial(self._bench.load, self._first_dataset()))
        while not self._closing:
            command = self._next_command()
            self._guard(self._bench.go_on if command is None else partial(self._bench.handle, command))
        self._guard(self._wind_up)

    def _first_dataset(self) -> m.LoadDataset | None:
        """Take the first command if it is to read a data set, which can be done while MXNet is loaded."""
        with self._changed:
            first = self._inbox[0] if self._inbox else None
            if not isinstance(first, m.LoadDataset):
                return None
            self._inbox.popleft()
            return first

    def _wind_up(self) -> None:
        """End the run so that it can be continued, and still save what was asked to be saved."""
        self._bench.close()
        for command in tuple(self._inbox):
            if isinstance(command, m.Save):
                self._bench.handle(command)

    def _guard(self, action: Callable[[], None]) -> None:
        """Keep the thread alive whatever happens; the window shows the report."""
        try:
            action()
        except Exception as error:
            self._post(m.Crashed(f"{type(error).__name__}: {error}", traceback.format_exc()))
            self._bench.trainer.enter(self._bench.trainer.state)  # the window may be waiting for another state

    def _next_command(self) -> m.Command | None:
        """Return what is asked, or None when there is work to go on with; wait while there is neither."""
        with self._changed:
            while not (self._inbox or self._closing or self._bench.is_busy):
                self._changed.wait()
            return self._inbox.popleft() if self._inbox else None
