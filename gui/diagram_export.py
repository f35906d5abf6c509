"""Takes a diagram out of the window: the whole network, with every text, as SVG or as an image."""

from __future__ import annotations

import math

from PySide6.QtCore import QBuffer, QIODevice, QRect, QRectF, QSize
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgGenerator

from gui.diagram_scene import DiagramScene

# Twice as many pixels as at zoom 1, so that text stays sharp in a report.
_SCALE = 2.0
# An image beyond this would take more than 400 MB; a larger network is painted smaller.
_MOST_PIXELS = 100_000_000


def svg_bytes(scene: DiagramScene, title: str) -> bytes:
    """Return the diagram as SVG, whose texts are text."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    area = _area(scene)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    # Logical pixels; the generator would otherwise write points of the screen.
    generator.setResolution(96)
    generator.setTitle(title)
    generator.setSize(area.size())
    generator.setViewBox(QRect(0, 0, area.width(), area.height()))
    _paint(scene, generator, QRectF(area))
    return bytes(buffer.data().data())


def picture_of(scene: DiagramScene) -> QImage:
    """Return the diagram as an image at twice its size."""
    area = _area(scene)
    scale = min(_SCALE, math.sqrt(_MOST_PIXELS / max(1, area.width() * area.height())))
    image = QImage(
        QSize(math.ceil(area.width() * scale), math.ceil(area.height() * scale)), QImage.Format.Format_RGB32
    )  # fmt: skip
    image.fill(scene.colours.surface)
    _paint(scene, image, QRectF(0, 0, area.width() * scale, area.height() * scale))
    return image


def _area(scene: DiagramScene) -> QRect:
    diagram = scene.diagram
    assert diagram is not None, "an empty diagram cannot be exported"
    return QRect(0, 0, math.ceil(diagram.width), math.ceil(diagram.height))


def _paint(scene: DiagramScene, device: QSvgGenerator | QImage, target: QRectF) -> None:
    chosen = scene.chosen
    scene.choose("")  # what is selected is nobody's concern but of who sits here
    painter = QPainter(device)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    scene.render(painter, target, QRectF(_area(scene)))
    painter.end()
    scene.choose(chosen)
