"""What leaves the history as a table or as JSON is what was recorded."""

from __future__ import annotations

import csv
import io
import json

import msgspec
import numpy as np
import pytest

from engine.errors import FileError
from engine.history.export import COLUMNS, export_csv, export_json
from engine.history.store import RunStore
from tests.engine.history.runs import CONFIG, squares
from tests.engine.history.samples import record_two_runs


@pytest.fixture
def store():
    record_two_runs()
    store = RunStore()
    yield store
    store.close()


def table(path):
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def test_the_table_has_a_row_for_every_batch_and_every_epoch_of_every_run(store, tmp_path):
    runs = sorted(store.runs(), key=lambda run: run.id)
    export_csv(tmp_path / "runs.csv", store, runs)
    rows = table(tmp_path / "runs.csv")
    assert tuple(rows[0]) == COLUMNS
    kinds = [(row["run"], row["row"], row["step"]) for row in rows]
    assert kinds[:7] == [*(("1", "batch", str(step)) for step in range(1, 6)), ("1", "epoch", "5"), ("1", "batch", "6")]
    assert kinds[-3:] == [("2", "batch", str(step)) for step in (21, 22, 23)]
    assert [len([k for k in kinds if k[0] == run]) for run in "12"] == [15 + 3, 8 + 1]
    epochs, batches = store.epochs(1), store.batches(1)
    told = [row for row in rows if (row["run"], row["row"]) == ("1", "epoch")]
    for name in COLUMNS[3:]:
        assert np.allclose([float(row[name]) for row in told], epochs[name], rtol=1e-8), name
    told = [row for row in rows if (row["run"], row["row"]) == ("1", "batch")]
    assert np.allclose([float(row["train_loss"]) for row in told], batches["loss"], rtol=1e-8)
    assert {row["validation_loss"] for row in told} == {""}
    assert [row["learning_rate"] for row in told][6:8] == ["0.01", "0.005"]


@pytest.mark.parametrize("name", ['a "quoted", name\nof two lines', "π ≈ 3", "=1+1"])
def test_a_name_comes_through_the_table_and_is_no_formula(store, tmp_path, name):
    store.annotate(1, name=name)
    export_csv(tmp_path / "runs.csv", store, [store.run(1)])
    names = {row["name"] for row in table(tmp_path / "runs.csv")}
    assert names == {f"'{name}" if name == "=1+1" else name}


def test_json_holds_everything_of_a_run(store, tmp_path):
    store.annotate(1, note="a note", star=True)
    export_json(tmp_path / "run.json", store, store.run(1))
    told = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    assert (told["format"], told["format_version"]) == ("netarium-run", 1)
    run, start = told["run"], told["start"]
    assert (run["id"], run["status"], run["note"], run["star"]) == (1, "completed", "a note", True)
    assert start["spec"]["layers"][0]["kind"] == "conv" and start["digest"] == squares().digest
    assert msgspec.convert(start["config"], type(CONFIG)) == CONFIG
    assert [epoch["epoch"] for epoch in told["epochs"]] == [1, 2, 3]
    assert [epoch["validation_loss"] for epoch in told["epochs"]] == store.epochs(1)["validation_loss"].tolist()
    assert told["batches"]["loss"] == store.batches(1)["loss"].tolist()
    assert told["batches"]["step"] == list(range(1, 16))
    (change,) = told["changes"]
    assert (change["setting"], change["old"], change["new"], change["step"]) == ("learning_rate", 0.01, 0.005, 7)
    assert [c["file"] for c in told["checkpoints"]] == [c.path.name for c in store.checkpoints(1)]


def test_what_is_not_known_is_null_and_empty(store, tmp_path):
    store.update(2, {"validation_loss": None})
    with store.transaction() as connection:
        connection.execute("UPDATE epochs SET validation_loss = NULL WHERE run = 2")
    export_json(tmp_path / "run.json", store, store.run(2))
    text = (tmp_path / "run.json").read_text(encoding="utf-8")
    told = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert told["run"]["validation_loss"] is None and told["epochs"][0]["validation_loss"] is None
    assert told["run"]["origin"] == {"kind": "more", "parent": 1, "step": 15}
    export_csv(tmp_path / "run.csv", store, [store.run(2)])
    (epoch,) = [row for row in table(tmp_path / "run.csv") if row["row"] == "epoch"]
    assert epoch["validation_loss"] == "" and epoch["validation_accuracy"] != ""


def test_a_run_of_no_batch_is_told_too(store, tmp_path):
    run = store.insert(store.start(1), 10)
    export_csv(tmp_path / "run.csv", store, [store.run(run)])
    assert (tmp_path / "run.csv").read_text(encoding="utf-8") == ",".join(COLUMNS) + "\n"
    export_json(tmp_path / "run.json", store, store.run(run))
    assert json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))["epochs"] == []


def test_a_file_that_cannot_be_written_leaves_the_older_one(store, tmp_path, monkeypatch):
    path = tmp_path / "runs.csv"
    path.write_text("older")
    monkeypatch.setattr("engine.history.export._rows", lambda store, run: (_ for _ in ()).throw(OSError("read error")))
    with pytest.raises(FileError):
        export_csv(path, store, store.runs())
    assert [p.name for p in tmp_path.iterdir() if p.suffix in (".csv", ".tmp")] == ["runs.csv"]
    assert path.read_text() == "older"
