"""What the plan screen draws: memory as bars by kind, ways to run as the rows of a table, remarks in hung lines.

Kinds are told apart by their characters, and by the colours of the theme where there are any.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Sequence

from rich.text import Text
from textual.content import Content

from codereader.engine.plan import size
from codereader.fronts.plans.alternatives import HEADS
from codereader.fronts.plans.bars import LIMIT, bar, marks
from codereader.fronts.plans.memory import KINDS, Kind, Memory, marks_of
from codereader.fronts.plans.words import where
from codereader.fronts.text import safe_line

NAME = 24
"""Columns of a device's name before its bar at most."""

ROOMY = 90
"""Columns from which names stand before the bars, not above."""

LEAST_LIMIT = 24
"""Columns of a limit in the table at least."""

LABEL = 8
"""Columns of a label before a remark."""

COLOURS: dict[Kind, str] = {
    "weights": "$primary",
    "experts": "$accent",
    "cache": "$success",
    "compute": "$foreground",
    "headroom": "dim",
    "free": "dim",
}


def cells_of(found: Sequence[Sequence[str]], width: int) -> list[list[Text]]:
    """Return rows as cells of a table, numbers to the right, the last column cut to the *width* of the screen."""
    taken = sum(max(len(cell) for cell in column) + 2 for column in list(zip(HEADS, *found, strict=True))[:-1])
    room = max(LEAST_LIMIT, width - taken - 5)
    return [
        [Text(cell, justify="right" if cell[:1].isdigit() else "left") for cell in row[:-1]]
        + [Text(row[-1] if len(row[-1]) <= room else row[-1][: room - 1] + "…")]
        for row in found
    ]


def bars(held: tuple[Memory, ...], width: int) -> Content:
    """Return the memory of each device as a bar and its parts in words, and what the characters mean."""
    plain = marks(sys.__stdout__)
    mark = marks_of(plain)
    names = [where(one.name) if one.about in ("", one.name) else f"{where(one.name)} {one.about}" for one in held]
    indent = min(NAME, max(map(len, names), default=0)) + 2 if width >= ROOMY else 0
    lines: list[Content] = []
    for name, one in zip(names, held, strict=True):
        told = f"{one.used / 2**30:,.1f} of {one.free / 2**30:,.1f} GiB"
        room = max(10, width - indent - (len(told) + 2 if indent else 0))
        drawn = bar([(mark[kind], one.parts[kind]) for kind in KINDS[:5]], one.free, room, plain)
        colour = {mark[kind]: COLOURS[kind] for kind in KINDS} | {LIMIT: "bold $error"}
        cells = [(character, colour.get(character, "")) for character in drawn]
        if indent:
            head = name if len(name) <= NAME else name[: NAME - 3] + "..."
            lines.append(Content.assemble((f"{head:<{indent}}", "bold"), *cells, f"  {told}"))
        else:
            lines += [Content.assemble((name, "bold"), f"  {told}"), Content.assemble(*cells)]
        parts = [f"{kind} {size(one.parts[kind])}" for kind in KINDS if one.parts[kind]]
        parts += [f"{size(one.lacks)} too much"] if one.lacks else []
        lines += [Content.styled(line, "dim") for line in _hung(" " * indent, ", ".join(parts), width)]
    legend = [part for kind in KINDS for part in ((mark[kind], COLOURS[kind]), (f" {kind}  ", "dim"))]
    lines.append(Content.assemble(" " * indent, *legend))
    return Content("\n").join(lines)


def _hung(head: str, text: str, width: int) -> list[str]:
    """Return *text* behind *head* in lines of *width* characters, all indented like the first."""
    space = " " * len(head)
    return textwrap.wrap(text, width, initial_indent=head, subsequent_indent=space, break_on_hyphens=False)


def remarks_of(remarks: list[tuple[str, str]], width: int) -> Content:
    """Return labelled sentences in lines of *width* characters, indented behind their labels."""
    lines = []
    for label, text in remarks:
        first, *rest = _hung(f"{label:<{LABEL}}", safe_line(text), width)
        lines.append(Content.assemble((first[:LABEL], "dim"), first[LABEL:]))
        lines += map(Content, rest)
    return Content("\n").join(lines)
