"""The edge of a scope: where control enters it, and which names it offers to others. For every language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from math import log2

from codereader.facts.brief.c.operations import is_trial
from codereader.facts.brief.lines import Draft
from codereader.facts.brief.material import Material, base, one_line, spelled, tally
from codereader.facts.fact import Fact
from codereader.facts.graph.relations import C_LANGUAGE_NAMES, is_registering
from codereader.facts.rank import is_minor
from codereader.facts.words import counted
from codereader.index.parsed import Definition, Entry, Export
from codereader.index.view import At
from codereader.source.spans import line_of

ENTRIES_COUNTED = 12
"""More entry points than this are counted by kind first."""

EXPORTS_ONE_BY_ONE = 2
"""More exports than this are told file by file."""

TOLD_ENTRIES = 30
"""So many initcalls are told with what they set up; looking that up reads their files."""

SYSCALLS_ONE_BY_ONE = 3
"""More system calls in one file than this share a fact."""

_PROGRAM_ORDER = ("console script", "main", "syscall", "initcall", "exitcall", "parameter")
_KERNEL_ORDER = ("syscall", "initcall", "main", "console script", "exitcall", "parameter")
_UNDOING = re.compile(
    r"(^|_)(un|de)_?regist|^(put|free|kfree|kvfree|vfree|iput|dput|panic|printk|pr_\w+|memset|memcpy|snprintf|sprintf"
    r"|strcmp|strlen|msleep|goto|dev_(err|info|warn|dbg))$|(^|_)(free|destroy|remove|unlock|lock|exit|cleanup|del|fini)(_|$)"
    r"|^for_each|^sizeof|_check_|^totalram|^rounddown|^roundup|_to_jiffies$|^per_cpu|^(INIT_|BUILD_BUG|WARN|BUG)|^(min|max|list|IS|set|clear|test|rcu|atomic|jiffies|ilog2|__ilog2)_"
)


def entries_section(material: Material) -> Draft:
    """Return where control enters the scope, and what is set up there."""
    ordered = [at for at in ordered_entries(material) if at.fact.kind != "parameter"]
    facts = [*_system_calls(material, ordered), *_other_entries(material, ordered)]
    facts.sort(key=lambda fact: is_minor(fact.path or ""))
    if len(ordered) > ENTRIES_COUNTED:
        kinds = ", ".join(counted(number, kind) for kind, number in tally(at.fact.kind for at in ordered))
        facts.insert(0, Fact(material.view.scope.name, "has", kinds, kinds))
    return Draft("Entry points", tuple(facts), weight=4, first=3)


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


def _system_calls(material: Material, ordered: Sequence[At[Entry]]) -> Iterator[Fact]:
    """Yield the system calls: those of one file together where they are many, then those of the other files."""
    files: dict[str, list[At[Entry]]] = {}
    for at in ordered:
        if at.fact.kind == "syscall":
            files.setdefault(at.path, []).append(at)
    many = [calls for calls in files.values() if len(calls) > SYSCALLS_ONE_BY_ONE]
    few = [calls for calls in files.values() if len(calls) <= SYSCALLS_ONE_BY_ONE]
    for calls in many:
        yield _calls_of_user(material, calls, [_bare(at) for at in calls])
    if many or len(few) > SYSCALLS_ONE_BY_ONE:
        named = [f"{', '.join(dict.fromkeys(_bare(at) for at in calls))} ({base(calls[0].path)})" for calls in few]
        if named:
            yield _calls_of_user(material, [at for calls in few for at in calls], named)
    else:
        yield from (_entry(at) for calls in few for at in calls)


def _bare(at: At[Entry]) -> str:
    return at.fact.name.removeprefix("sys_")


def _calls_of_user(material: Material, calls: Sequence[At[Entry]], names: Sequence[str]) -> Fact:
    first, line = calls[0], line_of(calls[0].fact.row)
    head = f"{counted(len(calls), 'system call')}: "
    text = spelled(head, list(dict.fromkeys(names)), material.room(first.path, line))
    return Fact(", ".join(at.fact.name for at in calls), "syscall", first.fact.via, text, first.path, line)


def _other_entries(material: Material, ordered: Sequence[At[Entry]]) -> Iterator[Fact]:
    """Yield the initcalls, those that set up most first, then the rest.

    What undoes a file's only initcall stands with it.
    """
    starts = [at for at in ordered if at.fact.kind == "initcall"]
    alone = {path for path, number in tally(at.path for at in starts) if number == 1}
    ends: dict[str, list[At[Entry]]] = {}
    for at in ordered:
        if at.fact.kind == "exitcall":
            ends.setdefault(at.path, []).append(at)
    paired = {path: some[0] for path, some in ends.items() if len(some) == 1 and path in alone}
    told = [(at, _set_up(material, at)) for at in starts[:TOLD_ENTRIES]]
    told.sort(key=lambda one: -round(material.scores.get(one[0].path, 0.0) * (1 + log2(1 + len(one[1])) / 4), 6))
    told.sort(key=lambda one: is_trial(one[0].path))
    for at, steps in [*told, *((at, []) for at in starts[TOLD_ENTRIES:])]:
        yield _initcall(material, at, paired.get(at.path), steps)
    with_start = {id(at) for at in paired.values()}
    for at in ordered:
        if at.fact.kind not in ("initcall", "syscall") and id(at) not in with_start:
            yield _entry(at)


def _initcall(material: Material, at: At[Entry], end: At[Entry] | None, steps: Sequence[str]) -> Fact:
    entry, line = at.fact, line_of(at.fact.row)
    head, tail = f"{entry.via}({entry.name})", f"; {end.fact.via}({end.fact.name})" if end else ""
    width = material.room(at.path, line, entry.condition) - len(tail)
    text = (spelled(f"{head} calls ", steps, width) if steps else head) + tail
    return Fact(entry.name, entry.kind, entry.via, text, at.path, line, entry.condition)


def _set_up(material: Material, at: At[Entry]) -> list[str]:
    """Return what an initcall calls, what registers first, without what only undoes or reports."""
    counts: dict[str, int] = {}
    for used in material.flow.inside(at.path, at.fact.name):
        if used.kind == "call" and used.receiver is None and used.name not in C_LANGUAGE_NAMES:
            counts[used.name] = counts.get(used.name, 0) + 1
    telling = [name for name in counts if not _UNDOING.search(name) and not name.isupper()]
    telling.sort(key=lambda name: not is_registering(name))
    return [name if counts[name] == 1 else f"{name} x{counts[name]}" for name in telling]


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
    facts = tuple(_exports(material)) if len(material.exports) <= EXPORTS_ONE_BY_ONE else tuple(_by_file(material))
    return Draft("Exports", facts or tuple(_visible(material)), weight=1.5 if facts else 0.5, first=1)


def _by_file(material: Material) -> Iterator[Fact]:
    """Yield one fact a file with exports, its most used symbols first, after one that counts them all."""
    name = material.view.scope.name
    kinds = [f"{kind} {number:,}" for kind, number in tally(at.fact.kind for at in material.exports)]
    text = spelled(f"{len(material.exports):,} symbols: ", kinds, material.room(None))
    yield Fact(name, "exports", ", ".join(kinds), text)
    files: dict[str, list[At[Export]]] = {}
    for at in material.exports:
        files.setdefault(at.path, []).append(at)
    users = material.view.referring_files()
    for path in sorted(files, key=lambda path: (-material.scores.get(path, 0.0), path)):
        some = sorted(files[path], key=lambda at: (-users.get(at.fact.name, 0), at.fact.row, at.fact.name))
        line = line_of(some[0].fact.row)
        names = list(dict.fromkeys(at.fact.name for at in some))
        text = spelled(f"{path}  {counted(len(names), 'symbol')}: ", names, material.room(path, line))
        yield Fact(path, "exports", ", ".join(names), text, path, line)


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
    first = seen[0]
    line = line_of(first.fact.row)
    head = f"nothing exported; {counted(len(seen), 'non-static function')} visible to other files: "
    text = spelled(head, [at.fact.name for at in seen], material.room(first.path, line))
    yield Fact(material.view.scope.name, "exports", "nothing", text, first.path, line)
    for at in seen:
        text = one_line(at.fact.signature)
        yield Fact(at.fact.name, "visible", "non-static", text, at.path, line_of(at.fact.row), at.fact.condition)


def _is_visible(material: Material, at: At[Definition]) -> bool:
    """Tell whether a C function has external linkage and is no system call or program's own main."""
    if material.language(at.path) != "c" or at.path.endswith(".h"):
        return False
    words = at.fact.signature.partition("(")[0].split()
    return "static" not in words and at.fact.name != "main" and "SYSCALL_DEFINE" not in at.fact.signature
