"""Paints the outputs of all layers under each other, those on screen only."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.architecture.shapes import NetworkSummary
from gui.colour_bar import paint_colour_bar
from gui.colour_scale import ColourScale
from gui.feature_section import FeatureSection, execution_order
from gui.theme import GAP, LIGHT, MARGIN, SPACE, Theme
from gui.vector_rows import flattened_images

_BAR_WIDTH = 170
_GRID_FROM = 8  # cells of a vector are separated by lines from this side on


class FeatureMapsView(QWidget):
    """One section for each layer; the pointer or the arrow keys choose a tile, a click or Enter opens it."""

    pointed = Signal(str, object)  # layer path, (channel, row, column) or (unit,); "" and () for nothing
    moved = Signal(QRect)  # the tile that the arrow keys chose
    opened = Signal(str, int)  # layer path, tile

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._theme = LIGHT
        self._sections: list[FeatureSection] = []
        self._images: dict[str, QImage] = {}  # of the present activations, made when painted
        self._shared = False
        self._shared_limit: float | None = None
        self._current: tuple[int, int] | None = None  # section, tile
        self._height = 0

    def set_network(self, summary: NetworkSummary | None) -> None:
        """Make a section for each layer."""
        layers = summary.layers if summary else ()
        images = flattened_images(layers)
        self._sections = [FeatureSection(entry, images.get(entry.path)) for entry in execution_order(layers)]
        self._current = None
        self._forget_images()
        self._lay_out()

    def set_activations(self, activations: Mapping[str, np.ndarray]) -> None:
        """Show outputs by layer path; a layer that is not named shows none."""
        for section in self._sections:
            section.set_values(activations.get(section.path))
        self._forget_images()

    def set_shared(self, shared: bool) -> None:
        """Choose one range of values for all layers, or one for each."""
        self._shared = shared
        self._forget_images()

    def apply_theme(self, theme: Theme) -> None:
        """Paint in the colours of ``theme``."""
        self._theme = theme
        self._forget_images()

    def section(self, path: str) -> FeatureSection | None:
        """Return the section of a layer."""
        return next((section for section in self._sections if section.path == path), None)

    def scale(self, section: FeatureSection) -> ColourScale:
        """Return the colours that a section is painted in."""
        if not self._shared:
            return section.scale(section.limit(), self._theme)
        if self._shared_limit is None:
            self._shared_limit = max(entry.limit() for entry in self._sections)
        return section.scale(self._shared_limit, self._theme)

    def painted(self) -> set[str]:
        """Return the layers whose present output has been painted."""
        return set(self._images)

    def choose(self, path: str, index: int) -> None:
        """Make a tile the current one, where the arrow keys go on."""
        for place, section in enumerate(self._sections):
            if section.path == path:
                self._current = (place, min(index, section.count - 1))
        self.update()

    def sizeHint(self) -> QSize:
        """Return the height of all sections."""
        return QSize(320, self._height)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the sections on screen."""
        with QPainter(self) as painter:
            for place, section in enumerate(self._sections):
                if section.area.intersects(event.rect()):
                    self._paint_header(painter, section)
                    if section.values is not None:
                        self._paint_tiles(painter, section, event.rect())
                    if self._current is not None and self._current[0] == place:
                        self._paint_current(painter, section.tile_rect(self._current[1]))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Arrange the tiles anew where the width changed."""
        if event.size().width() != event.oldSize().width():
            self._lay_out()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell what is under the pointer."""
        found = self._tile_at(event.position().toPoint())
        self.setCursor(Qt.CursorShape.PointingHandCursor if found else Qt.CursorShape.ArrowCursor)
        if found is None:
            self.pointed.emit("", ())
        else:
            section = self._sections[found[0]]
            self.pointed.emit(section.path, section.value_at(found[1], event.position().toPoint()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Open the tile under the pointer."""
        found = self._tile_at(event.position().toPoint())
        if found is not None and event.button() == Qt.MouseButton.LeftButton:
            self._current = found
            self._open_current()

    def leaveEvent(self, event: QEvent) -> None:
        """Tell that nothing is under the pointer."""
        self.pointed.emit("", ())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go from tile to tile, or open one."""
        match event.key():
            case Qt.Key.Key_Left:
                self._step(-1)
            case Qt.Key.Key_Right:
                self._step(1)
            case Qt.Key.Key_Up:
                self._step_row(-1)
            case Qt.Key.Key_Down:
                self._step_row(1)
            case Qt.Key.Key_Return | Qt.Key.Key_Enter | Qt.Key.Key_Space:
                self._open_current()
            case _:
                super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the current tile."""
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Hide the current tile."""
        self.update()

    # Layout

    def _lay_out(self) -> None:
        bottom = 0
        header = 2 * self._line() + GAP
        for section in self._sections:
            bottom = section.lay_out(bottom, SPACE, max(1, self.width() - 2 * SPACE), header) + MARGIN + SPACE
        if bottom != self._height:
            self._height = bottom
            self.setMinimumHeight(bottom)
            self.updateGeometry()
        self._forget_images()  # a vector's image depends on its columns

    def _forget_images(self) -> None:
        self._images.clear()
        self._shared_limit = None
        self.update()

    def _line(self) -> int:
        return self.fontMetrics().height()

    def _tile_at(self, point: QPoint) -> tuple[int, int] | None:
        for place, section in enumerate(self._sections):
            if section.area.contains(point) and section.values is not None:
                index = section.tile_at(point)
                return None if index is None else (place, index)
        return None

    # Moving

    def _open_current(self) -> None:
        if self._current is not None:
            section = self._sections[self._current[0]]
            if section.values is not None:
                self.opened.emit(section.path, self._current[1])

    def _step(self, by: int) -> None:
        if self._current is None:
            return self._move_to(0, 0)
        place, index = self._current
        if 0 <= index + by < self._sections[place].count:
            return self._move_to(place, index + by)
        if 0 <= place + by < len(self._sections):
            self._move_to(place + by, 0 if by > 0 else self._sections[place + by].count - 1)

    def _step_row(self, by: int) -> None:
        if self._current is None:
            return self._move_to(0, 0)
        place, index = self._current
        columns = self._sections[place].columns
        if 0 <= index + by * columns < self._sections[place].count:
            return self._move_to(place, index + by * columns)
        if 0 <= place + by < len(self._sections):
            x = self._sections[place].tile_rect(index).left() - SPACE
            other = self._sections[place + by]
            column = min(x // (other.tile_width + other.gap), other.columns - 1)
            last_row = (other.count - 1) // other.columns if by < 0 else 0
            self._move_to(place + by, min(last_row * other.columns + column, other.count - 1))

    def _move_to(self, place: int, index: int) -> None:
        if not self._sections:
            return
        self._current = (place, index)
        section = self._sections[place]
        self.moved.emit(section.tile_rect(index))
        middle = section.tile_rect(index).center()
        self.pointed.emit(section.path, section.value_at(index, middle))
        self.update()

    # Painting

    def _paint_header(self, painter: QPainter, section: FeatureSection) -> None:
        row = QRect(section.area.left(), section.area.top(), section.area.width(), self._line())
        bold = QFont(self.font())
        bold.setWeight(QFont.Weight.DemiBold)
        painter.setFont(bold)
        painter.setPen(QColor(self._theme.text))
        name_room = row.width() - painter.fontMetrics().horizontalAdvance(section.shape_text) - GAP
        name = painter.fontMetrics().elidedText(section.path, Qt.TextElideMode.ElideMiddle, name_room)
        painter.drawText(row, Qt.AlignmentFlag.AlignLeft, name)
        used = painter.fontMetrics().horizontalAdvance(name) + GAP
        painter.setFont(self.font())
        painter.setPen(QColor(self._theme.muted))
        painter.drawText(row, Qt.AlignmentFlag.AlignRight, section.shape_text)
        room = name_room - used
        detail = painter.fontMetrics().elidedText(section.description, Qt.TextElideMode.ElideRight, room)
        painter.drawText(row.adjusted(used, 0, 0, 0), Qt.AlignmentFlag.AlignLeft, detail)
        if section.values is not None:
            bar = QRect(row.left(), row.bottom() + 1, min(_BAR_WIDTH, row.width()), self._line())
            paint_colour_bar(painter, bar, self.scale(section), self._theme, thickness=SPACE)

    def _paint_tiles(self, painter: QPainter, section: FeatureSection, visible: QRect) -> None:
        image = self._images.get(section.path)
        if image is None:
            image = self._images[section.path] = section.image(self.scale(section))
        if section.is_vector:
            self._paint_cells(painter, section, image)
            return
        reduced = section.tile_height < section.shape[1]
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, reduced)
        tiles = section.tiles_between(visible.top(), visible.bottom())
        for index in tiles:
            painter.drawImage(section.tile_rect(index), image, section.source_rect(index))
        # A channel that answers zero everywhere is hardly distinct from the background.
        painter.setPen(QColor(self._theme.border))
        painter.drawRects([section.tile_rect(index).adjusted(-1, -1, 0, 0) for index in tiles])

    def _paint_cells(self, painter: QPainter, section: FeatureSection, image: QImage) -> None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        whole, side = section.tiles_rect(), section.tile_width
        painter.drawImage(whole, image)
        if side >= _GRID_FROM:
            painter.setPen(QPen(QColor(self._theme.window), 1))
            for x in range(whole.left() + side - 1, whole.right(), side):
                painter.drawLine(x, whole.top(), x, whole.bottom())
            for y in range(whole.top() + side - 1, whole.bottom(), side):
                painter.drawLine(whole.left(), y, whole.right(), y)

    def _paint_current(self, painter: QPainter, rect: QRect) -> None:
        if self.hasFocus():
            painter.setPen(QPen(QColor(self._theme.accent), 2))
            painter.drawRect(rect.adjusted(-1, -1, 0, 0))
