from __future__ import annotations

import math

import numpy as np
import pytest

from engine.training.chance import dropout_mask, generator, sample_order, shift_offsets

PLACES = [
    (0, "weights", "", 0),
    (1, "weights", "", 0),
    (0, "order", "", 0),
    (0, "weights", "dense1/weight", 0),
    (0, "weights", "dense2/weight", 0),
    (0, "weights", "dense1/weight", 1),
    (0, "weights", "dense1/weight", 2),
    (0, "weights", "dense1/weight", 2**60),
    (2**63 - 1, "weights", "dense1/weight", 1),
]


def test_the_same_place_draws_the_same_and_every_other_something_else():
    draws = [generator(*place).integers(2**63, size=4).tolist() for place in PLACES]

    assert draws == [generator(*place).integers(2**63, size=4).tolist() for place in PLACES]
    numbers = [number for draw in draws for number in draw]
    assert len(set(numbers)) == len(numbers)


def test_a_draw_does_not_depend_on_what_was_drawn_before():
    expected = generator(3, "dropout", "drop1", 7).random(5)

    for step in range(7):
        generator(3, "dropout", "drop1", step).random(1000 * step)

    assert np.array_equal(generator(3, "dropout", "drop1", 7).random(5), expected)


def test_long_draws_of_neighbouring_steps_share_no_number():
    first, second = (generator(0, "dropout", "a", step).integers(2**63, size=20_000) for step in (0, 1))

    assert not np.intersect1d(first, second).size


def test_neighbouring_steps_are_not_correlated():
    first, second = (generator(0, "dropout", "a", step).normal(size=20_000) for step in (0, 1))

    assert abs(np.corrcoef(first, second)[0, 1]) < 5 / math.sqrt(20_000)


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.5, 0.9])
def test_a_mask_drops_its_rate_and_keeps_the_mean(rate):
    mask = dropout_mask(1, "dropout1", 3, (200, 500), rate)

    assert (mask.shape, mask.dtype) == ((200, 500), np.float32)
    assert set(np.unique(mask)) <= {np.float32(0), np.float32(1 / (1 - rate))}
    spread = math.sqrt(rate * (1 - rate) / mask.size)
    assert np.mean(mask == 0) == pytest.approx(rate, abs=5 * spread)
    assert mask.mean() == pytest.approx(1, abs=5 * spread / (1 - rate) + 1e-6)


def test_masks_differ_by_seed_layer_and_step():
    drawn = [
        dropout_mask(seed, path, step, (8, 64), 0.5).tobytes()
        for seed in (0, 1) for path in ("dropout1", "dropout2") for step in (0, 1)
    ]  # fmt: skip

    assert len(set(drawn)) == 8
    assert dropout_mask(1, "dropout2", 1, (8, 64), 0.5).tobytes() == drawn[-1]


def test_a_higher_rate_drops_what_a_lower_rate_drops_and_more():
    low, high = (dropout_mask(0, "dropout1", 0, (1000,), rate) == 0 for rate in (0.2, 0.6))

    assert (high | ~low).all()


def test_shuffled_takes_every_sample_once_in_an_order_of_its_epoch():
    first, second = (sample_order(5, epoch, 1000, "shuffled") for epoch in (0, 1))

    assert first.dtype == np.int64
    assert np.array_equal(np.sort(first), np.arange(1000))
    assert np.array_equal(np.sort(second), np.arange(1000))
    assert not np.array_equal(first, second)
    assert np.array_equal(first, sample_order(5, 0, 1000, "shuffled"))
    assert not np.array_equal(first, sample_order(6, 0, 1000, "shuffled"))


def test_in_order_is_the_order_of_the_data_set():
    assert np.array_equal(sample_order(5, 3, 10, "in-order"), np.arange(10))


def test_with_replacement_leaves_out_about_a_share_of_1_over_e():
    order = sample_order(5, 0, 10_000, "with-replacement")

    assert order.shape == (10_000,)
    assert order.min() >= 0 and order.max() < 10_000
    assert len(np.unique(order)) / 10_000 == pytest.approx(1 - 1 / math.e, abs=0.02)
    assert not np.array_equal(order, sample_order(5, 1, 10_000, "with-replacement"))


@pytest.mark.parametrize("reach", [1, 2, 8])
def test_shifts_take_every_value_up_to_their_reach_equally_often_in_both_directions(reach):
    shifts = shift_offsets(3, 5, 20_000, reach)

    assert shifts.shape == (20_000, 2)
    for axis in shifts.T:
        values, counts = np.unique(axis, return_counts=True)
        assert values.tolist() == list(range(-reach, reach + 1))
        share = 1 / (2 * reach + 1)
        assert np.abs(counts / 20_000 - share).max() < 5 * math.sqrt(share / 20_000)
    assert abs(np.corrcoef(shifts.T)[0, 1]) < 5 / math.sqrt(20_000)


def test_shifts_follow_from_seed_and_step_alone():
    drawn = [shift_offsets(seed, step, 50, 2).tobytes() for seed in (0, 1) for step in (0, 1)]

    assert len(set(drawn)) == 4
    assert shift_offsets(1, 0, 50, 2).tobytes() == drawn[2]
