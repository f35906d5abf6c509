"""What a person wants of runs: begun, continued, branched, held and ended, each a command to the worker."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import msgspec
from PySide6.QtCore import QObject, Signal

from engine import messages as m
from engine.architecture.network import NetworkSpec
from engine.errors import NetariumError
from engine.history.records import CheckpointRecord, RunRecord
from engine.training.config import TrainingConfig
from gui.messages import translate_error
from gui.subject import Subject
from gui.transport import WindowState
from gui.views import Views


class RunCommands(QObject):
    """Turns the buttons of training into commands, with the settings in the form.

    Parameters
    ----------
    views : Views
    subject : Subject
    submit : callable (Command)
        Hands a command to the worker.

    Attributes
    ----------
    state : WindowState
        What the worker does.
    trained : NetworkSpec or None
        The network that has weights.
    run : str
        The run on screen; empty before the first.
    refused : Train, TrainMore or None
        The run that was not begun for want of memory.
    """

    failed = Signal(str)  # a sentence for the person
    waits = Signal()  # a command was given: until the worker answers, nothing else makes sense
    replaces = Signal()  # another network is about to take the place of the trained one

    def __init__(
        self, views: Views, subject: Subject, submit: Callable[[m.Command], None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._views, self._subject, self._submit = views, subject, submit
        self._numbers = itertools.count(1)
        self.state: WindowState = "loading"
        self.trained: NetworkSpec | None = None
        self.run = ""
        self.refused: m.Train | m.TrainMore | None = None
        setup = views.setup
        setup.train_requested.connect(self._train)
        setup.step_requested.connect(self._step)
        setup.pause_requested.connect(lambda: submit(m.Pause()))
        setup.resume_requested.connect(lambda: submit(m.Resume()))
        setup.stop_requested.connect(self._stop)
        setup.more_epochs_requested.connect(self._train_more)
        setup.live_setting_changed.connect(lambda setting, value: submit(m.Change(setting, value)))

    @property
    def is_running(self) -> bool:
        """Whether a run goes on or is paused."""
        return self.state in ("training", "paused", "stopping")

    def new_run(self, label: str) -> str:
        """Return the name of a run that is to come, which the curves call ``label``."""
        run = f"run {next(self._numbers)}"
        self._views.curves.set_run_label(run, label)
        return run

    def configuration(self) -> TrainingConfig | None:
        """Return the settings in the form, or tell what is wrong with them."""
        try:
            return self._views.setup.configuration()
        except NetariumError as error:
            self.failed.emit(translate_error(error))
            return None

    def train_anyway(self) -> None:
        """Begin the run for which memory will not suffice, as far as can be told."""
        if self.refused is not None and not self.is_running:
            self._command(msgspec.structs.replace(self.refused, ignore_memory=True))

    def train_with_batches(self, count: int) -> None:
        """Begin the run for which memory will not suffice with smaller batches."""
        self._views.setup.set_batch_size(count)
        config = self.configuration()
        if self.refused is not None and config is not None and not self.is_running:
            smaller = msgspec.structs.replace(self.refused.config, batch_size=config.batch_size)
            self._command(msgspec.structs.replace(self.refused, config=smaller))

    def continue_run(self, run: int, label: str) -> None:
        """Go on with a run of the history where it was left."""
        if self.state in ("ready", "trained"):
            self.replaces.emit()
            self._command(m.ContinueRun(self.new_run(label), run))

    def branch(self, run: RunRecord, checkpoint: CheckpointRecord, has_own_settings: bool, epochs: int) -> None:
        """Begin a run with the weights of a checkpoint.

        Parameters
        ----------
        run : RunRecord
            The one that left the checkpoint.
        has_own_settings : bool
            Whether it trains with the settings and the data set of that run, or with those in the form.
        epochs : int
            How many; 0 for what that run did from there to its planned end.
        """
        if self.state not in ("ready", "trained"):
            return
        config = run.config if has_own_settings else self.configuration()
        if config is None:
            return
        wanted = msgspec.structs.replace(config, epochs=epochs) if epochs else None
        self.replaces.emit()
        name = self.new_run(self.tr("branch of {run}").format(run=run.name))
        backend = self._views.setup.backend_name()
        self._command(m.BranchRun(name, checkpoint, wanted, self._device, backend, own_data=has_own_settings))

    @property
    def _device(self) -> str:
        return self._views.setup.device_name() or "cpu"

    def _command(self, command: m.Command) -> None:
        self.waits.emit()
        self._views.curves.set_beginning(not isinstance(command, m.Stop))
        self._submit(command)

    def _train(self, one_batch: bool = False) -> None:
        network, config = self._subject.network, self.configuration()
        if network is None:
            self.failed.emit(self._subject.problem)
        elif config is not None:
            self.replaces.emit()
            run, backend = self.new_run(network.name), self._views.setup.backend_name()
            self._command(m.Train(run, network, config, self._device, one_batch, backend=backend))

    def _step(self) -> None:
        if self.state == "paused":
            self._submit(m.StepBatch())
        else:
            self._train(one_batch=True)

    def _stop(self) -> None:
        self._command(m.Stop())

    def _train_more(self, epochs: int) -> None:
        config = self.configuration()
        if config is None:
            return
        if self._subject.network is None and self.trained and self._subject.comes_from(self.trained):
            self.failed.emit(self._subject.problem)  # going on without the edit is not what was meant
            return
        run = self.run or f"run {next(self._numbers)}"
        edited = self._subject.edit_of(self.trained) if self.trained else None
        backend = self._views.setup.backend_name()
        self._command(m.TrainMore(run, msgspec.structs.replace(config, epochs=epochs), edited, backend=backend))
