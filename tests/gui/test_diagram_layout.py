"""Whatever the network, nothing in its diagram overlaps, no line runs through a box, and all lines lead somewhere."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.architecture.shapes import summarize_partly
from engine.architecture.zoo import EXPERIMENTS
from gui.diagram_columns import choose_columns
from gui.diagram_content import nodes_of
from gui.diagram_layout import Block, Diagram, Leaf, Piece, Rect, arrange
from gui.diagram_rows import pieces_of


def overlap(one: Rect, other: Rect) -> bool:
    return one.x < other.right and other.x < one.right and one.y < other.bottom and other.y < one.bottom


def contains(outer: Rect, inner: Rect) -> bool:
    return (
        outer.x <= inner.x and outer.y <= inner.y and inner.right <= outer.right and inner.bottom <= outer.bottom
    )  # fmt: skip


def stretches(diagram: Diagram):
    """Yield every straight stretch of every line as a rectangle without thickness."""
    for edge in diagram.edges:
        for (x, y), (to_x, to_y) in pairwise(edge.points):
            yield Rect(min(x, to_x), min(y, to_y), abs(to_x - x), abs(to_y - y))


def runs_through(line: Rect, box: Rect) -> bool:
    """Return whether a line is inside a box, and does not only touch its side."""
    return line.x < box.right and line.right > box.x and line.y < box.bottom and line.bottom > box.y


def numbered(pieces: tuple[Piece, ...], prefix: str = "") -> tuple[Piece, ...]:
    """Give the pieces of a random tree keys of their own."""
    named: list[Piece] = []
    for place, piece in enumerate(pieces):
        key = f"{prefix}{place}"
        if isinstance(piece, Leaf):
            named.append(Leaf(key, piece.width, piece.height))
            continue
        branches = tuple(numbered(branch, f"{key}/{i}/") for i, branch in enumerate(piece.branches))
        join = Leaf(f"{key}/join", piece.join.width, piece.join.height)
        named.append(Block(key, branches, join, piece.heading, piece.main_first))
    return tuple(named)


sizes = st.integers(10, 300).map(float)
leaves = st.builds(Leaf, st.just(""), sizes, sizes)


def blocks(inner):
    sequences = st.lists(inner, max_size=3).map(tuple)
    residual = st.builds(
        Block, st.just(""), st.tuples(sequences, sequences), leaves, st.tuples(sizes, sizes), st.just(True)
    )
    concat = st.builds(
        Block,
        st.just(""),
        st.lists(sequences, max_size=4).map(tuple),
        leaves,
        st.tuples(sizes, sizes),
        st.just(False),
    )
    return residual | concat


networks = (
    st.lists(st.recursive(leaves, blocks, max_leaves=16), min_size=1, max_size=6).map(tuple).map(numbered)
)  # fmt: skip


@st.composite
def broken(draw):
    """Draw a network and how many of its pieces each column takes."""
    pieces = draw(networks)
    counts, left = [], len(pieces)
    while left:
        counts.append(draw(st.integers(1, left)))
        left -= counts[-1]
    return pieces, counts


@given(broken())
@settings(max_examples=40, deadline=None)
def test_boxes_never_overlap_and_stay_in_their_frames(network):
    check_boxes(arrange(*network))


def check_boxes(diagram: Diagram) -> None:
    for (key, one), (other_key, other) in combinations(diagram.boxes.items(), 2):
        assert not overlap(one, other), (key, other_key)
    for (key, one), (other_key, other) in combinations(diagram.frames.items(), 2):
        nested = key.startswith(f"{other_key}/") or other_key.startswith(f"{key}/")
        assert nested or not overlap(one, other), (key, other_key)
    for key, frame in diagram.frames.items():
        for inner, box in [*diagram.boxes.items(), *diagram.frames.items()]:
            if inner.startswith(f"{key}/"):
                assert contains(frame, box), (key, inner)
            elif inner != key and not key.startswith(f"{inner}/"):
                assert not overlap(frame, box), (key, inner)
    whole = Rect(0, 0, diagram.width, diagram.height)
    assert all(contains(whole, box) for box in [*diagram.boxes.values(), *diagram.frames.values()])


@given(broken())
@settings(max_examples=40, deadline=None)
def test_lines_are_straight_avoid_boxes_and_cross_no_other_line(network):
    check_lines(arrange(*network))


def check_lines(diagram: Diagram) -> None:
    lines = list(stretches(diagram))

    for line in lines:
        assert line.width == pytest.approx(0) or line.height == pytest.approx(0)
        assert not any(runs_through(line, box) for box in diagram.boxes.values())
    for one, other in combinations(lines, 2):
        flat, steep = (one, other) if one.height == 0 else (other, one)
        if flat.height or steep.width:
            continue
        inside = flat.x + 0.01 < steep.x < flat.right - 0.01 and steep.y + 0.01 < flat.y < steep.bottom - 0.01
        assert not inside, "two lines cross"


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_nothing_overlaps_or_crosses_in_a_network_of_the_zoo(name, qapp):
    spec = EXPERIMENTS[name].network()
    summary = summarize_partly(spec)
    for folded in (False, True):
        pieces = pieces_of(nodes_of(spec, summary, lambda path, folded=folded: folded), with_figures=True)
        diagram = arrange(pieces, choose_columns(pieces, 600, 330))
        check_boxes(diagram)
        check_lines(diagram)


@given(broken())
@settings(max_examples=30, deadline=None)
def test_every_box_is_on_a_way_from_the_first_to_the_last(network):
    """Follow the lines as the eye does: from where one ends to all that begin there, at a box or on a line."""
    pieces, columns = network
    diagram = arrange(pieces, columns)
    boxes = diagram.boxes

    def touched(point):
        x, y = point
        return [key for key, box in boxes.items() if box.x <= x <= box.right and box.y <= y <= box.bottom]

    def on_line(point, edge):
        return any(
            line.x - 0.01 <= point[0] <= line.right + 0.01 and line.y - 0.01 <= point[1] <= line.bottom + 0.01
            for line in stretches(Diagram({}, {}, [edge], 0, 0, ()))
        )

    entered = {key for edge in diagram.edges for key in touched(edge.points[-1])}
    left = {key for edge in diagram.edges for key in touched(edge.points[0])}
    first = pieces[0].key if isinstance(pieces[0], Leaf) else None
    last = pieces[-1].key if isinstance(pieces[-1], Leaf) else pieces[-1].join.key
    assert set(boxes) - entered <= ({first} if first else set())
    assert set(boxes) - left <= {last}
    for edge in diagram.edges:
        others = [other for other in diagram.edges if other is not edge]
        begins, ends = edge.points[0], edge.points[-1]
        at_start = isinstance(pieces[0], Block) and begins[1] == diagram.frames[pieces[0].key].y
        assert touched(begins) or at_start or any(on_line(begins, other) for other in others)
        at_end = isinstance(pieces[-1], Block) and ends[1] == diagram.frames[pieces[-1].key].bottom
        assert touched(ends) or at_end or any(on_line(ends, other) for other in others)
        if edge.arrow:
            assert touched(ends), "an arrow points at nothing"


@given(networks, st.integers(100, 2000), st.integers(100, 2000))
@settings(max_examples=30, deadline=None)
def test_columns_take_every_piece_once_in_order(pieces, width, height):
    columns = choose_columns(pieces, width, height)

    assert sum(columns) == len(pieces)
    assert min(columns) >= 1


def chain(count: int) -> tuple[Leaf, ...]:
    return tuple(Leaf(str(i), 150.0, 40.0) for i in range(count))


def test_a_long_chain_is_broken_where_the_room_is_wide_and_not_where_it_is_high():
    assert len(choose_columns(chain(20), 1200, 300)) > 3
    assert choose_columns(chain(20), 300, 1300) == (20,)
    assert choose_columns(chain(4), 1200, 300) == (4,)


def test_breaking_makes_everything_larger():
    def scale(columns):
        diagram = arrange(chain(20), columns)
        return min(600 / diagram.width, 330 / diagram.height)

    assert scale(choose_columns(chain(20), 600, 330)) > 2 * scale((20,))


def test_the_flow_goes_on_at_the_top_of_the_next_column():
    diagram = arrange(chain(4), (2, 2))

    assert diagram.boxes["2"].y == diagram.boxes["0"].y
    assert diagram.boxes["2"].x > diagram.boxes["1"].right
    assert any(
        edge.points[0][1] == diagram.boxes["1"].bottom and edge.points[-1][1] == diagram.boxes["2"].y
        for edge in diagram.edges
    )


def test_a_residual_goes_straight_through_its_body_and_a_concat_between_its_branches():
    leaf = chain(1)[0]
    body = (Leaf("body", 100, 30),)
    residual = Block("block", (body, ()), Leaf("join", 24, 24), main_first=True)
    concat = Block("block", (body, (Leaf("other", 100, 30),)), Leaf("join", 24, 24))

    for block, is_straight in ((residual, True), (concat, False)):
        diagram = arrange((leaf, block), None)
        spine = diagram.boxes["0"].x + diagram.boxes["0"].width / 2
        middle = diagram.boxes["body"].x + 50
        assert (middle == spine) == is_straight
        assert diagram.boxes["join"].x + 12 == spine
