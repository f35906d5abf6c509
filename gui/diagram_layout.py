"""Where the boxes and lines of a network's diagram go: plain geometry, without a widget.

The flow runs from top to bottom. Every piece has a spine, the x at which a line enters it from above and leaves it
below; a sequence puts pieces under each other on one spine, a block puts its branches side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

# Logical pixels at zoom 1.
STEP = 16.0  # between two boxes of a sequence, where the line and its arrow are
FORK = 22.0  # from a block's heading to its branches
JOINING = 20.0  # from the branches to where they join
BETWEEN_BRANCHES = 16.0
INSIDE = 12.0  # between a block's frame and what it holds
HEADING = 22.0
LANE = 28.0  # the width of a branch without layers
BETWEEN_COLUMNS = 44.0
EDGE = 20.0  # around everything


class Rect(NamedTuple):
    """A rectangle by its left upper corner and its size."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The x of its right side."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The y of its lower side."""
        return self.y + self.height


@dataclass(frozen=True)
class Leaf:
    """Something drawn as one box, with the size that its text needs; boxes of a sequence become equally wide."""

    key: str
    width: float
    height: float


@dataclass(frozen=True)
class Block:
    """Branches between a fork and a join, in a frame with a heading.

    Parameters
    ----------
    key : str
    branches : tuple of tuple of pieces
        An empty one is a line.
    join : Leaf
        The node in which the branches end.
    heading : float, float
        The widths of the texts left and right of the spine.
    main_first : bool
        Whether the first branch goes straight on and the others leave it, as a residual's body does; otherwise the
        spine is in their middle.
    """

    key: str
    branches: tuple[tuple[Piece, ...], ...]
    join: Leaf
    heading: tuple[float, float] = (0.0, 0.0)
    main_first: bool = False


Piece = Leaf | Block
Point = tuple[float, float]


class Edge(NamedTuple):
    """A line of horizontal and vertical stretches; ``arrow`` tells whether it ends at a box."""

    points: tuple[Point, ...]
    arrow: bool


@dataclass
class Diagram:
    """Boxes and frames by key, and the lines between them; ``columns`` are the pieces in each column."""

    boxes: dict[str, Rect]
    frames: dict[str, Rect]
    edges: list[Edge]
    width: float
    height: float
    columns: tuple[int, ...]


def arrange(pieces: Sequence[Piece], columns: Sequence[int] | None = None) -> Diagram:
    """Place a network's pieces.

    Parameters
    ----------
    pieces : sequence of Leaf or Block
        In order of execution, with different keys.
    columns : sequence of int, optional
        How many pieces each column takes; all in one without it. The flow goes on at the top of the next column.
    """
    counts = tuple(columns or (len(pieces),))
    assert sum(counts) == len(pieces), "every piece is in one column"
    diagram = Diagram({}, {}, [], 0.0, 0.0, counts)
    sizes = Sizes()
    x, first = EDGE, 0
    width = _widest(pieces)
    before: tuple[float, float, float] | None = None  # the last column's spine, bottom and right side
    for count in counts:
        part = pieces[first : first + count]
        left, right, height = sizes.sequence(part)
        left, right = max(left, width / 2), max(right, width / 2)
        spine = x + left
        if before is not None:
            _edge_to_next_column(before, spine, part[0], diagram)
        _place_sequence(part, spine, EDGE, width, sizes, diagram)
        before = (spine, EDGE + height, x + left + right)
        diagram.width = x + left + right + EDGE
        diagram.height = max(diagram.height, height + 2 * EDGE)
        x += left + right + BETWEEN_COLUMNS
        first += count
    return diagram


class Sizes:
    """How much room pieces take, each worked out once."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[float, float, float]] = {}

    def sequence(self, pieces: Sequence[Piece]) -> tuple[float, float, float]:
        """Return the room left and right of the spine, and the height."""
        if not pieces:
            return LANE / 2, LANE / 2, 0.0
        sizes = [self.piece(piece) for piece in pieces]
        height = sum(size[2] for size in sizes) + STEP * (len(pieces) - 1)
        return max(size[0] for size in sizes), max(size[1] for size in sizes), height

    def piece(self, piece: Piece) -> tuple[float, float, float]:
        """Return the room left and right of the spine, and the height."""
        if isinstance(piece, Leaf):
            return piece.width / 2, piece.width / 2, piece.height
        if id(piece) not in self._known:
            self._known[id(piece)] = self._block(piece)
        return self._known[id(piece)]

    def spines(self, block: Block) -> tuple[list[float], float, float]:
        """Return where branches have their spines, and where the leftmost begins and the rightmost ends.

        All are distances from the block's own spine.
        """
        spines: list[float] = []
        end = 0.0
        for branch in block.branches:
            left, right, _ = self.sequence(branch)
            start = end + BETWEEN_BRANCHES if spines else 0.0
            if len(spines) == 1 and block.main_first:
                # The second branch enters the join from the side, so that it has to pass beside it.
                start = max(start, spines[0] + block.join.width / 2 + BETWEEN_BRANCHES)
            spines.append(start + left)
            end = start + left + right
        if not spines:
            return [], 0.0, 0.0
        half = len(spines) // 2
        middle = spines[half] if len(spines) % 2 else (spines[half - 1] + spines[half]) / 2
        origin = spines[0] if block.main_first else middle
        return [spine - origin for spine in spines], -origin, end - origin

    def _block(self, block: Block) -> tuple[float, float, float]:
        _, start, end = self.spines(block)
        half = block.join.width / 2
        left = max(-start, half, block.heading[0]) + INSIDE
        right = max(end, half, block.heading[1]) + INSIDE
        tallest = max((self.sequence(branch)[2] for branch in block.branches), default=0.0)
        return left, right, HEADING + FORK + tallest + JOINING + block.join.height + INSIDE


