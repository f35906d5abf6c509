"""Reads images that are dropped or pasted, and turns grey pixels into images of a widget."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QColor, QImage, QPainter


def offers_image(offer: QMimeData) -> bool:
    """Return whether something dragged or copied holds an image, or a file that may be one."""
    return offer.hasImage() or _file(offer) is not None


def read_offer(offer: QMimeData) -> np.ndarray | None:
    """Return the image of something dropped or pasted.

    Returns
    -------
    array (height, width), uint8, or None
        Grey values; a transparent background becomes white, as in files. None if there is no image.

    Raises
    ------
    DataError
        If a file cannot be read as an image.
    """
    path = _file(offer)
    if path is not None:
        from engine.data.image_file import read_image  # Pillow, which is needed for files only

        return read_image(path)
    image = offer.imageData() if offer.hasImage() else None
    if not isinstance(image, QImage) or image.isNull():
        return None
    return pixels_of(_on_white(image).convertToFormat(QImage.Format.Format_Grayscale8))


def pixels_of(image: QImage) -> np.ndarray:
    """Return a copy of the pixels of an image in ``Format_Grayscale8``: array (height, width), uint8."""
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width()].copy()


def grey_image(pixels: np.ndarray, black: QColor, white: QColor) -> QImage:
    """Return an image of ``pixels``, array (height, width), uint8, in the colours from ``black`` to ``white``."""
    height, width = pixels.shape
    image = QImage(pixels.tobytes(), width, height, width, QImage.Format.Format_Indexed8)
    image.setColorTable(_shades(black.rgb(), white.rgb()))
    return image.convertToFormat(QImage.Format.Format_RGB32)  # a copy, which outlives the bytes above


@lru_cache(maxsize=8)
def _shades(black: int, white: int) -> list[int]:
    """Return 256 colours from one to another; they are asked for with every move of the pen."""
    low, high = np.array(QColor(black).getRgb()), np.array(QColor(white).getRgb())
    shades = (low + (high - low) * np.linspace(0, 1, 256)[:, np.newaxis]).round().astype(int)
    return [QColor(*shade).rgb() for shade in shades.tolist()]


def _file(offer: QMimeData) -> Path | None:
    return next((Path(url.toLocalFile()) for url in offer.urls() if url.isLocalFile()), None)


def _on_white(image: QImage) -> QImage:
    if not image.hasAlphaChannel():
        return image
    paper = QImage(image.size(), QImage.Format.Format_RGB32)
    paper.fill(Qt.GlobalColor.white)
    painter = QPainter(paper)
    painter.drawImage(paper.rect(), image)
    painter.end()
    return paper
