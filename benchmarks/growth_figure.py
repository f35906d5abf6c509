"""Draws the figure of `growth.py`: an epoch's seconds against batch size, width and depth, on logarithmic axes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from gui.theme import LIGHT, SERIES

WIDTH, HEIGHT = 1560, 620
PANELS = {
    "batch size": "samples in a batch",
    "width": "units of a layer, or maps of a convolution",
    "depth": "hidden layers, or convolutions",
}
# What limits each region, and where on the axes (as shares) it is written.
NOTES = {
    "batch size": (
        (0.42, 0.97, "small: what each batch costs,\nwhatever is in it"),
        (0.64, 0.57, "large: arithmetic\nand memory"),
    ),
    "width": ((0.0, 1.0, "narrow: what\neach batch costs"), (0.64, 0.24, "wide: arithmetic")),
    "depth": (
        (0.02, 0.97, "shallow: the first layer, and\nwhat each batch costs"),
        (0.53, 0.43, "deep: as much again\nfor each layer"),
    ),
}


def draw(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Draw the rows that ``growth.measure`` returned into a PNG file."""
    application = QApplication.instance() or QApplication([])
    pg.setConfigOptions(antialias=True, background=LIGHT.surface, foreground=LIGHT.text)
    view = pg.GraphicsLayoutWidget()
    view.resize(WIDTH, HEIGHT)
    for column, (panel, label) in enumerate(PANELS.items()):
        own = [row for row in rows if row["panel"] == panel]
        plot = view.addPlot(0, column)
        _panel(plot, own, panel, label)
        legend = pg.LegendItem(colCount=2, labelTextSize="8pt", labelTextColor=LIGHT.text, verSpacing=-4)
        view.addItem(legend, 1, column)
        for item in plot.listDataItems():
            legend.addItem(item, item.name())
    view.show()
    application.processEvents()
    application.processEvents()
    if not view.grab().save(str(path)):
        raise SystemExit(f"{path} could not be written.")


def _panel(plot: pg.PlotItem, rows: Sequence[dict[str, Any]], panel: str, label: str) -> None:
    plot.setTitle(f"Seconds an epoch by {panel}")
    plot.setLabel("bottom", label)
    plot.setLabel("left", "seconds for 60,000 images")
    decades = [(float(power), f"{10.0**power:g}") for power in range(-2, 4)]
    plot.getAxis("left").setTicks([decades])
    plot.setLogMode(True, True)
    plot.showGrid(True, True, 0.25)
    for place, curve in enumerate(dict.fromkeys(row["curve"] for row in rows)):
        own = sorted((row for row in rows if row["curve"] == curve), key=lambda row: row["x"])
        x = np.array([row["x"] for row in own], float)
        colour = SERIES[place % len(SERIES)]
        plot.plot(
            x, [row["seconds"] for row in own], pen=pg.mkPen(colour, width=2), symbol="o", symbolSize=6,
            symbolBrush=colour, symbolPen=None, name=curve,
        )  # fmt: skip
        if curve.endswith("gluon"):  # the arithmetic is the same in every backend
            plot.plot(
                x, [row["arithmetic"] for row in own], pen=pg.mkPen(colour, width=1, style=Qt.PenStyle.DashLine),
                name=f"{curve.rpartition(',')[0]}: arithmetic alone",
            )  # fmt: skip
    for x_share, y_share, text in NOTES[panel]:
        _note(plot, rows, x_share, y_share, text)
    ticks = sorted({row["x"] for row in rows})
    few = ticks if len(ticks) <= 8 else ticks[::2]
    plot.getAxis("bottom").setTicks([[(float(np.log10(tick)), f"{tick:,}") for tick in few]])


def _note(plot: pg.PlotItem, rows: Sequence[dict[str, Any]], x_share: float, y_share: float, text: str) -> None:
    xs = np.log10([row["x"] for row in rows])
    ys = np.log10([value for row in rows for value in (row["seconds"], row["arithmetic"])])
    note = pg.TextItem(text, color=LIGHT.muted, anchor=(0, 0))
    note.setPos(xs.min() + x_share * np.ptp(xs), ys.min() + y_share * np.ptp(ys))
    plot.addItem(note, ignoreBounds=True)
