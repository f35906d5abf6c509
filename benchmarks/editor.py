"""How long an edit of a network takes in the editor: edited spec, shapes, rows, form and painting.

The median over edits of each kind, for the largest networks of the zoo, with all blocks folded and unfolded.

    python benchmarks/editor.py [--networks googlenet densenet ...] [--edits 15]

It needs no display.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[1]))

import msgspec
from PySide6.QtWidgets import QApplication

from engine.architecture import editing
from engine.architecture.layers import Activation, Conv2D
from engine.architecture.network import walk
from engine.architecture.shapes import summarize
from engine.architecture.zoo import EXPERIMENTS
from gui.editor_panel import EditorPanel
from gui.layer_tree import LayerTree


def measure(name: str, unfolded: bool, edits: int) -> dict[str, float]:
    """Return the median milliseconds of each kind of edit, painting included."""
    application = QApplication.instance()
    assert application is not None
    spec = EXPERIMENTS[name].network()
    panel = EditorPanel()
    panel.resize(340, 900)
    panel.show()
    shown = milliseconds(lambda: panel.set_network(spec), application.processEvents)
    panel.set_trained(summarize(spec))
    tree = panel.findChild(LayerTree)
    if unfolded:
        tree.expandAll()
    session = panel._session
    conv = next(entry.path for entry in walk(spec.layers) if isinstance(entry.layer, Conv2D))
    counter = iter(range(10**6))

    def widen() -> None:
        layer = editing.layer_at(session.spec, conv)
        session.replace(conv, msgspec.structs.replace(layer, channels=16 + next(counter) % 2), "channels")

    def add() -> None:
        session.select((conv,))
        session.add([Activation("relu")])

    kinds: dict[str, Callable[[], object]] = {
        "change": widen, "add": add, "remove": session.remove, "duplicate": session.duplicate, "undo": session.undo,
    }  # fmt: skip
    times: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(edits):
        for kind, edit in kinds.items():
            times[kind].append(milliseconds(edit, application.processEvents))
    panel.close()
    return {"show": shown, **{kind: statistics.median(values) for kind, values in times.items()}}


def milliseconds(does: Callable[[], object], then: Callable[[], object]) -> float:
    """Return how long something takes together with the events that follow from it."""
    begun = time.perf_counter()
    does()
    then()
    return 1000 * (time.perf_counter() - begun)


def main() -> None:
    """Print a table of medians."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    largest = sorted(EXPERIMENTS, key=lambda name: -sum(1 for _ in walk(EXPERIMENTS[name].network().layers)))
    parser.add_argument("--networks", nargs="+", default=largest[:4], choices=largest, metavar="NAME")
    parser.add_argument("--edits", type=int, default=15)
    options = parser.parse_args()
    application = QApplication([])
    print(f"{'network':24}{'layers':>8}{'blocks':>10}", end="")
    for place, name in enumerate(options.networks):
        for unfolded in (False, True):
            figures = measure(name, unfolded, options.edits)
            if not place and not unfolded:
                print("".join(f"{kind:>11}" for kind in figures) + "   (milliseconds)")
            count = sum(1 for _ in walk(EXPERIMENTS[name].network().layers))
            row = "".join(f"{value:11.1f}" for value in figures.values())
            print(f"{name:24}{count:8}{'open' if unfolded else 'folded':>10}{row}")
    del application


if __name__ == "__main__":
    main()
