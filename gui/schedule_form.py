"""The form for how the learning rate moves over a run, with its preview."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QWidget

from engine.training.config import ScheduleConfig
from engine.validation import field_range
from gui.form import SettingsForm
from gui.schedule_preview import SchedulePreview
from gui.spin_boxes import Choice, CountSpin, ScientificSpin, Stepping

_USED_BY = {
    "step_epochs": ("step",),
    "step_factor": ("step",),
    "final_factor": ("cosine", "one-cycle"),
    "rising_fraction": ("one-cycle",),
}


class ScheduleForm(SettingsForm):
    """Edits a ``ScheduleConfig``."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run = (0.1, 1, 1)
        self.preview = SchedulePreview()
        self._add_kind()
        self.add_wide(self.preview)
        self._add_details()
        self.set_value(ScheduleConfig())

    def value(self) -> ScheduleConfig:
        """Return what the fields say; those that are hidden keep what was set."""
        return ScheduleConfig(
            name=self.kind.value(),  # type: ignore[arg-type]
            warmup_epochs=self.warmup_epochs.value(),
            step_epochs=self.step_epochs.value(),
            step_factor=self.step_factor.value(),
            final_factor=self.final_factor.value(),
            rising_fraction=self.rising_fraction.value(),
        )

    def set_value(self, config: ScheduleConfig) -> None:
        """Fill the fields."""
        with QSignalBlocker(self):
            self.kind.choose(config.name)
            for field in ("warmup_epochs", *_USED_BY):
                getattr(self, field).setValue(getattr(config, field))
        self.show_relevant()

    def set_run(self, learning_rate: float, batches_per_epoch: int, epochs: int) -> None:
        """Tell the preview about the run that the schedule belongs to."""
        self._run = (learning_rate, batches_per_epoch, epochs)
        self.preview.set_run(self.value(), *self._run)

    def show_relevant(self) -> None:
        """Show the rows that the chosen schedule uses, and its curve."""
        for field, users in _USED_BY.items():
            self.show_row(getattr(self, field), self.kind.value() in users)
        self.preview.set_run(self.value(), *self._run)

    def _spin(self, field: str, stepping: Stepping) -> ScientificSpin:
        return ScientificSpin(field_range(ScheduleConfig, field), stepping)

    def _add_kind(self) -> None:
        self.kind = Choice(
            [
                ("constant", self.tr("Constant")),
                ("step", self.tr("Steps down")),
                ("cosine", self.tr("Cosine")),
                ("one-cycle", self.tr("One cycle")),
            ]
        )
        self.add_field(
            self.tr("Schedule"), self.kind, "scheduleCombo",
            self.tr(
                "How the learning rate moves over the run. Large steps find the valley, small ones its bottom: "
                "most networks end better if the rate falls. One cycle also rises first, and is often fastest."
            ),
        )  # fmt: skip

    def _add_details(self) -> None:
        self.step_epochs = CountSpin(field_range(ScheduleConfig, "step_epochs"))
        self.add_field(
            self.tr("Step every"), self.step_epochs, "stepEpochsSpin",
            self.tr("After so many epochs the learning rate falls to its next step."),
        )  # fmt: skip
        self.step_factor = self._spin("step_factor", "decades")
        self.add_field(
            self.tr("Step factor"), self.step_factor, "stepFactorSpin",
            self.tr("What the learning rate is multiplied with at every step: 0.5 halves it."),
        )  # fmt: skip
        self.rising_fraction = self._spin("rising_fraction", 0.05)
        self.add_field(
            self.tr("Rising part"), self.rising_fraction, "risingSpin",
            self.tr("The share of the run in which the learning rate rises; in the rest it falls."),
        )  # fmt: skip
        self.final_factor = self._spin("final_factor", "decades")
        self.add_field(
            self.tr("Final factor"), self.final_factor, "finalFactorSpin",
            self.tr("What remains of the learning rate at the end: 0 lets it fall to nothing, 0.1 to a tenth."),
        )  # fmt: skip
        self.warmup_epochs = self._spin("warmup_epochs", 0.5)
        self.add_field(
            self.tr("Warm-up"), self.warmup_epochs, "warmupSpin",
            self.tr(
                "Epochs in which the learning rate first rises from almost zero, so that fresh weights are not "
                "thrown about. 0 begins at full speed."
            ),
        )  # fmt: skip
        self.step_epochs.setSuffix(self.tr(" epochs"))
