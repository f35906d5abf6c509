"""What the window makes of the history: between real panels, a real history, and a worker that only notes commands."""

from __future__ import annotations

import msgspec
import pytest

from engine import messages as m
from engine.errors import FileError
from engine.history.recovery import open_history
from engine.history.store import RunStore
from engine.training.events import EpochDone, Position, RunFinished
from tests.engine.history.runs import SMALL
from tests.engine.history.samples import record_two_runs
from tests.gui.controlled import Desk


@pytest.fixture
def desk(qtbot):
    record_two_runs()
    open_history()[0].close()
    desk = Desk(qtbot)
    desk.get_ready()
    desk.tell(m.HistoryOpened(None, None))
    history = desk.views.history
    qtbot.waitUntil(lambda: history.record(2) is not None, timeout=5000)
    desk.views.scrubber.resize(1000, 40)
    yield desk
    desk.controller.close()


def checkpoints(run: int):
    store = RunStore()
    found = store.checkpoints(run)
    store.close()
    return found


def wait_for(desk, kind) -> list:
    desk.qtbot.waitUntil(lambda: bool(desk.worker.asked(kind)), timeout=5000)
    return desk.worker.asked(kind)


def test_nobody_reads_the_history_before_the_worker_has_put_it_in_order(qtbot):
    record_two_runs()
    desk = Desk(qtbot)
    desk.get_ready()
    desk.views.history.show()
    desk.qtbot.wait(150)
    assert desk.views.history.record(1) is None
    desk.tell(m.HistoryOpened(None, None))
    qtbot.waitUntil(lambda: desk.views.history.record(1) is not None, timeout=5000)
    desk.controller.close()


@pytest.mark.parametrize(("which", "place"), [("best", "best"), ("last", "last")])
def test_weights_of_any_run_are_looked_at_with_its_moments_beside(desk, which, place):
    desk.views.history.load_wanted.emit(1, which)
    [view] = wait_for(desk, m.ViewMoment)
    known = checkpoints(1)
    if place == "best":
        assert view.checkpoint.best
    else:
        assert view.checkpoint.position.step == known[-1].position.step
    desk.tell(m.MomentShown(view.checkpoint, SMALL, ("a", "b", "c")))
    scrubber = desk.views.scrubber
    assert not scrubber.isHidden() and "(run 1)" in scrubber._run
    assert scrubber._moments[scrubber._place].step == view.checkpoint.position.step
    assert desk.controller.questions.model == SMALL and desk.controller.questions.at_moment


def test_leaving_the_moment_of_another_run_puts_its_scrubber_away_where_there_is_no_network_of_now(desk):
    desk.views.history.load_wanted.emit(1, "last")
    [view] = wait_for(desk, m.ViewMoment)
    desk.tell(m.MomentShown(view.checkpoint, SMALL, ("a", "b", "c")))
    desk.views.scrubber.live_wanted.emit()
    assert desk.worker.asked(m.ViewMoment)[-1].checkpoint is None
    desk.tell(m.MomentShown(None, None, ()))
    assert desk.views.scrubber.isHidden()
    assert desk.controller.questions.model is None


def test_a_moment_that_cannot_be_read_is_told_and_the_handle_goes_back(desk):
    desk.views.history.moments_wanted.emit(1)
    desk.qtbot.waitUntil(lambda: not desk.views.scrubber.isHidden(), timeout=5000)
    desk.views.scrubber._step(-1)
    [view] = wait_for(desk, m.ViewMoment)
    desk.tell(m.CommandFailed(view, FileError("file.unreadable", "It cannot be read.")))
    assert desk.failures == ["It cannot be read."]
    assert desk.views.scrubber._place is None


def test_the_moments_of_the_run_that_trains_come_while_it_trains(desk):
    desk.tell(m.RunKept("run 1", 2), m.StateChanged("training", True))
    desk.qtbot.waitUntil(lambda: not desk.views.scrubber.isHidden(), timeout=5000)
    before = len(desk.views.scrubber._moments)
    store = RunStore()
    with store.transaction() as connection:
        connection.execute(
            "INSERT INTO checkpoints (run, kind, epoch, batch, step, seconds, file, size) "
            "VALUES (2, 'snapshot', 9, 0, 45, 9.0, 'later', 1)"
        )
    store.close()
    done = EpochDone("run 1", Position(9, 0, 45, 9.0), 9, 0.1, 0.9, 0.1, 0.9, 1.0, 100.0, 0.1)
    desk.tell(done)
    desk.qtbot.waitUntil(lambda: len(desk.views.scrubber._moments) == before + 1, timeout=5000)


