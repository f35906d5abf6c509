"""The form for which epoch counts as the best, and when a run ends for want of a better one."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QWidget

from engine.training.config import StoppingConfig
from engine.validation import field_range
from gui.form import SettingsForm
from gui.spin_boxes import Choice, CountSpin
from gui.tick_box import TickBox

# What is offered when stopping is switched on for the first time: longer than the ups and downs of a usual curve.
_PATIENCE = 5


class StoppingForm(SettingsForm):
    """Edits a ``StoppingConfig``."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.monitor = Choice([("accuracy", self.tr("Accuracy")), ("loss", self.tr("Loss"))])
        self.add_field(
            self.tr("Best by validation"), self.monitor, "monitorCombo",
            self.tr(
                "What makes one epoch better than another, measured on images that the network does not learn from. "
                "Accuracy counts right answers. The loss also tells how sure the network was: it often turns and "
                "rises while accuracy still creeps up, and so shows overfitting earlier."
            ),
        )  # fmt: skip
        self.stops = TickBox(self.tr("Stop when no epoch is better for"))
        self.add_check(
            self.stops, "stopEarlyCheck",
            self.tr(
                "Ends the run by itself when validation gets no better. A network that trains for too long begins to "
                "learn its training images by heart: the training loss goes on falling, validation gets worse. That is "
                "overfitting. The weights of the best epoch are kept with the run; Epochs still says when it ends at "
                "the latest."
            ),
        )  # fmt: skip
        self.patience = CountSpin(field_range(StoppingConfig, "patience"))
        self.add_field(
            self.tr("Patience"), self.patience, "patienceSpin",
            self.tr(
                "How many epochs in a row may go by without a new best one. Curves go up and down by chance: with 1 "
                "the first bad epoch ends the run, with 5 to 10 it can get over a bad stretch and wastes a few epochs."
            ),
        )  # fmt: skip
        self.patience.setValue(_PATIENCE)
        self.patience.valueChanged.connect(self._name_unit)
        self.set_value(StoppingConfig())

    def value(self) -> StoppingConfig:
        """Return what the fields say."""
        return StoppingConfig(
            monitor=self.monitor.value(),  # type: ignore[arg-type]
            patience=self.patience.value() if self.stops.isChecked() else None,
        )

    def set_value(self, config: StoppingConfig) -> None:
        """Fill the fields; without a patience the number that was there stays, for when it is switched on."""
        with QSignalBlocker(self):
            self.monitor.choose(config.monitor)
            self.stops.setChecked(config.patience is not None)
            if config.patience is not None:
                self.patience.setValue(config.patience)
        self._name_unit()
        self.show_relevant()

    def summary(self) -> str:
        """Return the choice in a few words."""
        if not self.stops.isChecked():
            return self.tr("off")
        loss = self.monitor.value() == "loss"
        return (self.tr("loss, {epochs}") if loss else self.tr("accuracy, {epochs}")).format(
            epochs=self.patience.text()
        )

    def show_relevant(self) -> None:
        """Ask for a patience only where there is an end to be patient for."""
        self.show_row(self.patience, self.stops.isChecked())

    def _name_unit(self) -> None:
        self.patience.setSuffix(self.tr(" epoch") if self.patience.value() == 1 else self.tr(" epochs"))
