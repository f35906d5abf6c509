"""Loads the plots with pyqtgraph, which takes as long as the rest of the window, without stopping the window for it."""

from __future__ import annotations

import gc
import importlib
import sys
import time
from collections.abc import Iterator

from PySide6 import QtCore, QtGui, QtSvg, QtWidgets
from PySide6.QtCore import QObject, QTimer, Signal

_FIGURE = "gui.curves_figure"
_TURN_S = 0.005


class PlotLoader(QObject):
    """Imports ``gui.curves_figure`` a little at a time, on the window's own thread.

    PySide makes each of its 700 classes when it is first asked for, and pyqtgraph asks for all of them: half of what
    its import takes. On a thread beside the window's this has ended the process, when both made a class at once. So
    the classes are made here, a few in each turn of the event loop; what is left of the import then is a tenth of a
    second, once, when the first run begins.
    """

    loaded = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._steps: Iterator[None] | None = None

    @property
    def is_loaded(self) -> bool:
        """Whether the plots are loaded, and not half of them."""
        return hasattr(sys.modules.get(_FIGURE), "CurvesFigure")

    def load(self) -> None:
        """Begin; ``loaded`` tells when the plots are there, if they were not before."""
        if self._steps is None and not self.is_loaded:
            self._steps = _steps()
            QTimer.singleShot(0, self, self._take_turn)

    def _take_turn(self) -> None:
        assert self._steps is not None
        end = time.perf_counter() + _TURN_S
        for _ in self._steps:
            if time.perf_counter() > end:
                QTimer.singleShot(0, self, self._take_turn)
                return
        self.loaded.emit()


def _steps() -> Iterator[None]:
    for module in (QtCore, QtGui, QtWidgets, QtSvg):
        for name in dir(module):
            getattr(module, name)
            yield
    importlib.import_module(_FIGURE)
    gc.freeze()  # what was loaded stays; looking through it at each full collection stops the window
    yield
