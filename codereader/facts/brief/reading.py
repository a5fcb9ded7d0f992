"""In which order to read a C scope, and why: what it registers first, then what it shares, then what works most."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from codereader.facts.brief.c.registered import is_telling
from codereader.facts.brief.lines import Draft
from codereader.facts.brief.material import Material, one_line
from codereader.facts.fact import Fact
from codereader.facts.rank import is_minor
from codereader.facts.words import counted, listed
from codereader.index.view import IndexedFile
from codereader.source.spans import line_of

STEPS = 7
"""Most files of a reading order."""


ENTRIES = 20
"""So many initcalls are looked at for the one to begin with."""


def reading_section(material: Material, registers: Sequence[Fact], operations: Sequence[Fact]) -> Draft:
    """Return the files to read first, each once, with the reason.

    *registers* and *operations* are the facts of those sections, most important first.
    """
    seen: set[str] = set()
    facts = []
    for path, line, reason in _steps(material, registers, operations):
        if len(seen) == STEPS:
            break
        if path not in seen and not is_minor(path):
            seen.add(path)
            file = material.view.file(path)
            lines = f" ({counted(file.lines, 'line')})" if file else ""
            text = one_line(f"{len(seen)}. {path}{lines}: {reason}", material.room(path, line))
            facts.append(Fact(path, "read", reason, text, path, line))
    code = [file for file in material.files if file.language == "c"]
    if len(code) < 2:
        return Draft("Read in this order", ())
    return Draft("Read in this order", tuple(facts), weight=3, first=3)


def _steps(material: Material, registers: Sequence[Fact], operations: Sequence[Fact]) -> Iterator[tuple[str, int, str]]:
    yield from _entry(material, registers)
    yield from _header(material)
    for fact in operations:
        if fact.path and not fact.text.startswith(" "):
            yield fact.path, fact.line or 1, f"{fact.subject}, where {_begins(fact)}"
    for file in material.files:
        if file.language == "c":
            yield file.path, 1, f"much used: {_defines(material, file)}"


def _begins(fact: Fact) -> str:
    field = fact.text.partition(":")[0].strip()
    return f"{field} comes in" if field.startswith(".") or field == "system call" else "others call in"


def _entry(material: Material, registers: Sequence[Fact]) -> Iterator[tuple[str, int, str]]:
    """Yield the initcall that registers most, weighed by its file."""
    calls: list[tuple[float, str, int, str, list[str]]] = []
    starts = [at for at in material.entries if at.fact.kind == "initcall" and not is_minor(at.path)]
    starts.sort(key=lambda at: (-material.scores.get(at.path, 0.0), at.path, at.fact.row))
    for at in starts[:ENTRIES]:
        inside = material.flow.inside(at.path, at.fact.name)
        made = list(dict.fromkeys(one.name for one in inside if one.kind == "call" and is_telling(one.name)))
        if made:
            score = round(material.scores.get(at.path, 0.0) * (1 + len(made)), 6)
            calls.append((-score, at.path, line_of(at.fact.row), at.fact.name, made))
    for _, path, line, name, made in sorted(calls)[:1]:
        yield path, line, f"{name} sets it up: {listed(made, 4)}"
    if not calls:
        for fact in registers[:1]:
            if fact.path:
                yield fact.path, fact.line or 1, f"registers {fact.subject.partition(',')[0]}"


def _header(material: Material) -> Iterator[tuple[str, int, str]]:
    """Yield the header of the scope that most of its files include."""
    headers = {file.path for file in material.files if file.path.endswith(".h")}
    counts: dict[str, set[str]] = {}
    for at in material.view.includes():
        beside = posixpath.normpath(posixpath.join(posixpath.dirname(at.path), at.fact.target))
        if beside in headers and not at.fact.system:
            counts.setdefault(beside, set()).add(at.path)
    ordered = sorted(counts, key=lambda path: (-len(counts[path]), path))
    for path in ordered[:1]:
        if len(counts[path]) > 1:
            types = [
                at for at in material.definitions if at.path == path and at.fact.kind == "struct" and at.fact.fields
            ]
            types.sort(key=lambda at: (-material.uses.mentions.get(at.fact.name, 0), at.fact.row))
            held = f", defines struct {listed([at.fact.name for at in types], 3)}" if types else ""
            yield path, 1, f"included by {counted(len(counts[path]), 'file')}{held}"


def _defines(material: Material, file: IndexedFile) -> str:
    users = material.view.referring_files()
    names = [at.fact.name for at in material.view.definitions(path=file.path, kinds=("function",))]
    names.sort(key=lambda name: (-users.get(name, 0), name))
    return listed(names[:4], 4) or "definitions"
