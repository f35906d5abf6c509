"""What a diagram is drawn with: boxes of layers, frames of blocks, nodes where branches join, and lines."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from engine.inspection.activity import LayerActivity
from gui.diagram_content import Card
from gui.diagram_layout import HEADING, Edge, Rect
from gui.diagram_paint import (
    ALL_TEXT_FROM,
    FRAME_TEXT_FROM,
    Colours,
    draw_fold_mark,
    draw_large,
    outline,
    scale_of,
)
from gui.diagram_rows import BAND, FOLD_MARK, PAD, Row, baseline, dead_text, font, mean_text, width_of
from gui.form import wrapped

_ARROW = 4.5
_CORNER = 6.0
# From this share of dead units on, a layer is in trouble: much of what stands before it no longer learns.
MANY_DEAD = 0.25
_STACK = 3.0  # how far the sheets behind a folded block stick out


class NodeItem(QGraphicsItem):
    """What can be selected: it has a card, and knows whether it is selected or marked as wrong."""

    def __init__(self, card: Card, rect: Rect, colours: Colours) -> None:
        super().__init__()
        self.card = card
        self.rect = QRectF(*rect)
        self.colours = colours
        self.chosen = False
        self.setToolTip(wrapped(card.spoken()))

    def boundingRect(self) -> QRectF:
        """Return the box with room for the mark of the selection."""
        return self.rect.adjusted(-5, -5, 5 + _STACK, 5 + _STACK)

    def choose(self, chosen: bool) -> None:
        """Mark it as selected or not."""
        if chosen != self.chosen:
            self.chosen = chosen
            self.update()

    def fold_mark(self) -> QRectF:
        """Return where the square is with which a block is folded; empty if it is none."""
        return QRectF()

    def _pen(self) -> QPen:
        if self.card.note:
            return QPen(self.colours.bad, 2)
        return QPen(self.colours.kind[self.card.kind], 1)


class BoxItem(NodeItem):
    """A layer, a folded block, the input or the output."""

    def __init__(self, card: Card, rect: Rect, rows: Sequence[Row], colours: Colours) -> None:
        super().__init__(card, rect, colours)
        self.rows = tuple(rows)
        self.activity: LayerActivity | None = None
        self._figures = ("", "")
        self._outline = outline(self.rect, card.kind)
        side = QPainterPath()
        side.addRect(QRectF(self.rect.left(), self.rect.top(), BAND, self.rect.height()))
        self._band = side.intersected(self._outline)  # no clipping, which SVG files would lose

    def shape(self) -> QPainterPath:
        """Return where it can be pressed."""
        return self._outline

    def set_activity(self, activity: LayerActivity | None, readable: bool) -> None:
        """Show what was measured; nothing is painted again if it looks the same.

        Parameters
        ----------
        activity : LayerActivity, or None for nothing
        readable : bool
            Whether the figures can be read at the present zoom; else only the share of dead units shows.
        """
        figures, share = self._figures, self._dead_share()
        if activity is not None and self.card.kind == "reshape":
            # It has no units of its own: right behind the input, pixels that are always black would raise an alarm.
            activity = activity._replace(dead=0)
        self.activity = activity
        self._figures = ("", "")
        if activity is not None:
            self._figures = (mean_text(activity.mean), dead_text(activity.dead, activity.units))
        if figures != self._figures:
            self.setToolTip(wrapped(self.spoken()))
        if share != self._dead_share() or (readable and figures != self._figures):
            self.update()

    def texts(self) -> list[str]:
        """Return everything that is written in the box at zoom 1."""
        written = [text for row in self.rows for text in (row.left, row.right)]
        if any(row.role == "figures" for row in self.rows):
            written += self._figures
        return [text for text in written if text]

    def spoken(self) -> str:
        """Return everything the box says in one line."""
        return " · ".join(part for part in (self.card.spoken(), *self._figures) if part)

    def fold_mark(self) -> QRectF:
        """Return where the square is with which a folded block is opened."""
        if self.card.block != "folded":
            return QRectF()
        return QRectF(self.rect.right() - FOLD_MARK - PAD, self.rect.top() + 6, FOLD_MARK, FOLD_MARK)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paint as much as can be read at the present zoom."""
        scale = scale_of(painter)
        colours, kind = self.colours, self.card.kind
        if self.chosen:
            _draw_selection(painter, self.rect, colours, scale)
        if self.card.block == "folded":
            painter.setPen(self._pen())
            painter.setBrush(colours.fill[kind])
            painter.drawPath(self._outline.translated(_STACK, _STACK))
        painter.setPen(self._pen())
        painter.setBrush(colours.bad_fill if self.card.note else colours.fill[kind])
        painter.drawPath(self._outline)
        painter.fillPath(self._band, colours.bad if self.card.note else colours.kind[kind])
        self._draw_dead(painter)
        if scale >= ALL_TEXT_FROM:
            self._draw_rows(painter)
            if self.card.block:
                draw_fold_mark(painter, self.fold_mark(), True, colours)
        else:
            room = self.rect.adjusted(BAND, 0, 0, 0)
            title = self.card.title
            draw_large(painter, room, (title, title.split(",")[0], self.card.word), scale, colours)

    def _draw_dead(self, painter: QPainter) -> None:
        """Fill the lower side as far as units are dead; seen at every zoom."""
        if share := self._dead_share():
            colour = self.colours.bad if share >= MANY_DEAD else self.colours.muted
            rect = self.rect
            left = rect.left() + BAND
            painter.fillRect(QRectF(left, rect.bottom() - 3.5, (rect.right() - 8 - left) * share, 3), colour)

    def _dead_share(self) -> float:
        activity = self.activity
        return activity.dead / activity.units if activity is not None and activity.units else 0.0

    def _draw_rows(self, painter: QPainter) -> None:
        rect, colours = self.rect, self.colours
        left = rect.left() + BAND + PAD
        right = rect.right() - PAD
        for place, row in enumerate(self.rows):
            y = rect.top() + baseline(place)
            end = right - (FOLD_MARK + PAD if place == 0 and self.card.block else 0)
            texts = self._figures if row.role == "figures" else (row.left, row.right)
            if texts[0]:
                painter.setPen(colours.text if row.role == "title" else colours.of_role(row.role))
                painter.setFont(font("title" if row.role == "title" else "small"))
                painter.drawText(QPointF(left, y), texts[0])
            if texts[1]:
                is_warning = row.role == "figures" and self._dead_share() >= MANY_DEAD
                painter.setPen(colours.warning if is_warning else colours.muted)
                painter.setFont(font("small"))
                painter.drawText(QPointF(end - width_of(texts[1], "small"), y), texts[1])


