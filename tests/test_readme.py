"""Keeps README and the other documents true: commands, output, keys, networks, code, links and paths."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QDockWidget

from app import COMMANDS
from engine.architecture.shapes import summarize
from engine.architecture.zoo import EXPERIMENTS, Experiment
from engine.cli import main as run_command
from engine.cli.parser import parser
from engine.cli.runs_text import HEADS as RUN_COLUMNS
from engine.training.events import EpochDone, Position
from gui.main_window import MainWindow
from gui.theme import LIGHT

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").glob("*.md")],
)
FOLDERS = ("engine", "gui", "tests", "scripts", "docs", "benchmarks", "resources")
# Commands whose output depends neither on time nor on the machine.
REPEATABLE = ("networks", "summary")
# What a reader is told to add.
INVENTED = {"gui/epochs_panel.py", "tiny-resnet"}


def name_of(document):
    return str(document.relative_to(ROOT))


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def prose(text):
    return re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)


def commands_with_output():
    """Return (arguments, lines of output) of every ``python app.py`` that README shows with a prompt."""
    found = []
    for block in blocks(README, "console"):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((shlex.split(line[2:]), []))
            else:
                found[-1][1].append(line)
    return found


def without_measurements(lines):
    """Leave out the line that tells the memory there is and the time that was measured."""
    return [line for line in lines if not line.startswith("Training with batches of ")]


def table(heading):
    """Return the rows of the first table after a heading of README, as lists of cells."""
    lines = README.split(f"\n{heading}\n", 1)[1].splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("|"))
    rows = []
    for line in lines[first + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_make_command_exists(document):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    text = document.read_text(encoding="utf-8")
    named = re.findall(r"`make ([a-z-]+)", text) + re.findall(r"^make ([a-z-]+)", text, re.MULTILINE)
    assert set(named) <= targets


def test_readme_names_the_two_commands():
    assert {"make run", "make test"} <= {line.split("#")[0].strip() for line in README.splitlines()}


def test_every_command_line_that_readme_shows_is_understood():
    shown = [arguments for arguments, _ in commands_with_output()]
    named = [shlex.split(text) for text in re.findall(r"`(python app\.py [^`]+)`", prose(README).replace("\n", " "))]
    headless = [arguments[2:] for arguments in shown + named if arguments[2] in COMMANDS and "--help" not in arguments]
    for arguments in headless:
        options = parser().parse_args(arguments)
        network = getattr(options, "network", None)
        assert network in (None, *EXPERIMENTS, *INVENTED) or network.endswith((".safetensors", ".json"))
    assert {arguments[0] for arguments in headless} == set(COMMANDS)
    assert all(arguments[:2] == ["python", "app.py"] for arguments in shown)


def test_readme_shows_what_the_commands_print(capsys):
    checked = set()
    for arguments, expected in commands_with_output():
        if arguments[2] in REPEATABLE:
            assert run_command(arguments[2:]) == 0
            printed = capsys.readouterr().out.splitlines()
            assert expected == [] or without_measurements(printed) == without_measurements(expected)
            checked.add(arguments[2])
    assert checked == set(REPEATABLE)


def test_the_list_of_runs_that_readme_shows_has_the_columns_of_the_command():
    _, (head, *lines) = next(entry for entry in commands_with_output() if entry[0][2:] == ["runs", "list"])
    assert head.split() == " ".join(RUN_COLUMNS).split()
    assert len({len(line) for line in [head.ljust(len(lines[0])), *lines]}) == 1


def test_the_error_that_readme_shows_is_told_with_exit_code_2(capsys):
    arguments, expected = next(entry for entry in commands_with_output() if "-1" in entry[0])
    assert run_command(arguments[2:]) == 2
    assert capsys.readouterr().err.splitlines() == expected


def test_the_table_of_networks_is_the_zoo():
    zoo = [
        [f"`{entry.name}`", f"{summarize(entry.network()).parameter_count:,}", entry.description]
        for entry in EXPERIMENTS.values()
    ]
    assert table("## Networks") == zoo


def test_the_table_of_keys_is_what_the_window_answers_to(qtbot):
    window = MainWindow()
    qtbot.addWidget(window)
    window.show()
    # The worker begins once the window is on screen, and is closed with it.
    qtbot.waitUntil(lambda: window.controller.state == "ready", timeout=60_000)
    actions = {
        action.text().replace("&", "").rstrip("…"): [key.toString() for key in action.shortcuts()]
        for action in [*window.findChildren(QAction), *(d.toggleViewAction() for d in window.findChildren(QDockWidget))]
        if action.shortcuts() and action.shortcutContext() == Qt.ShortcutContext.WindowShortcut
    }
    told = {
        row[1].split(", ")[0]: [QKeySequence(key).toString() for key in row[0].split(", ")] for row in table("### Keys")
    }
    assert told == actions


def test_the_code_for_a_network_gives_a_network_that_can_be_chosen():
    code = next(block for block in blocks(README, "python") if "Experiment(" in block)
    names = {}
    exec(compile(code, "README.md", "exec"), names)
    added = [value for value in names.values() if isinstance(value, Experiment)]
    assert len(added) == 1
    assert added[0].name not in EXPERIMENTS
    assert summarize(added[0].network()).output_shape == (10,)
    assert added[0].config.checked()


def test_the_code_for_a_panel_gives_a_panel_that_shows_an_epoch(qtbot):
    code = next(block for block in blocks(README, "python") if "QWidget" in block)
    names = {}
    exec(compile(code, "README.md", "exec"), names)
    panel = names["EpochsPanel"]()
    qtbot.addWidget(panel)
    panel.apply_theme(LIGHT)
    panel.add_epoch(EpochDone("run", Position(1, 0, 600, 9.0), 1, 0.2, 0.94, 0.04, 0.9877, 9.0, 6000.0, 0.1))
    assert panel.findChild(object, "epochsTable").item(0, 1).text() == "98.77%"


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_local_link_and_picture_leads_somewhere(document):
    links = re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8"))
    local = [link.partition("#")[0] for link in links if not re.match(r"[a-z]+:", link)]
    missing = [link for link in local if not (document.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_path_of_the_project_that_is_named_exists(document):
    text = prose(document.read_text(encoding="utf-8"))
    named = re.findall(rf"`((?:{'|'.join(FOLDERS)})/[\w./-]*\w)/?`", text)
    missing = [path for path in named if not (ROOT / path).exists() and path not in INVENTED]
    assert missing == []


def test_the_names_that_the_instructions_rely_on_are_in_the_files():
    for file, *names in (
        ("gui/main_window.py", "_LAYOUT_VERSION", "self._docks", "def _lay_out", "def _arrange", "def _apply_theme"),
        ("gui/training_controller.py", "def _receive", "def _follow_run", "def _connect"),
        ("engine/workbench.py", "def handle", "make_backend"),
        ("engine/worker.py", "make_backend"),
        ("tests/engine/architecture/test_zoo.py", "PUBLISHED"),
        ("tests/engine/backends/conftest.py", "BACKENDS"),
    ):
        source = (ROOT / file).read_text(encoding="utf-8")
        assert [name for name in names if name not in source] == [], file
