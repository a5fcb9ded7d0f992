"""Drawings of the parts of a tree: a flowchart of Mermaid for Markdown, and a graph for Graphviz.

A Mermaid flowchart shows what a person can follow: per part its heaviest uses, upward ones dotted, none of those into
parts that nearly all use. The graph for Graphviz draws them all. Names of files are data: whatever they hold, they end
up as the letters of a label.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from math import log2
from typing import TYPE_CHECKING

from codereader.fronts.text import counted, safe_line

if TYPE_CHECKING:
    from codereader.facts.brief.parts.parts import Dependency, Part, Parts

FEW_USES = 24
"""So many arrows are all drawn."""

USES_EACH = 2
"""With more, so many of each part's heaviest are, and as many of those that point up as there are parts."""

BOX_WIDTH = 40
"""Longest line in a box, in characters."""

_PLAIN = re.compile(r"[^A-Za-z0-9 _./*,+()?@~^-]", re.ASCII)


def mermaid(found: Parts) -> str:
    """Return a flowchart of the parts, top stratum first, ending in a newline."""
    ids = _ids(found)
    lines = ["flowchart TD"]
    for part in _top_down(found):
        lines.extend(_mermaid_part(found, part, ids, "  "))
    for one in drawn(found):
        arrow = "-.->" if one.is_upward else "-->"
        lines.append(f'  {ids[one.user]} {arrow}|"{one.names}"| {ids[one.used]}')
    return "".join(f"{line}\n" for line in lines)


def drawn(found: Parts) -> list[Dependency]:
    """Return the dependencies that a flowchart shows, by (user, used)."""
    shown = [one for one in (*found.dependencies, *found.inner) if one.used not in found.hubs]
    if len(shown) > FEW_USES:
        shown = _heaviest(found, shown)
    return sorted(shown, key=lambda one: (one.user, one.used))


def _heaviest(found: Parts, some: Sequence[Dependency]) -> list[Dependency]:
    kept: list[Dependency] = []
    seen: dict[str, int] = {}
    upward = 0
    for one in sorted(some, key=lambda one: (-one.names, one.user, one.used)):
        if one.is_upward:
            upward += 1
            is_kept = upward <= len(found.parts) // 2
        else:
            seen[one.user] = seen.get(one.user, 0) + 1
            is_kept = seen[one.user] <= USES_EACH
        if is_kept:
            kept.append(one)
    return kept


def left_out(found: Parts) -> int:
    """Return how many dependencies a flowchart does not show."""
    return len(found.dependencies) + len(found.inner) - len(drawn(found))


def _mermaid_part(found: Parts, part: Part, ids: dict[str, str], indent: str) -> Iterator[str]:
    words = (shown_name(found, part.name), *_words(part), _about(found, part))
    label = f'"{"<br/>".join(_mermaid_text(one) for one in words)}"'
    if part.inside:
        yield f"{indent}subgraph {ids[part.name]}[{label}]"
        for one in part.inside:
            yield from _mermaid_part(found, one, ids, indent + "  ")
        yield f"{indent}end"
    elif part.name in found.hubs:
        yield f"{indent}{ids[part.name]}([{label}])"
    else:
        yield f"{indent}{ids[part.name]}[{label}]"


def _words(part: Part) -> tuple[str, ...]:
    """Return what a part is for, short enough for a box."""
    words = part.purpose.words if part.purpose else ""
    return (words if len(words) <= BOX_WIDTH else words[: BOX_WIDTH - 1].rpartition(" ")[0] + "…",) if words else ()


def _about(found: Parts, part: Part) -> str:
    lines = counted(part.lines, "line")
    if part.name in found.hubs:
        return f"{lines}, used by {found.wider[part.name][0]} of {len(found.wider) - 1} parts"
    return lines


def _mermaid_text(text: str) -> str:
    """Return *text* as it stands in a label between double quotes: all but plain letters as numbered entities.

    White space counts as plain inside a line alone: Mermaid strips it from the ends.
    """
    shown = safe_line(text)
    ends = (0, len(shown) - 1)
    return "".join(
        f"#{ord(one)};"
        if (one < "\x80" and _PLAIN.match(one)) or (one.isspace() and (at in ends or one != " "))
        else one
        for at, one in enumerate(shown)
    )


