from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.training.config import ScheduleConfig
from engine.training.schedules import factor, preview


def factors(schedule: ScheduleConfig, batches: int, epochs: int) -> np.ndarray:
    return np.array([factor(schedule, batch, batches, epochs) for batch in range(batches * epochs)])


SCHEDULES = st.builds(
    ScheduleConfig,
    st.sampled_from(["constant", "step", "cosine", "one-cycle"]),
    warmup_epochs=st.sampled_from([0.0, 0.5, 1.0, 3.0, 50.0]),
    step_epochs=st.integers(1, 4),
    step_factor=st.floats(0.1, 1),
    final_factor=st.floats(0, 1),
    rising_fraction=st.floats(0.01, 0.99),
)


@given(SCHEDULES, st.integers(1, 20), st.integers(1, 6))
def test_every_factor_of_every_schedule_is_above_0_and_at_most_1(schedule, batches, epochs):
    values = factors(schedule, batches, epochs)

    assert (values > 0).all()
    assert (values <= 1 + 1e-12).all()


@given(SCHEDULES)
def test_a_long_schedule_has_no_jump_but_where_it_steps(schedule):
    assume(schedule.name != "step")
    assume(schedule.name != "one-cycle" or not schedule.warmup_epochs)  # which begins low again
    values = factors(schedule, 500, 4)

    # The steepest is a rise or a fall over one hundredth of 2,000 batches.
    assert np.abs(np.diff(values)).max() <= 1 / 20 + 1e-9


def test_constant_stays():
    assert factors(ScheduleConfig(), 7, 3).tolist() == [1.0] * 21


def test_step_multiplies_after_every_few_epochs():
    values = factors(ScheduleConfig("step", step_epochs=2, step_factor=0.5), 3, 6)

    assert values.tolist() == [1.0] * 6 + [0.5] * 6 + [0.25] * 6


def test_cosine_falls_from_1_to_its_end_by_half_a_wave():
    values = factors(ScheduleConfig("cosine", final_factor=0.2), 100, 1)

    assert values[0] == 1
    assert values[50] == pytest.approx(0.6)
    assert values[25] == pytest.approx(0.2 + 0.8 * (1 + math.cos(math.pi / 4)) / 2)
    assert values[-1] == pytest.approx(0.2, abs=1e-3)
    assert (np.diff(values) < 0).all()


def test_one_cycle_rises_for_its_fraction_and_falls_to_its_end_in_straight_lines():
    values = factors(ScheduleConfig("one-cycle", rising_fraction=0.25, final_factor=0.0), 100, 4)

    assert values[0] == pytest.approx(1 / 100)
    assert values[49] == pytest.approx(0.5)
    assert values[99] == values[100] == 1
    assert values[250] == pytest.approx(0.5)
    assert values[-1] == pytest.approx(1 / 300)
    assert np.diff(values[:100]) == pytest.approx(0.01)
    assert np.diff(values[100:]) == pytest.approx(-1 / 300)


def test_one_cycle_ends_at_its_final_factor():
    values = factors(ScheduleConfig("one-cycle", rising_fraction=0.5, final_factor=0.1), 1000, 1)

    assert values[-1] == pytest.approx(0.1, abs=2e-3)
    assert factor(ScheduleConfig("one-cycle", final_factor=0.1), 5000, 1000, 1) == pytest.approx(0.1)


def test_warm_up_rises_linearly_before_the_schedule_begins():
    values = factors(ScheduleConfig("cosine", warmup_epochs=0.5), 10, 2)

    assert values[:6] == pytest.approx([1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1])
    assert values[6] == pytest.approx((1 + math.cos(math.pi / 15)) / 2)
    assert (np.diff(values[5:]) < 0).all()


def test_steps_are_counted_from_the_end_of_the_warm_up():
    values = factors(ScheduleConfig("step", warmup_epochs=1, step_epochs=1, step_factor=0.5), 2, 4)

    assert values == pytest.approx([1 / 3, 2 / 3, 1, 1, 0.5, 0.5, 0.25, 0.25])


@given(SCHEDULES, st.integers(1, 50), st.integers(1, 20), st.integers(2, 40))
def test_a_preview_shows_the_learning_rates_of_training(schedule, batches, epochs, points):
    places, rates = preview(schedule, 0.3, batches, epochs, points)

    assert len(places) == len(rates) <= points
    assert places[0] == 0
    assert places[-1] == pytest.approx((batches * epochs - 1) / batches)
    assert (np.diff(places) > 0).all()
    expected = [0.3 * factor(schedule, round(place * batches), batches, epochs) for place in places]
    assert rates == pytest.approx(expected)


def test_a_preview_of_a_short_run_shows_every_batch():
    places, rates = preview(ScheduleConfig("one-cycle"), 1.0, 4, 2)

    assert places.tolist() == [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75]
    assert rates.max() == 1
