"""Shows what training the chosen network would cost: parameters, work, memory and time."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QFormLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from engine.architecture.shapes import NetworkSummary
from engine.estimates.cost import Cost
from engine.estimates.memory import describe_bytes
from gui.form import wrapped
from gui.network_summary import count_text, short_count
from gui.theme import GAP, SPACE


class CostView(QWidget):
    """Four figures, and a warning with a way out where memory will not suffice."""

    batch_wanted = Signal(int)  # a batch size that fits into memory

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("costView")
        self._rows = QFormLayout()
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setHorizontalSpacing(GAP)
        self._rows.setVerticalSpacing(SPACE // 2)
        self._parameters = self._add(
            self.tr("Parameters"), "costParameters", self.tr("How many numbers the network learns.")
        )
        self._work = self._add(
            self.tr("Multiply-adds"), "costWork",
            self.tr("Multiplications with addition for one image, forward; learning from it takes about three times "
                    "as many."),
        )  # fmt: skip
        self._memory = self._add(
            self.tr("Memory"), "costMemory",
            self.tr("What training takes with this batch size: weights, gradients, and every layer's output, which "
                    "the way back needs. Half the batch takes about half of it."),
        )  # fmt: skip
        self._time = self._add(
            self.tr("One epoch"), "costTime",
            self.tr("How long the training images take once, and the test images after them; measured on a few "
                    "batches on this device while nothing else trains."),
        )  # fmt: skip
        self._warning = QLabel()
        self._warning.setObjectName("costWarning")
        self._warning.setProperty("error", True)
        self._warning.setWordWrap(True)
        self._use = QPushButton()
        self._use.setObjectName("useFittingBatchButton")
        self._use.setAccessibleName(self.tr("Use the batch size that fits"))
        self._use.setToolTip(wrapped(self.tr("Set the largest batch size for which there is memory.")))
        self._use.clicked.connect(self._offer)
        self._fitting: int | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE)
        layout.addLayout(self._rows)
        layout.addWidget(self._warning)
        layout.addWidget(self._use)
        self.set_network(None)

    def set_network(self, summary: NetworkSummary | None) -> None:
        """Show the figures of a network; those that depend on settings and device follow."""
        self._parameters.setText("–" if summary is None else count_text(summary.parameter_count))
        self._work.setText("–" if summary is None else short_count(summary.multiply_adds))
        self._work.setAccessibleDescription("" if summary is None else count_text(summary.multiply_adds))
        self.set_cost(None)

    def set_cost(self, cost: Cost | None) -> None:
        """Show what is known of memory and time; None while nothing is."""
        self._fitting = None
        self._memory.setText("–" if cost is None else self._memory_text(cost))
        self._time.setText("–" if cost is None else self._time_text(cost))
        short = cost is not None and not cost.fits
        self._warning.setVisible(short)
        self._use.setVisible(short and bool(cost and cost.largest_batch))
        if cost is None or not short:
            return
        self._time.setText("–")
        self._fitting = cost.largest_batch
        self._warning.setText(too_large_text(cost))
        self._use.setText(self.tr("Use batches of {count}").format(count=self._fitting))

    def set_waiting(self, reason: str) -> None:
        """Say why memory and time are not known yet."""
        self.set_cost(None)
        for value in (self._memory, self._time):
            value.setText(reason)

    def set_editable(self, editable: bool) -> None:
        """Tell whether the batch size can be changed now."""
        self._use.setEnabled(editable)

    def _add(self, caption: str, name: str, idea: str) -> QLabel:
        label, value = QLabel(caption), QLabel()
        for widget in (label, value):
            widget.setToolTip(wrapped(idea))
        label.setProperty("muted", True)
        value.setObjectName(name)
        value.setAccessibleName(caption)
        value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._rows.addRow(label, value)
        return value

    def _memory_text(self, cost: Cost) -> str:
        text = self.tr("about {size}").format(size=describe_bytes(cost.memory))
        if cost.available is None:
            return text
        return self.tr("{size} of {available}").format(size=text, available=describe_bytes(cost.available))

    def _time_text(self, cost: Cost) -> str:
        if cost.epoch is None:
            return self.tr("measuring…")
        trained, validated = cost.epoch.train_seconds, cost.epoch.validation_seconds
        return self.tr("about {training}, {validation} to check").format(
            training=duration_text(trained), validation=duration_text(validated)
        )

    def _offer(self) -> None:
        if self._fitting is not None:
            self.batch_wanted.emit(self._fitting)


def too_large_text(cost: Cost) -> str:
    """Return a sentence on memory that will not suffice."""
    needed, there = describe_bytes(cost.memory), describe_bytes(cost.available or 0)
    text = _tr("Batches of {batch} take about {needed} of memory, but only {available} can be had.").format(
        batch=cost.batch_size, needed=needed, available=there
    )
    if cost.largest_batch:
        return text + " " + _tr("Batches of {count} fit.").format(count=cost.largest_batch)
    return text + " " + _tr("Not even one image fits: take smaller images or a narrower network.")


def _tr(text: str) -> str:
    return QCoreApplication.translate("CostView", text)


def duration_text(seconds: float) -> str:
    """Return a duration as people say it: ``6.7 s``, ``4.2 min``."""
    if seconds < 1:
        return f"{seconds:.2f} s"
    if seconds < 90:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
