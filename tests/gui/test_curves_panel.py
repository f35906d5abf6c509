"""The curves panel shows what training tells, answers the pointer, and hands its curves out."""

from __future__ import annotations

import csv
import gc
import io

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QColor, QGuiApplication, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication, QComboBox, QFileDialog, QLabel, QSlider, QToolButton

from engine.training.config import TrainingConfig
from engine.training.events import BatchesDone, Position, RunStarted, SettingChanged
from gui import curves_figure
from gui.curve_data import Run
from gui.curves_export import COLUMNS
from gui.theme import DARK, LIGHT, SERIES
from tests.gui.curves_user import BATCHES, VALIDATION, canvas, child, drawn, plots, shown, train, xs


@pytest.fixture
def panel(qtbot):
    return shown(qtbot)


def readout(panel):
    return child(panel, QLabel, "readoutLabel").text().replace("\N{NO-BREAK SPACE}", " ")


def test_before_the_first_run_it_says_what_to_do(panel):
    assert child(panel, QLabel, "emptyCurvesLabel").isVisible()
    assert not child(panel, QToolButton, "exportButton").isEnabled()
    train(panel)
    assert not child(panel, QLabel, "emptyCurvesLabel").isVisible()
    assert child(panel, QToolButton, "exportButton").isEnabled()


def test_events_become_curves(panel, qtbot):
    train(panel)
    loss, accuracy = drawn(qtbot, panel)
    assert xs(loss.validation) == [1, 2, 3]
    assert list(loss.validation.getData()[1]) == VALIDATION
    np.testing.assert_allclose(accuracy.validation.getData()[1], [1 - value for value in VALIDATION])
    assert len(loss.raw.getData()[0]) == 3 * BATCHES, "the raw values stay behind the smoothed ones"
    assert loss.best.place == (2.0, 0.3)
    assert accuracy.best.place == (2.0, 0.7)
    assert "best 0.3000" in loss.best.text


def test_events_of_a_run_that_never_started_are_dropped(panel):
    position = Position(0, 1, 1, 0.1)
    panel.add_event(BatchesDone("unknown", position, np.ones(1), np.ones(1), 0.1, 1.0))
    assert child(panel, QLabel, "emptyCurvesLabel").isVisible()


def test_more_epochs_continue_the_same_curve(panel, qtbot):
    train(panel, epochs=2)
    panel.add_event(RunStarted("a", TrainingConfig(), Position(2, 0, 40, 4.0), 3, BATCHES, 2000, 500))
    position = Position(2, 20, 60, 6.0)
    panel.add_event(BatchesDone("a", position, np.full(20, 0.1), np.ones(20), 0.1, 1.0))
    loss, _ = drawn(qtbot, panel)
    np.testing.assert_allclose(xs(loss.training), np.arange(1, 61) / BATCHES)


def test_nothing_is_painted_while_it_cannot_be_seen(panel, qtbot):
    panel.hide()
    train(panel)
    loss, _ = plots(panel)
    QApplication.processEvents()
    assert xs(loss.training) == []
    panel.show()
    drawn(qtbot, panel)


def test_the_x_axis_can_be_batches_epochs_or_seconds(panel, qtbot):
    train(panel)
    loss, _ = drawn(qtbot, panel)
    combo = child(panel, QComboBox, "xAxisCombo")
    for name, last in (("Batch", 60), ("Seconds", 6.0), ("Epoch", 3)):
        combo.setCurrentText(name)
        qtbot.waitUntil(lambda last=last: xs(loss.training)[-1] == pytest.approx(last))
        low, high = loss.x_window()
        assert low <= 0
        assert last <= high <= 1.3 * last
        assert plots(panel)[1].x_window() == pytest.approx((low, high))


def test_without_smoothing_the_line_is_what_was_measured(panel, qtbot):
    train(panel)
    loss, _ = drawn(qtbot, panel)
    slider = child(panel, QSlider, "smoothingSlider")
    assert loss.training.getData()[1][10] != pytest.approx(2 / 11)
    qtbot.keyClick(slider, Qt.Key.Key_Home)
    qtbot.waitUntil(lambda: xs(loss.raw) == [])
    np.testing.assert_allclose(loss.training.getData()[1], 2.0 / np.arange(1, 61))


