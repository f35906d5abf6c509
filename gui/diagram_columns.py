"""Chooses how many columns a diagram is broken into, so that it is as large as can be where it is shown."""

from __future__ import annotations

from collections.abc import Sequence

from gui.diagram_layout import BETWEEN_COLUMNS, EDGE, STEP, Leaf, Piece, Sizes

_MOST_COLUMNS = 14
# A network of three layers is not blown up to fill the window.
MOST_FITTED = 1.4
# A chain that can be read in one column is not broken.
_READABLE = 0.9
# How much larger everything must become for one more column to be worth the jump of the eye.
_WORTH = 1.04


def choose_columns(pieces: Sequence[Piece], width: float, height: float) -> tuple[int, ...]:
    """Return how many pieces each column takes.

    Parameters
    ----------
    pieces : sequence of Leaf or Block
    width, height : float
        The room there is.
    """
    if not pieces:
        return ()
    sizes = Sizes()
    known = [sizes.piece(piece) for piece in pieces]
    # Boxes outside blocks become as wide as the widest of them, in every column.
    boxes = max((piece.width for piece in pieces if isinstance(piece, Leaf)), default=0.0) / 2
    known = [(boxes, boxes, size[2]) if isinstance(p, Leaf) else size for p, size in zip(pieces, known, strict=True)]
    best: tuple[int, ...] = (len(pieces),)
    best_scale = 0.0
    for count in range(1, min(_MOST_COLUMNS, len(pieces)) + 1):
        columns = _break(known, count)
        scale = _scale(known, columns, width, height)
        if count == 1 and scale >= _READABLE:
            return columns
        if scale > best_scale * (_WORTH if best_scale else 1):
            best, best_scale = columns, scale
    return best


def _break(sizes: Sequence[tuple[float, float, float]], count: int) -> tuple[int, ...]:
    """Return the columns, at most ``count``, of which the tallest is as low as can be."""
    heights = [size[2] for size in sizes]
    low, high = max(heights), sum(heights) + STEP * len(heights)
    while high - low > 1.0:
        middle = (low + high) / 2
        if len(_filled(heights, middle)) <= count:
            high = middle
        else:
            low = middle
    return _filled(heights, high)


def _filled(heights: Sequence[float], most: float) -> tuple[int, ...]:
    columns: list[int] = []
    used = most
    for height in heights:
        if columns and used + STEP + height <= most:
            columns[-1] += 1
            used += STEP + height
        else:
            columns.append(1)
            used = height
    return tuple(columns)


def _scale(
    sizes: Sequence[tuple[float, float, float]], columns: Sequence[int], width: float, height: float
) -> float:  # fmt: skip
    """Return how far a diagram would have to be enlarged to fill the room."""
    total, tallest, first = 2 * EDGE + BETWEEN_COLUMNS * (len(columns) - 1), 0.0, 0
    for count in columns:
        part = sizes[first : first + count]
        total += max(size[0] for size in part) + max(size[1] for size in part)
        tallest = max(tallest, sum(size[2] for size in part) + STEP * (count - 1))
        first += count
    return min(width / total, height / (tallest + 2 * EDGE), MOST_FITTED)
