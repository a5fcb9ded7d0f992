"""Call outlines: cycles end, repeats are marked, what is cut is counted."""

from __future__ import annotations

from codereader.facts.outline import Edge, Node, fitting, outline


def node(name: str) -> Node:
    return Node("a.c", 0, name, "function")


def follower(graph: dict[str, str]):
    edges = {name: [Edge(node(one), "calls", "a.c", 0, "same file") for one in below] for name, below in graph.items()}
    return lambda one: edges.get(one.name, [])


def drawn(steps):
    return [(step.depth, step.node.name, step.mark, step.cut) for step in steps]


def test_a_function_that_calls_itself_is_cut_and_marked():
    """Recursion is shown once and ends."""
    steps = outline([node("a")], follower({"a": "b", "b": "a"}))

    assert drawn(steps) == [(0, "a", "", 0), (1, "b", "", 0), (2, "a", "cycle", 0)]


def test_what_was_shown_is_only_named_again():
    """A second way to the same function says so; a leaf needs no mark."""
    steps = outline([node("a")], follower({"a": "bc", "b": "d", "c": "bd"}))

    assert drawn(steps) == [
        (0, "a", "", 0), (1, "b", "", 0), (2, "d", "", 0), (1, "c", "", 0), (2, "b", "above", 0), (2, "d", "", 0),
    ]  # fmt: skip


def test_depth_and_breadth_count_what_they_cut():
    """Nothing is dropped unsaid."""
    wide = follower({"a": "bcd", "b": "e"})

    assert drawn(outline([node("a")], wide, depth=1, breadth=2)) == [(0, "a", "", 1), (1, "b", "", 1), (1, "c", "", 0)]


def test_a_place_cut_by_depth_is_shown_where_there_is_room():
    """Reaching a function first at the last level does not hide what it calls."""
    steps = outline([node("a")], follower({"a": "bc", "b": "c", "c": "d"}), depth=1)

    assert drawn(steps) == [(0, "a", "", 0), (1, "b", "", 1), (1, "c", "", 1)]
    assert ("d") in [
        step.node.name for step in outline([node("a")], follower({"a": "bc", "b": "c", "c": "d"}), depth=2)
    ]


def test_a_root_shown_below_another_is_not_repeated():
    """Entry points that call one another are drawn once."""
    assert [step.node.name for step in outline([node("a"), node("b")], follower({"a": "b"}))] == ["a", "b"]


def test_the_outline_is_as_deep_as_its_lines_allow():
    """The deepest level that fits is chosen; the roots always stand."""
    graph = follower({"a": "bc", "b": "de", "c": "fg"})

    assert len(fitting([node("a")], graph, 6)) == 3
    assert len(fitting([node("a")], graph, 7)) == 7
    assert drawn(fitting([node("a")], graph, 0)) == [(0, "a", "", 2)]
