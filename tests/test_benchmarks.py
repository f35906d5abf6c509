"""A short sample of the benchmarks that compare ways to train, so that they run when somebody wants them."""

from __future__ import annotations

import pytest

from benchmarks.frameworks import Contestant, ratio, report
from benchmarks.races import RACES
from engine.architecture.shapes import classes
from engine.backends.choice import BACKEND_NAMES


@pytest.mark.parametrize("kind", ["scratch", "bare scratch", "recorded scratch"])
def test_a_contestant_trains_when_it_is_told_to(kind):
    contestant = Contestant("mlp-100", kind, threads=1)
    contestant.run(0.05)
    contestant.run(0.05)
    contestant.end()
    assert len(contestant.rates) == 2 and min(contestant.rates) > 100


def test_ratios_are_of_the_rounds_and_the_median_counts():
    rates = {"ours": [30.0, 100.0, 20.0], "torch": [10.0, 100.0, 10.0]}
    assert ratio(rates, "ours", "torch") == (2.0, 1.0, 3.0)


def test_the_best_backend_is_compared_with_its_aim(capsys):
    rates = {name: [10.0, 12.0, 11.0] for name in (*BACKEND_NAMES, "bare gluon", "bare scratch")}
    rates |= {"scratch": [40.0, 44.0, 42.0], "torch": [20.0, 22.0, 21.0]}
    row = report("mlp-32", rates)
    assert row["best"] == "scratch" and row["to_torch"][0] == 2.0
    told = capsys.readouterr().out
    assert "scratch to PyTorch: 2.00 (2.00 to 2.00), aim 1.5: reached" in told
    assert "gluon to its bare loop: 1.00" in told


def test_every_race_is_of_a_classifier_of_digits():
    for race in RACES.values():
        assert classes(race.spec) == 10 and race.config.shift == 0, race.title
