"""How fast curves with a million batches behind them pan and zoom, in the panel itself, painting included.

    python benchmarks/curves.py [--batches 1000000] [--frames 200] [--json]

The panel is fed through the events of training and shown at 1100×700. Every frame moves the view or zooms it as the
mouse does, lets the panel decimate the part that came into view, and paints. Without a display it starts a virtual one
(xvfb-run).
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

_SIZE = (1100, 700)
_BATCHES_PER_EPOCH = 600
_PROMISED_MS = 1000 / 30
# As the report of a run that goes on: so many batches an event.
_EVENT = 200


def feed(panel: Any, batches: int, finish: bool) -> None:
    """Tell the panel of a run with so many batches."""
    import numpy as np

    from engine.training.config import TrainingConfig
    from engine.training.events import BatchesDone, EpochDone, Position, RunFinished, RunStarted

    random = np.random.default_rng(0)
    epochs = batches // _BATCHES_PER_EPOCH
    panel.add_event(RunStarted("curves", TrainingConfig(), Position(), epochs, _BATCHES_PER_EPOCH, 60_000, 10_000))
    for step in range(_EVENT, batches + 1, _EVENT):
        losses = 2.0 / (1 + np.arange(step - _EVENT, step) / 5000) + random.exponential(0.05, _EVENT)
        epoch, batch = divmod(step, _BATCHES_PER_EPOCH)
        position = Position(epoch, batch, step, step / 100)
        panel.add_event(BatchesDone("curves", position, losses, np.exp(-losses), 0.1, 10_000.0))
        if batch == 0:
            loss = float(losses.mean())
            panel.add_event(EpochDone("curves", position, epoch, loss, 0.9, loss * 1.1, 0.9, 6.0, 10_000.0, 0.1))
    if finish:
        end = Position(epochs, 0, batches, batches / 100)
        panel.add_event(RunFinished("curves", end, "completed"))


def measure(batches: int, frames: int) -> dict[str, Any]:
    """Return the milliseconds of every frame of panning and of zooming, and of adding to a run that goes on."""
    import pyqtgraph as pg
    from PySide6.QtWidgets import QApplication

    from gui.curve_data import QUANTITIES
    from gui.curve_plot import CurvePlot
    from gui.curves_figure import CurvesFigure  # noqa: F401  # the panel loads it by itself, but later
    from gui.curves_panel import CurvesPanel
    from gui.theme import LIGHT

    application = QApplication([])
    panel = CurvesPanel()
    panel.apply_theme(LIGHT)
    panel.resize(*_SIZE)
    panel.show()
    began = time.perf_counter()
    feed(panel, batches, finish=True)
    fed = time.perf_counter() - began
    plot = panel.findChild(CurvePlot, "lossPlot")
    view = plot.findChild(pg.PlotWidget).getPlotItem().getViewBox()
    settle(application)

    def timed(change: Callable[[int], None]) -> list[float]:
        times = []
        for frame in range(frames):
            start = time.perf_counter()
            change(frame)
            panel._repaint(QUANTITIES)  # with every frame, where the panel itself does it six times a second
            application.processEvents()
            times.append((time.perf_counter() - start) * 1000)
        return times

    def pan(frame: int) -> None:
        step = 0.02 * math.copysign(1, frame % 100 - 49.5)
        low, high = view.viewRange()[0]
        view.translateBy(x=step * (high - low))

    def zoom(frame: int) -> None:
        view.scaleBy(x=0.9 if frame % 100 < 50 else 1 / 0.9)

    results: dict[str, Any] = {"fed_s": fed}
    for name, width in (("all of it", 1.0), ("a tenth", 0.1), ("a thousandth", 0.001)):
        low, high = 0.0, batches / _BATCHES_PER_EPOCH
        middle = (low + high) / 2
        view.setXRange(middle - width * high / 2, middle + width * high / 2, padding=0)
        view.sigRangeChangedManually.emit([True, False])  # as the mouse does: from now on the user chooses
        settle(application)
        results[f"pan, {name}"] = timed(pan)
    view.setXRange(0, batches / _BATCHES_PER_EPOCH, padding=0)
    settle(application)
    results["zoom, in and out"] = timed(zoom)
    panel.close()
    return results


def settle(application: Any, seconds: float = 0.5) -> None:
    """Let everything be painted that waits for it."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        application.processEvents()
        time.sleep(0.005)


def report(results: dict[str, Any], batches: int) -> None:
    """Print median, 99th percentile and frames a second."""
    print(
        f"{batches:,} batches, fed in {results.pop('fed_s'):.1f} s; milliseconds a frame, promised: {_PROMISED_MS:.0f}"
    )
    for name, times in results.items():
        late = sorted(times)[int(0.99 * (len(times) - 1))]
        median = statistics.median(times)
        print(f"  {name:20} median {median:6.1f}   99% {late:6.1f}   {1000 / median:5.0f} frames a second")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measures how fast long curves pan and zoom.")
    parser.add_argument("--batches", type=int, default=1_000_000)
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY") and shutil.which("xvfb-run"):
        return subprocess.call(["xvfb-run", "-a", "-s", "-screen 0 1920x1080x24", sys.executable, *sys.argv])
    results = measure(options.batches, options.frames)
    if options.json:
        print(json.dumps(results))
    else:
        report(results, options.batches)
    return 0


if __name__ == "__main__":
    sys.exit(main())
