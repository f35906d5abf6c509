"""What is told about an unforeseen error, and how errors of any thread reach the window."""

from __future__ import annotations

import platform
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal, Slot, qVersion

from engine.errors import NetariumError
from gui.messages import translate_error

_PACKAGES = ("netarium", "mxnet", "mxnet-cu112", "numpy", "PySide6-Essentials", "pyqtgraph", "safetensors")


@dataclass(frozen=True)
class ErrorReport:
    """An error as values, free of the frames it came through.

    Parameters
    ----------
    sentence : str
        What happened, for a person.
    traceback : str
        Where, for the one who mends it.
    """

    sentence: str
    traceback: str

    @staticmethod
    def of(error: BaseException, place: str = "") -> ErrorReport:
        """Describe an exception; ``place`` names the thread or object it came from, if it is not the window."""
        if isinstance(error, NetariumError):
            sentence = translate_error(error)
        else:
            sentence = QCoreApplication.translate(
                "ErrorReport", "Something unforeseen happened; what you last asked for may not have been done."
            )
        lines = "".join(traceback.format_exception(type(error), error, error.__traceback__)).strip()
        return ErrorReport(sentence, f"In {place}:\n{lines}" if place else lines)


class ExceptionHooks(QObject):
    """Brings exceptions that nobody caught, on any thread, to the thread of the window.

    Parameters
    ----------
    show : callable (ErrorReport)
        Called on the thread that made this object, from its event loop.
    """

    _caught = Signal(object)  # ErrorReport

    def __init__(self, show: Callable[[ErrorReport], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._show = show
        self._caught.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._before = (sys.excepthook, threading.excepthook, sys.unraisablehook)
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread_exception
        sys.unraisablehook = self._on_unraisable

    def remove(self) -> None:
        """Put back the hooks that were there before."""
        sys.excepthook, threading.excepthook, sys.unraisablehook = self._before

    @Slot(object)
    def _deliver(self, report: ErrorReport) -> None:
        self._show(report)

    def _on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        self._before[0](kind, error, trace)
        if issubclass(kind, Exception):  # Ctrl+C and exits are no errors
            self._caught.emit(ErrorReport.of(error))

    def _on_thread_exception(self, args: threading.ExceptHookArgs) -> None:
        self._before[1](args)
        if isinstance(args.exc_value, Exception):
            name = args.thread.name if args.thread else "a thread that is gone"
            self._caught.emit(ErrorReport.of(args.exc_value, name))

    def _on_unraisable(self, args: sys.UnraisableHookArgs) -> None:
        self._before[2](args)
        if isinstance(args.exc_value, Exception):
            self._caught.emit(ErrorReport.of(args.exc_value, args.err_msg or "a clean-up"))


def install_exception_hooks(show: Callable[[ErrorReport], None]) -> ExceptionHooks:
    """Have every exception that nobody caught shown; keep what this returns, and call its ``remove`` at the end.

    Exceptions are still written to stderr as before.
    """
    return ExceptionHooks(show, QCoreApplication.instance())


def versions() -> str:
    """Return one line per version that a report needs."""
    from importlib import metadata  # slow to load, and hardly ever needed

    lines = [f"Python {platform.python_version()}", f"Qt {qVersion()}", platform.platform()]
    for package in _PACKAGES:
        try:
            lines.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            continue
    return "\n".join(lines)


def anonymous(text: str) -> str:
    """Return ``text`` without the name of the user's folder, so that a report can be sent to anyone."""
    home = str(Path.home())
    return text.replace(home, "~") if len(home) > 1 else text