class FrameItem(NodeItem):
    """The frame around an open block; its heading stands for the block."""

    def __init__(self, card: Card, rect: Rect, depth: int, heading: tuple[str, str], colours: Colours) -> None:
        super().__init__(card, rect, colours)
        self._depth = depth
        self.heading = heading

    def shape(self) -> QPainterPath:
        """Return where it can be pressed: the heading, so that the space inside can be dragged."""
        path = QPainterPath()
        path.addRect(QRectF(self.rect.left(), self.rect.top(), self.rect.width(), HEADING))
        return path

    def spoken(self) -> str:
        """Return everything the heading says in one line."""
        return self.card.spoken()

    def fold_mark(self) -> QRectF:
        """Return where the square is with which the block is folded."""
        return QRectF(self.rect.left() + 6, self.rect.top() + 5, FOLD_MARK, FOLD_MARK)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paint the frame, and the heading while it can be read."""
        scale, colours = scale_of(painter), self.colours
        if self.chosen:
            _draw_selection(painter, self.rect, colours, scale)
        painter.setPen(self._pen() if self.card.note else QPen(colours.border, 1))
        painter.setBrush(colours.frame[self._depth % 2])
        painter.drawRoundedRect(self.rect, 8, 8)
        if scale < FRAME_TEXT_FROM:
            return
        mark = self.fold_mark()
        draw_fold_mark(painter, mark, False, colours)
        y = self.rect.top() + 15
        painter.setPen(colours.text)
        painter.setFont(font("heading"))
        painter.drawText(QPointF(mark.right() + 5, y), self.heading[0])
        if self.heading[1]:
            painter.setPen(colours.muted)
            painter.setFont(font("small"))
            painter.drawText(QPointF(self.rect.right() - PAD - width_of(self.heading[1], "small"), y), self.heading[1])


class JoinItem(NodeItem):
    """Where branches meet: the sign or word for what is done with them, and what is wrong with that."""

    def __init__(self, card: Card, rect: Rect, rows: Sequence[str], colours: Colours) -> None:
        super().__init__(card, rect, colours)
        self.rows = tuple(rows)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paint a small round node, or a box with the sentence of an error."""
        colours, rect = self.colours, self.rect
        scale = scale_of(painter)
        painter.setPen(QPen(colours.bad if self.card.note else colours.kind["join"], 2 if self.card.note else 1.4))
        painter.setBrush(colours.bad_fill if self.card.note else colours.fill["join"])
        radius = 8.0 if self.card.note else rect.height() / 2
        painter.drawRoundedRect(rect, radius, radius)
        if self.rows[0] == "+":
            self._draw_plus(painter)
        if scale < ALL_TEXT_FROM:
            if self.rows[0] != "+":
                draw_large(painter, rect, self.rows[:1], scale, colours)
            return
        for place, text in enumerate(self.rows):
            if text == "+":
                continue
            painter.setPen(colours.bad if place else colours.text)
            painter.setFont(font("small" if place else "heading"))
            y = rect.top() + baseline(place)
            painter.drawText(QPointF(rect.center().x() - width_of(text, "small" if place else "heading") / 2, y), text)

    def _draw_plus(self, painter: QPainter) -> None:
        """Draw the sign as lines, which stay visible at every zoom."""
        painter.setPen(QPen(self.colours.bad if self.card.note else self.colours.text, 2))
        centre = QPointF(self.rect.center().x(), self.rect.top() + 12)
        for arm in (QPointF(5, 0), QPointF(0, 5)):
            painter.drawLine(centre - arm, centre + arm)


