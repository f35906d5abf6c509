"""The numbers beside an axis: as many as can be read."""

from __future__ import annotations

import itertools

import pytest

from gui.curve_axis import ReadableAxis


@pytest.mark.parametrize("height", [18, 30, 60, 150, 400])
def test_numbers_of_a_low_plot_do_not_lie_upon_one_another(qapp, height):
    axis = ReadableAxis("left", "percent")
    [(spacing, values)] = axis.tickValues(-0.1, 1.1, height)
    pixels = [value / 1.2 * height for value in values]
    assert all(after - before >= 19.9 for before, after in itertools.pairwise(pixels))
    assert values and min(values) >= -0.1 and max(values) <= 1.1 and spacing > 0


def test_a_high_plot_keeps_all_its_numbers(qapp):
    axis = ReadableAxis("left", "percent")
    [(_, values)] = axis.tickValues(0.0, 1.0, 400)
    assert [round(value, 6) for value in values] == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]


def test_zero_is_a_lone_zero_however_fine_the_steps_are(qapp):
    axis = ReadableAxis("bottom")
    assert axis.tickStrings([0.0, 0.2, 0.4], 1.0, 0.2) == ["0", "0.2", "0.4"]
    assert axis.tickStrings([-1e-17, 0.005, 0.01], 1.0, 0.005) == ["0", "0.005", "0.010"]
    assert axis.tickStrings([0.0, 2000.0], 1.0, 2000.0) == ["0", "2,000"]
