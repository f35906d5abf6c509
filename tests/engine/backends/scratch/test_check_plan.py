"""How much is checked: all that is usual of a small network, less of a large one, and never nothing."""

from __future__ import annotations

import tracemalloc

import pytest

from engine.architecture.layers import Conv2D, Dense, Flatten
from engine.architecture.network import NetworkSpec
from engine.architecture.zoo import experiment
from engine.backends.scratch.check_plan import COORDINATES, SAMPLES, CheckPlan, plan_check
from engine.backends.scratch.gradient_check import check_gradients, each_gradient
from engine.errors import ShapeError

HUGE = NetworkSpec(
    "huge", (3, 512, 512), (*(Conv2D(256, (3, 3), padding=(1, 1)) for _ in range(4)), Flatten(), Dense(2))
)


def test_a_small_network_is_checked_as_much_as_is_usual():
    plan = plan_check(experiment("lenet-bn").network())
    assert (plan.samples, plan.coordinates, plan.is_reduced) == (SAMPLES, COORDINATES, False)


def test_of_a_larger_network_fewer_numbers_are_moved():
    plan = plan_check(experiment("resnet-20").network())
    assert 1 <= plan.coordinates < COORDINATES
    assert plan.is_reduced


def test_the_largest_network_is_still_checked_a_little():
    plan = plan_check(HUGE)
    assert (plan.samples, plan.coordinates) == (2, 1)
    assert plan.is_reduced


@pytest.mark.parametrize("name", ["mlp-dropout", "lenet-tanh", "resnet-20"])
def test_the_memory_that_is_announced_is_what_it_takes(name):
    spec = experiment(name).network()
    plan = plan_check(spec)
    tracemalloc.start()
    try:
        next(each_gradient(spec, samples=plan.samples, coordinates=1))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 0.7 < plan.memory / peak < 1.5


def test_as_many_parameters_are_announced_as_are_checked():
    spec = experiment("lenet-bn").network()
    assert len(check_gradients(spec, coordinates=1)) == plan_check(spec).parameters


def test_a_network_that_learns_nothing_has_nothing_to_check():
    assert plan_check(NetworkSpec("bare", (10,), ())) == CheckPlan(0)
    assert check_gradients(NetworkSpec("bare", (10,), ())) == []


def test_what_is_no_classifier_is_refused():
    with pytest.raises(ShapeError):
        plan_check(NetworkSpec("images", (1, 8, 8), (Conv2D(2, (3, 3)),)))
