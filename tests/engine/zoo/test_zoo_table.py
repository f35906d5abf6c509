"""The command that measures the zoo, on its fastest network, and the figures that docs/zoo.md states."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from engine.architecture.shapes import summarize
from engine.architecture.zoo import EXPERIMENTS, experiment
from scripts import zoo_table

ROOT = Path(__file__).parents[3]
DOCUMENT = ROOT / "docs" / "zoo.md"


@pytest.fixture
def document(tmp_path):
    path = tmp_path / "zoo.md"
    path.write_text(f"before\n{zoo_table.BEGIN}\nnothing\n{zoo_table.END}\nafter\n", encoding="utf-8")
    return path


def test_a_network_is_measured_in_a_process_of_its_own_and_written_into_the_document(document):
    command = [sys.executable, ROOT / "scripts" / "zoo_table.py", "--only", "softmax-regression", "--images", "1000"]
    done = subprocess.run([*command, "--epochs", "1", "--document", document], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

    text = document.read_text(encoding="utf-8")
    assert text.startswith("before\n") and text.endswith("after\n") and "nothing" not in text
    assert "1 epochs on the first 1,000 training images of mnist, tested on 10,000; seed 0." in text
    row = re.search(r"\| `softmax-regression` \| 7,850 \| 7,840 \| [\d.]+ \| (0\.\d{4}) \|", text)
    # Four batches are enough to do far better than guessing, which gives 0.1, and too few to do well.
    assert 0.3 < float(row[1]) < 0.95


def test_rows_stand_in_the_order_of_the_zoo_and_a_new_one_replaces_the_old(document):
    for name, accuracy in (("vgg-11", 0.5), ("lenet-bn", 0.9), ("vgg-11", 0.75)):
        zoo_table.update(document, row(name, accuracy), "Under these conditions.")

    lines = [line for line in document.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert lines == [row("lenet-bn", 0.9), row("vgg-11", 0.75)]


def test_rows_of_other_conditions_go(document):
    zoo_table.update(document, row("vgg-11", 0.5), "On one machine.")
    zoo_table.update(document, row("nin", 0.6), "On another.")

    text = document.read_text(encoding="utf-8")
    assert row("nin", 0.6) in text and "vgg-11" not in text and "On one machine." not in text


def test_a_document_without_a_place_for_the_table_is_left_alone(tmp_path):
    document = tmp_path / "other.md"
    document.write_text("nothing here\n", encoding="utf-8")

    with pytest.raises(SystemExit, match="no place for the table"):
        zoo_table.update(document, row("nin", 0.6), "Now.")
    assert document.read_text(encoding="utf-8") == "nothing here\n"


def test_a_network_that_cannot_be_measured_is_told(document, tmp_path, capsys):
    arguments = ["--only", "mlp-256", "--dataset-path", str(tmp_path), "--document", str(document)]

    assert zoo_table.main(arguments) == 1
    assert capsys.readouterr().out.endswith("Not measured: mlp-256.\n")
    assert "nothing" in document.read_text(encoding="utf-8")


def test_all_but_the_originals_are_measured():
    assert set(EXPERIMENTS) - set(zoo_table.SCALED) == {name for name in EXPERIMENTS if "original" in name}


def test_the_document_has_a_place_for_the_table_and_every_row_in_it_has_the_networks_own_figures():
    text = DOCUMENT.read_text(encoding="utf-8")
    assert text.count(zoo_table.BEGIN) == text.count(zoo_table.END) == 1
    table = text.split(zoo_table.BEGIN)[1].split(zoo_table.END)[0]
    for line in table.splitlines():
        if name := zoo_table.network_of(line):
            summary = summarize(experiment(name).network())
            assert line.startswith(f"| `{name}` | {summary.parameter_count:,} | {summary.multiply_adds:,} |")


def test_the_document_lists_the_originals_as_they_are():
    listed = re.findall(r"^\| `([\w-]+-original)` \| (.+) \|$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)

    def figures(name):
        summary = summarize(experiment(name).network())
        return f"{experiment(name).image_size} | {summary.parameter_count:,} | {summary.multiply_adds:,}"

    assert listed == [(name, figures(name)) for name in EXPERIMENTS if name.endswith("-original")]


def test_every_family_is_explained_in_the_document():
    explained = re.findall(r"^\*\*(.+)\.\*\* ", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)

    assert set(explained) >= {entry.family for entry in EXPERIMENTS.values()}


def row(name, accuracy):
    measured = {"network": name, "parameters": 1000, "multiply_adds": 2000, "seconds": 1.23, "accuracy": accuracy}
    return zoo_table.row(measured)
