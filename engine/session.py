"""What one person works with: a data set, a network, and the run that trains it. Used by one thread."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from datetime import datetime, timezone
from traceback import clear_frames
from typing import NamedTuple

import msgspec
import numpy as np

from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import NetworkSummary, summarize
from engine.backends.base import Array, Backend, Network, Weights
from engine.data.dataset import Dataset
from engine.errors import TrainingError
from engine.failures import explained, failure_sentence
from engine.outputs import check_classes, output_names
from engine.storage.model_file import EpochMetrics, Model
from engine.training.config import TrainingConfig, same_moments, same_order
from engine.training.data import TrainingData, check_images, evaluation_batch, fit_images, place
from engine.training.events import BatchesDone, EpochDone, Position, RunFinished, RunState, TrainingEvent
from engine.training.initializers import initial_weights
from engine.training.lastgood import LastGoodWeights
from engine.training.live import LiveSettings
from engine.training.loop import train
from engine.training.stopwatch import Stopwatch
from engine.training.transfer import carry_over


class Best(NamedTuple):
    """The best epoch of a run, and copies of the weights after it."""

    metrics: EpochMetrics
    position: Position
    weights: dict[str, Array]


# A network as it was last trained, and its weights: what edits since then began with.
EditOrigin = tuple[NetworkSummary, Weights]


class Session:
    """A network and its training, from fresh weights to a model that can be saved.

    Parameters
    ----------
    backend : Backend
    spec : NetworkSpec
    config : TrainingConfig
        Of the run that trains it, or trained it.
    dataset : Dataset, optional
        What it learns from; without one it can only predict.
    model : Model, optional
        Weights and history to begin with, instead of fresh weights.

    Raises
    ------
    NetariumError
        If the network, the settings and the data set do not fit one another; nothing was allocated for long.
    """

    def __init__(
        self,
        backend: Backend,
        spec: NetworkSpec,
        config: TrainingConfig,
        dataset: Dataset | None = None,
        model: Model | None = None,
    ) -> None:
        config.checked()
        self.summary = summarize(spec)
        self.spec = spec
        self.config = config
        self.dataset = dataset
        self.class_names = output_names(spec, dataset.class_names if dataset else ())
        self.position = Position()
        self.state: RunState | None = None  # to go on exactly from; None while a batch is in flight
        self.best: Best | None = None  # of the last run
        self.metrics: tuple[EpochMetrics, ...] = ()
        self.live = LiveSettings(spec, config.optimizer)
        self.stopwatch = Stopwatch()
        self.backend = backend
        self._dataset_name = dataset.name if dataset else ""
        if dataset is not None and model is None:
            check_classes(spec, dataset)
        self._moments_fit = False
        self.origin: EditOrigin | None = None  # of edits since the last training
        with explained(backend, spec, config.batch_size):
            weights = model.weights if model else initial_weights(self.summary, config.initializer, config.seed)
            self.network: Network = backend.build(spec, weights)
            if model is not None:
                self._take_history(model)
        self._last_good = LastGoodWeights(self.network)

    def _take_history(self, model: Model) -> None:
        self.metrics = model.metrics
        self._dataset_name = model.dataset
        self.class_names = output_names(self.spec, model.class_names or self.class_names)
        self.position = model.position or Position()
        self.state = model.state
        if model.optimizer_state:
            self.network.prepare_training(self.config.optimizer, self.config.loss_reduction)
            self.network.set_optimizer_state(model.optimizer_state)
            self._moments_fit = True

    def train(self, run: str, config: TrainingConfig | None = None) -> Generator[TrainingEvent, None, None]:
        """Train on from where the network stands.

        Parameters
        ----------
        run : str
            Names the run in its events.
        config : TrainingConfig, optional
            Settings from now on. The optimizer's moments are kept where its method stays the same, and a begun
            epoch is finished where its samples and their order stay the same.

        Yields
        ------
        TrainingEvent
            As ``engine.training.loop.train``; a failure of the computation puts the last good weights back and
            ends in ``RunFinished`` with the reason ``failed``.
        """
        config = (config or self.config).checked()
        data = self._place(config)
        same_data = self.dataset is not None and self.dataset.name == self._dataset_name
        if self.position.batch and not (same_data and same_order(config, self.config)):
            self.position = msgspec.structs.replace(self.position, batch=0)
        self._begin(config)
        self.best = None
        return self._events(run, data, self.position)

    def resume(self, run: str) -> Generator[TrainingEvent, None, None]:
        """Go on with the run that this session's model was taken from, exactly as if it had never stopped.

        Yields
        ------
        TrainingEvent
            As ``train``.

        Raises
        ------
        NetariumError
            If the model is no training state, or the data set is not the one it learned from.
        """
        state = self.state
        if state is None:
            raise TrainingError(
                "training.no_state",
                "{network} was saved without what a run needs to go on exactly; train more epochs on its weights "
                "instead.",
                network=self.spec.name,
            )
        data = self._place(self.config, self._dataset_name)
        self._begin(self.config)
        return self._events(run, data, state)

    def _place(self, config: TrainingConfig, wanted: str | None = None) -> TrainingData:
        """Bring the data set to the device; ``wanted`` is the name of the one it must be."""
        dataset = self.dataset
        if dataset is None:
            raise TrainingError("training.no_data", "There is no data set to train on; open one first.")
        if wanted is not None and dataset.name != wanted:
            raise TrainingError(
                "training.other_data",
                "The run learned from {wanted}, and {dataset} is open. Open {wanted} to go on with it.",
                wanted=wanted, dataset=dataset.name,
            )  # fmt: skip
        check_classes(self.spec, dataset)
        return place(
            self.network,
            config,
            (dataset.train_images, dataset.train_labels),
            (dataset.test_images, dataset.test_labels),
        )

    def _begin(self, config: TrainingConfig) -> None:
        """Make ``config`` the settings, and the data set the one that is learned from, from now on."""
        assert self.dataset is not None
        self._dataset_name = self.dataset.name
        self.class_names = output_names(self.spec, self.dataset.class_names)
        with explained(self.backend, self.spec, config.batch_size):
            if not (self._moments_fit and same_moments(config, self.config)):
                self.network.prepare_training(config.optimizer, config.loss_reduction)
                self._moments_fit = True
        self.live = LiveSettings(self.spec, config.optimizer)
        self.stopwatch = Stopwatch()
        self.config = config
        self.origin = None
        self.state = None

    def _events(self, run: str, data: TrainingData, start: Position | RunState) -> Generator[TrainingEvent, None, None]:
        events = train(
            self.network, data, self.config, run=run, start=start, live=self.live, stopwatch=self.stopwatch,
            last_good=self._last_good,
        )  # fmt: skip
        return self._follow(run, events)

    def _follow(self, run: str, events: Iterator[TrainingEvent]) -> Generator[TrainingEvent, None, None]:
        try:
            for event in events:
                self._note(event)
                yield event
        except Exception as error:
            clear_frames(error.__traceback__)  # they hold the network that failed, and memory may be what was lacking
            self._rebuild()
            yield RunFinished(
                run, self.position, "failed", failure_sentence(error, self.spec, self.config.batch_size)
            )  # fmt: skip

    def _note(self, event: TrainingEvent) -> None:
        """Take note of where the run stands, so that it is known however the run ends."""
        if isinstance(event, (BatchesDone, EpochDone, RunFinished)):
            self.position = event.position
        if isinstance(event, (BatchesDone, EpochDone)):
            self.state = event.state
        if isinstance(event, EpochDone):
            metrics = _metrics(event)
            self.metrics = (*self.metrics, metrics)
            if event.best:
                self.best = Best(metrics, event.position, self.network.weights())
        if isinstance(event, RunFinished) and event.reason == "diverged":
            self._moments_fit, self.state = False, None

    def _rebuild(self) -> None:
        """Build the network anew from its last good weights; arrays that MXNet failed on cannot be trusted."""
        self._moments_fit, self.state = False, None
        self.backend.settle()
        weights = self._last_good.weights
        if weights is not None:
            del self.network, self._last_good
            self.network = self.backend.build(self.spec, weights)
            self._last_good = LastGoodWeights(self.network)

    def recall_best(self, model: Model | None) -> None:
        """Know the best epoch of the run so far again, from the weights after it."""
        if model is not None and model.metrics and model.position is not None:
            self.best = Best(model.metrics[-1], model.position, model.weights)

    def take(self, model: Model) -> None:
        """Have the weights, the history and the position of another model of the same network, to look at it."""
        self.network.set_weights(model.weights)
        self._moments_fit, self.state, self.best = False, None, None
        self.position, self.metrics = model.position or Position(), model.metrics

    def edited(self, spec: NetworkSpec) -> Session:
        """Return a session with an edited network: what was not touched keeps its weights, the rest is drawn anew.

        History and position stay. Weights come from the network as it was last trained, so an edit that is taken
        back brings back what it lost.

        Raises
        ------
        NetariumError
            If the network does not fit together, or not the data set; this session is as it was.
        """
        origin = self.origin or (self.summary, self.network.weights())
        summary = summarize(spec)
        if self.dataset is not None:
            check_classes(spec, self.dataset)
        fresh = initial_weights(summary, self.config.initializer, self.config.seed)
        model = Model(
            spec=spec,
            weights=carry_over(*origin, summary, fresh),
            dataset=self._dataset_name,
            class_names=self.class_names,
            metrics=self.metrics,
            position=self.position,
        )
        session = Session(self.backend, spec, self.config, self.dataset, model)
        session.origin = origin
        return session

    def moved(self, backend: Backend) -> Session:
        """Return a session that goes on where this one stands, with its weights and moments, in another backend."""
        session = Session(backend, self.spec, self.config, self.dataset, self.model({}))
        session.origin = self.origin
        return session

    def test_probabilities(self) -> Iterator[Array]:
        """Yield class probabilities (batch, classes) of the test images, in order, batch by batch.

        Raises
        ------
        NetariumError
            At once, if there is no data set, or the network cannot take its images.
        """
        if self.dataset is None:
            raise TrainingError("training.no_data", "There is no data set to train on; open one first.")
        check_images(self.spec, self.dataset.test_images)
        return self._probabilities(self.dataset.test_images)

    def _probabilities(self, images: Array) -> Iterator[Array]:
        batch = evaluation_batch(self.summary)
        for begin in range(0, len(images), batch):
            yield self.network.predict(fit_images(self.spec, images[begin : begin + batch] * np.float32(1 / 255)))

    def model(self, versions: Mapping[str, object]) -> Model:
        """Return everything that a model file keeps: weights, history, and the state to train on from.

        ``versions`` are those of the libraries; the backend, its device and its threads are added.
        """
        backend = self.backend
        known = {**versions, "backend": backend.name, "device": backend.device, "threads": backend.threads}
        return Model(
            spec=self.spec,
            weights=self.network.weights(),
            config=self.config,
            dataset=self._dataset_name,
            class_names=self.class_names,
            metrics=self.metrics,
            created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            versions={name: str(version) for name, version in known.items()},
            optimizer_state=self.network.optimizer_state() if self._moments_fit else {},
            position=self.position,
            state=self.state,
        )

    def best_model(self, versions: Mapping[str, object]) -> Model:
        """Return the weights after the best epoch of the last run, as a model to use rather than to train on.

        Without a best epoch it is the model as it is now.
        """
        model = self.model(versions)
        if self.best is None:
            return model
        best = self.best
        known = tuple(m for m in self.metrics if m.epoch <= best.metrics.epoch)
        return msgspec.structs.replace(
            model, weights=best.weights, metrics=known, optimizer_state={}, position=best.position, state=None
        )


def _metrics(event: EpochDone) -> EpochMetrics:
    return EpochMetrics(
        epoch=event.epoch,
        train_loss=event.train_loss,
        train_accuracy=event.train_accuracy,
        validation_loss=event.validation_loss,
        validation_accuracy=event.validation_accuracy,
        seconds=event.seconds,
    )
