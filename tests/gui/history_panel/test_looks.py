"""The history is painted, quick, and explains itself."""

from __future__ import annotations

import datetime
import math
import time

import pytest
from PySide6.QtWidgets import QAbstractButton, QApplication

from gui.history_columns import began_text
from gui.history_delegate import unit_curve
from gui.theme import DARK, LIGHT
from tests.gui.history_panel.user import RUNS, find
from tests.gui.run_records import fresh_record, run_record


def test_a_curve_fills_a_square_and_leaves_out_what_is_not_known():
    curve = unit_curve(run_record(1).thumbnail)
    assert (curve.at(0).x(), curve.at(0).y(), curve.at(9).x(), curve.at(9).y()) == (0, 1, 1, 0)
    assert unit_curve(fresh_record(1).thumbnail).size() == 0
    assert unit_curve(run_record(1, thumbnail=RUNS[0].thumbnail * math.nan).thumbnail).size() == 0


def test_times_of_today_are_said_so():
    at = datetime.datetime(2025, 6, 2, 14, 5).astimezone()
    assert began_text(at.isoformat(), at.date()) == "today 14:05"
    assert began_text(at.isoformat(), at.date() + datetime.timedelta(1)) == "yesterday 14:05"
    assert began_text(at.isoformat(), at.date() + datetime.timedelta(2)) == "2025-06-02 14:05"
    assert began_text("long ago", at.date()) == "long ago"


@pytest.mark.parametrize("theme", [LIGHT, DARK])
@pytest.mark.parametrize("size", [(420, 300), (1280, 720)])
def test_it_is_painted_in_both_schemes_at_every_size(filled, theme, size):
    filled.resize(*size)
    filled.apply_theme(theme)
    filled.set_current(4)
    filled.table.select([5, 4])
    assert not filled.grab().isNull()


def test_a_thousand_runs_are_shown_and_changed_in_little_time(panel):
    runs = [run_record(run, parent=run - 1 if run % 5 == 0 else None) for run in range(1000, 0, -1)]
    panel.set_runs(runs)
    QApplication.processEvents()
    spent = []
    for accuracy in range(5):
        began = time.perf_counter()
        panel.set_runs([run_record(1000, parent=999, accuracy=accuracy / 10), *runs[1:]])
        QApplication.processEvents()
        spent.append(time.perf_counter() - began)
    assert min(spent) < 0.05  # about 8 ms; the rest is for slower machines


def test_everything_a_person_operates_is_named_and_explained(filled):
    for widget in (
        *filled.findChildren(QAbstractButton), find(filled, "historySearchField"), find(filled, "runNoteField"),
        find(filled, "runNameField"), find(filled, "runFactsText"),
    ):  # fmt: skip
        if widget.objectName().startswith(("qt_", "comparison")) or widget.parent() is find(
            filled, "historySearchField"
        ):
            continue
        if filled.comparison.isAncestorOf(widget):
            continue
        assert widget.objectName(), widget
        assert widget.accessibleName(), widget.objectName()
        assert widget.toolTip(), widget.objectName()
    assert filled.table.accessibleName()
