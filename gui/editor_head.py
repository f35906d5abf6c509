"""The head of the editor: what the network is called, and what goes into it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.architecture.network import NetworkSpec
from engine.validation import Range
from gui.form import SettingsForm
from gui.layer_fields import NameField, NumbersField

_INPUTS = Range(low=1, high=4096)  # as engine.architecture.shapes allows


class EditorHead(SettingsForm):
    """Name and input shape."""

    renamed = Signal(str)
    input_changed = Signal(object)  # the new input shape

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = NameField(r"\S.{0,199}")
        self.add_field(
            self.tr("Name"), self.name, "networkNameField",
            self.tr("What the network is called in lists, runs and files."),
        )  # fmt: skip
        self.image = NumbersField(_INPUTS, (self.tr("channels"), self.tr("height"), self.tr("width")))
        idea = self.tr(
            "What one sample looks like: channels (1 for grey, 3 for colour) × height × width. Images of another "
            "height or width are resized on their way in."
        )
        self.add_field(self.tr("Input"), self.image, "networkInputField", idea)
        self.vector = NumbersField(_INPUTS, (self.tr("features"),))
        self.add_field(
            self.tr("Input"), self.vector, "networkFeaturesField", self.tr("How many numbers one sample consists of.")
        )
        self.name.valueChanged.connect(lambda: self.renamed.emit(self.name.value()))
        for field in (self.image, self.vector):
            field.valueChanged.connect(lambda field=field: self.input_changed.emit(field.value()))

    def set_network(self, spec: NetworkSpec) -> None:
        """Show name and input shape of a network, without a signal."""
        self.name.set_value(spec.name)
        is_image = len(spec.input_shape) == 3
        self.show_row(self.image, is_image)
        self.show_row(self.vector, not is_image)
        if is_image or len(spec.input_shape) == 1:
            (self.image if is_image else self.vector).set_value(spec.input_shape)