def _widest(pieces: Sequence[Piece]) -> float:
    """Return the width that the boxes of a sequence share."""
    return max((piece.width for piece in pieces if isinstance(piece, Leaf)), default=0.0)


def _place_sequence(
    pieces: Sequence[Piece], spine: float, top: float, width: float, sizes: Sizes, diagram: Diagram
) -> float:
    """Place pieces under each other, boxes of one width, and join them by lines; return where they end."""
    y = top
    for place, piece in enumerate(pieces):
        if place:
            diagram.edges.append(Edge(((spine, y), (spine, y + STEP)), isinstance(piece, Leaf)))
            y += STEP
        if isinstance(piece, Leaf):
            diagram.boxes[piece.key] = Rect(spine - width / 2, y, width, piece.height)
        else:
            _place_block(piece, spine, y, sizes, diagram)
        y += sizes.piece(piece)[2]
    return y


def _place_block(block: Block, spine: float, top: float, sizes: Sizes, diagram: Diagram) -> None:
    left, right, height = sizes.piece(block)
    diagram.frames[block.key] = Rect(spine - left, top, left + right, height)
    bottom = top + height
    join = Rect(
        spine - block.join.width / 2, bottom - INSIDE - block.join.height, block.join.width, block.join.height
    )  # fmt: skip
    diagram.boxes[block.join.key] = join
    diagram.edges.append(Edge(((spine, join.bottom), (spine, bottom)), False))
    offsets, _, _ = sizes.spines(block)
    start = top + HEADING + FORK
    fork, meeting = top + HEADING + FORK / 2, join.y - JOINING / 2
    straight = not block.branches or block.main_first or any(offset == 0 for offset in offsets)
    if not straight:  # nothing goes straight on: the line ends where it forks
        diagram.edges.append(Edge(((spine, top), (spine, fork)), False))
        diagram.edges.append(Edge(((spine, meeting), (spine, join.y)), True))
    elif not block.branches:
        diagram.edges.append(Edge(((spine, top), (spine, join.y)), True))
    for place, (branch, offset) in enumerate(zip(block.branches, offsets, strict=True)):
        x = spine + offset
        end = _place_sequence(branch, x, start, _widest(branch), sizes, diagram)
        # Branches between the spine and the outermost one leave its line rather than run along it.
        outermost = offset in (offsets[0], offsets[-1])
        down = _path((spine, top) if offset == 0 else (spine, fork) if outermost else (x, fork), (x, fork), (x, start))
        if block.main_first and place > 0:
            middle = join.y + join.height / 2
            up = _path((x, end), (x, middle), (join.right, middle))
        elif offset == 0:
            up = ((x, end), (x, join.y))
        else:
            up = _path((x, end), (x, meeting), (spine, meeting) if outermost else (x, meeting))
        arrow = offset == 0 or block.main_first
        if branch:
            diagram.edges.append(Edge(down, isinstance(branch[0], Leaf)))
            diagram.edges.append(Edge(up, arrow))
        else:
            diagram.edges.append(Edge(_path(*down[:-1], *up[1:]), arrow))


def _path(*points: Point) -> tuple[Point, ...]:
    """Return a line without points that add nothing: doubled ones, and those on a straight stretch."""
    kept: list[Point] = []
    for point in points:
        if kept and kept[-1] == point:
            continue
        if len(kept) > 1 and (kept[-2][0] == kept[-1][0] == point[0] or kept[-2][1] == kept[-1][1] == point[1]):
            kept.pop()
        kept.append(point)
    return tuple(kept)


def _edge_to_next_column(
    before: tuple[float, float, float], spine: float, first: Piece, diagram: Diagram
) -> None:  # fmt: skip
    last_spine, bottom, right = before
    channel = right + BETWEEN_COLUMNS / 2
    turn = bottom + EDGE / 2
    points = ((last_spine, bottom), (last_spine, turn), (channel, turn), (channel, EDGE / 2))
    diagram.edges.append(Edge((*points, (spine, EDGE / 2), (spine, EDGE)), isinstance(first, Leaf)))
