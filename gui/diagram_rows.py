"""Sets what a box says into rows, as wide as the text needs, and tells the layout how large the box is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QFont, QFontMetricsF
from PySide6.QtWidgets import QApplication

from gui.diagram_content import JOIN, Card, Node
from gui.diagram_layout import Block, Leaf, Piece

Style = Literal["title", "small", "heading"]

BAND = 6.0  # the coloured band at a box's left side
PAD = 8.0
_ROW = 16.0
_MARGIN = 4.0  # above the first and below the last row
# Boxes are as wide as a multiple of this: few widths look calmer than many, and whole pixels stay sharp.
_WIDTHS = 24.0
_LEAST = 144.0
_MOST = 208.0  # of a row's text; longer titles give what follows the comma to a row of their own
_BETWEEN = 12.0  # between the left and the right text of a row
_NOTE_ROWS = 5
_SIZES: dict[Style, int] = {"title": 12, "small": 11, "heading": 11}
FOLD_MARK = 12.0  # the side of the square with which a block is folded


@dataclass(frozen=True)
class Row:
    """A row of a box: a text at its left and one at its right side; ``role`` tells how they are painted."""

    left: str
    right: str = ""
    role: Literal["title", "small", "note", "figures"] = "small"


@lru_cache(maxsize=256)
def font(style: Style, pixels: int = 0) -> QFont:
    """Return the font of a style; its own size unless ``pixels`` are given."""
    result = QFont(QApplication.font())
    result.setPixelSize(pixels or _SIZES[style])
    result.setWeight(QFont.Weight.Normal if style == "small" else QFont.Weight.DemiBold)
    result.setHintingPreference(QFont.HintingPreference.PreferNoHinting)  # text keeps its width at every zoom
    return result


@lru_cache(maxsize=8192)
def width_of(text: str, style: Style) -> float:
    """Return how wide a text is at zoom 1."""
    return QFontMetricsF(font(style)).horizontalAdvance(text) if text else 0.0


def rows_of(card: Card, with_figures: bool) -> tuple[Row, ...]:
    """Return a card's rows; ``with_figures`` keeps one free for what is measured while training."""
    title, rest = card.title, card.rest
    if rest and card.block != "folded" and width_of(f"{title}, {rest}", "title") <= _MOST:
        title, rest = f"{title}, {rest}", ""
    if not card.parameters and not rest and _pair(title, card.shape, "title") <= _MOST:
        rows = [Row(title, card.shape, "title")]
    else:
        rows = [Row(title, role="title")]
        if rest and card.parameters:
            rows.append(Row(rest))
        # The shape stands left where nothing else does.
        left = "" if card.parameters else rest
        rows.append(Row(left, card.shape) if left else Row(card.shape, card.parameters))
    rows += [Row(line, role="note") for line in _lines(card.note)]
    if with_figures and card.is_layer and card.units:
        rows.append(Row("", role="figures"))
    return tuple(rows)


def figures_room(units: int) -> float:
    """Return how wide the figures of a layer with so many units can become."""
    dead = dead_text(units, units)
    return _pair(mean_text(-0.00123), dead, "small")


def mean_text(mean: float) -> str:
    """Return a mean activation in words."""
    return QCoreApplication.translate("Diagram", "mean {value}").format(value=f"{mean:.3g}")


def dead_text(dead: int, units: int) -> str:
    """Return how many units are dead in words; nothing if none is."""
    if not dead:
        return ""
    return QCoreApplication.translate("Diagram", "{dead} of {units} dead").format(dead=dead, units=units)


def leaf_of(card: Card, with_figures: bool) -> Leaf:
    """Return the box of a card."""
    rows = rows_of(card, with_figures)
    width = max(_row_width(row) for row in rows)
    if rows[-1].role == "figures":
        width = max(width, figures_room(card.units))
    width += BAND + 2 * PAD + (FOLD_MARK + PAD if card.block == "folded" else 0)
    return Leaf(card.key, max(_LEAST, _WIDTHS * -(-width // _WIDTHS)), len(rows) * _ROW + 2 * _MARGIN)


def baseline(row: int) -> float:
    """Return where the text of a row stands below the top of its box."""
    return _MARGIN + row * _ROW + 12


def pieces_of(nodes: tuple[Node, ...], with_figures: bool) -> tuple[Piece, ...]:
    """Return what the layout is to place for ``nodes``."""
    return tuple(_piece(node, with_figures) for node in nodes)


def heading_of(card: Card) -> tuple[str, str]:
    """Return the texts left and right of the spine in an open block's heading."""
    name = card.key.rsplit("/", 1)[-1]
    return name, card.parameters


def join_text(node: Node) -> str:
    """Return what stands in the node where branches join."""
    return "+" if node.main_first else QCoreApplication.translate("Diagram", "concat")


def join_rows(node: Node) -> tuple[str, ...]:
    """Return the lines in the node where branches join: a sign or word, and what is wrong with it."""
    return (join_text(node), *_lines(node.card.note))


def _piece(node: Node, with_figures: bool) -> Piece:
    card = node.card
    if card.block != "open":
        return leaf_of(card, with_figures)
    rows = join_rows(node)
    width = 24.0 if node.main_first else 2 * PAD + width_of(rows[0], "title")
    height = 24.0
    if len(rows) > 1:
        width = 2 * PAD + max(width_of(row, "small") for row in rows)
        height = len(rows) * _ROW + 2 * _MARGIN
    left, right = heading_of(card)
    heading = (
        FOLD_MARK + width_of(left, "heading") + 2 * PAD,
        width_of(right, "small") + 2 * PAD if right else 0.0,
    )
    branches = tuple(pieces_of(branch, with_figures) for branch in node.branches)
    join = Leaf(f"{card.key}/{JOIN}", float(2 * -(-width // 2)), height)
    return Block(card.key, branches, join, heading, node.main_first)


def _row_width(row: Row) -> float:
    return _pair(row.left, row.right, "title" if row.role == "title" else "small")


def _pair(left: str, right: str, style: Style) -> float:
    return width_of(left, style) + (width_of(right, "small") + _BETWEEN if right else 0.0)


@lru_cache(maxsize=64)
def _lines(note: str) -> tuple[str, ...]:
    """Break a sentence into rows; what does not fit into the last one is in the tooltip."""
    lines: list[str] = []
    for word in note.split():
        if lines and width_of(f"{lines[-1]} {word}", "small") <= _MOST:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    if len(lines) > _NOTE_ROWS:
        lines = [*lines[: _NOTE_ROWS - 1], f"{lines[_NOTE_ROWS - 1]}…"]
    return tuple(lines)
