"""The settings of a run in the words of its report and of the window."""

from __future__ import annotations

import msgspec
import pytest

from engine.history.report_words import settings_in_words
from engine.history.store import RunStore
from engine.training.config import ScheduleConfig
from tests.engine.history.samples import record_two_runs


@pytest.fixture
def start():
    record_two_runs()
    store = RunStore()
    yield store.start(1)
    store.close()


def schedule_in_words(start, schedule: ScheduleConfig) -> str:
    config = msgspec.structs.replace(start.config, schedule=schedule)
    return dict(settings_in_words(msgspec.structs.replace(start, config=config)))["Schedule of the learning rate"]


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (ScheduleConfig("one-cycle"), "rises over 25% of the batches, then falls to 0"),
        (ScheduleConfig("cosine"), "falls as a cosine to 0"),
        (ScheduleConfig("cosine", final_factor=0.01), "falls as a cosine to 0.01 times the rate"),
    ],
)
def test_a_rate_that_falls_to_nothing_is_not_said_to_fall_to_0_times_itself(start, schedule, words):
    assert schedule_in_words(start, schedule) == words
