"""What drawing a network costs: the panel's own work for a whole network and for an edit of one layer.

    python benchmarks/diagram.py [--rounds 9] [--size 1400x900] [--network googlenet]

For each network of the zoo, the medians of milliseconds: `draw` sets another network and paints it, `edit` changes
one layer, infers shapes and paints again, `fold` folds all blocks, and `live` puts new figures into every box and
paints them. An edit is promised to take less than 200 ms; the last line says which network took longest.

Without a display it uses Qt's offscreen platform, which paints with the processor as a real one does.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import msgspec
from PySide6.QtWidgets import QApplication

from engine.architecture.layers import Dense
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize_partly
from engine.architecture.zoo import EXPERIMENTS
from engine.inspection.activity import LayerActivity
from gui.diagram_panel import DiagramPanel
from gui.theme import ThemeManager

PROMISE_MS = 200.0
EMPTY = NetworkSpec("empty", (1, 28, 28), (Dense(2),))


def milliseconds(work: Callable[[], object], before: Callable[[], object], rounds: int) -> float:
    """Return the median time of ``work``, each time after ``before``, which is not measured."""
    times = []
    for _ in range(rounds):
        before()
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def measure(panel: DiagramPanel, spec: NetworkSpec, rounds: int) -> dict[str, float]:
    """Return the medians for one network."""
    viewport = panel.view.viewport()

    def paint() -> None:
        viewport.repaint()

    def show(network: NetworkSpec) -> None:
        panel.set_network(network, summarize_partly(network))
        paint()

    last = spec.layers[-1]
    edited = msgspec.structs.replace(last, use_bias=False) if isinstance(last, Dense) else Dense(10, name=last.name)
    other = NetworkSpec(spec.name, spec.input_shape, (*spec.layers[:-1], edited))
    summary = summarize_partly(spec)
    count = iter(range(10_000))

    def new_figures() -> None:
        step = next(count)
        panel.set_activity(
            {entry.path: LayerActivity(0.1 * step, step % 3, max(3, entry.output_shape[0])) for entry in summary.layers}
        )
        paint()

    result = {
        "draw": milliseconds(lambda: show(spec), lambda: show(EMPTY), rounds),
        "edit": milliseconds(lambda: show(other), lambda: show(spec), rounds),
        "fold": milliseconds(lambda: (panel.view.fold_all(True), paint()), lambda: panel.view.fold_all(False), rounds),
    }
    panel.view.fold_all(False)
    new_figures()
    return result | {"live": milliseconds(new_figures, lambda: None, rounds)}


def main() -> int:
    """Print the medians of every network; 1 if an edit takes longer than is promised."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--size", default="1400x900", help="of the panel, in logical pixels")
    parser.add_argument("--network", help="one network instead of all")
    options = parser.parse_args()
    application = QApplication([])
    ThemeManager(application, "light")
    panel = DiagramPanel()
    panel.resize(*map(int, options.size.split("x")))
    panel.show()
    application.processEvents()
    print(f"{'network':24} layers     draw   edit   fold   live   (ms, medians of {options.rounds})")
    edits: dict[str, float] = {}
    for name in [options.network] if options.network else EXPERIMENTS:
        spec = EXPERIMENTS[name].network()
        figures = measure(panel, spec, options.rounds)
        edits[name] = figures["edit"]
        row = " ".join(f"{figures[key]:6.1f}" for key in ("draw", "edit", "fold", "live"))
        print(f"{name:24} {len(summarize_partly(spec).layers):6}   {row}", flush=True)
    slowest = max(edits, key=lambda name: edits[name])
    kept = edits[slowest] < PROMISE_MS
    print(f"slowest edit: {slowest}, {edits[slowest]:.1f} ms; promised: less than {PROMISE_MS:.0f} ms")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
