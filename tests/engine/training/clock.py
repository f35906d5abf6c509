"""A clock that tests move, in place of the module ``time``."""

from __future__ import annotations


class Clock:
    """Stands where it is set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def perf_counter(self) -> float:
        return self.now
