"""What tells two files, two functions, or the variants of one name under different conditions apart.

Files that do the same for two families have other names for the same function: ``udp_rcv`` and ``udpv6_rcv``. Such
names are held to be one where nothing else differs (`family`). Bodies are compared as text without comments and
spaces.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from codereader.errors import NothingReadable
from codereader.facts.fact import Fact, Section
from codereader.facts.questions.answer import Answer, nothing_seen, section, sections
from codereader.facts.questions.members import code_of
from codereader.facts.questions.question import Question, Subject
from codereader.facts.questions.sentences import of_definition, shown
from codereader.facts.questions.tree import Tree
from codereader.facts.words import counted, listed
from codereader.index.parsed import Definition
from codereader.index.view import At
from codereader.source.spans import line_of

_FAMILY = re.compile(r"_?v[46](?=_|\b|$)|(?<=[a-z_])[46](?=_|$)|(?:no)?mmu|(?<=[a-z_])(?:32|64)(?=_|\b|$)")
_KINDS = ("function", "method", "class", "macro", "struct", "variable")


@dataclass(frozen=True, slots=True)
class _Pair:
    """The same thing on both sides."""

    one: At[Definition]
    other: At[Definition]


def differences(tree: Tree, question: Question) -> Answer:
    """Return how two files or two names differ, or the definitions of one name."""
    subjects = question.subjects
    if len(subjects) < 2:
        return _variants(tree, subjects[0])
    first, second = subjects[:2]
    if first.kind == second.kind == "path":
        return _files(tree, first, second)
    return _symbols(tree, first, second)


def family(name: str) -> str:
    """Return *name* without what tells one address family, word size or the like from another."""
    return re.sub(r"__+", "_", _FAMILY.sub("", name.lower())).strip("_")


# -- files ----------------------------------------------------------------------------------------------------------


def _files(tree: Tree, first: Subject, second: Subject) -> Answer:
    if not all(tree.view.file(one.found) for one in (first, second)):
        return _folders(tree, first, second)
    mine, theirs = _defined(tree, first.found), _defined(tree, second.found)
    pairs = _paired(mine, theirs)
    same: list[_Pair] = []
    changed: list[_Pair] = []
    for pair in pairs:
        (same if _is_same(tree, pair) else changed).append(pair)
    paired = {id(at) for pair in pairs for at in (pair.one, pair.other)}
    only = [[at for at in side if id(at) not in paired] for side in (mine, theirs)]
    functions = [sum(at.fact.kind in ("function", "method") for at in side) for side in (mine, theirs)]
    text = (
        f"{first.found} has {counted(functions[0], 'function')}, {second.found} {functions[1]:,};"
        f" {counted(len(same), 'definition')} the same in both, {len(changed):,} in both but different,"
        f" {len(only[0]):,} only in {first.found}, {len(only[1]):,} only in {second.found}"
    )
    summary = [Fact(first.found, "differs from", second.found, text, first.found, 1), *_built(tree, first, second)]
    made = sections(
        section(tree, "In short", summary, ordered=True),
        section(
            tree,
            f"In both, but different ({len(changed):,})",
            [_difference(tree, one) for one in changed],
            ordered=True,
        ),
        section(
            tree,
            f"Only in {first.found} ({len(only[0]):,})",
            map(of_definition, _functions_first(only[0])),
            ordered=True,
        ),
        section(
            tree,
            f"Only in {second.found} ({len(only[1]):,})",
            map(of_definition, _functions_first(only[1])),
            ordered=True,
        ),
        section(tree, f"The same in both ({len(same):,})", [_sameness(one) for one in same], 30, ordered=True),
    )
    return Answer(
        made, (), 0, ("functions are paired by name, family apart: one that was renamed counts as only in one",)
    )


def _functions_first(found: Sequence[At[Definition]]) -> list[At[Definition]]:
    return sorted(found, key=lambda at: (at.fact.kind not in ("function", "method", "class"), at.fact.row))


def _defined(tree: Tree, path: str) -> list[At[Definition]]:
    return [at for at in tree.view.definitions(path=path) if at.fact.kind in _KINDS]


def _paired(mine: Sequence[At[Definition]], theirs: Sequence[At[Definition]]) -> list[_Pair]:
    """Pair what has the same name and owner, then what has the same family name, in the order of *mine*."""
    found: dict[int, _Pair] = {}
    taken: set[int] = set()
    for key in (_name, _family):
        waiting: dict[tuple[str, str], list[At[Definition]]] = {}
        for at in theirs:
            if id(at) not in taken:
                waiting.setdefault(key(at), []).append(at)
        for number, at in enumerate(mine):
            others = waiting.get(key(at), [])
            if number not in found and others:
                other = others.pop(0)
                taken.add(id(other))
                found[number] = _Pair(at, other)
    return [found[number] for number in sorted(found)]


def _name(at: At[Definition]) -> tuple[str, str]:
    return _kind(at), f"{at.fact.owner}.{at.fact.name}"


def _family(at: At[Definition]) -> tuple[str, str]:
    return _kind(at), family(at.fact.name)


def _kind(at: At[Definition]) -> str:
    return "function" if at.fact.kind in ("function", "method") else at.fact.kind


def _body(tree: Tree, at: At[Definition]) -> list[str]:
    """Return the lines of a definition without comments and spaces at their ends, empty ones left out."""
    content = code_of(tree, at.path)
    if content is None:
        return []
    text = content[0][at.fact.span.start : at.fact.span.end].decode("utf-8", "replace")
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def _is_same(tree: Tree, pair: _Pair) -> bool:
    is_head = pair.one.fact.name == pair.other.fact.name and shown(pair.one.fact) == shown(pair.other.fact)
    return is_head and _body(tree, pair.one) == _body(tree, pair.other)


def _difference(tree: Tree, pair: _Pair) -> Fact:
    one, other = pair.one.fact, pair.other.fact
    mine, theirs = _body(tree, pair.one), _body(tree, pair.other)
    parts = []
    if one.name != other.name:
        parts.append(f"there {other.name}")
    mine_only, theirs_only = _parameters(one, other), _parameters(other, one)
    if mine_only or theirs_only:
        parts.append(f"takes {mine_only or 'nothing of its own'} against {theirs_only or 'nothing of its own'}")
    if entries := _entries(tree, pair):
        parts.append(entries)
    if one.condition != other.condition:
        parts.append(f"under {one.condition or 'no condition'} against {other.condition or 'none'}")
    bare = [[_FAMILY.sub("", line) for line in side] for side in (mine, theirs)]
    ratio = difflib.SequenceMatcher(None, bare[0], bare[1], autojunk=False).ratio()
    family_apart = ", families apart" if one.name != other.name else ""
    parts.append(f"{round(100 * ratio)}% of the lines agree{family_apart} ({len(mine):,} and {len(theirs):,})")
    where = f"{pair.other.path}:{line_of(other.row)}"
    text = f"{one.kind} {one.name}: {'; '.join(parts)}; the other at {where}"
    return Fact(one.name, "differs from", other.name, text, pair.one.path, line_of(one.row), one.condition)


def _entries(tree: Tree, pair: _Pair) -> str:
    """Return how two tables of functions differ, member by member; empty for anything else."""
    sides = []
    for at in (pair.one, pair.other):
        found = tree.view.tables(path=at.path) if at.fact.kind == "variable" else ()
        sides.append({one.fact.field: one.fact.function for one in found if one.fact.variable == at.fact.name})
    mine, theirs = sides
    texts = [
        f"{field} is {mine[field]} against {theirs.get(field, 'none')}"
        for field in mine
        if mine[field] != theirs.get(field)
    ]
    texts += [f"{field} is none against {theirs[field]}" for field in theirs if field not in mine]
    return ", ".join(texts)


def _parameters(one: Definition, other: Definition) -> str:
    """Return the parameters of a function that another one has not, as one text."""
    rest = list(_split(other))
    found = []
    for text in _split(one):
        if text in rest:
            rest.remove(text)
        else:
            found.append(text)
    text = ", ".join(found)
    return f"({text[:119]}…)" if len(text) > 120 else f"({text})" if text else ""


def _split(one: Definition) -> list[str]:
    head = " ".join(one.signature.split()).partition("(")[2].rpartition(")")[0]
    return [part.strip() for part in head.split(",") if part.strip()] if _is_called(one) else []


def _is_called(one: Definition) -> bool:
    return one.kind in ("function", "method", "macro")


def _sameness(pair: _Pair) -> Fact:
    one = pair.one.fact
    text = f"{one.kind} {one.name} is the same at {pair.other.path}:{line_of(pair.other.fact.row)}"
    return Fact(one.name, "is the same in", pair.other.path, text, pair.one.path, line_of(one.row), one.condition)


def _built(tree: Tree, *subjects: Subject) -> Iterator[Fact]:
    for subject in subjects:
        if built := tree.build.of(subject.found):
            when = f"if {built.condition}" if built.condition else "always"
            text = f"{subject.found} is built {when}"
            yield Fact(subject.found, "built if", when, text, built.rule_path, built.line)


def _folders(tree: Tree, first: Subject, second: Subject) -> Answer:
    """Return which files of two folders have the same name, family apart."""
    sides = [[path.removeprefix(f"{one.found}/") for path in tree.files_in(one)] for one in (first, second)]
    if not all(sides):
        return Answer(
            nothing_seen(tree, first, f"{first.found} and {second.found} are not both folders", "differs from")
        )
    known: Mapping[str, str] = {family(path): path for path in reversed(sides[1])}
    both = [(path, known[family(path)]) for path in sides[0] if family(path) in known]
    only = [
        [path for path in sides[0] if path not in dict(both)],
        [path for path in sides[1] if path not in {b: a for a, b in both}],
    ]
    facts = [
        Fact(
            f"{first.found}/{one}",
            "is the twin of",
            f"{second.found}/{other}",
            f"{first.found}/{one} and {second.found}/{other}",
            f"{first.found}/{one}",
            1,
        )
        for one, other in both
    ]
    made = [section(tree, f"In both ({len(facts):,})", facts)]
    for subject, rest in zip((first, second), only, strict=True):
        alone = [
            Fact(
                f"{subject.found}/{path}",
                "is only in",
                subject.found,
                f"{subject.found}/{path}",
                f"{subject.found}/{path}",
                1,
            )
            for path in rest
        ]
        made.append(section(tree, f"Only in {subject.found} ({len(alone):,})", alone))
    return Answer(sections(*made))


# -- names ----------------------------------------------------------------------------------------------------------


def _variants(tree: Tree, subject: Subject) -> Answer:
    """Return the definitions of one name, the conditions they stand under, and what only one of them calls."""
    meant = tree.meant(subject)
    if len(meant) < 2:
        text = f"{subject.found} has {counted(len(meant), 'definition')}: there is nothing to compare"
        return Answer(nothing_seen(tree, subject, text, "differs from"))
    conditions = [f"{at.path}:{line_of(at.fact.row)} under {at.fact.condition or 'no condition'}" for at in meant]
    made = [
        section(
            tree, f"Definitions of {subject.found} ({len(meant):,}): {listed(conditions, 4)}", map(of_definition, meant)
        )
    ]
    made += _compared(tree, [(f"{at.path}:{line_of(at.fact.row)}", at) for at in meant[:2]])
    return Answer(sections(*made))


def _symbols(tree: Tree, first: Subject, second: Subject) -> Answer:
    """Return how two definitions differ: signature, lines, calls."""
    sides = [tree.meant(one) for one in (first, second)]
    if not all(sides):
        lost = second if sides[0] else first
        return Answer(nothing_seen(tree, lost, f"{lost.found} has no definition to compare", "differs from"))
    pair = _Pair(sides[0][0], sides[1][0])
    made = [
        section(tree, "The two", map(of_definition, (*sides[0], *sides[1])), ordered=True),
        Section("In short", (_difference(tree, pair),)),
        *_compared(tree, [(first.found, pair.one), (second.found, pair.other)]),
    ]
    return Answer(sections(*made))


def _compared(tree: Tree, sides: Sequence[tuple[str, At[Definition]]]) -> list[Section]:
    """Return what only the one and only the other calls."""
    calls = [{one.fact.name: one for one in _calls(tree, at)} for _, at in sides]
    made = []
    for (name, _), mine, theirs in zip(sides, calls, reversed(calls), strict=True):
        rest = {family(called) for called in theirs}
        alone = [at for called, at in mine.items() if family(called) not in rest]
        facts = [
            Fact(
                name,
                "calls",
                at.fact.name,
                f"{at.fact.caller} calls {at.fact.name}",
                at.path,
                line_of(at.fact.row),
                at.fact.condition,
            )
            for at in alone
        ]
        made.append(section(tree, f"Only {name} calls ({len(facts):,})", facts, ordered=True))
    return made


def _calls(tree: Tree, at: At[Definition]):  # type: ignore[no-untyped-def]
    if at.path.startswith("../"):
        return []
    span = at.fact.span
    try:
        found = tree.view.references(path=at.path, kind="call")
    except NothingReadable:
        return []
    return [one for one in found if span.first_row <= one.fact.row <= span.last_row]
