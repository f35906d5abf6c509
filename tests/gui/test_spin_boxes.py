"""Number fields: what they show, how they step, what they take."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.training.config import OptimizerConfig
from engine.validation import Range, field_range
from gui.correction_note import CorrectionNote
from gui.spin_boxes import CountSpin, ScientificSpin, compact, next_stop


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


def type_into(qtbot, spin, text, key=Qt.Key.Key_Return):
    """Type a number in place of the one there is, and end with a key."""
    spin.setFocus()
    spin.selectAll()
    qtbot.keyClicks(spin, text)
    qtbot.keyClick(spin, key)


@pytest.fixture
def field(qtbot):
    """Return a function that shows a number field, as wide as those of Set-up, above another one."""
    forms = []

    def show(spin, width=190):
        form = QWidget()
        forms.append(form)
        qtbot.addWidget(form)
        column = QVBoxLayout(form)
        column.addWidget(spin)
        column.addWidget(CountSpin(Range(low=0, high=9)))
        spin.setFixedWidth(width)
        with qtbot.waitExposed(form):
            form.show()
        form.activateWindow()
        return spin, spin.findChild(CorrectionNote)

    yield show
    forms.clear()


RATE = field_range(OptimizerConfig, "learning_rate")


@pytest.mark.parametrize("end", [Qt.Key.Key_Return, Qt.Key.Key_Tab])
@pytest.mark.parametrize(
    ("typed", "value", "sentence"),
    [
        ("-5", 1e-12, "At least 1e-12: -5 was too small."),
        ("0", 1e-12, "At least 1e-12: 0 was too small."),
        ("1e99", 100, "At most 100: 1e99 was too large."),
    ],
)
def test_a_number_out_of_range_is_told_in_the_field_until_the_next_edit(qtbot, field, typed, value, sentence, end):
    spin, note = field(ScientificSpin(RATE, "decades"))
    height = spin.height()
    type_into(qtbot, spin, typed, end)
    assert spin.value() == value
    assert note.isVisible()
    assert note.toolTip() == spin.accessibleDescription() == sentence
    assert note.text() == sentence.split(": ")[1].rstrip(".")
    assert spin.rect().contains(note.geometry().translated(spin.lineEdit().pos()))
    assert spin.height() == height
    spin.setFocus()
    spin.selectAll()
    qtbot.keyClicks(spin, "1")
    assert not note.isVisible()
    assert spin.accessibleDescription() == ""


@pytest.mark.parametrize(("typed", "value", "words"), [("0", 1, "0 was too small"), ("150", 100, "150 was too large")])
def test_a_whole_number_out_of_range_can_be_typed_to_its_end_and_is_told(qtbot, field, typed, value, words):
    spin, note = field(CountSpin(Range(low=1, high=100)))
    spin.setValue(7)
    type_into(qtbot, spin, typed)
    assert (spin.value(), note.text()) == (value, words)
    qtbot.keyClick(spin, Qt.Key.Key_Down if value > 1 else Qt.Key.Key_Up)
    assert not note.isVisible()


def test_a_negative_count_is_told_too(qtbot, field):
    spin, note = field(CountSpin(Range(low=1, high=100)))
    spin.setPrefix("+")
    type_into(qtbot, spin, "-5")
    assert (spin.value(), note.text()) == (1, "-5 was too small")


def test_numbers_in_range_and_what_means_no_limit_are_told_nothing(qtbot, field):
    spin, note = field(CountSpin(Range(low=1, high=100), "Off"))
    for typed, value in (("12", 12), ("0", 0), ("", 0), ("99", 99)):
        type_into(qtbot, spin, typed)
        assert (spin.value(), note.isVisible()) == (value, False)


def test_the_note_gives_way_to_the_number_and_goes_with_it(qtbot, field):
    spin, note = field(CountSpin(Range(low=1, high=123_456)), width=80)
    type_into(qtbot, spin, "9999999")
    assert note.text() == "!"
    assert note.geometry().left() > spin.fontMetrics().horizontalAdvance("123456")
    assert note.toolTip() == "At most 123456: 9999999 was too large."
    spin.setValue(5)  # settings of another network
    assert not note.isVisible()
