from __future__ import annotations

import numpy as np
import pytest

from gui.prediction_bars import PredictionBars, percent
from gui.theme import DARK, LIGHT

ANSWER = np.array([0, 0, 0, 0.9, 0, 0.05, 0, 0, 0.03, 0.02], np.float32)


@pytest.fixture
def bars(qtbot):
    bars = PredictionBars()
    qtbot.addWidget(bars)
    bars.resize(300, 240)
    bars.show()
    return bars


def accent_rows(bars, theme):
    """Count the pixels of the accent's colour in each of the ten rows."""
    image = bars.grab().toImage()
    rows = [0] * 10
    for y in range(image.height()):
        for x in range(0, image.width(), 3):
            rows[y * 10 // image.height()] += image.pixelColor(x, y).name() == theme.accent
    return rows


def test_before_any_answer_there_are_no_probabilities(bars):
    assert bars.probabilities() is None
    assert bars.best() is None
    assert not any(accent_rows(bars, LIGHT))


def test_probabilities_come_back_as_plain_numbers(bars):
    bars.set_probabilities(ANSWER)
    values = bars.probabilities()
    assert [type(value) for value in values] == [float] * 10
    assert values == pytest.approx(ANSWER.tolist())
    assert bars.best() == ("3", pytest.approx(0.9))


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_only_the_likeliest_bar_has_the_accents_colour(bars, theme):
    bars.apply_theme(theme)
    bars.set_probabilities(ANSWER)
    rows = accent_rows(bars, theme)
    assert rows[3] > 0
    assert sum(rows) == rows[3]


def test_a_bar_is_as_long_as_its_class_is_likely(bars):
    bars.set_probabilities(ANSWER)
    long = accent_rows(bars, LIGHT)[3]
    bars.set_probabilities(np.where(ANSWER > 0.5, 0.45, ANSWER))
    assert accent_rows(bars, LIGHT)[3] == pytest.approx(long / 2, rel=0.1)


def test_the_best_answer_is_told_to_assistive_technology(bars):
    bars.set_probabilities(ANSWER)
    assert bars.accessibleDescription() == "3, 90.0%"
    bars.set_probabilities(None)
    assert bars.accessibleDescription() == "No answer yet"
    bars.set_message("Train a network.")
    assert bars.accessibleDescription() == "Train a network."


def test_other_class_names_bring_other_bars_and_end_the_answer(bars):
    bars.set_probabilities(ANSWER)
    bars.set_class_names([chr(ord("a") + i) for i in range(26)])
    assert bars.probabilities() is None
    bars.set_probabilities(np.eye(26)[7])
    assert bars.best() == ("h", 1.0)
    assert bars.minimumSizeHint().height() < 300
    bars.grab()


def test_answers_about_other_classes_are_not_shown(bars):
    bars.set_class_names(["cat", "a dog with a name far too long for any bar"])
    bars.set_probabilities(ANSWER)
    assert bars.probabilities() is None
    bars.set_probabilities(np.array([0.25, 0.75]))
    bars.grab()
    assert bars.probabilities() == [0.25, 0.75]


@pytest.mark.parametrize(("value", "text"), [(0.0, "0.0%"), (0.973, "97.3%"), (1.0, "100%"), (0.9996, "100%")])
def test_percentages_have_one_decimal(value, text):
    assert percent(value) == text


def test_bars_are_painted_anew_only_if_they_look_different(bars, qtbot):
    bars.set_probabilities(ANSWER)
    qtbot.waitExposed(bars)
    qtbot.wait(20)
    painted = []
    paint = bars.paintEvent
    bars.paintEvent = lambda event: (painted.append(event), paint(event))

    bars.set_probabilities(ANSWER + np.float32(1e-5))
    qtbot.wait(20)
    assert painted == []
    assert bars.probabilities() == pytest.approx((ANSWER + 1e-5).tolist())

    bars.set_probabilities(ANSWER[::-1])
    qtbot.waitUntil(lambda: len(painted) == 1)

    bars.set_class_names([str(digit) for digit in range(10)])
    qtbot.waitUntil(lambda: len(painted) == 2)

    bars.set_class_names([f"class {digit}" for digit in range(10)])
    qtbot.waitUntil(lambda: len(painted) == 3)
