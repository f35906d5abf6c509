"""The history panel, empty and filled, with all that it asks for."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from gui.history_panel import HistoryPanel
from tests.gui.history_panel.user import RUNS


@pytest.fixture
def panel(qtbot):
    panel = HistoryPanel()
    qtbot.addWidget(panel)
    panel.told = []
    for name in (
        "refresh", "annotate", "delete", "restore", "compare", "load", "continue", "branch", "moments", "export",
    ):  # fmt: skip
        signal = getattr(panel, f"{name}_wanted")
        signal.connect(lambda *args, name=name: panel.told.append((name, *args)))
    panel.resize(1280, 720)
    panel.show()
    panel.told.clear()
    return panel


@pytest.fixture
def filled(panel):
    panel.set_runs(RUNS)
    QApplication.processEvents()
    return panel
