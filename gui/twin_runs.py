"""Has the chosen network trained in two backends side by side, and tells how they fare."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from engine import messages as m
from engine.errors import NetariumError
from gui.messages import translate_error
from gui.setup_panel import SetupPanel
from gui.subject import Subject


class TwinRuns(QObject):
    """Asks the worker for one twin run at a time, and passes on its answers.

    Parameters
    ----------
    setup : SetupPanel
        Whose settings both networks are trained with.
    subject : Subject
        Whose network is trained.
    submit : callable (Command)
        Hands a command to the worker.
    """

    began = Signal(object)  # the TwinRun
    stepped = Signal(object)  # some more TwinSteps
    ended = Signal(str)  # why it ended too early; empty when all batches were trained

    def __init__(
        self, setup: SetupPanel, subject: Subject, submit: Callable[[m.Command], None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._setup = setup
        self._subject = subject
        self._submit = submit
        self._requests = itertools.count(1)
        self._asked: m.TwinRun | None = None

    def start(self, first: str, second: str, batches: int) -> None:
        """Train the network of the set-up as it is now, from fresh weights, in the two backends of these names."""
        network = self._subject.network
        if network is None:
            self.ended.emit(self._subject.problem)
            return
        if self._subject.dataset is None:
            self.ended.emit(self.tr("There is no data set to train on; open one first."))
            return
        try:
            config = self._setup.configuration()
        except NetariumError as error:
            self.ended.emit(translate_error(error))
            return
        device = self._setup.device_name() or "cpu"
        self._asked = m.TwinRun(next(self._requests), network, config, device, (first, second), batches)
        self.began.emit(self._asked)
        self._submit(self._asked)

    def cancel(self) -> None:
        """Give up the twin run, if one is under way."""
        if self._asked is not None:
            self._submit(m.CancelTwin())
            self._end(self.tr("Stopped."))

    def receive(self, message: m.Message) -> bool:
        """Pass on an answer; False if the message is about something else."""
        match message:
            case m.TwinStepped(request=request, steps=steps, finished=finished):
                if self._waits_for(request):
                    self.stepped.emit(steps)
                    if finished:
                        self._end("")
            case m.Dropped(command=m.TwinRun(request=request)):
                if self._waits_for(request):
                    self._end(self.tr("Ended early, since something else began. Start again when nothing else runs."))
            case m.CommandFailed(command=m.TwinRun(request=request), error=error):
                if self._waits_for(request):
                    self._end(translate_error(error))
            case m.Crashed() if self._asked is not None:
                self._submit(m.CancelTwin())
                self._end(self.tr("Ended early by an error."))
                return False  # the error itself is for others to tell
            case _:
                return False
        return True

    def _waits_for(self, request: int) -> bool:
        return self._asked is not None and self._asked.request == request

    def _end(self, problem: str) -> None:
        self._asked = None
        self.ended.emit(problem)
