"""The program as it is started from a terminal: what goes to stdout, what to stderr, and the exit code."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import app
from engine.storage.model_file import load_model

ROOT = Path(__file__).parents[1]
APP = [sys.executable, str(ROOT / "app.py")]
QUICK = ("train", "--network", "mlp-128-64", "--limit-train", "1000", "--limit-validation", "200", "--epochs", "2")


def environment(**changes: str | None) -> dict[str, str]:
    """Return this process's environment with some variables replaced, or removed where None."""
    # With one thread the many short commands here do not wait for one another on a busy machine.
    merged = {**os.environ, "OMP_NUM_THREADS": "1", **changes}
    return {name: value for name, value in merged.items() if value is not None}


def without_record(stderr: str) -> str:
    """Return what was told but for the one line with the run's number in the history, which must be there."""
    rest, count = re.subn(r"^Recorded as run \d+\.\r?\n", "", stderr, flags=re.MULTILINE)
    assert count == 1
    return rest


def start(*arguments: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*APP, *arguments], capture_output=True, text=True, timeout=120, cwd=ROOT, env=environment(**changes)
    )


def test_training_prints_json_lines_and_nothing_else(tmp_path):
    saved = tmp_path / "m.safetensors"
    done = start(*QUICK, "--json", "--save", str(saved))
    assert (done.returncode, without_record(done.stderr)) == (0, f"Saved {saved}\n")
    assert [json.loads(line)["epoch"] for line in done.stdout.splitlines()] == [1, 2]
    assert load_model(saved).position.epoch == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("train", "--epochs", "0"),
        ("train", "--epochs", "many"),
        ("train", "--save", "/no/such/folder/m.safetensors"),
        ("evaluate", "none.safetensors"),
        ("fly",),
        ("fly", "--network", "lenet-tanh"),
        ("--nonsense",),
        ("--dataset-path", "none"),
    ],
)
def test_an_error_is_one_line_on_stderr(arguments):
    done = start(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(".\n") and done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


def test_help_needs_no_display():
    done = start("--help", QT_QPA_PLATFORM=None, DISPLAY=None, WAYLAND_DISPLAY=None)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: app.py")


@pytest.mark.parametrize("display", [None, "", ":93"])
def test_without_a_display_a_sentence_says_what_to_do(display):
    done = start(QT_QPA_PLATFORM=None, DISPLAY=display, WAYLAND_DISPLAY=None)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    for part in ("display", "python app.py train", "xvfb-run python app.py"):
        assert part in done.stderr
    assert (":93 does not answer" in done.stderr) == (display == ":93")


def test_a_reader_that_has_seen_enough_is_no_error():
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        done = subprocess.run(
            [*APP, "networks"], stdout=pipe, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment()
        )
    assert (done.returncode, done.stderr) == (0, "")


def test_training_goes_on_for_the_model_when_nobody_reads_the_figures(tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    saved = tmp_path / "m.safetensors"
    with os.fdopen(writing, "w") as pipe:
        done = subprocess.run(
            [*APP, *QUICK, "--json", "--save", str(saved)],
            stdout=pipe, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment(),
        )  # fmt: skip
    assert (done.returncode, without_record(done.stderr)) == (0, f"Saved {saved}\n")
    assert load_model(saved).position.epoch == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_output_that_cannot_be_written_is_an_error_in_a_sentence():
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*APP, "networks"], stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment()
        )
    assert done.returncode == 2
    assert done.stderr == "The command could not be finished: No space left on device.\n"


def test_ctrl_c_while_training_saves_the_model_and_exits_with_130(tmp_path):
    saved = tmp_path / "m.safetensors"
    endless = (*QUICK[:-1], "10000", "--json", "--save", str(saved))
    process = subprocess.Popen(
        [*APP, *endless], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment()
    )
    first = json.loads(process.stdout.readline())
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    told = [first, *map(json.loads, out.splitlines())]
    stopped, kept = without_record(err).splitlines()
    assert stopped.startswith("Stopped after batch ") and kept == f"Saved {saved}"
    model = load_model(saved)
    assert [epoch.epoch for epoch in model.metrics] == [each["epoch"] for each in told]
    assert model.position.epoch == told[-1]["epoch"]


def test_a_bar_moves_on_a_terminal_and_is_gone_before_anything_else_is_printed():
    terminal, end = pty.openpty()
    wild = ("--learning-rate", "100", "--weight-decay", "1", "--epochs", "3")
    with subprocess.Popen(
        [*APP, *QUICK, *wild], stdout=subprocess.PIPE, stderr=end, text=True, cwd=ROOT, env=environment()
    ) as process:
        os.close(end)
        shown = b""
        while piece := _read(terminal):
            shown += piece
    os.close(terminal)
    assert process.returncode == 2
    bar, _, rest = shown.decode().rpartition("\r\033[K")
    assert "epoch 1/3 [" in bar and " samples/s" in bar
    rest = without_record(rest)
    assert rest.startswith("The loss became infinite or undefined") and rest.count("\n") == 1


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # how Linux says that the other end was closed
        return b""


def test_a_command_runs_headless_and_everything_else_opens_the_window(monkeypatch):
    opened = []
    monkeypatch.setattr("engine.cli.main", lambda arguments: opened.append(("command", arguments)) or 0)
    monkeypatch.setattr("gui.launch.run_window", lambda arguments: opened.append(("window", arguments)) or 0)
    for arguments in (
        [],
        ["model.safetensors"],
        ["--data-dir", "x"],
        ["networks"],
        ["--data-dir", "x", "train"],
        ["-h"],
    ):
        assert app.main(arguments) == 0
    assert [kind for kind, _ in opened] == ["window", "window", "window", "command", "command", "command"]
    assert opened[4][1] == ["--data-dir", "x", "train"]


def test_the_commands_of_app_are_those_there_are():
    from engine.cli import _COMMANDS

    assert set(app.COMMANDS) == set(_COMMANDS)


WATCHED = """
import os, sys

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "numpy":
            print(os.environ.get("OPENBLAS_THREAD_TIMEOUT"))

sys.meta_path.insert(0, Watch())
import {module}
assert "numpy" in sys.modules
"""


@pytest.mark.parametrize("module", ["gui.launch, gui.draw_panel", "engine.cli.training", "engine.worker"])
@pytest.mark.parametrize(("chosen", "expected"), [(None, "4"), ("20", "20")])
def test_the_threads_of_matrix_products_are_told_to_sleep_before_numpy_is_there(module, chosen, expected):
    done = subprocess.run(
        [sys.executable, "-c", WATCHED.format(module=module)], capture_output=True, text=True, timeout=60, cwd=ROOT,
        env=environment(OPENBLAS_THREAD_TIMEOUT=chosen),
    )  # fmt: skip
    assert (done.returncode, done.stdout.split()[:1], done.stderr) == (0, [expected], "")
