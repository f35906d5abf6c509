"""The dialog for errors that nobody foresaw: a plain sentence, and a report that can be copied."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QStyle,
    QVBoxLayout,
    QWidget,
)

from gui.dialog_parts import dialog_button, paragraph
from gui.error_report import ErrorReport, anonymous, versions
from gui.theme import GAP, MARGIN

_WIDTH = 460
_DETAILS_HEIGHT = 220


class ErrorDialog(QDialog):
    """Tells one error, and counts or appends those that follow while it is open."""

    def __init__(self, report: ErrorReport, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("errorDialog")
        self.setWindowTitle(self.tr("Something went wrong"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._counts: dict[ErrorReport, int] = {}
        self._sentence = paragraph("errorSentence", report.sentence)
        self._more = paragraph("errorCount", "", muted=True)
        self._add_details()
        self._lay_out()
        self.add(report)

    def add(self, report: ErrorReport) -> None:
        """Take in another error; one that is known already is only counted."""
        self._counts[report] = self._counts.get(report, 0) + 1
        times = sum(self._counts.values())
        self._more.setText(self.tr("It happened {times} times.").format(times=times))
        if len(self._counts) > 1:
            self._more.setText(self.tr("{times} errors so far; the details show each.").format(times=times))
        self._more.setVisible(times > 1)
        self._text.setPlainText(self.report_text())

    def report_text(self) -> str:
        """Return the whole report: every error, how often it came, and all versions."""
        parts = [
            f"{report.sentence}\n\n{report.traceback}" + (f"\n\n({count} times)" if count > 1 else "")
            for report, count in self._counts.items()
        ]
        return anonymous("\n\n".join([*parts, versions()]))

    def _add_details(self) -> None:
        self._text = QPlainTextEdit()
        self._text.setObjectName("errorDetails")
        self._text.setAccessibleName(self.tr("Error report"))
        self._text.setReadOnly(True)
        self._text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._text.setMinimumHeight(_DETAILS_HEIGHT)
        self._text.hide()
        self._toggle = dialog_button(
            self.tr("Details"), "errorDetailsButton", self.tr("Where in the program it happened.")
        )
        self._toggle.setCheckable(True)
        self._toggle.toggled.connect(self._show_details)
        self._copy = dialog_button(
            self.tr("Copy report"), "errorCopyButton",
            self.tr("Copies the details and all versions, to send to whoever can mend it."),
        )  # fmt: skip
        self._copy.clicked.connect(self._copy_report)
        self._close = dialog_button(self.tr("Close"), "errorCloseButton", self.tr("Go on working."))
        self._close.setProperty("primary", True)
        self._close.setDefault(True)
        self._close.clicked.connect(self.accept)

    def _lay_out(self) -> None:
        icon = QLabel()
        icon.setPixmap(self.style().standardIcon(QStyle.StandardPixmap.SP_MessageBoxWarning).pixmap(32, 32))
        icon.setAlignment(Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(GAP)
        words.addWidget(self._sentence)
        safe = self.tr(
            "Your work is safe: saved models are untouched. If the window behaves strangely, "
            "save the network and start again."
        )
        words.addWidget(paragraph("errorSafety", safe, muted=True))
        words.addWidget(self._more)
        words.addStretch(1)
        top = QHBoxLayout()
        top.setSpacing(MARGIN)
        top.addWidget(icon)
        top.addLayout(words, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP)
        buttons.addWidget(self._toggle)
        buttons.addStretch(1)
        buttons.addWidget(self._copy)
        buttons.addWidget(self._close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.setSpacing(MARGIN)
        layout.addLayout(top)
        layout.addWidget(self._text, 1)
        layout.addLayout(buttons)
        self.setMinimumWidth(_WIDTH)
        self._close.setFocus()

    def _show_details(self, shown: bool) -> None:
        self._text.setVisible(shown)
        self.adjustSize()

    def _copy_report(self) -> None:
        QGuiApplication.clipboard().setText(self.report_text())
        self._copy.setText(self.tr("Copied"))


class ErrorPresenter(QObject):
    """Shows errors one dialog at a time: those that come while it is open join it.

    Parameters
    ----------
    window : QWidget
        The dialog's parent.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._dialog: ErrorDialog | None = None

    def show(self, report: ErrorReport) -> None:
        """Show an error without waiting for the dialog to be closed."""
        if self._dialog is not None:
            self._dialog.add(report)
            return
        self._dialog = ErrorDialog(report, self._window)
        self._dialog.finished.connect(self._forget)
        self._dialog.open()

    def _forget(self) -> None:
        self._dialog = None
