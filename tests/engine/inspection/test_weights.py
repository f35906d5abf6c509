from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from engine.inspection.weights import (
    Mosaic,
    dense_images,
    histogram,
    kernel_grid,
    statistics,
    symmetric_limit,
    tile,
)


def test_statistics_are_those_of_all_weights():
    figures = statistics(np.array([[3.0, -4.0], [0.0, 0.0]], np.float32))
    assert figures.mean == pytest.approx(-0.25)
    assert figures.std == pytest.approx(np.std([3, -4, 0, 0]))
    assert figures.norm == pytest.approx(5)
    assert (figures.minimum, figures.maximum, figures.zeros_share) == (-4, 3, 0.5)


def test_statistics_of_large_weights_do_not_overflow():
    figures = statistics(np.array([1e30, -1e30], np.float32))
    assert figures.norm == pytest.approx(math.sqrt(2) * 1e30)


def test_statistics_do_not_hide_weights_that_are_not_numbers():
    assert math.isnan(statistics(np.array([1, np.nan], np.float32)).mean)
    assert statistics(np.array([1, np.inf], np.float32)).maximum == math.inf


def test_histogram_counts_every_value_once():
    values = np.random.default_rng(0).normal(size=(50, 40)).astype(np.float32)
    edges, counts = histogram(values, bins=32)
    assert edges.shape == (33,)
    assert counts.sum() == values.size
    assert edges[0] == values.min() and edges[-1] == values.max()
    assert counts[0] == ((values >= edges[0]) & (values < edges[1])).sum()


@pytest.mark.parametrize("value", [0.0, 1.0, -3e38, 1e-40])
def test_histogram_of_equal_values_has_them_in_its_middle(value):
    edges, counts = histogram(np.full(10, value, np.float32))
    assert np.all(np.diff(edges) > 0)
    assert counts[32] == counts.sum() == 10


def test_histogram_leaves_out_what_is_not_finite():
    _, counts = histogram(np.array([np.nan, np.inf, -np.inf, 1, 2]))
    assert counts.sum() == 2
    edges, counts = histogram(np.array([np.nan]))
    assert counts.sum() == 0 and np.isfinite(edges).all()


@given(arrays(np.float32, array_shapes(max_dims=2)))
def test_histogram_takes_any_weights(values):
    edges, counts = histogram(values)
    assert counts.sum() == np.isfinite(values).sum()
    assert np.all(np.diff(edges) > 0)


def test_kernels_are_shown_for_one_input_channel_or_their_mean():
    weights = np.random.default_rng(0).normal(size=(6, 3, 5, 4))
    np.testing.assert_array_equal(kernel_grid(weights, 2), weights[:, 2])
    np.testing.assert_allclose(kernel_grid(weights, None), weights.mean(axis=1))


def test_dense_weights_become_images_averaged_over_channels():
    weights = np.arange(2 * 24, dtype=np.float32).reshape(2, 24)
    images = dense_images(weights, (2, 3, 4))
    assert images.shape == (2, 3, 4)
    assert images[1, 2, 3] == (weights[1, 11] + weights[1, 23]) / 2


def test_tiles_are_arranged_in_rows_with_gaps():
    images = np.arange(3 * 2 * 2, dtype=np.float32).reshape(3, 2, 2)
    expected = [
        [0, 1, -1, 4, 5],
        [2, 3, -1, 6, 7],
        [-1, -1, -1, -1, -1],
        [8, 9, -1, -1, -1],
        [10, 11, -1, -1, -1],
    ]
    np.testing.assert_array_equal(tile(images, columns=2, fill=-1), expected)


def test_a_mosaic_is_nearly_square_by_default():
    assert Mosaic.of(np.zeros((16, 5, 5))).columns == 4
    height, width = Mosaic.of(np.zeros((20, 4, 12))).shape
    assert 0.5 < height / width < 2
    assert Mosaic.of(np.zeros((2, 50, 1))).columns == 2


@given(
    count=st.integers(1, 12),
    height=st.integers(1, 4),
    width=st.integers(1, 4),
    columns=st.none() | st.integers(1, 20),
    gap=st.integers(0, 3),
)
def test_the_tile_under_the_pointer_is_the_one_drawn_there(count, height, width, columns, gap):
    images = np.arange(count * height * width, dtype=np.float64).reshape(count, height, width)
    mosaic = Mosaic.of(images, columns, gap)
    drawn = mosaic.draw(images)
    assert drawn.shape == mosaic.shape
    seen = set()
    for (row, column), value in np.ndenumerate(drawn):
        place = mosaic.tile_at(row, column)
        assert (place is None) == np.isnan(value)
        if place is not None:
            assert images[place] == value
            seen.add(value)
    assert len(seen) == images.size
    for index in range(count):
        assert mosaic.tile_at(*mosaic.corner(index)) == (index, 0, 0)


@pytest.mark.parametrize("place", [(-1, 0), (0, -1), (-7, -7), (100, 0), (0, 100)])
def test_outside_a_mosaic_there_is_no_tile(place):
    assert Mosaic.of(np.zeros((4, 3, 3))).tile_at(*place) is None


def test_the_colour_limit_is_not_set_by_a_few_large_weights():
    weights = np.random.default_rng(0).normal(size=100_000)
    weights[5] = 1000
    assert 2 < symmetric_limit(weights) < 4


@pytest.mark.parametrize("values", [[], [0.0, 0.0], [np.nan], [np.inf]])
def test_the_colour_limit_is_one_where_there_is_nothing_to_show(values):
    assert symmetric_limit(np.array(values)) == 1


def test_the_colour_limit_is_never_zero_where_few_weights_are_not():
    sparse = np.zeros(10_000)
    sparse[17] = -0.5
    assert symmetric_limit(sparse) == 0.5
