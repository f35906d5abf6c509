"""Number fields: what they show, how they step, what they take."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt

from engine.training.config import OptimizerConfig
from engine.validation import Range, field_range
from gui.spin_boxes import ScientificSpin, compact, next_stop


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.1, "0.1"), (100.0, "100"), (0.0, "0"), (1e-3, "0.001"), (2e-5, "2e-5"), (1e-12, "1e-12"), (1.25e-7, "1.25e-7")],
)
def test_numbers_are_shown_short(value, text):
    assert compact(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_what_is_shown_reads_back_as_the_same_number(value):
    assert float(compact(value)) == value


@given(st.floats(min_value=1e-11, max_value=1e6))
def test_stops_lie_on_either_side_and_lead_back(value):
    up, down = next_stop(value, True), next_stop(value, False)
    assert down < value < up
    assert {compact(up).strip("0.")[0], compact(down).strip("0.")[0]} <= set("125")
    assert next_stop(up, False) <= value * (1 + 1e-9)
    assert next_stop(down, True) >= value * (1 - 1e-9)


def stops(qtbot, spin, key, count):
    shown = []
    for _ in range(count):
        qtbot.keyClick(spin, key)
        shown.append(spin.text())
    return shown


def test_the_learning_rate_steps_through_decades(qtbot):
    spin = ScientificSpin(field_range(OptimizerConfig, "learning_rate"), "decades")
    qtbot.addWidget(spin)
    spin.setValue(0.1)
    assert stops(qtbot, spin, Qt.Key.Key_Down, 4) == ["0.05", "0.02", "0.01", "0.005"]
    assert stops(qtbot, spin, Qt.Key.Key_Up, 5) == ["0.01", "0.02", "0.05", "0.1", "0.2"]


def test_weight_decay_steps_down_to_nothing_and_up_again(qtbot):
    spin = ScientificSpin(field_range(OptimizerConfig, "weight_decay"), "decades")
    qtbot.addWidget(spin)
    spin.setValue(2e-6)
    assert stops(qtbot, spin, Qt.Key.Key_Down, 3) == ["1e-6", "0", "0"]
    assert stops(qtbot, spin, Qt.Key.Key_Up, 2) == ["1e-6", "2e-6"]


def test_momentum_steps_towards_one_without_reaching_it(qtbot):
    spin = ScientificSpin(field_range(OptimizerConfig, "momentum"), "complement")
    qtbot.addWidget(spin)
    spin.setValue(0.5)
    assert stops(qtbot, spin, Qt.Key.Key_Up, 5) == ["0.8", "0.9", "0.95", "0.98", "0.99"]
    stops(qtbot, spin, Qt.Key.Key_Up, 40)
    assert spin.value() in field_range(OptimizerConfig, "momentum")
    stops(qtbot, spin, Qt.Key.Key_Down, 60)
    assert spin.value() == 0


@pytest.mark.parametrize(("typed", "value"), [("1e-3", 0.001), ("2.5", 2.5), ("0,25", 0.25), ("7e9", 10.0), ("x", 1.0)])
def test_typed_numbers_are_understood_and_kept_in_range(qtbot, typed, value):
    spin = ScientificSpin(Range(low=0.0, high=10.0), 0.5)
    qtbot.addWidget(spin)
    spin.setValue(1.0)
    spin.selectAll()
    qtbot.keyClicks(spin, typed)
    qtbot.keyClick(spin, Qt.Key.Key_Return)
    assert spin.value() == value
