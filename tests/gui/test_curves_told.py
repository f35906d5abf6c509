"""What the window tells the curves, and what the curves tell the window."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QLabel

from engine import messages as m
from engine.errors import TrainingError
from engine.storage.model_file import EpochMetrics
from engine.training.config import TrainingConfig
from engine.training.events import BatchesDone, EpochDone, Position, RunStarted
from gui import curves_figure  # noqa: F401  # so that the panel need not load it when the first run begins
from tests.gui.controlled import SPEC, Desk
from tests.gui.curves_user import canvas, child, plots


@pytest.fixture
def desk(qtbot):
    desk = Desk(qtbot)
    desk.get_ready()
    yield desk
    desk.controller.close()


def empty(desk):
    return child(desk.views.curves, QLabel, "emptyCurvesLabel").text()


def open_model(desk, epochs, batch=0):
    """Have opened a model of so many epochs of 600 batches and some batches of the next."""
    metrics = tuple(EpochMetrics(n, 1.0 / n, 0.8, 0.9 / n, 0.85, 2.0) for n in range(1, epochs + 1))
    position = Position(epochs, batch, 600 * epochs + batch, 2.0 * epochs + batch / 300)
    ready = m.NetworkReady(
        SPEC, TrainingConfig(), (), "opened", Path("/models/my2.safetensors"), metrics=metrics, position=position
    )
    desk.tell(ready, m.StateChanged("ready", True))
    return position


def validation(desk):
    x, y = plots(desk.views.curves)[0].validation.getData()
    return ([], []) if x is None else (x.tolist(), y.tolist())


def test_a_run_that_was_asked_for_is_said_to_begin_until_it_does(desk):
    assert "Press Train" in empty(desk)
    desk.transport.train_requested.emit()
    assert "is beginning" in empty(desk)
    desk.have_network()
    desk.finish_run()
    assert plots(desk.views.curves)[0].isVisibleTo(desk.views.curves)


def test_a_run_that_was_refused_is_not_said_to_begin(desk):
    desk.transport.train_requested.emit()
    desk.tell(m.CommandFailed(desk.worker.asked(m.Train)[-1], TrainingError("training.no_data", "No data.")))
    assert "Press Train" in empty(desk)


def test_an_opened_model_that_tells_of_no_epoch_is_named_where_the_curves_will_be(desk):
    open_model(desk, epochs=0, batch=100)
    assert "my2 is open" in empty(desk)
    assert "More epochs" in empty(desk)


def test_the_epochs_of_an_opened_model_are_shown_and_more_epochs_go_on_with_them(desk):
    desk.views.curves.show()
    position = open_model(desk, epochs=3, batch=100)
    desk.qtbot.waitUntil(lambda: validation(desk)[0] == [1, 2, 3])
    assert validation(desk)[1] == pytest.approx([0.9, 0.45, 0.3])
    view = canvas(plots(desk.views.curves)[0]).getPlotItem().getViewBox()
    desk.qtbot.waitUntil(lambda: view.viewRange()[1][1] > 1.0)  # the mean of the first epoch can be seen

    desk.transport.more_epochs_requested.emit(1)
    run = desk.worker.asked(m.TrainMore)[-1].run
    end = Position(4, 0, 2400, 8.0)
    desk.tell(
        RunStarted(run, TrainingConfig(), position, 4, 600, 60_000, 500),
        BatchesDone(run, Position(3, 600, 2400, 8.0), np.full(500, 0.3), np.ones(500), 0.1, 900.0),
        EpochDone(run, end, 4, 0.3, 0.9, 0.2, 0.9, 1.7, 900.0, 0.1, samples=50_000),
    )
    desk.qtbot.waitUntil(lambda: validation(desk)[0] == [1, 2, 3, 4])
    means = [point.pos().x() for point in plots(desk.views.curves)[0].training_epochs.points()]
    assert means == pytest.approx([0.5, 1.5, 2.5, 43 / 12])


def test_the_table_tells_which_run_of_the_history_a_run_is(desk, tmp_path):
    desk.have_network()
    desk.tell(m.RunKept("run 1", 14))
    desk.finish_run("run 1")
    desk.finish_run("run 2")
    path = tmp_path / "curves.csv"
    with desk.qtbot.waitSignal(desk.views.curves.exported):
        desk.views.curves.save_table(path)
    rows = list(csv.DictReader(path.read_text("utf-8").splitlines()))
    assert {(row["run"], row["history_run"]) for row in rows} == {("run 1", "14"), ("run 2", "")}
    assert {(row["row"], row["learning_rate"]) for row in rows} == {("batch", "0.1"), ("epoch", "0.1")}


def test_what_becomes_of_the_curves_is_told(desk, tmp_path):
    desk.have_network()
    desk.finish_run()
    curves = desk.views.curves
    curves.findChild(QAction, "copyCurvesAction").trigger()
    assert desk.notices[-1] == "The curves are on the clipboard."
    assert not QGuiApplication.clipboard().image().isNull()
    for save, name in ((curves.save_image, "curves.png"), (curves.save_table, "curves.csv")):
        path = tmp_path / name
        save(path)
        desk.qtbot.waitUntil(lambda path=path: desk.notices[-1] == f"The curves are in {path}.")
        assert path.exists()
