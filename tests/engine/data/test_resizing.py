from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.resizing import resampling, resize

LENGTHS = st.integers(1, 60)


@given(LENGTHS, LENGTHS)
def test_every_new_value_is_a_mean_of_old_ones(length, target):
    matrix = resampling(length, target)

    assert (matrix.shape, matrix.dtype) == ((target, length), np.float32)
    assert (matrix >= 0).all()
    np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(matrix[::-1, ::-1], matrix, atol=1e-5)  # neither end is favoured


@given(LENGTHS, LENGTHS)
def test_shrinking_counts_every_old_value_alike(one, other):
    length, target = max(one, other), min(one, other)

    np.testing.assert_allclose(resampling(length, target).sum(axis=0), target / length, atol=1e-5)


def test_shrinking_to_a_half_averages_pairs_and_to_two_thirds_shares_of_pixels():
    np.testing.assert_allclose(resampling(4, 2), [[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]])
    np.testing.assert_allclose(resampling(3, 2), [[2 / 3, 1 / 3, 0], [0, 1 / 3, 2 / 3]], atol=1e-6)


def test_enlarging_keeps_a_straight_line_straight_between_the_outermost_centres():
    line = resampling(8, 32) @ np.arange(8, dtype=np.float32)

    assert line[0] == 0 and line[-1] == 7
    np.testing.assert_allclose(np.diff(line[2:-2]), 0.25, atol=1e-5)


def test_a_matrix_that_others_share_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        resampling(4, 2)[0, 0] = 1


@pytest.mark.parametrize("size", [(28, 28), (14, 56), (9, 5), (96, 96)])
def test_rows_and_columns_are_resampled_apart_and_samples_and_channels_kept_apart(size):
    images = np.random.default_rng(0).random((3, 2, 28, 28), np.float32)

    resized = resize(images, size)

    assert (resized.shape, resized.dtype) == ((3, 2, *size), np.float32)
    expected = resampling(28, size[0]) @ images[2, 1] @ resampling(28, size[1]).T
    np.testing.assert_allclose(resized[2, 1], expected, atol=1e-6)


def test_images_of_the_right_size_are_given_back_untouched():
    images = np.random.default_rng(0).random((3, 2, 6, 7), np.float32)

    assert resize(images, (6, 7)) is images
