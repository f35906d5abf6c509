"""What an open window costs: training speed with and without it, answers to the pen, gaps of the event loop.

Rounds without and with a window alternate in one run, each in a process of its own, over the same network, backend,
batch size and data. Without a window it is the bare loop of ``contestant.py``: batches one after the other. Since two
processes differ by more than is looked for, there is a closer comparison within the second: by turns its window is
shown, hidden, and hidden and paused while the bare loop trains a network of its own (in NumPy; MXNet bears one thread
only). In the window LeNet's curves, kernels and the feature maps of a drawn digit are visible; after ``--seconds``
digits are drawn by mouse events all the time for as long again, and for some seconds after the run.

    python benchmarks/window.py [--rounds 3] [--seconds 12] [--network lenet-tanh] [--backend scratch] [--json]

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
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

WARM_UP_SECONDS = 2.0
IDLE_SECONDS = 8.0
# By turns within one process the window is hidden and shown: its neighbours on the machine disturb both alike.
TURNS, TURN_SECONDS, SETTLE_SECONDS = 8, 2.0, 0.4
MANY_EPOCHS = 10_000
QUIET = 0.15  # of a core


def headless(network: str, backend: str, seconds: float) -> dict[str, Any]:
    """Train without a window for ``seconds`` and return samples per second."""
    from engine import spare_memory

    spare_memory.keep()
    train = bare_loop(network, backend)
    train(WARM_UP_SECONDS)
    return {"samples_per_second": train(seconds)}


def bare_loop(network: str, backend: str) -> Callable[[float], float]:
    """Return the shortest loop there is, which trains for some seconds and returns samples per second."""
    from benchmarks.contestant import bare
    from benchmarks.races import Race
    from engine.architecture.zoo import experiment
    from engine.backends.choice import make_backend
    from engine.data.catalog import load_dataset

    chosen = experiment(network)
    return bare(make_backend(backend), Race(network, chosen.network(), chosen.config, 1.0), load_dataset("mnist"))


def fastest(network: str) -> str:
    """Return the backend that ``auto`` takes here."""
    from engine import spare_memory
    from engine.architecture.zoo import experiment
    from engine.backends.choice import make_backend
    from engine.fastest import find_fastest

    spare_memory.keep()
    chosen = experiment(network)
    return find_fastest(chosen.network(), chosen.config, "cpu", make_backend).backend


def windowed(network: str, backend: str, seconds: float) -> dict[str, Any]:
    """Train in the real window while digits are drawn, and return speed, latencies and gaps."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QPushButton

    from engine.architecture.zoo import experiment
    from gui.application import open_window

    application, window = open_window()
    window.resize(1600, 1000)
    window.show()
    wait_until(application, lambda: hasattr(window, "controller"))  # filled
    wait_until(application, lambda: window.controller.state == "ready" and window.controller.dataset is not None)
    window.findChild(QComboBox, "networkCombo").setCurrentText(network)
    computed_by = window.findChild(QComboBox, "backendCombo")
    computed_by.setCurrentIndex(computed_by.findData(backend))
    batch_size = experiment(network).config.batch_size
    window.findChild(QAbstractSpinBox, "epochsSpin").setValue(MANY_EPOCHS)
    # The bare loop validates nothing, which takes up to a twentieth of a run's time; nor does this one, but a batch.
    window.findChild(QAbstractSpinBox, "limitValidationSpin").setValue(batch_size)
    for dock in window.docks():
        dock.show()
    window.splitDockWidget(*window.docks()[2:4], Qt.Orientation.Horizontal)
    application.processEvents()
    QTest.mouseClick(window.findChild(QPushButton, "trainButton"), Qt.MouseButton.LeftButton)
    wait_until(application, lambda: window.controller.state == "training")
    artist = Artist(window)
    artist.draw_once()  # so that there are feature maps
    run_loop(WARM_UP_SECONDS)

    gaps = GapTimer(application)

    def speed(seconds: float = seconds) -> float:
        """Return samples per second while the event loop runs."""
        began, first = time.perf_counter(), window.controller.position.step
        run_loop(seconds)
        return (window.controller.position.step - first) * batch_size / (time.perf_counter() - began)

    def click(button: str, state: str) -> None:
        QTest.mouseClick(window.findChild(QPushButton, button), Qt.MouseButton.LeftButton)
        wait_until(application, lambda: window.controller.state == state)

    bare = bare_loop(network, backend) if backend == "scratch" else None
    turns: dict[str, list[float]] = {"shown": [], "hidden": [], "bare": []}
    for _ in range(TURNS):
        window.hide()
        run_loop(SETTLE_SECONDS)
        turns["hidden"].append(speed(TURN_SECONDS))
        if bare is not None:
            click("pauseButton", "paused")
            run_loop_until_quiet()
            turns["bare"].append(bare(TURN_SECONDS))
            click("pauseButton", "training")
        window.show()
        run_loop(SETTLE_SECONDS)
        turns["shown"].append(speed(TURN_SECONDS))

    gaps.start()
    began = time.perf_counter(), time.thread_time()
    result: dict[str, Any] = {"samples_per_second": speed(), "turns": turns}
    result["thread_share"] = (time.thread_time() - began[1]) / (time.perf_counter() - began[0])
    artist.latencies.clear()  # the first answer of a run takes longer
    artist.start()
    result["drawing_samples_per_second"] = speed()
    gaps.stop()
    result |= {
        "answers": len(artist.latencies),
        "answer_ms_median": statistics.median(artist.latencies) * 1000,
        "answer_ms_worst": max(artist.latencies) * 1000,
        "gap_ms_p99": gaps.percentile(0.99) * 1000,
        "gap_ms_worst": gaps.worst * 1000,
        "gaps_over_50_ms": gaps.count(0.050),
    }
    QTest.mouseClick(window.findChild(QPushButton, "stopButton"), Qt.MouseButton.LeftButton)
    wait_until(application, lambda: window.controller.state == "trained")
    artist.latencies.clear()
    run_loop(IDLE_SECONDS)
    result["idle_answer_ms_median"] = statistics.median(artist.latencies) * 1000
    window.close_without_asking()
    return result


