"""The colours of a diagram, the outlines of its boxes, and how large what is written must be to be read."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from gui.diagram_content import Kind
from gui.diagram_rows import font, width_of
from gui.theme import Theme, mixed

# Zooms from which texts of 11 and 12 logical pixels can be read.
ALL_TEXT_FROM = 0.66
FRAME_TEXT_FROM = 0.6
# Enlarged texts of an overview: as high as this on the screen, or not written at all.
_LEAST_PIXELS = 6.0
_MOST_PIXELS = 9.5

_KINDS: tuple[Kind, ...] = (
    "convolution", "dense", "pooling", "normalisation", "activation", "dropout", "reshape", "join", "terminal",
)  # fmt: skip


class Colours:
    """A theme's colours as a diagram needs them, looked up once."""

    def __init__(self, theme: Theme) -> None:
        self.kind: dict[Kind, QColor] = {kind: QColor(theme.layer_colour(kind)) for kind in _KINDS}
        self.fill: dict[Kind, QColor] = {kind: QColor(theme.layer_fill(kind)) for kind in _KINDS}
        self.surface = QColor(theme.surface)
        self.text = QColor(theme.text)
        self.muted = mixed(self.text, self.surface, 0.78)  # small text on a tinted box: stronger than elsewhere
        self.line = QColor(theme.muted)
        self.border = QColor(theme.border)
        self.accent = QColor(theme.accent)
        self.bad = QColor(theme.bad)
        self.warning = mixed(self.text, self.bad, 0.3)  # as small text on the tint of any kind
        self.bad_fill = mixed(self.bad, self.surface, 0.15 if theme.dark else 0.1)
        self.frame = (mixed(QColor(theme.sunken), self.surface, 0.7), self.surface)

    def of_role(self, role: str) -> QColor:
        """Return the colour of a row that is not a title."""
        return self.bad if role == "note" else self.muted


def scale_of(painter: QPainter) -> float:
    """Return how many logical pixels of the screen one of the diagram takes."""
    transform = painter.worldTransform()
    return math.hypot(transform.m11(), transform.m12()) or 1.0


def outline(rect: QRectF, kind: Kind) -> QPainterPath:
    """Return the outline of a box: its form tells kinds apart where colours do not."""
    path = QPainterPath()
    if kind == "pooling":  # narrower below, as what leaves it is smaller
        cut = min(8.0, rect.height() / 3)
        path.moveTo(rect.topLeft())
        path.lineTo(rect.topRight())
        path.lineTo(rect.right(), rect.bottom() - cut)
        path.lineTo(rect.right() - cut, rect.bottom())
        path.lineTo(rect.left() + cut, rect.bottom())
        path.lineTo(rect.left(), rect.bottom() - cut)
        path.closeSubpath()
        return path
    is_round = kind in ("activation", "dropout", "terminal")
    radius = min(12.0, rect.height() / 2) if is_round else 2.0 if kind == "reshape" else 5.0
    path.addRoundedRect(rect, radius, radius)
    return path


def draw_fold_mark(painter: QPainter, square: QRectF, is_folded: bool, colours: Colours) -> None:
    """Draw the square with which a block is opened (plus) or folded (minus)."""
    painter.setPen(QPen(colours.muted, 1))
    painter.setBrush(colours.surface)
    painter.drawRoundedRect(square, 2, 2)
    centre, arm = square.center(), square.width() / 2 - 3
    painter.drawLine(centre - QPointF(arm, 0), centre + QPointF(arm, 0))
    if is_folded:
        painter.drawLine(centre - QPointF(0, arm), centre + QPointF(0, arm))


def draw_large(painter: QPainter, room: QRectF, texts: Sequence[str], scale: float, colours: Colours) -> None:
    """Write the first of ``texts`` that can be read in ``room`` at this zoom, enlarged; else nothing."""
    for text in texts:
        if not text:
            continue
        fitting = min(room.height() * 0.86, 12 * 0.9 * room.width() / max(1.0, width_of(text, "title")))
        if fitting * scale >= _LEAST_PIXELS:
            pixels = max(1, int(min(fitting, _MOST_PIXELS / scale)))
            painter.setPen(colours.text)
            painter.setFont(font("title", pixels))
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip, text)
            return
