"""The Qt application around the window."""

from __future__ import annotations

import gc
import signal
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from engine import spare_memory
from gui.error_report import install_exception_hooks
from gui.main_window import MainWindow
from gui.plain_imports import import_plainly


def show_window(model: Path | None = None, dataset: Path | None = None) -> int:
    """Show the window until it is closed, and return the process's exit code.

    Parameters
    ----------
    model : Path, optional
        Opened once the window is there.
    dataset : Path, optional
        A folder of IDX files to learn from, instead of MNIST.
    """
    application, window = open_window(dataset)
    hooks = install_exception_hooks(window.errors.show)
    _quit_on_interrupt(application, window)
    if model is not None:
        window.filled.connect(lambda: window.controller.open(model))
    window.show()
    code = application.exec()
    hooks.remove()
    return code


def open_window(dataset: Path | None = None) -> tuple[QApplication, MainWindow]:
    """Return the application and its window, which fills itself once it is on screen."""
    import_plainly()
    spare_memory.keep()
    gc.disable()  # what is loaded stays; it would be looked through a hundred times
    application = QApplication([])
    application.setApplicationName("Netarium")
    application.setApplicationDisplayName("Netarium")
    application.setDesktopFileName("netarium")
    window = MainWindow(dataset=dataset, at_once=False)
    window.filled.connect(_collect_garbage)
    return application, window


def _collect_garbage() -> None:
    """Begin to collect garbage, in what comes from now on."""
    gc.freeze()
    gc.enable()


def _quit_on_interrupt(application: QApplication, window: MainWindow) -> None:
    """Let Ctrl+C in the terminal end the window as cleanly as its close button, without a question."""
    signal.signal(signal.SIGINT, lambda *_: window.close_without_asking())
    signal.signal(signal.SIGTERM, lambda *_: window.close_without_asking())
    # Python handles signals between its own instructions, so it must get a turn now and then.
    ticks = QTimer(application, interval=250)
    ticks.timeout.connect(lambda: None)
    ticks.start()
