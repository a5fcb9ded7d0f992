"""The main data structures of a C scope: how much of it deals with each, who makes and frees them, what they hold."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from codereader.facts.brief.c.chains import words_of
from codereader.facts.brief.c.lifetimes import Life, lifetimes
from codereader.facts.brief.c.operations import is_trial
from codereader.facts.brief.lines import Draft
from codereader.facts.brief.material import Material, one_line, spelled, tally
from codereader.facts.fact import Fact
from codereader.facts.rank import is_minor
from codereader.facts.words import counted
from codereader.index.parsed import Definition
from codereader.index.view import At
from codereader.source.spans import line_of

DOC_WIDTH = 60
"""Characters of a type's own sentence that its fact quotes."""

MAKERS = 2
"""Most functions that are named as making or as freeing a type."""

OUTSIDE_TYPES = 4
"""So many types that others define are told with who makes them here."""

OWN_SHARE = 4
"""How much more a type counts that is called like the scope."""

OUTSIDE_USES = 3
"""A type from outside is told when it is named so often."""

CONTAINERS = frozenset("list_head hlist_head rb_root rb_node work_struct ctl_table qstr scatterlist page".split())
"""Types of others that everybody makes: that this scope does says nothing about it."""

ENOUGH = 30
"""So much of a line must be left for members to be named."""

_TYPES = ("struct", "union", "enum", "typedef")
_NAMED = re.compile(rb"\b(?:struct|union|enum) (\w+)")
_TAKEN = re.compile(r"\b(?:struct|union|enum) (\w+)")
_MEMBER = re.compile(r"(\w+)\s*(?:\[[^\]]*\]\s*)*(?::\s*\w+\s*)?$|\(\s*\*\s*(\w+)\s*\)")


def main_types(material: Material, around: Sequence[At[Definition]] = ()) -> Draft:
    """Return the types, those that the code names most often first; what others define stands among them.

    *around* are structs of headers that belong to the scope and lie outside of it.
    """
    functions = [at for at in material.definitions if at.fact.kind == "function" and material.language(at.path) == "c"]
    types = [at for at in material.definitions if at.fact.kind in _TYPES and material.language(at.path) == "c"]
    looked = material.read
    read = frozenset(looked)
    if not looked:
        return Draft("Main types", ())
    is_partly = bool(material.partly)
    users = _takers(functions) if is_partly else _users(material, looked)
    types += [at for at in around if users.get(at.fact.name, 0) >= OUTSIDE_USES and at.fact.fields]
    lives = lifetimes(
        material.texts, [at for at in functions if at.path in read and not is_trial(at.path)], _working(looked)
    )
    best = {id(at) for at in _fullest(types)}
    worth = {id(at): _importance(at, users, lives) * (1.0 if id(at) in best else 0.1) for at in types}
    ordered = sorted(
        types,
        key=lambda at: (
            is_minor(at.path), -worth[id(at)], _TYPES.index(at.fact.kind), at.path, at.fact.row, at.fact.name,
        ),
    )  # fmt: skip
    own = [_type(material, at, users, lives, is_partly=is_partly) for at in ordered]
    outside = _outside(material, users, lives, {at.fact.name for at in types})
    return Draft("Main types", (*outside[:1], *own[:4], *outside[1:], *own[4:]), weight=5, first=4)


def _working(paths: Sequence[str]) -> list[str]:
    """Return *paths* without what only tries others out: what it makes says nothing about who makes a type."""
    return [path for path in paths if not is_minor(path) and not is_trial(path)]


def _users(material: Material, paths: Sequence[str]) -> dict[str, int]:
    """Return how often *paths* name each struct, union or enum, those named most first, then by name."""
    counts: dict[str, int] = {}
    for path in paths:
        for found in _NAMED.findall(material.texts.whole(path)):
            name = found.decode("ascii", "replace")
            counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def _takers(functions: Sequence[At[Definition]]) -> dict[str, int]:
    """Return how many functions take or return each struct, union or enum, those of most first, then by name."""
    counts: dict[str, int] = {}
    for at in functions:
        for name in set(_TAKEN.findall(at.fact.signature)):
            counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def _fullest(types: Sequence[At[Definition]]) -> list[At[Definition]]:
    """Return of types with the same name the one with most members: the others are stubs or forward."""
    best: dict[str, At[Definition]] = {}
    for at in types:
        known = best.get(at.fact.name)
        if known is None or len(known.fact.fields) < len(at.fact.fields):
            best[at.fact.name] = at
    return list(best.values())


