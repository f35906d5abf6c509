from __future__ import annotations

import pytest

from engine.training import stopwatch as module
from engine.training.stopwatch import Stopwatch
from tests.engine.training.clock import Clock


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def test_it_counts_only_while_it_runs(clock):
    watch = Stopwatch()
    clock.now += 2
    assert watch.seconds == 2

    watch.stop()
    clock.now += 50
    assert watch.seconds == 2

    watch.start()
    clock.now += 3
    assert watch.seconds == 5


def test_stopping_or_starting_twice_changes_nothing(clock):
    watch = Stopwatch()
    clock.now += 1
    watch.start()
    clock.now += 1
    watch.stop()
    clock.now += 10
    watch.stop()

    assert watch.seconds == 2
