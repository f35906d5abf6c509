"""The weight viewer: chooses a layer and one of its tensors, and shows its values while they are trained."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PySide6.QtCore import QBuffer, QIODevice, QSize, Qt, Signal
from PySide6.QtGui import QHideEvent, QImageWriter, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from engine.architecture.layers import describe
from engine.architecture.shapes import LayerSummary, NetworkSummary, ParameterSpec, format_shape
from engine.errors import NetariumError
from engine.storage.atomic import write_atomically
from gui.elided_combo import ElidedCombo
from gui.form import wrapped
from gui.messages import translate_error
from gui.theme import GAP, MARGIN, Theme
from gui.visibility import can_be_seen
from gui.weight_display import WeightDisplay
from gui.weight_picture import has_input_channels, image_input

_MEAN_OF_ALL = -1
_ONE_ROW = 480  # the width from which all choosers stand in one row


class WeightsPanel(QWidget):
    """One tensor at a time; which one is told by ``wanted``, and its values are given by ``set_weights``."""

    wanted_changed = Signal()
    failed = Signal(str)  # a sentence for the user

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("weightsPanel")
        self.setAccessibleName(self.tr("Weights"))
        self._summary: NetworkSummary | None = None
        self._role_names = {
            "weight": self.tr("Weights"),
            "bias": self.tr("Biases"),
            "gamma": self.tr("Gamma (scale)"),
            "beta": self.tr("Beta (shift)"),
            "running_mean": self.tr("Running mean"),
            "running_var": self.tr("Running variance"),
        }
        self._build_choosers()
        self.display = WeightDisplay()
        self._arrange()
        self.layer_combo.currentIndexChanged.connect(self._offer_tensors)
        self.tensor_combo.currentIndexChanged.connect(self._begin_tensor)
        self.channel_spin.valueChanged.connect(self._choose_channel)
        self.save_button.clicked.connect(self._choose_file)
        self.set_network(None)

    def set_network(self, summary: NetworkSummary | None) -> None:
        """Offer the layers of a network; the chosen one stays if the new network has it too."""
        before = self.layer_combo.currentData()
        self._summary = summary
        layers = [entry for entry in summary.layers if entry.parameters] if summary is not None else []
        _fill(self.layer_combo, [(_layer_label(entry), entry.path) for entry in layers], before)
        self._offer_tensors()

    def select_layer(self, path: str) -> bool:
        """Choose the layer with this path; one without weights changes nothing and returns False."""
        place = self.layer_combo.findData(path)
        if place >= 0:
            self.layer_combo.setCurrentIndex(place)
        return place >= 0

    def wanted(self) -> str | None:
        """Return the path of the tensor to show, such as ``conv1/weight``; None while nobody can see it."""
        tensor = self._tensor()
        return tensor.path if tensor is not None and can_be_seen(self) else None

    def set_weights(self, path: str, values: np.ndarray) -> None:
        """Show the values of a tensor if it is still the wanted one; they must not change afterwards."""
        tensor = self._tensor()
        if self._summary is None or tensor is None or path != self.wanted() or values.shape != tensor.shape:
            return
        self._pages.setCurrentWidget(self.display)
        self.save_button.setEnabled(True)
        image_shape = image_input(self._summary, tensor.layer) if tensor.role == "weight" else None
        self.display.set_values(values, image_shape)

    def apply_theme(self, theme: Theme) -> None:
        """Paint in the colours of ``theme``."""
        self.display.apply_theme(theme)

    def save_image(self, path: Path) -> None:
        """Write the picture as PNG; what goes wrong is told by ``failed``."""
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        QImageWriter(buffer, b"png").write(self.display.picture_image())
        try:
            write_atomically(path, bytes(buffer.data().data()))
        except NetariumError as error:
            self.failed.emit(translate_error(error))

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for weights again."""
        super().showEvent(event)
        self.wanted_changed.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        """Ask for nothing while out of sight."""
        super().hideEvent(event)
        self.wanted_changed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the choosers in one row where there is room."""
        super().resizeEvent(event)
        directions = QBoxLayout.Direction
        wide = self.width() > _ONE_ROW
        self._choosers.setDirection(directions.LeftToRight if wide else directions.TopToBottom)

    def minimumSizeHint(self) -> QSize:
        """Return the size below which nothing could be read."""
        return QSize(200, 220)

    def sizeHint(self) -> QSize:
        """Return a size that suits a dock."""
        return QSize(340, 560)

    def _tensors(self) -> tuple[ParameterSpec, ...]:
        path = self.layer_combo.currentData()
        return self._summary.layer(path).parameters if self._summary is not None and path is not None else ()

    def _tensor(self) -> ParameterSpec | None:
        place = self.tensor_combo.currentIndex()
        return self._tensors()[place] if place >= 0 else None

    def _offer_tensors(self) -> None:
        entries = [(self._role_names[tensor.role], tensor.role) for tensor in self._tensors()]
        _fill(self.tensor_combo, entries, self.tensor_combo.currentData())
        self._begin_tensor()

    def _begin_tensor(self) -> None:
        """Make ready for the values of another tensor."""
        tensor = self._tensor()
        channels = tensor.shape[1] if tensor is not None and has_input_channels(tensor.shape) else 0
        self.channel_spin.setVisible(channels > 0)
        self.channel_spin.setRange(_MEAN_OF_ALL, channels - 1)
        self.display.set_values(None)
        self.channel_spin.setValue(_MEAN_OF_ALL)
        self.save_button.setEnabled(False)
        self._pages.setCurrentWidget(self._empty)
        self.wanted_changed.emit()

    def _choose_channel(self, channel: int) -> None:
        self.display.set_channel(None if channel == _MEAN_OF_ALL else channel)

    def _choose_file(self) -> None:
        tensor = self._tensor()
        assert tensor is not None
        dialog = QFileDialog(self, self.tr("Save picture"), filter=self.tr("PNG image (*.png)"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("png")
        dialog.selectFile(tensor.path.replace("/", "-") + ".png")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self.save_image(Path(name)))
        dialog.open()

    def _build_choosers(self) -> None:
        self.layer_combo = _combo(
            "layerCombo",
            self.tr("Layer"),
            self.tr("Training changes nothing but these numbers: all that a network knows is in them."),
        )
        self.tensor_combo = _combo(
            "tensorCombo",
            self.tr("Tensor"),
            self.tr("Weights say what a unit looks for; a bias says how easily it answers, whatever it sees."),
        )
        self.channel_spin = QSpinBox()
        self.channel_spin.setObjectName("channelSpin")
        self.channel_spin.setAccessibleName(self.tr("Input channel"))
        self.channel_spin.setPrefix(self.tr("input "))
        self.channel_spin.setSpecialValueText(self.tr("mean of all"))
        self.channel_spin.setWrapping(True)
        self.channel_spin.setToolTip(
            wrapped(
                self.tr(
                    "A kernel has one small image for each channel of its input, and adds up what they find. "
                    "Choose one channel, or look at the mean of them all."
                )
            )
        )
        self.save_button = QPushButton(self.tr("Save…"))
        self.save_button.setObjectName("saveImageButton")
        self.save_button.setAccessibleName(self.tr("Save picture"))
        self.save_button.setToolTip(
            wrapped(self.tr("Keep this picture as PNG, to compare it with the weights after more training."))
        )

    def _arrange(self) -> None:
        choices = QHBoxLayout()
        choices.setSpacing(GAP)
        choices.addWidget(self.tensor_combo, 1)
        choices.addWidget(self.channel_spin)
        choices.addWidget(self.save_button)
        self._choosers = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._choosers.setSpacing(GAP)
        self._choosers.addWidget(self.layer_combo, 1)
        self._choosers.addLayout(choices, 1)
        self._empty = QLabel(self.tr("Train or open a network to see its weights"))
        self._empty.setProperty("muted", True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self.display)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.setSpacing(GAP)
        layout.addLayout(self._choosers)
        layout.addWidget(self._pages, 1)


def _combo(name: str, label: str, idea: str) -> QComboBox:
    combo = ElidedCombo()
    combo.setObjectName(name)
    combo.setAccessibleName(label)
    combo.setToolTip(wrapped(idea))
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setMinimumContentsLength(8)
    return combo


def _fill(combo: QComboBox, entries: Sequence[tuple[str, str]], chosen: str | None) -> None:
    """Offer (text, data) entries, keeping the chosen data or else choosing the first, without signals."""
    combo.blockSignals(True)
    combo.clear()
    for text, data in entries:
        combo.addItem(text, data)
    combo.setCurrentIndex(max(0, combo.findData(chosen)) if entries else -1)
    combo.setEnabled(bool(entries))
    combo.blockSignals(False)


def _layer_label(entry: LayerSummary) -> str:
    return " · ".join([entry.path, describe(entry.layer), format_shape(entry.parameters[0].shape)])
