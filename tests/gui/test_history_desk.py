"""The desk of the history on a real store: what it answers, in which thread, and what it says when it cannot."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path

import pytest

from engine.history.store import DATABASE, RunStore, history_folder
from engine.storage.model_file import load_model
from gui.history_desk import HistoryDesk
from tests.engine.history.samples import record_two_runs


@pytest.fixture
def desk(qtbot):
    desk = HistoryDesk()
    desk.problems = []
    desk.failed.connect(desk.problems.append)
    yield desk
    assert desk.close()


@pytest.fixture
def recorded(desk):
    record_two_runs()
    return desk


def asked(qtbot, signal, does):
    """Return what ``signal`` tells after ``does()``."""
    with qtbot.waitSignal(signal, timeout=10_000) as told:
        does()
    return told.args


def runs_of(qtbot, desk):
    return asked(qtbot, desk.runs_read, desk.refresh)[0]


def test_nothing_is_opened_before_somebody_asks(desk, netarium_home):
    assert not (netarium_home / "history").exists()


def test_runs_come_newest_first_on_the_thread_of_the_window(recorded, qtbot):
    threads = []
    recorded.runs_read.connect(lambda runs: threads.append(threading.current_thread()))
    assert [run.id for run in runs_of(qtbot, recorded)] == [2, 1]
    assert threads == [threading.main_thread()]


def test_a_run_that_did_not_change_is_the_same_object(recorded, qtbot):
    before = runs_of(qtbot, recorded)
    (after,) = asked(qtbot, recorded.runs_read, lambda: recorded.annotate(2, name="second"))
    assert after[1] is before[1]
    assert (before[0].name, after[0].name) == ("small", "second")


def test_what_a_person_says_of_a_run_lasts(recorded, qtbot):
    asked(qtbot, recorded.runs_read, lambda: recorded.annotate(1, name="first", note="good", star=True, colour=3))
    record = RunStore().run(1)
    assert (record.name, record.note, record.star, record.colour) == ("first", "good", True, 3)


def test_deleted_runs_go_and_come_back(recorded, qtbot):
    (runs,) = asked(qtbot, recorded.runs_read, lambda: recorded.delete([1]))
    assert [run.id for run in runs] == [2]
    (runs,) = asked(qtbot, recorded.runs_read, lambda: recorded.restore([1]))
    assert [run.id for run in runs] == [2, 1]


def test_a_history_that_was_removed_is_opened_anew(recorded, qtbot):
    assert len(runs_of(qtbot, recorded)) == 2
    shutil.rmtree(history_folder())
    assert runs_of(qtbot, recorded) == []
    record_two_runs()
    assert len(runs_of(qtbot, recorded)) == 2
    assert recorded.problems == []


def test_refreshes_that_wait_become_one(recorded, qtbot):
    told = []
    recorded.runs_read.connect(told.append)
    recorded.moments_read.connect(lambda *moment: told.append("end"))
    for _ in range(200):
        recorded.refresh()
    recorded.read_moments(1)
    qtbot.waitUntil(lambda: "end" in told)
    assert 1 <= len(told) - 1 < 50


def test_compared_runs_come_in_the_order_asked_for_with_their_past(recorded, qtbot):
    (compared,) = asked(qtbot, recorded.compared_read, lambda: recorded.read_compared([2, 1, 99]))
    assert [run.record.id for run in compared] == [2, 1]
    second, first = compared
    assert first.epochs["epoch"].tolist() == [1, 2, 3]
    assert second.epochs["epoch"].tolist()[:3] == [1, 2, 3]
    assert second.batches["step"][-1] == 23
    assert second.start.spec.name == "small"


def test_figures_are_kept_but_what_a_person_says_is_read_anew(recorded, qtbot):
    ((before,),) = asked(qtbot, recorded.compared_read, lambda: recorded.read_compared([1]))
    recorded.annotate(1, name="renamed")
    ((after,),) = asked(qtbot, recorded.compared_read, lambda: recorded.read_compared([1]))
    assert after.record.name == "renamed"
    assert after.epochs is before.epochs


def test_figures_of_a_run_that_went_on_are_read_again(recorded, qtbot):
    ((before,),) = asked(qtbot, recorded.compared_read, lambda: recorded.read_compared([1]))
    RunStore().update(1, {"step": 99})
    ((after,),) = asked(qtbot, recorded.compared_read, lambda: recorded.read_compared([1]))
    assert after.epochs is not before.epochs


def test_moments_come_with_the_name_of_the_run(recorded, qtbot):
    run, name, moments = asked(qtbot, recorded.moments_read, lambda: recorded.read_moments(1))
    assert (run, name) == (1, "small")
    assert {moment.kind for moment in moments} == {"state", "snapshot"}


def test_several_runs_become_one_table(recorded, qtbot, tmp_path):
    path = tmp_path / "runs.csv"
    assert asked(qtbot, recorded.exported, lambda: recorded.export([1, 2], path)) == [path]
    lines = path.read_text().splitlines()
    assert {line.split(",")[0] for line in lines[1:]} == {"1", "2"}


def test_one_run_becomes_json_or_a_model(recorded, qtbot, tmp_path):
    asked(qtbot, recorded.exported, lambda: recorded.export([1], tmp_path / "run.json"))
    assert json.loads((tmp_path / "run.json").read_text())["run"]["id"] == 1
    asked(qtbot, recorded.exported, lambda: recorded.export([2], tmp_path / "run.safetensors", "last"))
    assert load_model(tmp_path / "run.safetensors").position.step == 23


def test_a_report_is_asked_for(recorded, qtbot):
    path = Path("report.html")
    assert asked(qtbot, recorded.report_wanted, lambda: recorded.export([2], path)) == [2, path]
    assert not path.exists()


@pytest.mark.parametrize(
    ("runs", "name", "words"),
    [
        ([1, 2], "runs.json", "only a table (.csv) holds several runs"),
        ([1], "run.txt", "by the end of the file's name"),
        ([7], "run.csv", "There is no run 7"),
        ([1], "missing/run.csv", "was not written"),
    ],
)
def test_what_cannot_be_exported_is_told(recorded, qtbot, tmp_path, runs, name, words):
    (sentence,) = asked(qtbot, recorded.failed, lambda: recorded.export(runs, tmp_path / name))
    assert words in sentence
    assert list(tmp_path.glob("run*")) == []


def test_a_history_that_cannot_be_read_is_told_and_tried_again(desk, qtbot):
    folder = history_folder()
    folder.mkdir(parents=True)
    (folder / DATABASE).write_bytes(b"nothing that SQLite knows" * 100)
    (sentence,) = asked(qtbot, desk.failed, desk.refresh)
    assert "cannot be used" in sentence
    (folder / DATABASE).unlink()
    assert runs_of(qtbot, desk) == []


def test_closing_does_what_was_asked_for_and_tells_nothing_more(qtbot):
    record_two_runs()
    desk = HistoryDesk()
    told = []
    desk.runs_read.connect(told.append)
    desk.delete([1])
    assert desk.close()
    qtbot.wait(20)
    assert [run.id for run in RunStore().runs()] == [2]
    assert len(told) <= 1
