from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.architecture.layers import Activation, BatchNorm, Conv2D, Dense, Dropout, Flatten, MaxPool2D, Residual
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize
from gui.feature_maps_panel import FeatureMapsPanel
from gui.feature_section import FeatureSection, execution_order
from gui.theme import DARK, LIGHT
from gui.vector_rows import flattened_images, row_length

SUMMARY = summarize(
    NetworkSpec(
        "convnet",
        (1, 14, 14),
        (Conv2D(8, (5, 5)), Activation("relu"), MaxPool2D(), Flatten(), Dense(40), Dense(10)),
    )
)


def outputs(summary=SUMMARY, seed=0, batch=True):
    random = np.random.default_rng(seed)
    result = {}
    for entry in summary.layers:
        values = random.normal(size=entry.output_shape).astype(np.float32)
        if isinstance(entry.layer, Activation):
            values = np.maximum(values, 0)
        result[entry.path] = values[np.newaxis] if batch else values
    return result


@pytest.fixture
def panel(qtbot):
    panel = FeatureMapsPanel()
    qtbot.addWidget(panel)
    panel.resize(320, 400)
    panel.show()
    panel.set_network(SUMMARY)
    return panel


def tile_centre(panel, path, index):
    return panel.maps.section(path).tile_rect(index).center()


def test_without_an_image_the_panel_says_what_to_do(panel):
    assert panel._empty.isVisible()
    assert not panel.scale_combo.isEnabled()

    panel.set_activations(outputs())
    assert panel.maps.isVisible()

    panel.set_activations(None)
    assert panel._empty.isVisible()


def test_outputs_are_wanted_only_while_visible(panel, qtbot):
    assert panel.wants_activations()
    with qtbot.waitSignal(panel.wanted_changed):
        panel.hide()
    assert not panel.wants_activations()


def test_only_layers_on_screen_are_painted(panel, qtbot):
    panel.set_activations(outputs())
    panel.grab()
    assert "conv1" in panel.maps.painted()
    assert "dense2" not in panel.maps.painted()

    panel.select_layer("dense2")
    panel.set_activations(outputs(seed=1))
    panel._scroll.viewport().repaint()
    assert "dense2" in panel.maps.painted()
    assert "conv1" not in panel.maps.painted()


def test_a_tile_shows_its_channel(panel):
    values = outputs()
    values["relu1"][:] = 0
    values["relu1"][0, 3] = 1
    panel.select_layer("relu1")
    panel.set_activations(values)

    image = panel.maps.grab().toImage()

    assert image.pixelColor(tile_centre(panel, "relu1", 2)).name() == "#ffffff"
    assert image.pixelColor(tile_centre(panel, "relu1", 3)).lightness() < 60


def test_the_value_under_the_pointer_is_told(panel):
    values = outputs()
    panel.set_activations(values)
    QTest.mouseMove(panel.maps, panel.maps.section("conv1").tile_rect(2).topLeft())
    assert panel.value_line.text() == f"conv1, channel 2, row 0, column 0: {values['conv1'][0, 2, 0, 0]:.4g}"

    panel.select_layer("dense2")
    QTest.mouseMove(panel.maps, tile_centre(panel, "dense2", 9))
    assert panel.value_line.text() == f"dense2, unit 9: {values['dense2'][0, 9]:.4g}"

    values = outputs(seed=1)
    panel.set_activations(values)
    assert panel.value_line.text() == f"dense2, unit 9: {values['dense2'][0, 9]:.4g}"


def test_a_click_enlarges_a_tile_and_escape_goes_back(panel, qtbot):
    values = outputs()
    panel.set_activations(values)
    with qtbot.waitSignal(panel.tile_selected) as told:
        QTest.mouseClick(panel.maps, Qt.MouseButton.LeftButton, pos=tile_centre(panel, "conv1", 5))
    assert told.args == ["conv1", 5]
    assert panel.enlarged.isVisible()
    assert panel.enlarged.title.text() == "conv1 · channel 5 of 8"

    view = panel.enlarged.view
    QTest.mouseMove(view, view.cell_rect(4, 7).center().toPoint())
    assert panel.value_line.text() == f"conv1, channel 5, row 4, column 7: {values['conv1'][0, 5, 4, 7]:.4g}"

    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert panel.maps.isVisible()
    QTest.mouseClick(panel.maps, Qt.MouseButton.LeftButton, pos=tile_centre(panel, "conv1", 5))
    QTest.mouseClick(view, Qt.MouseButton.LeftButton)
    assert panel.maps.isVisible()


