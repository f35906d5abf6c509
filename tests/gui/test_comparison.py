"""What is compared of runs: curves on common axes, best values, differences; no widgets."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.architecture.layers import Conv2D, Dense, Dropout, Flatten, Residual
from engine.architecture.network import NetworkSpec
from engine.training.config import OptimizerConfig, TrainingConfig
from gui.compared import ComparedRun
from gui.comparison import best_place, curve, own_layers, rows
from gui.comparison_lines import lines_of
from tests.gui.run_records import compared_run, fresh_record, run_record


def a_run(number: int, epochs: int = 4, **values) -> ComparedRun:
    record = run_record(number, epochs=epochs, **values)
    run = compared_run(record)
    done = np.arange(1.0, epochs + 1)
    run.epochs.update(
        epoch=done, step=100 * done, seconds=3 * done, duration=np.full(epochs, 3.0),
        validation_accuracy=1 - 0.5**done, validation_loss=0.5**done,
    )  # fmt: skip
    steps = np.arange(1.0, 100 * epochs + 1)
    run.batches.clear()
    run.batches.update(
        step=steps, epoch=steps / 100, seconds=steps / 50, loss=1 / steps, accuracy=steps * 0, learning_rate=steps * 0
    )
    return run


@pytest.mark.parametrize(
    ("axis", "places"),
    [
        ("epoch", [1, 2, 3, 4]), ("step", [100, 200, 300, 400]), ("seconds", [3, 6, 9, 12]),
        ("samples", [60_000, 120_000, 180_000, 240_000]),
    ],
)  # fmt: skip
def test_a_curve_lies_where_it_was_trained_on_every_axis(axis, places):
    points = curve(a_run(1), "validation_accuracy", axis)
    assert points.x.tolist() == places
    assert points.y.tolist() == [0.5, 0.75, 0.875, 0.9375]


def test_without_the_number_of_images_samples_are_counted_by_batches():
    run = a_run(1, config=TrainingConfig(batch_size=50))
    run = run._replace(start=msgspec.structs.replace(run.start, train_samples=0))
    assert curve(run, "validation_accuracy", "samples").x.tolist() == [5000, 10_000, 15_000, 20_000]


def test_the_loss_of_batches_has_a_point_for_each_and_what_is_not_known_is_left_out():
    run = a_run(1)
    assert len(curve(run, "batch_loss", "step").x) == 400
    run.epochs["validation_loss"][1] = math.nan
    assert curve(run, "validation_loss", "epoch").x.tolist() == [1, 3, 4]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_the_best_is_the_highest_accuracy_and_the_lowest_loss_and_the_first_of_several(values):
    array = np.array(values)
    assert best_place(array, "validation_accuracy") == values.index(max(values))
    assert best_place(array, "validation_loss") == values.index(min(values))
    assert best_place(array, "learning_rate") is None
    assert best_place(array[:0], "validation_accuracy") is None


def by_name(runs):
    return {row.name: row for row in rows(runs)}


def test_the_best_of_each_result_is_marked_all_of_them_where_several_are_as_good():
    runs = [a_run(1, accuracy=0.98), a_run(2, accuracy=0.99), a_run(3, accuracy=0.99, parameters=10)]
    told = by_name(runs)
    assert told["Best validation accuracy"].best == {1, 2}
    assert told["Best validation accuracy"].texts == ("98.00%", "99.00%", "99.00%")
    assert told["Parameters"].best == {2}
    assert told["Epochs done"].best == frozenset(), "more epochs are not better"
    assert told["Time of an epoch"].best == frozenset(), "where all are alike none is the best"


def test_a_run_without_an_epoch_has_dashes_and_is_never_the_best():
    told = by_name([a_run(1, accuracy=0.98), compared_run(fresh_record(2)), a_run(3, accuracy=0.9)])
    assert told["Best validation accuracy"].texts[1] == "–"
    assert told["Best validation accuracy"].best == {0}


def test_the_time_is_the_runs_own_without_what_its_parent_took():
    branch = a_run(2, parent=1, seconds=80.0)
    branch.epochs["duration"][:3] = 1000.0  # of the run before: its three epochs end at batch 300
    told = by_name([a_run(1, seconds=20.0), branch])
    assert told["Training time"].texts == ("20.0 s", "1 min 0 s")
    assert told["Time of an epoch"].texts == ("3.00 s", "3.00 s")


def test_only_what_differs_is_a_difference():
    config = TrainingConfig(optimizer=OptimizerConfig("adam", learning_rate=0.001))
    told = by_name([a_run(1), a_run(2, config=config)])
    differing = {name for name, row in told.items() if row.differs and not row.is_result}
    assert differing == {"Optimizer", "Learning rate"}
    assert told["Learning rate"].texts == ("0.1", "0.001")
    assert not told["Batch size"].differs


def test_layers_that_not_all_networks_have_are_named_also_within_blocks():
    shared = (Conv2D(8, (3, 3), padding=(1, 1)), Flatten(), Dense(10))
    block = Residual((Conv2D(8, (3, 3), padding=(1, 1)),))
    specs = [
        NetworkSpec("plain", (1, 28, 28), shared),
        NetworkSpec("dropped", (1, 28, 28), (*shared[:2], Dropout(0.5), *shared[2:])),
        NetworkSpec("residual", (1, 28, 28), (shared[0], block, *shared[1:])),
    ]
    plain, dropped, residual = own_layers(specs)
    assert plain == "–"
    assert dropped == "Dropout 0.5"
    assert residual.startswith("Conv 8, 3×3")
    many = NetworkSpec("many", (1, 28, 28), (*shared[:2], *(Dense(n) for n in (50, 40, 30, 20)), *shared[2:]))
    assert own_layers([specs[0], many])[1] == "Dense 50, Dense 40, Dense 30 and 1 more"


def test_twenty_lines_differ_in_colour_or_dashes_and_a_colour_that_was_chosen_is_kept():
    runs = [a_run(number, colour=2 if number in (7, 9) else None) for number in range(1, 21)]
    lines = lines_of(runs)
    looks = [(line.colour.name(), line.dashes) for line in lines]
    assert len(set(looks)) == 20
    assert lines[6].colour == lines[8].colour
    plain = lines_of([a_run(1), a_run(2)])
    assert plain[0].colour != plain[1].colour
