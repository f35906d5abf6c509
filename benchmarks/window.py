"""What an open window costs: training speed with and without it, answers to the pen, gaps of the event loop.

Rounds without and with a window alternate in one run, each in a process of its own, over the same network, batch
size and data. In the window LeNet's curves, kernels and feature maps are visible, and digits are drawn by mouse
events all the time.

    python benchmarks/window.py [--rounds 3] [--seconds 12] [--network lenet-tanh] [--json]

Without a display it starts a virtual one (xvfb-run).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

WARM_UP_SECONDS = 2.0


def headless(network: str, seconds: float) -> dict[str, Any]:
    """Train without a window for ``seconds`` and return samples per second."""
    from engine.architecture.zoo import experiment
    from engine.backends.mxnet.gluon import GluonBackend
    from engine.data.catalog import load_dataset
    from engine.session import Session
    from engine.training.events import BatchesDone

    chosen = experiment(network)
    session = Session(GluonBackend("cpu"), chosen.network(), chosen.config, load_dataset("mnist"))
    meter = Meter(chosen.config.batch_size, seconds)
    for event in session.train("benchmark"):
        if isinstance(event, BatchesDone) and meter.add(event.position.step):
            break
    return {"samples_per_second": meter.samples_per_second}


class Meter:
    """Counts batches over a stretch of wall time, after a warm-up."""

    def __init__(self, batch_size: int, seconds: float) -> None:
        self._batch_size = batch_size
        self._seconds = seconds
        self._begun = time.perf_counter() + WARM_UP_SECONDS
        self._first: tuple[float, int] | None = None
        self.samples_per_second = 0.0

    @property
    def measuring(self) -> bool:
        """Whether the warm-up is over and the end not yet reached."""
        return self._first is not None and not self.samples_per_second

    def add(self, step: int) -> bool:
        """Take in how many batches are done; True once the time is over."""
        now = time.perf_counter()
        if self._first is None:
            if now >= self._begun:
                self._first = (now, step)
        elif now - self._first[0] >= self._seconds and not self.samples_per_second:
            self.samples_per_second = (step - self._first[1]) * self._batch_size / (now - self._first[0])
        return bool(self.samples_per_second)


def windowed(network: str, seconds: float) -> dict[str, Any]:
    """Train in the real window while digits are drawn, and return speed, latencies and gaps."""
    from PySide6.QtCore import Qt, QTimer
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QComboBox, QPushButton

    from engine.architecture.zoo import experiment
    from gui.application import open_window

    application, window = open_window()
    window.resize(1600, 1000)
    window.show()
    wait_until(application, lambda: hasattr(window, "controller"))  # filled
    wait_until(application, lambda: window.controller.state == "ready" and window.controller.dataset is not None)
    window.findChild(QComboBox, "networkCombo").setCurrentText(network)
    for dock in window.docks():
        dock.show()
    window.splitDockWidget(*window.docks()[2:4], Qt.Orientation.Horizontal)
    application.processEvents()
    QTest.mouseClick(window.findChild(QPushButton, "trainButton"), Qt.MouseButton.LeftButton)
    wait_until(application, lambda: window.controller.state == "training")

    meter = Meter(experiment(network).config.batch_size, seconds)
    gaps = GapTimer(application)
    artist = Artist(window)

    def look() -> None:
        if meter.add(window.controller.position.step):
            application.exit()  # quit() would ask whether to stop the run
        elif meter.measuring and not gaps.running:
            gaps.start()
            artist.start()

    looking = QTimer(application, interval=10)
    looking.timeout.connect(look)
    looking.start()
    application.exec()
    result = {
        "samples_per_second": meter.samples_per_second,
        "answers": len(artist.latencies),
        "answer_ms_median": statistics.median(artist.latencies) * 1000,
        "answer_ms_worst": max(artist.latencies) * 1000,
        "gap_ms_p99": gaps.percentile(0.99) * 1000,
        "gap_ms_worst": gaps.worst * 1000,
    }
    window.close_without_asking()
    return result


def wait_until(application: Any, holds: Any, seconds: float = 60.0) -> None:
    """Run the event loop until ``holds()``."""
    deadline = time.perf_counter() + seconds
    while not holds():
        if time.perf_counter() > deadline:
            raise SystemExit("The window did not get ready in time.")
        application.processEvents()
        time.sleep(0.002)


class GapTimer:
    """Measures how long the event loop lets a timer of 5 ms wait."""

    def __init__(self, application: Any) -> None:
        from PySide6.QtCore import Qt, QTimer

        self._timer = QTimer(application, interval=5, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._last = 0.0
        self._gaps: list[float] = []

    @property
    def running(self) -> bool:
        """Whether it measures."""
        return bool(self._timer.isActive())

    def start(self) -> None:
        """Begin to measure."""
        self._last = time.perf_counter()
        self._timer.start()

    def _tick(self) -> None:
        now = time.perf_counter()
        self._gaps.append(now - self._last)
        self._last = now

    @property
    def worst(self) -> float:
        """The longest gap in seconds."""
        return max(self._gaps)

    def percentile(self, share: float) -> float:
        """Return the gap that this share of all gaps does not exceed."""
        return sorted(self._gaps)[int(share * (len(self._gaps) - 1))]


class Artist:
    """Draws one digit-like stroke after the other with mouse events, at the pace of a hand."""

    STEP_MS = 12
    PAUSE_MS = 350
    PLACES = [(0.3 + 0.4 * (i % 7) / 6, 0.2 + 0.6 * i / 29) for i in range(30)]

    def __init__(self, window: Any) -> None:
        from PySide6.QtCore import Qt, QTimer

        self._controller = window.controller
        self._canvas = window.views.draw.canvas
        self._place = 0
        self._released: tuple[float, int] | None = None
        self._timer = QTimer(window, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._draw_on)
        window.controller.answered.connect(self._note_answer)
        self.latencies: list[float] = []

    def start(self) -> None:
        """Begin to draw."""
        self._timer.start(self.STEP_MS)

    def _draw_on(self) -> None:
        from PySide6.QtCore import QEvent

        if self._place == 0:
            self._canvas.clear()
            self._timer.start(self.STEP_MS)
            self._send(QEvent.Type.MouseButtonPress)
        elif self._place < len(self.PLACES) - 1:
            self._send(QEvent.Type.MouseMove)
        else:
            began = time.perf_counter()
            self._send(QEvent.Type.MouseButtonRelease)
            self._released = (began, self._controller.latest_request)
            self._timer.start(self.PAUSE_MS)
        self._place = (self._place + 1) % len(self.PLACES)

    def _send(self, kind: Any) -> None:
        """Send a mouse event; QTest's own would hold Python's lock and so stop the training meanwhile."""
        from PySide6.QtCore import QEvent, QPointF, Qt
        from PySide6.QtGui import QMouseEvent
        from PySide6.QtWidgets import QApplication

        x, y = self.PLACES[self._place]
        place = QPointF(x * self._canvas.width(), y * self._canvas.height())
        button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else Qt.MouseButton.LeftButton
        held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else Qt.MouseButton.LeftButton
        on_screen = self._canvas.mapToGlobal(place)
        event = QMouseEvent(kind, place, on_screen, button, held, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(self._canvas, event)

    def _note_answer(self, request: int) -> None:
        if self._released is not None and request >= self._released[1]:
            self.latencies.append(time.perf_counter() - self._released[0])
            self._released = None


def run_phase(phase: str, options: argparse.Namespace) -> dict[str, Any]:
    """Run one phase in a process of its own and return what it measured."""
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, __file__, "--phase", phase, "--network", options.network]
        command += ["--seconds", str(options.seconds)]
        done = subprocess.run(
            command, env=os.environ | {"NETARIUM_HOME": home}, stdout=subprocess.PIPE, text=True, check=True
        )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> int:
    """Alternate the phases and print medians and their ratio."""
    parser = argparse.ArgumentParser(description="Measures what an open window costs.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=12.0)
    parser.add_argument("--network", default="lenet-tanh")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--phase", choices=("headless", "window"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.phase:
        measure = headless if options.phase == "headless" else windowed
        print(json.dumps(measure(options.network, options.seconds)))
        return 0
    if not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY") and shutil.which("xvfb-run"):
        return subprocess.call(["xvfb-run", "-a", "-s", "-screen 0 1920x1080x24", sys.executable, *sys.argv])
    rounds = [{phase: run_phase(phase, options) for phase in ("headless", "window")} for _ in range(options.rounds)]
    report(rounds, options)
    return 0


def report(rounds: list[dict[str, dict[str, Any]]], options: argparse.Namespace) -> None:
    """Print what the rounds measured."""

    def median(phase: str, figure: str) -> float:
        return statistics.median(r[phase][figure] for r in rounds)

    ratios = [r["window"]["samples_per_second"] / r["headless"]["samples_per_second"] for r in rounds]
    if options.json:
        print(json.dumps({"rounds": rounds, "speed_kept_median": statistics.median(ratios)}))
        return
    print(f"{options.network}, {options.rounds} rounds of {options.seconds:g} s, medians:")
    print(f"  without a window   {median('headless', 'samples_per_second'):8,.0f} samples/s")
    print(f"  with the window    {median('window', 'samples_per_second'):8,.0f} samples/s")
    print(f"  speed kept         {statistics.median(ratios):8.1%}   (rounds: {', '.join(f'{r:.1%}' for r in ratios)})")
    print(f"  stroke to answer   {median('window', 'answer_ms_median'):8.1f} ms median")
    print(f"  slowest answer     {max(r['window']['answer_ms_worst'] for r in rounds):8.1f} ms")
    print(f"  event-loop gap     {median('window', 'gap_ms_p99'):8.1f} ms at the 99th percentile")
    print(f"  longest gap        {max(r['window']['gap_ms_worst'] for r in rounds):8.1f} ms")


if __name__ == "__main__":
    sys.exit(main())
