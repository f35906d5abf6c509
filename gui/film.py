"""The pace of a film whose pictures take their time to be made."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, QTimer, Signal


class Film(QObject):
    """Says when the next picture is due: the last one was shown, and has been seen for long enough.

    Whoever shows the pictures tells it with ``asked`` and ``shown``, so no more than one is ever on its way: on a slow
    machine the film slows down instead of piling up pictures.

    Parameters
    ----------
    interval : int
        Milliseconds from asking for one picture to asking for the next, at least.
    """

    due = Signal()
    playing_changed = Signal(bool)

    def __init__(self, interval: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._is_playing = False
        self._is_waiting = False
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setTimerType(Qt.TimerType.PreciseTimer)
        self._rest.setInterval(interval)
        self._rest.timeout.connect(self._go_on)

    @property
    def is_playing(self) -> bool:
        """Whether pictures follow one another by themselves."""
        return self._is_playing

    def set_interval(self, interval: int) -> None:
        """Take another pace, in milliseconds, from the next picture on."""
        self._rest.setInterval(interval)

    def play(self) -> None:
        """Go on from here; the first picture is due at once, unless one is on its way."""
        self._set_playing(True)
        self._go_on()

    def pause(self) -> None:
        """Let no more pictures follow."""
        self._set_playing(False)

    def asked(self) -> None:
        """Take note that a picture was asked for."""
        self._is_waiting = True
        self._rest.start()

    def shown(self) -> None:
        """Take note that the picture asked for last is on screen, or never will be."""
        self._is_waiting = False
        self._go_on()

    def _go_on(self) -> None:
        if self._is_playing and not self._is_waiting and not self._rest.isActive():
            self.due.emit()

    def _set_playing(self, is_playing: bool) -> None:
        if is_playing != self._is_playing:
            self._is_playing = is_playing
            self.playing_changed.emit(is_playing)
