"""Smoothing and decimation keep what a reader looks for in a curve."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gui.curve_points import MAX_POINTS, Growing, Smoothed, extremes, means, nearest


def test_growing_array_keeps_every_value_and_old_views_stay_as_they_were():
    array = Growing()
    array.append(np.arange(1000.0))
    early = array.values
    for piece in range(50):
        array.append(np.full(100, piece))
    array.truncate(10)
    array.append([-1.0, -2.0])
    assert array.values.tolist() == [*range(10), -1, -2]
    assert early.tolist() == list(range(1000))


def averaged_in_a_loop(values, smoothing):
    total = weight = 0.0
    averages = []
    for value in values:
        finite = np.isfinite(value)
        total = smoothing * total + (value if finite else 0.0)
        weight = smoothing * weight + finite
        averages.append(total / weight if weight else np.nan)
    return averages


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.floats(-100, 100) | st.just(np.nan), min_size=1, max_size=150),
    cut=st.integers(0, 150),
    smoothing=st.sampled_from([0.0, 0.5, 0.9, 0.99]),
)
def test_smoothing_is_the_bias_corrected_average_however_the_values_arrive(values, cut, smoothing):
    values = np.array(values)
    smoothed = Smoothed(smoothing)
    smoothed.follow(values[:cut])
    np.testing.assert_allclose(smoothed.follow(values), averaged_in_a_loop(values, smoothing), atol=1e-9)


def test_smoothing_is_right_across_its_internal_pieces():
    values = np.random.default_rng(0).random(100_000)
    np.testing.assert_allclose(Smoothed(0.99).follow(values), averaged_in_a_loop(values, 0.99), rtol=1e-12)


def test_few_points_are_drawn_as_they_are():
    x, y = np.arange(100.0), np.random.default_rng(0).random(100)
    points = extremes(x, y, (-1.0, 200.0))
    assert np.array_equal(points.x, x)
    assert np.array_equal(points.y, y)


@pytest.mark.parametrize("count", [2001, 2049, 4097, 100_000, 1_234_567])
def test_decimation_is_bounded_and_loses_no_peak(count):
    rng = np.random.default_rng(count)
    x, y = np.arange(count, dtype=float), rng.standard_normal(count)
    y[rng.integers(count)] = 100.0
    y[rng.integers(count)] = np.nan
    points = extremes(x, y, (0.0, count))
    assert len(points.x) == len(points.y) <= MAX_POINTS + 3
    assert np.nanmax(points.y) == np.nanmax(y)
    assert np.nanmin(points.y) == np.nanmin(y)
    assert np.all(np.diff(points.x) >= 0)
    assert points.x[0] == 0.0
    assert points.x[-1] == count - 1


def test_means_show_the_trend_of_what_is_visible():
    x = np.arange(1_000_000.0)
    points = means(x, 2.0 * x, (500_000.0, 600_000.0), 200)
    assert len(points.x) <= 202
    np.testing.assert_allclose(points.y, 2.0 * points.x, rtol=1e-2)
    assert points.x[0] <= 501_000
    assert points.x[-1] >= 599_000


def test_zooming_in_brings_back_every_point_and_one_beyond_each_edge():
    x = np.arange(1_000_000.0)
    points = extremes(x, x, (1000.5, 1010.5))
    assert points.x.tolist() == list(range(1000, 1012))


def test_bins_stay_in_place_while_the_run_grows():
    y = np.random.default_rng(0).random(70_000)
    x = np.arange(70_000.0)
    before = extremes(x[:69_000], y[:69_000], (0.0, 1e6))
    after = extremes(x, y, (0.0, 1e6))
    settled = len(before.x) - 3
    assert np.array_equal(after.y[:settled], before.y[:settled])


@pytest.mark.parametrize(("x", "index"), [(-5.0, 0), (1.4, 1), (1.6, 2), (9.0, 3), (100.0, 3)])
def test_nearest_finds_the_closest_place(x, index):
    assert nearest(np.array([0.0, 1.0, 2.0, 9.0]), x) == index


def test_nearest_of_nothing_is_nothing():
    assert nearest(np.empty(0), 1.0) is None
