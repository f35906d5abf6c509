"""Makes the pictures in docs/images that show the editor and the diagrams of five networks.

    python scripts/pictures.py [FOLDER]

The editor is shown in the real window, on a network that was trained for a moment and then edited; the diagrams are
drawn by the panel itself, to be 900 pixels wide. Without a display the window is painted off screen.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import PIL.Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QApplication, QWidget

from engine.architecture.editing import layers_to_json
from engine.architecture.layers import Activation, BatchNorm, Conv2D, Residual
from engine.architecture.shapes import summarize_partly
from engine.architecture.zoo import EXPERIMENTS
from gui.curves_export import png_bytes
from gui.diagram_export import picture_of
from gui.diagram_panel import DiagramPanel
from gui.launch import display_problem
from gui.layer_tree import LayerTree
from gui.main_window import MainWindow
from gui.theme import LIGHT
from scripts import hand

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
WINDOW = (1600, 1000)
WIDTH = 900  # of a diagram as a page shows it; the file has twice as many pixels
# Each with the height that gives its columns a width at which 900 pixels can be read.
DIAGRAMS = {"lenet-bn": 420, "mlp-dropout": 380, "resnet-18": 1000, "googlenet": 1000, "densenet": 820}
BATCHES = 200  # after which LeNet knows a digit when it sees one
# What is put into LeNet in the editor.
BLOCK = Residual((Conv2D(32, (3, 3), padding=(1, 1), use_bias=False), BatchNorm(), Activation("relu")))
MOST_BYTES = 300_000
PATIENCE_SECONDS = 120.0


_Widget = TypeVar("_Widget", bound=QWidget)


def main() -> int:
    """Write the pictures; return 0, or 1 where one could not be made."""
    parser = argparse.ArgumentParser(description="Makes the pictures of the editor and of five diagrams.")
    parser.add_argument("folder", nargs="?", type=Path, default=IMAGES, metavar="FOLDER")
    folder = parser.parse_args().folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if display_problem():
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    with tempfile.TemporaryDirectory() as home:
        os.environ["NETARIUM_HOME"] = home  # nobody's own settings and networks
        application = QApplication([])
        application.setStyle("Fusion")
        small = [keep(folder / f"diagram-{name}.png", diagram(name, height)) for name, height in DIAGRAMS.items()]
        small.append(keep(folder / "editor-light-1600.png", editor()))
    return 0 if all(small) else 1


def diagram(name: str, height: int) -> QImage:
    """Return the diagram of a network of the zoo, at twice the pixels of 900 in width."""
    spec = EXPERIMENTS[name].network()
    panel = DiagramPanel()
    panel.resize(WIDTH + 24, height)
    panel.show()
    hand.wait(0.1)
    panel.apply_theme(LIGHT)
    panel.set_network(spec, summarize_partly(spec))
    panel.view.fold_all(False)
    hand.wait(0.2)
    image = picture_of(panel.view.diagram_scene)
    panel.close()
    return image.scaledToWidth(min(image.width(), 2 * WIDTH), Qt.TransformationMode.SmoothTransformation)


def editor() -> QImage:
    """Return the window with the editor open on an edited network, of which one layer is selected."""
    window = MainWindow()
    window.resize(*WINDOW)
    window.show()
    window.themes.set_scheme("light")
    window.reset_layout()
    until(lambda: window.controller.dataset is not None, "load MNIST")
    hand.enter(find(window, QAbstractSpinBox, "epochsSpin"), "1")
    hand.click(find(window, QAbstractButton, "trainButton"))
    until(lambda: window.controller.position.step >= BATCHES, "train for a moment")
    hand.click(find(window, QAbstractButton, "stopButton"))
    until(lambda: window.controller.state == "trained", "stop")
    hand.draw(window.views.draw.canvas, 3)
    window.show_editor()
    hand.wait(1.0)
    tree = find(window, LayerTree, "layerTree")
    choose(tree, "relu2")
    QApplication.clipboard().setText(layers_to_json([BLOCK]))
    QTest.keyClick(tree, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    hand.wait(0.2)
    choose(tree, "residual1/conv1")
    hand.wait(2.0)
    image = window.grab().toImage()
    window.close_without_asking()
    return image


def choose(tree: LayerTree, layer: str) -> None:
    """Click the row of a layer."""
    tree.scrollToItem(tree.item(layer))
    place = tree.visualItemRect(tree.item(layer)).center()
    QTest.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=place)


def find(window: QWidget, kind: type[_Widget], name: str) -> _Widget:
    """Return the widget with this name."""
    found = window.findChild(kind, name)
    assert found is not None, name
    return found


def until(holds: Callable[[], bool], what: str) -> None:
    """Let the window live until something holds."""
    deadline = time.perf_counter() + PATIENCE_SECONDS
    while not holds():
        if time.perf_counter() > deadline:
            raise TimeoutError(f"The window did not {what} in {PATIENCE_SECONDS:g} seconds.")
        hand.wait(0.01)


def keep(path: Path, image: QImage) -> bool:
    """Write an image, in 256 colours if it must be, and tell whether it is small enough for a page."""
    picture = PIL.Image.open(io.BytesIO(png_bytes(image))).convert("RGB")
    picture.save(path, optimize=True)
    if path.stat().st_size > MOST_BYTES:
        # By coverage, since the usual median cut drops the colour of a kind of which there is only one box.
        picture.quantize(256, PIL.Image.Quantize.MAXCOVERAGE, dither=PIL.Image.Dither.NONE).save(path, optimize=True)
    size = path.stat().st_size
    print(f"{path.name}: {picture.width}×{picture.height}, {size / 1000:.0f} kB", flush=True)
    return size <= MOST_BYTES


if __name__ == "__main__":
    sys.exit(main())
