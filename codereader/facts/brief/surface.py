"""The edge of a scope: where control enters it, and which names it offers to others. For every language."""

from __future__ import annotations

from collections.abc import Iterator

from codereader.facts.brief.lines import Draft
from codereader.facts.brief.material import Material, counted, listed, one_line, tally
from codereader.facts.fact import Fact
from codereader.facts.rank import is_minor
from codereader.index.parsed import Definition, Entry
from codereader.index.view import At
from codereader.source.spans import line_of

ENTRIES_COUNTED = 12
"""More entry points than this are counted by kind first."""

_PROGRAM_ORDER = ("console script", "main", "syscall", "initcall", "exitcall", "parameter")
_KERNEL_ORDER = ("syscall", "initcall", "exitcall", "main", "console script", "parameter")


def entries_section(material: Material) -> Draft:
    """Return where control enters the scope."""
    ordered = ordered_entries(material)
    facts = [_entry(at) for at in ordered]
    if len(facts) > ENTRIES_COUNTED:
        kinds = ", ".join(counted(number, kind) for kind, number in tally(at.fact.kind for at in ordered))
        facts.insert(0, Fact(material.view.scope.name, "has", kinds, kinds))
    return Draft("Entry points", tuple(facts), weight=5, first=4)


def ordered_entries(material: Material) -> list[At[Entry]]:
    """Return the entry points, most important first: in a kernel's tree, system calls and initcalls before programs."""
    is_kernel = any(at.fact.kind in ("syscall", "initcall") and not is_minor(at.path) for at in material.entries)
    order = _KERNEL_ORDER if is_kernel else _PROGRAM_ORDER
    return sorted(
        material.entries,
        key=lambda at: (
            is_minor(at.path), order.index(at.fact.kind), -material.scores.get(at.path, 0.0), at.path, at.fact.row,
            at.fact.name,
        ),
    )  # fmt: skip


def _entry(at: At[Entry]) -> Fact:
    entry = at.fact
    text = {
        "console script": f"command {entry.via} runs {entry.name}",
        "main": entry.name if entry.name == entry.via else f"{entry.name} ({entry.via})",
        "syscall": f"system call {entry.name}, by {entry.via}",
    }.get(entry.kind, f"{entry.via}({entry.name})")
    return Fact(entry.name, entry.kind, entry.via, text, at.path, line_of(entry.row), entry.condition)


def exports_section(material: Material) -> Draft:
    """Return what the scope offers: exported symbols, else, in C, the functions that other files can see."""
    facts = tuple(_exports(material))
    return Draft("Exports", facts or tuple(_visible(material)), weight=1, first=1)


def _exports(material: Material) -> Iterator[Fact]:
    known = {(at.path, at.fact.name): at.fact for at in material.definitions}
    ordered = sorted(
        material.exports, key=lambda at: (-material.scores.get(at.path, 0.0), at.path, at.fact.row, at.fact.name)
    )
    for at in ordered:
        definition = known.get((at.path, at.fact.name))
        text = f"{at.fact.name}  {at.fact.kind}"
        if definition and definition.kind != "function":
            text = f"{text}, {definition.kind}"
        yield Fact(at.fact.name, "exported by", at.fact.kind, text, at.path, line_of(at.fact.row), at.fact.condition)


def _visible(material: Material) -> Iterator[Fact]:
    seen = [at for at in material.definitions if at.fact.kind == "function" and _is_visible(material, at)]
    if not seen:
        return
    seen.sort(key=lambda at: (-material.scores.get(at.path, 0.0), at.path, at.fact.row, at.fact.name))
    names = listed([at.fact.name for at in seen])
    text = f"nothing exported; {counted(len(seen), 'non-static function')} visible to other files: {names}"
    first = seen[0]
    yield Fact(material.view.scope.name, "exports", "nothing", text, first.path, line_of(first.fact.row))
    for at in seen:
        text = one_line(at.fact.signature)
        yield Fact(at.fact.name, "visible", "non-static", text, at.path, line_of(at.fact.row), at.fact.condition)


def _is_visible(material: Material, at: At[Definition]) -> bool:
    """Tell whether a C function has external linkage and is no system call or program's own main."""
    if material.language(at.path) != "c" or at.path.endswith(".h"):
        return False
    words = at.fact.signature.partition("(")[0].split()
    return "static" not in words and at.fact.name != "main" and "SYSCALL_DEFINE" not in at.fact.signature
