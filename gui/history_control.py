"""Joins the history of runs to the window: its panel, the scrubber, what can be gone on with, and what goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from engine import messages as m
from engine.errors import NetariumError
from engine.history.recorded import choose_checkpoint
from engine.history.records import CheckpointRecord, RunRecord, Weights
from engine.training.events import EpochDone, RunFinished, TrainingEvent
from gui.history_desk import HistoryDesk
from gui.messages import translate_error
from gui.run_commands import RunCommands
from gui.transport import WindowState
from gui.views import Views

# After an epoch its checkpoint is on the disk by then; and more often nobody could look at the list of runs.
_SOON_MS = 800
# Within an epoch snapshots are kept this often.
_SNAPSHOTS_MS = 5000


class HistoryControl(QObject):
    """Hands what panel and scrubber want to the desk, which reads and writes the history, and to the worker.

    Parameters
    ----------
    views : Views
    runs : RunCommands
    submit : callable (Command)
        Hands a command to the worker.

    Attributes
    ----------
    unfinished : RunRecord or None
        The run that nobody ended, as long as it can be gone on with.
    """

    failed = Signal(str)  # a sentence for the person
    mended = Signal(str)  # the sentence of something that had failed and was put right
    told = Signal(str)  # a short notice
    offered = Signal(object)  # the RunRecord of a run that can be gone on with; None withdraws it
    branch_offered = Signal(object, object)  # the RunRecord and its checkpoints
    moment_shown = Signal(object)  # MomentShown

    def __init__(
        self, views: Views, runs: RunCommands, submit: Callable[[m.Command], None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._views, self._runs, self._submit = views, runs, submit
        self._desk = HistoryDesk(parent=self)
        self.unfinished: RunRecord | None = None
        self._trouble = ""
        self._is_open = False  # until the worker has put the history in order nobody else should open it
        self._current: int | None = None  # the run that is recorded
        self._now: int | None = None  # the run that the network of now comes from
        self._scrubbed: int | None = None  # the run in the scrubber
        self._title = ""
        self._moments: list[CheckpointRecord] = []
        self._shown: CheckpointRecord | None = None
        self._to_load: tuple[int, Weights] | None = None  # a run, and which of its weights are to be looked at
        self._to_branch: int | None = None
        self._comes_to_light = False  # whether the scrubber was asked for
        self._soon = QTimer(self, interval=_SOON_MS, singleShot=True)
        self._soon.timeout.connect(self._read_anew)
        self._snapshots = QTimer(self, interval=_SNAPSHOTS_MS)
        self._snapshots.timeout.connect(self._read_moments)
        self._connect()

    @property
    def scrubbed_title(self) -> str:
        """What the run in the scrubber is called."""
        return self._title

    def close(self) -> None:
        """Let go of the history."""
        self._soon.stop()
        self._snapshots.stop()
        self._desk.close()

    def set_state(self, state: WindowState) -> None:
        """Learn what the worker does."""
        self._views.history.set_busy(state not in ("ready", "trained"))
        if self._runs.is_running and self.unfinished is not None:
            self.unfinished = None
            self.offered.emit(None)

    def continue_unfinished(self) -> None:
        """Go on where the last sitting was left."""
        if self.unfinished is not None:
            self._runs.continue_run(self.unfinished.id, self.unfinished.name)

    def follow(self, event: TrainingEvent) -> None:
        """Take an event of the run."""
        if isinstance(event, (EpochDone, RunFinished)) and not self._soon.isActive():
            self._soon.start()

    def receive(self, message: m.Message) -> bool:
        """Take what the worker tells of the history; False if it is something else."""
        match message:
            case m.HistoryOpened(note=note, unfinished=unfinished):
                self._opened(note, unfinished)
            case m.HistoryTroubled(error=error):
                self._tell_trouble("" if error is None else translate_error(error))
            case m.RunKept(run=run, id=number):
                self._views.curves.set_history_number(run, number)
                self._begin(number)
            case m.RunRecorded(id=number):
                self._end(number)
            case m.EpochReplayed(epoch=epoch, exact=exact):
                self._tell_replay(epoch, exact)
            case m.PastTold(run=run, epochs=epochs, batches=batches):
                self._views.curves.set_past(run, epochs, batches)
            case m.MomentShown():
                self._show_moment(message)
            case m.ReportWritten(path=path, remark=remark):
                self.told.emit(self.tr("Wrote {file}. {remark}").format(file=path.name, remark=remark).rstrip())
            case m.Dropped(command=m.WriteReport(path=path)):
                self.told.emit(self.tr("{file} was not written, since something else began.").format(file=path.name))
            case m.CommandFailed(command=m.ViewMoment(), error=error):
                self._views.scrubber.moment_failed()
                self._to_load = None
                self.failed.emit(translate_error(error))
                self._read_moments()  # it may be gone
            case _:
                return False
        return True

    def _connect(self) -> None:
        panel, scrubber, desk = self._views.history, self._views.scrubber, self._desk
        panel.refresh_wanted.connect(self._refresh)
        panel.annotate_wanted.connect(lambda run, values: desk.annotate(run, **values))
        panel.delete_wanted.connect(desk.delete)
        panel.restore_wanted.connect(desk.restore)
        panel.compare_wanted.connect(desk.read_compared)
        panel.load_wanted.connect(self._load)
        panel.continue_wanted.connect(self._continue)
        panel.branch_wanted.connect(self._offer_branch)
        panel.moments_wanted.connect(self._show_moments_of)
        desk.runs_read.connect(panel.set_runs)
        desk.compared_read.connect(panel.set_compared)
        desk.moments_read.connect(self._take_moments)
        desk.report_wanted.connect(self._write_report)
        desk.exported.connect(lambda path: self.told.emit(self.tr("Wrote {file}.").format(file=path.name)))
        desk.failed.connect(self.failed)
        scrubber.moment_wanted.connect(lambda record: self._submit(m.ViewMoment(record)))
        scrubber.live_wanted.connect(self._go_live)

    def export(self, runs: list[int], path: Path) -> None:
        """Write runs to a file, whose suffix names the format."""
        self._desk.export(runs, path)

    def _write_report(self, run: int, path: Path) -> None:
        self.told.emit(self.tr("Classifying the test images for {file}…").format(file=path.name))
        self._submit(m.WriteReport(run, path))

    # Runs that come and go

    def _opened(self, note: NetariumError | None, unfinished: RunRecord | None) -> None:
        if note is not None:
            self.failed.emit(translate_error(note))
        self._is_open = True
        self._refresh()
        if unfinished is not None and not self._runs.is_running:
            self.unfinished = unfinished
            self.offered.emit(unfinished)

    def _tell_trouble(self, sentence: str) -> None:
        before, self._trouble = self._trouble, sentence
        if sentence:
            self.failed.emit(sentence)
        elif before:
            self.mended.emit(before)
            self.told.emit(self.tr("The history of runs is written again."))

    def _begin(self, run: int) -> None:
        self._current = self._now = self._scrubbed = run
        self._views.history.set_current(run)
        self._snapshots.start()
        self._read_anew()

    def _end(self, run: int) -> None:
        if run == self._current:
            self._current = None
            self._snapshots.stop()
            self._views.history.set_current(None)
        self._read_anew()

    def _tell_replay(self, epoch: int, exact: bool) -> None:
        if exact:
            self.told.emit(
                self.tr("Epoch {epoch} was trained a second time, and came out the same, bit for bit.").format(
                    epoch=epoch
                )
            )
        else:
            self.told.emit(
                self.tr("Epoch {epoch} was trained a second time, and came out otherwise: not everything is as it was.")
                .format(epoch=epoch)
            )  # fmt: skip

    def _continue(self, run: int) -> None:
        record = self._views.history.record(run)
        self._runs.continue_run(run, record.name if record is not None else "")

    def _offer_branch(self, run: int) -> None:
        self._to_branch = run
        self._desk.read_moments(run)

    # Moments of the past

    def _load(self, run: int, which: Weights) -> None:
        self._to_load = run, which
        self._show_moments_of(run)

    def _show_moments_of(self, run: int) -> None:
        self._scrubbed, self._comes_to_light = run, True
        self._desk.read_moments(run)

    def _read_moments(self) -> None:
        if self._scrubbed is not None and self._is_open:
            self._desk.read_moments(self._scrubbed)

    def _refresh(self) -> None:
        if self._is_open:
            self._desk.refresh()

    def _read_anew(self) -> None:
        self._refresh()
        self._read_moments()

    def _take_moments(self, run: int, title: str, moments: list[CheckpointRecord]) -> None:
        if self._to_branch not in (None, run):
            self._desk.read_moments(self._to_branch)  # this one came in between
        elif run == self._to_branch:
            self._to_branch = None
            record = self._views.history.record(run)
            if record is not None and moments:
                self.branch_offered.emit(record, moments)
            else:
                self.told.emit(self.tr("This run left no weights to branch from."))
        if run != self._scrubbed:
            return
        self._title, self._moments = self.tr("{name} (run {run})").format(name=title, run=run), moments
        if not moments and self._comes_to_light:
            self.told.emit(self.tr("This run left no weights to look at."))
        self._show_scrubber()
        record = self._views.history.record(run)
        if self._to_load is not None and self._to_load[0] == run and moments and record is not None:
            self._submit(m.ViewMoment(choose_checkpoint(moments, record, self._to_load[1])))

    def _show_scrubber(self) -> None:
        current = self._shown.id if self._shown is not None and self._shown.run == self._scrubbed else None
        self._views.scrubber.set_moments(self._title, self._moments, current)
        if self._comes_to_light:
            self._comes_to_light = False
            self._views.scrubber.bring_to_light()

    def _show_moment(self, message: m.MomentShown) -> None:
        self._shown = message.checkpoint
        self.moment_shown.emit(message)
        if message.checkpoint is None:
            self._scrubbed = self._now
            self._views.scrubber.set_moments(self._title, self._moments, None)
            self._read_now()
        elif self._to_load is not None:
            self._to_load = None
            self._show_scrubber()
        else:
            self._views.scrubber.moment_shown(message.checkpoint.id)

    def _read_now(self) -> None:
        """Offer the moments of the run that the network of now comes from."""
        if self._now is None:
            self._title, self._moments = "", []
            self._views.scrubber.set_moments("", [], None)
        else:
            self._read_moments()

    def _go_live(self) -> None:
        self._submit(m.ViewMoment(None))
