"""Diagrams in characters: no line hides another, every arrow can be followed, boxes hold their words."""

from __future__ import annotations

from itertools import combinations, pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from codereader.fronts.diagram_layout import ASCII, BOXES, Drawing, Edge, Node, layout
from codereader.fronts.drawing.canvas import ACROSS, UPRIGHT, arms_of, width_of
from codereader.fronts.drawing.channels import Pins, ways
from codereader.fronts.drawing.columns import settled, within

NODES = st.integers(1, 14)
PAIRS = st.dictionaries(
    st.tuples(st.integers(0, 13), st.integers(0, 13)), st.tuples(st.integers(1, 999), st.booleans()), max_size=40
)


def drawn(count: int, pairs: dict[tuple[int, int], tuple[int, bool]], width: int = 60) -> Drawing:
    """Return *count* boxes and arrows with labels between them."""
    nodes = [Node(f"n{at}", (f"box {at}",) * (1 + at % 2)) for at in range(count)]
    edges = [Edge(f"n{a}", f"n{b}", str(names), up) for (a, b), (names, up) in pairs.items()]
    return layout(nodes, edges, width=width)


def lines(text: str) -> tuple[str, ...]:
    """Return a drawing written in a test, without its margin."""
    return tuple(line.removeprefix(" " * 8).rstrip() for line in text.strip("\n").split("\n"))


def test_a_box_above_what_it_uses() -> None:
    """Two parts and a use of twelve names."""
    made = layout([Node("a", ("a/", "10 lines")), Node("b", ("b/", "5 lines"))], [Edge("a", "b", "12")])

    expected = lines("""
        ┌──────────┐
        │ a/       │
        │ 10 lines │
        └────┬─────┘
             │
             ▼12
        ┌─────────┐
        │ b/      │
        │ 5 lines │
        └─────────┘""")
    assert expected == made.lines


def test_lines_out_of_one_box_are_one_until_they_part() -> None:
    """A part that uses three others; one of them is used over a row."""
    nodes = [Node(name, (name,)) for name in ("app", "left", "right", "base")]
    made = layout(
        nodes,
        [Edge("app", "left", "1"), Edge("app", "right", "2"), Edge("left", "base", "3"), Edge("app", "base", "4")],
    )

    expected = lines("""
           ┌─────┐
           │ app │
           └──┬──┘
             ┌┴──┐
             ▼1  │
        ┌──────┐ │
        │ left │ │
        └──┬───┘ │
          ┌┘ ┌───┴─┐
          ▼3 ▼4    ▼2
        ┌──────┐  ┌───────┐
        │ base │  │ right │
        └──────┘  └───────┘""")
    assert expected == made.lines


def test_a_use_that_runs_up_is_dashed_and_its_head_points_up() -> None:
    """Two parts that use each other."""
    nodes = [Node("a", ("a",)), Node("b", ("b",))]
    made = layout(nodes, [Edge("a", "b", "7"), Edge("b", "a", "2", is_upward=True)], marks=ASCII)

    assert {("b", "a")} == made.upward
    assert "v7" in "".join(made.lines)
    assert "^2" in "".join(made.lines)
    assert any(":" in line for line in made.lines)


def test_a_circle_of_solid_uses_is_drawn_too() -> None:
    """Nobody says which of three uses in a circle runs up: one of them does."""
    nodes = [Node(name, (name,)) for name in "abc"]
    made = layout(nodes, [Edge("a", "b"), Edge("b", "c"), Edge("c", "a")])

    assert {("c", "a")} == made.upward
    assert ["a", "b", "c"] == [frame.key for frame in made.frames]


def test_boxes_without_arrows_stand_below_in_lines_of_the_width() -> None:
    """Twelve files that do not use each other fit a narrow screen."""
    made = layout([Node(str(at), (f"file{at}.c",)) for at in range(12)], [], width=40)

    assert made.width <= 40
    assert 12 == len(made.frames)
    assert 12 == sum(
        "file" in "".join(row[one.left : one.right]) for one in made.frames for row in [made.cells[one.top + 1]]
    )


def test_nothing_is_drawn_of_nothing() -> None:
    """No parts, no lines."""
    assert () == layout([], []).lines


def test_an_arrow_to_a_box_that_is_not_there_is_left_out() -> None:
    """Nor is one from a box to itself drawn, or a second one of a pair."""
    made = layout(
        [Node("a", ("a",)), Node("b", ("b",))], [Edge("a", "x"), Edge("a", "a"), Edge("a", "b"), Edge("a", "b")]
    )

    assert [("a", "b")] == list(made.runs)


def test_wide_and_combining_letters_stay_in_their_box() -> None:
    """A name in Chinese takes two cells a letter, an accent none."""
    made = layout([Node("a", ("日本語/", "e\u0301/"))], [])

    assert {width_of("│ 日本語/ │")} == {width_of(line) for line in made.lines}


def test_plain_characters_alone_where_the_terminal_has_no_others() -> None:
    """With ASCII marks nothing else is drawn, lit or not."""
    made = layout(
        [Node("a", ("a",), is_round=True), Node("b", ("b",))],
        [Edge("a", "b", "1"), Edge("b", "a", "2", True)],
        marks=ASCII,
    )

    assert "".join(made.lines).isascii()
    assert "".join(made.lit(list(made.runs)).values()).isascii()


