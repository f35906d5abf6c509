"""Turns Ctrl-C into a wish to stop, so that no batch is cut in two."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType
from typing import Any


class Interrupt:
    """While it is entered, the first Ctrl-C sets ``asked``; a second one raises ``KeyboardInterrupt`` as ever."""

    def __init__(self) -> None:
        self.asked = False
        self._usual: Any = None

    def __enter__(self) -> Interrupt:
        self._usual = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.signal(signal.SIGINT, self._usual)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        signal.signal(signal.SIGINT, self._usual)
