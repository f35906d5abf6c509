"""The Qt application around the window."""

from __future__ import annotations

import signal
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from gui.error_report import install_exception_hooks
from gui.main_window import MainWindow


def show_window(model: Path | None = None, dataset: Path | None = None) -> int:
    """Show the window until it is closed, and return the process's exit code.

    Parameters
    ----------
    model : Path, optional
        Opened once the window is there.
    dataset : Path, optional
        A folder of IDX files to learn from, instead of MNIST.
    """
    application = QApplication([])
    application.setApplicationName("Netarium")
    application.setApplicationDisplayName("Netarium")
    application.setDesktopFileName("netarium")
    window = MainWindow(dataset=dataset)
    hooks = install_exception_hooks(window.errors.show)
    _quit_on_interrupt(application, window)
    window.show()
    if model is not None:
        QTimer.singleShot(0, window, lambda: window.controller.open(model))  # once the window has begun to work
    code = application.exec()
    hooks.remove()
    return code


def _quit_on_interrupt(application: QApplication, window: MainWindow) -> None:
    """Let Ctrl+C in the terminal end the window as cleanly as its close button, without a question."""
    signal.signal(signal.SIGINT, lambda *_: window.close_without_asking())
    signal.signal(signal.SIGTERM, lambda *_: window.close_without_asking())
    # Python handles signals between its own instructions, so it must get a turn now and then.
    ticks = QTimer(application, interval=250)
    ticks.timeout.connect(lambda: None)
    ticks.start()