def test_lit_arrows_are_heavy_from_box_to_head() -> None:
    """The lit lines are told from the others without colour, and the boxes stay whole."""
    made = layout([Node("a", ("a",)), Node("b", ("b",))], [Edge("a", "b", "12")])

    lit = made.lit([("a", "b")])

    assert {"┃", "▼"} == set(lit.values())
    assert not {
        (x, y) for one in made.frames for x in range(one.left, one.right + 1) for y in (one.top, one.bottom)
    } & set(lit)


@settings(max_examples=200, deadline=None)
@given(count=NODES, pairs=PAIRS, width=st.integers(10, 90))
@example(count=4, pairs={(0, 3): (1, False), (1, 2): (1, False), (0, 2): (1, False), (1, 3): (1, False)}, width=10)
def test_no_line_hides_another_and_every_arrow_arrives(count, pairs, width) -> None:
    """Whatever uses what: two nets share a cell only where they cross, no line runs through a box, all are whole."""
    made = drawn(count, pairs, width)

    taken: dict[tuple[int, int], list[int]] = {}
    nets = {
        net: [run for pair in made.runs if made.nets[pair] == net for run in made.runs[pair]]
        for net in made.nets.values()
    }
    for runs in nets.values():
        for cell, arms in arms_of(runs).items():
            taken.setdefault(cell, []).append(arms)
    frames = {one.key: one for one in made.frames}
    inside = {
        (x, y) for one in made.frames for x in range(one.left, one.right + 1) for y in range(one.top + 1, one.bottom)
    }
    assert all(
        len(arms) == 1
        or (
            len(arms) == 2
            and {0, ACROSS} == {one & ACROSS for one in arms}
            and {0, UPRIGHT} == {one & UPRIGHT for one in arms}
        )
        for arms in taken.values()
    )
    assert not inside & set(taken)
    wanted = {(f"n{a}", f"n{b}") for a, b in pairs if a != b and max(a, b) < count}
    assert wanted == set(made.runs)
    for pair, runs in made.runs.items():
        assert all(one[2:] == other[:2] or _touches(one, other) for one, other in pairwise(runs))
        upper, lower = sorted((frames[key] for key in pair), key=lambda one: one.top)
        assert upper.bottom == runs[0][1]
        assert upper.left < runs[0][0] < upper.right
        assert lower.top == runs[-1][3]
        assert lower.left < runs[-1][2] < lower.right


def _touches(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    return bool(set(arms_of([one])) & set(arms_of([other])))


@settings(max_examples=100, deadline=None)
@given(count=NODES, pairs=PAIRS)
def test_every_label_stands_behind_its_head_and_no_boxes_overlap(count, pairs) -> None:
    """The number of names can be read at the head of each arrow."""
    made = drawn(count, pairs)

    heads = {
        ("▲" if pair in made.upward else "▼") + str(pairs[int(pair[0][1:]), int(pair[1][1:])][0]) for pair in made.runs
    }
    text = "\n".join(made.lines)
    assert all(head in text for head in heads)
    assert len(made.runs) == text.count("▼") + text.count("▲")
    assert not any(
        one.left <= other.right and other.left <= one.right and one.top <= other.bottom and other.top <= one.bottom
        for one, other in combinations(made.frames, 2)
    )


def test_the_same_graph_gives_the_same_characters() -> None:
    """Twice the same, from the same input."""
    pairs = {(a, (a * 7 + b) % 12): (a + b, b == 1) for a in range(12) for b in range(3)}

    assert drawn(12, pairs).lines == drawn(12, pairs).lines


def test_nets_that_swap_their_columns_take_a_way_round() -> None:
    """Two lines that each begin where the other ends cannot have one track each: one of them takes two."""
    found, tracks = ways([Pins(("a", ""), (3,), (9,)), Pins(("b", ""), (9,), (3,))])

    turned = [one for one in found.values() if one.turn is not None]
    assert 1 == len(turned)
    assert turned[0].turn not in {3, 9}
    assert turned[0].upper < turned[0].lower
    assert tracks <= 3


@given(st.lists(st.floats(-50, 150), max_size=8), st.integers(1, 6))
def test_columns_keep_their_distance_and_their_bounds(wanted, gap) -> None:
    """Nothing overlaps, nothing leaves the box; what has room is where it wants to be."""
    gaps = [gap] * (len(wanted) - 1)
    free, bound = settled(wanted, gaps), within(wanted, gaps, 0, 100)

    assert all(other - one >= gap for some in (free, bound) for one, other in pairwise(some))
    assert all(0 <= one <= 100 for one in bound)
    if len(wanted) == 1:
        assert [round(wanted[0])] == free


def test_box_drawing_has_a_lit_form_of_every_line() -> None:
    """What can be drawn can be lit."""
    assert BOXES.line.glyphs.keys() == BOXES.lit.glyphs.keys() == ASCII.lit.glyphs.keys()
