"""A run's figures lie where they belong on every axis, and a run that goes on keeps one history."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from engine.training.config import TrainingConfig
from engine.training.events import BatchesDone, EpochDone, Position, RunStarted, SettingChanged
from gui.curve_data import MOST_ROWS, Run, merged
from gui.curve_points import Smoothed

BATCHES = 10


def started(start=None, run="a"):
    return RunStarted(run, TrainingConfig(), start or Position(), 5, BATCHES, 1000, 100)


def batches(epoch, batch, count, seconds, loss=1.0):
    position = Position(epoch, batch, epoch * BATCHES + batch, seconds)
    return BatchesDone("a", position, np.full(count, loss), np.full(count, 0.5), 0.1, 100.0)


def epoch_done(epoch, seconds=0.0, validation_loss=1.0):
    position = Position(epoch, 0, epoch * BATCHES, seconds)
    return EpochDone("a", position, epoch, 1.0, 0.5, validation_loss, 0.5, 1.0, 100.0, 0.1)


def rest_done(epoch, samples, seconds):
    """Return the end of an epoch of which so many of 1,000 images were learned from."""
    return msgspec.structs.replace(epoch_done(epoch, seconds), samples=samples)


def changed(step, old, new, setting="learning_rate"):
    return SettingChanged("a", Position(step // BATCHES, step % BATCHES, step, step / 2), setting, old, new)


def test_batches_lie_where_they_were_trained_on_every_axis():
    run = Run(started(), 0, "a")
    run.add_batches(batches(0, 4, 4, seconds=2.0))
    run.add_batches(batches(0, 10, 6, seconds=5.0))
    run.add_batches(batches(1, 5, 5, seconds=10.0))
    assert run.batches["step"].tolist() == list(range(1, 16))
    np.testing.assert_allclose(run.batches["epoch"], np.arange(1, 16) / BATCHES)
    np.testing.assert_allclose(run.batches["seconds"][:4], [0.5, 1.0, 1.5, 2.0])
    assert run.batches["seconds"][-1] == 10.0


def test_a_run_that_goes_on_continues_its_curves():
    run = Run(started(), 0, "a")
    run.add_batches(batches(0, 10, 10, seconds=1.0))
    run.add_epoch(epoch_done(1, 1.0))
    run.live = False
    run.begin(started(Position(1, 0, 10, 1.0)))
    run.add_batches(batches(1, 10, 10, seconds=2.0))
    assert run.live
    assert run.batches["step"].tolist() == list(range(1, 21))
    assert run.epochs["epoch"].tolist() == [1.0]


def test_going_back_forgets_what_lies_behind():
    run = Run(started(), 0, "a")
    run.add_batches(batches(0, 10, 10, seconds=1.0))
    run.add_epoch(epoch_done(1))
    run.changes = [changed(3, 0.1, 0.2), changed(8, 0.2, 0.3)]
    smoothed = run.smoothed("loss", 0.9)
    assert len(smoothed) == 10
    run.begin(started(Position(0, 5, 5, 0.5)))
    run.add_batches(batches(0, 6, 1, seconds=0.6, loss=3.0))
    assert run.batches["step"].tolist() == [1, 2, 3, 4, 5, 6]
    assert run.batches["loss"][-1] == 3.0
    assert len(run.epochs) == 0
    assert [change.position.step for change in run.changes] == [3]
    assert len(run.smoothed("loss", 0.9)) == 6


def test_the_last_place_is_the_latest_of_batches_and_epochs():
    run = Run(started(), 0, "a")
    assert run.last_place("step") == 0.0
    run.add_batches(batches(0, 7, 7, seconds=3.0))
    assert run.last_place("seconds") == 3.0
    run.add_epoch(epoch_done(2))
    assert run.last_place("epoch") == 2.0


def test_the_mean_of_an_epoch_lies_in_the_middle_of_what_it_is_the_mean_of():
    run = Run(started(Position(3, 2, 32, 3.2)), 0, "a")  # from a file, in the middle of an epoch
    run.add_batches(batches(3, 10, 8, seconds=4.0))
    run.add_epoch(rest_done(4, 800, 4.5))
    run.add_batches(batches(4, 10, 10, seconds=6.5))
    run.add_epoch(rest_done(5, 1000, 7.0))
    assert run.epoch_middles("epoch").tolist() == pytest.approx([3.6, 4.5])
    assert run.epoch_middles("step").tolist() == [36, 45]
    assert run.epoch_middles("seconds").tolist() == pytest.approx([3.6, 5.2], abs=0.3)


def test_an_epoch_that_was_finished_exactly_is_the_mean_of_all_of_it():
    run = Run(started(), 0, "a")
    run.add_batches(batches(0, 4, 4, seconds=1.0))
    run.begin(started(Position(0, 4, 4, 1.0)))
    run.add_batches(batches(0, 10, 6, seconds=2.0))
    run.add_epoch(rest_done(1, 1000, 2.0))
    assert run.epoch_middles("epoch").tolist() == [0.5]


def test_a_change_lies_at_its_batch_on_every_axis():
    run = Run(started(), 0, "a")
    places = [run.change_place(changed(15, 0.1, 0.2), axis) for axis in ("step", "epoch", "seconds")]
    assert places == [15, 1.5, 7.5]


def test_dragging_a_value_is_told_as_one_change():
    dragged = [(1.0, changed(1, 0.1, 0.2)), (1.1, changed(2, 0.2, 0.3)), (1.2, changed(3, 0.3, 0.4))]
    other = (1.2, changed(3, 0.9, 0.8, "momentum"))
    later = (9.0, changed(9, 0.4, 0.5))
    told = merged([*dragged, other, later], gap=0.15)
    assert [(change.setting, change.old, change.new) for _, change in told] == [
        ("learning_rate", 0.1, 0.4), ("momentum", 0.9, 0.8), ("learning_rate", 0.4, 0.5),
    ]  # fmt: skip


def test_a_value_that_was_put_back_is_no_change():
    assert merged([(1.0, changed(1, 0.1, 0.2)), (1.0, changed(1, 0.2, 0.1))], gap=0.1) == []


def test_what_a_run_had_done_before_comes_first_and_what_lies_behind_its_start_is_trained_anew():
    steps = np.arange(1.0, 13.0)
    past = dict.fromkeys(("step", "epoch", "seconds", "loss", "accuracy", "learning_rate"), steps)
    figures = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "learning_rate", "duration")
    epochs = {name: np.array([5.0, 10.0]) for name in ("step", "epoch", "seconds", *figures)}

    run = Run(started(start=Position(1, 3, 8, 2.0)), 0, "again", epochs, past)

    assert run.batches["step"].tolist() == steps[:8].tolist()
    assert run.epochs["validation_loss"].tolist() == [5.0]
    run.add_batches(BatchesDone("a", Position(1, 4, 9, 2.5), np.array([0.1]), np.array([1.0]), 0.1, 100.0))
    assert run.batches["step"][-2:].tolist() == [8.0, 9.0]
    assert run.batches["seconds"][-1] == 2.5


def long_run(count, smoothing=0.0, event=100_000):
    """A run of so many batches, whose loss is the number of the batch; with its smoothed curve where one is shown."""
    run = Run(started(), 0, "a")
    for step in range(0, count, event):
        new = np.arange(step + 1, min(step + event, count) + 1, dtype=float)
        epoch, batch = divmod(int(new[-1]), BATCHES)
        position = Position(epoch, batch, int(new[-1]), new[-1] / 2)
        run.add_batches(BatchesDone("a", position, new, np.sin(new / 1e5), 0.1, 100.0))
        if smoothing:
            run.smoothed("accuracy", smoothing)
    return run


def test_a_run_of_many_batches_takes_bounded_memory_and_keeps_its_places_and_means():
    run = long_run(5 * MOST_ROWS)
    stride = run.batches.stride
    assert len(run.batches) <= MOST_ROWS
    assert stride == 8  # five times too many: twice as many a row, three times over
    steps, losses = run.batches["step"], run.batches["loss"]
    assert (np.diff(steps) == stride).all()
    assert steps[0] == stride
    assert 5 * MOST_ROWS - steps[-1] < stride
    np.testing.assert_allclose(losses, steps - (stride - 1) / 2)
    np.testing.assert_allclose(run.batches["epoch"], steps / BATCHES)


def test_a_million_batches_are_kept_one_by_one():
    run = long_run(1_000_000)
    assert run.batches["step"].tolist() == list(range(1, 1_000_001))


def test_the_smoothed_curve_of_a_folded_run_is_the_one_of_its_batches():
    count, smoothing = int(2.3 * MOST_ROWS), 0.999
    followed, anew = long_run(count, smoothing), long_run(count)
    exact = Smoothed(smoothing).follow(np.sin(np.arange(1.0, count + 1) / 1e5))
    for run in (followed, anew):
        at = run.batches["step"].astype(int)[1000:] - 1
        np.testing.assert_allclose(run.smoothed("accuracy", smoothing)[1000:], exact[at], atol=1e-4)


def test_a_folded_run_goes_back():
    run = long_run(MOST_ROWS + 3)
    run.begin(started(Position(1, 0, 10, 5.0)))
    assert run.batches["step"].tolist() == [2, 4, 6, 8, 10]
    run.add_batches(BatchesDone("a", Position(1, 3, 13, 6.5), np.array([1.0, 3.0, 5.0]), np.ones(3), 0.1, 100.0))
    assert run.batches["step"][-2:].tolist() == [10, 12]
    assert run.batches["loss"][-1] == 2.0


def test_what_was_taken_out_of_a_run_stays_as_it_was_when_the_run_is_folded():
    run = long_run(MOST_ROWS, event=MOST_ROWS)
    losses = run.batches["loss"]
    run.add_batches(BatchesDone("a", Position(0, 1, MOST_ROWS + 1, 1e9), np.zeros(1), np.zeros(1), 0.1, 100.0))
    assert losses[:3].tolist() == [1, 2, 3]
    assert len(run.batches) == MOST_ROWS // 2 + 1
