"""What the worker does, one command at a time and a little of what is under way: data set, network, run, answers."""

from __future__ import annotations

import gc
from collections.abc import Callable, Generator
from contextlib import suppress
from pathlib import Path
from typing import Literal

from engine import messages as m
from engine.answers import Answers
from engine.architecture.network import NetworkSpec
from engine.backends.base import Backend
from engine.backends.mxnet import runtime
from engine.chores import Chore, check_gradients, estimate, find_mistakes, measure_confusion, train_twins
from engine.data.catalog import load_dataset, open_folder
from engine.data.dataset import Dataset
from engine.devices import check_device, list_devices
from engine.errors import NetariumError, TrainingError
from engine.estimates.cost import memory_cost
from engine.history.records import FRESH, Origin
from engine.history.resuming import check_data, find_resumable, load_recorded_data
from engine.ongoing import OngoingRun
from engine.record_keeping import RecordKeeper
from engine.session import EditOrigin, Session
from engine.storage.model_file import Model, load_model
from engine.storage.models import open_model, save_model_as
from engine.training.config import TrainingConfig
from engine.training.events import BatchesDone, Evaluating, RunFinished, TrainingEvent
from engine.viewing import Viewing

_MOMENTS_RESTART = "A snapshot holds weights alone: the optimizer's moments begin anew."

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
        self._run: OngoingRun | None = None
        self._recorded: int | None = None  # the run of the history that the session's weights come from
        self._parked: tuple[Backend, Model, EditOrigin | None] | None = None  # until the new one trained a batch
        self._chores: dict[type[m.Command], tuple[m.Command, Chore]] = {}
        self._answers = Answers(post)
        self._records = RecordKeeper(post)
        self._viewing = Viewing(make_backend)

    def load(self) -> None:
        """Load MXNet and list the devices; from then on commands can be handled."""
        self._records.open()
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
                case m.ContinueRun():
                    self._continue_run(command)
                case m.BranchRun():
                    self._branch_run(command)
                case m.ViewMoment():
                    self._view(command)
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
                case m.Predict() if self._shown is not None:
                    self._answers.predict(self._shown, command)
                case m.ReadWeights(path=path) if self._shown is not None:
                    self._answers.read_weights(self._shown, path)
                case m.MeasureActivity() if self._shown is not None:
                    self._answers.measure_activity(self._shown)
                case m.FindMistakes() if self._shown is not None and m.FindMistakes not in self._chores:
                    batches = self._shown.test_probabilities()
                    self._chores[m.FindMistakes] = command, find_mistakes(self._shown, batches)
                case m.MeasureConfusion() if self._shown is not None:
                    chore = measure_confusion(command, self._shown, self._viewing.checkpoint)
                    self._chores[m.MeasureConfusion] = command, chore
                case m.Estimate() if self.state == "ready" and self._dataset is not None:
                    backend = self._make_backend(command.backend, check_device(command.device))
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
                case m.Save():
                    self._save(command)
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
        self._end_run(OngoingRun.stop)

    def close(self) -> None:
        """End the run so that it can be continued, and let go of the history."""
        self._end_run(OngoingRun.interrupt)
        self._records.close()

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
        assert self._run is not None
        live = self._run.session.live
        live.synchronous = self._answers.someone_draws and self._run.batch_seconds > _SLOW_BATCH_S
        return live.synchronous

    @property
    def _shown(self) -> Session | None:
        """What questions are answered from: a moment that is looked at, or the network of now."""
        return self._viewing.session or self._session

    def _advance(self) -> TrainingEvent | None:
        run = self._run
        event = run.advance() if run is not None else None
        if isinstance(event, BatchesDone):
            self._parked = None
        if run is None or run.is_over:
            self._note_recorded()
            self._run = None
            self.state = "ready"  # also where going back fails
            failed = not isinstance(event, RunFinished) or event.reason == "failed"
            if self._parked is not None and failed:
                self._go_back()
            self._parked = None
            self.enter("ready")
        return event

    def _load_dataset(self, source: str | Path) -> None:
        self._take_dataset(open_folder(source) if isinstance(source, Path) else load_dataset(source))

    def _take_dataset(self, dataset: Dataset) -> None:
        self._dataset = dataset
        if self._viewing.session is not None:
            self._viewing.session.dataset = dataset
        if self._session is not None and self._run is None:
            self._session.dataset = dataset
        self._drop_chores()
        self._post(m.DatasetLoaded(dataset))

    def _train(self, command: m.Train) -> None:
        self._refuse_while_training()
        if self._dataset is None:
            raise TrainingError("training.no_data", "There is no data set to train on; open one first.")
        backend = self._make_backend(command.backend, check_device(command.device))
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

    def _continue_run(self, command: m.ContinueRun) -> None:
        self._refuse_while_training()
        store = self._records.store()
        found = find_resumable(store, command.id)
        start = found.start
        if self._dataset is None or self._dataset.source != start.dataset:
            self._take_dataset(load_recorded_data(start))
        assert self._dataset is not None
        check_data(start, self._dataset)
        backend = self._make_backend(start.backend, check_device(start.device))
        session = Session(backend, start.spec, start.config, self._dataset, found.model)
        session.recall_best(found.best)
        run = session.resume(command.run)
        self._tell_past(command.run, command.id, session.position.step)
        self._take_over(session, run, command.run, "resumed", found.caution, run_id=command.id)

    def _branch_run(self, command: m.BranchRun) -> None:
        self._refuse_while_training()
        if self._dataset is None:
            raise TrainingError("training.no_data", "There is no data set to train on; open one first.")
        checkpoint, store = command.checkpoint, self._records.store()
        model = load_model(checkpoint.path)
        backend, device, config = command.backend, command.device, command.config
        replays = config is None and model.state is not None
        with suppress(KeyError):
            start = store.start(checkpoint.run)
            if config is None:
                backend, device = start.backend, start.device
        config = config or model.config or TrainingConfig()
        session = Session(
            self._make_backend(backend, check_device(device)), model.spec, model.config or config, self._dataset, model
        )
        run = session.resume(command.run) if replays else session.train(command.run, config)
        note = (
            "" if checkpoint.kind == "state" else "A snapshot holds weights alone: the optimizer's moments begin anew."
        )
        origin = Origin(checkpoint.kind, checkpoint.run, checkpoint.position.step)
        self._tell_past(command.run, checkpoint.run, checkpoint.position.step)
        self._take_over(session, run, command.run, "branched", note, origin)

    def _train_more(self, command: m.TrainMore) -> None:
        session = self._trained_session()
        is_edited = command.spec is not None and command.spec != session.spec
        grows = is_edited or command.config.batch_size > session.config.batch_size
        if grows and self._is_too_large(command, command.spec or session.spec, session.backend.device):
            return
        going_on = session.edited(command.spec) if command.spec is not None and is_edited else session
        if command.backend not in ("", going_on.backend.name):
            going_on = going_on.moved(self._make_backend(command.backend, going_on.backend.device))
        run = going_on.train(command.run, command.config)  # a refusal leaves the network as it was
        if going_on is not session:
            self._exchange(going_on)
        kind: Literal["edited", "more", "file"] = "edited" if is_edited else "more"
        origin = Origin("file" if self._recorded is None else kind, self._recorded, going_on.position.step)
        self._begin(going_on, run, command.run, origin)
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

    def _begin(
        self,
        session: Session,
        events: Generator[TrainingEvent, None, None],
        name: str,
        origin: Origin = FRESH,
        run_id: int | None = None,
    ) -> None:
        self._session = session
        recorder = self._records.record(name, session, origin, run_id)
        self._run = OngoingRun(name, session, events, recorder, self._post)
        self._view(m.ViewMoment(None))
        self._drop_chores()

    def _take_over(
        self,
        session: Session,
        events: Generator[TrainingEvent, None, None],
        name: str,
        how: Literal["resumed", "branched"],
        note: str,
        origin: Origin = FRESH,
        run_id: int | None = None,
    ) -> None:
        """Put a session that comes from the history in the place of the one there is, and train."""
        self._parked = None
        self._begin(session, events, name, origin, run_id)
        self._post(m.NetworkReady(session.spec, session.config, session.class_names, how, note=note))
        self.enter("training")

    def _tell_past(self, name: str, run: int, step: int) -> None:
        """Tell the curves what had been done before."""
        store = self._records.store()
        record = store.run(run)
        if record is not None:
            past = [
                {column: values[table["step"] <= step] for column, values in table.items()}
                for table in (store.epochs(run, with_past=True), store.batches(run, with_past=True))
            ]
            self._post(m.PastTold(name, record.name, store.start(run).batches_per_epoch, *past))

    def _note_recorded(self) -> None:
        if self._run is not None:
            self._recorded = self._run.recorder.id

    def _view(self, command: m.ViewMoment) -> None:
        """Look at a moment of a run, or at the network of now again."""
        before = self._viewing.checkpoint
        if command.checkpoint is None:
            self._viewing.leave()
        else:
            self._viewing.show(command.checkpoint, self._dataset)
        shown = self._shown
        if shown is not None and (before is not None or command.checkpoint is not None):
            for kind in (m.FindMistakes, m.MeasureConfusion):
                self._chores.pop(kind, None)
            self._post(m.MomentShown(self._viewing.checkpoint, shown.spec, shown.class_names))

    def _refuse_while_training(self) -> None:
        if self.state in ("training", "paused"):
            raise TrainingError("training.busy", "A run is going on; stop it first. It was not touched.")

    def _pause(self) -> None:
        """Train what is in flight to its end, so that the window shows all that was trained."""
        assert self._run is not None
        self._run.hold()
        self._halt_at(BatchesDone, Evaluating)

    def _step(self) -> None:
        assert self._run is not None
        self._run.session.stopwatch.start()
        self._halt_at(BatchesDone)  # at the end of an epoch, that is after its validation

    def _halt_at(self, *reports: type[TrainingEvent]) -> None:
        run = self._run
        if run is not None and self._advance_to(*reports):
            run.session.stopwatch.stop()
            run.keep()
            self.enter("paused")

    def _advance_to(self, *reports: type[TrainingEvent]) -> bool:
        """Train on to the next report of one of these kinds; False when the run ended before."""
        while self._run is not None:
            if isinstance(self._advance(), reports):
                return True
        return False

    def _resume(self) -> None:
        assert self._run is not None
        self._run.let_go()
        self.enter("training")

    def _end_run(self, end: Callable[[OngoingRun], None]) -> None:
        """Train what is in flight to its end, and end the run in this way."""
        if self._run is not None:
            self._run.hold()
            while self._run is not None and self._run.session.state is None:
                self._advance()
        if self._run is not None:
            end(self._run)
            self._note_recorded()
            self._run = None
        if self.state in ("training", "paused"):
            self.enter("ready")

    def _go_back(self) -> None:
        """Return to the network from before a run that failed in its first batches."""
        self._session = None
        session = self._bring_back()
        assert session is not None
        self._post(m.NetworkReady(session.spec, session.config, session.class_names, "restored"))

    def _save(self, command: m.Save) -> None:
        if self.state == "training" and self._run is not None:
            self._run.session.live.settle()  # so that weights and position belong together
            while self._run is not None and self._run.session.state is None:
                self._advance()
        session = self._bring_back()
        if session is None:
            raise TrainingError("training.no_network", "There is no network to save yet; train or open one first.")
        versions = runtime.versions()
        save_model_as(command.path, session.best_model(versions) if command.best else session.model(versions))
        self._post(m.Saved(command.path))

    def _open(self, command: m.Open) -> None:
        self._refuse_while_training()
        opened = open_model(command.path, command.spec)
        backend = self._make_backend(command.backend, check_device(command.device))
        config = opened.model.config or command.config
        self._session = Session(backend, opened.model.spec, config, self._dataset, opened.model)
        self._parked = self._recorded = None
        self._view(m.ViewMoment(None))
        self._drop_chores()
        self._post(
            m.NetworkReady(
                self._session.spec, config, self._session.class_names, "opened", command.path, opened.note
            )
        )  # fmt: skip
        self.enter("ready")
