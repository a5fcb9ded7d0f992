"""The parts of a tree as a diagram in characters: the same boxes and arrows as the flowchart of Mermaid.

Names of files are data: control characters are shown, never sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from codereader.fronts.diagram import drawn, shown_name
from codereader.fronts.diagram_layout import BOXES, WIDTH, Drawing, Edge, Marks, Node, layout
from codereader.fronts.text import counted, safe_line

if TYPE_CHECKING:
    from codereader.facts.brief.parts.parts import Dependency, Part, Parts

LONGEST_NAME = 32
"""Cells of a name in a box; the middle of a longer one is left out."""

SHARES = (1.0, 0.8, 0.6)
"""Parts of the width that boxes are given, one after the other until the lines beside them fit too."""

CROWD = 30
"""With more boxes than this a box holds a name alone."""


def diagram(found: Parts, *, every: bool = False, width: int = WIDTH, marks: Marks = BOXES) -> Drawing:
    """Return the parts drawn in *width* characters where that can be; *every* draws lesser dependencies too."""
    is_crowd = len(found.parts) > CROWD
    nodes = [Node(part.name, box_lines(found, part, alone=is_crowd), part.name in found.hubs) for part in found.parts]
    edges = [Edge(one.user, one.used, f"{one.names:,}", one.is_upward) for one in shown_uses(found, every=every)]
    shares = SHARES[:1] if is_crowd else SHARES
    tries = [layout(nodes, edges, width=int(width * share), marks=marks) for share in shares]
    return next((one for one in tries if one.width <= width), tries[0])


def shown_uses(found: Parts, *, every: bool = False) -> list[Dependency]:
    """Return the dependencies that are drawn, by (user, used): those of the flowchart, or all between `Parts.parts`."""
    known = {part.name for part in found.parts}
    some = (*found.dependencies, *found.inner) if every else drawn(found)
    return sorted((one for one in some if {one.user, one.used} <= known), key=lambda one: (one.user, one.used))


def box_lines(found: Parts, part: Part, *, alone: bool = False) -> tuple[str, ...]:
    """Return what a box says: the name of a part, how many lines it has, by how many it is used where by nearly all.

    *alone*: the name only.
    """
    name = safe_line(shown_name(found, part.name))
    if len(name) > LONGEST_NAME:
        half = LONGEST_NAME // 2
        name = f"{name[: half - 1]}...{name[2 - half :]}"
    if alone:
        return (name,)
    lines = counted(part.lines, "line")
    if part.name not in found.hubs:
        return name, lines
    return name, lines, f"used by {found.wider[part.name][0]} of {len(found.wider) - 1}"
