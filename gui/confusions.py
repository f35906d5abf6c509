"""Asks which classes are taken for which, for the panel that shows it, and finds the images behind a cell."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QObject, Signal

from engine import messages as m
from engine.history.records import CheckpointRecord
from gui.moments import moments_of
from gui.views import Views

# While training or a film goes on: enough to see which digits are confused, few enough to hold up neither.
_QUICK_SAMPLES = 1000
_ALL = 2**31


class Confusions(QObject):
    """Keeps the confusion matrix that of the network in the other panels, as long as it can be seen.

    Parameters
    ----------
    views : Views
    submit : callable (Command)
        Hands a command to the worker.

    Attributes
    ----------
    is_hurried : bool
        Whether a run or a film goes on, so that a sample of the test images has to do.
    network : str
        What the panel calls the network of now; empty while there is none.
    past : str
        What it calls the run whose moment is looked at.
    """

    told = Signal(str)  # a short notice

    def __init__(self, views: Views, submit: Callable[[m.Command], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._views, self._submit = views, submit
        self.is_hurried = False
        self.network = self.past = ""
        self._is_stale = True
        self._is_waiting = False
        self._labels: np.ndarray | None = None
        self._answers: np.ndarray | None = None
        self._class_names: tuple[str, ...] = ()
        self._cell = (-1, -1)
        self._next = 0  # of the cell's images
        views.confusion.wanted_changed.connect(self.refresh)
        views.confusion.cell_chosen.connect(self._show_image)

    def set_labels(self, labels: np.ndarray) -> None:
        """Learn the true classes (samples,) of the test images there are from now on."""
        self._labels = labels
        self._forget()

    def set_network(self, name: str) -> None:
        """Learn that other weights are to be judged: ``name`` is their network's, empty if there are none."""
        self.network = name
        if not name:
            self._views.confusion.clear()
        self._forget()

    def note_learned(self) -> None:
        """Learn that the weights are others now."""
        self._is_stale = True
        self.refresh()

    def refresh(self) -> None:
        """Ask, if somebody can see the panel and what it shows is not of now."""
        if self._is_stale and not self._is_waiting and self.network and self._views.confusion.wants_confusion():
            self._is_stale, self._is_waiting = False, True
            self._submit(m.MeasureConfusion(_QUICK_SAMPLES if self.is_hurried else _ALL))

    def receive(self, message: m.Message) -> bool:
        """Show an answer; False if the message is none."""
        match message:
            case m.ConfusionMeasured():
                self._show(message)
            case m.Dropped(command=m.MeasureConfusion()):
                self._is_waiting, self._is_stale = False, True
            case m.CommandFailed(command=m.MeasureConfusion()):
                # The data set is one that the network cannot read; panels that the person used say so.
                self._is_waiting = False
                self._views.confusion.clear()
            case _:
                return False
        return True

    def _forget(self) -> None:
        self._answers = None
        self._is_stale, self._is_waiting = True, False
        self.refresh()

    def _show(self, measured: m.ConfusionMeasured) -> None:
        self._is_waiting = False
        self._answers, self._class_names = measured.answers, measured.class_names
        self._cell = (-1, -1)
        title = self._title(measured.checkpoint)
        self._views.confusion.set_confusion(measured.matrix, measured.class_names, measured.samples, title)
        self.refresh()

    def _title(self, checkpoint: CheckpointRecord | None) -> str:
        if checkpoint is None:
            return self.network
        [moment] = moments_of([checkpoint])
        return f"{self.past or self.network} · {moment.text(short=True)}"

    def _show_image(self, truth: int, answer: int) -> None:
        """Show the next test image of a cell in the drawing panel."""
        if self._answers is None or self._labels is None:
            return
        labels = self._labels[: len(self._answers)]
        places = np.flatnonzero((labels == truth) & (self._answers == answer))
        if not len(places):
            return
        self._next = self._next + 1 if self._cell == (truth, answer) else 0
        self._cell = truth, answer
        place = self._next % len(places)
        self._views.draw.show_test_image(int(places[place]))
        template = (
            self.tr("Test image {place} of {count}: {truth}, and taken for it.")
            if truth == answer
            else self.tr("Test image {place} of {count}: {truth}, but taken for {answer}.")
        )
        names = self._class_names
        self.told.emit(template.format(place=place + 1, count=len(places), truth=names[truth], answer=names[answer]))
