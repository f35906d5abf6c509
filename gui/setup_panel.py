"""The panel where a run is set up: what is trained, on what, how and where, and the buttons that run it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from engine.architecture.shapes import NetworkSummary
from engine.networks import Adjustments
from engine.training.config import TrainingConfig
from gui.cost_view import CostView
from gui.form import Section
from gui.initializer_form import InitializerForm
from gui.network_summary import LayerTable
from gui.optimizer_form import OptimizerForm, dropout_rate
from gui.reference_row import Reference, ReferenceRow
from gui.run_form import RunForm, SamplingForm
from gui.schedule_form import ScheduleForm
from gui.stopping_form import StoppingForm
from gui.subject_form import SubjectForm
from gui.theme import GAP, MARGIN, SPACE, Theme
from gui.transport import TransportBar, WindowState
from gui.variant_form import VariantForm

if TYPE_CHECKING:
    from engine.devices import DeviceInfo
    from engine.replies import BackendChosen

_EDITABLE: tuple[WindowState, ...] = ("ready", "trained")
_LIVE: tuple[WindowState, ...] = ("training", "paused")


class SetupPanel(QWidget):
    """The settings of a run in a form that scrolls, above the buttons that run it.

    Signals tell what a person wants; the ``set_`` and ``select_`` methods emit none of them.
    """

    network_chosen = Signal(str)
    dataset_chosen = Signal(str)
    device_chosen = Signal(str)
    backend_chosen = Signal(str)
    configuration_changed = Signal()  # any setting was edited
    live_setting_changed = Signal(str, float)  # a setting of the run that goes on was edited
    train_requested = Signal()
    pause_requested = Signal()
    resume_requested = Signal()
    step_requested = Signal()
    stop_requested = Signal()
    more_epochs_requested = Signal(int)
    edit_requested = Signal()
    variant_chosen = Signal()  # another width, dropout or image size of the network in the list

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("setupPanel")
        self._reference = TrainingConfig()
        self._samples = 0
        self._state: WindowState = "loading"
        self.transport = TransportBar()
        self._subject = SubjectForm()
        self._variant = VariantForm()
        self._layers = LayerTable()
        self.cost = CostView()
        self._optimizer = OptimizerForm()
        self._schedule = ScheduleForm()
        self._stopping = StoppingForm()
        self._run = RunForm()
        self._sampling = SamplingForm()
        self._initializer = InitializerForm()
        self._forms = (
            self._subject, self._variant, self._optimizer, self._schedule, self._stopping, self._run,
            self._sampling, self._initializer,
        )  # fmt: skip
        self._reference_row = ReferenceRow()
        self._add_sections()
        self._lay_out()
        self._connect()
        self.set_configuration(self._reference)
        self.set_state("loading")

    def set_networks(self, groups: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> None:
        """Offer networks under headings, each with its name and its one-line description."""
        with QSignalBlocker(self._subject):
            self._subject.set_networks(groups)

    def set_datasets(self, entries: Sequence[tuple[str, str]]) -> None:
        """Offer data sets, each with its name and its label."""
        with QSignalBlocker(self._subject):
            self._subject.set_datasets(entries)

    def set_devices(self, devices: Sequence[DeviceInfo]) -> None:
        """Offer devices; one that cannot be used is greyed out and says why."""
        with QSignalBlocker(self._subject):
            self._subject.set_devices(devices)

    def select_network(self, name: str) -> None:
        """Show this network as the chosen one; it need not be among those offered."""
        with QSignalBlocker(self._subject):
            self._subject.network.choose(name)

    def select_dataset(self, name: str) -> None:
        """Show this data set as the chosen one."""
        with QSignalBlocker(self._subject):
            self._subject.dataset.choose(name)

    def select_device(self, name: str) -> None:
        """Show this device as the chosen one."""
        with QSignalBlocker(self._subject):
            self._subject.device.choose(name)

    def network_name(self) -> str:
        """Return the chosen network's name; empty if it is not among those offered."""
        return self._subject.network.value()

    def dataset_name(self) -> str:
        """Return the chosen data set's name; empty if none is offered."""
        return self._subject.dataset.value()

    def device_name(self) -> str:
        """Return the chosen device's name; empty if none is offered."""
        return self._subject.device.value()

    def backend_name(self) -> str:
        """Return the name of the backend that is to compute the network."""
        return self._subject.backend.value()

    def show_backend_choice(self, chosen: BackendChosen) -> None:
        """Tell which backend was chosen automatically, and how many times as fast as the usual one it is."""
        self._subject.show_choice(chosen)

    def set_network(self, summary: NetworkSummary | None, description: str) -> None:
        """Show what the chosen network consists of; None while an edited one does not fit together."""
        self._subject.set_description(description)
        self.cost.set_network(summary)
        self._layers_section.setVisible(summary is not None)
        if summary is None:
            return
        self._layers.set_network(summary)
        learning = sum(bool(layer.parameters) for layer in summary.layers)
        self._layers_section.set_summary(self.tr("{count} that learn").format(count=learning))
        self._optimizer.set_dropout(dropout_rate(summary))

    def set_variant(self, parameters: Mapping[str, float] | None, image_size: int | None = None) -> None:
        """Offer the variants of a network from the list as it comes; None for one that has none."""
        self._variant_section.setVisible(parameters is not None)
        self._variant.set_variant(parameters or {}, image_size)
        self._variant_section.set_summary(self._variant.summary())

    def offer_variant(self, is_offered: bool) -> None:
        """Offer the variants or not; the form keeps what it says."""
        self._variant_section.setVisible(is_offered)

    def variant(self) -> Adjustments:
        """Return what is asked of the network in the list that differs from how it comes."""
        return self._variant.value()

    def set_batch_size(self, count: int) -> None:
        """Put this batch size into the form, as if somebody had typed it."""
        self._run.batch_size.setValue(count)

    def set_train_samples(self, count: int) -> None:
        """Tell how many training samples the data set has; the schedule's preview counts batches by it."""
        self._samples = count
        self._refresh()

    def set_configuration(
        self, config: TrainingConfig, kind: Reference = "published", reference: TrainingConfig | None = None
    ) -> None:
        """Fill the form with settings. *Reset* returns to those of ``reference``, by default the same, of this kind."""
        self._reference = reference or config
        self._reference_row.set_reference(kind)
        self._fill(config)

    def configuration(self) -> TrainingConfig:
        """Return the settings in the form.

        Raises
        ------
        ConfigError
            Naming the field, the value and the range, if one is out of range.
        """
        for form in self._forms:
            form.take_text()
        return self.configuration_so_far()

    def configuration_so_far(self) -> TrainingConfig:
        """Return the settings in the form without what is being typed; ``ConfigError`` as from ``configuration``."""
        return self._configuration().checked()

    def set_state(self, state: WindowState) -> None:
        """Enable what makes sense now; while a run goes on, only the settings that may change during it."""
        self._state = state
        for form in self._forms:
            form.set_editable(state in _EDITABLE, is_live=state in _LIVE)
        self.cost.set_editable(state in _EDITABLE)
        self.transport.set_state(state)
        self._refresh()

    def apply_theme(self, theme: Theme) -> None:
        """Take on the colours of a scheme."""
        self._schedule.preview.apply_theme(theme)

    def _configuration(self) -> TrainingConfig:
        config = msgspec.structs.replace(
            self._reference,
            optimizer=self._optimizer.value(),
            schedule=self._schedule.value(),
            stopping=self._stopping.value(),
            initializer=self._initializer.value(),
        )
        return self._sampling.apply(self._run.apply(config))

    def _fill(self, config: TrainingConfig) -> None:
        self._optimizer.set_value(config.optimizer)
        self._schedule.set_value(config.schedule)
        self._stopping.set_value(config.stopping)
        self._initializer.set_value(config.initializer)
        self._run.set_value(config)
        self._sampling.set_value(config)
        self._refresh()

    def _refresh(self) -> None:
        """Bring up to date what follows from the fields."""
        config = self._configuration()
        self._reference_row.set_state(config != self._reference, editable=self._state in _EDITABLE)
        self._stopping_section.set_summary(self._stopping.summary())
        self._initial_section.set_summary(self._initializer.summary())
        self._sampling_section.set_summary(self._sampling.summary())
        samples = min(self._samples, config.limit_train or self._samples)
        batches = max(1, math.ceil(samples / config.batch_size))
        self._schedule.set_run(config.optimizer.learning_rate, batches, config.epochs)

    def _edited(self) -> None:
        self._refresh()
        self.configuration_changed.emit()

    def _choose_variant(self) -> None:
        self._variant_section.set_summary(self._variant.summary())
        self.variant_chosen.emit()

    def _live_edited(self, setting: str, value: float) -> None:
        if self._state in _LIVE:
            self.live_setting_changed.emit(setting, value)

    def _reset_to_reference(self) -> None:
        self._fill(self._reference)
        self.configuration_changed.emit()

    def _add_sections(self) -> None:
        self._variant_section = Section(
            self.tr("Variant"), self._variant, "variantHeader",
            self.tr("The same network narrower or wider, or for smaller or larger images."), is_open=False,
        )  # fmt: skip
        self._layers_section = Section(
            self.tr("Layers"), self._layers, "layersHeader",
            self.tr("What the image passes through, from top to bottom, and how much each layer has to learn."),
            is_open=False,
        )  # fmt: skip
        self._cost_section = Section(
            self.tr("Cost"), self.cost, "costHeader", self.tr("What training this network takes, told beforehand.")
        )
        self._run_section = Section(
            self.tr("Run"), self._run, "runHeader", self.tr("How long it trains, and in steps of how many images.")
        )
        self._optimizer_section = Section(
            self.tr("Optimizer"), self._optimizer, "optimizerHeader",
            self.tr("How each batch changes the weights."),
        )  # fmt: skip
        self._schedule_section = Section(
            self.tr("Learning rate schedule"), self._schedule, "scheduleHeader",
            self.tr("How the learning rate moves over the run."),
        )  # fmt: skip
        self._stopping_section = Section(
            self.tr("Early stopping"), self._stopping, "stoppingHeader",
            self.tr("Which epoch counts as the best, and whether the run ends when no better one comes."),
            is_open=False,
        )  # fmt: skip
        self._sampling_section = Section(
            self.tr("Samples"), self._sampling, "samplingHeader",
            self.tr("Which images it learns from, and in which order."), is_open=False,
        )  # fmt: skip
        self._initial_section = Section(
            self.tr("Initial weights"), self._initializer, "initialHeader",
            self.tr("Where the search starts: how the weights are drawn before the first batch."), is_open=False,
        )  # fmt: skip

    def _lay_out(self) -> None:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        column.setSpacing(GAP)
        column.addWidget(self._subject)
        column.addWidget(self._reference_row)
        for section in (
            self._variant_section, self._layers_section, self._cost_section, self._run_section,
            self._optimizer_section, self._schedule_section, self._stopping_section, self._sampling_section,
            self._initial_section,
        ):  # fmt: skip
            column.addWidget(section)
        column.addStretch(1)
        width = max(form.label_width() for form in self._forms)
        for form in self._forms:
            form.set_label_width(width)
        scroll = QScrollArea()
        scroll.setWidget(content)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        line = QFrame()
        line.setFrameStyle(QFrame.Shape.HLine | QFrame.Shadow.Plain)
        line.setStyleSheet("color: palette(mid)")
        foot = QVBoxLayout()
        foot.setContentsMargins(MARGIN, GAP, MARGIN, MARGIN)
        foot.addWidget(self.transport)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(scroll, 1)
        layout.addWidget(line)
        layout.addLayout(foot)
        self.setMinimumWidth(content.minimumSizeHint().width() + SPACE)

    def _connect(self) -> None:
        self._subject.network_chosen.connect(self.network_chosen)
        self._subject.dataset_chosen.connect(self.dataset_chosen)
        self._subject.device_chosen.connect(self.device_chosen)
        self._subject.backend_chosen.connect(self.backend_chosen)
        self._subject.edit_requested.connect(self.edit_requested)
        self.cost.batch_wanted.connect(self.set_batch_size)
        for form in self._forms[2:]:
            form.changed.connect(self._edited)
        self._variant.changed.connect(self._choose_variant)
        self._optimizer.live_changed.connect(self._live_edited)
        self._reference_row.reset_requested.connect(self._reset_to_reference)
        for name in ("train", "pause", "resume", "step", "stop"):
            getattr(self.transport, f"{name}_requested").connect(getattr(self, f"{name}_requested"))
        self.transport.more_epochs_requested.connect(self.more_epochs_requested)
