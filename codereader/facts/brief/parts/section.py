"""The section "Parts" of a brief: what a scope is made of, in strata, and who uses whom."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import replace

from codereader.facts.brief.lines import Draft
from codereader.facts.brief.material import Material, one_line
from codereader.facts.brief.parts.parts import Dependency, Part, Parts
from codereader.facts.fact import PAGE_WIDTH, Fact
from codereader.facts.words import counted

WIDTH = PAGE_WIDTH - 2
"""Most characters of one line without a place."""

FEW_FOLDERS = 3
"""A scope that is listed file by file has its parts told too where so many of them are folders."""

FIRST = 11
"""So many lines the section gets before others grow: the strata, the largest cycle, some parts."""

SHORTEST = 36
NEIGHBOURS = 56
"""The words on a part are cut down to so many characters, so that so many are left for the parts around it."""

INDENT = "  "


def parts_section(material: Material, found: Parts) -> Draft:
    """Return the parts of a scope, most important first, between the strata and the rest; empty where files say it all.

    What every part uses stands behind all that, one dependency a line.
    """
    folders = [part for part in found.parts if part.name.endswith("/")]
    if len(found.parts) < 2 or not (material.is_large or len(folders) >= FEW_FOLDERS):
        return Draft("Parts", ())
    facts = tuple(_clipped(material, fact) for fact in _facts(material, found))
    return Draft("Parts", facts, weight=4, first=min(len(facts), FIRST))


def label(found: Parts, name: str) -> str:
    """Return the name of a part as it is shown: without the folder that all parts lie in."""
    shown = name.removeprefix(found.prefix) or name
    return "./*" if shown == "*" else shown


def _facts(material: Material, found: Parts) -> Iterator[Fact]:
    yield from _strata(material, found)
    yield from _cycles(material, found)
    for part in found.parts:
        yield from _part(material, found, part)
    yield from _upward(found)
    yield from _rest(material, found)
    yield from _beside(found)
    downward = [one for one in found.dependencies if not one.is_upward]
    for one in sorted(downward, key=lambda one: (-one.names, one.user, one.used)):
        yield _dependency(found, one)


def _bare(found: Parts, name: str) -> str:
    return label(found, name).removesuffix("/")


def _strata(material: Material, found: Parts) -> Iterator[Fact]:
    """Yield the strata, top first, in as many lines as they need."""
    levels = [", ".join(_bare(found, name) for name in level) for level in found.strata]
    if len(levels) < 2:
        return
    text = f"in {found.prefix}, top first: " if found.prefix else "top first: "
    for at, level in enumerate(levels):
        step = f"{level}{' > ' if at < len(levels) - 1 else ''}"
        if len(text) + len(step) > WIDTH and text.strip():
            yield Fact(found.prefix or material.view.scope.name, "layers", text.strip(), text.rstrip())
            text = INDENT
        text += step
    yield Fact(found.prefix or material.view.scope.name, "layers", text.strip(), text)


def _cycles(material: Material, found: Parts) -> Iterator[Fact]:
    """Yield each cycle with the heaviest use that closes it and what runs the other way, both with their places."""
    against = _against(found)
    for cycle in sorted(found.cycles, key=lambda cycle: (-len(cycle), cycle)):
        closing = next(one for one in against if {one.user, one.used} <= set(cycle))
        yield from _cycle(material, found, cycle, closing)


def _against(found: Parts) -> list[Dependency]:
    """Return what runs against the strata, heaviest first."""
    against = [one for one in found.dependencies if one.is_upward]
    return sorted(against, key=lambda one: (-one.names, one.user, one.used))


def _upward(found: Parts) -> Iterator[Fact]:
    """Yield all that runs against the strata in one line."""
    pairs = [f"{_bare(found, one.user)} -> {_bare(found, one.used)} ({one.names})" for one in _against(found)]
    if len(pairs) > 1:
        text = _listed("upward, with how many names: ", pairs, WIDTH)
        yield Fact(found.prefix or "parts", "upward", ", ".join(pairs), text)


def _between(found: Parts, user: str, used: str) -> Dependency | None:
    return next((one for one in found.dependencies if (one.user, one.used) == (user, used)), None)


def _cycle(material: Material, found: Parts, cycle: Sequence[str], closing: Dependency) -> Iterator[Fact]:
    names = [_bare(found, name) for name in cycle]
    text = f"{_bare(found, closing.user)} uses {counted(closing.names, 'name')} of {_bare(found, closing.used)}"
    text += f" ({closing.examples[0]})"
    back = _between(found, closing.used, closing.user)
    if back:
        text += f", {back.names:,} the other way ({back.examples[0]}, {back.path}:{back.line})"
    head = _listed(f"cycle of {len(names)}: ", names, WIDTH)
    if len(head) + len(text) + 2 <= material.room(closing.path, closing.line):
        yield Fact(", ".join(names), "cycle", ", ".join(names), f"{head}; {text}", closing.path, closing.line)
        return
    yield Fact(", ".join(names), "cycle", ", ".join(names), head)
    yield Fact(closing.user, "closes cycle", closing.used, f"{INDENT}closed where {text}", closing.path, closing.line)


def _part(material: Material, found: Parts, part: Part, depth: int = 0, around: str = "") -> Iterator[Fact]:
    """Yield a part and those inside of it; *around* begins their names and goes without saying."""
    purpose = part.purpose
    path, line = (purpose.path, purpose.line) if purpose else (part.files[0], 1)
    words = purpose.words if purpose else _main_files(part)
    shown = label(found, part.name.removeprefix(around))
    head, size = f"{INDENT * depth}{shown}  ", f"; {_size(part)}"
    room = material.room(path, line) - len(head) - len(size)
    whole = _neighbours(found, part, WIDTH, around)
    words = one_line(words, max(SHORTEST, room - min(NEIGHBOURS, len(whole))))
    behind = _neighbours(found, part, room - len(words), around) if whole else ""
    yield Fact(part.name, "is", words, f"{head}{words}{size}{behind}", path, line)
    for inner in part.inside:
        yield from _part(material, found, inner, depth + 1, part.name.rstrip("*"))
    if part.left_out:
        text = f"{INDENT * (depth + 1)}{counted(part.left_out, 'smaller part')}"
        yield Fact(part.name, "holds", f"{part.left_out} smaller parts", text)


def _neighbours(found: Parts, part: Part, room: int, around: str) -> str:
    """Return what a part uses and who uses it, as many as there is *room* for, the others counted."""
    used_by, uses = found.counts(part.name)
    targets = [_bare(found, one.used.removeprefix(around)) for one in found.uses(part.name)]
    users = [_bare(found, one.user.removeprefix(around)) for one in found.used_by(part.name)]
    behind = f"; used by {used_by} of {len(found.wider) - 1} parts" if part.name in found.hubs else ""
    if used_by and not behind:
        behind = _listed("; used by ", users, room // 2 if uses else room, used_by)
    if not uses:
        return behind
    before = _listed("; uses ", targets, room - len(behind), uses)
    if used_by and part.name not in found.hubs:
        behind = _listed("; used by ", users, room - len(before), used_by)
    return before + behind


def _size(part: Part) -> str:
    lines = counted(part.lines, "line")
    return lines if len(part.files) == 1 else f"{counted(len(part.files), 'file')}, {lines}"


def _main_files(part: Part) -> str:
    names = [posixpath.basename(path) for path in part.files[:3]]
    return ", ".join(names)


def _rest(material: Material, found: Parts) -> Iterator[Fact]:
    """Yield the parts that are not shown: those that no other part uses, and the others with how many do."""
    if not found.rest:
        return
    leaves = [part for part in found.rest if not found.wider[part.name][0]]
    others = sorted(
        (part for part in found.rest if found.wider[part.name][0]), key=lambda part: -found.wider[part.name][0]
    )
    for some, head in ((others, "used by others"), (leaves, "used by no other part")):
        if some:
            lines = sum(part.lines for part in some)
            names = [_bare(found, part.name) for part in some]
            text = f"{counted(len(some), 'smaller part')}, {head} ({counted(lines, 'line')}): "
            yield Fact(material.view.scope.name, "holds", ", ".join(names), _listed(text, names, WIDTH))


def _beside(found: Parts) -> Iterator[Fact]:
    if found.beside:
        names = [f"{_bare(found, part.name)} ({counted(len(part.files), 'file')})" for part in found.beside]
        yield Fact(", ".join(part.name for part in found.beside), "beside", "", _listed("beside them: ", names, WIDTH))


def _dependency(found: Parts, one: Dependency) -> Fact:
    names = ", ".join(one.examples)
    more = f" and {one.names - len(one.examples)} more" if one.names > len(one.examples) else ""
    text = f"{_bare(found, one.user)} uses {_bare(found, one.used)}: {names}{more}"
    return Fact(one.user, "uses", one.used, text, one.path, one.line)


def _listed(text: str, names: Sequence[str], room: int, total: int | None = None) -> str:
    """Add *names* to *text* as far as *room* allows, at least one; those of *total* that are missing are counted."""
    total = len(names) if total is None else total
    if not names:
        return f"{text}{counted(total, 'smaller part')}"
    made, shown = f"{text}{names[0]}", 1
    for name in names[1:]:
        longer = f"{made}, {name}"
        if len(longer) + (len(f" +{total}") if total > shown + 1 else 0) > room:
            break
        made, shown = longer, shown + 1
    return f"{made} +{total - shown}" if total > shown else made


def _clipped(material: Material, fact: Fact) -> Fact:
    """Return *fact* with its text cut to the width of the page where names are too long for it."""
    room = max(SHORTEST, material.room(fact.path, fact.line))
    return fact if len(fact.text) <= room else replace(fact, text=f"{fact.text[: room - 1]}…")
