"""How long an edit takes in the whole window: edited network, shapes, editor, diagram, set-up, and painting them.

    python benchmarks/edits.py [--networks googlenet densenet ...] [--edits 20]

Prints the median and the longest of the edits of each network, in milliseconds of wall time. Without a display it uses
xvfb-run if that is installed, and otherwise paints off screen.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

if not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[1]))

import msgspec
from PySide6.QtWidgets import QApplication

from engine.architecture import editing
from engine.architecture.layers import Activation, Conv2D
from engine.architecture.network import walk
from engine.architecture.zoo import EXPERIMENTS
from gui.main_window import MainWindow

LARGEST = ("googlenet", "googlenet-original", "densenet", "resnet-20")
PROMISED_MS = 200


def measure(window: MainWindow, name: str, edits: int) -> list[float]:
    """Return how long each edit of a network took until the window was painted again."""
    application = QApplication.instance()
    assert application is not None
    window.views.setup.select_network(name)
    window.views.setup.network_chosen.emit(name)
    settle(lambda: False, seconds=0.3)
    session = window.views.editor._session
    convolutions = [place.path for place in walk(session.spec.layers) if isinstance(place.layer, Conv2D)]
    times = []
    for number in range(edits):
        path = convolutions[number * 7 % len(convolutions)]
        window.views.editor.select(path)
        application.processEvents()
        begun = time.perf_counter()
        if number % 2:
            session.add([Activation("tanh")])
        else:
            layer = editing.layer_at(session.spec, path)
            session.replace(path, msgspec.structs.replace(layer, use_bias=not layer.use_bias), "use_bias")
        application.processEvents()
        application.processEvents()  # what was laid out anew is painted
        times.append(1000 * (time.perf_counter() - begun))
    return times


def settle(holds: Callable[[], bool], seconds: float = 60) -> None:
    """Let the window work until something holds, or time is up."""
    application = QApplication.instance()
    assert application is not None
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        application.processEvents()
        time.sleep(0.005)


def main() -> int:
    """Print a line for each network; exit with 1 if a median is longer than promised."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--networks", nargs="+", default=LARGEST, choices=list(EXPERIMENTS), metavar="NAME")
    parser.add_argument("--edits", type=int, default=20)
    options = parser.parse_args()
    slow = False
    with tempfile.TemporaryDirectory() as home:
        os.environ["NETARIUM_HOME"] = home
        application = QApplication([])
        window = MainWindow()
        window.resize(1600, 1000)
        window.show()
        settle(lambda: window.controller.state == "ready" and window.controller.dataset is not None)
        window.show_editor()
        print(f"milliseconds an edit, window at 1600×1000, {application.platformName()}; promised: {PROMISED_MS}")
        for name in options.networks:
            times = measure(window, name, options.edits)
            slow |= statistics.median(times) > PROMISED_MS
            print(f"{name:20} median {statistics.median(times):5.0f}   longest {max(times):5.0f}", flush=True)
        window.close_without_asking()
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
