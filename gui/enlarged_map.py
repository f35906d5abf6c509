"""Shows one feature map, or one layer's vector, as large as there is room."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from gui.colour_bar import ColourBar
from gui.colour_scale import ColourScale
from gui.form import ElidedLabel, wrapped
from gui.image_view import ImageView
from gui.theme import GAP, SPACE, Theme
from gui.weight_picture import WeightPicture, picture


class EnlargedMap(QWidget):
    """A feature map with a way back and to its neighbours.

    The view's own keys choose a value and zoom; Page Up and Page Down go to the neighbours, Escape goes back.
    """

    closed = Signal()
    stepped = Signal(int)  # -1 to the feature map before, 1 to the one after
    pointed = Signal(object)  # (row, column) or (unit,); () for nothing

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: np.ndarray | None = None
        self._scale: ColourScale | None = None
        self._columns: int | None = None
        self._picture: WeightPicture | None = None
        self.back_button = self._button(
            "backToLayersButton", self.tr("‹ All layers"), self.tr("See again how all layers answer (Esc).")
        )
        self.before_button = self._button(
            "mapBeforeButton", "‹", self.tr("The channel before: another thing that the layer looks for (Page Up).")
        )
        self.before_button.setAccessibleName(self.tr("Channel before"))
        self.after_button = self._button(
            "mapAfterButton", "›", self.tr("The next channel: another thing that the layer looks for (Page Down).")
        )
        self.after_button.setAccessibleName(self.tr("Next channel"))
        self.title = ElidedLabel()
        self.title.setObjectName("enlargedMapTitle")
        self.view = ImageView()
        self.view.setObjectName("enlargedMapView")
        self.view.setAccessibleName(self.tr("Enlarged feature map"))
        self.view.setToolTip(
            wrapped(
                self.tr(
                    "Where this channel finds in the image what it looks for. The wheel or + and - zoom, dragging "
                    "moves, 0 shows all; a click or Escape goes back."
                )
            )
        )
        self.colour_bar = ColourBar()
        self._arrange()
        self.back_button.clicked.connect(self.closed)
        self.view.clicked.connect(self.closed)
        self.before_button.clicked.connect(lambda: self.stepped.emit(-1))
        self.after_button.clicked.connect(lambda: self.stepped.emit(1))
        self.view.hovered.connect(self._point)
        self.view.left.connect(self._point)

    def show_map(self, title: str, values: np.ndarray, scale: ColourScale, columns: int | None = None) -> None:
        """Show the values of one feature map (height, width), or of a vector (units,) in rows of ``columns``."""
        self.title.set_text(title)
        self._values, self._scale, self._columns = values, scale, columns
        self.before_button.setVisible(values.ndim == 2)
        self.after_button.setVisible(values.ndim == 2)
        self.colour_bar.set_scale(scale)
        self._show()

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of the background and the text; the map is set again in new colours by the caller."""
        self.view.apply_theme(theme)
        self.colour_bar.apply_theme(theme)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the picture into the new size."""
        super().resizeEvent(event)
        self._show()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go back, or to a neighbour."""
        match event.key():
            case Qt.Key.Key_Escape | Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.closed.emit()
            case Qt.Key.Key_PageUp:
                self.stepped.emit(-1)
            case Qt.Key.Key_PageDown:
                self.stepped.emit(1)
            case _:
                super().keyPressEvent(event)

    def _show(self) -> None:
        if self._values is not None:
            room = (max(1, self.view.width()), max(1, self.view.height()))
            self._picture = picture(self._values, None, None, room, self._columns)
            self.view.set_image(self._picture.pixels, self._scale)
            self._point()

    def _point(self) -> None:
        cell = self.view.cell()
        place = self._picture.place(*cell) if self._picture is not None and cell is not None else None
        self.pointed.emit(place or ())

    def _button(self, name: str, text: str, idea: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName(name)
        button.setText(text)
        button.setAccessibleName(text)
        button.setToolTip(wrapped(idea))
        button.setProperty("framed", True)
        return button

    def _arrange(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(SPACE)
        top.addWidget(self.back_button)
        top.addStretch(1)
        top.addWidget(self.before_button)
        top.addWidget(self.after_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addLayout(top)
        layout.addWidget(self.title)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.colour_bar)
