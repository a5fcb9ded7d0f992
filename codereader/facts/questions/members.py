"""The members of structs and classes: which there are and who writes them.

Writing is read off the text of functions, since the index keeps calls and mentions alone: ``->name =``, ``.name++``,
``WRITE_ONCE(p->name, v)`` and their like. Comments and strings do not count.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from codereader.errors import NothingReadable
from codereader.facts.fact import Fact, Section
from codereader.facts.graph.symbol import read_symbol
from codereader.facts.questions.answer import Answer, narrowed, nothing_seen, section, sections
from codereader.facts.questions.question import Question
from codereader.facts.questions.sentences import of_definition
from codereader.facts.questions.tree import Tree
from codereader.facts.words import counted
from codereader.index.c.preprocessor import plain
from codereader.index.parsed import Definition
from codereader.index.view import At
from codereader.source.spans import line_of

_ASSIGNED = r"(?:\[[^\]\n]*\])?(?:\.\w+)*\s*(?:(?:[-+*/%|&^]|<<|>>)?=(?!=)|\+\+|--)"
_STORES = (
    r"(?:WRITE_ONCE|smp_store_release|smp_store_mb|xchg|cmpxchg|rcu_assign_pointer|RCU_INIT_POINTER"
    r"|atomic\w*_(?:set|inc|dec|add|sub)\w*|refcount_set)"
)
_STRING = re.compile(rb"\"(?:\\.|[^\"\\\n])*\"")
_SILENT_PYTHON = re.compile(rb"\"\"\".*?\"\"\"|'''.*?'''|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|#[^\n]*", re.DOTALL)
_SILENT = re.compile(rb"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|`[^`]*`", re.DOTALL)
"""What is neither code of Python, nor of other languages that are not C."""

_INITIALISING = re.compile(r"(^|_)(init|alloc|new|create|setup|probe|open|register|start|clone)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Write:
    """One place that writes: the function around it (None at file level) and the text of the line."""

    at: At[Definition] | None
    path: str
    line: int
    text: str


# -- which there are ------------------------------------------------------------------------------------------------


def fields(tree: Tree, question: Question) -> Answer:
    """Return the members of the struct or class that is named."""
    subject = question.subjects[0]
    meant = [
        at
        for at in tree.meant(subject)
        if at.fact.kind in ("struct", "union", "enum", "class", "interface", "trait", "typedef")
    ]
    made = sections(*(fields_of(tree, at) for at in meant))
    text = f"{subject.found} has no members that the index knows"
    return Answer(made or nothing_seen(tree, subject, text, "has"))


def fields_of(tree: Tree, at: At[Definition], most: int | None = None) -> Section:
    """Return the members of a struct, the values of an enum, or the methods and attributes of a class."""
    one = at.fact
    if one.kind in ("class", "interface", "trait"):
        inner = f"{one.owner}.{one.name}" if one.owner else one.name
        own = [each for each in tree.view.definitions(path=at.path) if each.fact.owner == inner]
        facts = [of_definition(each) for each in own]
        bases = f", derived from {', '.join(one.fields)}" if one.fields else ""
        return section(tree, f"Members of {one.kind} {one.name}{bases} ({len(facts):,})", facts, most, ordered=True)
    facts = [Fact(one.name, "has member", text, text, at.path, line_of(one.row)) for text in one.fields]
    return section(tree, f"Members of {one.kind} {one.name} ({len(facts):,})", facts, most, ordered=True)


# -- who writes -----------------------------------------------------------------------------------------------------


def written(tree: Tree, question: Question) -> Answer:
    """Return where the member or variable that is named is written."""
    subject = question.subjects[0]
    names = aliases(tree, read_symbol(subject.found).name)
    owner = read_symbol(subject.found).owner
    found = narrowed(tree, question, writes(tree, names, is_member=owner is not None))
    facts = _by_writer(found, subject.found)
    title = f"{subject.found} is written in {counted(len(facts), 'function')} ({counted(len(found), 'place')})"
    notes = [f"{names[0]} is a macro for {names[1]}: writes of either count"] if len(names) > 1 else []
    if owner:
        notes.append(f"members called {names[0]} of other structs than {owner} are not told apart")
    text = f"nothing in {tree.name} is seen to write {subject.found}"
    ways = "through pointers to it, and by macros" if tree.has_c else "under another name for it, and by calls"
    blind = (f"writes {ways} that hide the assignment, are not seen",)
    return Answer(
        sections(section(tree, title, facts)) or nothing_seen(tree, subject, text, "is written by"),
        tuple(notes),
        0,
        blind,
    )


def aliases(tree: Tree, name: str) -> list[str]:
    """Return *name*, and what it stands for where it is a macro that names a member: ``__sk_common.skc_state``."""
    if not tree.has_c:
        return [name]
    found = tree.view.macros(name=name) or tree.linked.headers.macros(name=name)
    more = {
        body[0] for at in found if at.fact.parameters is None and (body := re.findall(r"\.(\w+)\s*$", at.fact.body))
    }
    return [name, *sorted(more)]


def _by_writer(found: Sequence[Write], name: str) -> list[Fact]:
    """Return one fact a function that writes: its first place, and how many more."""
    functions: dict[tuple[str, int | None], list[Write]] = {}
    for one in found:
        functions.setdefault((one.path, one.at.fact.row if one.at else None), []).append(one)
    facts = []
    for some in functions.values():
        fact = _write_fact(some[0], name)
        more = f", and in {counted(len(some) - 1, 'more line')}" if len(some) > 1 else ""
        facts.append(replace(fact, text=fact.text + more))
    return facts


def _write_fact(one: Write, name: str) -> Fact:
    subject = one.at.fact.name if one.at else "code outside of functions"
    condition = one.at.fact.condition if one.at else None
    return Fact(subject, "writes", name, f"{subject} writes it: {one.text}", one.path, one.line, condition)


def writes(tree: Tree, names: Sequence[str], *, is_member: bool = False) -> Iterator[Write]:
    """Yield the places that write something called one of *names*, by path and line; of a member, through an object."""
    alone = "" if is_member else r"|(?<![\w.>])"
    some = "|".join(re.escape(name) for name in names)
    pattern = re.compile(
        rf"(?:(?:->|\.{alone})(?:{some})\b{_ASSIGNED})|(?:(?:\+\+|--)[\w>.-]*\b(?:{some})\b)"
        rf"|(?:\b{_STORES}\(\s*(?:\([^()\n]*\)\s*)*&?[\w>.()\[\]-]*\b(?:{some})\b)".encode()
    )
    for path in tree.paths:
        tree.check()
        yield from matches(tree, path, pattern, [name.encode() for name in names])


def matches(tree: Tree, path: str, pattern: re.Pattern[bytes], names: Sequence[bytes]) -> Iterator[Write]:
    """Yield what *pattern* finds in the code of a file, one place a line."""
    content = code_of(tree, path, names)
    if content is None:
        return
    bare, lines = content
    starts = [match.start() for match in re.finditer(rb"^", bare, re.MULTILINE)]
    functions: list[At[Definition]] | None = None
    last = -1
    for match in pattern.finditer(bare):
        row = bisect_right(starts, match.start()) - 1
        if row == last:
            continue
        last = row
        if functions is None:
            functions = [
                at for at in tree.view.definitions(path=path) if at.fact.kind in ("function", "method", "macro")
            ]
        text = " ".join(lines[row].decode("utf-8", "replace").split())
        yield Write(innermost(functions, row), path, row + 1, text if len(text) <= 100 else f"{text[:99]}…")


def code_of(tree: Tree, path: str, names: Sequence[bytes] = ()) -> tuple[bytes, list[bytes]] | None:
    """Return a file without comments and strings, and its lines as written; None where none of *names* stands in it."""
    language = tree.language(path)
    if language in ("markdown", "text", "make", "kconfig", "json", "yaml", "toml", ""):
        return None
    try:
        text = tree.view.text(path)
    except NothingReadable:
        return None
    if names and not any(name in text for name in names):
        return None
    if path in tree.bare:
        bare = tree.bare[path]
    elif language in ("c", "cpp"):
        bare = _STRING.sub(_blank, bytes(plain(text).text))
    else:
        bare = (_SILENT_PYTHON if language == "python" else _SILENT).sub(_blank, text)
    tree.bare[path] = bare
    return bare, text.split(b"\n")


def _blank(found: re.Match[bytes]) -> bytes:
    return re.sub(rb"[^\n]", b" ", found[0])


def innermost(functions: Sequence[At[Definition]], row: int) -> At[Definition] | None:
    """Return the smallest of *functions* that holds the 0-based *row*."""
    around = [at for at in functions if at.fact.span.first_row <= row <= at.fact.span.last_row]
    return min(around, key=lambda at: (at.fact.span.last_row - at.fact.span.first_row, at.fact.row), default=None)


def initialised(tree: Tree, question: Question) -> Answer:
    """Return where the name gets its first value: its definition, then writes in functions that set things up."""
    subject = question.subjects[0]
    symbol = read_symbol(subject.found)
    name = symbol.name
    meant = [at for at in tree.meant(subject) if at.fact.kind in ("variable", "constant", "property")]
    starts = [_starts(tree, at) for at in meant]
    setup = re.compile(
        rf"\b(\w*(?:init|INIT|setup|alloc|create|register)\w*)\s*\((?:[^;()\n]*[,(\s])?&?[\w>.-]*\b{re.escape(name)}\b".encode()
    )
    calls = [one for path in tree.paths for one in matches(tree, path, setup, [name.encode()])]
    found = list(writes(tree, aliases(tree, name)))
    early = [one for one in found if one.at and _INITIALISING.search(one.at.fact.name)]
    made = sections(
        section(tree, f"Definition of {subject.found}", starts),
        section(tree, f"Handed to a function that sets up ({len(calls):,})", [_set_up(one, name) for one in calls]),
        section(tree, f"Written by functions named for it ({len(early):,})", _by_writer(early, name)),
    )
    others = len(found) - len(early)
    notes = (f"{counted(others, 'other place writes', 'other places write')} it",) if made and others else ()
    text = f"nothing in {tree.name} is seen to initialise {subject.found}"
    return Answer(made or nothing_seen(tree, subject, text, "is initialised by"), notes)


def _starts(tree: Tree, at: At[Definition]) -> Fact:
    fact = of_definition(at)
    text = tree.view.text(at.path)[at.fact.span.start : at.fact.span.end] if not at.path.startswith("../") else b""
    how = "with a value of its own" if b"=" in text else "without a value: zero until it is written"
    return Fact(
        fact.subject, "is initialised", how, f"{fact.text}: defined {how}", fact.path, fact.line, fact.condition
    )


def _set_up(one: Write, name: str) -> Fact:
    subject = one.at.fact.name if one.at else "code outside of functions"
    return Fact(subject, "initialises", name, f"{subject}: {one.text}", one.path, one.line)
