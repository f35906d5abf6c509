from __future__ import annotations

import ctypes.util
import os
import shutil
import socket
import subprocess
import sys

import pytest

from gui.launch import display_problem, run_window


@pytest.fixture
def no_display(monkeypatch):
    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def shown(monkeypatch):
    """The arguments that a window was opened with, instead of one."""
    calls = []
    monkeypatch.setattr("gui.application.show_window", lambda *arguments: calls.append(arguments) or 0)
    return calls


@pytest.fixture
def wayland(no_display, monkeypatch, tmp_path):
    """A Wayland display that answers."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-7")
    with socket.socket(socket.AF_UNIX) as compositor:
        compositor.bind(str(tmp_path / "wayland-7"))
        compositor.listen()
        yield compositor


def refusal(capsys, *arguments: str) -> str:
    assert run_window([*arguments]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and err.endswith(".\n")
    return err.strip()


def test_no_display_is_told(no_display):
    assert display_problem() == "There is no display to show the window on."


def test_a_display_that_does_not_answer_is_named(no_display, monkeypatch):
    monkeypatch.setenv("DISPLAY", ":93")
    assert display_problem() == "The display :93 does not answer, so no window can be shown."


@pytest.mark.parametrize("platform", ["offscreen", "minimal", "vnc:size=800x600"])
def test_platforms_without_a_screen_need_no_display(no_display, monkeypatch, platform):
    monkeypatch.setenv("QT_QPA_PLATFORM", platform)
    assert display_problem() == ""


@pytest.mark.parametrize("platform", ["xcb", "wayland", "wayland;xcb"])
def test_platforms_with_a_screen_need_a_display(no_display, monkeypatch, platform):
    monkeypatch.setenv("QT_QPA_PLATFORM", platform)
    assert "display" in display_problem()


def test_a_wayland_display_is_enough_unless_x_is_asked_for(wayland, monkeypatch):
    assert display_problem() == ""
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    assert "no display" in display_problem()


def test_what_a_dead_wayland_display_left_behind_does_not_count(wayland):
    wayland.close()
    assert "no display" in display_problem()


@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="Xvfb is not installed")
@pytest.mark.skipif(ctypes.util.find_library("xcb-cursor") is None, reason="libxcb-cursor0 is not installed")
def test_an_x_display_that_answers_is_enough(no_display, monkeypatch):
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-nolisten", "tcp"], pass_fds=(writing,), stderr=subprocess.DEVNULL
    )
    try:
        os.close(writing)
        with os.fdopen(reading) as pipe:
            monkeypatch.setenv("DISPLAY", f":{pipe.readline().strip()}")
        assert display_problem() == ""
        monkeypatch.setenv("QT_QPA_PLATFORM", "wayland")
        assert "told to use Wayland" in display_problem()
    finally:
        server.terminate()
        server.wait()


def test_the_window_opens_with_what_was_asked(shown, tmp_path):
    model = tmp_path / "m.safetensors"
    model.touch()
    assert run_window([]) == 0
    assert run_window([str(model), "--dataset-path", str(tmp_path), "--data-dir", str(tmp_path / "home")]) == 0
    assert shown == [(None, None), (model, tmp_path)]
    assert os.environ["NETARIUM_HOME"] == str(tmp_path / "home")


def test_without_a_display_the_headless_commands_and_xvfb_are_named(no_display, shown, capsys):
    sentence = refusal(capsys)
    assert "python app.py train" in sentence and "xvfb-run python app.py" in sentence
    assert shown == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("trian",), "There is no command and no file called trian. See --help."),
        (("trian", "--epochs", "2"), "There is no command and no file called trian. See --help."),
        (("x" * 300,), "There is no command and no file called xxx"),
        (("--epochs", "2"), "There is no option --epochs for the window. See --help."),
        (("--data-dir",), "argument --data-dir: expected one argument. See --help."),
        (("--dataset-path", "nowhere"), "nowhere is not a folder; choose one with four IDX files."),
    ],
)
def test_arguments_that_cannot_be_are_refused_before_the_display_is_asked(shown, capsys, arguments, sentence):
    assert refusal(capsys, *arguments).startswith(sentence)
    assert shown == []


def test_a_qt_that_cannot_be_loaded_is_told(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "gui.application", None)
    told = refusal(capsys)
    assert told.startswith("Qt cannot be loaded (") and "make setup" in told
