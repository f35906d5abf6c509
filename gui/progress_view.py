"""The line in the status bar that tells how far a run is."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QWidget

from gui.progress import Progress
from gui.steady_label import SteadyLabel
from gui.theme import GAP
from gui.transport import WindowState

_STEPS = 1000


class ProgressView(QWidget):
    """State, epoch, batch, speed and time left, with a bar while a run goes on."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("progressView")
        self._state_label = QLabel()
        self._state_label.setObjectName("stateLabel")
        self._figures = SteadyLabel()
        self._figures.setObjectName("progressLabel")
        self._bar = QProgressBar()
        self._bar.setObjectName("progressBar")
        self._bar.setAccessibleName(self.tr("Progress of the run"))
        self._bar.setRange(0, _STEPS)
        self._bar.setTextVisible(False)
        self._bar.setFixedSize(180, 8)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GAP, 0, GAP, 0)
        layout.setSpacing(GAP)
        layout.addWidget(self._state_label)
        layout.addWidget(self._bar, 0, Qt.AlignmentFlag.AlignVCenter)
        layout.addWidget(self._figures)
        self.set_state("loading")

    def set_state(self, state: WindowState) -> None:
        """Tell what the window is doing."""
        texts = {
            "loading": self.tr("Loading MXNet…"),
            "ready": self.tr("Ready"),
            "training": self.tr("Training"),
            "paused": self.tr("Paused"),
            "stopping": self.tr("One moment…"),
            "trained": self.tr("Trained"),
        }
        self._state_label.setText(texts[state])
        running = state in ("training", "paused", "stopping")
        self._bar.setVisible(running)
        if state in ("loading", "ready"):
            self._figures.clear()

    def show_progress(self, progress: Progress) -> None:
        """Show the figures of a run."""
        self._bar.setValue(round(progress.fraction * _STEPS))
        epoch = self.tr("epoch {epoch} of {last}")
        if progress.is_over and progress.fraction < 1:
            epoch = self.tr("until epoch {epoch} of {last}")
        parts = [
            epoch.format(epoch=progress.epoch, last=progress.last_epoch),
            self.tr("validating")
            if progress.evaluating
            else self.tr("batch {batch} of {all}").format(batch=progress.batch, all=progress.batches_per_epoch),
        ]
        if progress.samples_per_second:
            parts.append(self.tr("{speed} samples/s").format(speed=f"{progress.samples_per_second:,.0f}"))
        if progress.seconds_left and progress.fraction < 1:
            parts.append(self.tr("{time} left").format(time=duration(progress.seconds_left)))
        self._figures.setText("  ·  ".join(parts))

    def text(self) -> str:
        """Return the whole line as it reads."""
        return f"{self._state_label.text()} {self._figures.text()}".strip()


def duration(seconds: float) -> str:
    """Return a time as people say it: ``8 s``, ``2 min 05 s``, ``1 h 20 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"
