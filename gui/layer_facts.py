"""What follows from a layer's settings and its place: shapes, parameters, work and receptive field."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from engine.architecture.shapes import LayerSummary, PartialSummary, format_shape
from gui.form import wrapped
from gui.layer_rows import UNKNOWN
from gui.network_summary import count_text
from gui.theme import GAP


class LayerFacts(QWidget):
    """The read-only figures of the selected layer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: dict[str, QLabel] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(GAP)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        for place, (name, label, idea) in enumerate(self._words()):
            caption, value = QLabel(label), QLabel()
            caption.setProperty("muted", True)
            for part in (caption, value):
                part.setToolTip(wrapped(idea))
            value.setObjectName(name)
            value.setAccessibleName(label)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._values[name] = value
            row, column = (0, 2 * place) if place < 2 else (place - 1, 0)
            grid.addWidget(caption, row, column)
            grid.addWidget(value, row, column + 1, 1, 1 if place < 2 else 3)

    def set_layer(self, path: str, partial: PartialSummary, input_shape: tuple[int, ...]) -> None:
        """Show the figures of the layer with this path; of a block, those of all it holds."""
        inside = [entry for entry in partial.layers if entry.path == path or entry.path.startswith(f"{path}/")]
        own = inside[0] if inside and inside[0].path == path else None
        texts = dict.fromkeys(self._values, UNKNOWN)
        if own is not None:
            texts = {
                "factInput": format_shape(own.input_shape),
                "factOutput": format_shape(own.output_shape),
                "factParameters": count_text(sum(entry.parameter_count for entry in inside)),
                "factMultiplyAdds": count_text(sum(entry.multiply_adds for entry in inside)),
                "factReceptiveField": self._reach(own, input_shape),
            }
        for name, text in texts.items():
            self._values[name].setText(text)

    def _reach(self, entry: LayerSummary, image: tuple[int, ...]) -> str:
        if entry.receptive_field is None:
            return UNKNOWN
        field = format_shape(entry.receptive_field)
        if len(image) == 3 and entry.receptive_field[0] >= image[1] and entry.receptive_field[1] >= image[2]:
            return self.tr("the whole image ({field} pixels)").format(field=field)
        return self.tr("{field} pixels of the image").format(field=field)

    def _words(self) -> list[tuple[str, str, str]]:
        return [
            ("factInput", self.tr("Takes"), self.tr("The shape of one sample in front of the layer.")),
            ("factOutput", self.tr("Gives"), self.tr("The shape of one sample behind it: channels×height×width.")),
            ("factParameters", self.tr("Parameters"), self.tr("How many numbers it learns.")),
            (
                "factMultiplyAdds", self.tr("Multiply-adds"),
                self.tr("How many multiplications with addition one sample costs on its way forward."),
            ),
            (
                "factReceptiveField", self.tr("Sees"),
                self.tr("The receptive field: how many pixels of the image one value behind this layer depends on."),
            ),
        ]  # fmt: skip
