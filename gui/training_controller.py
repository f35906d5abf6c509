"""Joins the views to the worker: what a person wants becomes a command, what the worker tells reaches the views."""

from __future__ import annotations

import itertools
import time
from collections import deque
from pathlib import Path

import msgspec
import numpy as np
from PySide6.QtCore import QObject, Qt, QTimer, Signal

from engine import messages as m
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize
from engine.data.dataset import Dataset
from engine.errors import NetariumError
from engine.training.config import TrainingConfig
from engine.training.events import BatchesDone, Position, RunFinished, TrainingEvent
from engine.worker import Worker
from gui.messages import translate_error
from gui.progress import Progress
from gui.subject import Subject
from gui.transport import WindowState
from gui.views import Views

# The window looks for messages this often while there may be some that did not wake it.
_LOOK_EVERY_MS = 33
# What is watched while training is asked for this often; each look costs the training a little.
_WATCH_EVERY_S = 0.33
# While training, the bars follow the moving pen at this pace, and the end of a stroke at once.
_FOLLOW_PEN_MS = 80
# Feature maps follow the pen more slowly still.
_LAYERS_EVERY_S = 0.3

# Learns within seconds: the tutorials' LeNet with tanh stays at chance for its whole first epoch.
FIRST_NETWORK = "lenet-bn"


