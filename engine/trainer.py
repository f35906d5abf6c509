"""The network there is, and the run that trains it: begun, held and ended here, whatever it began with."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Literal

from engine import messages as m
from engine.architecture.network import NetworkSpec
from engine.backends.base import Backend, MakeBackend
from engine.backends.choice import threads_again
from engine.backends.mxnet import runtime
from engine.data.dataset import Dataset
from engine.devices import backends_on, check_device, device_or_cpu
from engine.errors import TrainingError
from engine.estimates.cost import memory_cost
from engine.fastest import AUTO, Fastest, doubt, find_fastest, known_fastest
from engine.history.recorder import Recorder
from engine.history.records import FRESH, Origin
from engine.ongoing import OngoingRun
from engine.parked import Parked
from engine.record_keeping import RecordKeeper
from engine.returning import Returned, branch_from, return_to_run
from engine.session import Session
from engine.storage.models import open_model, save_model_as
from engine.training.events import BatchesDone, Evaluating, RunFinished, TrainingEvent


class Trainer:
    """A small state machine around one session: loading, ready, training or paused. Used by one thread.

    Parameters
    ----------
    post : callable (Message)
        Takes what there is to tell; must return at once.
    make_backend : MakeBackend
    records : RecordKeeper
        Keeps every run.
    exchanged : callable ()
        Told when another network takes the place of the one there was, or begins to learn.

    Attributes
    ----------
    state : WorkerState
    dataset : Dataset or None
        What the next run learns from.
    session : Session or None
        The network there is.
    run : OngoingRun or None
        The run that trains it.
    """

    def __init__(
        self,
        post: Callable[[m.Message], None],
        make_backend: MakeBackend,
        records: RecordKeeper,
        exchanged: Callable[[], None],
    ) -> None:
        self._post, self._make_backend, self._records, self._exchanged = post, make_backend, records, exchanged
        self.state: m.WorkerState = "loading"
        self.dataset: Dataset | None = None
        self.session: Session | None = None
        self.run: OngoingRun | None = None
        self._recorder: Recorder | None = None  # of the run that the session's weights come from
        self._parked: Parked | None = None  # the network from before, until the new one trained a batch

    def enter(self, state: m.WorkerState) -> None:
        """Be in this state, and tell it."""
        self.state = state
        self._post(m.StateChanged(state, self.session is not None))

    def take_dataset(self, dataset: Dataset) -> None:
        """Have the next run learn from these images."""
        self.dataset = dataset
        if self.session is not None and self.run is None:
            self.session.dataset = dataset
        self._exchanged()
        self._post(m.DatasetLoaded(dataset))

    def train(self, command: m.Train) -> None:
        """Begin a run with fresh weights."""
        self.refuse_while_training()
        if self.dataset is None:
            raise TrainingError("training.no_data", "There is no data set to train on; open one first.")
        self._park()
        try:
            if self._is_too_large(command, command.spec, command.device):
                return
            backend = self._backend_for(command)
            session = Session(backend, command.spec, command.config, self.dataset)
            run = session.train(command.run)
        except Exception:
            self._bring_back()
            raise
        self._begin(session, run, command.run)
        self._post(m.NetworkReady(session.spec, session.config, session.class_names))
        if command.one_batch:
            self.state = "training"
            self.pause()
        else:
            self.enter("training")

    def train_more(self, command: m.TrainMore) -> None:
        """Train on what there is, edited or not."""
        session = self._trained_session()
        is_edited = command.spec is not None and command.spec != session.spec
        grows = is_edited or command.config.batch_size > session.config.batch_size
        if grows and self._is_too_large(command, command.spec or session.spec, session.backend.device):
            return
        going_on = session.edited(command.spec) if command.spec is not None and is_edited else session
        if command.backend not in ("", AUTO, going_on.backend.name):
            going_on = going_on.moved(
                self._make_backend(command.backend, device_or_cpu(going_on.backend.device, command.backend))
            )
        run = going_on.train(command.run, command.config)  # a refusal leaves the network as it was
        if going_on is not session:
            self._exchange(going_on)
        kind: Literal["edited", "more", "file"] = "edited" if is_edited else "more"
        parent = self._recorder.id if self._recorder is not None else None
        origin = Origin("file" if parent is None else kind, parent, going_on.position.step)
        self._begin(going_on, run, command.run, origin)
        self.enter("training")

    def continue_run(self, command: m.ContinueRun) -> None:
        """Go on with a run of the history, exactly, on the data set that it learned from."""
        self.refuse_while_training()
        found = return_to_run(self._records.store(), command.id, self.dataset, self._make_backend)
        self._go_on_with(found, command.run, command.id, run_id=command.id)

    def branch_run(self, command: m.BranchRun) -> None:
        """Begin a run with the weights of a checkpoint."""
        self.refuse_while_training()
        if self.dataset is None and not command.own_data:
            raise TrainingError("training.no_data", "There is no data set to train on; open one first.")
        found = branch_from(
            self._records.store(), command.checkpoint, command.config, self.dataset, command.own_data,
            self._make_backend, command.backend, command.device,
        )  # fmt: skip
        self._go_on_with(found, command.run, command.checkpoint.run)

    def _go_on_with(self, found: Returned, name: str, past: int, run_id: int | None = None) -> None:
        """Put a session that comes from the history in the place of the one there is, and train."""
        session = found.session
        events = session.resume(name) if found.replays else session.train(name, found.config)  # or a refusal
        if session.dataset is not None and session.dataset is not self.dataset:
            self.take_dataset(session.dataset)
        self._parked = None
        self._post(m.NetworkReady(session.spec, session.config, session.class_names, "returned", note=found.note))
        self._tell_past(name, past, session.position.step)
        self._begin(session, events, name, found.origin, run_id)
        self.enter("training")

    def edit(self, spec: NetworkSpec) -> None:
        """Put an edited network in the place of the one there is."""
        self._exchange(self._trained_session().edited(spec))

    def open(self, command: m.Open) -> None:
        """Read a model; after a failure everything is as it was."""
        self.refuse_while_training()
        opened = open_model(command.path, command.spec)
        config = opened.model.config or command.config
        found = Fastest(command.backend)
        if command.backend == AUTO:  # what it was trained with: it answers as it did then, to the last bit
            versions = opened.model.versions
            threads = threads_again(versions.get("threads", ""), str(versions.get("device", "cpu")))
            found = Fastest(str(versions.get("backend", "")), threads=threads)
            if found.backend not in backends_on(command.device):
                found = known_fastest(opened.model.spec, config, command.device)
        device = check_device(command.device, found.backend)
        backend = self._make_backend(found.backend, device, found.threads)
        self.session = Session(backend, opened.model.spec, config, self.dataset, opened.model)
        self._parked = self._recorder = None
        self._exchanged()
        self._post(
            m.NetworkReady(
                self.session.spec, config, self.session.class_names, "opened", command.path, opened.note,
                self.session.metrics, self.session.position,
            )
        )  # fmt: skip
        self.enter("ready")

    def save(self, command: m.Save) -> None:
        """Write the model as it is now, or as it was after its best epoch."""
        if self.state == "training" and self.run is not None:
            self.run.session.live.settle()  # so that weights and position belong together
            while self.run is not None and self.run.session.state is None:
                self.advance()
        session = self._bring_back()
        if session is None:
            raise TrainingError("training.no_network", "There is no network to save yet; train or open one first.")
        versions = runtime.versions()
        save_model_as(command.path, session.best_model(versions) if command.best else session.model(versions))
        self._post(m.Saved(command.path, command.best))

    def pause(self) -> None:
        """Train what is in flight to its end, so that the window shows all that was trained."""
        assert self.run is not None
        self.run.hold()
        self._halt_at(BatchesDone, Evaluating)

    def resume(self) -> None:
        """Go on after a pause."""
        assert self.run is not None
        self.run.let_go()
        self.enter("training")

    def step(self) -> None:
        """Train a single batch of a paused run."""
        assert self.run is not None
        self.run.session.stopwatch.start()
        self._halt_at(BatchesDone)  # at the end of an epoch, that is after its validation

    def stop(self) -> None:
        """Finish the batch in flight and end the run; its weights stay."""
        self._end_run(OngoingRun.stop)

    def close(self) -> None:
        """End the run so that it can be continued."""
        self._end_run(OngoingRun.interrupt)

    def advance(self) -> TrainingEvent | None:
        """Train on to the next event of the run, and return it."""
        run = self.run
        event = run.advance() if run is not None else None
        if isinstance(event, BatchesDone):
            self._parked = None
        if run is None or run.is_over:
            if run is not None:
                session = run.session
                doubt(session.spec, session.config, session.backend, run.best_rate)
            self.run = None
            self.state = "ready"  # also where going back fails
            failed = not isinstance(event, RunFinished) or event.reason == "failed"
            if self._parked is not None and failed:
                self._go_back()
            self._parked = None
            self.enter("ready")
        return event

    def refuse_while_training(self) -> None:
        """Raise ``TrainingError`` while a run goes on."""
        if self.state in ("training", "paused"):
            raise TrainingError("training.busy", "A run is going on; stop it first. It was not touched.")

    def _backend_for(self, command: m.Train) -> Backend:
        """Return what a run is to be computed with; where that was left open, the fastest, which is told."""
        found = Fastest(command.backend)
        if command.backend == AUTO:
            found = find_fastest(command.spec, command.config.checked(), command.device, self._make_backend)
            self._post(m.BackendChosen(found.backend, found.ratio, found.threads == 1, found.is_timed))
        return self._make_backend(found.backend, check_device(command.device, found.backend), found.threads)

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

    def _trained_session(self) -> Session:
        """Return the session there is, with the data set there is, if no run goes on."""
        self.refuse_while_training()
        session = self._bring_back()
        if session is None:
            raise TrainingError("training.no_network", "There is no network to train on; train or open one first.")
        session.dataset = self.dataset  # it may have been loaded during a run
        return session

    def _exchange(self, edited: Session) -> None:
        self.session = edited
        self._exchanged()
        self._post(m.NetworkReady(edited.spec, edited.config, edited.class_names, "edited"))

    def _park(self) -> None:
        """Keep the network there is outside the device: the next one may need the memory, and fail for want of it."""
        if self.session is not None:
            self._parked = Parked.of(self.session, self._recorder)
            self.session = None

    def _bring_back(self) -> Session | None:
        """Have the network again that was parked; it stays so where there is no memory for it yet."""
        if self.session is None and self._parked is not None:
            self.session, self._recorder = self._parked.bring_back(self.dataset), self._parked.recorder
            self._parked = None
        return self.session

    def _begin(
        self,
        session: Session,
        events: Generator[TrainingEvent, None, None],
        name: str,
        origin: Origin = FRESH,
        run_id: int | None = None,
    ) -> None:
        self.session = session
        self._recorder = self._records.record(name, session, origin, run_id)
        self.run = OngoingRun(name, session, events, self._recorder, self._post)
        self._exchanged()

    def _tell_past(self, name: str, run: int, step: int) -> None:
        """Tell the curves what had been done before."""
        store = self._records.store()
        record = store.run(run)
        if record is not None:
            past = [
                {column: values[table["step"] <= step] for column, values in table.items()}
                for table in (store.epochs(run, with_past=True), store.batches(run, with_past=True))
            ]
            self._post(m.PastTold(name, *past))

    def _halt_at(self, *reports: type[TrainingEvent]) -> None:
        run = self.run
        if run is not None and self._advance_to(*reports):
            run.session.stopwatch.stop()
            run.keep()
            self.enter("paused")

    def _advance_to(self, *reports: type[TrainingEvent]) -> bool:
        """Train on to the next report of one of these kinds; False when the run ended before."""
        while self.run is not None:
            if isinstance(self.advance(), reports):
                return True
        return False

    def _end_run(self, end: Callable[[OngoingRun], None]) -> None:
        """Train what is in flight to its end, and end the run in this way."""
        if self.run is not None:
            self.run.hold()
            while self.run is not None and self.run.session.state is None:
                self.advance()
        if self.run is not None:
            end(self.run)
            self.run = None
        if self.state in ("training", "paused"):
            self.enter("ready")

    def _go_back(self) -> None:
        """Return to the network from before a run that failed in its first batches."""
        self.session = None
        session = self._bring_back()
        assert session is not None
        self._post(m.NetworkReady(session.spec, session.config, session.class_names, "restored"))
