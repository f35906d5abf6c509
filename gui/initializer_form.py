"""The form for how the weights start."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QWidget

from engine.training.config import InitializerConfig
from engine.validation import field_range
from gui.form import SettingsForm
from gui.spin_boxes import Choice, ScientificSpin


class InitializerForm(SettingsForm):
    """Edits an ``InitializerConfig``."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._add_kind()
        self._add_sizes()
        self.set_value(InitializerConfig())

    def value(self) -> InitializerConfig:
        """Return what the fields say; those that are hidden keep what was set."""
        return InitializerConfig(
            name=self.kind.value(),  # type: ignore[arg-type]
            distribution=self.distribution.value(),  # type: ignore[arg-type]
            magnitude=self.magnitude.value(),
            scale=self.scale.value(),
            biases=self.biases.value(),  # type: ignore[arg-type]
        )

    def set_value(self, config: InitializerConfig) -> None:
        """Fill the fields."""
        with QSignalBlocker(self):
            self.kind.choose(config.name)
            self.distribution.choose(config.distribution)
            self.magnitude.setValue(config.magnitude)
            self.scale.setValue(config.scale)
            self.biases.choose(config.biases)
        self.show_relevant()

    def summary(self) -> str:
        """Return the choice in a few words."""
        kind = self.kind.currentText()
        if self.kind.value() in ("normal", "uniform"):
            return f"{kind} {self.scale.text()}"
        return kind

    def show_relevant(self) -> None:
        """Show the rows that the chosen initializer uses."""
        kind = self.kind.value()
        self.show_row(self.distribution, kind in ("xavier", "he"))
        self.show_row(self.magnitude, kind == "xavier")
        self.show_row(self.scale, kind in ("normal", "uniform") or self.biases.value() == "drawn")

    def _add_kind(self) -> None:
        self.kind = Choice(
            [
                ("xavier", self.tr("Xavier")),
                ("he", self.tr("He")),
                ("normal", self.tr("Normal")),
                ("uniform", self.tr("Uniform")),
                ("orthogonal", self.tr("Orthogonal")),
            ]
        )
        self.add_field(
            self.tr("Weights"), self.kind, "initializerCombo",
            self.tr(
                "How the first weights are drawn. Xavier and He fit them to the size of each layer, so that signals "
                "neither fade nor explode: Xavier for tanh and sigmoid, He for ReLU."
            ),
        )  # fmt: skip
        self.distribution = Choice([("uniform", self.tr("Uniform")), ("gaussian", self.tr("Gaussian"))])
        self.add_field(
            self.tr("Distribution"), self.distribution, "distributionCombo",
            self.tr("Whether weights are drawn evenly from an interval, or from a bell curve of equal width."),
        )  # fmt: skip

    def _add_sizes(self) -> None:
        self.magnitude = ScientificSpin(field_range(InitializerConfig, "magnitude"), 0.5)
        self.add_field(
            self.tr("Magnitude"), self.magnitude, "magnitudeSpin",
            self.tr(
                "How wide Xavier draws: the square root of this number divided by the mean count of the layer's "
                "inputs and outputs. 3 is the original for the uniform distribution."
            ),
        )  # fmt: skip
        self.scale = ScientificSpin(field_range(InitializerConfig, "scale"), "decades")
        self.add_field(
            self.tr("Scale"), self.scale, "scaleSpin",
            self.tr(
                "How large the drawn numbers are: the standard deviation of the normal distribution, or the largest "
                "value of the uniform one. Too small, and deep networks hardly begin to learn."
            ),
        )  # fmt: skip
        self.biases = Choice([("zero", self.tr("Zero")), ("drawn", self.tr("Drawn"))])
        self.add_field(
            self.tr("Biases"), self.biases, "biasesCombo",
            self.tr("Whether biases start at zero, as is usual, or are drawn at random like the weights."),
        )  # fmt: skip
