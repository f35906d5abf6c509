"""Turns a flood of changes into signals at the pace of the screen."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, QTimer, Signal


class Pacer(QObject):
    """Emits ``due`` at once for a change after a rest, else at most once per interval; the last one is never lost.

    Parameters
    ----------
    interval : int
        Milliseconds.
    """

    due = Signal()

    def __init__(self, interval: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting = False
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setTimerType(Qt.TimerType.PreciseTimer)
        self._rest.setInterval(interval)
        self._rest.timeout.connect(self._catch_up)

    def request(self) -> None:
        """Tell of a change now, or when the interval is over."""
        if self._rest.isActive():
            self._waiting = True
        else:
            self.emit_now()

    def emit_now(self) -> None:
        """Tell of a change without waiting."""
        self._waiting = False
        self._rest.start()
        self.due.emit()

    def _catch_up(self) -> None:
        if self._waiting:
            self.emit_now()
