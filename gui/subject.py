"""What a run is about: the network that is chosen, fitted to the data set that is loaded."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import classes, summarize
from engine.architecture.zoo import EXPERIMENTS, experiment
from engine.data.catalog import DATASETS
from engine.data.dataset import Dataset
from engine.errors import NetariumError
from engine.training.config import TrainingConfig
from gui.messages import translate_error
from gui.setup_panel import SetupPanel


class Subject(QObject):
    """Keeps network and data set fitting one another, and the set-up panel showing them.

    Attributes
    ----------
    network : NetworkSpec or None
        None while the chosen one cannot be built for images of this size.
    dataset : Dataset or None
        None until the first is loaded.

    Parameters
    ----------
    setup : SetupPanel
    """

    failed = Signal(str)  # a sentence for the person
    dataset_wanted = Signal(object)  # the name of a data set, or the path of a folder

    def __init__(self, setup: SetupPanel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._setup = setup
        self._folders: dict[str, Path] = {}  # of data sets that were opened, by their names
        self.network: NetworkSpec | None = None
        self.dataset: Dataset | None = None
        setup.network_chosen.connect(self.choose_network)
        setup.dataset_chosen.connect(self._choose_dataset)

    def offer(self, network: str) -> None:
        """Fill the lists of the panel, and choose a network."""
        self._setup.set_experiments([(entry.name, entry.description) for entry in EXPERIMENTS.values()])
        self._offer_datasets()
        self._setup.select_network(network)
        self.choose_network(network)

    def choose_network(self, name: str) -> None:
        """Build a named network for the data set, and go to its published settings."""
        chosen = experiment(name)
        shape = self.dataset.input_shape if self.dataset else (1, 28, 28)
        count = len(self.dataset.class_names) if self.dataset else 10
        try:
            self.network = chosen.network(shape, count)
            self._setup.set_network(summarize(self.network), chosen.description)
            self._setup.set_configuration(chosen.config)
        except NetariumError as error:
            self.network = None
            self.failed.emit(translate_error(error))

    def take_opened(self, spec: NetworkSpec, config: TrainingConfig, path: Path) -> None:
        """Choose the network that was read from a file."""
        self.network = spec
        known = EXPERIMENTS.get(spec.name)
        self._setup.select_network(spec.name)
        self._setup.set_network(summarize(spec), known.description if known else path.name)
        self._setup.set_configuration(config)

    def want_dataset(self, source: str | Path) -> None:
        """Ask for a named data set, or a folder of IDX files."""
        if isinstance(source, Path):
            self._folders[source.resolve().name] = source
        self.dataset_wanted.emit(source)

    def take_dataset(self, dataset: Dataset) -> None:
        """Have this data set from now on; a network that does not fit it is built anew."""
        self.dataset = dataset
        self._setup.set_train_samples(len(dataset.train_images))
        self._offer_datasets()
        self._setup.select_dataset(dataset.name)
        name = self._setup.network_name()
        if name and not (self.network and _fits(self.network, dataset)):
            self.choose_network(name)

    def keep_dataset(self, refused: str | Path) -> None:
        """Stay with the data set there is: the one that was asked for cannot be read."""
        if isinstance(refused, Path):
            self._folders.pop(refused.resolve().name, None)
        self._offer_datasets()
        if self.dataset is not None:
            self._setup.select_dataset(self.dataset.name)

    def _choose_dataset(self, name: str) -> None:
        self.want_dataset(name if name in DATASETS else self._folders[name])

    def _offer_datasets(self) -> None:
        named = [(source.name, source.title) for source in DATASETS.values()]
        self._setup.set_datasets(named + [(name, name) for name in self._folders if name not in DATASETS])


def _fits(spec: NetworkSpec, dataset: Dataset) -> bool:
    """Whether a network takes a data set's images and tells its classes apart."""
    return spec.input_shape == dataset.input_shape and classes(spec) == len(dataset.class_names)
