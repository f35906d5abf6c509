"""The diagram shows what a network is made of, follows mouse and keyboard, and can be taken out whole."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from PySide6.QtCore import QBuffer, QIODevice, QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QGuiApplication, QImage, QPainter, QWheelEvent
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QLineEdit, QToolButton, QVBoxLayout, QWidget

from engine.architecture.layers import (
    Activation,
    BatchNorm,
    Concat,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAvgPool2D,
    MaxPool2D,
    Residual,
)
from engine.architecture.network import NetworkSpec
from engine.architecture.shapes import summarize_partly
from engine.inspection.activity import LayerActivity
from gui.diagram_content import INPUT, OUTPUT
from gui.diagram_items import BoxItem
from gui.diagram_paint import Colours
from gui.diagram_panel import DiagramPanel, is_edit_of
from gui.diagram_rows import BAND, PAD, rows_of, width_of
from gui.theme import DARK, LIGHT

CHAIN = NetworkSpec(
    "chain",
    (1, 28, 28),
    (
        Conv2D(20, (5, 5)), Activation("tanh"), MaxPool2D(), Conv2D(50, (5, 5)), Activation("tanh"), MaxPool2D(),
        Flatten(), Dense(500), Activation("relu"), Dense(10),
    ),
)  # fmt: skip

BRANCHED = NetworkSpec(
    "branched",
    (3, 16, 16),
    (
        Conv2D(8, (3, 3), padding=(1, 1)),
        Residual(
            body=(Conv2D(8, (3, 3), padding=(1, 1), use_bias=False), BatchNorm(), Activation("relu")),
            shortcut=(Conv2D(8, (1, 1)),),
        ),
        Concat(branches=((), (Conv2D(4, (1, 1)), Activation("relu")), (MaxPool2D((3, 3), (1, 1), (1, 1)),))),
        Dropout(0.5),
        GlobalAvgPool2D(),
        Flatten(),
        Dense(10),
    ),
)


@pytest.fixture
def panel(qtbot):
    panel = DiagramPanel()
    qtbot.addWidget(panel)
    panel.resize(900, 600)
    panel.show()
    return panel


def show(panel, spec):
    panel.set_network(spec, summarize_partly(spec))
    return panel.view


def box(panel, key) -> BoxItem:
    item = panel.view.diagram_scene.item(key)
    assert isinstance(item, BoxItem), key
    return item


def place_of(panel, key) -> QPoint:
    item = panel.view.diagram_scene.item(key)
    return panel.view.mapFromScene(item.shape().boundingRect().center())


def click(panel, qtbot, place: QPoint) -> None:
    qtbot.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=place)


def press(panel, qtbot, *keys, modifier=Qt.KeyboardModifier.NoModifier) -> None:
    panel.view.setFocus()
    for key in keys:
        qtbot.keyClick(panel.view, key, modifier)


def child(panel, kind, name):
    found = panel.findChild(kind, name)
    assert found is not None, name
    return found


def pixels(panel) -> QImage:
    QApplication.processEvents()
    return panel.view.viewport().grab().toImage()


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


def test_a_click_selects_a_layer_and_a_double_click_activates_it(panel, qtbot):
    show(panel, CHAIN)

    with qtbot.waitSignal(panel.layer_selected) as selected:
        click(panel, qtbot, place_of(panel, "conv2"))
    assert selected.args == ["conv2"]
    assert panel.view.selection() == "conv2"

    with qtbot.waitSignal(panel.layer_activated) as activated:
        qtbot.mouseDClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=place_of(panel, "dense1"))
    assert activated.args == ["dense1"]


def test_input_output_and_free_ground_cannot_be_selected(panel, qtbot):
    show(panel, CHAIN)

    with qtbot.assertNotEmitted(panel.layer_selected):
        click(panel, qtbot, place_of(panel, INPUT))
        click(panel, qtbot, QPoint(2, 2))


def test_select_marks_without_telling_and_finds_the_folded_block(panel, qtbot):
    show(panel, BRANCHED)
    with qtbot.assertNotEmitted(panel.layer_selected):
        panel.select("residual1/norm1")
        assert panel.view.selection() == "residual1/norm1"
        panel.view.fold("residual1", True)
        panel.select("residual1/relu1")
    assert panel.view.selection() == "residual1"


def test_the_selection_shows(panel):
    show(panel, CHAIN)
    before = pixels(panel)
    panel.select("conv1")
    assert pixels(panel) != before


def test_arrows_follow_the_flow_through_blocks_and_back(panel, qtbot):
    view = show(panel, BRANCHED)
    press(panel, qtbot, Qt.Key.Key_Down)
    visited = [view.selection()]
    for _ in range(20):
        press(panel, qtbot, Qt.Key.Key_Down)
        if view.selection() == visited[-1]:
            break
        visited.append(view.selection())

    assert visited == [
        "conv1", "residual1", "residual1/conv1", "residual1/norm1", "residual1/relu1",
        "concat1", "concat1/branch2/conv1", "concat1/branch2/relu1", "dropout1", "pool1", "flatten1", "dense1",
    ]  # fmt: skip
    for expected in reversed(visited[:-1]):
        press(panel, qtbot, Qt.Key.Key_Up)
        assert view.selection() == expected


def test_left_and_right_go_across_branches(panel, qtbot):
    view = show(panel, BRANCHED)
    panel.select("residual1/conv1")
    with qtbot.waitSignal(panel.layer_selected) as selected:
        press(panel, qtbot, Qt.Key.Key_Right)
    assert selected.args == ["residual1/shortcut/conv1"]
    press(panel, qtbot, Qt.Key.Key_Left)
    assert view.selection() == "residual1/conv1"


def test_tab_goes_through_all_layers_and_out_at_the_end(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    panel, after = DiagramPanel(), QLineEdit()
    column = QVBoxLayout(window)
    column.addWidget(panel)
    column.addWidget(after)
    window.resize(900, 700)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    show(panel, BRANCHED)
    keys = panel.view.diagram_scene.layer_keys()
    assert len(keys) == 14
    panel.view.setFocus(Qt.FocusReason.TabFocusReason)
    visited = [panel.view.selection()]

    for _ in keys[1:]:
        qtbot.keyClick(panel.view, Qt.Key.Key_Tab)
        visited.append(panel.view.selection())
    assert visited == keys
    qtbot.keyClick(panel.view, Qt.Key.Key_Tab)
    assert after.hasFocus()


def test_return_activates_what_is_selected(panel, qtbot):
    show(panel, CHAIN)
    panel.select("dense2")
    with qtbot.waitSignal(panel.layer_activated) as activated:
        press(panel, qtbot, Qt.Key.Key_Return)
    assert activated.args == ["dense2"]


def test_the_selected_box_is_described_for_screen_readers(panel, qtbot):
    view = show(panel, CHAIN)
    panel.select("conv1")
    assert view.accessibleName()
    assert view.accessibleDescription() == "conv1: Conv 20, 5×5 · 20×24×24 · 520 params"
    press(panel, qtbot, Qt.Key.Key_Down)
    assert view.accessibleDescription().startswith("tanh1")


def test_space_folds_a_block_into_one_box_and_opens_it_again(panel, qtbot):
    view = show(panel, BRANCHED)
    panel.select("residual1")
    press(panel, qtbot, Qt.Key.Key_Space)

    assert view.folded() == {"residual1"}
    learned = 8 * 8 * 9 + 16 + 8 * 8 + 8
    assert box(panel, "residual1").texts() == ["Residual, 4 layers", "8×16×16", f"{learned} params"]
    assert view.diagram_scene.item("residual1/conv1") is None
    assert view.diagram_scene.join("residual1") is None
    assert view.selection() == "residual1"

    press(panel, qtbot, Qt.Key.Key_Space)
    assert view.diagram_scene.item("residual1/conv1") is not None


def test_the_square_in_a_heading_folds_and_the_one_in_the_box_opens(panel, qtbot):
    view = show(panel, BRANCHED)
    for expected in ({"concat1"}, set()):
        mark = view.diagram_scene.item("concat1").fold_mark()
        click(panel, qtbot, view.mapFromScene(mark.center()))
        assert view.folded() == expected


def test_fold_all_and_unfold_all(panel, qtbot):
    view = show(panel, BRANCHED)
    panel.select("residual1/conv1")
    qtbot.mouseClick(child(panel, QToolButton, "foldAllButton"), Qt.MouseButton.LeftButton)
    assert view.folded() == {"residual1", "concat1"}
    assert len(view.diagram_scene.layer_keys()) == 7
    assert view.selection() == "residual1"
    qtbot.mouseClick(child(panel, QToolButton, "unfoldAllButton"), Qt.MouseButton.LeftButton)
    assert len(view.diagram_scene.layer_keys()) == 14


def test_without_blocks_nothing_is_offered_to_fold(panel):
    show(panel, CHAIN)
    assert not child(panel, QToolButton, "foldAllButton").isVisible()
    show(panel, BRANCHED)
    assert child(panel, QToolButton, "foldAllButton").isVisible()


def whole_is_seen(view) -> bool:
    diagram = view.diagram_scene.diagram
    corners = (view.mapFromScene(0, 0), view.mapFromScene(diagram.width, diagram.height))
    room = view.viewport().rect().adjusted(-1, -1, 1, 1)
    return all(room.contains(corner) for corner in corners)


@pytest.mark.parametrize("spec", [CHAIN, BRANCHED], ids=["chain", "branched"])
def test_the_whole_network_is_seen_and_stays_so_when_the_window_changes(panel, qtbot, spec):
    view = show(panel, spec)
    assert whole_is_seen(view)
    for size in ((620, 330), (1400, 900), (330, 700)):
        panel.resize(*size)
        qtbot.waitUntil(lambda: whole_is_seen(view))
    boxes = [box(panel, key).rect for key in (INPUT, "conv1")]
    assert boxes[0].bottom() < boxes[1].top()


def test_keys_and_buttons_zoom_and_fit(panel, qtbot):
    view = show(panel, CHAIN)
    fitted = view.scale_now()
    press(panel, qtbot, Qt.Key.Key_Plus)
    assert view.scale_now() > fitted
    press(panel, qtbot, Qt.Key.Key_Minus)
    assert view.scale_now() == pytest.approx(fitted)
    qtbot.mouseClick(child(panel, QToolButton, "zoomOutButton"), Qt.MouseButton.LeftButton)
    assert view.scale_now() < fitted
    press(panel, qtbot, Qt.Key.Key_0)
    assert view.scale_now() == pytest.approx(fitted)
    qtbot.mouseClick(child(panel, QToolButton, "zoomInButton"), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(child(panel, QToolButton, "fitDiagramButton"), Qt.MouseButton.LeftButton)
    assert view.scale_now() == pytest.approx(fitted)


def test_the_wheel_zooms_around_the_pointer(panel):
    view = show(panel, CHAIN)
    place = place_of(panel, "conv2")
    scale = view.scale_now()
    event = QWheelEvent(
        QPointF(place), QPointF(view.viewport().mapToGlobal(place)), QPoint(), QPoint(0, 240),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view.viewport(), event)
    assert view.scale_now() > 1.5 * scale
    assert (place_of(panel, "conv2") - place).manhattanLength() <= 4


def test_dragging_moves_the_picture_and_selects_nothing(panel, qtbot):
    view = show(panel, CHAIN)
    start = place_of(panel, "conv2")
    with qtbot.assertNotEmitted(panel.layer_selected):
        qtbot.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=start)
        for step in range(1, 6):
            QTest.mouseMove(view.viewport(), start + QPoint(12, 8) * step)
        qtbot.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=start + QPoint(60, 40))
    assert (place_of(panel, "conv2") - start - QPoint(60, 40)).manhattanLength() <= 2


def test_ctrl_with_arrows_moves_the_picture_and_keeps_the_selection(panel, qtbot):
    view = show(panel, CHAIN)
    panel.select("conv2")
    before = place_of(panel, "conv2")
    press(panel, qtbot, Qt.Key.Key_Right, modifier=Qt.KeyboardModifier.ControlModifier)
    assert place_of(panel, "conv2").x() < before.x()
    assert view.selection() == "conv2"


def test_a_layer_out_of_sight_is_brought_to_sight(panel, qtbot):
    view = show(panel, CHAIN)
    for _ in range(6):
        press(panel, qtbot, Qt.Key.Key_Plus)
    for path in ("dense2", "conv1"):
        panel.select(path)
        assert view.viewport().rect().contains(place_of(panel, path))


def changed(spec, at, layer, name=None):
    layers = (*spec.layers[:at], layer, *spec.layers[at + 1 :])
    return NetworkSpec(name or spec.name, spec.input_shape, layers)


def test_an_edit_keeps_zoom_place_selection_and_folds(panel, qtbot):
    view = show(panel, BRANCHED)
    view.fold("residual1", True)
    panel.select("concat1")
    press(panel, qtbot, Qt.Key.Key_Plus, Qt.Key.Key_Plus)
    scale, place = view.scale_now(), place_of(panel, "concat1")

    show(panel, changed(BRANCHED, 3, Dropout(0.25, name="dropout1"), "my own"))

    assert box(panel, "dropout1").texts()[0] == "Dropout 0.25"
    assert view.scale_now() == pytest.approx(scale)
    assert view.folded() == {"residual1"}
    assert view.selection() == "concat1"
    assert (place_of(panel, "concat1") - place).manhattanLength() <= 4


def test_the_selected_box_stays_put_while_others_make_room(panel, qtbot):
    view = show(panel, CHAIN)
    panel.resize(330, 600)
    press(panel, qtbot, *[Qt.Key.Key_Plus] * 4)
    panel.select("conv1")
    place = place_of(panel, "conv1")
    layers = CHAIN.layers

    show(panel, NetworkSpec("more", CHAIN.input_shape, (layers[0], Dropout(0.1), *layers[1:])))

    assert view.selection() == "conv1"
    assert (place_of(panel, "conv1") - place).manhattanLength() <= 2
    assert box(panel, "dropout1").rect.top() > box(panel, "conv1").rect.bottom()


def test_another_network_is_fitted_anew(panel, qtbot):
    view = show(panel, BRANCHED)
    view.fold("residual1", True)
    press(panel, qtbot, Qt.Key.Key_Plus, Qt.Key.Key_Plus)
    show(panel, CHAIN)
    assert whole_is_seen(view)
    assert view.folded() == set()
    assert view.selection() == ""
    show(panel, BRANCHED)
    assert view.folded() == set()


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


def test_text_falls_away_when_zoomed_out(panel):
    """What is written is found by painting the view into an SVG."""
    view = show(panel, BRANCHED)

    def written() -> set[str]:
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        generator = QSvgGenerator()
        generator.setOutputDevice(buffer)
        generator.setSize(view.viewport().size())
        painter = QPainter(generator)
        view.render(painter)
        painter.end()
        return texts_of(bytes(buffer.data().data()))

    view.zoom(1 / view.scale_now())
    assert {"8×16×16", "Dropout 0.5", "concat"} <= written()
    view.zoom(0.5)
    seen = written()
    assert "Dropout 0.5" in seen
    assert "8×16×16" not in seen
    view.zoom(0.2)
    assert written() == set()


def texts_of(svg: bytes) -> set[str]:
    tree = ElementTree.fromstring(svg)
    return {"".join(node.itertext()).strip() for node in tree.iter("{http://www.w3.org/2000/svg}text")}


def save(panel, qtbot, action, path):
    child(panel, QAction, action).trigger()
    dialog = panel.findChildren(QFileDialog)[-1]
    with qtbot.waitSignal(panel.told) as told:
        dialog.fileSelected.emit(str(path))
    dialog.close()
    return told.args[0]


def test_svg_holds_every_text_of_the_whole_network_as_text(panel, qtbot, tmp_path):
    view = show(panel, BRANCHED)
    panel.select("conv1")
    for _ in range(8):
        view.zoom_in()
    path = tmp_path / "network.svg"
    assert str(path) in save(panel, qtbot, "saveDiagramSvgAction", path)

    content = path.read_bytes()
    expected = {text for key in view.diagram_scene.layer_keys() for text in texts_in(view, key)}
    assert len(expected) > 15
    assert expected <= texts_of(content)
    root = ElementTree.fromstring(content)
    diagram = view.diagram_scene.diagram
    box_of_view = [float(number) for number in root.attrib["viewBox"].split()]
    assert box_of_view[2:] == pytest.approx([diagram.width, diagram.height], abs=1)
    assert view.selection() == "conv1"
    panel.select("")
    save(panel, qtbot, "saveDiagramSvgAction", path)
    assert path.read_bytes() == content, "the selection is not part of the picture"


def texts_in(view, key):
    item = view.diagram_scene.item(key)
    return item.texts() if isinstance(item, BoxItem) else [text for text in item.heading if text]


def test_folding_changes_the_exported_picture(panel, qtbot, tmp_path):
    view = show(panel, BRANCHED)
    view.fold_all(True)
    save(panel, qtbot, "saveDiagramSvgAction", tmp_path / "folded.svg")
    texts = texts_of((tmp_path / "folded.svg").read_bytes())
    assert "Residual, 4 layers" in texts
    assert "Batch norm" not in texts


def test_png_and_clipboard_hold_the_whole_network_at_twice_its_size(panel, qtbot, tmp_path):
    view = show(panel, BRANCHED)
    save(panel, qtbot, "saveDiagramPngAction", tmp_path / "network.png")
    child(panel, QAction, "copyDiagramAction").trigger()

    diagram = view.diagram_scene.diagram
    for image in (QImage(str(tmp_path / "network.png")), QGuiApplication.clipboard().image()):
        assert (image.width(), image.height()) == pytest.approx((2 * diagram.width, 2 * diagram.height), abs=2)
        rect = box(panel, "dense1").rect
        band = image.pixelColor(round(2 * rect.left() + 6), round(2 * rect.center().y()))
        assert band.name() == LIGHT.layer_colour("dense")


def test_a_file_that_cannot_be_written_is_told(panel, qtbot, tmp_path):
    show(panel, CHAIN)
    with qtbot.waitSignal(panel.failed) as failed:
        panel.save_svg(tmp_path / "no such folder" / "network.svg")
    assert "network.svg" in failed.args[0]


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
