"""What a file or a folder holds, and in which order to read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from codereader.facts.brief.material import LARGE_FILES, gather
from codereader.facts.brief.parts.parts import find_parts
from codereader.facts.fact import Fact
from codereader.facts.questions import structure
from codereader.facts.questions.answer import Answer, section, sections
from codereader.facts.questions.question import Question
from codereader.facts.questions.sentences import of_definition
from codereader.facts.questions.tree import Tree
from codereader.facts.rank import is_minor
from codereader.facts.words import counted, listed
from codereader.index.includes import include_map
from codereader.index.parsed import Definition
from codereader.index.view import At
from codereader.source.spans import line_of

FIRST_FILES = 12
"""So many files of a reading order are told."""

PARTS_READ = 7
"""So many parts are told with a file each."""

TEMPLATE = 3
"""So many files with the same words on themselves have them from a template, which tells nothing of one of them."""

SHARED = 3
"""A header that fewer files include is nothing to begin with."""

_LICENCE = re.compile(
    r"unless required by|licen[sc]ed? under|permission is hereby|copyright|redistribut|without warrant|may not use this"
    r"|may obtain a copy|free software",
    re.IGNORECASE,
)
"""Words of a licence, which tell nothing of a file."""

_ORDER = ("heading", "key", "target")


def contents(tree: Tree, question: Question) -> Answer:
    """Return what a file or a folder holds."""
    subject = question.subjects[0]
    files = tree.files_in(subject)
    if files == (subject.found,):
        return _of_file(tree, subject.found)
    facts = []
    shared = Counter(file.summary for path in files if (file := tree.view.file(path)))
    for path in tree.by_worth(files):
        file = tree.view.file(path)
        is_own = file and file.summary and shared[file.summary] < TEMPLATE and not _LICENCE.search(file.summary)
        words = f": {' '.join(file.summary.split())[:140]}" if file and file.summary and is_own else ""
        facts.append(
            Fact(path, "holds", words, f"{path}, {counted(file.lines if file else 0, 'line')}{words}", path, 1)
        )
    lines = sum(file.lines for path in files if (file := tree.view.file(path)))
    title = f"{subject.found} holds {counted(len(files), 'file')}, {counted(lines, 'line')}, the most important first"
    needs = structure.depends(tree, question)
    return Answer((section(tree, title, facts, 20, ordered=True), *needs.sections), needs.notes, 0, needs.blind)


def _of_file(tree: Tree, path: str) -> Answer:
    file = tree.view.file(path)
    words = " ".join(file.summary.split()) if file and file.summary and not _LICENCE.search(file.summary) else ""
    about = [Fact(path, "says", words, f"{path} says of itself: {words}", path, 1)] if words else []
    built = tree.build.of(path)
    if built:
        when = f"if {built.condition}" if built.condition else "always"
        about.append(Fact(path, "built if", when, f"{path} is built {when}", built.rule_path, built.line))
    definitions = [at for at in tree.view.definitions(path=path) if at.fact.kind not in _ORDER]
    entries = [
        Fact(
            at.fact.name,
            at.fact.kind,
            at.fact.via,
            f"{at.fact.name} runs by {at.fact.via}",
            path,
            line_of(at.fact.row),
            at.fact.condition,
        )
        for at in tree.view.entries(path=path)
    ]
    exports = [
        Fact(
            at.fact.name,
            "exported by",
            at.fact.kind,
            f"{at.fact.name} is exported by {at.fact.kind}",
            path,
            line_of(at.fact.row),
            at.fact.condition,
        )
        for at in tree.view.exports(path=path)
    ]
    top = [at for at in definitions if at.fact.owner is None or at.fact.kind == "method"]
    open_first = sorted(top, key=lambda at: (_standing(at), at.fact.row))
    facts = [of_definition(at) for at in open_first]
    return Answer(
        sections(
            section(tree, f"What {path} is", about, ordered=True),
            section(tree, f"Entry points ({len(entries):,})", entries, ordered=True),
            section(tree, f"Exports ({len(exports):,})", exports, 20, ordered=True),
            section(tree, f"Defines ({len(facts):,}), what others see first", facts, ordered=True),
        )
    )


def _standing(at: At[Definition]) -> int:
    """Rank a definition of a file: types and what others see, then other functions, variables, macros and values."""
    one = at.fact
    if one.kind in ("macro", "constant", "enumerator", "property"):
        return 3
    if one.kind == "variable":
        return 2
    is_inner = "static" in one.signature.partition("(")[0].split() or one.name.startswith("_")
    return int(one.kind in ("function", "method") and is_inner)


# -- where to start -------------------------------------------------------------------------------------------------


def reading(tree: Tree, question: Question) -> Answer:
    """Return an order in which to read, each file with the reason: words first, then what all others build on."""
    if tree.brief is not None:
        shared = [one for one in tree.brief().sections if one.title.casefold().startswith(("reading", "read first"))]
        if shared and tree.within(question.subjects) is None:
            return Answer(tuple(shared))
    within = tree.within(question.subjects)
    files = [path for path in tree.paths if within is None or path in within]
    chosen: dict[str, str] = {}
    for path in sorted((one for one in files if _is_readme(one)), key=lambda one: (one.count("/"), one))[:1]:
        chosen[path] = "says in words what this is"
    ranked = [path for path in tree.by_worth(files) if not is_minor(path)]
    starts = _starts(tree, frozenset(files))
    for path in [one for one in ranked if one in starts and "/" not in one][:2]:
        chosen.setdefault(path, f"control comes in here: {listed(starts[path], 3)}")
    if within is None and len(files) > LARGE_FILES:
        _add_parts(tree, chosen)
    for path, users in _headers(tree, ranked)[:2]:
        chosen.setdefault(path, f"what it declares is used by {counted(users, 'file')}")
    for path in [one for one in ranked if one in starts][:2]:
        chosen.setdefault(path, f"control comes in here: {listed(starts[path], 3)}")
    for path in ranked:
        if len(chosen) >= FIRST_FILES:
            break
        chosen.setdefault(path, _why(tree, path))
    facts = [
        Fact(path, "read", why, f"{number}. {path}: {why}", path, 1)
        for number, (path, why) in enumerate(chosen.items(), 1)
    ]
    return Answer((section(tree, "Read in this order", facts, ordered=True),))


def _add_parts(tree: Tree, chosen: dict[str, str]) -> None:
    """Add the most important file of each of the largest parts, the lowest layer first."""
    parts = find_parts(gather(tree.view)).parts[:PARTS_READ]
    for part in sorted(parts, key=lambda one: (one.stratum, one.name)):
        words = f": {part.purpose.words}" if part.purpose and part.purpose.words else ""
        first = f"the most important file of {part.name}, " if len(part.files) > 1 else ""
        chosen.setdefault(part.files[0], f"{first}layer {part.stratum + 1}{words}")


def _headers(tree: Tree, ranked: Sequence[str]) -> list[tuple[str, int]]:
    """Return the headers of the scope that most files include, at least `SHARED` of them."""
    known = include_map(tree.view)
    users: dict[str, int] = {}
    for path in tree.paths:
        for target in sorted({one for include in known.includes(path) for one in known.included(path, include)}):
            users[target] = users.get(target, 0) + 1
    found = [(path, users[path]) for path in ranked if path.endswith((".h", ".hpp")) and users.get(path, 0) >= SHARED]
    return sorted(found, key=lambda one: (-one[1], one[0]))


def _is_readme(path: str) -> bool:
    return path.rpartition("/")[2].upper().startswith("README")


def _starts(tree: Tree, files: frozenset[str]) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for at in tree.view.entries():
        if at.path in files and at.fact.kind != "parameter":
            found.setdefault(at.path, []).append(at.fact.name)
    return found


def _why(tree: Tree, path: str) -> str:
    file = tree.view.file(path)
    words = " ".join(file.summary.split())[:120] if file and file.summary and not _LICENCE.search(file.summary) else ""
    return f"among the most used{f': {words}' if words else ''}"
