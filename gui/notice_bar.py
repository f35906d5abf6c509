"""A line above the curves that tells what went wrong or what was done, without stopping anybody."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from gui.theme import GAP, MARGIN, Theme

_READ_MS = 6000


class NoticeBar(QFrame):
    """Shows one sentence; an error or an offer stays until it is closed, a notice goes by itself."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("noticeBar")
        self._theme: Theme | None = None
        self._is_error = False
        self._label = QLabel()
        self._label.setObjectName("noticeLabel")
        self._label.setWordWrap(True)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        close = QToolButton()
        close.setObjectName("closeNoticeButton")
        close.setText("×")
        close.setAutoRaise(True)
        close.setAccessibleName(self.tr("Close this message"))
        close.setToolTip(self.tr("Close this message. Nothing depends on it."))
        close.clicked.connect(self._close)
        self._accept = QPushButton()
        self._accept.setObjectName("acceptOfferButton")
        self._accept.setProperty("primary", True)
        self._accept.clicked.connect(self._take_offer)
        self._offer: Callable[[], object] | None = None
        layout = QHBoxLayout(self)
        layout.setContentsMargins(MARGIN, GAP // 2, GAP, GAP // 2)
        layout.addWidget(self._label, 1)
        layout.addWidget(self._accept)
        layout.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self._timer = QTimer(self, singleShot=True, interval=_READ_MS)
        self._timer.timeout.connect(self.hide)
        self.hide()

    def show_offer(self, sentence: str, button: str, idea: str, accepted: Callable[[], object]) -> None:
        """Offer to do something; stays until it is taken or closed, or until something went wrong."""
        self._show(sentence, is_error=False)
        self._offer = accepted
        self._accept.setText(button)
        self._accept.setToolTip(idea)
        self._accept.show()
        self._timer.stop()

    def show_error(self, sentence: str) -> None:
        """Tell what could not be done; stays until it is closed or something else is told."""
        self._show(sentence, is_error=True)
        self._timer.stop()

    def show_notice(self, sentence: str) -> None:
        """Tell what was done, for a few seconds; an error or an offer that stands is not replaced."""
        if self.isVisible() and (self._is_error or self._offer is not None):
            return
        self._show(sentence, is_error=False)
        self._timer.start()

    def withdraw(self, sentence: str) -> None:
        """Take a sentence away if it is still there: what it told of was put right."""
        if self._label.text() == sentence:
            self.hide()

    def text(self) -> str:
        """Return the sentence that is shown; empty if there is none."""
        return "" if self.isHidden() else self._label.text()

    def withdraw_offer(self) -> None:
        """Take an offer away if it stands: it makes no sense any more."""
        if self._offer is not None:
            self._offer = None
            self.hide()

    def apply_theme(self, theme: Theme) -> None:
        """Take on the colours of a scheme."""
        self._theme = theme
        colour = theme.bad if self._is_error else theme.accent
        self.setStyleSheet(
            f"#noticeBar {{ background: {theme.surface}; border: 1px solid {theme.border};"
            f" border-left: 4px solid {colour}; border-radius: 4px; }}"
        )

    def _show(self, sentence: str, is_error: bool) -> None:
        self._is_error = is_error
        self._offer = None
        self._accept.hide()
        self._label.setText(sentence)
        self.setAccessibleDescription(sentence)
        if self._theme is not None:
            self.apply_theme(self._theme)
        self.show()

    def _take_offer(self) -> None:
        accepted = self._offer
        self.withdraw_offer()
        if accepted is not None:
            accepted()

    def _close(self) -> None:
        self._offer = None
        self.hide()