def test_continuing_a_run_of_the_history_asks_the_worker_and_names_its_curve(desk):
    desk.views.history.continue_wanted.emit(2)
    [command] = desk.worker.asked(m.ContinueRun)
    assert command.id == 2 and desk.controller.state == "stopping"
    assert desk.views.curves._labels[command.run] == desk.views.history.record(2).name
    desk.tell(m.CommandFailed(command, FileError("file.unreadable", "Its states cannot be read.")))
    assert desk.controller.state == "ready" and desk.failures == ["Its states cannot be read."]


def test_what_was_unfinished_is_offered_until_something_else_begins(desk):
    offers = []
    desk.controller.history.offered.connect(offers.append)
    unfinished = msgspec.structs.replace(desk.views.history.record(2), status="interrupted")
    desk.tell(m.HistoryOpened(None, unfinished))
    assert offers == [unfinished]
    desk.controller.history.continue_unfinished()
    assert desk.worker.asked(m.ContinueRun)[0].id == 2
    assert offers[-1] is None
    desk.controller.history.continue_unfinished()
    assert len(desk.worker.asked(m.ContinueRun)) == 1


@pytest.mark.parametrize("own", [True, False])
def test_a_branch_begins_from_the_chosen_moment_with_the_chosen_settings(desk, own):
    offered = []
    desk.controller.history.branch_offered.connect(lambda run, moments: offered.append((run, moments)))
    desk.views.history.branch_wanted.emit(1)
    desk.qtbot.waitUntil(lambda: bool(offered), timeout=5000)
    run, moments = offered[0]
    desk.controller.runs.branch(run, moments[0], own, 7)
    [command] = desk.worker.asked(m.BranchRun)
    expected = run.config if own else desk.views.setup.configuration()
    assert command.checkpoint == moments[0]
    assert command.config == msgspec.structs.replace(expected, epochs=7)


def test_a_branch_that_does_again_what_its_run_did_brings_no_settings(desk):
    run, moments = desk.views.history.record(1), checkpoints(1)
    desk.controller.runs.branch(run, moments[-1], True, 0)
    [command] = desk.worker.asked(m.BranchRun)
    assert command.config is None


def test_a_replay_that_is_exact_is_said_to_be_and_one_that_is_not_too(desk):
    desk.tell(m.EpochReplayed("run 1", 3, True))
    assert "Epoch 3" in desk.notices[-1] and "bit for bit" in desk.notices[-1]
    desk.tell(m.EpochReplayed("run 1", 4, False))
    assert "Epoch 4" in desk.notices[-1] and "otherwise" in desk.notices[-1]


def test_trouble_with_the_history_is_told_once_and_its_end_takes_the_sentence_away(desk):
    mended = []
    desk.controller.mended.connect(mended.append)
    error = FileError("history.unwritable", "It cannot be written ({reason}).", reason="disk full")
    desk.tell(m.HistoryTroubled(error))
    [sentence] = desk.failures
    assert "disk full" in sentence
    desk.tell(m.HistoryTroubled(None))
    assert mended == [sentence] and "written again" in desk.notices[-1]


def test_a_report_is_written_by_the_worker_and_a_table_by_the_desk(desk, tmp_path):
    desk.controller.history.export([1], tmp_path / "report.html")
    [command] = wait_for(desk, m.WriteReport)
    assert (command.id, command.path) == (1, tmp_path / "report.html")
    desk.tell(m.ReportWritten(command.path, "Without a picture of mistakes."))
    assert desk.notices[-1] == "Wrote report.html. Without a picture of mistakes."
    desk.controller.history.export([1, 2], tmp_path / "table.csv")
    desk.qtbot.waitUntil(lambda: "Wrote table.csv." in desk.notices, timeout=5000)
    assert (tmp_path / "table.csv").read_text().count("epoch") > 3
    assert len(desk.worker.asked(m.WriteReport)) == 1


def test_a_run_that_ended_early_is_told_and_not_taken_for_a_failure(desk):
    desk.have_network()
    desk.finish_run()
    desk.tell(RunFinished("run 1", Position(3, 0, 12, 3.0), "early", "Training stopped early."))
    assert desk.notices[-1] == "Training stopped early." and desk.failures == []


def test_names_and_deletions_reach_the_history(desk):
    panel = desk.views.history
    panel.annotate_wanted.emit(1, {"name": "the first", "star": True})
    desk.qtbot.waitUntil(lambda: panel.record(1).name == "the first", timeout=5000)
    assert panel.record(1).star
    panel.delete_wanted.emit([1])
    desk.qtbot.waitUntil(lambda: panel.record(1) is None, timeout=5000)
    panel.restore_wanted.emit([1])
    desk.qtbot.waitUntil(lambda: panel.record(1) is not None, timeout=5000)
