"""The diagram of parts in characters: what the flowchart has, and who stands beside whom for the keys."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from codereader.facts.brief.parts.parts import Dependency, Part, Parts
from codereader.fronts.diagram import mermaid
from codereader.fronts.diagram_layout import Frame
from codereader.fronts.diagram_text import box_lines, diagram, shown_uses
from codereader.fronts.drawing.moves import neighbour
from codereader.reader import Reader


def parts_of(count: int, pairs: dict[tuple[int, int], int], hubs: tuple[int, ...] = ()) -> Parts:
    """Return *count* parts that use each other."""
    names = [f"part{at}/" for at in range(count)]
    parts = tuple(Part(name, (f"{name}a.c",), 10, None, count - at) for at, name in enumerate(names))
    uses = tuple(
        Dependency(names[a], names[b], many, ("x",), f"{names[a]}a.c", 1, a > b)
        for (a, b), many in sorted(pairs.items())
    )
    counts = {name: (sum(one.used == name for one in uses), sum(one.user == name for one in uses)) for name in names}
    return Parts("", parts, (), (), uses, (), counts, tuple((n,) for n in names), (), tuple(names[at] for at in hubs))


@pytest.mark.parametrize("count", [1, 2, 9, 16])
def test_it_has_the_boxes_and_arrows_of_the_flowchart(count) -> None:
    """The same nodes, the same edges, the same counts, the same of them dashed."""
    pairs = {(a, b): a * 17 + b + 1 for a in range(count) for b in range(count) if a != b and (a * b) % 3 != 1}
    found = parts_of(count, pairs, hubs=(count - 1,) if count > 4 else ())
    text = mermaid(found)
    ids = dict(re.findall(r"(p\d+)\(?\[\"([^<\"]+)", text))
    arrows = {
        (ids[a], ids[b], n, dashed == "-.->")
        for a, dashed, n, b in re.findall(r"(p\d+) (-\.?->)\|\"(\d+)\"\| (p\d+)", text)
    }

    made = diagram(found)

    assert set(ids.values()) == {frame.key for frame in made.frames}
    assert {(one.user, one.used, str(one.names), one.is_upward) for one in shown_uses(found)} == arrows
    assert {(a, b) for a, b, _, _ in arrows} == set(made.runs)
    assert arrows <= {(one.user, one.used, str(one.names), one.is_upward) for one in shown_uses(found, every=True)}


def test_what_a_tree_is_made_of_is_drawn_as_its_flowchart(tmp_path) -> None:
    """On files: the parts that the brief finds."""
    for folder, other in (("a", "b"), ("b", "c"), ("c", "d"), ("d", "")):
        (tmp_path / "tree" / folder).mkdir(parents=True)
        body = f"{other}_init();" if other else ""
        (tmp_path / "tree" / folder / "x.c").write_text(f"int {folder}_init(void) {{ {body} return 0; }}\n")
    with Reader(tmp_path / "tree") as reader:
        reader.open()
        found = reader.brief().parts
    assert found is not None

    assert {("a/x.c", "b/x.c"), ("b/x.c", "c/x.c"), ("c/x.c", "d/x.c")} == {
        (Path(a, "x.c").as_posix() if a.endswith("/") else a, Path(b, "x.c").as_posix() if b.endswith("/") else b)
        for a, b in diagram(found).runs
    }


def test_a_crowd_is_drawn_by_name_alone() -> None:
    """Sixty parts: one line a box."""
    found = parts_of(60, {(a, a + 1): 2 for a in range(59)})

    made = diagram(found)

    assert 60 == len(made.frames)
    assert {3} == {frame.bottom - frame.top + 1 for frame in made.frames}


def test_what_nearly_all_use_says_so_in_its_box() -> None:
    """The arrows into it are not drawn; the box tells how many there are."""
    found = parts_of(6, {(at, 5): 3 for at in range(5)}, hubs=(5,))

    assert ("part5/", "10 lines", "used by 5 of 5") == box_lines(found, found.parts[5])


def test_the_middle_of_a_long_name_is_left_out() -> None:
    """A box is not as wide as a path without end."""
    found = parts_of(1, {})
    part = Part("very/" * 20 + "end/", ("x.c",), 1)

    name = box_lines(found, part)[0]
    assert len(name) == 32
    assert name.startswith("very/")
    assert name.endswith("end/")


def test_keys_move_in_a_row_and_to_the_nearest_of_the_next() -> None:
    """Two boxes above, one below: left and right stay in the row, down and up change it, an edge stays."""
    frames = [Frame("a", 0, 0, 4, 2), Frame("b", 10, 0, 14, 2), Frame("c", 9, 6, 13, 8)]

    assert "b" == neighbour(frames, "a", "right")
    assert "a" == neighbour(frames, "b", "left")
    assert "c" == neighbour(frames, "a", "down")
    assert "b" == neighbour(frames, "c", "up")
    assert "a" == neighbour(frames, "a", "up")
    assert "c" == neighbour(frames, "c", "right")
    assert "a" == neighbour(frames, "gone", "up")
