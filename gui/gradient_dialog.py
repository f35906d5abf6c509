"""The window that shows whether backpropagation is right: each gradient beside what the loss really does."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from engine.backends.scratch.check_plan import CheckPlan
from engine.backends.scratch.gradient_check import TOLERANCE, GradientCheck
from gui.dialog_parts import dialog_button, paragraph
from gui.gradient_table import GradientTable
from gui.theme import GAP, MARGIN, Theme

_WIDTH, _HEIGHT = 760, 600
# Narrower, the paths of parameters would not be told apart.
_LEAST_WIDTH, _LEAST_HEIGHT = 620, 440


class GradientDialog(QDialog):
    """Explains the check, fills a table while it goes on, and says in one sentence what came of it."""

    check_requested = Signal()
    cancel_requested = Signal()  # by the button, or by closing the window

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("gradientDialog")
        self.setWindowTitle(self.tr("Gradient check"))
        self._network = ""
        self._checks: list[GradientCheck] = []
        self._title = paragraph("gradientTitle")
        self._title.setText(self.tr("Is backpropagation right?"))
        font = self._title.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 1.25)
        self._title.setFont(font)
        self._note = paragraph("gradientNote", muted=True)
        self._result = paragraph("gradientResult")
        self.table = GradientTable()
        self._progress = QProgressBar()
        self._progress.setObjectName("gradientProgress")
        self._progress.setAccessibleName(self.tr("How many parameters are checked"))
        self._progress.setFormat(self.tr("%v of %m parameters"))
        self._add_buttons()
        self._lay_out()
        self.finished.connect(self.cancel_requested)
        self._show_running(False)

    def bring_to_light(self) -> None:
        """Show the window in front of the others."""
        self.show()
        self.raise_()
        self.activateWindow()

    def begin(self, network: str, plan: CheckPlan) -> None:
        """Make ready for the check of a network."""
        self._network = network
        self._checks = []
        self.table.clear()
        self._title.setText(self.tr("Is backpropagation right in {network}?").format(network=network))
        self._note.setText(self._plan_text(plan))
        self._progress.setRange(0, plan.parameters)
        self._progress.setValue(0)
        self._show_running(True)

    def add_check(self, check: GradientCheck) -> None:
        """Show what was found of one parameter."""
        self._checks.append(check)
        self.table.add(check)
        self._progress.setValue(len(self._checks))

    def end(self, problem: str) -> None:
        """Say what came of it: why it ended too early, or with an empty text what was found."""
        self._say(problem or self._verdict_text(), is_bad=bool(problem) or bool(self._wrong()))
        self._show_running(False)

    def text(self) -> str:
        """Return all that is shown as plain text, the table in columns."""
        parts = (self._title.text(), self._note.text(), self.table.text(), self._result.text())
        return "\n\n".join(part for part in parts if part)

    def apply_theme(self, theme: Theme) -> None:
        """Take on the colours of a scheme."""
        self.table.apply_theme(theme)

    def _add_buttons(self) -> None:
        self._cancel = dialog_button(
            self.tr("Cancel"), "gradientCancelButton",
            self.tr("End the check after the parameter that is being checked; what was found stays in the table."),
        )  # fmt: skip
        self._cancel.clicked.connect(self.cancel_requested)
        self._again = dialog_button(
            self.tr("Check again"), "gradientAgainButton",
            self.tr("Check the network that is chosen or edited in Set-up now."),
        )  # fmt: skip
        self._again.clicked.connect(self.check_requested)
        self._copy = dialog_button(
            self.tr("Copy as text"), "gradientCopyButton",
            self.tr("Copies the table with its explanation, for a report or a lesson."),
        )  # fmt: skip
        self._copy.clicked.connect(self._copy_text)
        self._close = dialog_button(
            self.tr("Close"), "gradientCloseButton", self.tr("Close this window; a check that goes on is given up.")
        )
        self._close.clicked.connect(self.close)

    def _lay_out(self) -> None:
        idea = paragraph("gradientIdea")
        idea.setText(
            self.tr(
                "Backpropagation works out how fast the loss changes with each weight. This check asks the loss "
                "itself: it moves one weight a little up and a little down, and divides the change of the loss by the "
                "distance. Both must agree to six digits. Where the move switches a ReLU on or off, or lets another "
                "value win a max pooling, the loss has a kink; the difference reaches across it and says nothing, so "
                "such a weight is left out and counted as at a kink."
            )
        )
        progress = QHBoxLayout()
        progress.setSpacing(GAP)
        progress.addWidget(self._progress, 1)
        progress.addWidget(self._cancel)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP)
        buttons.addWidget(self._copy)
        buttons.addStretch(1)
        buttons.addWidget(self._again)
        buttons.addWidget(self._close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.setSpacing(MARGIN)
        for widget in (self._title, idea, self._note):
            layout.addWidget(widget)
        layout.addWidget(self.table, 1)
        layout.addLayout(progress)
        layout.addWidget(self._result)
        layout.addLayout(buttons)
        self.setMinimumSize(_LEAST_WIDTH, _LEAST_HEIGHT)
        self.resize(_WIDTH, _HEIGHT)

    def _show_running(self, running: bool) -> None:
        """Show how far it is, or what came of it."""
        self._progress.setVisible(running)
        self._cancel.setVisible(running)
        self._result.setVisible(not running)
        self._again.setEnabled(not running)
        self._copy.setEnabled(bool(self._checks) and not running)
        self._copy.setText(self.tr("Copy as text"))
        (self._cancel if running else self._close).setFocus()

    def _say(self, text: str, is_bad: bool) -> None:
        self._result.setText(text)
        self._result.setProperty("error", is_bad)
        self._result.style().unpolish(self._result)  # else the style sheet's colour stays that of before
        self._result.style().polish(self._result)

    def _plan_text(self, plan: CheckPlan) -> str:
        text = self.tr(
            "Computed in NumPy with 64-bit numbers, for {samples} random inputs and fresh random weights; the trained "
            "network is not touched. "
        ).format(samples=plan.samples)
        if plan.is_reduced:
            return text + self.tr(
                "This network is large: of each parameter only {count} of its numbers are moved, chosen at random, "
                "so that the check ends in reasonable time."
            ).format(count=plan.coordinates)
        return text + self.tr("Of each parameter at most {count} numbers are moved, chosen at random.").format(
            count=plan.coordinates
        )

    def _wrong(self) -> list[str]:
        return [check.path for check in self._checks if check.verdict == "differs"]

    def _verdict_text(self) -> str:
        if self._wrong():
            return self.tr("✗ Backpropagation differs by more than {most:g} in {paths}.").format(
                most=TOLERANCE, paths=", ".join(self._wrong())
            )
        compared = [check.error for check in self._checks if check.verdict == "agrees"]
        if not compared:
            return self.tr("Nothing could be compared.")
        text = self.tr("✓ Backpropagation is right: the largest relative error is {error:.1e}.").format(
            error=max(compared)
        )
        passed_over = sum(check.verdict == "at kinks" for check in self._checks)
        if passed_over:
            text += " " + self.tr("Of {count} parameters nothing can be said: all that was moved is at a kink.").format(
                count=passed_over
            )
        return text

    def _copy_text(self) -> None:
        QGuiApplication.clipboard().setText(self.text())
        self._copy.setText(self.tr("Copied"))
