"""The window that shows one network in two backends: both loss curves, and how far the two come apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from engine.messages import TwinRun
from engine.twin import BATCHES, Difference, TwinStep
from gui.dialog_parts import dialog_button, paragraph
from gui.form import FIELD_HEIGHT, wrapped
from gui.spin_boxes import Choice, CountSpin
from gui.subject_form import backend_words
from gui.theme import GAP, MARGIN, Theme
from gui.twin_plot import LinesPlot

_WIDTH, _HEIGHT = 820, 720
_REPAINT_MS = 160
_USUAL_BATCHES = 50


class TwinDialog(QDialog):
    """Chooses two backends, and draws what comes of them while they train."""

    start_requested = Signal(str, str, int)  # two backends by their names, and how many batches
    cancel_requested = Signal()  # by the button, or by closing the window

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("twinDialog")
        self.setWindowTitle(self.tr("Twin run"))
        self._steps: list[TwinStep] = []
        self._lines = _no_lines()
        self._batches = _USUAL_BATCHES
        self._timer = QTimer(self, interval=_REPAINT_MS, singleShot=True)
        self._timer.timeout.connect(self._draw)
        self._idea = paragraph("twinIdea")
        self._result = paragraph("twinResult")
        self._add_fields()
        self._add_plots()
        self._lay_out()
        self.finished.connect(self.cancel_requested)
        self._show_running(False)

    def bring_to_light(self) -> None:
        """Show the window in front of the others."""
        self.show()
        self.raise_()
        self.activateWindow()

    def begin(self, run: TwinRun) -> None:
        """Make ready for a run."""
        self._steps, self._lines, self._batches = [], _no_lines(), run.batches
        words = dict(backend_words())
        self.losses.set_names([words[name] for name in run.backends])
        self._result.setText(
            self.tr("{network} is trained by {first} and by {second}, with the settings in Set-up…").format(
                network=run.spec.name, first=words[run.backends[0]], second=words[run.backends[1]]
            )
        )
        self._draw()
        self._show_running(True)

    def add_steps(self, steps: Sequence[TwinStep]) -> None:
        """Take some more batches; they are drawn a few times a second."""
        self._steps += steps
        for step in steps:
            compared = (step.weight_difference, step.gradient_difference)
            values = (
                *step.losses,
                step.loss_difference,
                *(None if found is None else found.absolute for found in compared),
            )
            for (places, line), value in zip(self._lines, values, strict=True):
                if value is not None:
                    places.append(float(step.step))
                    line.append(value)
        if not self._timer.isActive():
            self._timer.start()

    def end(self, problem: str) -> None:
        """Say what came of it, after ``problem`` where it ended too early."""
        self._draw()
        found = self._found() if self._steps else ""
        self._result.setText(" ".join(part for part in (problem, found) if part))
        self._show_running(False)

    def apply_theme(self, theme: Theme) -> None:
        """Take on the colours of a scheme."""
        self.losses.apply_theme(theme, [theme.train, theme.validation])
        kinds = ("pooling", "dense", "dropout")
        self.differences.apply_theme(theme, [theme.layer_colour(kind) for kind in kinds])

    def _add_fields(self) -> None:
        self._first, self._second = Choice(backend_words()), Choice(backend_words())
        self._second.choose("scratch")
        self._count = CountSpin(BATCHES, step=10)
        self._count.setValue(_USUAL_BATCHES)
        self._start = dialog_button(
            self.tr("Start"), "twinStartButton",
            self.tr("Train the network of Set-up twice from fresh weights. The trained network is not touched."),
        )  # fmt: skip
        self._start.setProperty("primary", True)
        self._start.setDefault(True)
        self._start.clicked.connect(self._ask)
        self._stop = dialog_button(
            self.tr("Stop"), "twinStopButton", self.tr("End the run; what was drawn until then stays.")
        )
        self._stop.clicked.connect(self.cancel_requested)
        self._close = dialog_button(
            self.tr("Close"), "twinCloseButton", self.tr("Close this window; a run that goes on is given up.")
        )
        self._close.clicked.connect(self.close)

    def _add_plots(self) -> None:
        self.losses = LinesPlot(
            "twinLossPlot", self.tr("Loss"),
            self.tr("The loss of every batch in both. While they agree, the dashed line lies on the broad one."), 2,
        )  # fmt: skip
        self.losses.set_names([self._first.currentText(), self._second.currentText()])
        self.differences = LinesPlot(
            "twinDifferencePlot", self.tr("Largest differences"),
            self.tr(
                "How far the two are apart, on a logarithmic scale: their losses, the weight that differs most and "
                "the gradient that differs most. Where nothing differs there is no point. Of a large network, the "
                "weights and gradients of some batches only are compared."
            ), 3, log=True,
        )  # fmt: skip
        self.differences.set_names([self.tr("loss"), self.tr("weights"), self.tr("gradients")])
        self.differences.set_x_axis(self.tr("Batches"))

    def _lay_out(self) -> None:
        self._idea.setText(
            self.tr(
                "Two backends begin with the same weights and train on the same batches. Their numbers have seven "
                "digits and they add in another order, so the last one differs, by about 1e-7. Each batch builds on "
                "the one before: the difference grows, slowly as a rule. With batch normalisation and a high learning "
                "rate it grows until the curves part; that is chaos, not a mistake. Where the input of a ReLU is "
                "almost zero, or two values of a pooling window almost equal, the two may choose differently, and some "
                "gradients of that batch jump apart. A mistake would move the gradients of every batch."
            )
        )
        fields = QHBoxLayout()
        fields.setSpacing(GAP)
        for label, field, name, idea in (
            (self.tr("First"), self._first, "twinFirstCombo", self.tr("What computes the network.")),
            (
                self.tr("Second"), self._second, "twinSecondCombo",
                self.tr("What computes it once more. The same one again gives the same numbers, bit for bit."),
            ),
            (
                self.tr("Batches"), self._count, "twinBatchesSpin",
                self.tr("How many batches are trained. NumPy takes long for convolutions."),
            ),
        ):  # fmt: skip
            fields.addWidget(_labelled(label, field, name, idea))
            fields.addWidget(field, 1)
        fields.addWidget(self._start)
        fields.addWidget(self._stop)
        foot = QHBoxLayout()
        foot.addWidget(self._result, 1)
        foot.addWidget(self._close, 0, Qt.AlignmentFlag.AlignBottom)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.setSpacing(MARGIN)
        layout.addWidget(self._idea)
        layout.addLayout(fields)
        layout.addWidget(self.losses, 1)
        layout.addWidget(self.differences, 1)
        layout.addLayout(foot)
        self.resize(_WIDTH, _HEIGHT)

    def _ask(self) -> None:
        self._count.interpretText()
        self.start_requested.emit(self._first.value(), self._second.value(), self._count.value())

    def _show_running(self, running: bool) -> None:
        for field in (self._first, self._second, self._count, self._start):
            field.setEnabled(not running)
        self._stop.setEnabled(running)
        (self._stop if running else self._start).setFocus()

    def _draw(self) -> None:
        self._timer.stop()
        first, second, *differences = [(np.array(places), np.array(values)) for places, values in self._lines]
        self.losses.set_lines([first, second], self._batches)
        self.differences.set_lines(differences, self._batches)

    def _largest(self, what: str) -> Difference:
        found: list[Difference] = [getattr(step, what) for step in self._steps if getattr(step, what)]
        return max(found, key=lambda difference: difference.absolute)

    def _found(self) -> str:
        loss = max(step.loss_difference for step in self._steps)
        weights, gradients = self._largest("weight_difference"), self._largest("gradient_difference")
        count = self._steps[-1].step
        if not (loss or weights.absolute or gradients.absolute):
            return self.tr("✓ After {count} batches both are the same, bit for bit.").format(count=count)
        return self.tr(
            "After {count} batches the losses differ by {loss:.1e} at most, the weights by {weights:.1e} ({weight}), "
            "the gradients by {gradients:.1e} ({gradient})."
        ).format(
            count=count, loss=loss, weights=weights.absolute, weight=weights.path or "–",
            gradients=gradients.absolute, gradient=gradients.path or "–",
        )  # fmt: skip


def _no_lines() -> list[tuple[list[float], list[float]]]:
    """Return places and values of both losses and of the differences in loss, weights and gradients, before any."""
    return [([], []) for _ in range(5)]


def _labelled(text: str, field: Choice | CountSpin, name: str, idea: str) -> QLabel:
    """Name and explain a field, and return its label."""
    field.setObjectName(name)
    field.setAccessibleName(text)
    field.setToolTip(wrapped(idea))
    field.setMinimumHeight(FIELD_HEIGHT)
    label = QLabel(text)
    label.setBuddy(field)
    label.setToolTip(field.toolTip())
    return label
