"""The diagram follows mouse and keyboard, and keeps its place while the network is edited."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QToolButton, QVBoxLayout, QWidget

from engine.architecture.layers import (
    Dropout,
)
from engine.architecture.network import NetworkSpec
from engine.architecture.zoo import EXPERIMENTS
from gui.diagram_content import INPUT
from gui.diagram_panel import DiagramPanel
from tests.gui.diagrams import (
    BRANCHED,
    CHAIN,
    box,
    changed,
    child,
    click,
    make_panel,
    pixels,
    place_of,
    press,
    show,
    whole_is_seen,
)


@pytest.fixture
def panel(qtbot):
    return make_panel(qtbot)


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


def test_a_network_that_has_too_little_room_begins_folded_and_stays_as_it_is_put(panel, qtbot):
    panel.resize(600, 320)
    view = show(panel, EXPERIMENTS["googlenet"].network())
    assert len(view.folded()) == 9
    assert view.scale_now() > 0.4
    view.fold_all(False)
    panel.resize(620, 320)
    assert view.folded() == set()
    panel.resize(1600, 900)
    assert show(panel, EXPERIMENTS["resnet-20"].network()).folded() == set()
