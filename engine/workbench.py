"""What the worker does, one command at a time and a little of what is under way: data set, network, run, answers."""

from __future__ import annotations

import gc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from engine import messages as m
from engine.answers import Answers
from engine.backends.base import MakeBackend
from engine.backends.mxnet import runtime
from engine.chores import Chore, check_gradients, estimate, find_mistakes, measure_confusion, train_twins, write_report
from engine.data.catalog import read_dataset
from engine.data.dataset import Dataset
from engine.devices import check_device, list_devices
from engine.errors import NetariumError
from engine.fastest import AUTO, Fastest, known_fastest
from engine.record_keeping import RecordKeeper
from engine.session import Session
from engine.spare_memory import give_back
from engine.trainer import Trainer
from engine.viewing import Viewing

# Waiting for one more batch of this length would be felt; shorter ones are worth queueing.
_SLOW_BATCH_S = 0.02


class Workbench:
    """Hands commands to whoever carries them out, and does a little of everything in turn. Used by one thread.

    Parameters
    ----------
    post : callable (Message)
        Takes what there is to tell; must return at once.
    make_backend : MakeBackend
    """

    def __init__(self, post: Callable[[m.Message], None], make_backend: MakeBackend) -> None:
        self._post = post
        self._make_backend = make_backend
        self._chores: dict[type[m.Command], tuple[m.Command, Chore]] = {}
        self._answers = Answers(post)
        self._records = RecordKeeper(post)
        self._viewing = Viewing(make_backend)
        self.trainer = Trainer(post, make_backend, self._records, self._look_at_now)

    def load(self, first: m.LoadDataset | None = None) -> None:
        """Load MXNet and list the devices; from then on commands can be handled.

        Parameters
        ----------
        first : LoadDataset, optional
            Handled here: the files are read on another thread while MXNet is imported, since unpacking them needs
            none of Python's lock and importing hardly anything else.
        """
        with ThreadPoolExecutor(1, "data set") as reader:
            reading = reader.submit(read_dataset, first.source) if first is not None else None
            self._records.open()
            try:
                runtime.load()
                gc.freeze()  # what was loaded stays; looking through it at each full collection stops the window
                self._post(m.DevicesListed(list_devices()))
            except NetariumError as error:
                self._post(m.CommandFailed(m.Command(), error))
        self.trainer.enter("ready")
        if first is not None and reading is not None:
            self._take_dataset(first, reading.result)

    @property
    def is_busy(self) -> bool:
        """Whether there is something to go on with."""
        return self.trainer.state == "training" or bool(self._chores) or bool(self._answers)

    def handle(self, command: m.Command) -> None:
        """Do what is asked, or tell why it cannot be done."""
        try:
            match command:
                case m.LoadDataset(source=source):
                    self.trainer.take_dataset(read_dataset(source))
                case m.Train():
                    self.trainer.train(command)
                case m.TrainMore():
                    self.trainer.train_more(command)
                case m.ContinueRun():
                    self.trainer.continue_run(command)
                case m.BranchRun():
                    self.trainer.branch_run(command)
                case m.ViewMoment():
                    self._view(command)
                case m.Pause() if self.trainer.state == "training":
                    self.trainer.pause()
                case m.Resume() if self.trainer.state == "paused":
                    self.trainer.resume()
                case m.StepBatch() if self.trainer.state == "paused":
                    self.trainer.step()
                case m.Stop() if self.trainer.state in ("training", "paused"):
                    self.trainer.stop()
                case m.Change(setting=setting, value=value) if self.trainer.session is not None:
                    self.trainer.session.live.change(setting, value)
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
                case m.Estimate() if self.trainer.state == "ready" and self.trainer.dataset is not None:
                    found = Fastest(command.backend)
                    if command.backend == AUTO:
                        found = known_fastest(command.spec, command.config, command.device)
                    device = check_device(command.device, found.backend)
                    backend = self._make_backend(found.backend, device, found.threads)
                    self._chores[m.Estimate] = command, estimate(command, backend, self.trainer.dataset)
                case m.CheckGradients():
                    self.trainer.refuse_while_training()
                    self._chores[m.CheckGradients] = command, check_gradients(command)
                case m.CancelCheck():
                    self._chores.pop(m.CheckGradients, None)
                case m.TwinRun() if self.trainer.dataset is not None:
                    self.trainer.refuse_while_training()
                    self._chores[m.TwinRun] = command, train_twins(command, self._make_backend, self.trainer.dataset)
                case m.CancelTwin():
                    self._chores.pop(m.TwinRun, None)
                case m.Edit(spec=spec):
                    self.trainer.edit(spec)
                case m.Save():
                    self.trainer.save(command)
                case m.WriteReport():
                    chore = write_report(command, self._records.store(), self._make_backend)
                    self._chores[m.WriteReport] = command, chore
                case m.Open():
                    self.trainer.open(command)
                case _:
                    pass  # asked for a moment ago, and out of place by now: a pause after the end, say
        except NetariumError as error:
            self._post(m.CommandFailed(command, error))

    def go_on(self) -> None:
        """Do a little of what is under way."""
        self._do_chores()
        if self.trainer.state == "training" and not self._keep_answers_quick():
            # Answers were begun before the next batch and are read after it was begun: the device never waits.
            self.trainer.advance()
            self._answers.give()
        else:
            self._answers.give()
            if self.trainer.state == "training":
                self.trainer.advance()

    def close(self) -> None:
        """End the run so that it can be continued, and let go of the history."""
        self.trainer.close()
        self._records.close()

    def _take_dataset(self, command: m.LoadDataset, read: Callable[[], Dataset]) -> None:
        try:
            self.trainer.take_dataset(read())
        except NetariumError as error:
            self._post(m.CommandFailed(command, error))

    def _do_chores(self) -> None:
        for kind, (command, chore) in list(self._chores.items()):
            try:
                reply = next(chore)
            except (StopIteration, NetariumError) as end:
                self._chores.pop(kind, None)
                if isinstance(end, NetariumError):
                    self._post(m.CommandFailed(command, end))
                if not self.is_busy:
                    give_back()
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
        run = self.trainer.run
        assert run is not None
        live = run.session.live
        quick = self._answers.someone_draws and run.batch_seconds > _SLOW_BATCH_S
        live.synchronous = quick
        return quick

    @property
    def _shown(self) -> Session | None:
        """What questions are answered from: a moment that is looked at, or the network of now."""
        if self._viewing.session is not None:
            self._viewing.session.dataset = self.trainer.dataset
        return self._viewing.session or self.trainer.session

    def _view(self, command: m.ViewMoment) -> None:
        """Look at a moment of a run, or at the network of now again."""
        before = self._viewing.checkpoint
        if command.checkpoint is None:
            self._viewing.leave()
        else:
            self._viewing.show(command.checkpoint, self.trainer.dataset)
        if before is None and command.checkpoint is None:
            return
        for kind in (m.FindMistakes, m.MeasureConfusion):
            self._chores.pop(kind, None)
        shown = self._shown
        spec, class_names = (shown.spec, shown.class_names) if shown is not None else (None, ())
        self._post(m.MomentShown(self._viewing.checkpoint, spec, class_names))

    def _look_at_now(self) -> None:
        """Give up all that was about the network from before, since another one is there or learns."""
        self._view(m.ViewMoment(None))
        self._drop_chores()
