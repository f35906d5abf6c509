"""What memory the window takes: left alone, and while LeNet trains on MNIST; and whether it grows.

    python benchmarks/memory.py [--minutes 5] [--network lenet-tanh] [--json]

The window is the real one in a process of its own; curves, kernels and feature maps are visible. The growth is the
slope of a straight line through the samples after the first epoch, with which the last buffers come.
Where it is above what noise explains, the objects that became more are told. Without a display it starts a virtual
one (xvfb-run).
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.startup import resident_mb

_SAMPLE_MS = 1000
# More than that between two samples, and the process was stopped (SIGSTOP): nothing was trained.
_LONGEST_STEP_S = 5.0
_REST_MS = 5000
_PROMISED_IDLE, _PROMISED_TRAINING = 250, 500
# A growth below this, in MB an hour, is not told from none within some minutes.
_FLAT = 20.0
_MANY_EPOCHS = "100000"


def measure(network: str, minutes: float) -> dict[str, Any]:
    """Open the window, leave it alone, train for some minutes, and return what memory it took."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QPushButton

    from gui.application import open_window

    application, window = open_window()
    controller = lambda: window.controller  # noqa: E731  # there once the window is filled
    result: dict[str, Any] = {"samples": []}
    before: Counter[str] = Counter()
    seconds = looked = 0.0

    def begin_rest() -> None:
        if controller().state == "ready" and controller().dataset is not None and "ready_mb" not in result:
            result["ready_mb"] = resident_mb()
            QTimer.singleShot(_REST_MS, train)

    def train() -> None:
        result["idle_mb"] = resident_mb()
        window.findChild(QComboBox, "networkCombo").setCurrentText(network)
        window.findChild(QAbstractSpinBox, "epochsSpin").setValue(int(_MANY_EPOCHS))
        for dock in window.docks():
            dock.show()
        window.findChild(QPushButton, "trainButton").click()
        nonlocal looked
        looked = time.monotonic()
        sampling.start()

    def sample() -> None:
        nonlocal seconds, looked
        passed, looked = time.monotonic() - looked, time.monotonic()
        seconds += min(passed, _LONGEST_STEP_S)
        result["samples"].append((seconds, resident_mb()))
        if not before and controller().position.epoch > 0:
            result["first_epoch_s"] = seconds
            before.update(count_objects())
        if seconds > 60 * minutes:
            result["batches"] = controller().position.step
            result["more"] = (count_objects() - before).most_common(8)
            application.exit()

    waiting = QTimer(application, interval=50)
    waiting.timeout.connect(begin_rest)
    window.filled.connect(waiting.start)
    sampling = QTimer(application, interval=_SAMPLE_MS)
    sampling.timeout.connect(sample)
    window.show()
    application.exec()
    window.close_without_asking()
    return result


def count_objects() -> Counter[str]:
    """Return how many objects of each type Python's garbage collector knows."""
    return Counter(type(thing).__qualname__ for thing in gc.get_objects())


def summarize(result: dict[str, Any]) -> dict[str, Any]:
    """Add the level and the slope of the training to what was measured."""
    import numpy as np

    seconds, memory = np.array(result["samples"]).T
    # What comes with an epoch, the validation and a checkpoint, is there some seconds later.
    settled = seconds > min(result.get("first_epoch_s", np.inf) + _REST_MS / 1000, seconds[-1] / 2)
    slope, _ = np.polyfit(seconds[settled] / 3600, memory[settled], 1)
    return result | {
        "training_mb": float(np.median(memory[settled])),
        "most_mb": float(memory.max()),
        "growth_mb_per_hour": float(slope),
        "settled_minutes": float(np.ptp(seconds[settled]) / 60),
        "settled_from_mb": float(memory[settled][:10].mean()),
        "settled_to_mb": float(memory[settled][-10:].mean()),
    }


def report(result: dict[str, Any]) -> None:
    """Print what was measured, beside what is promised."""
    print(f"  ready                  {result['ready_mb']:7.0f} MB")
    print(f"  left alone             {result['idle_mb']:7.0f} MB   (promised: {_PROMISED_IDLE})")
    print(f"  while training, median {result['training_mb']:7.0f} MB   (promised: {_PROMISED_TRAINING})")
    print(f"  while training, most   {result['most_mb']:7.0f} MB")
    growth = f"{result['settled_from_mb']:.1f} to {result['settled_to_mb']:.1f} MB"
    growth += f" in {result['settled_minutes']:.1f} minutes"
    print(f"  growth                 {result['growth_mb_per_hour']:+7.1f} MB an hour   ({growth})")
    print(f"  batches                {result['batches']:7,}")
    if result["growth_mb_per_hour"] > _FLAT:
        print("  more of: " + ", ".join(f"{name} +{count}" for name, count in result["more"]))


def main() -> int:
    """Measure in a process of its own, and print."""
    parser = argparse.ArgumentParser(description="Measures the memory of the window.")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--network", default="lenet-tanh")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.network, options.minutes)))
        return 0
    if not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY") and shutil.which("xvfb-run"):
        return subprocess.call(["xvfb-run", "-a", "-s", "-screen 0 1920x1080x24", sys.executable, *sys.argv])
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, __file__, "--measure", "--network", options.network]
        command += ["--minutes", str(options.minutes)]
        done = subprocess.run(
            command, env=os.environ | {"NETARIUM_HOME": home}, stdout=subprocess.PIPE, text=True, check=True
        )
    result = summarize(json.loads(done.stdout.splitlines()[-1]))
    if options.json:
        print(json.dumps(result))
    else:
        report(result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
