"""How fast the history is with many runs in it: opened, scrolled, and twenty runs compared.

It makes a history of a thousand runs of a hundred epochs in a folder of its own, and shows it in a window as large as
a screen: the real desk, panel and comparison, on the real database.

    python benchmarks/history.py [--runs 1000] [--epochs 100] [--compared 20] [--repetitions 7] [--json]

It needs no display; with one, it uses it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

if not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[1]))

import msgspec
import numpy as np
from PySide6.QtCore import QEvent, QEventLoop, QObject, QTimer, SignalInstance
from PySide6.QtWidgets import QApplication, QWidget

from engine.architecture.zoo import experiment
from engine.history.decimation import CHUNK, MOST_POINTS
from engine.history.records import Origin, RunStart
from engine.history.store import RunStore
from engine.training.events import Position

BATCHES = 600  # of an epoch of MNIST
NETWORKS = ("lenet-tanh", "mlp-128-64", "softmax-regression")
PROMISES = {"opened": 300.0, "compared": 100.0}  # milliseconds


def fill(store: RunStore, runs: int, epochs: int) -> None:
    """Put runs into the history as the recorder leaves them; every fifth is a branch of the one before."""
    random = np.random.default_rng(0)
    with store.transaction() as connection:
        for number in range(1, runs + 1):
            chosen = experiment(NETWORKS[number % len(NETWORKS)])
            is_branch = number % 5 == 0
            origin = Origin("state", number - 1, epochs // 2 * BATCHES) if is_branch else Origin()
            first = epochs // 2 if is_branch else 0
            start = RunStart(
                spec=chosen.network(), config=msgspec.structs.replace(chosen.config, epochs=epochs, seed=number),
                dataset="mnist", digest="", class_names=tuple("0123456789"), backend="gluon", device="cpu", threads=2,
                versions={"netarium": "0.1.0", "mxnet": "1.9.1", "numpy": "1.26.4"},
                first=Position(first, 0, first * BATCHES, first * 2.0), last_epoch=epochs, batches_per_epoch=BATCHES,
                train_samples=60_000, origin=origin, name=f"{chosen.name} {number}",
            )  # fmt: skip
            run = store.insert(start, 431_080)
            done = np.arange(first + 1, epochs + 1)
            loss = np.exp(-done / 20) + random.normal(0, 0.02, len(done)) ** 2
            accuracy = 1 - loss / 3
            rows = zip(
                [run] * len(done), done.tolist(), (done * BATCHES).tolist(), (done * 2.0).tolist(), loss.tolist(),
                accuracy.tolist(), loss.tolist(), accuracy.tolist(), [2.0] * len(done), [0.1] * len(done),
                strict=True,
            )  # fmt: skip
            connection.executemany("INSERT INTO epochs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
            step = np.linspace(first * BATCHES + 1, epochs * BATCHES, MOST_POINTS * 3 // 4).round()
            noise = random.normal(0, 0.1, len(step))
            batch_loss = np.exp(-step / BATCHES / 20) * (1 + noise)
            points = np.column_stack(
                [step, step / BATCHES, step / 300, batch_loss, 1 - batch_loss / 3, np.full(len(step), 0.1)]
            )
            connection.executemany(
                "INSERT INTO batches VALUES (?, ?, ?)",
                [
                    (run, chunk, points[chunk * CHUNK : (chunk + 1) * CHUNK].tobytes())
                    for chunk in range(-(-len(points) // CHUNK))
                ],
            )
            best = int(accuracy.argmax())
            thumbnail = accuracy[np.linspace(0, len(accuracy) - 1, min(48, len(accuracy))).astype(int)]
            store.update(run, {
                "status": "completed", "ended": "2025-01-01T00:00:00.000+00:00", "epochs": epochs,
                "step": epochs * BATCHES, "seconds": epochs * 2.0, "train_loss": loss[-1].item(),
                "train_accuracy": accuracy[-1].item(), "validation_loss": loss[-1].item(),
                "validation_accuracy": accuracy[-1].item(), "best_epoch": int(done[best]),
                "best_loss": loss[best].item(), "best_accuracy": accuracy[best].item(),
                "thumbnail": thumbnail.astype("<f4").tobytes(), "star": number % 10 == 0,
            })  # fmt: skip


class Painted(QObject):
    """Counts how often a widget and what is in it were painted."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.count = 0
        for part in (widget, *widget.findChildren(QWidget)):
            part.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Count, and let the event pass."""
        self.count += event.type() == QEvent.Type.Paint
        return False


def until(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    """Run the event loop, which sleeps while nothing happens, until ``holds()``."""
    deadline = time.perf_counter() + seconds
    loop, alarm = QEventLoop(), QTimer(interval=20)
    alarm.start()
    while not holds():
        if time.perf_counter() > deadline:
            raise SystemExit("The history did not answer in time.")
        loop.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
    loop.processEvents()  # whatever follows from it


def measure(options: argparse.Namespace) -> dict[str, list[float]]:
    """Return milliseconds of every repetition."""
    from gui.history_desk import HistoryDesk
    from gui.history_panel import HistoryPanel

    times: dict[str, list[float]] = {name: [] for name in ("opened", "again", "frame", "compared", "redrawn")}
    for repetition in range(options.repetitions):
        panel, desk = HistoryPanel(), HistoryDesk()
        panel.resize(1920, 1040)
        panel.show()
        QApplication.processEvents()
        desk.runs_read.connect(panel.set_runs)
        desk.compared_read.connect(panel.set_compared)
        panel.compare_wanted.connect(desk.read_compared)
        table, comparison = Painted(panel.table.viewport()), Painted(panel.comparison)
        times["opened"].append(answered(desk.runs_read, desk.refresh, table))
        times["again"].append(answered(desk.runs_read, desk.refresh, None))
        times["frame"] += scroll(panel)
        shown = [run for run in range(options.runs, 0, -1) if run % 5]
        for name, first in (("compared", 10 * repetition), ("redrawn", 10 * repetition + 1)):
            chosen = shown[first : first + options.compared]
            times[name].append(answered(desk.compared_read, partial(panel.table.select, chosen), comparison))
            rest(0.2)  # a person looks at it
        desk.close()
        panel.close()
        panel.deleteLater()
        QApplication.processEvents()
    return times


def answered(signal: SignalInstance, ask: Callable[[], object], painted: Painted | None) -> float:
    """Return the milliseconds from asking until the answer was told and, if that is wanted, painted."""
    told: list[object] = []
    signal.connect(told.append)
    if painted is not None:
        painted.count = 0
    begun = time.perf_counter()
    ask()
    until(lambda: bool(told) and (painted is None or bool(painted.count)))
    spent = 1000 * (time.perf_counter() - begun)
    signal.disconnect(told.append)
    return spent


def rest(seconds: float) -> None:
    """Let the window go on for a while."""
    end = time.perf_counter() + seconds
    until(lambda: time.perf_counter() > end)


def scroll(panel: QWidget) -> list[float]:
    """Page through all runs, and return the milliseconds of each frame."""
    bar = panel.table.verticalScrollBar()
    bar.setValue(0)
    QApplication.processEvents()
    frames = []
    while bar.value() < bar.maximum():
        begun = time.perf_counter()
        bar.setValue(bar.value() + bar.pageStep())
        QApplication.processEvents()
        frames.append(1000 * (time.perf_counter() - begun))
    bar.setValue(0)
    return frames


def report(times: dict[str, list[float]], options: argparse.Namespace) -> None:
    """Print what was measured."""
    frames = sorted(times["frame"])
    figures = {
        "opened": statistics.median(times["opened"]), "opened_worst": max(times["opened"]),
        "again": statistics.median(times["again"]), "frame": statistics.median(frames),
        "frame_p99": frames[int(0.99 * (len(frames) - 1))], "compared": statistics.median(times["compared"]),
        "compared_worst": max(times["compared"]), "redrawn": statistics.median(times["redrawn"]),
    }  # fmt: skip
    if options.json:
        print(json.dumps(figures))
        return
    print(f"{options.runs:,} runs of {options.epochs} epochs, medians of {options.repetitions} repetitions:")
    print(f"  list asked for to painted     {figures['opened']:7.1f} ms   (worst {figures['opened_worst']:.1f})")
    print(f"  the same, nothing changed     {figures['again']:7.1f} ms")
    print(f"  a page scrolled               {figures['frame']:7.1f} ms   (99% within {figures['frame_p99']:.1f})")
    print(
        f"  {options.compared} runs selected to compared   {figures['compared']:7.1f} ms"
        f"   (worst {figures['compared_worst']:.1f})"
    )
    print(f"  another selection of them     {figures['redrawn']:7.1f} ms")
    for name, most in PROMISES.items():
        if figures[name] > most:
            print(f"  {name}: more than the {most:g} ms that are promised")


def main() -> None:
    """Make the history, measure, and report."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--compared", type=int, default=20)
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["NETARIUM_HOME"] = home
        store = RunStore()
        fill(store, options.runs, options.epochs)
        store.close()
        application = QApplication([])
        report(measure(options), options)
        del application


if __name__ == "__main__":
    main()
