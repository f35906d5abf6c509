"""Unforeseen errors: they reach the window from every thread, and one dialog tells them."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Qt, QThread, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel, QPlainTextEdit, QPushButton, QWidget

from engine.errors import FileError
from gui.error_dialog import ErrorDialog, ErrorPresenter
from gui.error_report import ErrorReport, install_exception_hooks


class Outbox(QObject):
    shown = Signal(object)

    def __init__(self):
        super().__init__()
        self.reports = []
        self.threads = []

    def take(self, report):
        self.reports.append(report)
        self.threads.append(QThread.currentThread())
        self.shown.emit(report)


@pytest.fixture
def outbox(qapp, capsys):
    outbox = Outbox()
    # What was there before (pytest's own hooks among them) would fail the test for the error it is about.
    before = (sys.excepthook, threading.excepthook, sys.unraisablehook)
    sys.excepthook, sys.unraisablehook = sys.__excepthook__, sys.__unraisablehook__
    threading.excepthook = threading.__excepthook__
    hooks = install_exception_hooks(outbox.take)
    yield outbox
    hooks.remove()
    restored = (sys.excepthook, threading.excepthook, sys.unraisablehook)
    sys.excepthook, threading.excepthook, sys.unraisablehook = before
    assert restored == (sys.__excepthook__, threading.__excepthook__, sys.__unraisablehook__)


def failure(text="broken"):
    try:
        raise ValueError(text)
    except ValueError as error:
        return error


def test_an_error_in_a_slot_is_shown(outbox, qtbot):
    button = QPushButton()
    qtbot.addWidget(button)
    button.clicked.connect(lambda: 1 / 0)
    with qtbot.waitSignal(outbox.shown, timeout=2000):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert "ZeroDivisionError" in outbox.reports[0].traceback


def test_an_error_on_another_thread_is_shown_by_the_thread_of_the_window(outbox, qtbot, capsys):
    def work():
        raise RuntimeError("in the dark")

    thread = threading.Thread(target=work, name="netarium-worker")
    with qtbot.waitSignal(outbox.shown, timeout=2000):
        thread.start()
        thread.join()
        assert outbox.reports == []  # nothing runs on the failing thread
    assert "In netarium-worker:" in outbox.reports[0].traceback
    assert "in the dark" in outbox.reports[0].traceback
    assert outbox.threads == [QThread.currentThread()]
    assert "in the dark" in capsys.readouterr().err


def test_an_error_that_cannot_be_raised_is_shown(outbox, qtbot):
    class Fragile:
        def __del__(self):
            raise OSError("while cleaning up")

    with qtbot.waitSignal(outbox.shown, timeout=2000):
        Fragile()
    assert "while cleaning up" in outbox.reports[0].traceback


def test_leaving_is_no_error(outbox):
    for error in (KeyboardInterrupt(), SystemExit(0)):
        sys.excepthook(type(error), error, None)
    QApplication.processEvents()
    assert outbox.reports == []


def test_an_expected_error_is_told_in_its_own_words():
    report = ErrorReport.of(FileError("file.gone", "{name} is gone.", name="a.safetensors"))
    assert report.sentence == "a.safetensors is gone."


@pytest.fixture
def window(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    yield window
    for dialog in dialogs(window):  # modal: the windows of later tests would get no events
        dialog.close()


def dialogs(window):
    return [d for d in window.findChildren(ErrorDialog) if d.isVisible()]


def test_identical_errors_are_counted_in_one_dialog(window):
    presenter = ErrorPresenter(window)
    report = ErrorReport.of(failure())
    for _ in range(5):
        presenter.show(report)
    assert len(dialogs(window)) == 1
    assert "5 times" in dialogs(window)[0].findChild(QLabel, "errorCount").text()


def test_another_error_joins_the_open_dialog(window):
    presenter = ErrorPresenter(window)
    presenter.show(ErrorReport.of(failure("first")))
    presenter.show(ErrorReport.of(failure("second")))
    assert len(dialogs(window)) == 1
    text = dialogs(window)[0].findChild(QPlainTextEdit, "errorDetails").toPlainText()
    assert "first" in text
    assert "second" in text


def test_after_closing_the_next_error_opens_a_new_dialog(window, qtbot):
    presenter = ErrorPresenter(window)
    presenter.show(ErrorReport.of(failure("first")))
    qtbot.mouseClick(dialogs(window)[0].findChild(QPushButton, "errorCloseButton"), Qt.MouseButton.LeftButton)
    assert dialogs(window) == []
    presenter.show(ErrorReport.of(failure("second")))
    assert "first" not in dialogs(window)[0].report_text()


def test_details_are_one_click_away_and_the_report_can_be_copied(window, qtbot):
    presenter = ErrorPresenter(window)
    presenter.show(ErrorReport("A sentence.", f'File "{Path.home()}/project/gui/x.py", line 1\nValueError: broken'))
    dialog = dialogs(window)[0]
    details = dialog.findChild(QPlainTextEdit, "errorDetails")
    assert not details.isVisible()
    qtbot.mouseClick(dialog.findChild(QPushButton, "errorDetailsButton"), Qt.MouseButton.LeftButton)
    assert details.isVisible()
    qtbot.mouseClick(dialog.findChild(QPushButton, "errorCopyButton"), Qt.MouseButton.LeftButton)
    copied = QGuiApplication.clipboard().text()
    assert "ValueError: broken" in copied
    assert "PySide6" in copied
    assert str(Path.home()) not in copied
