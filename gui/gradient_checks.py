"""Has the gradients of the chosen network checked, and tells what is found."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from engine import messages as m
from engine.backends.scratch.check_plan import plan_check
from gui.messages import translate_error
from gui.subject import Subject


class GradientChecks(QObject):
    """Asks the worker for one check at a time, and passes on its answers.

    Parameters
    ----------
    subject : Subject
        Whose network is checked.
    submit : callable (Command)
        Hands a command to the worker.
    """

    began = Signal(str, object)  # the network's name, and the CheckPlan
    found = Signal(object)  # the GradientCheck of one parameter
    ended = Signal(str)  # why it ended too early; empty when all was checked

    def __init__(
        self, subject: Subject, submit: Callable[[m.Command], None], parent: QObject | None = None
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._subject = subject
        self._submit = submit
        self._requests = itertools.count(1)
        self._asked: m.CheckGradients | None = None

    def start(self) -> None:
        """Check the network as it is now, unless that is being done."""
        network = self._subject.network
        if network is None:
            self.cancel()
            self.ended.emit(self._subject.problem)
        elif self._asked is None or self._asked.spec != network:
            self._asked = m.CheckGradients(next(self._requests), network)
            self.began.emit(network.name, plan_check(network))
            self._submit(self._asked)

    def cancel(self) -> None:
        """Give up the check, if one is under way."""
        if self._asked is not None:
            self._submit(m.CancelCheck())
            self._end(self.tr("Cancelled. What was checked until then is in the table."))

    def receive(self, message: m.Message) -> bool:
        """Pass on what was found; False if the message is about something else."""
        match message:
            case m.GradientChecked(request=request, check=check):
                if self._waits_for(request):
                    self.found.emit(check)
            case m.GradientsChecked(request=request):
                if self._waits_for(request):
                    self._end("")
            case m.Dropped(command=m.CheckGradients(request=request)):
                if self._waits_for(request):
                    self._end(self.tr("Ended early, since something else began. Check again when nothing else runs."))
            case m.CommandFailed(command=m.CheckGradients(request=request), error=error):
                if self._waits_for(request):
                    self._end(translate_error(error))
            case m.Crashed() if self._asked is not None:
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
