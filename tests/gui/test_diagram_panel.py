"""The diagram says what each layer is and does, what is wrong, and what was measured."""

from __future__ import annotations

import re

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication, QLabel, QToolButton

from engine.architecture.layers import (
    Activation,
    Concat,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Residual,
)
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize_partly
from engine.inspection.activity import LayerActivity
from gui.diagram_content import INPUT, OUTPUT
from gui.diagram_items import BoxItem
from gui.diagram_paint import Colours
from gui.diagram_panel import is_edit_of
from gui.diagram_rows import BAND, PAD, rows_of, width_of
from gui.theme import DARK, LIGHT
from tests.gui.diagrams import (
    BRANCHED,
    CHAIN,
    box,
    changed,
    child,
    make_panel,
    pixels,
    show,
    whole_is_seen,
)


@pytest.fixture
def panel(qtbot):
    return make_panel(qtbot)


def test_without_a_network_it_says_what_to_do(panel):
    label = child(panel, QLabel, "emptyDiagramLabel")
    assert label.isVisible()
    assert not child(panel, QToolButton, "exportDiagramButton").isEnabled()
    assert not panel.wants_activity()
    show(panel, CHAIN)
    assert not label.isVisible()
    assert panel.wants_activity()
    panel.hide()
    assert not panel.wants_activity()


def test_boxes_say_layer_shape_and_parameters(panel):
    show(panel, CHAIN)

    assert box(panel, "conv1").texts() == ["Conv 20, 5×5", "20×24×24", "520 params"]
    assert box(panel, "tanh1").texts() == ["tanh", "20×24×24"]
    assert box(panel, "dense1").texts() == ["Dense 500", "500", "400,500 params"]
    assert box(panel, INPUT).texts() == ["Input", "1×28×28"]
    assert box(panel, OUTPUT).texts() == ["Logits", "10"]
    about = child(panel, QLabel, "diagramAboutLabel").text()
    assert about == "chain · 1×28×28 · 10 layers · 431,080 parameters"


def test_texts_fit_into_their_boxes(panel):
    view = show(panel, BRANCHED)
    panel.set_activity({"conv1": LayerActivity(-0.00123, 8, 8)})

    for key in view.diagram_scene.layer_keys():
        item = view.diagram_scene.item(key)
        for row in item.rows if isinstance(item, BoxItem) else ():
            style = "title" if row.role == "title" else "small"
            written = width_of(row.left, style) + width_of(row.right, "small")
            assert written + BAND + 2 * PAD <= item.rect.width(), key
    assert len(rows_of(box(panel, "conv1").card, True)) == len(box(panel, "conv1").rows)


def test_what_counts_as_an_edit():
    def own(name, layers):
        return NetworkSpec(name, CHAIN.input_shape, layers)

    layers = CHAIN.layers
    assert is_edit_of(own("a", layers), CHAIN), "renamed"
    assert is_edit_of(own("a", (*layers[:2], *layers[3:])), CHAIN), "removed"
    assert is_edit_of(own("a", (*layers[:2], Dropout(0.1), *layers[2:])), CHAIN), "added"
    assert is_edit_of(changed(CHAIN, 0, Conv2D(8, (5, 5), name="conv1"), "a"), CHAIN), "changed"
    assert not is_edit_of(own("a", (Flatten(), Dense(10))), CHAIN)
    assert not is_edit_of(BRANCHED, CHAIN)


def test_an_error_is_marked_told_and_leaves_question_marks_behind(panel):
    spec = NetworkSpec("bad", (1, 28, 28), (Conv2D(8, (3, 3)), Dense(10), Activation("relu"), Dense(5)))
    show(panel, spec)
    summary = summarize_partly(spec)

    wrong = box(panel, "dense1")
    assert str(summary.error) == wrong.card.note
    assert str(summary.error) in wrong.toolTip()
    assert str(summary.error) in " ".join(wrong.texts())
    assert box(panel, "conv1").card.note == ""
    assert box(panel, "relu1").texts() == ["ReLU", "?"]
    assert box(panel, OUTPUT).texts() == ["Output", "?"]
    assert "parameters" not in child(panel, QLabel, "diagramAboutLabel").text()
    shown = pixels(panel)
    band = panel.view.mapFromScene(QPointF(wrong.rect.left() + 3, wrong.rect.center().y()))
    assert shown.pixelColor(band).name() == LIGHT.bad


def test_a_block_that_does_not_join_is_marked_where_it_joins_and_when_folded(panel):
    block = Residual(body=(Conv2D(8, (3, 3)),))
    spec = NetworkSpec("bad", (4, 16, 16), (block, Flatten(), Dense(10)))
    view = show(panel, spec)
    sentence = str(summarize_partly(spec).error)

    assert " ".join(view.diagram_scene.join("residual1").rows[1:]) == sentence
    view.fold("residual1", True)
    assert sentence in " ".join(box(panel, "residual1").texts())


def test_an_error_inside_a_folded_block_is_not_hidden(panel):
    spec = NetworkSpec("bad", (4, 16, 16), (Concat(branches=((Dense(3),), ())), Flatten(), Dense(10)))
    view = show(panel, spec)
    assert box(panel, "concat1/branch1/dense1").card.note
    view.fold("concat1", True)
    assert box(panel, "concat1").card.note == str(summarize_partly(spec).error)


