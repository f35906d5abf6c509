"""How soon the window is there: on screen, filled, and ready to train, in new processes; and the memory each takes.

    python benchmarks/startup.py [--rounds 7] [--json]

The first round warms the disk's cache, compiles Python's modules, and does not count. Without a display it starts a
virtual one (xvfb-run).
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

# A window that has been left alone for this long has loaded all that it loads by itself.
_REST_MS = 3000
_LOOK_MS = 10
_FIGURES = (
    ("shown_s", "window on screen", "s"),
    ("filled_s", "all panels painted", "s"),
    ("ready_s", "ready to train", "s"),
    ("held_ms", "longest stall from then on", "ms"),
    ("resident_mb", "resident, idle", "MB"),
)


def measure(began: float) -> dict[str, float]:
    """Open the window as ``app.py`` does, and tell when it came how far, in seconds since ``began``."""
    from gui.application import open_window

    application, window = open_window()
    told: dict[str, float] = {}

    from PySide6.QtCore import QTimer

    def note(figure: str) -> None:
        told.setdefault(figure, time.time() - began)

    last, longest = 0.0, 0.0

    def look() -> None:
        nonlocal last, longest
        now = time.time()
        longest = max(longest, now - last)
        last = now
        # The controller does this too, but only when the worker wakes it.
        if window.controller.state == "ready" and window.controller.dataset is not None and "ready_s" not in told:
            note("ready_s")
            QTimer.singleShot(_REST_MS, application.exit)
        if now - began > 60:
            application.exit()

    def watch() -> None:
        nonlocal last
        note("filled_s")
        last = time.time()
        looking.start()

    looking = QTimer(application, interval=_LOOK_MS)
    looking.timeout.connect(look)
    window.on_screen.connect(lambda: note("shown_s"))
    # A timer fires after what was to be painted is.
    window.filled.connect(lambda: QTimer.singleShot(0, watch))
    window.show()
    application.exec()
    if "ready_s" not in told:
        raise SystemExit("The window did not get ready in time.")
    window.close_without_asking()
    return told | {"held_ms": longest * 1000 - _LOOK_MS, "resident_mb": resident_mb()}


def resident_mb() -> float:
    """Return the memory that this process has in use, in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def run_round(compiled: str) -> dict[str, Any]:
    """Measure a process of its own, from before Python starts, which keeps compiled modules in a folder."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = compiled
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, __file__, "--since", repr(time.time())]
        done = subprocess.run(
            command, env=environment | {"NETARIUM_HOME": home}, stdout=subprocess.PIPE, text=True, check=True
        )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> int:
    """Open the window again and again, and print medians."""
    parser = argparse.ArgumentParser(description="Measures how soon the window is there.")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--since", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.since is not None:
        print(json.dumps(measure(options.since)))
        return 0
    if not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY") and shutil.which("xvfb-run"):
        return subprocess.call(["xvfb-run", "-a", "-s", "-screen 0 1920x1080x24", sys.executable, *sys.argv])
    with tempfile.TemporaryDirectory() as compiled:
        rounds = [run_round(compiled) for _ in range(options.rounds + 1)][1:]
    if options.json:
        print(json.dumps({"rounds": rounds}))
        return 0
    for figure, words, unit in _FIGURES:
        values = sorted(r[figure] for r in rounds)
        print(f"  {words:28} {statistics.median(values):8.2f} {unit}   ({values[0]:.2f} to {values[-1]:.2f})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
