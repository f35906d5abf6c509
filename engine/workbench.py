"""What the worker does, one command at a time and a little of what is under way: data set, network, run, answers."""

from __future__ import annotations

import gc
from collections.abc import Callable, Generator
from pathlib import Path

from engine import messages as m
from engine.answers import Answers
from engine.architecture.network import NetworkSpec
from engine.backends.base import Backend
from engine.backends.mxnet import runtime
from engine.chores import Chore, check_gradients, estimate, find_mistakes, train_twins
from engine.data.catalog import load_dataset, open_folder
from engine.data.dataset import Dataset
from engine.devices import check_device, device_or_cpu, list_devices
from engine.errors import NetariumError, TrainingError
from engine.estimates.cost import memory_cost
from engine.session import Origin, Session
from engine.storage.model_file import Model
from engine.storage.models import open_model, save_model_as
from engine.training.events import BatchesDone, Evaluating, RunFinished, TrainingEvent
from engine.training.live import REPORT_EVERY_S

# Waiting for one more batch of this length would be felt; shorter ones are worth queueing.
_SLOW_BATCH_S = 0.02


class Workbench:
    """A small state machine around one session: loading, ready, training or paused. Used by one thread.

    Parameters
    ----------
    post : callable (Message)
        Takes what there is to tell; must return at once.
    make_backend : callable (backend's name, device's name) -> Backend
    """

    def __init__(self, post: Callable[[m.Message], None], make_backend: Callable[[str, str], Backend]) -> None:
        self._post = post
        self._make_backend = make_backend
        self.state: m.WorkerState = "loading"
        self._dataset: Dataset | None = None
        self._session: Session | None = None
        self._run: Generator[TrainingEvent, None, None] | None = None
        self._run_name = ""
        self._parked: tuple[Backend, Model, Origin | None] | None = None  # what was, until the new one trained a batch
        self._chores: dict[type[m.Command], tuple[m.Command, Chore]] = {}
        self._batch_seconds = 0.0
        self._answers = Answers(post)

    def load(self) -> None:
        """Load MXNet and list the devices; from then on commands can be handled."""
        try:
            runtime.load()
            gc.freeze()  # MXNet's many functions stay; looking through them at each full collection stops the window
            self._post(m.DevicesListed(list_devices()))
        except NetariumError as error:
            self._post(m.CommandFailed(m.Command(), error))
        self.enter("ready")

    @property
    def is_busy(self) -> bool:
        """Whether there is something to go on with."""
        return self.state == "training" or bool(self._chores) or bool(self._answers)

    def handle(self, command: m.Command) -> None:
        """Do what is asked, or tell why it cannot be done."""
        try:
            match command:
                case m.LoadDataset(source=source):
                    self._load_dataset(source)
                case m.Train():
                    self._train(command)
                case m.TrainMore():
                    self._train_more(command)
                case m.Pause() if self.state == "training":
                    self._pause()
                case m.Resume() if self.state == "paused":
                    self._resume()
                case m.StepBatch() if self.state == "paused":
                    self._step()
                case m.Stop() if self.state in ("training", "paused"):
                    self.stop()
                case m.Change(setting=setting, value=value) if self._session is not None:
                    self._session.live.change(setting, value)
                case m.Predict() if self._session is not None:
                    self._answers.predict(self._session, command)
                case m.ReadWeights(path=path) if self._session is not None:
                    self._answers.read_weights(self._session, path)
                case m.MeasureActivity() if self._session is not None:
                    self._answers.measure_activity(self._session)
                case m.FindMistakes() if self._session is not None and m.FindMistakes not in self._chores:
                    batches = self._session.test_probabilities()
                    self._chores[m.FindMistakes] = command, find_mistakes(self._session, batches)
                case m.Estimate() if self.state == "ready" and self._dataset is not None:
                    backend = self._make_backend(command.backend, check_device(command.device, command.backend))
                    self._chores[m.Estimate] = command, estimate(command, backend, self._dataset)
                case m.CheckGradients():
                    self._refuse_while_training()
                    self._chores[m.CheckGradients] = command, check_gradients(command)
                case m.CancelCheck():
                    self._chores.pop(m.CheckGradients, None)
                case m.TwinRun() if self._dataset is not None:
                    self._refuse_while_training()
                    self._chores[m.TwinRun] = command, train_twins(command, self._make_backend, self._dataset)
                case m.CancelTwin():
                    self._chores.pop(m.TwinRun, None)
                case m.Edit(spec=spec):
                    self._edit(spec)
                case m.Save(path=path):
                    self._save(path)
                case m.Open():
                    self._open(command)
                case _:
                    pass  # asked for a moment ago, and out of place by now: a pause after the end, say
        except NetariumError as error:
            self._post(m.CommandFailed(command, error))

    def go_on(self) -> None:
        """Do a little of what is under way."""
        self._do_chores()
        if self.state == "training" and not self._keep_answers_quick():
            # Answers were begun before the next batch and are read after it was begun: the device never waits.
            self._advance()
            self._answers.give()
        else:
            self._answers.give()
            if self.state == "training":
                self._advance()

    def stop(self) -> None:
        """Finish the batch in flight and end the run; its weights stay."""
        if self.state == "training":
            self._pause()
        self._end_run()
        if self.state != "ready":
            self.enter("ready")

    def enter(self, state: m.WorkerState) -> None:
        """Be in this state, and tell it."""
        self.state = state
        self._post(m.StateChanged(state, self._session is not None))

    def _do_chores(self) -> None:
        for kind, (command, chore) in list(self._chores.items()):
            try:
                reply = next(chore)
            except (StopIteration, NetariumError) as end:
                self._chores.pop(kind, None)
                if isinstance(end, NetariumError):
                    self._post(m.CommandFailed(command, end))
                continue
            if reply is not None:
                self._post(reply)

    def _drop_chores(self) -> None:
        """Give up what is under way, and tell whoever waits for its end."""
        for command, _ in self._chores.values():
            self._post(m.Dropped(command))
        self._chores.clear()

    def _keep_answers_quick(self) -> bool:
        """While someone draws and batches are slow, queue no batch that the next answer would have to wait for."""
        assert self._session is not None
        self._session.live.synchronous = self._answers.someone_draws and self._batch_seconds > _SLOW_BATCH_S
        return self._session.live.synchronous

    def _advance(self) -> TrainingEvent | None:
        event = next(self._run, None) if self._run is not None else None
        if event is not None:
            self._post(event)
        if isinstance(event, BatchesDone) and self._session is not None:
            self._batch_seconds = self._session.config.batch_size / max(event.samples_per_second, 1.0)
            self._parked = None
        if event is None or isinstance(event, RunFinished):
            self._run = None
            self.state = "ready"  # also where going back fails
            if self._parked is not None and (event is None or event.reason == "failed"):
                self._go_back()
            self._parked = None
            self.enter("ready")
        return event

    def _load_dataset(self, source: str | Path) -> None:
        dataset = open_folder(source) if isinstance(source, Path) else load_dataset(source)
        self._dataset = dataset
        if self._session is not None and self._run is None:
            self._session.dataset = dataset
        self._drop_chores()
        self._post(m.DatasetLoaded(dataset))

    def _train(self, command: m.Train) -> None:
        self._refuse_while_training()
        if self._dataset is None:
            raise TrainingError("training.no_data", "There is no data set to train on; open one first.")
        backend = self._make_backend(command.backend, check_device(command.device, command.backend))
        self._park()
        try:
            if self._is_too_large(command, command.spec, command.device):
                return
            session = Session(backend, command.spec, command.config, self._dataset)
            run = session.train(command.run)
        except Exception:
            self._bring_back()
            raise
        self._begin(session, run, command.run)
        self._post(m.NetworkReady(session.spec, session.config, session.class_names))
        if command.one_batch:
            self.state = "training"
            self._pause()
        else:
            self.enter("training")

    def _train_more(self, command: m.TrainMore) -> None:
        session = self._trained_session()
        is_edited = command.spec is not None and command.spec != session.spec
        grows = is_edited or command.config.batch_size > session.config.batch_size
        if grows and self._is_too_large(command, command.spec or session.spec, session.backend.device):
            return
        going_on = session.edited(command.spec) if command.spec is not None and is_edited else session
        if command.backend not in ("", going_on.backend.name):
            device = device_or_cpu(going_on.backend.device, command.backend)
            going_on = going_on.moved(self._make_backend(command.backend, device))
        run = going_on.train(command.run, command.config)  # a refusal leaves the network as it was
        if going_on is not session:
            self._exchange(going_on)
        self._begin(going_on, run, command.run)
        self.enter("training")

    def _is_too_large(self, command: m.Train | m.TrainMore, spec: NetworkSpec, device: str) -> bool:
        """Tell of a run that it will not fit into memory, unless somebody wants it all the same."""
        if command.ignore_memory:
            return False
        cost = memory_cost(spec, command.config.checked(), device)
        if not cost.fits:
            self._bring_back()
            self._post(m.TooLarge(command, cost))
            self.enter(self.state)  # the window waits for a state
        return not cost.fits

    def _edit(self, spec: NetworkSpec) -> None:
        self._exchange(self._trained_session().edited(spec))

    def _trained_session(self) -> Session:
        """Return the session there is, with the data set there is, if no run goes on."""
        self._refuse_while_training()
        session = self._bring_back()
        if session is None:
            raise TrainingError("training.no_network", "There is no network to train on; train or open one first.")
        session.dataset = self._dataset  # it may have been loaded during a run
        return session

    def _exchange(self, edited: Session) -> None:
        self._session = edited
        self._drop_chores()
        self._post(m.NetworkReady(edited.spec, edited.config, edited.class_names, "edited"))

    def _park(self) -> None:
        """Keep the network there is outside the device: the next one may need the memory, and fail for want of it."""
        if self._session is not None:
            self._parked = self._session.backend, self._session.model(runtime.versions()), self._session.origin
            self._session = None

    def _bring_back(self) -> Session | None:
        """Have the network again that was parked; it stays so where there is no memory for it yet."""
        if self._session is None and self._parked is not None:
            backend, model, origin = self._parked
            assert model.config is not None
            self._session = Session(backend, model.spec, model.config, self._dataset, model)
            self._session.origin = origin
            self._parked = None
        return self._session

    def _begin(self, session: Session, run: Generator[TrainingEvent, None, None], name: str) -> None:
        self._session, self._run, self._run_name = session, run, name
        self._drop_chores()

    def _refuse_while_training(self) -> None:
        if self.state in ("training", "paused"):
            raise TrainingError("training.busy", "A run is going on; stop it first. It was not touched.")

    def _pause(self) -> None:
        """Train what is in flight to its end, so that the window shows all that was trained."""
        assert self._session is not None
        self._session.live.synchronous, self._session.live.report_every = True, 0.0
        if self._advance_to(BatchesDone, Evaluating):
            self._session.stopwatch.stop()
            self.enter("paused")

    def _step(self) -> None:
        assert self._session is not None
        self._session.stopwatch.start()
        if self._advance_to(BatchesDone):  # at the end of an epoch, that is after its validation
            self._session.stopwatch.stop()
            self.enter("paused")

    def _advance_to(self, *reports: type[TrainingEvent]) -> bool:
        """Train on to the next report of one of these kinds; False when the run ended before."""
        while self._run is not None:
            if isinstance(self._advance(), reports):
                return True
        return False

    def _resume(self) -> None:
        assert self._session is not None
        self._session.live.synchronous, self._session.live.report_every = False, REPORT_EVERY_S
        self._session.stopwatch.start()
        self.enter("training")

    def _end_run(self) -> None:
        if self._run is None or self._session is None:
            return
        self._run.close()
        self._run = None
        self._post(RunFinished(self._run_name, self._session.position, "stopped"))

    def _go_back(self) -> None:
        """Return to the network from before a run that failed in its first batches."""
        self._session = None
        session = self._bring_back()
        assert session is not None
        self._post(m.NetworkReady(session.spec, session.config, session.class_names, "restored"))

    def _save(self, path: Path) -> None:
        session = self._bring_back()
        if session is None:
            raise TrainingError("training.no_network", "There is no network to save yet; train or open one first.")
        save_model_as(path, session.model(runtime.versions()))
        self._post(m.Saved(path))

    def _open(self, command: m.Open) -> None:
        self._refuse_while_training()
        opened = open_model(command.path, command.spec)
        backend = self._make_backend(command.backend, check_device(command.device, command.backend))
        config = opened.model.config or command.config
        self._session = Session(backend, opened.model.spec, config, self._dataset, opened.model)
        self._parked = None
        self._drop_chores()
        self._post(
            m.NetworkReady(
                self._session.spec, config, self._session.class_names, "opened", command.path, opened.note
            )
        )  # fmt: skip
        self.enter("ready")
