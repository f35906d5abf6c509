from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from engine.architecture.layers import Activation, BatchNorm, Conv2D, Dense, Flatten, MaxPool2D
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize
from gui.theme import DARK, LIGHT
from gui.weights_panel import WeightsPanel

CONVNET = summarize(
    NetworkSpec(
        "convnet",
        (1, 12, 12),
        (
            Conv2D(4, (3, 3)), BatchNorm(), Activation("relu"), MaxPool2D(), Conv2D(6, (2, 2)),
            Flatten(), Dense(10),
        ),
    )
)  # fmt: skip
MLP = summarize(NetworkSpec("mlp", (1, 6, 6), (Flatten(), Dense(8), Activation("tanh"), Dense(3))))


@pytest.fixture
def panel(qtbot):
    panel = WeightsPanel()
    qtbot.addWidget(panel)
    panel.resize(320, 520)
    panel.show()
    return panel


def give(panel, seed=0):
    """Answer what the panel wants with random values, which are returned."""
    path = panel.wanted()
    shape = next(p.shape for p in panel._summary.parameters if p.path == path)
    values = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    panel.set_weights(path, values)
    return values


def point_at(panel, row, column):
    QTest.mouseMove(panel.display.view, panel.display.view.cell_rect(row, column).center().toPoint())
    return panel.display.value_line.text()


def test_without_weights_the_panel_says_what_to_do(panel):
    assert panel._empty.isVisible()
    assert not panel.layer_combo.isEnabled()
    assert not panel.save_button.isEnabled()
    assert panel.wanted() is None


def test_layers_with_weights_are_offered_with_their_shapes(panel):
    panel.set_network(CONVNET)

    assert [panel.layer_combo.itemText(i) for i in range(panel.layer_combo.count())] == [
        "conv1 · Conv 4, 3×3 · 4×1×3×3",
        "norm1 · Batch norm · 4",
        "conv2 · Conv 6, 2×2 · 6×4×2×2",
        "dense1 · Dense 10 · 10×96",
    ]


def test_every_tensor_of_a_layer_can_be_chosen_by_keyboard(panel):
    panel.set_network(CONVNET)
    seen = []
    panel.wanted_changed.connect(lambda: seen.append(panel.wanted()))
    panel.layer_combo.setFocus()
    QTest.keyClick(panel.layer_combo, Qt.Key.Key_Down)
    for _ in range(3):
        QTest.keyClick(panel.tensor_combo, Qt.Key.Key_Down)

    assert seen == ["norm1/gamma", "norm1/beta", "norm1/running_mean", "norm1/running_var"]


def test_a_hidden_panel_wants_nothing(panel, qtbot):
    panel.set_network(CONVNET)
    assert panel.wanted() == "conv1/weight"
    with qtbot.waitSignal(panel.wanted_changed):
        panel.hide()
    assert panel.wanted() is None
    with qtbot.waitSignal(panel.wanted_changed):
        panel.show()
    assert panel.wanted() == "conv1/weight"


def test_weights_that_are_no_longer_wanted_are_left_out(panel):
    panel.set_network(CONVNET)
    panel.select_layer("conv2")

    panel.set_weights("conv1/weight", np.zeros((4, 1, 3, 3), np.float32))
    panel.set_weights("conv2/weight", np.zeros((5, 4, 2, 2), np.float32))  # of another network

    assert panel._empty.isVisible()


def test_kernels_are_read_under_the_pointer_for_each_input_channel(panel, qtbot):
    panel.set_network(CONVNET)
    panel.select_layer("conv2")
    weights = give(panel)
    kernel = panel.display._picture.mosaic.corner(4)

    assert panel.channel_spin.text() == "mean of all"
    mean = weights[4, :, 1, 0].mean()
    assert point_at(panel, kernel[0] + 1, kernel[1]) == f"kernel 4, row 1, column 0: {mean:.4g}"

    panel.channel_spin.setFocus()
    for _ in range(3):
        QTest.keyClick(panel.channel_spin, Qt.Key.Key_Up)

    assert panel.channel_spin.text() == "input 2"
    assert panel.display.value_line.text() == f"kernel 4, row 1, column 0: {weights[4, 2, 1, 0]:.4g}"


def test_one_input_channel_needs_no_choice(panel):
    panel.set_network(CONVNET)
    assert not panel.channel_spin.isVisible()
    panel.select_layer("conv2")
    assert panel.channel_spin.isVisible()
    panel.select_layer("dense1")
    assert not panel.channel_spin.isVisible()


