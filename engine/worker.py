"""The one thread that owns a backend while the window is open: commands in, messages out."""

from __future__ import annotations

import gc
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from engine import messages as m
from engine.backends.base import Array, Backend
from engine.backends.mxnet import runtime
from engine.backends.mxnet.gluon import GluonBackend
from engine.data.catalog import load_dataset, open_folder
from engine.data.dataset import Dataset
from engine.devices import check_device, list_devices
from engine.errors import NetariumError, TrainingError
from engine.inspection.confusion import mistakes
from engine.session import Session
from engine.storage.models import open_model, save_model_as
from engine.training.events import BatchesDone, Evaluating, RunFinished, TrainingEvent
from engine.training.live import REPORT_EVERY_S

# A report of batches or of progress can wait for the window's next look; everything else wakes it.
_CAN_WAIT = (BatchesDone, Evaluating)
_HAND_OVER_S = 0.001
# Somebody who draws asks again within this time.
_STILL_DRAWING_S = 0.1
# Waiting for one more batch of this length would be felt; shorter ones are worth queueing.
_SLOW_BATCH_S = 0.02


class Worker:
    """Runs a session on a thread of its own.

    Parameters
    ----------
    notify : callable
        Called from the worker's thread when a message should be taken soon; must return at once.
    make_backend : callable (device name) -> Backend
    """

    def __init__(
        self, notify: Callable[[], None] = lambda: None, make_backend: Callable[[str], Backend] = GluonBackend
    ) -> None:
        self._notify = notify
        self._make_backend = make_backend
        self._inbox: deque[m.Command] = deque()
        self._outbox: deque[m.Message] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._state: m.WorkerState = "loading"
        self._dataset: Dataset | None = None
        self._session: Session | None = None
        self._run: Generator[TrainingEvent, None, None] | None = None
        self._run_name = ""
        self._chore: Iterator[None] | None = None
        self._asked_at = 0.0
        self._batch_seconds = 0.0
        self._answers: deque[Callable[[], None]] = deque()  # what was asked of the network and is being computed
        self._thread = threading.Thread(target=self._work, name="netarium-worker", daemon=True)

    def start(self) -> None:
        """Start the thread; it loads MXNet first."""
        # Python's threads hand over after 5 ms by default; a batch that waits so long to be queued costs speed.
        sys.setswitchinterval(_HAND_OVER_S)
        self._thread.start()

    def submit(self, command: m.Command) -> None:
        """Ask for something, from any thread; the answer is a message."""
        with self._changed:
            if isinstance(command, m.LatestWins):
                older = [waiting for waiting in self._inbox if type(waiting) is type(command)]
                for waiting in older:
                    self._inbox.remove(waiting)
            self._inbox.append(command)
            self._changed.notify()

    def take(self) -> list[m.Message]:
        """Return all messages since the last call, in order."""
        taken = []
        while self._outbox:
            taken.append(self._outbox.popleft())
        return taken

    def close(self, timeout: float = 10.0) -> bool:
        """End a run if one goes on, stop the thread, and tell whether it stopped within ``timeout`` seconds."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _post(self, message: m.Message) -> None:
        self._outbox.append(message)
        if not isinstance(message, _CAN_WAIT):
            self._notify()

    def _enter(self, state: m.WorkerState) -> None:
        self._state = state
        self._post(m.StateChanged(state, self._session is not None))

    def _work(self) -> None:
        self._guard(self._load)
        while not self._closing:
            command = self._next_command()
            self._guard(self._go_on if command is None else partial(self._handle, command))
        self._guard(self._wind_up)

    def _wind_up(self) -> None:
        """End the run, and still save what was asked to be saved."""
        self._stop()
        for command in tuple(self._inbox):
            if isinstance(command, m.Save):
                self._handle(command)

    def _guard(self, action: Callable[[], None]) -> None:
        """Keep the thread alive whatever happens; the window shows the report."""
        try:
            action()
        except Exception as error:
            self._post(m.Crashed(f"{type(error).__name__}: {error}", traceback.format_exc()))
            self._enter(self._state)  # the window may be waiting for another state

    def _load(self) -> None:
        try:
            runtime.load()
            gc.freeze()  # MXNet's many functions stay; looking through them at each full collection stops the window
            self._post(m.DevicesListed(list_devices()))
        except NetariumError as error:
            self._post(m.CommandFailed(m.Command(), error))
        self._enter("ready")

    def _next_command(self) -> m.Command | None:
        """Return what is asked, or None when there is work to go on with; wait while there is neither."""
        with self._changed:
            while not (self._inbox or self._closing or self._is_busy()):
                self._changed.wait()
            return self._inbox.popleft() if self._inbox else None

    def _is_busy(self) -> bool:
        return self._state == "training" or self._chore is not None or bool(self._answers)

    def _handle(self, command: m.Command) -> None:
        try:
            match command:
                case m.LoadDataset(source=source):
                    self._load_dataset(source)
                case m.Train():
                    self._train(command)
                case m.TrainMore():
                    self._train_more(command)
                case m.Pause() if self._state == "training":
                    self._pause()
                case m.Resume() if self._state == "paused":
                    self._resume()
                case m.StepBatch() if self._state == "paused":
                    self._step()
                case m.Stop() if self._state in ("training", "paused"):
                    self._stop()
                case m.Change(setting=setting, value=value) if self._session is not None:
                    self._session.live.change(setting, value)
                case m.Predict() if self._session is not None:
                    self._predict(self._session, command)
                case m.ReadWeights(path=path) if self._session is not None:
                    self._read_weights(self._session, path)
                case m.FindMistakes() if self._session is not None and self._chore is None:
                    self._chore = self._find_mistakes(self._session, self._session.test_probabilities())
                case m.Save(path=path):
                    self._save(path)
                case m.Open():
                    self._open(command)
                case _:
                    pass  # asked for a moment ago, and out of place by now: a pause after the end, say
        except NetariumError as error:
            self._post(m.CommandFailed(command, error))

    def _go_on(self) -> None:
        """Do a little of what is under way."""
        if self._chore is not None and next(self._chore, True):
            self._chore = None
        if self._state == "training" and not self._keep_answers_quick():
            # Answers were begun before the next batch and are read after it was begun: the device never waits.
            self._advance()
            self._answer()
        else:
            self._answer()
            if self._state == "training":
                self._advance()

    def _answer(self) -> None:
        while self._answers:
            self._answers.popleft()()

    def _keep_answers_quick(self) -> bool:
        """While someone draws and batches are slow, queue no batch that the next answer would have to wait for."""
        assert self._session is not None
        someone_draws = time.monotonic() - self._asked_at < _STILL_DRAWING_S
        self._session.live.synchronous = someone_draws and self._batch_seconds > _SLOW_BATCH_S
        return self._session.live.synchronous

    def _advance(self) -> TrainingEvent | None:
        event = next(self._run, None) if self._run is not None else None
        if event is not None:
            self._post(event)
        if isinstance(event, BatchesDone) and self._session is not None:
            self._batch_seconds = self._session.config.batch_size / max(event.samples_per_second, 1.0)
        if event is None or isinstance(event, RunFinished):
            self._run = None
            self._enter("ready")
        return event

    def _load_dataset(self, source: str | Path) -> None:
        dataset = open_folder(source) if isinstance(source, Path) else load_dataset(source)
        self._dataset = dataset
        if self._session is not None and self._run is None:
            self._session.dataset, self._chore = dataset, None
        self._post(m.DatasetLoaded(dataset))

    def _train(self, command: m.Train) -> None:
        self._refuse_while_training()
        if self._dataset is None:
            raise TrainingError("training.no_data", "There is no data set to train on; open one first.")
        backend = self._make_backend(check_device(command.device))
        session = Session(backend, command.spec, command.config, self._dataset)
        self._begin(session, session.train(command.run), command.run)
        self._post(m.NetworkReady(session.spec, session.config, session.class_names))
        if command.one_batch:
            self._state = "training"
            self._pause()
        else:
            self._enter("training")

    def _train_more(self, command: m.TrainMore) -> None:
        self._refuse_while_training()
        if self._session is None:
            raise TrainingError("training.no_network", "There is no network to train on; train or open one first.")
        self._session.dataset = self._dataset
        self._begin(self._session, self._session.train(command.run, command.config), command.run)
        self._enter("training")

    def _begin(self, session: Session, run: Generator[TrainingEvent, None, None], name: str) -> None:
        self._session, self._run, self._run_name, self._chore = session, run, name, None

    def _refuse_while_training(self) -> None:
        if self._state in ("training", "paused"):
            raise TrainingError("training.busy", "A run is going on; stop it first. It was not touched.")

    def _pause(self) -> None:
        """Train what is in flight to its end, so that the window shows all that was trained."""
        assert self._session is not None
        self._session.live.synchronous, self._session.live.report_every = True, 0.0
        if self._advance_to(BatchesDone, Evaluating):
            self._session.stopwatch.stop()
            self._enter("paused")

    def _step(self) -> None:
        assert self._session is not None
        self._session.stopwatch.start()
        if self._advance_to(BatchesDone):  # at the end of an epoch, that is after its validation
            self._session.stopwatch.stop()
            self._enter("paused")

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
        self._enter("training")

    def _stop(self) -> None:
        """Finish the batch in flight and end the run; its weights stay."""
        if self._state == "training":
            self._pause()
        self._end_run()
        if self._state != "ready":
            self._enter("ready")

    def _end_run(self) -> None:
        if self._run is None or self._session is None:
            return
        self._run.close()
        self._run = None
        self._post(RunFinished(self._run_name, self._session.position, "stopped"))

    def _predict(self, session: Session, command: m.Predict) -> None:
        if command.follows_pen:
            self._asked_at = time.monotonic()
        if command.image.shape != session.spec.input_shape:
            return  # drawn for another network
        pending = session.network.classify(command.image[np.newaxis], command.with_activations)

        def answer() -> None:
            classified = pending.result()
            self._post(m.Prediction(command.request, classified.probabilities[0], classified.activations))

        self._answers.append(answer)

    def _read_weights(self, session: Session, path: str) -> None:
        pending, step = session.network.copy_weight(path), session.position.step
        if pending is not None:
            self._answers.append(lambda: self._post(m.WeightsRead(path, pending.result(), step)))

    def _find_mistakes(self, session: Session, batches: Iterator[Array]) -> Iterator[None]:
        """Classify the test images a batch at a time, between the batches of a run."""
        assert session.dataset is not None
        probabilities: list[Array] = []
        for batch in batches:
            probabilities.append(batch)
            yield
        found = mistakes(session.dataset.test_labels, np.concatenate(probabilities))
        self._post(m.MistakesFound(found, len(session.dataset.test_labels)))

    def _save(self, path: Path) -> None:
        if self._session is None:
            raise TrainingError("training.no_network", "There is no network to save yet; train or open one first.")
        save_model_as(path, self._session.model(runtime.versions()))
        self._post(m.Saved(path))

    def _open(self, command: m.Open) -> None:
        self._refuse_while_training()
        opened = open_model(command.path, command.spec)
        backend = self._make_backend(check_device(command.device))
        config = opened.model.config or command.config
        self._session = Session(backend, opened.model.spec, config, self._dataset, opened.model)
        self._chore = None
        self._post(m.NetworkReady(self._session.spec, config, self._session.class_names, command.path, opened.note))
        self._enter("ready")
