from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.data.catalog import MNIST_FOLDER
from engine.data.drawing import prepare_drawing, prepare_image
from engine.data.idx import read_idx


@pytest.fixture(scope="module")
def digits():
    return read_idx(MNIST_FOLDER / "t10k-images-idx3-ubyte.gz")[:500]


def seven(side):
    """A seven of straight strokes in the middle of a square canvas, ink 1."""
    ink = np.zeros((side, side))
    unit = side // 20
    ink[4 * unit : 6 * unit, 6 * unit : 14 * unit] = 1
    for row in range(6 * unit, 16 * unit):
        left = 12 * unit - (row - 6 * unit) // 3
        ink[row, left : left + 2 * unit] = 1
    return ink


def centre_of_mass(image):
    rows, columns = np.indices(image.shape)
    return np.array([(rows * image).sum(), (columns * image).sum()]) / image.sum()


def extent(image):
    return tuple(np.ptp(np.flatnonzero(image.any(axis=1 - axis))) + 1 for axis in (0, 1))


def difference(image, other):
    return float(np.abs(image - other).mean())


def test_mnist_digits_come_through_as_they_are(digits):
    for digit in digits / np.float32(255):
        prepared = prepare_drawing(digit)
        assert difference(prepared, digit) < 0.002
        assert np.abs(centre_of_mass(prepared) - centre_of_mass(digit)).max() < 0.05


def test_mnist_digits_come_through_as_pictures_in_either_polarity(digits):
    for digit in digits:
        light = prepare_image(digit)
        assert difference(light, digit / 255) < 0.01
        assert difference(light, prepare_image(255 - digit)) < 1e-4


@pytest.mark.parametrize("side", [100, 280, 1120])
def test_a_drawing_of_any_size_becomes_the_same_input(side):
    prepared = prepare_drawing(seven(side))
    assert prepared.shape == (28, 28)
    assert prepared.dtype == np.float32
    assert prepared.max() == 1
    assert max(extent(prepared)) == 20
    assert np.abs(centre_of_mass(prepared) - 14).max() <= 0.5
    assert difference(prepared, prepare_drawing(seven(280))) < 0.02


def test_where_on_the_canvas_one_draws_does_not_matter():
    canvas = np.zeros((400, 600))
    canvas[20:220, 380:580] = seven(200)
    assert difference(prepare_drawing(canvas), prepare_drawing(seven(200))) < 1e-6


def test_the_aspect_ratio_is_kept():
    bar = np.zeros((280, 280))
    bar[40:240, 100:140] = 1
    assert extent(prepare_drawing(bar)) == (20, 4)
    assert extent(prepare_drawing(bar.T)) == (4, 20)


def test_shrinking_averages_areas_so_no_thin_stroke_is_lost():
    comb = np.zeros((200, 200))
    comb[:, ::10] = 1
    comb[0, :] = comb[-1, :] = comb[:, -1] = 1
    prepared = prepare_drawing(comb)
    inner = prepared[prepared.shape[0] // 2, 4:24]
    assert inner[:-1].min() > 0
    np.testing.assert_allclose(inner[:-1], inner[0], atol=1e-6)


def test_edges_are_anti_aliased():
    prepared = prepare_drawing(seven(280))
    assert ((prepared > 0.1) & (prepared < 0.9)).sum() > 10


def test_ink_as_large_as_the_frame_stays_inside_it():
    heavy_corner = np.zeros((100, 100))
    heavy_corner[:30, :30] = 1
    heavy_corner[99, 99] = heavy_corner[98, 98] = 1
    prepared = prepare_drawing(heavy_corner)
    assert extent(prepared) == (20, 20)


def test_size_and_box_can_be_others():
    prepared = prepare_drawing(seven(280), size=32, box=24)
    assert prepared.shape == (32, 32)
    assert max(extent(prepared)) == 24
    assert np.abs(centre_of_mass(prepared) - 16).max() <= 0.5


@pytest.mark.parametrize("ink", [0.0, 0.05])
def test_no_ink_or_hardly_any_gives_nothing(ink):
    assert prepare_drawing(np.full((280, 280), ink)) is None


def test_a_single_speck_gives_nothing():
    canvas = np.zeros((280, 280))
    canvas[100, 100] = 1
    assert prepare_drawing(canvas) is None


@settings(max_examples=50, deadline=None)
@given(arrays(np.float32, st.tuples(st.integers(1, 40), st.integers(1, 40)), elements=st.floats(0, 1, width=32)))
def test_any_ink_gives_an_input_in_range_or_nothing(ink):
    prepared = prepare_drawing(ink)
    if prepared is not None:
        assert prepared.shape == (28, 28)
        assert prepared.min() >= 0
        assert prepared.max() == 1


def test_dark_ink_on_noisy_grey_paper_is_found():
    rng = np.random.default_rng(1)
    photo = (0.75 - 0.6 * seven(280) + rng.normal(0, 0.05, (280, 280))).clip(0, 1)
    assert difference(prepare_image(photo), prepare_drawing(seven(280))) < 0.03


def test_uneven_light_is_not_taken_for_ink():
    light = np.linspace(0.65, 0.85, 280)
    photo = light * (1 - 0.8 * seven(280)) + np.random.default_rng(1).normal(0, 0.01, (280, 280))
    assert difference(prepare_image(photo), prepare_drawing(seven(280))) < 0.03


def test_a_tight_crop_whose_ink_touches_the_border_is_found():
    ink = seven(280)
    rows, columns = (np.flatnonzero(ink.any(axis=1 - axis)) for axis in (0, 1))
    crop = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    assert difference(prepare_image(1 - crop), prepare_drawing(ink)) < 0.02


def test_colour_and_rectangular_pictures_are_read():
    picture = np.full((280, 500, 3), (250, 240, 200), np.uint8)
    picture[:, 100:380][seven(280) > 0] = (30, 30, 160)
    assert difference(prepare_image(picture), prepare_drawing(seven(280))) < 0.01


def test_a_very_large_picture_is_reduced_first():
    picture = np.full((3000, 2500), 230, np.uint8)
    picture[400:2400, 300:2300][seven(2000) > 0] = 20
    assert difference(prepare_image(picture), prepare_drawing(seven(2000))) < 0.02


@pytest.mark.parametrize("shape", [(28, 28), (280, 280), (1, 50), (1, 1)])
def test_empty_paper_is_not_a_digit_even_if_noisy(shape):
    assert prepare_image(np.full(shape, 255, np.uint8)) is None
    assert prepare_image(np.full(shape, 0.4)) is None
    rng = np.random.default_rng(2)
    assert prepare_image((0.6 + rng.normal(0, 0.02, shape)).clip(0, 1)) is None
