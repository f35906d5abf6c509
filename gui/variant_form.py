"""The form for variants of a network that comes with Netarium: its width, its dropout, the size of its images."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QWidget

from engine.architecture.zoo import BuilderOptions
from engine.networks import Adjustments
from engine.validation import field_range
from gui.form import SettingsForm
from gui.spin_boxes import CountSpin, ScientificSpin


class VariantForm(SettingsForm):
    """Edits what a builder of the zoo can be asked for; what a network does not have is not shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._usual: dict[str, float] = {}
        self._usual_size = 0
        self.width_spin = ScientificSpin(field_range(BuilderOptions, "width"), 0.25)
        self.add_field(
            self.tr("Width"), self.width_spin, "widthSpin",
            self.tr(
                "What the channels and hidden units are multiplied with. Half the width is a quarter of the weights "
                "and of the work."
            ),
        )  # fmt: skip
        self.dropout_spin = ScientificSpin(field_range(BuilderOptions, "dropout"), 0.1)
        self.add_field(
            self.tr("Dropout"), self.dropout_spin, "variantDropoutSpin",
            self.tr(
                "The share of units that are switched off at random in each batch, so that none can rely on another. "
                "It can also be changed while the run goes on."
            ),
        )  # fmt: skip
        self.size_spin = CountSpin(field_range(BuilderOptions, "image_size"), zero_text=self.tr("As they are"))
        self.add_field(
            self.tr("Image size"), self.size_spin, "imageSizeSpin",
            self.tr(
                "How many pixels a side images are resized to on their way to the network. Twice the size is four "
                "times the work; details that are not there do not appear."
            ),
        )  # fmt: skip

    def set_variant(self, parameters: Mapping[str, float], image_size: int | None) -> None:
        """Show a network as it comes.

        Parameters
        ----------
        parameters : mapping
            ``Experiment.parameters``: those it has, with their usual values.
        image_size : int, optional
            What images are resized to; None leaves them as they are.
        """
        self._usual, self._usual_size = dict(parameters), image_size or 0
        with QSignalBlocker(self):
            self.width_spin.setValue(parameters.get("width", 1.0))
            self.dropout_spin.setValue(parameters.get("dropout", 0.0))
            self.size_spin.setValue(self._usual_size)
        self.show_row(self.width_spin, "width" in parameters)
        self.show_row(self.dropout_spin, "dropout" in parameters)

    def value(self) -> Adjustments:
        """Return what differs from the network as it comes."""
        size = self.size_spin.value()
        return Adjustments(
            width=self._changed("width", self.width_spin.value()),
            dropout=self._changed("dropout", self.dropout_spin.value()),
            image_size=size if size != self._usual_size and size else None,
        )

    def summary(self) -> str:
        """Return what differs in a few words."""
        value = self.value()
        parts = []
        if value.width is not None:
            parts.append(self.tr("width {value:g}").format(value=value.width))
        if value.dropout is not None:
            parts.append(self.tr("dropout {value:g}").format(value=value.dropout))
        if value.image_size is not None:
            parts.append(self.tr("{size}×{size} pixels").format(size=value.image_size))
        return ", ".join(parts) or self.tr("as it comes")

    def _changed(self, name: str, value: float) -> float | None:
        return value if name in self._usual and value != self._usual[name] else None
