"""Shows what the network is given, pixel by pixel."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.form import wrapped
from gui.offered_images import grey_image
from gui.theme import LIGHT, Theme

INPUT_SIDE = 28


class InputPreview(QWidget):
    """The network's input with hard pixel edges, white ink on black as in the data."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("inputPreview")
        self.setAccessibleName(self.tr("What the network sees"))
        self.setToolTip(
            wrapped(
                self.tr(
                    "All that the network knows of your drawing: it is cut out, fitted into 20×20 pixels and centred "
                    "by its mass in 28×28, as the digits of MNIST were. If you can hardly read it, nor can it."
                )
            )
        )
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._theme = LIGHT
        self._image: QImage | None = None

    def set_input(self, pixels: np.ndarray | None) -> None:
        """Show an input, array (height, width), float in [0, 1], or nothing."""
        if pixels is None:
            self._image = None
        else:
            levels = (pixels * 255).round().clip(0, 255).astype(np.uint8)
            self._image = grey_image(levels, QColor(Qt.GlobalColor.black), QColor(Qt.GlobalColor.white))
        self.update()

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        """Return three pixels for each pixel of the input."""
        return QSize(3 * INPUT_SIDE, 3 * INPUT_SIDE)

    def minimumSizeHint(self) -> QSize:
        """Return the same: with less, a digit's pixels cannot be told apart."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the input in whole device pixels, at the bottom, above its caption."""
        with QPainter(self) as painter:
            rows = self._image.height() if self._image else INPUT_SIDE
            columns = self._image.width() if self._image else INPUT_SIDE
            ratio = self.devicePixelRatioF()
            scale = math.floor(min(self.width() / columns, self.height() / rows) * ratio) / ratio
            width, height = columns * scale, rows * scale
            target = QRectF(round((self.width() - width) / 2), round(self.height() - height), width, height)
            if self._image is not None:
                painter.drawImage(target, self._image)
                return
            painter.fillRect(target, QColor(self._theme.sunken))
            painter.setPen(QPen(QColor(self._theme.border), 1))
            painter.drawRect(target.adjusted(0.5, 0.5, -0.5, -0.5))
