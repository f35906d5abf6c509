"""Settings that are changed while a run goes on."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from engine.training.config import OptimizerConfig, ScheduleConfig
from engine.training.events import BatchesDone, SettingChanged
from tests.engine.samples import DROPOUT_MLP
from tests.engine.training.runs import CONFIG, batch_losses, different, of, prepare

replace = msgspec.structs.replace


def changed_after(run, step, setting, value):
    """Train with one change asked for when batch ``step`` is reported; return all events."""
    events = []
    for event in run.events:
        events.append(event)
        if isinstance(event, BatchesDone) and event.position.step == step:
            run.live.change(setting, value)
    return events


@pytest.mark.parametrize("synchronous", [True, False])
@pytest.mark.parametrize(
    ("setting", "value", "old"),
    [("learning_rate", 0.5, 0.05), ("momentum", 0.0, 0.9), ("weight_decay", 0.2, 0.0), ("dropout", 0.9, 0.3)],
)
def test_a_change_holds_from_the_batch_after_its_event_and_not_before(setting, value, old, synchronous):
    plain = batch_losses(list(prepare().events))
    run = prepare(synchronous=synchronous)

    events = changed_after(run, 2, setting, value)

    (change,) = of(SettingChanged, events)
    assert (change.setting, change.old, change.new) == (setting, old, value)
    step = change.position.step
    assert step == (2 if synchronous else 3)  # the batch that was running has the old value
    losses = batch_losses(events)
    assert np.array_equal(losses[:step], plain[:step])
    # A new dropout rate shows in the next batch; what changes the step shows one batch later.
    shows = step if setting == "dropout" else step + 1
    assert np.array_equal(losses[:shows], plain[:shows])
    assert losses[shows] != plain[shows]
    before = events[: events.index(change)]
    assert sum(len(event.losses) for event in of(BatchesDone, before)) == step


def test_a_new_learning_rate_is_reported_and_still_follows_the_schedule():
    config = replace(CONFIG, schedule=ScheduleConfig("step", step_epochs=1, step_factor=0.5))
    run = prepare(config)

    events = changed_after(run, 3, "learning_rate", 0.02)

    rates = [event.learning_rate for event in of(BatchesDone, events)]
    assert rates == pytest.approx([0.05] * 3 + [0.02] * 2 + [0.01] * 5)


def test_a_changed_run_is_the_run_that_someone_changes_in_the_same_way():
    first, second = prepare(), prepare()

    for run in (first, second):
        changed_after(run, 6, "learning_rate", 0.2)

    assert different(first.network, second.network) == []


def test_no_momentum_from_the_start_is_plain_gradient_descent():
    run = prepare()
    run.live.change("momentum", 0.0)
    plain = prepare(replace(CONFIG, optimizer=OptimizerConfig("sgd", learning_rate=0.05)))

    events, expected = list(run.events), list(plain.events)

    assert batch_losses(events) == pytest.approx(batch_losses(expected), rel=1e-5)
    assert of(SettingChanged, events)[0].position.step == 0


def test_dropout_switched_off_is_a_network_without_it():
    run = prepare()
    run.live.change("dropout", 0.0)
    spec = DROPOUT_MLP
    without = prepare(spec=msgspec.structs.replace(spec, layers=tuple(x for x in spec.layers if x.name != "dropout1")))

    assert batch_losses(list(run.events)) == pytest.approx(batch_losses(list(without.events)), rel=1e-5)


def test_reports_and_waiting_can_be_switched_while_training():
    run = prepare(report_every=1000.0, synchronous=False)
    sizes = []
    for event in run.events:
        if isinstance(event, BatchesDone):
            sizes.append(len(event.losses))
            run.live.report_every, run.live.synchronous = 0.0, True

    assert sizes == [5, 1, 1, 1, 1, 1]
