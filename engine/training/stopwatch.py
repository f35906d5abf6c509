"""A clock that can be stopped, so that a pause does not count as training."""

from __future__ import annotations

import time


class Stopwatch:
    """Counts seconds while it runs; starts running."""

    def __init__(self) -> None:
        self._total = 0.0
        self._since: float | None = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Seconds counted so far."""
        running = 0.0 if self._since is None else time.perf_counter() - self._since
        return self._total + running

    def stop(self) -> None:
        """Stop counting; nothing happens if it is stopped."""
        self._total, self._since = self.seconds, None

    def start(self) -> None:
        """Count on; nothing happens if it runs."""
        if self._since is None:
            self._since = time.perf_counter()