def test_an_error_of_the_whole_network_is_shown_at_its_end_or_its_start(panel):
    show(panel, NetworkSpec("open", (1, 8, 8), (Conv2D(4, (3, 3)),)))
    assert "classifier" in box(panel, OUTPUT).card.note
    show(panel, NetworkSpec("empty", (1, 8, 8), ()))
    assert box(panel, INPUT).card.note or box(panel, OUTPUT).card.note


def test_activity_appears_in_the_boxes_and_goes_away(panel):
    show(panel, CHAIN)
    panel.set_activity({"conv1": LayerActivity(0.25, 0, 20), "tanh1": LayerActivity(-0.5, 3, 20)})

    assert box(panel, "conv1").texts()[-1] == "mean 0.25"
    assert box(panel, "tanh1").texts()[-2:] == ["mean -0.5", "3 of 20 dead"]
    assert box(panel, "tanh1").texts()[:2] == ["tanh", "20×24×24"]
    assert not any("mean" in text for text in box(panel, "dense1").texts())
    assert whole_is_seen(panel.view)
    assert "3 of 20 dead" in box(panel, "tanh1").toolTip()

    panel.set_activity(None)
    assert not any("mean" in text for text in box(panel, "tanh1").texts())


def test_flatten_has_no_units_that_could_be_dead(panel):
    show(panel, CHAIN)
    panel.set_activity({"flatten1": LayerActivity(0.1, 294, 784), "dense1": LayerActivity(0.1, 294, 784)})
    assert box(panel, "flatten1").texts()[-1] == "mean 0.1"
    assert box(panel, "dense1").texts()[-1] == "294 of 784 dead"


def test_many_dead_units_are_painted_as_a_warning(panel):
    show(panel, CHAIN)

    def red(dead):
        panel.set_activity({"tanh1": LayerActivity(0.1, dead, 20)})
        image, item = pixels(panel), box(panel, "tanh1")
        area = panel.view.mapFromScene(item.rect).boundingRect()
        points = ((x, y) for x in range(area.left(), area.right()) for y in range(area.top(), area.bottom()))
        return sum(image.pixelColor(x, y).name() == LIGHT.bad for x, y in points)

    assert red(0) == 0
    assert red(3) == 0
    few, all_dead = red(6), red(20)
    assert 0 < few < all_dead


def test_new_figures_paint_only_the_boxes_that_changed(panel, qtbot):
    view = show(panel, CHAIN)
    first = {"conv1": LayerActivity(0.25, 0, 20), "dense2": LayerActivity(1.0, 0, 10)}
    panel.set_activity(first)
    QApplication.processEvents()
    items = set(map(id, view.diagram_scene.items()))
    painted = []
    view.diagram_scene.changed.connect(lambda regions: painted.extend(regions))

    panel.set_activity(dict(first))
    QApplication.processEvents()
    assert painted == []
    panel.set_activity(first | {"dense2": LayerActivity(2.0, 0, 10)})
    qtbot.waitUntil(lambda: bool(painted))
    changed_box = box(panel, "dense2").sceneBoundingRect()
    assert all(changed_box.adjusted(-1, -1, 1, 1).contains(region) for region in painted)
    assert set(map(id, view.diagram_scene.items())) == items


def test_figures_outlive_an_edit_but_not_another_network(panel):
    show(panel, CHAIN)
    panel.set_activity({"conv1": LayerActivity(0.25, 0, 20)})
    show(panel, changed(CHAIN, 9, Dense(7, name="dense2")))
    assert "mean 0.25" in box(panel, "conv1").texts()
    show(panel, BRANCHED)
    assert not any("mean" in text for text in box(panel, "conv1").texts())


def test_what_comes_while_hidden_is_drawn_when_it_is_seen(panel):
    panel.hide()
    view = show(panel, CHAIN)
    assert view.diagram_scene.layer_keys() == []
    panel.show()
    assert len(view.diagram_scene.layer_keys()) == 10


def test_the_theme_colours_everything(panel):
    show(panel, CHAIN)
    for theme in (LIGHT, DARK):
        panel.apply_theme(theme)
        assert pixels(panel).pixelColor(1, 1).name() == theme.surface
        item = box(panel, "conv1")
        left = panel.view.mapFromScene(QPointF(item.rect.left() + 3, item.rect.center().y()))
        assert pixels(panel).pixelColor(left).name() == theme.layer_colour("convolution")


def luminance(colour: str) -> float:
    channels = (int(part, 16) / 255 for part in re.findall("[0-9a-f]{2}", colour))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_colours_of_kinds_can_be_told_from_the_ground_and_carry_text(theme):
    colours = Colours(theme)
    for kind, colour in colours.kind.items():
        assert contrast(colour.name(), theme.surface) >= 3, kind
        assert contrast(theme.text, colours.fill[kind].name()) >= 7, kind
        assert contrast(colours.muted.name(), colours.fill[kind].name()) >= 4.5, kind
        assert contrast(colours.warning.name(), colours.fill[kind].name()) >= 4.5, kind
    assert contrast(theme.bad, colours.bad_fill.name()) >= 4.5
    assert len({colour.name() for colour in colours.kind.values()}) == len(colours.kind)


def test_everything_to_operate_is_named_and_explained(panel):
    buttons = panel.findChildren(QToolButton)
    assert len(buttons) == 6
    for button in buttons:
        assert button.objectName()
        assert button.accessibleName()
        assert button.toolTip()