class EdgesItem(QGraphicsItem):
    """All lines of a diagram, with rounded corners, and arrows where they enter a box."""

    def __init__(self, edges: Sequence[Edge], colours: Colours) -> None:
        super().__init__()
        self.colours = colours
        self._lines = QPainterPath()
        self._arrows = QPainterPath()
        for edge in edges:
            self._add(edge)
        self._bounds = self._lines.boundingRect().adjusted(-_ARROW, -_ARROW, _ARROW, _ARROW)
        self.setZValue(-1)

    def boundingRect(self) -> QRectF:
        """Return where there may be lines."""
        return self._bounds

    def shape(self) -> QPainterPath:
        """Return nothing: lines cannot be pressed."""
        return QPainterPath()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paint lines, then arrows."""
        scale = scale_of(painter)
        # Never thinner than a screen pixel, or an overview would lose its lines.
        painter.setPen(QPen(self.colours.line, max(1.4, 1.0 / scale)))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(self._lines)
        painter.fillPath(self._arrows, QBrush(self.colours.line))

    def _add(self, edge: Edge) -> None:
        points = edge.points
        path = self._lines
        path.moveTo(*points[0])
        for before, corner, after in zip(points, points[1:], points[2:], strict=False):
            radius = min(_CORNER, math.dist(before, corner) / 2, math.dist(corner, after) / 2)
            path.lineTo(*_towards(corner, before, radius))
            path.quadTo(*corner, *_towards(corner, after, radius))
        path.lineTo(*points[-1])
        if edge.arrow:
            (x, y), (from_x, from_y) = points[-1], points[-2]
            back = _towards((x, y), (from_x, from_y), 1.5 * _ARROW)
            across = (0.0, _ARROW) if from_y == y else (_ARROW, 0.0)
            arrow = self._arrows
            arrow.moveTo(x, y)
            arrow.lineTo(back[0] - across[0], back[1] - across[1])
            arrow.lineTo(back[0] + across[0], back[1] + across[1])
            arrow.closeSubpath()


def _towards(start: tuple[float, float], end: tuple[float, float], far: float) -> tuple[float, float]:
    whole = math.dist(start, end)
    share = far / whole if whole else 0.0
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def _draw_selection(painter: QPainter, rect: QRectF, colours: Colours, scale: float) -> None:
    painter.setPen(QPen(QColor(colours.accent), max(2.0, 2.0 / scale)))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(rect.adjusted(-3.5, -3.5, 3.5, 3.5), 9, 9)
