"""A run that is stopped and goes on is the run that was never stopped."""

from __future__ import annotations

from typing import get_args

import msgspec
import numpy as np
import pytest

from engine.backends.mxnet.gluon import GluonBackend
from engine.training.config import OptimizerConfig, OptimizerName, Sampling, ScheduleConfig
from engine.training.events import BatchesDone, EpochDone, Position, RunStarted
from tests.engine.samples import DROPOUT_MLP, EVERYTHING, samples
from tests.engine.training.runs import CONFIG, batch_losses, different, figures, of, prepare

replace = msgspec.structs.replace


def run_until(run, step: int) -> tuple[list, Position]:
    """Train until a batch, stop, and return the events and the position."""
    events = []
    for event in run.events:
        events.append(event)
        if isinstance(event, BatchesDone) and event.position.step == step:
            run.events.close()
            return events, event.position
    raise AssertionError("the run ended before")


def reopened(run, config, spec):
    """Return a new network with the weights and the optimizer's state of another, as from a file."""
    network = GluonBackend("cpu").build(spec, run.network.weights())
    network.prepare_training(config.optimizer, config.loss_reduction)
    network.set_optimizer_state(run.network.optimizer_state())
    return network


@pytest.mark.parametrize("stop_at", [1, 7, 14])
@pytest.mark.parametrize("spec", [DROPOUT_MLP, EVERYTHING], ids=lambda spec: spec.name)
def test_a_run_that_was_stopped_at_any_batch_ends_as_if_it_had_not_been(spec, stop_at):
    config = replace(CONFIG, epochs=3)
    parts = {"train_samples": samples(spec, 46), "validation_samples": samples(spec, 40, seed=1)}
    whole = prepare(config, spec, **parts)
    expected = list(whole.events)
    stopped = prepare(config, spec, **parts)
    begun, position = run_until(stopped, stop_at)

    left = replace(config, epochs=3 - position.epoch)
    resumed = prepare(left, spec, network=reopened(stopped, config, spec), start=position, **parts)
    rest = list(resumed.events)

    assert np.array_equal(np.concatenate([batch_losses(begun), batch_losses(rest)]), batch_losses(expected))
    assert different(whole.network, resumed.network) == []
    started = rest[0]
    assert isinstance(started, RunStarted)
    assert (started.start, started.last_epoch) == (position, 3)
    assert [e.epoch for e in of(EpochDone, rest)] == list(range(position.epoch + 1, 4))
    assert figures(rest)[1:] == figures(expected)[position.epoch + 1 :]
    # The first epoch tells its training figures for the rest of it alone, and over how many images.
    assert figures(rest)[0][3:] == figures(expected)[position.epoch][3:]
    assert {e.samples for e in of(EpochDone, expected)} == {46}
    assert [e.samples for e in of(EpochDone, rest)] == [46 - 10 * position.batch, 46, 46][: 3 - position.epoch]


def test_a_run_that_was_stopped_after_the_last_batch_of_an_epoch_goes_on_with_the_next():
    """An epoch of which only the validation is left would report a training loss of no batch."""
    whole, stopped = prepare(), prepare()
    expected = list(whole.events)
    _, position = run_until(stopped, 5)
    assert (position.epoch, position.batch) == (0, 5)

    resumed = prepare(replace(CONFIG, epochs=1), network=stopped.network, start=position)
    rest = list(resumed.events)

    assert (rest[0].start.epoch, rest[0].start.batch, rest[0].last_epoch) == (1, 0, 2)
    assert figures(rest) == figures(expected)[1:]
    assert different(whole.network, resumed.network) == []


@pytest.mark.parametrize("name", get_args(OptimizerName))
@pytest.mark.parametrize("sampling", get_args(Sampling))
def test_every_optimizer_and_sampling_resumes_exactly(name, sampling):
    config = replace(CONFIG, optimizer=OptimizerConfig(name, 0.01, weight_decay=1e-3), sampling=sampling)
    whole, stopped = prepare(config), prepare(config)
    list(whole.events)
    _, position = run_until(stopped, 7)

    resumed = prepare(replace(config, epochs=1), network=reopened(stopped, config, DROPOUT_MLP), start=position)
    list(resumed.events)

    assert different(whole.network, resumed.network) == []


@pytest.mark.parametrize("stop_at", [1, 7])
def test_random_shifts_go_on_as_they_would_have(stop_at):
    config = replace(CONFIG, shift=2)
    whole, stopped, unmoved = prepare(config), prepare(config), prepare()
    expected = list(whole.events)
    _, position = run_until(stopped, stop_at)

    left = replace(config, epochs=2 - position.epoch)
    resumed = prepare(left, network=reopened(stopped, config, DROPOUT_MLP), start=position)
    rest = list(resumed.events)

    assert different(whole.network, resumed.network) == []
    assert np.array_equal(batch_losses(rest), batch_losses(expected)[stop_at:])
    assert not np.array_equal(batch_losses(list(unmoved.events)), batch_losses(expected))


def test_more_epochs_go_on_where_a_run_completed():
    config = replace(CONFIG, epochs=2)
    four = prepare(replace(CONFIG, epochs=4))
    expected = list(four.events)
    two = prepare(config)
    first = list(two.events)

    more = prepare(config, network=two.network, start=first[-1].position)
    second = list(more.events)

    assert figures(first) + figures(second) == figures(expected)
    assert different(four.network, two.network) == []
    assert (second[0].start.epoch, second[0].last_epoch) == (2, 4)
    assert second[-1].position.step == 20


def test_the_schedule_of_more_epochs_begins_anew():
    config = replace(CONFIG, schedule=ScheduleConfig("one-cycle"))
    run = prepare(config)
    first = list(run.events)

    second = list(prepare(config, network=run.network, start=first[-1].position).events)

    rates = [[event.learning_rate for event in of(BatchesDone, events)] for events in (first, second)]
    assert rates[0] == rates[1]
    assert len(set(rates[0])) > 5


def test_without_the_optimizers_state_a_resumed_run_is_another():
    whole, stopped = prepare(), prepare()
    list(whole.events)
    _, position = run_until(stopped, 5)
    forgotten = GluonBackend("cpu").build(DROPOUT_MLP, stopped.network.weights())
    forgotten.prepare_training(CONFIG.optimizer, "mean")

    resumed = prepare(replace(CONFIG, epochs=1), network=forgotten, start=Position(1, 0, position.step))
    list(resumed.events)

    assert different(whole.network, resumed.network)