def test_the_enlarged_tile_is_live_and_steps_to_its_neighbours(panel):
    panel.set_activations(outputs())
    panel.enlarge("conv1", 7)
    view = panel.enlarged.view
    QTest.mouseMove(view, view.cell_rect(1, 1).center().toPoint())

    values = outputs(seed=1)
    panel.set_activations(values)
    assert panel.enlarged.isVisible()
    assert panel.value_line.text().endswith(f": {values['conv1'][0, 7, 1, 1]:.4g}")

    QTest.keyClick(view, Qt.Key.Key_PageDown)
    assert panel.enlarged.title.text() == "conv1 · channel 0 of 8"
    QTest.mouseClick(panel.enlarged.before_button, Qt.MouseButton.LeftButton)
    assert panel.enlarged.title.text() == "conv1 · channel 7 of 8"


def test_a_vector_is_enlarged_as_a_whole(panel):
    values = outputs()
    panel.set_activations(values)
    panel.select_layer("dense1")
    QTest.mouseClick(panel.maps, Qt.MouseButton.LeftButton, pos=tile_centre(panel, "dense1", 17))

    assert panel.enlarged.title.text() == "dense1 · 40 units"
    assert not panel.enlarged.after_button.isVisible()
    view = panel.enlarged.view
    QTest.mouseMove(view, view.cell_rect(0, 3).center().toPoint())
    assert panel.value_line.text() == f"dense1, unit 3: {values['dense1'][0, 3]:.4g}"


def test_arrow_keys_go_from_tile_to_tile_and_layer_to_layer(panel):
    panel.set_activations(outputs())
    panel.maps.setFocus()
    chosen = []
    panel.maps.opened.connect(lambda path, index: chosen.append((path, index)))
    columns = panel.maps.section("conv1").columns
    keys = Qt.Key
    for key in (keys.Key_Right, keys.Key_Right, keys.Key_Return):
        QTest.keyClick(panel.maps, key)
    QTest.keyClick(panel.enlarged.view, keys.Key_Escape)
    for key in (keys.Key_Down, keys.Key_Return):
        QTest.keyClick(panel.maps, key)
    QTest.keyClick(panel.enlarged.view, keys.Key_Escape)
    for key in (keys.Key_Down, keys.Key_Left, keys.Key_Enter):
        QTest.keyClick(panel.maps, key)

    assert chosen == [("conv1", 1), ("conv1", 1 + columns), ("relu1", 0)]


def test_the_arrow_keys_scroll_what_they_choose_into_view(panel):
    panel.set_activations(outputs())
    panel.maps.choose("dense2", 0)
    QTest.keyClick(panel.maps, Qt.Key.Key_Right)

    bar = panel._scroll.verticalScrollBar()
    assert bar.value() <= tile_centre(panel, "dense2", 1).y() <= bar.value() + panel._scroll.viewport().height()


def test_layers_below_zero_diverge_and_stay_so():
    section = FeatureSection(SUMMARY.layers[0])
    section.set_values(np.ones((1, 8, 10, 10), np.float32))
    assert section.scale(1, LIGHT).low == 0
    section.set_values(np.full((8, 10, 10), -1, np.float32))
    assert section.scale(1, LIGHT).low == -1
    section.set_values(np.ones((8, 10, 10), np.float32))
    assert section.scale(1, LIGHT).low == -1


def test_own_scales_differ_and_the_shared_scale_is_that_of_the_strongest_layer(panel):
    values = outputs()
    values["dense1"] *= 100
    panel.set_activations(values)
    strongest = float(np.abs(values["dense1"]).max())
    conv1, dense1 = panel.maps.section("conv1"), panel.maps.section("dense1")
    assert panel.maps.scale(conv1).high == pytest.approx(np.abs(values["conv1"]).max())
    assert panel.maps.scale(dense1).high == pytest.approx(strongest)

    panel.scale_combo.setFocus()
    QTest.keyClick(panel.scale_combo, Qt.Key.Key_Down)

    assert panel.maps.scale(conv1).high == panel.maps.scale(dense1).high == pytest.approx(strongest)


def test_outputs_of_another_network_and_broken_numbers_do_no_harm(panel):
    values = outputs(batch=False)
    values["conv1"] = np.zeros((3, 10, 10), np.float32)
    values["relu1"][:] = np.nan
    values["dense2"][:] = np.inf
    del values["pool1"]

    panel.set_activations(values)
    panel.maps.grab()

    assert panel.maps.section("conv1").values is None
    assert panel.maps.section("dense2").limit() == 0
    assert panel.maps.painted() == {"relu1", "flatten1", "dense1", "dense2"}


def test_a_new_network_closes_the_enlarged_tile(panel):
    panel.set_activations(outputs())
    panel.enlarge("conv1", 1)
    panel.set_network(summarize(NetworkSpec("mlp", (1, 4, 4), (Flatten(), Dense(3)))))
    assert panel._empty.isVisible()
    panel.set_activations({"flatten1": np.zeros((1, 16), np.float32), "dense1": np.ones((1, 3), np.float32)})
    assert panel.maps.isVisible()