class TrainingController(QObject):
    """The one object that knows both the worker and the views.

    Parameters
    ----------
    views : Views
        The panels; they know nothing of the worker or of one another.
    worker : Worker, optional
        By default one with MXNet's Gluon.
    """

    failed = Signal(str)  # a sentence for the person
    crashed = Signal(str, str)  # a summary and a technical report
    told = Signal(str)  # a short notice for the status bar
    model_changed = Signal()  # another model, another file, or saved
    saved = Signal(object)  # the path a model was written to
    opened = Signal(object)  # the path a model was read from
    state_changed = Signal(str)
    answered = Signal(int)  # the request whose probabilities are shown now
    _woken = Signal()

    def __init__(self, views: Views, worker: Worker | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._views = views
        self._subject = Subject(views.setup, parent=self)
        self._woken.connect(self._look, Qt.ConnectionType.QueuedConnection)
        self._worker = worker or Worker(notify=self._woken.emit)
        self._timer = QTimer(self, interval=_LOOK_EVERY_MS)
        self._timer.timeout.connect(self._look)
        self._runs = itertools.count(1)
        self.latest_request = 0
        self.answered_request = 0
        self._pen_request = 0
        self._pen_waits = False
        self._pen_pace = QTimer(self, interval=_FOLLOW_PEN_MS, singleShot=True)
        self._pen_pace.timeout.connect(self._catch_up_with_pen)
        self.state: WindowState = "loading"
        self.model_spec: NetworkSpec | None = None
        self.model_path: Path | None = None
        self.model_unsaved = False
        self._image: np.ndarray | None = None
        self._weights_asked: str | None = None
        self._watched_at = 0.0
        self._layers_asked_at = 0.0
        self._mistakes: deque[int] = deque()
        self._progress = Progress()
        self._connect()

    def start(self, dataset: str | Path = "mnist") -> None:
        """Begin: fill the forms, start the worker, load the data set."""
        self._subject.offer(FIRST_NETWORK)
        self._set_state("loading")
        self._worker.start()
        self.load_dataset(dataset)

    def close(self) -> bool:
        """Stop the worker, and a run if one goes on; True if it stopped in time."""
        self._timer.stop()
        return self._worker.close()

    def load_dataset(self, source: str | Path) -> None:
        """Read a named data set, or a folder of IDX files."""
        self._subject.want_dataset(source)

    def save(self, path: Path) -> None:
        """Write the model in the format that the suffix names."""
        self._worker.submit(m.Save(path))

    def open(self, path: Path) -> None:
        """Read a model, or weights for the chosen network."""
        config = self._configuration()
        if config is not None:
            self._worker.submit(m.Open(path, self._subject.network, config, self._views.setup.device_name() or "cpu"))

    @property
    def dataset(self) -> Dataset | None:
        """The data set that is loaded."""
        return self._subject.dataset

    @property
    def position(self) -> Position:
        """Where the run on screen stands."""
        return self._progress.position

    @property
    def is_running(self) -> bool:
        """Whether a run goes on or is paused."""
        return self.state in ("training", "paused", "stopping")

    def _connect(self) -> None:
        setup = self._views.setup
        self._subject.dataset_wanted.connect(lambda source: self._worker.submit(m.LoadDataset(source)))
        setup.train_requested.connect(self._train)
        setup.step_requested.connect(self._step)
        setup.pause_requested.connect(lambda: self._worker.submit(m.Pause()))
        setup.resume_requested.connect(lambda: self._worker.submit(m.Resume()))
        setup.stop_requested.connect(self._stop)
        setup.more_epochs_requested.connect(self._train_more)
        setup.live_setting_changed.connect(lambda setting, value: self._worker.submit(m.Change(setting, value)))
        self._views.draw.input_changed.connect(self._set_image)
        self._views.draw.canvas.stroke_ended.connect(self._catch_up_with_pen)
        self._views.draw.mistake_requested.connect(self._find_mistakes)
        self._views.weights.wanted_changed.connect(self._watch_weights)
        self._views.features.wanted_changed.connect(self._show_layers_at_once)
        for part in (self._subject, self._views.draw, self._views.weights, self._views.curves):
            part.failed.connect(self.failed)

    # What a person wants

    def _train(self, one_batch: bool = False) -> None:
        network = self._subject.network
        if network is None:
            self._subject.choose_network(self._views.setup.network_name())  # tells why it cannot be trained
            return
        config = self._configuration()
        if config is None:
            return
        run = f"run {next(self._runs)}"
        self._views.curves.set_run_label(run, network.name)
        self._set_state("stopping")  # until the worker answers, nothing else makes sense
        self._worker.submit(m.Train(run, network, config, self._views.setup.device_name() or "cpu", one_batch))

    def _configuration(self) -> TrainingConfig | None:
        """Return the settings in the form, or tell what is wrong with them."""
        try:
            return self._views.setup.configuration()
        except NetariumError as error:
            self.failed.emit(translate_error(error))
            return None

    def _step(self) -> None:
        if self.state == "paused":
            self._worker.submit(m.StepBatch())
        else:
            self._train(one_batch=True)

    def _stop(self) -> None:
        self._set_state("stopping")
        self._worker.submit(m.Stop())

    def _train_more(self, epochs: int) -> None:
        config = self._configuration()
        if config is None:
            return
        self._set_state("stopping")
        self._worker.submit(m.TrainMore(self._progress.run or f"run {next(self._runs)}", _with_epochs(config, epochs)))

    def _set_image(self, image: np.ndarray | None) -> None:
        self._image = image
        if image is None:
            self.answered_request = self._next_request()  # answers on their way are about what was wiped away
            self._views.draw.set_probabilities(None)
            self._views.features.set_activations(None)
        elif self.state == "training" and self._pen_pace.isActive():
            self._pen_waits = True
        else:
            self._follow_pen()

    def _follow_pen(self) -> None:
        self._pen_waits = False
        self._pen_pace.start()
        self._classify(follows_pen=True)

    def _catch_up_with_pen(self) -> None:
        if self._pen_waits and self._image is not None:
            self._follow_pen()

    def _classify(self, follows_pen: bool = False) -> None:
        if self._image is None or self.model_spec is None:
            return
        wanted = self._views.features.wants_activations() and self._may_show_layers()
        request = self._next_request()
        # This request replaces one of the pen's that still waits, and then is as urgent.
        is_urgent = follows_pen or self._pen_request > self.answered_request
        if follows_pen:
            self._pen_request = request
        self._worker.submit(m.Predict(request, self._image, wanted, is_urgent))

    def _show_layers_at_once(self) -> None:
        """Fill the feature maps when they come to light, with the drawing of now."""
        self._layers_asked_at = 0.0
        self._classify()

    def _may_show_layers(self) -> bool:
        """Whether every layer's output may be asked for now: while training, painting them takes its cores."""
        now = time.monotonic()
        if self.state == "training" and now - self._layers_asked_at < _LAYERS_EVERY_S:
            return False
        self._layers_asked_at = now
        return True

    def _next_request(self) -> int:
        self.latest_request += 1
        return self.latest_request

    def _find_mistakes(self) -> None:
        """Show the next test image it gets wrong; after more training, look which those are."""
        if self._mistakes:
            self._show_mistake()
        elif self.model_spec is not None:
            self.told.emit(self.tr("Looking for test images it gets wrong…"))
            self._worker.submit(m.FindMistakes())

    def _show_mistake(self) -> None:
        index = self._mistakes.popleft()
        self._mistakes.append(index)
        self._views.draw.show_test_image(index)

    def _watch_weights(self) -> None:
        path = self._views.weights.wanted()
        if path is not None and self.model_spec is not None:
            self._weights_asked = path
            self._worker.submit(m.ReadWeights(path))

    # What the worker tells

    def _look(self) -> None:
        for message in self._worker.take():
            self._receive(message)
        now = time.monotonic()
        if self.state == "training" and now - self._watched_at >= _WATCH_EVERY_S:
            self._watched_at = now
            self.refresh_watched()
            self._views.progress.show_progress(self._progress)

    def refresh_watched(self) -> None:
        """Ask anew for what the visible panels show: weights, and answers to the drawing."""
        if self._weights_asked is None:  # else the answer to the last question is still to come
            self._watch_weights()
        self._classify()

    def _receive(self, message: m.Message) -> None:
        match message:
            case m.Prediction():
                self._show_prediction(message)
            case m.WeightsRead(path=path, values=values):
                self._weights_asked = None
                self._views.weights.set_weights(path, values)
            case m.StateChanged():
                self._follow_state(message)
            case m.NetworkReady():
                self._show_network(message)
            case m.DatasetLoaded(dataset=dataset):
                self._show_dataset(dataset)
            case m.DevicesListed(devices=devices):
                self._views.setup.set_devices(devices)
            case m.MistakesFound(indices=indices):
                self._take_mistakes(indices)
            case m.Saved(path=path):
                self._note_saved(path)
            case m.CommandFailed(command=command, error=error):
                self._show_failure(command, error)
            case m.Crashed(summary=summary, report=report):
                self.crashed.emit(summary, report)
            case _ if isinstance(message, TrainingEvent):
                self._follow_run(message)

    def _take_mistakes(self, indices: np.ndarray) -> None:
        self._mistakes = deque(indices.tolist())
        if self._mistakes:
            self.told.emit(self.tr("It gets {count} test images wrong.").format(count=len(self._mistakes)))
            self._show_mistake()
        else:
            self.told.emit(self.tr("It gets every test image right."))

    def _follow_run(self, event: TrainingEvent) -> None:
        self._progress.follow(event)
        self._mistakes.clear()
        self._views.curves.add_event(event)
        if isinstance(event, BatchesDone) and not self.model_unsaved:
            self.model_unsaved = True
            self.model_changed.emit()
        elif isinstance(event, RunFinished):
            self._finish(event)

    def _finish(self, event: RunFinished) -> None:
        self._views.progress.show_progress(self._progress)
        if event.message:
            self.failed.emit(event.message)
        self.refresh_watched()

    def _show_prediction(self, prediction: m.Prediction) -> None:
        if prediction.request <= self.answered_request or self._image is None:
            return
        self._views.draw.set_probabilities(prediction.probabilities)
        self.answered_request = prediction.request
        self.answered.emit(prediction.request)
        if prediction.activations is not None:
            self._views.features.set_activations(prediction.activations)

    def _follow_state(self, message: m.StateChanged) -> None:
        if message.state == "ready":
            self._set_state("trained" if message.trained else "ready")
        else:
            self._set_state(message.state)
        self.refresh_watched()

    def _show_network(self, ready: m.NetworkReady) -> None:
        self.model_spec, self.model_path = ready.spec, ready.path
        self.model_unsaved = ready.path is None
        summary = summarize(ready.spec)
        self._views.weights.set_network(summary)
        self._views.features.set_network(summary)
        self._views.draw.set_class_names(ready.class_names)
        self._mistakes.clear()
        self._views.draw.set_mistakes_available(True)
        self._weights_asked = None
        if ready.path is not None:
            self._show_opened(ready, ready.path)
        self.model_changed.emit()
        self.refresh_watched()

    def _show_opened(self, ready: m.NetworkReady, path: Path) -> None:
        self._subject.take_opened(ready.spec, ready.config, path)
        self._progress = Progress()
        run = f"run {next(self._runs)}"
        self._progress.run = run
        self._views.curves.set_run_label(run, path.stem)
        self.opened.emit(path)
        if ready.note:
            self.told.emit(ready.note)

    def _show_dataset(self, dataset: Dataset) -> None:
        self._subject.take_dataset(dataset)
        self._mistakes.clear()  # they were places in another data set
        self._views.draw.set_images(dataset.test_images, dataset.test_labels, dataset.class_names)

    def _note_saved(self, path: Path) -> None:
        if path.suffix == ".safetensors":  # the other formats keep weights alone
            self.model_path, self.model_unsaved = path, False
        self.saved.emit(path)

    def _show_failure(self, command: m.Command, error: NetariumError) -> None:
        if isinstance(command, (m.Train, m.TrainMore)):
            self._set_state("trained" if self.model_spec else "ready")
        if isinstance(command, m.LoadDataset):
            self._subject.keep_dataset(command.source)
        self.failed.emit(translate_error(error))

    def _set_state(self, state: WindowState) -> None:
        self.state = state
        self._views.setup.set_state(state)
        self._views.progress.set_state(state)
        if state in ("training", "loading", "stopping"):
            self._timer.start()
        else:
            self._timer.stop()
        self.state_changed.emit(state)


def _with_epochs(config: TrainingConfig, epochs: int) -> TrainingConfig:
    return msgspec.structs.replace(config, epochs=epochs)
