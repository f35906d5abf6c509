"""The order of starting: the frame is on screen first, then the panels, then MXNet beside them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from PySide6.QtWidgets import QDockWidget

from engine.worker import Worker
from gui.main_window import MainWindow
from gui.visibility import can_be_seen

ROOT = Path(__file__).parents[2]

# Tells which heavy modules are there when the frame is on screen, and when the window is ready.
START = """
import gc, json, linecache, sys
from gui.application import open_window

HEAVY = ("numpy", "pyqtgraph", "mxnet", "PIL", "sqlite3", "urllib3")
application, window = open_window()
told = {}

def note(when):
    told[when] = [name for name in HEAVY if name in sys.modules]

window.on_screen.connect(lambda: note("frame"))
window.filled.connect(lambda: note("filled"))
told["collects"] = [gc.isenabled()]
window.show()
while not (hasattr(window, "controller") and window.controller.state == "ready"):
    application.processEvents()
note("ready")
told["collects"].append(gc.isenabled())
told["kept sources"] = [name for name in linecache.cache if "mxnet" in name]
window.close_without_asking()
print(json.dumps(told))
"""


def test_nothing_heavy_is_loaded_before_the_frame_is_on_screen_and_no_plots_before_a_run(tmp_path):
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "NETARIUM_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", START], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["frame"] == []
    assert "numpy" in told["filled"] and "mxnet" in told["ready"]
    assert not {"pyqtgraph", "PIL", "urllib3"}.intersection(told["ready"])
    assert told["collects"] == [False, True]
    assert told["kept sources"] == []


def test_the_worker_begins_after_the_first_paint(qtbot, monkeypatch):
    begun = []
    monkeypatch.setattr(Worker, "start", lambda worker: begun.append(worker))
    window = MainWindow()
    qtbot.addWidget(window)
    painted = []
    window.on_screen.connect(lambda: painted.append(list(begun)))
    qtbot.wait(50)  # turns of the event loop in which nothing is to begin
    assert begun == []
    with qtbot.waitSignal(window.filled):
        window.show()
    assert painted == [[]] and len(begun) == 1
    window.hide()
    window.show()
    qtbot.wait(50)
    assert len(begun) == 1


def test_a_frame_fills_itself(qtbot):
    window = MainWindow(at_once=False)
    qtbot.addWidget(window)
    assert window.findChild(QDockWidget) is None
    with qtbot.waitSignal(window.filled):
        window.show()
    qtbot.waitUntil(window.findChild(QDockWidget, "setupDock").isVisible)
    assert window.updatesEnabled()
    window.close_without_asking()


def test_a_frame_that_is_filled_later_has_the_layout_it_was_left_with(qtbot, monkeypatch):
    monkeypatch.setattr(Worker, "start", lambda worker: None)
    layouts = []
    for _ in range(3):
        window = MainWindow(at_once=False)
        qtbot.addWidget(window)
        with qtbot.waitSignal(window.filled):
            window.show()
        qtbot.wait(50)
        seen = [dock for dock in window.docks() if can_be_seen(dock)]
        layouts.append([(dock.objectName(), dock.geometry()) for dock in seen])
        window.close_without_asking()
    assert len(layouts[0]) >= 3
    assert layouts[0] == layouts[1] == layouts[2]


def test_a_frame_that_is_closed_at_once_stays_empty_and_begins_nothing(qtbot, monkeypatch):
    begun = []
    monkeypatch.setattr(Worker, "start", lambda worker: begun.append(worker))
    window = MainWindow(at_once=False)
    qtbot.addWidget(window)
    window.on_screen.connect(window.close)
    with qtbot.waitSignal(window.on_screen):
        window.show()
    qtbot.wait(50)
    assert not window.isVisible() and window.findChild(QDockWidget) is None and begun == []


# Trains in a process of its own, where the plots are not loaded yet, and tells what the panel shows when.
CURVES = """
import sys, threading
from PySide6.QtWidgets import QApplication
from engine.training.config import TrainingConfig
from engine.training.events import BatchesDone, Position, RunStarted
from gui.curves_panel import CurvesPanel

application = QApplication([])
panel = CurvesPanel()
panel.show()
panel.add_event(RunStarted("a", TrainingConfig(), Position(), 1, 20, 2000, 500))
waited = "pyqtgraph" not in sys.modules or "gui.curves_figure" not in sys.modules
panel.add_event(BatchesDone("a", Position(0, 5, 5, 0.5), [2.0, 1.5, 1.2, 1.1, 1.0], [0.1] * 5, 0.1, 900.0))
while panel.findChild(object, "lossPlot") is None or panel.findChild(object, "lossPlot").training.getData()[0] is None:
    application.processEvents()
plot = panel.findChild(object, "lossPlot")
print(waited, len(plot.training.getData()[0]), plot.isVisible())
"""


def test_plots_are_loaded_while_the_first_run_goes_on_and_show_what_happened_meanwhile():
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", CURVES], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.split() == ["True", "5", "True"], done.stderr
