"""The form for what is trained, on which data, and where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from engine.fastest import AUTO
from gui.form import SettingsForm, wrapped
from gui.spin_boxes import Choice

if TYPE_CHECKING:
    from engine.devices import DeviceInfo
    from engine.replies import BackendChosen


class SubjectForm(SettingsForm):
    """Chooses network, data set and device, each by its name."""

    network_chosen = Signal(str)
    dataset_chosen = Signal(str)
    device_chosen = Signal(str)
    backend_chosen = Signal(str)
    edit_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.network = Choice()
        self.add_field(
            self.tr("Network"), self.network, "networkCombo",
            self.tr("The layers that are trained. Each comes with the settings of the experiment it is known for."),
        )  # fmt: skip
        self._description = _note()
        self._description.setObjectName("networkDescription")
        self.add_wide(self._description)
        self._edit = QPushButton(self.tr("Edit network…"))
        self._edit.setObjectName("editNetworkButton")
        self._edit.setAccessibleName(self.tr("Edit network"))
        self._edit.setToolTip(
            wrapped(self.tr("See the network as a picture, and add, change, move or take away layers (F4)."))
        )
        self._edit.clicked.connect(self.edit_requested)
        self.add_wide(self._edit)
        self.dataset = Choice()
        self.add_field(
            self.tr("Data set"), self.dataset, "datasetCombo",
            self.tr(
                "The images to learn from, and others it never learns from, on which it is checked after each epoch."
            ),
        )  # fmt: skip
        self.device = Choice()
        self.add_field(
            self.tr("Device"), self.device, "deviceCombo",
            self.tr(
                "Where it is computed. A graphics processor (GPU) pays off for large networks. MXNet has kernels for "
                "the older ones, CuPy for the newest; what cannot compute on the chosen one is greyed out below."
            ),
        )  # fmt: skip
        self._refusals = _note()
        self.add_wide(self._refusals)
        self.backend = Choice(((AUTO, self.tr("Automatic")), *backend_words()))
        self.add_field(
            self.tr("Computed by"), self.backend, "backendCombo",
            self.tr(
                "Automatic times a few batches in each way before the first run of a network and takes the fastest, "
                "with one thread where all together are slower. The four ways to compute one network agree: Gluon, "
                "MXNet's own style of today; Module, a graph of symbols; NDArray, by hand on MXNet's arrays; NumPy, "
                "forward and backward written out (on a GPU with CuPy). The same seed gives the same run, and More "
                "epochs can go on in another one."
            ),
        )  # fmt: skip
        self._pairing = _note()
        self._pairing.setObjectName("backendNote")
        self._pairing.setAccessibleName(self.tr("What can compute on this device"))
        self.add_wide(self._pairing)
        self._chosen = _note()
        self._chosen.setObjectName("backendChoiceNote")
        self._chosen.setAccessibleName(self.tr("What was chosen automatically"))
        self.add_wide(self._chosen)
        self._devices: dict[str, DeviceInfo] = {}
        self.set_description("")
        self._show_refusals([])
        self._show_pairing("")
        self.show_choice(None)
        self.network.currentIndexChanged.connect(lambda: self._tell(self.network, self.network_chosen))
        self.dataset.currentIndexChanged.connect(lambda: self._tell(self.dataset, self.dataset_chosen))
        self.device.currentIndexChanged.connect(self._choose_device)
        self.backend.currentIndexChanged.connect(lambda: self._tell(self.backend, self.backend_chosen))
        self.backend.currentIndexChanged.connect(lambda: self.show_choice(None))
        self.network.currentIndexChanged.connect(lambda: self.show_choice(None))

    def set_networks(self, groups: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> None:
        """Offer networks under headings, each with its name and description."""
        wanted = self.network.value()
        self.network.clear()
        for heading, entries in groups:
            self.network.add_heading(heading)
            for name, description in entries:
                self.network.addItem(name, name)
                row = self.network.count() - 1
                self.network.setItemData(row, wrapped(description), Qt.ItemDataRole.ToolTipRole)
        self.network.choose(wanted)

    def set_datasets(self, entries: Sequence[tuple[str, str]]) -> None:
        """Offer data sets, each with its name and label."""
        _offer(self.dataset, entries)

    def set_devices(self, devices: Sequence[DeviceInfo]) -> None:
        """Offer devices; those that cannot be used are greyed out, with the reason in sight."""
        self._devices = {device.name: device for device in devices}
        usable = next((device.name for device in devices if device.available), "")
        _offer(self.device, [(device.name, device.label) for device in devices], usable)
        model = self.device.model()
        assert isinstance(model, QStandardItemModel)
        for row, device in enumerate(devices):
            model.item(row).setEnabled(device.available)
            self.device.setItemData(row, wrapped(device.reason), Qt.ItemDataRole.ToolTipRole)
        self._show_refusals([f"{device.label}: {device.reason}" for device in devices if not device.available])
        self._offer_backends()

    def set_description(self, text: str) -> None:
        """Show what the chosen network is, in a line."""
        self._description.setText(text)
        self.show_row(self._description, bool(text))

    def show_choice(self, chosen: BackendChosen | None) -> None:
        """Tell which backend was chosen automatically; None for none yet."""
        text = ""
        if chosen is not None:
            if chosen.ratio > 1:
                text = self.tr("{backend}, {ratio} times as fast as Gluon here")
            elif chosen.is_timed:
                text = self.tr("{backend}: no other is faster here")
            else:
                text = self.tr("{backend}: too large to be timed first")
            word = dict(backend_words())[chosen.backend]
            if chosen.on_one_thread:
                word = self.tr("{backend} on one thread").format(backend=word)
            text = text.format(backend=word, ratio=f"{chosen.ratio:.{1 if chosen.ratio < 10 else 0}f}")
        self._chosen.setText(text)
        self.show_row(self._chosen, bool(text))

    def _choose_device(self) -> None:
        # The backend first: whoever hears of the device asks for both.
        before = self.backend.value()
        with QSignalBlocker(self.backend):
            self._offer_backends()
        self._tell(self.device, self.device_chosen)
        if self.backend.value() != before:
            self._tell(self.backend, self.backend_chosen)

    def _offer_backends(self) -> None:
        """Grey out what cannot compute on the chosen device, and choose one that can where it must be another."""
        device = self._devices.get(self.device.value())
        names = [self.backend.itemData(row) for row in range(self.backend.count())]
        can = (AUTO, *device.backends) if device is not None and device.available else names
        usable = [name for name in names if name in can]
        reason = device.reason if device is not None and device.available else ""
        model = self.backend.model()
        assert isinstance(model, QStandardItemModel)
        for row, name in enumerate(names):
            model.item(row).setEnabled(name in usable)
            hint = "" if name in usable else wrapped(reason)
            self.backend.setItemData(row, hint, Qt.ItemDataRole.ToolTipRole)
        if usable and self.backend.value() not in usable:
            self.backend.choose(usable[0])
        self._show_pairing(reason)

    def _show_pairing(self, reason: str) -> None:
        self._pairing.setText(reason)
        self.show_row(self._pairing, bool(reason))

    def _show_refusals(self, sentences: list[str]) -> None:
        self._refusals.setText("\n".join(sentences))
        self.show_row(self._refusals, bool(sentences))

    def _tell(self, combo: Choice, signal: object) -> None:
        if combo.value():
            signal.emit(combo.value())  # type: ignore[attr-defined]


def backend_words() -> tuple[tuple[str, str], ...]:
    """Return every backend's name and what it is called in the window."""
    return (
        ("gluon", QCoreApplication.translate("SubjectForm", "Gluon")),
        ("module", QCoreApplication.translate("SubjectForm", "Module")),
        ("ndarray", QCoreApplication.translate("SubjectForm", "NDArray")),
        ("scratch", QCoreApplication.translate("SubjectForm", "NumPy")),
    )


def _offer(combo: Choice, entries: Sequence[tuple[str, str]], preferred: str = "") -> None:
    """Fill a list anew, keeping the choice where it is still offered."""
    wanted = combo.value()
    combo.clear()
    for name, label in entries:
        combo.addItem(label, name)
    names = [name for name, _ in entries]
    if wanted in names:
        combo.choose(wanted)
    elif names:
        combo.choose(preferred or names[0])


def _note() -> QLabel:
    note = QLabel()
    note.setProperty("muted", True)
    note.setWordWrap(True)
    note.setTextFormat(Qt.TextFormat.PlainText)
    return note