def _importance(at: At[Definition], users: Mapping[str, int], lives: Mapping[str, Life]) -> float:
    """Return how much a type matters: how often it is named, more where the scope also makes or frees it."""
    life = lives.get(at.fact.name)
    share = 1.5 if life and life.makers and at.fact.kind == "struct" else 1.0
    size = min(len(at.fact.fields), 40) / 10
    kind = {"struct": 1.0, "union": 0.5}.get(at.fact.kind, 0.2) * (0.5 if at.fact.condition else 1.0)
    return round(kind * (share * users.get(at.fact.name, 0) + size), 6)


def _type(
    material: Material, at: At[Definition], users: Mapping[str, int], lives: Mapping[str, Life], *, is_partly: bool
) -> Fact:
    definition = at.fact
    noun = "value" if definition.kind == "enum" else "member"
    line = line_of(definition.row)
    width = material.room(at.path, line, definition.condition)
    name = definition.name if definition.kind == "typedef" else f"{definition.kind} {definition.name}"
    often = _often(users.get(definition.name, 0), is_partly=is_partly)
    doc = [one_line(definition.doc, DOC_WIDTH).rstrip(":")] if definition.doc else []
    text = _within(name, [*doc, *_life(lives.get(definition.name)), *often], width)
    names = _members(definition)
    if definition.kind == "typedef" and not names:
        text = one_line(f"{text}; {definition.signature}", width)
    elif names and len(text) + ENOUGH < width:
        text = spelled(f"{text}; {counted(len(names), noun)}: ", names, width)
    held = "; ".join(definition.fields) or definition.signature
    return Fact(definition.name, definition.kind, held, text, at.path, line, definition.condition)


def _within(name: str, told: Sequence[str], width: int) -> str:
    """Return *name* with as much of what is *told* of it as fits."""
    text = name
    for one in told:
        if len(text) + len(one) + 2 <= width:
            text = f"{text}; {one}"
    return text


def _often(number: int, *, is_partly: bool) -> list[str]:
    if is_partly:
        return [f"taken or returned by {counted(number, 'function')}"] if number else []
    return [f"named {number:,} times"] if number > 1 else []


def _members(definition: Definition) -> list[str]:
    """Return the names of members; those of an enum with what stands behind them cut off."""
    if definition.kind == "enum":
        return [field.partition("=")[0].strip() for field in definition.fields]
    found = (_MEMBER.search(field.strip().rstrip(";")) for field in definition.fields)
    return [match[1] or match[2] for match in found if match]


def _life(life: Life | None) -> list[str]:
    """Return who makes, frees and lets go of a type, in words."""
    if life is None:
        return []
    parts = (("made by", life.makers), ("freed by", life.destroyers), ("released by", life.releasers))
    return [f"{words} {_some(list(names))}" for words, names in parts if names]


def _some(names: Sequence[str]) -> str:
    left = len(names) - MAKERS
    return ", ".join(names[:MAKERS]) + (f" and {left} more" if left > 0 else "")


def _prefixes(material: Material) -> frozenset[str]:
    """Return the words that the scope's own functions and files begin with: types of others so called are its own."""
    functions = (at.fact.name for at in material.definitions if at.fact.kind == "function")
    first = tally(name.strip("_").partition("_")[0] for name in functions)
    return frozenset({material.view.scope.name.lower(), *(word for word, _ in first[:1])})


def _outside(material: Material, users: Mapping[str, int], lives: Mapping[str, Life], own: set[str]) -> list[Fact]:
    """Return one fact that names the types of others that the scope works on, then those that it makes itself."""
    prefix = _prefixes(material)
    often = [name for name, number in users.items() if name not in own and number >= OUTSIDE_USES]
    often.sort(key=lambda name: (-users[name] * (OWN_SHARE if words_of(name) & prefix else 1), name))
    if not often:
        return []
    head = (
        "defined elsewhere, by functions that take them: struct " if material.partly else "defined elsewhere: struct "
    )
    names = [f"{name} ({users[name]:,})" for name in often]
    text = spelled(head, names, material.room(None))
    facts = [Fact(material.view.scope.name, "works on", ", ".join(often), text)]
    made = [name for name in often if name in lives and lives[name].makers and name not in CONTAINERS]
    for name in made[:OUTSIDE_TYPES]:
        first = next(iter(lives[name].makers.values()))
        line = line_of(first.fact.row)
        width = material.room(first.path, line)
        text = _within(f"struct {name}, defined elsewhere", _life(lives[name]), width)
        facts.append(Fact(name, "struct", f"named {users[name]} times", text, first.path, line))
    return facts