def run_loop(seconds: float) -> None:
    """Let the window live for so long."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()  # when the application's own ends, it closes the worker
    QTimer.singleShot(int(1000 * seconds), loop.quit)
    loop.exec()


def run_loop_until_quiet() -> None:
    """Let the window live until it has computed all that a pause gives it time for."""
    busy = 1.0
    while busy > QUIET:
        began = time.perf_counter(), time.process_time()
        run_loop(SETTLE_SECONDS)
        busy = (time.process_time() - began[1]) / (time.perf_counter() - began[0])


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

    def start(self) -> None:
        """Begin to measure."""
        self._last = time.perf_counter()
        self._timer.start()

    def _tick(self) -> None:
        now = time.perf_counter()
        self._gaps.append(now - self._last)
        self._last = now

    def stop(self) -> None:
        """Measure no more."""
        self._timer.stop()

    def count(self, seconds: float) -> int:
        """Return how many gaps were longer."""
        return sum(gap > seconds for gap in self._gaps)

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

    def draw_once(self) -> None:
        """Draw one digit at once."""
        for _ in self.PLACES:
            self._draw_on()
        self._timer.stop()

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
        command += ["--seconds", str(options.seconds), "--backend", options.backend]
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
    parser.add_argument("--backend", help="by default the one that auto takes")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--phase", choices=("headless", "window"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.phase:
        measure = headless if options.phase == "headless" else windowed
        print(json.dumps(measure(options.network, options.backend, options.seconds)))
        return 0
    if not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY") and shutil.which("xvfb-run"):
        return subprocess.call(["xvfb-run", "-a", "-s", "-screen 0 1920x1080x24", sys.executable, *sys.argv])
    options.backend = options.backend or fastest(options.network)
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
    print(f"{options.network} with {options.backend}, {options.rounds} rounds of {options.seconds:g} s, medians:")
    print(f"  without a window   {median('headless', 'samples_per_second'):8,.0f} samples/s")
    print(f"  with the window    {median('window', 'samples_per_second'):8,.0f} samples/s")
    print(f"  speed kept         {statistics.median(ratios):8.1%}   (rounds: {', '.join(f'{r:.1%}' for r in ratios)})")
    for other in ("hidden", "bare"):
        turns = [r["window"]["turns"] for r in rounds]
        kept = [a / b for turn in turns for a, b in zip(turn["shown"], turn[other], strict=False)]  # bare not always
        if kept:
            print(f"  shown to {other:<10}{statistics.median(kept):8.1%}   ({min(kept):.1%} to {max(kept):.1%})")
    print(f"  its thread takes   {median('window', 'thread_share'):8.1%} of a core")
    drawing = median("window", "drawing_samples_per_second")
    print(f"  while drawing      {drawing:8,.0f} samples/s")
    print(f"  one batch          {batch_ms(options.network, median('headless', 'samples_per_second')):8.1f} ms")
    print(f"  stroke to answer   {median('window', 'answer_ms_median'):8.1f} ms median")
    print(f"  the same when idle {median('window', 'idle_answer_ms_median'):8.1f} ms median")
    print(f"  slowest answer     {max(r['window']['answer_ms_worst'] for r in rounds):8.1f} ms")
    print(f"  event-loop gap     {median('window', 'gap_ms_p99'):8.1f} ms at the 99th percentile")
    print(f"  longest gap        {max(r['window']['gap_ms_worst'] for r in rounds):8.1f} ms")
    print(f"  gaps over 50 ms    {sum(r['window']['gaps_over_50_ms'] for r in rounds):8}")


def batch_ms(network: str, samples_per_second: float) -> float:
    """Return how long a batch takes at this speed."""
    from engine.architecture.zoo import experiment

    return 1000 * experiment(network).config.batch_size / samples_per_second


if __name__ == "__main__":
    sys.exit(main())