def test_the_log_axis_shows_powers_of_ten(panel, qtbot):
    train(panel)
    loss, _ = drawn(qtbot, panel)
    qtbot.mouseClick(child(panel, QToolButton, "logButton"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: loss.validation.getData()[1][0] == pytest.approx(np.log10(0.8)))
    axis = canvas(loss).getAxis("left")
    assert axis.tickStrings([-2.0, 0.0, np.log10(5)], 1.0, 1.0) == ["0.01", "1", "5"]


def test_earlier_runs_stay_until_they_are_switched_off(panel, qtbot):
    panel.set_run_label("a", "LeNet <tanh>")
    train(panel, "a")
    train(panel, "b")
    legend = child(panel, QLabel, "runsLegend")
    loss, _ = drawn(qtbot, panel)
    assert [len(xs(line)) for pair in loss.earlier for line in pair] == [3 * BATCHES, 3]
    assert "LeNet&nbsp;&lt;tanh&gt;" in legend.text()
    assert "Run&nbsp;2" in legend.text()
    qtbot.mouseClick(child(panel, QToolButton, "earlierRunsButton"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not legend.isVisible())
    assert [len(xs(line)) for pair in loss.earlier for line in pair] == [0, 0]


def test_each_plot_is_drawn_once_when_the_axis_follows_the_run(panel, qtbot, monkeypatch):
    train(panel, finish=False)
    drawn(qtbot, panel)
    qtbot.wait(100)
    turns = []
    draw = curves_figure.CurvesFigure.draw
    monkeypatch.setattr(curves_figure.CurvesFigure, "draw", lambda *given: (turns.append(given[-1]), draw(*given))[-1])
    before = plots(panel)[0].x_window()
    panel.add_event(BatchesDone("a", Position(9, 0, 9 * BATCHES, 20.0), np.ones(5), np.ones(5), 0.1, 900.0))
    qtbot.waitUntil(lambda: len(turns) == 2)
    assert plots(panel)[0].x_window()[1] > 2 * before[1]
    assert plots(panel)[1].x_window() == plots(panel)[0].x_window()
    qtbot.wait(200)
    assert turns == [["loss"], ["accuracy"]]


def test_runs_that_are_no_longer_shown_are_forgotten(panel, qtbot):
    before = [run for run in gc.get_objects() if isinstance(run, Run)]  # what other tests left behind
    for number in range(20):
        train(panel, f"run {number}")
    train(panel, "run 15")  # goes on, and is the latest now
    train(panel, "new")
    legend = child(panel, QLabel, "runsLegend")
    drawn(qtbot, panel)
    qtbot.waitUntil(lambda: "Run&nbsp;21" in legend.text())
    assert "Run&nbsp;16" in legend.text()
    assert "Run&nbsp;10" not in legend.text()
    held = [run for run in gc.get_objects() if isinstance(run, Run) and run not in before]
    assert len(held) == 1 + len(SERIES)


def test_a_change_while_training_is_marked(panel, qtbot):
    train(panel, finish=False)
    change = SettingChanged("a", Position(1, 10, 30, 3.0), "learning_rate", 0.1, 0.01)
    panel.add_event(change)
    loss, accuracy = drawn(qtbot, panel)
    assert loss.changes.texts() == ["learning rate 0.1 → 0.01"]
    assert loss.changes.places() == accuracy.changes.places() == [1.5]


def test_the_pointer_reads_values_and_leaving_shows_the_latest(panel, qtbot):
    train(panel)
    loss, accuracy = drawn(qtbot, panel)
    assert "epoch 3.00" in readout(panel)
    assert "learning rate 0.1" in readout(panel)
    view = canvas(loss).getPlotItem().getViewBox()
    target = canvas(loss).mapFromScene(view.mapViewToScene(QPointF(1.0, 0.5)))
    qtbot.mouseMove(canvas(loss).viewport(), target)
    qtbot.waitUntil(lambda: "batch 20" in readout(panel))
    assert accuracy.values() == (pytest.approx(accuracy.values()[0]), "20.00%")
    assert loss.values()[1] == "0.8000"
    QApplication.sendEvent(canvas(loss), QEvent(QEvent.Type.Leave))
    assert "epoch 3.00" in readout(panel)
    assert loss.values()[1] == "0.5000"


def turn_wheel(plot):
    viewport = canvas(plot).viewport()
    middle = QPointF(viewport.rect().center())
    event = QWheelEvent(
        middle, QPointF(viewport.mapToGlobal(middle.toPoint())), QPoint(), QPoint(0, 480),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(viewport, event)


@pytest.mark.parametrize("way", ["key", "button", "double-click"])
def test_the_wheel_zooms_both_plots_and_the_view_can_be_reset(panel, qtbot, way):
    train(panel)
    loss, accuracy = drawn(qtbot, panel)
    whole = loss.x_window()
    turn_wheel(accuracy)
    assert loss.x_window()[1] < whole[1]
    assert loss.x_window() == accuracy.x_window()
    viewport = canvas(loss).viewport()
    if way == "key":
        canvas(loss).setFocus()
        qtbot.keyClick(canvas(loss), Qt.Key.Key_R)
    elif way == "button":
        qtbot.mouseClick(child(panel, QToolButton, "resetViewButton"), Qt.MouseButton.LeftButton)
    else:
        qtbot.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=viewport.rect().center())
    qtbot.waitUntil(lambda: loss.x_window() == pytest.approx(whole))
    assert accuracy.x_window() == pytest.approx(whole)


def test_a_loss_that_explodes_leaves_the_rest_readable(panel, qtbot):
    train(panel, finish=False)
    losses = np.array([1e6, 1e30, np.nan])
    panel.add_event(BatchesDone("a", Position(3, 3, 63, 6.3), losses, np.zeros(3), 0.1, 1.0))
    loss, _ = drawn(qtbot, panel, 63)
    assert canvas(loss).getPlotItem().getViewBox().viewRange()[1][1] < 10


def test_a_million_batches_are_drawn_with_few_points(panel, qtbot):
    panel.add_event(RunStarted("a", TrainingConfig(), Position(), 1, 10**6, 10**6, 500))
    losses = np.random.default_rng(0).random(10**6)
    position = Position(0, 10**6, 10**6, 100.0)
    panel.add_event(BatchesDone("a", position, losses, losses, 0.1, 1.0))
    loss, _ = plots(panel)
    qtbot.waitUntil(lambda: len(xs(loss.raw)) > 0)
    assert len(xs(loss.raw)) <= 2003
    assert len(xs(loss.training)) <= 2003


def test_the_table_has_a_row_per_batch_and_per_epoch(panel, qtbot, tmp_path):
    panel.set_run_label("a", "LeNet, tanh")
    train(panel)
    path = tmp_path / "curves.csv"
    with qtbot.waitSignal(panel.exported) as exported:
        panel.save_table(path)
    assert exported.args == [str(path)]
    header, *rows = csv.reader(io.StringIO(path.read_text("utf-8")))
    assert tuple(header) == COLUMNS
    rows = [dict(zip(header, row, strict=True)) for row in rows]
    assert [row["row"] for row in rows] == (["batch"] * BATCHES + ["epoch"]) * 3
    assert {row["label"] for row in rows} == {"LeNet, tanh"}
    assert float(rows[4]["train_loss"]) == pytest.approx(2 / 5)
    assert rows[4]["validation_loss"] == ""
    assert rows[20]["validation_loss"] == "0.8"
    assert float(rows[-1]["step"]) == 60


def test_a_path_is_asked_for_and_gets_the_picture(panel, qtbot, tmp_path):
    train(panel)
    child(panel, QAction, "saveCurvesImageAction").trigger()
    dialog = panel.findChild(QFileDialog)
    path = tmp_path / "picture.png"
    with qtbot.waitSignal(panel.exported):
        dialog.selectFile(str(path))
        dialog.accept()
    image = QImage(str(path)).convertToFormat(QImage.Format.Format_RGB32)
    assert image.width() > 1200
    pixels = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1)
    assert np.count_nonzero(pixels == QColor(LIGHT.train).rgb()) > 500, "the training curve is in it"


def test_a_table_that_cannot_be_written_says_so(panel, qtbot, tmp_path):
    train(panel)
    with qtbot.waitSignal(panel.failed) as failed:
        panel.save_table(tmp_path / "missing" / "curves.csv")
    assert "curves.csv" in failed.args[0]


def test_the_picture_can_be_copied(panel, qtbot):
    train(panel)
    child(panel, QAction, "copyCurvesAction").trigger()
    assert not QGuiApplication.clipboard().image().isNull()


def test_every_control_explains_itself(panel):
    for kind, name in (
        (QComboBox, "xAxisCombo"), (QSlider, "smoothingSlider"), (QToolButton, "logButton"),
        (QToolButton, "earlierRunsButton"), (QToolButton, "resetViewButton"), (QToolButton, "exportButton"),
    ):  # fmt: skip
        control = child(panel, kind, name)
        assert control.accessibleName()
        assert len(control.toolTip()) > 30


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_it_takes_the_colours_of_the_theme(panel, qtbot, theme):
    train(panel)
    panel.apply_theme(theme)
    loss, _ = drawn(qtbot, panel)
    assert loss.training.opts["pen"].color().name() == theme.train
    assert panel.grab().toImage().pixelColor(2, 250).name() == theme.surface


def test_it_fits_a_narrow_dock_and_a_wide_one(panel, qtbot):
    train(panel)
    loss, accuracy = drawn(qtbot, panel)
    panel.resize(280, 600)
    QApplication.processEvents()
    assert panel.width() == 280
    assert panel.minimumSizeHint().width() <= 280
    assert loss.geometry().bottom() < accuracy.geometry().top()
    panel.resize(1400, 400)
    QApplication.processEvents()
    assert loss.geometry().right() < accuracy.geometry().left()
