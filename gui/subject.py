"""What a run is about: the network that is chosen or edited, and the data set that is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from engine.architecture.kept import kept_layers
from engine.architecture.network import NetworkSpec, Shape
from engine.architecture.shapes import classes, summarize, summarize_partly
from engine.architecture.zoo import EXPERIMENTS
from engine.data.catalog import DATASETS
from engine.data.dataset import Dataset
from engine.errors import NetariumError
from engine.networks import Chosen, choose_network
from engine.storage.networks import own_networks
from engine.training.config import TrainingConfig
from gui.messages import translate_error
from gui.setup_panel import SetupPanel


@dataclass(frozen=True)
class _Origin:
    """What editing began with, to be gone back to: its name in the list, its description, the data it was made for."""

    spec: NetworkSpec
    name: str
    description: str
    data: tuple[Shape, int]


class Subject(QObject):
    """Keeps the network one and the same in set-up panel, diagram and editor, and made for the data set.

    Attributes
    ----------
    network : NetworkSpec or None
        None while the chosen one cannot be built, or the edited one does not fit together.
    problem : str
        A sentence on why there is none.
    dataset : Dataset or None
        None until the first is loaded.

    Parameters
    ----------
    setup : SetupPanel
    """

    failed = Signal(str)  # a sentence for the person
    told = Signal(str)  # what there is to know about the data set that somebody chose
    mended = Signal(str)  # the sentence that told why there was no network, now that there is one
    dataset_wanted = Signal(object)  # the name of a data set, or the path of a folder
    network_changed = Signal(object, object)  # NetworkSpec and PartialSummary of the network as it is now

    def __init__(self, setup: SetupPanel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._setup = setup
        self._explained = ""  # the data set that somebody chose in the list, until it is there
        self._folders: dict[str, Path] = {}  # of data sets that were opened, by their names
        self._chosen = ""  # the name in the list; empty for an edited or opened network
        self._base: NetworkSpec | None = None  # whose weights an edit keeps
        self._origin: _Origin | None = None
        self.network: NetworkSpec | None = None
        self.problem = ""
        self.dataset: Dataset | None = None
        setup.network_chosen.connect(self.choose_network)
        setup.variant_chosen.connect(self.choose_variant)
        setup.dataset_chosen.connect(self._choose_dataset)

    def edit_of(self, trained: NetworkSpec) -> NetworkSpec | None:
        """Return the network if it came from ``trained`` by editing and keeps weights of it."""
        if self.network is None or self.network.layers == trained.layers or not self.comes_from(trained):
            return None
        return self.network if kept_layers(summarize(trained), summarize(self.network)) else None

    def comes_from(self, trained: NetworkSpec) -> bool:
        """Whether ``trained`` is what editing began with, or was trained since."""
        return self._base is not None and self._base.layers == trained.layers

    def note_trained(self, spec: NetworkSpec) -> None:
        """Learn that this network has weights now: later edits begin with it if it is the one in the window."""
        if self.network == spec:
            self._base = spec

    def offer(self, network: str) -> None:
        """Fill the lists of the panel, and choose a network."""
        self.offer_networks()
        self._offer_datasets()
        self._setup.select_network(network)
        self.choose_network(network)

    def offer_networks(self) -> None:
        """Fill the list of networks: those that come with Netarium by family, and one's own."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for entry in EXPERIMENTS.values():
            groups.setdefault(entry.family, []).append((entry.name, entry.description))
        own = [(name, str(entry.path)) for name, entry in own_networks().networks.items()]
        if own:
            groups[self.tr("My networks")] = own
        self._setup.set_networks(list(groups.items()))

    def choose_network(self, name: str) -> None:
        """Take a network by its name, built for the data set if it comes with Netarium, with its settings."""
        known = EXPERIMENTS.get(name)
        self._setup.set_variant(known.parameters if known else None, known.image_size if known else None)
        chosen = self._build(name)
        if chosen is not None:
            self._setup.set_configuration(chosen.config, "published" if known else "usual")

    def choose_variant(self) -> None:
        """Build the network in the list anew, as wide and for images as large as the panel says; settings stay."""
        name = self._chosen or self._setup.network_name()
        if name in EXPERIMENTS:
            self._build(name)

    def _build(self, name: str) -> Chosen | None:
        self._chosen = name
        try:
            chosen = choose_network(name, *self._data(), self._setup.variant())
        except NetariumError as error:
            self.network, self.problem = None, translate_error(error)
            self.failed.emit(self.problem)
            return None
        self._base = chosen.spec
        self._begin(chosen.spec, chosen.description or self.tr("One of your own networks."))
        return chosen

    def _data(self) -> tuple[Shape, int]:
        """Return the shape of the images and how many classes they are of."""
        if self.dataset is None:
            return (1, 28, 28), 10
        return self.dataset.input_shape, len(self.dataset.class_names)

    def take_edited(self, spec: NetworkSpec) -> None:
        """Go over to the network as it was edited, or to the one from before where no edit is left; settings stay."""
        if spec == self.network:
            return
        origin = self._origin
        if origin is not None and origin.spec == spec and origin.data == self._data():
            self._chosen, description = origin.name, origin.description
        else:
            self._chosen, description = "", self.tr("Edited by you.")
        self._setup.offer_variant(self._chosen in EXPERIMENTS)
        self._setup.select_network(self._chosen or spec.name)
        self._take(spec, description)

    def take_trained(self, spec: NetworkSpec, config: TrainingConfig, path: Path | None = None) -> None:
        """Go over to a trained network: one that was read from a file, or the one from before a run that failed."""
        self._chosen, self._base = "", spec
        known = EXPERIMENTS.get(spec.name)
        self._setup.set_variant(None)
        self._setup.select_network(spec.name)
        if known:  # what it was trained with need not be what was published
            self._setup.set_configuration(config, "published", known.config)
        else:
            self._setup.set_configuration(config, "trained")
        self._begin(spec, known.description if known else path.name if path else "")

    def want_dataset(self, source: str | Path) -> None:
        """Ask for a named data set, or a folder of IDX files."""
        if isinstance(source, Path):
            self._folders[source.resolve().name] = source
        self.dataset_wanted.emit(source)

    def take_dataset(self, dataset: Dataset) -> None:
        """Have this data set from now on; a network from the list is built anew for it where that differs."""
        self.dataset = dataset
        self._setup.set_train_samples(len(dataset.train_labels))
        self._offer_datasets()
        self._setup.select_dataset(dataset.name)
        if self._explained == dataset.name:
            self.told.emit(DATASETS[dataset.name].description)
        self._explained = ""
        name = self._chosen or self._setup.network_name()
        if name and not (self.network and self._is_made_for(dataset, name, self.network)):
            if self._chosen:
                self._build(name)
            else:
                self.choose_network(name)

    def keep_dataset(self, refused: str | Path) -> None:
        """Stay with the data set there is: the one that was asked for cannot be read."""
        if isinstance(refused, Path):
            self._folders.pop(refused.resolve().name, None)
        self._offer_datasets()
        if self.dataset is not None:
            self._setup.select_dataset(self.dataset.name)

    def _begin(self, spec: NetworkSpec, description: str) -> None:
        """Take a network that edits will begin with."""
        self._origin = _Origin(spec, self._chosen, description, self._data())
        self._take(spec, description)

    def _take(self, spec: NetworkSpec, description: str) -> None:
        partly = summarize_partly(spec)
        fits = partly.error is None
        self.network = spec if fits else None
        before, self.problem = self.problem, "" if partly.error is None else translate_error(partly.error)
        if before and before != self.problem:
            self.mended.emit(before)
        self._setup.set_network(summarize(spec) if fits else None, description)
        self.network_changed.emit(spec, partly)

    def _is_made_for(self, dataset: Dataset, name: str, spec: NetworkSpec) -> bool:
        """Whether a network is what its name would give for this data set, or at least learns from it."""
        if self._chosen and name in EXPERIMENTS:
            try:
                wanted = choose_network(name, *self._data(), self._setup.variant()).spec
            except NetariumError:
                return False
            return wanted == spec
        same_channels = len(spec.input_shape) == 3 and spec.input_shape[0] == dataset.input_shape[0]
        return same_channels and classes(spec) >= len(dataset.class_names)

    def _choose_dataset(self, name: str) -> None:
        self._explained = name if name in DATASETS else ""
        self.want_dataset(name if name in DATASETS else self._folders[name])

    def _offer_datasets(self) -> None:
        named = [(source.name, source.title) for source in DATASETS.values()]
        self._setup.set_datasets(named + [(name, name) for name in self._folders if name not in DATASETS])
