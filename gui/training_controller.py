"""Joins the views to the worker: what a person wants becomes a command, what the worker tells reaches the views."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from engine import messages as m
from engine.architecture.network import NetworkSpec
from engine.data.dataset import Dataset
from engine.errors import NetariumError
from engine.storage.formats import SYMBOL_SUFFIX
from engine.training.events import BatchesDone, EpochDone, Position, RunFinished, TrainingEvent
from engine.worker import Worker
from gui.confusions import Confusions
from gui.costs import Costs
from gui.gradient_checks import GradientChecks
from gui.history_control import HistoryControl
from gui.messages import translate_error
from gui.network_views import NetworkViews
from gui.opened_run import show_opened
from gui.progress import Progress
from gui.questions import Questions
from gui.run_commands import RunCommands
from gui.subject import Subject
from gui.transport import WindowState
from gui.twin_runs import TwinRuns
from gui.views import Views

# The window looks for messages this often while there may be some that did not wake it.
_LOOK_EVERY_MS = 66

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
    mended = Signal(str)  # the sentence of something that had failed and was put right
    crashed = Signal(str, str)  # a summary and a technical report
    told = Signal(str)  # a short notice for the status bar
    model_changed = Signal()  # another model, another file, or saved
    saved = Signal(object)  # the path a model was written to
    opened = Signal(object)  # the path a model was read from
    state_changed = Signal(str)
    answered = Signal(int)  # the request whose probabilities are shown now
    layer_wanted = Signal(bool)  # a layer is to be seen, which has weights or only feature maps
    too_large = Signal(object)  # the Cost of a run for which memory will not suffice; see ``train_anyway``
    _woken = Signal()

    def __init__(self, views: Views, worker: Worker | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._views = views
        self._subject = Subject(views.setup, parent=self)
        self._woken.connect(self._look, Qt.ConnectionType.QueuedConnection)
        self._worker = worker or Worker(notify=self._woken.emit)
        self._timer = QTimer(self, interval=_LOOK_EVERY_MS)
        self._timer.timeout.connect(self._look)
        self.state: WindowState = "loading"
        self.model_spec: NetworkSpec | None = None
        self.model_path: Path | None = None
        self.model_unsaved = False
        self._model_before: tuple[Path | None, bool] = (None, False)  # its path, and whether it was unsaved
        self._progress = Progress()
        self.runs = RunCommands(views, self._subject, self._worker.submit, parent=self)
        self.questions = Questions(views, self._worker.submit, parent=self)
        self._costs = Costs(views.setup, self._worker.submit, parent=self)
        self.gradients = GradientChecks(self._subject, self._worker.submit, parent=self)
        self.twins = TwinRuns(views.setup, self._subject, self._worker.submit, parent=self)
        self.history = HistoryControl(views, self.runs, self._worker.submit, parent=self)
        self.confusions = Confusions(views, self._worker.submit, parent=self)
        self._network = NetworkViews(views, self._subject, self.questions, self._costs, parent=self)
        self._connect()

    def start(self, dataset: str | Path = "mnist") -> None:
        """Begin: fill the forms, start the worker, load the data set."""
        self._subject.offer(FIRST_NETWORK)
        self._set_state("loading")
        self.load_dataset(dataset)  # before the worker starts, which reads it while it loads MXNet
        self._worker.start()

    def close(self) -> bool:
        """Stop the worker, and a run if one goes on; True if it stopped in time."""
        self._timer.stop()
        stopped = self._worker.close()
        self.history.close()
        return stopped

    def load_dataset(self, source: str | Path) -> None:
        """Read a named data set, or a folder of IDX files."""
        self._subject.want_dataset(source)

    def save(self, path: Path, best: bool = False) -> None:
        """Write the model in the format that the suffix names: as it is, or as it was after its ``best`` epoch."""
        self._worker.submit(m.Save(path, best))

    def open(self, path: Path) -> None:
        """Read a model, weights for the chosen network, or a network without weights."""
        if path.suffix.lower() == ".json" and not path.name.endswith(SYMBOL_SUFFIX):
            self._views.editor.open_file(path)
            return
        config = self.runs.configuration()
        if config is not None:
            setup = self._views.setup
            device, backend = setup.device_name() or "cpu", setup.backend_name()
            self._worker.submit(m.Open(path, self._subject.network, config, device, backend))

    @property
    def latest_request(self) -> int:
        """The number of the last drawing that was asked about."""
        return self.questions.latest_request

    @property
    def answered_request(self) -> int:
        """The number of the last drawing whose answer is shown."""
        return self.questions.answered_request

    def refresh_watched(self) -> None:
        """Ask anew for what the visible panels show."""
        self.questions.refresh()
        self.confusions.refresh()

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
        return self.runs.is_running

    def _connect(self) -> None:
        self._subject.dataset_wanted.connect(lambda source: self._worker.submit(m.LoadDataset(source)))
        views = self._views
        self.runs.waits.connect(lambda: self._set_state("stopping"))
        self.runs.replaces.connect(self._remember_model)
        self._network.layer_wanted.connect(self.layer_wanted)
        self._network.apply_wanted.connect(self._apply_edit)
        self.questions.answered.connect(self.answered)
        self.history.moment_shown.connect(self._show_moment)
        self.history.mended.connect(self.mended)
        self._subject.mended.connect(self.mended)
        for part in (self._subject, self.runs, self.history, *views.that_fail()):
            part.failed.connect(self.failed)
        tellers = (self._subject, self.questions, self.history, self.confusions)
        for teller in (*tellers, views.curves, views.diagram, views.editor):
            teller.told.connect(self.told)

    def _remember_model(self) -> None:
        """Keep what there is to know of the model, for the case that the next one cannot be trained at all."""
        self._model_before = self.model_path, self.model_unsaved

    def _apply_edit(self, network: NetworkSpec) -> None:
        if self.state == "trained":
            self._worker.submit(m.Edit(network))

    # What the worker tells

    def _look(self) -> None:
        told = self._worker.take()
        for message in told:
            self._receive(message)
        if (told and self.state == "paused") or (self.state == "training" and self.questions.refresh_at_pace()):
            self._views.progress.show_progress(self._progress)

    def _receive(self, message: m.Message) -> None:
        askers = (self.questions, self.confusions, self._costs, self.gradients, self.twins, self.history)
        if any(asker.receive(message) for asker in askers):
            return
        match message:
            case m.StateChanged():
                self._follow_state(message)
            case m.NetworkReady():
                self._show_network(message)
            case m.DatasetLoaded(dataset=dataset):
                self._show_dataset(dataset)
            case m.DevicesListed(devices=devices):
                self._views.setup.set_devices(devices)
            case m.BackendChosen():
                self._views.setup.show_backend_choice(message)
            case m.TooLarge(command=command, cost=cost):
                self.runs.refused = command
                self.too_large.emit(cost)
            case m.Saved(path=path, best=best):
                self._note_saved(path, best)
            case m.CommandFailed(command=command, error=error):
                self._show_failure(command, error)
            case m.Crashed(summary=summary, report=report):
                self.crashed.emit(summary, report)
            case _ if isinstance(message, TrainingEvent):
                self._follow_run(message)

    def _follow_run(self, event: TrainingEvent) -> None:
        self._progress.follow(event)
        self.runs.run = self._progress.run
        self.questions.forget_mistakes()
        self._views.curves.add_event(event)
        self.history.follow(event)
        if isinstance(event, BatchesDone) and not self.model_unsaved:
            self.model_unsaved = True
            self.model_changed.emit()
        elif isinstance(event, EpochDone):
            self.confusions.note_learned()
        elif isinstance(event, RunFinished):
            self._finish(event)

    def _finish(self, event: RunFinished) -> None:
        self._views.progress.show_progress(self._progress)
        if event.message and event.reason == "early":
            self.told.emit(event.message)
        elif event.message:
            self.failed.emit(event.message)
        self.questions.refresh()

    def _follow_state(self, message: m.StateChanged) -> None:
        was_running = self.state in ("training", "stopping")
        if message.state == "ready":
            self._set_state("trained" if message.trained else "ready")
        else:
            self._set_state(message.state)
        self.questions.refresh()
        if was_running:
            self.confusions.note_learned()  # now there is time for all test images

    def _show_network(self, ready: m.NetworkReady) -> None:
        self.model_spec = self.runs.trained = ready.spec
        self.model_path, self.model_unsaved = ready.path, ready.path is None
        if ready.origin == "restored":
            self.model_path, self.model_unsaved = self._model_before
            self._subject.take_trained(ready.spec, ready.config, self.model_path)
            self.told.emit(self.tr("{network} from before is back.").format(network=ready.spec.name))
        if ready.origin == "returned":
            self._subject.take_trained(ready.spec, ready.config)
            if ready.note:
                self.told.emit(ready.note)
        self._network.set_trained(ready.spec)
        self.questions.set_model(ready)
        self.confusions.set_network(ready.spec.name)
        if ready.path is not None:
            self._show_opened(ready, ready.path)
        self.model_changed.emit()

    def _show_moment(self, shown: m.MomentShown) -> None:
        self.questions.show_moment(shown)
        self.confusions.past = self.history.scrubbed_title
        self.confusions.is_hurried = self.state == "training" or self._views.scrubber.is_playing()
        self.confusions.set_network(shown.spec.name if shown.spec is not None else "")

    def _show_opened(self, ready: m.NetworkReady, path: Path) -> None:
        self._subject.take_trained(ready.spec, ready.config, path)
        self._progress = Progress()
        self._progress.run = self.runs.run = self.runs.new_run(path.stem)
        show_opened(self._views.curves, self.runs.run, ready)
        self.opened.emit(path)
        if ready.note:
            self.told.emit(ready.note)

    def _show_dataset(self, dataset: Dataset) -> None:
        self._subject.take_dataset(dataset)
        self._views.editor.set_data(dataset.input_shape, len(dataset.class_names))
        self._costs.set_can_measure(self.state in ("ready", "trained"))
        self._costs.ask_anew()
        self.questions.forget_mistakes()  # they were places in another data set
        self.confusions.set_labels(dataset.test_labels)
        self._views.draw.set_images(dataset.test_images, dataset.test_labels, dataset.class_names)

    def _note_saved(self, path: Path, best: bool) -> None:
        if path.suffix == ".safetensors" and not best:  # the others are not all of the model as it is
            self.model_path, self.model_unsaved = path, False
        self.saved.emit(path)

    def _show_failure(self, command: m.Command, error: NetariumError) -> None:
        if isinstance(command, (m.Train, m.TrainMore, m.ContinueRun, m.BranchRun)):
            self._set_state("trained" if self.model_spec else "ready")
        if isinstance(command, m.LoadDataset):
            self._subject.keep_dataset(command.source)
        if isinstance(command, m.Estimate):
            self._costs.give_up(command)  # nobody asked for it; training will say why it cannot be done
        else:
            self.failed.emit(translate_error(error))

    def _set_state(self, state: WindowState) -> None:
        self.state = self.runs.state = state
        self.questions.training = self.confusions.is_hurried = state == "training"
        self.history.set_state(state)
        self._costs.set_can_measure(state in ("ready", "trained") and self.dataset is not None)
        self._views.editor.set_apply_enabled(state == "trained")
        self._views.setup.set_state(state)
        if state in ("ready", "trained"):
            self._views.curves.set_beginning(False)
        self._views.progress.set_state(state)
        if state in ("training", "loading", "stopping"):
            self._timer.start()
        else:
            self._timer.stop()
        self.state_changed.emit(state)
