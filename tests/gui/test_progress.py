"""How far a run is, from its events, and how that reads in the status bar."""

from __future__ import annotations

import numpy as np
import pytest

from engine.training.config import TrainingConfig
from engine.training.events import BatchesDone, EpochDone, Evaluating, Position, RunFinished, RunStarted
from gui.progress import Progress
from gui.progress_view import ProgressView, duration

BATCHES, SAMPLES = 10, 1000


def started(first=0, last=4, batch=0):
    position = Position(first, batch, first * BATCHES + batch)
    return RunStarted("run", TrainingConfig(), position, last, BATCHES, SAMPLES, 100)


def batches(epoch, batch, speed=500.0, seconds=0.0):
    position = Position(epoch, batch, epoch * BATCHES + batch, seconds)
    return BatchesDone("run", position, np.ones(1), np.ones(1), 0.1, speed)


def epoch_done(epoch, seconds):
    position = Position(epoch, 0, epoch * BATCHES, seconds)
    return EpochDone("run", position, epoch, 1.0, 0.5, 1.0, 0.5, 2.0, 500.0, 0.1)


def followed(*events):
    progress = Progress()
    for event in events:
        progress.follow(event)
    return progress


def test_nothing_is_known_before_a_run():
    progress = Progress()
    assert (progress.run, progress.fraction, progress.seconds_left) == ("", 0.0, None)


def test_the_share_that_is_done_grows_from_batch_to_batch():
    shares = [followed(started(), batches(epoch, batch)).fraction for epoch in range(4) for batch in (1, 5, 10)]
    assert shares == pytest.approx([0.025, 0.125, 0.25, 0.275, 0.375, 0.5, 0.525, 0.625, 0.75, 0.775, 0.875, 1.0])


def test_a_run_that_was_stopped_has_no_time_left():
    going = (started(), batches(0, 5))
    assert followed(*going).seconds_left > 0
    stopped = RunFinished("run", Position(0, 5, 5), "stopped")
    assert followed(*going, stopped).seconds_left is None
    assert followed(*going, stopped, started(0, 8, 5), batches(0, 6)).seconds_left > 0


def test_an_epoch_that_is_done_counts_whole():
    progress = followed(started(), batches(0, 10), epoch_done(1, 3.0))
    assert progress.fraction == 0.25
    assert (progress.epoch, progress.batch, progress.position.epoch) == (1, BATCHES, 1)


def test_more_epochs_begin_at_nothing_again():
    progress = followed(started(first=4, last=6))
    assert progress.fraction == 0.0
    progress.follow(batches(4, 10))
    assert progress.fraction == 0.5


def test_a_run_that_goes_on_within_an_epoch_begins_there():
    progress = followed(started(batch=5))
    assert progress.fraction == pytest.approx(0.125)
    assert (progress.epoch, progress.batch) == (1, 5)


def test_the_time_left_follows_from_speed_and_validation():
    progress = followed(started(), batches(0, 10, seconds=2.0), epoch_done(1, seconds=3.0))
    assert progress.seconds_left == pytest.approx(3 * (SAMPLES / 500 + 1.0))


def test_the_speed_is_smoothed_and_begins_with_the_first_report():
    progress = followed(started(), batches(0, 1, speed=500), batches(0, 2, speed=1500))
    assert progress.samples_per_second == pytest.approx(600)
    progress.follow(started(first=4, last=5))
    assert progress.seconds_left is None


def test_validation_is_told_until_the_epoch_is_done():
    progress = followed(started(), batches(0, 10), Evaluating("run", 50, 100))
    assert progress.evaluating
    progress.follow(epoch_done(1, 3.0))
    assert not progress.evaluating
    assert not followed(started(), Evaluating("run", 50, 100), RunFinished("run", Position(), "stopped")).evaluating


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (8, "8 s"), (59.6, "1 min 00 s"), (125, "2 min 05 s"), (3599.7, "1 h 00 min"), (4800, "1 h 20 min")],
)
def test_times_read_as_people_say_them(seconds, text):
    assert duration(seconds) == text


@pytest.fixture
def view(qtbot):
    view = ProgressView()
    qtbot.addWidget(view)
    view.show()
    return view


def test_the_status_bar_tells_epoch_batch_speed_and_time_left(view):
    view.set_state("training")
    view.show_progress(followed(started(), batches(1, 5, speed=12_345.6)))
    assert view.text() == "Training epoch 2 of 4  ·  batch 5 of 10  ·  12,346 samples/s  ·  0 s left"
    view.show_progress(followed(started(), batches(1, 10), Evaluating("run", 50, 100)))
    assert "validating" in view.text()


def test_nothing_is_left_when_the_run_is_over(view):
    view.set_state("trained")
    view.show_progress(followed(started(), batches(3, 10), epoch_done(4, 9.0)))
    assert view.text() == "Trained epoch 4 of 4  ·  batch 10 of 10  ·  500 samples/s"


def test_a_run_that_was_stopped_tells_until_where_it_was_trained(view):
    view.set_state("trained")
    view.show_progress(followed(started(), batches(1, 5), RunFinished("run", Position(1, 5, 15), "stopped")))
    assert view.text() == "Trained until epoch 2 of 4  ·  batch 5 of 10  ·  500 samples/s"


@pytest.mark.parametrize(
    ("state", "text", "bar"),
    [
        ("loading", "Loading MXNet…", False), ("ready", "Ready", False), ("training", "Training", True),
        ("paused", "Paused", True), ("stopping", "One moment…", True), ("trained", "Trained", False),
    ],
)  # fmt: skip
def test_every_state_has_a_name_and_the_bar_is_there_while_a_run_goes_on(view, state, text, bar):
    view.set_state(state)
    assert view.text() == text
    assert view._bar.isVisible() == bar


def test_the_figures_of_a_run_go_when_there_is_none(view):
    view.set_state("trained")
    view.show_progress(followed(started(), batches(0, 5)))
    view.set_state("ready")
    assert view.text() == "Ready"
