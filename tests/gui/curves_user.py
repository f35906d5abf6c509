"""A curves panel that is told of runs, and what can be seen in it."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg

from engine.training.config import TrainingConfig
from engine.training.events import BatchesDone, EpochDone, Evaluating, Position, RunFinished, RunStarted
from gui import curves_figure  # noqa: F401  # so that the panel need not load it when the first run begins
from gui.curve_plot import CurvePlot
from gui.curves_panel import CurvesPanel

BATCHES = 20
VALIDATION = [0.8, 0.3, 0.5]


def shown(qtbot, width=700, height=500):
    """Return a panel of this size that is on screen."""
    panel = CurvesPanel()
    qtbot.addWidget(panel)
    panel.resize(width, height)
    panel.show()
    return panel


def train(panel, run="a", epochs=3, finish=True):
    """Tell the panel of a run whose loss falls from 2 and whose second epoch is the best."""
    panel.add_event(RunStarted(run, TrainingConfig(), Position(), epochs, BATCHES, 2000, 500))
    for epoch in range(epochs):
        for batch in range(5, BATCHES + 1, 5):
            step = epoch * BATCHES + batch
            losses = 2.0 / np.arange(step - 4, step + 1)
            position = Position(epoch, batch, step, step / 10)
            panel.add_event(BatchesDone(run, position, losses, 1 - losses / 2, 0.1, 900.0))
        loss = VALIDATION[epoch]
        position = Position(epoch + 1, 0, (epoch + 1) * BATCHES, (epoch + 1) * BATCHES / 10)
        panel.add_event(Evaluating(run, 100, 500))
        panel.add_event(EpochDone(run, position, epoch + 1, 0.5, 0.8, loss, 1 - loss, 2.0, 900.0, 0.1))
    if finish:
        panel.add_event(RunFinished(run, Position(epochs, 0, epochs * BATCHES, 6.0), "completed"))


def plots(panel):
    return panel.findChild(CurvePlot, "lossPlot"), panel.findChild(CurvePlot, "accuracyPlot")


def canvas(plot):
    return plot.findChild(pg.PlotWidget)


def xs(curve):
    return [] if curve.getData()[0] is None else list(curve.getData()[0])


def drawn(qtbot, panel, count=3 * BATCHES):
    loss, _ = plots(panel)
    qtbot.waitUntil(lambda: len(xs(loss.training)) == count, timeout=10_000)
    return plots(panel)


def child(panel, kind, name):
    widget = panel.findChild(kind, name)
    assert widget is not None, name
    return widget


def train_on(panel, start, epoch_batches=BATCHES, run="opened"):
    """Tell of a run that goes on within an epoch, and finishes it: ``start`` is a Position."""
    rest = epoch_batches - start.batch
    panel.add_event(RunStarted(run, TrainingConfig(), start, start.epoch + 1, epoch_batches, 100 * epoch_batches, 500))
    end = Position(start.epoch, epoch_batches, start.step + rest, start.seconds + 1.0)
    panel.add_event(BatchesDone(run, end, np.full(rest, 0.3), np.full(rest, 0.9), 0.1, 900.0))
    end = Position(start.epoch + 1, 0, end.step, end.seconds)
    panel.add_event(EpochDone(run, end, end.epoch, 0.3, 0.9, 0.2, 0.95, 1.0, 900.0, 0.1, samples=100 * rest))
