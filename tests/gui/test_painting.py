"""Widgets that paint themselves: a failure is an error to be told, and not the end of the window."""

from __future__ import annotations

import re
from pathlib import Path

import gui
from gui.prediction_bars import PredictionBars

SOURCES = sorted(Path(gui.__file__).parent.glob("*.py"))


def test_a_painter_is_let_go_when_painting_fails(qtbot, qtlog, monkeypatch):
    """One that is not has Qt end the process at the next change of size."""
    monkeypatch.setattr("gui.prediction_bars.QColor", None)
    bars = PredictionBars()
    qtbot.addWidget(bars)
    with qtbot.captureExceptions() as caught:
        bars.show()
        qtbot.waitUntil(lambda: bool(caught))
        bars.hide()
    assert not [record.message for record in qtlog.records if "active painter" in record.message]


def test_no_widget_keeps_its_painter_beyond_painting():
    for source in SOURCES:
        assert not re.search(r"= Q\w*Painter\(self(\.viewport\(\))?\)\n(?!\s+with painter:)", source.read_text()), (
            f"{source.name}: with QPainter(…) as painter"
        )
