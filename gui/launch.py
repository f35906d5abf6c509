"""Starts the window, or says in a sentence why this machine cannot show one."""

from __future__ import annotations

import argparse
import ctypes
import os
import socket
import sys
from pathlib import Path

from engine.storage.paths import use_data_home

_HEADLESS = (
    "The headless commands work without one: python app.py train --network lenet-tanh --epochs 1, or "
    "python app.py --help for all. To show the window on a virtual screen: xvfb-run python app.py."
)


def run_window(arguments: list[str]) -> int:
    """Show the window until it is closed; return 0, or 2 where it cannot be shown."""
    try:
        options, unknown = _parser().parse_known_args(arguments)
    except argparse.ArgumentError as error:
        return _refuse(f"{error}. See --help.")
    if options.data_dir is not None:
        use_data_home(options.data_dir)
    missing = options.model is not None and not os.path.exists(options.model)
    if unknown and (arguments[0].startswith("-") or not missing):
        return _refuse(f"There is no option {unknown[0]} for the window. See --help.")
    if missing:  # a misspelt command, more often than not
        return _refuse(f"There is no command and no file called {options.model}. See --help.")
    if options.dataset_path is not None and not os.path.isdir(options.dataset_path):
        return _refuse(f"{options.dataset_path} is not a folder; choose one with four IDX files.")
    problem = display_problem()
    if problem:
        return _refuse(f"{problem} {_HEADLESS}")
    try:
        from gui.application import show_window
    except ImportError as error:
        return _refuse(f"Qt cannot be loaded ({error}). Run `make setup`, which says which system package is missing.")
    return show_window(options.model, options.dataset_path)


def display_problem() -> str:
    """Return a sentence on why no window can be shown here; empty if one can.

    Qt itself would abort the process.
    """
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    if platform and not platform.startswith(("xcb", "wayland")):
        return ""  # offscreen, minimal, vnc and the like need no display
    if _wayland_answers() and not platform.startswith("xcb"):
        return ""
    if platform.startswith("wayland") and "xcb" not in platform:
        return "Qt is told to use Wayland (QT_QPA_PLATFORM), but no Wayland display answers."
    if not os.environ.get("DISPLAY"):
        return "There is no display to show the window on."
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return "The system library libxcb is missing, so no window can be shown; `make setup` says how to install it."
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
    failed = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    if failed:
        return f"The display {os.environ['DISPLAY']} does not answer, so no window can be shown."
    try:
        ctypes.CDLL("libxcb-cursor.so.0")
    except OSError:
        return "The system library libxcb-cursor0 is missing, without which Qt stops; `make setup` says how to get it."
    return ""


def _wayland_answers() -> bool:
    name, folder = os.environ.get("WAYLAND_DISPLAY"), os.environ.get("XDG_RUNTIME_DIR", "")
    if not name:
        return False
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(os.path.join(folder, name))
    except OSError:
        return False
    return True


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="app.py", add_help=False, exit_on_error=False)
    parser.add_argument("model", nargs="?", type=Path, metavar="MODEL")
    parser.add_argument("--dataset-path", type=Path, metavar="FOLDER")
    parser.add_argument("--data-dir", type=Path, metavar="FOLDER")
    return parser


def _refuse(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 2
