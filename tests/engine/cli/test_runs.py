"""The command `runs` on runs that were really recorded."""

from __future__ import annotations

import csv
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.data.catalog import open_folder
from engine.history.run_lock import claim
from engine.history.store import DATABASE, RunStore
from engine.storage.model_file import load_model
from tests.engine.cli.conftest import idx
from tests.engine.history.runs import squares
from tests.engine.history.samples import record_two_runs

ROOT = Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder with the images of ``squares``."""
    folder = tmp_path / "squares"
    folder.mkdir()
    dataset = squares()
    for part, images, labels in (
        ("train", dataset.train_images, dataset.train_labels),
        ("t10k", dataset.test_images, dataset.test_labels),
    ):
        (folder / f"{part}-images-idx3-ubyte").write_bytes(idx(images[:, 0]))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx(labels))
    return folder


@pytest.fixture
def store(folder):
    """A history of two runs on that folder."""
    record_two_runs(open_folder(folder))
    store = RunStore()
    yield store
    store.close()


def test_runs_are_listed_as_a_tree_with_what_matters(run, store):
    store.annotate(1, name="first try", star=True)
    head, first, second = run("runs", "list").out.splitlines()
    assert head.split() == ["run", "name", "status", "network", "data", "set", "epochs", "best", "began"]
    assert first.startswith("*    1  first try  completed")
    assert second.startswith("     2    small    interrupted")
    best = f"{store.run(1).best_accuracy:.4f}"
    assert first.split()[5:9] == ["small", "squares", "3/3", best]
    assert "4/6" in second.split()


def test_runs_are_listed_as_json_newest_first(run, store):
    second, first = run("runs", "list", "--json").objects
    assert (first["id"], first["status"], first["epochs"], first["last_epoch"]) == (1, "completed", 3, 3)
    assert first["best_accuracy"] == store.run(1).best_accuracy
    assert second["origin"] == {"kind": "more", "parent": 1, "step": 15}
    assert [entry["id"] for entry in run("runs", "--json", "list", "--limit", 1).objects] == [2]


def test_a_child_whose_parent_is_not_listed_stands_by_itself(run, store):
    (_, line) = run("runs", "list", "--limit", 1).out.splitlines()
    assert line.split()[:2] == ["2", "small"] and "  small  " in line
    store.delete([1])
    assert run("runs", "list").out.splitlines()[1] == line


def test_an_empty_history_is_told(run):
    assert run("runs", "list").out == "There are no runs.\n"
    assert run("runs", "list", "--json").out == ""


def test_a_run_is_shown_with_all_that_is_known(run, store):
    store.annotate(1, name="first try", note="one line\nanother")
    answer = run("runs", "show", "first try")
    assert answer.code == 0
    lines = answer.out.splitlines()
    assert lines[:3] == ["Run 1: first try", "  one line", "  another"]
    told = "\n".join(lines)
    assert "freshly drawn weights" in told and "Adam with" in told
    assert "After batch 2 of epoch 2: learning rate 0.01 -> 0.005" in lines
    epochs = store.epochs(1)
    start = next(place for place, line in enumerate(lines) if line.startswith("epoch "))
    for place, line in enumerate(lines[start + 1 : start + 4]):
        words = line.split()
        assert words[:2] == [str(place + 1), f"{epochs['train_loss'][place]:.4f}"]
        assert (words[-1] == "best") == (place + 1 == store.run(1).best_epoch)
    for checkpoint in store.checkpoints(1):
        assert checkpoint.path.name in told
    assert "trains the weights of run 1 (first try) on" in run("runs", "show", "last").out


def test_a_run_is_shown_as_json(run, store):
    (told,) = run("runs", "show", 1, "--json").objects
    assert told["run"]["id"] == 1 and len(told["epochs"]) == 3 and len(told["batches"]["loss"]) == 15
    assert (Path(told["folder"]) / told["checkpoints"][0]["file"]).exists()


@pytest.mark.parametrize("name", ["7", "nothing", "", "9" * 5000])
def test_an_unknown_run_is_refused_with_what_to_do(run, store, name):
    for action in ("show", "delete", "restore"):
        assert "`runs list`" in run("runs", action, name).refusal()


def test_a_name_of_two_runs_is_refused_with_their_numbers(run, store):
    assert "2 runs are called 'small': 1, 2." in run("runs", "show", "small").refusal()
    store.annotate(1, name="2")
    assert run("runs", "show", 2).out.startswith("Run 2: small")  # a number comes before a name


def test_last_of_an_empty_history_is_refused(run):
    assert "There is no run 'last'" in run("runs", "show", "last").refusal()


def test_what_would_command_a_terminal_is_not_printed(run, store):
    store.annotate(1, name="\x1b[2Jred\nnext", note="\x1b]0;title\x07")
    for arguments in (("list",), ("show", 1)):
        out = run("runs", *arguments).out
        assert "\x1b" not in out and "\x07" not in out
        assert "red\ufffdnext" in out


def test_a_long_name_does_not_push_the_other_columns_away(run, store):
    store.annotate(1, name="x" * 300)
    assert max(map(len, run("runs", "list").out.splitlines())) < 130
    assert "x" * 300 in run("runs", "show", 1).out


def test_runs_are_exported_as_a_table(run, store, tmp_path):
    answer = run("runs", "export", 1, "last", tmp_path / "runs.csv")
    assert (answer.code, answer.out, answer.err) == (0, "", f"Wrote {tmp_path / 'runs.csv'}\n")
    with open(tmp_path / "runs.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [sum(row["run"] == number for row in rows) for number in "12"] == [18, 9]


def test_a_run_is_exported_as_json(run, store, tmp_path):
    answer = run("runs", "export", 2, tmp_path / "run.json", "--json")
    assert answer.objects == [{"runs": [2], "file": str(tmp_path / "run.json")}]
    assert json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))["run"]["id"] == 2


@pytest.mark.parametrize("option", [(), ("--weights", "best"), ("--last",), ("--weights", "last")])
def test_weights_are_exported_as_a_model_that_can_be_used(run, store, folder, tmp_path, option):
    best = store.run(1).best_epoch
    assert best < 3  # another than the last
    path = tmp_path / "model.safetensors"
    assert run("runs", "export", 1, path, *option).code == 0
    model = load_model(path)
    assert model.position.step == (15 if "last" in "".join(option) else 5 * best)
    wanted = next(c for c in store.checkpoints(1) if c.position == model.position and c.kind == "state")
    for name, weights in load_model(wanted.path).weights.items():
        assert np.array_equal(model.weights[name], weights)
    (told,) = run("evaluate", path, "--dataset-path", folder, "--backend", "scratch", "--json").objects
    assert told["samples"] == 24


def test_without_a_mark_the_best_weights_are_those_of_the_best_validation(run, store, tmp_path):
    with store.transaction() as connection:
        connection.execute("UPDATE checkpoints SET best = 0")
    run("runs", "export", 1, tmp_path / "model.safetensors")
    model = load_model(tmp_path / "model.safetensors")
    states = [c for c in store.checkpoints(1) if c.position.epoch and not c.position.batch]
    assert model.metrics[-1].validation_accuracy == max(c.validation_accuracy for c in states)


def test_a_damaged_checkpoint_is_not_exported(run, store, tmp_path):
    for checkpoint in store.checkpoints(1):
        checkpoint.path.write_bytes(checkpoint.path.read_bytes()[:-1])
    assert "damaged" in run("runs", "export", 1, tmp_path / "model.safetensors").refusal()
    assert not (tmp_path / "model.safetensors").exists()


def test_a_report_is_about_the_data_and_the_weights_of_the_run(run, store, tmp_path):
    answer = run("runs", "export", 1, tmp_path / "run.html")
    assert (answer.code, answer.err) == (0, f"Wrote {tmp_path / 'run.html'}\n")
    text = (tmp_path / "run.html").read_text(encoding="utf-8")
    right = round(store.run(1).best_accuracy * 24)
    assert f"<p>{right:,} of 24 test images are answered rightly" in text
    assert ", the best epoch" in text
    run("runs", "export", 2, tmp_path / "last.html", "--last")
    assert "With the weights after batch 3 of epoch 5." in (tmp_path / "last.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("change", ["gone", "other"])
def test_without_its_data_a_report_is_made_and_says_so(run, store, folder, tmp_path, change):
    labels = folder / "t10k-labels-idx1-ubyte"
    if change == "gone":
        labels.unlink()
    else:
        content = labels.read_bytes()
        labels.write_bytes(content[:-1] + bytes([(content[-1] + 1) % 3]))
    answer = run("runs", "export", 1, tmp_path / "run.html")
    sentence = {"gone": "has no t10k-labels", "other": "is not what the run learned from"}[change]
    assert answer.code == 0 and sentence in answer.err and "neither a confusion matrix" in answer.err
    text = (tmp_path / "run.html").read_text(encoding="utf-8")
    assert sentence in text and "answered rightly" not in text and "data:image/png" not in text
    assert "<svg" in text


def test_without_weights_a_report_is_made_but_no_model(run, store, tmp_path):
    with store.transaction() as connection:
        connection.execute("DELETE FROM checkpoints")
    assert "left no weights" in run("runs", "export", 1, tmp_path / "model.safetensors").refusal()
    answer = run("runs", "export", 1, tmp_path / "run.html")
    assert answer.code == 0 and "left no weights" in answer.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("1", "run.txt"), "exported as .csv, .json, .html, .safetensors"),
        (("1", "2", "run.json"), "only a table (.csv) holds several runs"),
        (("1", "2", "run.html"), "only a table (.csv) holds several runs"),
        (("1", "none/run.csv"), "its folder does not exist"),
        (("1", "none/run.html"), "its folder does not exist"),
        (("9", "run.csv"), "There is no run '9'"),
        (("run.csv",), "the following arguments are required"),
    ],
)
def test_an_export_that_cannot_be_is_refused_and_writes_nothing(run, store, tmp_path, monkeypatch, arguments, sentence):
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    assert sentence in run("runs", "export", *arguments).refusal()
    assert list(place.iterdir()) == []


def test_runs_are_deleted_and_restored(run, store):
    answer = run("runs", "delete", 1, "last")
    assert answer.out.splitlines() == [
        "Deleted run 1; `runs restore 1` brings it back for a day.",
        "Deleted run 2; `runs restore 2` brings it back for a day.",
    ]
    assert store.runs() == []
    assert "There are no runs." in run("runs", "list").out
    assert [entry["id"] for entry in run("runs", "list", "--deleted", "--json").objects] == [2, 1]
    assert "runs restore 1" in run("runs", "show", 1).out
    assert run("runs", "restore", 1, "--json").objects == [{"run": 1, "name": "small", "deleted": False}]
    assert [record.id for record in store.runs()] == [1]
    assert "There is no run '1'" in run("runs", "restore", 1).refusal()
    assert run("runs", "restore", "last").code == 0
    assert store.run(2).deleted == "" and load_model(store.checkpoints(2)[0].path)


def test_the_last_to_be_restored_is_what_was_deleted_last(run, store):
    run("runs", "delete", 2)
    store.update(2, {"deleted": "2020-01-01T00:00:00+00:00"})
    store.update(2, {"deleted": store.run(2).deleted.replace("2020", "9998")})
    run("runs", "delete", 1)
    store.update(1, {"deleted": "9999-01-01T00:00:00+00:00"})
    assert run("runs", "restore", "last").out.startswith("Restored run 1;")


def test_a_run_that_goes_on_is_not_deleted_nor_any_other_with_it(run, store):
    store.update(2, {"status": "running"})
    descriptor = claim(store.run_folder(2))  # as the process that trains it does
    try:
        assert "Run 2 is still going on" in run("runs", "delete", 1, 2).refusal()
        assert len(store.runs()) == 2
    finally:
        os.close(descriptor)


def test_a_run_that_nobody_ended_is_listed_as_interrupted(run, store):
    store.update(1, {"status": "running"})
    assert {entry["status"] for entry in run("runs", "list", "--json").objects} == {"interrupted"}


def test_a_damaged_history_is_mended_and_that_is_told(run, store, netarium_home):
    store.close()
    path = netarium_home / "history" / DATABASE
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    path.write_bytes(b"no database " * 1000)
    answer = run("runs", "list", "--json")
    assert (answer.code, len(answer.objects)) == (0, 2)
    assert "2 runs were found again" in answer.err
    assert run("runs", "list").err == ""


def test_a_database_that_cannot_be_used_is_told_in_a_sentence(run, store, monkeypatch):
    def full(self, deleted=False):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(RunStore, "runs", full)
    assert "cannot be used (database or disk is full)" in run("runs", "list").refusal()


@pytest.mark.parametrize("action", ["list", "show", "export", "delete", "restore"])
def test_every_action_explains_itself(run, action):
    answer = run("runs", action, "--help")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith(f"usage: app.py runs {action} ") and "--json" in answer.out


def test_what_is_missing_is_named_in_one_line(run):
    assert "the following arguments are required: ACTION" in run("runs").refusal()
    assert "invalid choice: 'fly'" in run("runs", "fly").refusal()
    for limit in (0, "many"):
        assert "must be a whole number, at least 1" in run("runs", "list", "--limit", limit).refusal()


def test_the_program_lists_runs_of_the_folder_it_is_given(store, netarium_home):
    environment = {name: value for name, value in os.environ.items() if name != "NETARIUM_HOME"}
    command = [sys.executable, "app.py", "runs", "list", "--json", "--data-dir", str(netarium_home)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == [2, 1]
