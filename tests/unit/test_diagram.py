"""Drawings of parts: Mermaid's own parser reads every flowchart, Graphviz every graph, whatever files are called."""

from __future__ import annotations

import html
import shutil
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codereader.facts.brief.parts.parts import Dependency, Part, Parts
from codereader.facts.brief.parts.purpose import Purpose
from codereader.fronts.diagram import dot, drawn, left_out, mermaid
from codereader.fronts.text import safe_line

HOSTILE = [
    'quote"d/', "end", "subgraph", "a[b]", "a]b", "{x}", "(y)", "line\nbreak", "<b>bold</b>",
    "<script>alert(1)</script>",
    "`code`", "%%{init: {}}%%", "%% comment", "#quot;", "&amp;", "a|b", "a-->b", "style a fill:#f9f", "classDef x:#1;",
    "\\N", "\\", "日本語/", "\udc80", "\x1b[31m", "click p0 call", ";", "---", "graph", "", " ", "\u3000", "o", "😀",
    "1", "a:::b",
]  # fmt: skip


def parts_of(names: list[str], pairs: dict[tuple[int, int], int], *, hubs: tuple[int, ...] = ()) -> Parts:
    """Return parts called *names*, no two alike, that use each other so many names of *pairs*."""
    names = [f"{name}{at}" for at, name in enumerate(names)]
    parts = tuple(
        Part(name, (f"{name}/a.c",), 10, Purpose(name, name, 1), len(names) - at) for at, name in enumerate(names)
    )
    uses = tuple(
        Dependency(names[a], names[b], count, (names[b],), names[a], 1, a > b)
        for (a, b), count in sorted(pairs.items())
    )
    counts = {name: (sum(one.used == name for one in uses), sum(one.user == name for one in uses)) for name in names}
    strata = tuple((name,) for name in names)
    return Parts("", parts, (), (), uses, (), counts, strata, (), tuple(names[at] for at in hubs))


def read(text: str) -> str:
    """Return a label as a reader of the drawing sees it: Mermaid keeps entities in a form of its own."""
    return html.unescape(text.replace("ﬂ°°", "&#").replace("ﬂ°", "&").replace("¶ß", ";"))


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_a_hostile_name_is_read_letter_by_letter(parse_mermaid, name):
    """Quotes, brackets, keywords, markup, directives: Mermaid sees two boxes, an arrow, and the name as it is shown."""
    said = parse_mermaid(mermaid(parts_of([name, "other"], {(0, 1): 3})))

    assert "error" not in said
    assert [["p0", "p1", "3", "normal"]] == said["edges"]
    assert [safe_line(f"{name}0"), safe_line("other1")] == [read(text.split("<br")[0]) for _, text, _ in said["nodes"]]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(st.text(max_size=30) | st.sampled_from(HOSTILE), min_size=1, max_size=6),
    pairs=st.dictionaries(st.tuples(st.integers(0, 5), st.integers(0, 5)), st.integers(1, 999), max_size=12),
)
def test_any_names_make_a_flowchart_that_renders(parse_mermaid, names, pairs):
    """As many boxes and arrows as there are parts and uses, whatever the names hold."""
    pairs = {pair: count for pair, count in pairs.items() if max(pair) < len(names) and pair[0] != pair[1]}
    made = parts_of(names, pairs)

    said = parse_mermaid(mermaid(made))

    assert "error" not in said
    assert len(names) == len(said["nodes"])
    assert sorted(pairs.values()) == sorted(int(text) for _, _, text, _ in said["edges"])
    assert [safe_line(part.name) for part in made.parts] == [
        read(text.partition("<br")[0]) for _, text, _ in said["nodes"]
    ]


def test_a_part_inside_of_a_part_stands_in_its_box(parse_mermaid):
    """--depth 2: the outer part is a group, and an arrow to it leads to the group."""
    inner = (Part("a/x", ("a/x",), 1), Part("a/y", ("a/y",), 1))
    outer = Part("a/", ("a/x", "a/y"), 2, None, 1, inner)
    uses = (Dependency("b", "a/", 2, ("f",), "b", 1),)
    within = (Dependency("a/x", "a/y", 1, ("g",), "a/x", 1),)
    made = Parts("", (outer, Part("b", ("b",), 1)), (), (), uses, within, {}, (("b",), ("a/",)), (), ())

    said = parse_mermaid(mermaid(made))

    assert [["p0", ["p2", "p3"]]] == [[group, sorted(nodes)] for group, _, nodes in said["groups"]]
    assert [["p1", "p0"], ["p2", "p3"]] == sorted(edge[:2] for edge in said["edges"])


def test_what_nearly_all_use_gets_no_arrows_and_says_so(parse_mermaid):
    """A hub would tie everything together: its box counts its users instead, and the arrows left out are counted."""
    made = parts_of(["a", "b", "c", "d", "hub"], {(at, 4): 5 for at in range(4)} | {(0, 1): 2}, hubs=(4,))

    said = parse_mermaid(mermaid(made))

    assert [["p0", "p1", "2", "normal"]] == said["edges"]
    assert "used by 4 of 4 parts" in next(text for _, text, _ in said["nodes"] if text.startswith("hub"))
    assert 4 == left_out(made)


def test_many_uses_are_thinned_out_to_the_heaviest_of_each_part():
    """An arrow for each of 45 uses shows nothing: each part keeps its two heaviest, the rest is counted."""
    pairs = {(a, b): 10 * a + b + 1 for a in range(10) for b in range(10) if a < b}
    made = parts_of(list("abcdefghij"), pairs)

    shown = drawn(made)

    assert len(shown) + left_out(made) == len(pairs)
    assert {"i8", "j9"} == {one.used for one in shown if one.user == "a0"}


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_a_graph_for_graphviz_holds_hostile_names_in_quotes(name):
    """Each label is one quoted string: no quote, line break or bare backslash of the name ends it early."""
    text = dot(parts_of([name, "other"], {(0, 1): 3}))

    for line in text.splitlines():
        assert 0 == line.replace("\\\\", "").replace('\\"', "").count('"') % 2, line
    assert 3 == text.count("[label=")
    assert "  p0 -> p1 [label=" in text


@pytest.mark.skipif(not shutil.which("dot"), reason="Graphviz is not on this machine")
@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_graphviz_reads_hostile_names(name):
    """The real dot draws two nodes and one edge."""
    text = dot(parts_of([name, "other"], {(0, 1): 3}))

    done = subprocess.run(["dot", "-Tplain"], input=text.encode(), capture_output=True, check=False)

    assert (0, 2, 1) == (done.returncode, done.stdout.count(b"\nnode "), done.stdout.count(b"\nedge "))