def dot(found: Parts) -> str:
    """Return a graph of the parts and all their dependencies for Graphviz, ending in a newline."""
    ids = _ids(found)
    lines = [
        "digraph parts {",
        "  rankdir=TB; compound=true;",
        '  node [shape=box, fontname="sans-serif"]; edge [fontname="sans-serif", fontsize=10];',
    ]
    for part in _top_down(found):
        lines.extend(_dot_part(found, part, ids, "  "))
    for level in found.strata:
        nodes = [_node(found, name, ids) for name in level]
        plain = [node for node, is_cluster in nodes if not is_cluster]
        if len(plain) > 1:
            lines.append(f"  {{ rank=same; {' '.join(f'{node};' for node in plain)} }}")
    uses = sorted((*found.dependencies, *found.inner), key=lambda one: (one.user, one.used))
    lines.extend(f"  {_dot_use(found, one, ids)}" for one in uses)
    lines.append("}")
    return "".join(f"{line}\n" for line in lines)


def _dot_part(found: Parts, part: Part, ids: dict[str, str], indent: str) -> Iterator[str]:
    label = "\\n".join(_dot_text(one) for one in (shown_name(found, part.name), *_words(part), _about(found, part)))
    tip = _dot_text(part.purpose.words if part.purpose else part.name)
    if not part.inside:
        yield f'{indent}{ids[part.name]} [label="{label}", tooltip="{tip}"];'
        return
    yield f"{indent}subgraph cluster_{ids[part.name]} {{"
    yield f'{indent}  label="{label}"; tooltip="{tip}";'
    for one in part.inside:
        yield from _dot_part(found, one, ids, indent + "  ")
    yield f"{indent}}}"


def _dot_use(found: Parts, one: Dependency, ids: dict[str, str]) -> str:
    (user, user_holds), (used, used_holds) = _node(found, one.user, ids), _node(found, one.used, ids)
    names = _dot_text(", ".join(one.examples))
    tip = f"{names}: {_dot_text(one.path)}:{one.line}"
    settings = [f'label="{one.names}"', f"penwidth={1 + log2(max(1, one.names)) / 2:.1f}", f'tooltip="{tip}"']
    if user_holds:
        settings.append(f"ltail=cluster_{ids[one.user]}")
    if used_holds:
        settings.append(f"lhead=cluster_{ids[one.used]}")
    if one.is_upward:
        settings += ["style=dashed", "constraint=false"]
    elif not one.is_run:
        settings.append("style=dotted")
    if one.used in found.hubs:
        settings.append("color=gray")
    return f"{user} -> {used} [{', '.join(settings)}];"


def _node(found: Parts, name: str, ids: dict[str, str]) -> tuple[str, bool]:
    """Return the node that stands for a part, and whether that is one inside of it."""
    part = _find(found.parts, name)
    is_cluster = part is not None and bool(part.inside)
    while part is not None and part.inside:
        part = part.inside[0]
    return ids[part.name if part is not None else name], is_cluster


def _find(parts: Sequence[Part], name: str) -> Part | None:
    for part in parts:
        inner = part if part.name == name else _find(part.inside, name)
        if inner is not None:
            return inner
    return None


def _dot_text(text: str) -> str:
    """Return *text* as it stands in a label between double quotes."""
    return safe_line(text).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')


def shown_name(found: Parts, name: str) -> str:
    """Return what a part is called in a drawing: without the folder that all parts lie in."""
    shown = name.removeprefix(found.prefix) or name
    return "./*" if shown == "*" else shown


def _top_down(found: Parts) -> list[Part]:
    return sorted(found.parts, key=lambda part: (-part.stratum, part.name))


def _ids(found: Parts) -> dict[str, str]:
    """Return a name for each part that no drawing language can take for anything else."""
    names: list[str] = []
    waiting = list(_top_down(found))
    while waiting:
        part = waiting.pop(0)
        names.append(part.name)
        waiting.extend(part.inside)
    return {name: f"p{at}" for at, name in enumerate(names)}
