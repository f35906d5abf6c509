"""The diagram can be taken out of the window whole, and on screen loses texts that could not be read."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QAction, QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QFileDialog

from gui.diagram_items import BoxItem
from gui.theme import LIGHT
from tests.gui.diagrams import (
    BRANCHED,
    CHAIN,
    box,
    child,
    make_panel,
    show,
)


@pytest.fixture
def panel(qtbot):
    return make_panel(qtbot)


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


def texts_in(view, key):
    item = view.diagram_scene.item(key)
    return item.texts() if isinstance(item, BoxItem) else [text for text in item.heading if text]


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