def test_the_first_dense_layer_is_seen_as_images_and_others_as_matrices(panel):
    panel.set_network(MLP)
    weights = give(panel)
    unit = panel.display._picture.mosaic.corner(5)
    text = point_at(panel, unit[0] + 2, unit[1] + 3)
    assert text == f"unit 5, row 2, column 3: {weights[5].reshape(6, 6)[2, 3]:.4g}"

    panel.select_layer("dense2")
    weights = give(panel)
    assert point_at(panel, 2, 7) == f"unit 2, input 7: {weights[2, 7]:.4g}"


def test_dense_layers_after_convolutions_are_matrices(panel):
    panel.set_network(CONVNET)
    panel.select_layer("dense1")
    give(panel)
    assert panel.display._picture.mosaic is None


def test_biases_are_shown_cell_by_cell(panel):
    panel.set_network(MLP)
    panel.tensor_combo.setCurrentIndex(1)
    weights = give(panel)

    assert panel.wanted() == "dense1/bias"
    assert point_at(panel, 0, 1) == f"index 1: {weights[1]:.4g}"


def test_figures_and_histogram_describe_the_whole_tensor(panel):
    panel.set_network(MLP)
    weights = np.zeros((8, 36), np.float32)
    weights[0, :18] = 2.0
    panel.set_weights("dense1/weight", weights)

    mean, std = f"{weights.mean():.4g}", f"{weights.std():.4g}"
    norm = f"{np.sqrt((weights**2).sum()):.4g}"
    assert panel.display.figures.figures() == [mean, std, norm, "0", "2", "93.8%"]
    heights = panel.display.histogram.heights()
    assert heights[0] == 1 and heights[-1] == pytest.approx(18 / 270)

    QTest.keyClick(panel.display.log_check, Qt.Key.Key_Space)
    assert panel.display.histogram.heights()[-1] == pytest.approx(np.log(19) / np.log(271))


def test_figures_follow_training_after_a_moment(panel, qtbot):
    panel.set_network(MLP)
    panel.set_weights("dense1/weight", np.zeros((8, 36), np.float32))
    panel.set_weights("dense1/weight", np.ones((8, 36), np.float32))
    panel.set_weights("dense1/weight", np.full((8, 36), 3, np.float32))

    qtbot.waitUntil(lambda: panel.display.figures.figures()[0] == "3", timeout=2000)


def test_the_zoom_stays_while_weights_are_trained(panel):
    panel.set_network(MLP)
    give(panel)
    QTest.keyClick(panel.display.view, Qt.Key.Key_Plus)
    before = panel.display.view.cell_rect(3, 3)

    give(panel, seed=1)

    assert panel.display.view.cell_rect(3, 3) == before


def test_the_chosen_layer_stays_when_a_network_with_it_comes(panel):
    panel.set_network(CONVNET)
    panel.select_layer("dense1")
    panel.set_network(MLP)
    assert panel.wanted() == "dense1/weight"

    panel.select_layer("no-such-layer")
    assert panel.wanted() == "dense1/weight"

    panel.set_network(None)
    assert panel.wanted() is None


def test_weights_that_are_not_numbers_are_shown_as_gaps(panel):
    panel.set_network(MLP)
    weights = np.zeros((8, 36), np.float32)
    weights[2] = np.nan
    weights[3] = np.inf
    panel.set_weights("dense1/weight", weights)
    assert panel.display.figures.figures()[0] == "nan"


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_the_picture_follows_the_theme(panel, theme):
    panel.set_network(MLP)
    panel.set_weights("dense1/weight", np.zeros((8, 36), np.float32))
    panel.apply_theme(theme)

    image = panel.display.view.grab().toImage()
    seen = image.pixelColor(panel.display.view.cell_rect(2, 2).center().toPoint()).lightness()
    assert abs(seen - QColor(theme.zero).lightness()) <= 3


def test_the_save_button_writes_a_png_on_which_kernels_are_visible(panel, tmp_path):
    panel.set_network(CONVNET)
    give(panel)
    QTest.mouseClick(panel.save_button, Qt.MouseButton.LeftButton)
    dialog = panel.findChild(QFileDialog)
    assert dialog.selectedFiles()[0].endswith("conv1-weight.png")
    target = tmp_path / "kernels.png"
    dialog.selectFile(str(target))
    dialog.accept()

    saved = QImage(str(target))
    height, width = panel.display._picture.pixels.shape
    assert max(saved.width(), saved.height()) > 900
    assert saved.width() * height == saved.height() * width


def test_a_picture_that_cannot_be_saved_is_told(panel, tmp_path, qtbot):
    panel.set_network(CONVNET)
    give(panel)
    with qtbot.waitSignal(panel.failed) as told:
        panel.save_image(tmp_path / "missing" / "kernels.png")
    assert "kernels.png" in told.args[0]
    assert list(tmp_path.iterdir()) == []