def test_a_block_comes_after_the_layers_inside_it():
    spec = NetworkSpec(
        "residual",
        (2, 8, 8),
        (
            Residual(body=(Conv2D(2, (3, 3), padding=(1, 1)), Residual(body=(Activation("relu"),)))),
            Activation("tanh"),
        ),
    )

    order = [entry.path for entry in execution_order(summarize(spec).layers)]

    assert order == ["residual1/conv1", "residual1/residual1/relu1", "residual1/residual1", "residual1", "tanh1"]


@pytest.mark.parametrize("width", [60, 320, 900])
@pytest.mark.parametrize("count", [1, 20, 100, 500, 3000])
def test_tiles_fit_beside_each_other_and_are_found_where_they_lie(width, count):
    for shape in ((count,), (count, 24, 24), (count, 300, 100)):
        section = FeatureSection(SUMMARY.layers[0].__class__(**{**_fields(SUMMARY.layers[0]), "output_shape": shape}))
        bottom = section.lay_out(100, 4, width, 40)
        last = section.tile_rect(count - 1)
        assert last.bottom() + 1 == bottom
        assert section.tile_rect(section.columns - 1).right() < 4 + max(width, section.tile_width)
        assert [section.tile_at(section.tile_rect(i).center()) for i in (0, count - 1)] == [0, count - 1]
        assert count - 1 in section.tiles_between(last.top(), last.bottom())


def test_a_flattened_image_is_seen_as_the_image_and_told_by_its_units(qtbot):
    panel = FeatureMapsPanel()
    qtbot.addWidget(panel)
    panel.resize(700, 700)
    panel.show()
    summary = summarize(NetworkSpec("mlp", (1, 28, 28), (Flatten(), Dropout(0.5), Dense(30), Dense(10))))
    panel.set_network(summary)
    stroke = np.zeros((28, 28), np.float32)
    stroke[4:24, 13] = 1
    answers = outputs(summary)
    answers["flatten1"] = answers["dropout1"] = stroke.reshape(1, 784)
    panel.set_activations(answers)
    for path in ("flatten1", "dropout1"):
        section = panel.maps.section(path)
        lit = [section.tile_rect(unit).center() for unit in np.flatnonzero(stroke)]
        assert len({point.x() for point in lit}) == 1  # a vertical line
        assert section.tiles_rect().height() == section.tiles_rect().width() == 112  # in sight as a whole
        assert np.diff([point.y() for point in lit]).tolist() == [section.tile_height] * 19
    image = panel.grab().toImage()
    view = panel.maps
    colours = {
        image.pixelColor(view.mapTo(panel, view.section("flatten1").tile_rect(28 * row + 13).center())).name()
        for row in range(4, 24)
    }  # fmt: skip
    assert len(colours) == 1
    panel.enlarge("flatten1", 0)
    pixels = panel.enlarged._picture.pixels
    assert np.array_equal(pixels, stroke)
    assert panel.enlarged._picture.place(4, 13) == (4 * 28 + 13,)


@pytest.mark.parametrize(
    ("count", "image", "most", "columns"),
    [
        (784, (1, 28, 28), 100, 28),
        (784, (1, 28, 28), 20, 16),  # no room for a row of the image
        (512, (32, 4, 4), 90, 32),  # two channels in a row
        (2304, (16, 12, 12), 100, 24),  # two rows of a channel
        (2304, (16, 12, 12), 150, 144),  # a channel in a row
        (784, None, 100, 28),
        (100, None, 50, 10),
        (100, None, 8, 8),
        (16, None, 50, 16),
        (10, None, 50, 10),
        (10, None, 7, 4),
        (120, None, 33, 32),
        (120, None, 70, 32),
        (120, None, 31, 16),
        (120, None, 1, 1),
    ],
)
def test_vectors_are_wrapped_where_their_image_or_a_steady_width_wants_it(count, image, most, columns):
    assert row_length(count, image, most) == columns


def test_what_a_dense_layer_mixes_is_no_image_any_more():
    layers = (Conv2D(8, (5, 5)), Flatten(), BatchNorm(), Dense(64), Activation("relu"))
    summary = summarize(NetworkSpec("convnet", (1, 14, 14), layers))
    assert flattened_images(summary.layers) == {"flatten1": (8, 10, 10), "norm1": (8, 10, 10)}


def _fields(struct):
    return {name: getattr(struct, name) for name in struct.__struct_fields__}


def test_the_theme_reaches_both_pages(panel):
    panel.set_activations({name: np.zeros_like(value) for name, value in outputs().items()})
    panel.maps.section("conv1").set_values(np.full((8, 10, 10), -1e-9, np.float32))
    panel.apply_theme(DARK)
    panel.enlarge("conv1", 0)
    image = panel.enlarged.view.grab().toImage()
    assert image.pixelColor(2, 2).name() == DARK.sunken
