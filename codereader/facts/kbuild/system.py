"""Which source files are built, and under which configuration.

Joins the rules of kernel-style makefiles (``obj-$(CONFIG_X) += x.o``, composite objects, sub-folders, variables of the
same file, overriding with ``:=``) to the files of a scope. A condition is a text such as
``CONFIG_INET && !CONFIG_MMU``; None means always. Only what the rules say is claimed: a folder whose parent
makefile lies outside the scope carries its own conditions alone (`codereader.facts.kbuild.chain` reads that one too).
Never runs make.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from codereader.index.parsed import BuildRule
from codereader.index.view import IndexView
from codereader.source.spans import line_of

SOURCE_SUFFIXES = (".c", ".S", ".s", ".rs", ".cc", ".cpp", ".cxx")
"""What an object file may be made from, in the order in which they are looked for."""

_ROOT_GOALS = ("obj", "lib")
_VARIABLE = re.compile(r"^\$[({]([\w./-]+)[)}]$")
_SYMBOL = re.compile(r"\bCONFIG_\w+")
_OVERRIDING = frozenset({":=", "::=", "="})
_GOAL = re.compile(r"(?P<goal>[\w./-]+?)-(?P<symbol>\$[({].*[)}]|y|m|n|objs)")

Literals = tuple[str, ...]
"""A conjunction: each text holds at once. Empty means always."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """One assignment of a makefile at ``path:line`` (1-based): ``name-suffix operator words``.

    `suffix` is what follows the last dash of the variable's name (``y``, ``objs``, ``$(CONFIG_X)``), empty for plain
    variables. `words` are as written, variables unexpanded.
    """

    path: str
    line: int
    name: str
    suffix: str
    operator: str
    words: tuple[str, ...]
    condition: str | None = None


@dataclass(frozen=True, slots=True)
class Built:
    """One source file and when it is built.

    `objects` are the composite objects it becomes part of, inner first, else its own object. `rule_path` and `line`
    (1-based) are the place of the rule that names it. `symbol` is the first configuration symbol of the rules of its
    folder that lead to it, None where they ask for none.
    """

    path: str
    condition: str | None
    objects: tuple[str, ...]
    rule_path: str
    line: int
    symbol: str | None = None


@dataclass(frozen=True, slots=True)
class BuiltFolder:
    """One sub-folder that a makefile descends into, and when. `path` has no trailing slash."""

    path: str
    condition: str | None
    rule_path: str
    line: int


@dataclass(frozen=True, slots=True)
class MissingObject:
    """An object that a rule names and for which the scope holds no source: generated, or somewhere else."""

    object: str
    rule_path: str
    line: int


@dataclass(frozen=True, slots=True)
class BuildMap:
    """What the makefiles of a scope say about it, every list sorted by path.

    `not_built` are sources beside a makefile with rules that none of its rules names.
    """

    built: tuple[Built, ...] = ()
    folders: tuple[BuiltFolder, ...] = ()
    missing: tuple[MissingObject, ...] = ()
    not_built: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    when: Literals
    rule: Assignment


@dataclass(slots=True)
class _Found:
    """Gathers what the rules lead to: for each path the alternatives in the order they were met."""

    files: dict[str, list[tuple[Literals, tuple[str, ...], Assignment]]] = field(default_factory=dict)
    folders: dict[str, list[tuple[Literals, Assignment]]] = field(default_factory=dict)
    missing: dict[tuple[str, int, str], MissingObject] = field(default_factory=dict)


def build_map(view: IndexView) -> BuildMap:
    """Return which files and folders of *view* are built, and when."""
    return map_rules(list(assignments(view)), [file.path for file in view.files()])


def assignments(view: IndexView) -> Iterator[Assignment]:
    """Yield the assignments of the makefiles of *view*, by path and line."""
    for file in view.files():
        if file.language == "make":
            yield from assignments_of(file.path, (at.fact for at in view.builds(path=file.path)))


def assignments_of(path: str, rules: Iterable[BuildRule]) -> Iterator[Assignment]:
    """Yield the assignments of the makefile *path*, in its order."""
    for rule in rules:
        goal = _GOAL.fullmatch(rule.variable)
        name, suffix = (goal["goal"], goal["symbol"]) if goal else (rule.variable, "")
        yield Assignment(path, line_of(rule.row), name, suffix, rule.operator, rule.words, rule.condition)


def map_rules(rules: Sequence[Assignment], paths: Iterable[str]) -> BuildMap:
    """Join *rules*, in file order, to the source files among *paths*."""
    known = frozenset(paths)
    makefiles = _by_folder(rules)
    found = _Found()
    for folder in makefiles:
        variables = _variables(makefiles[folder])
        for goal in _ROOT_GOALS:
            for word in variables.get((goal, "y"), []):
                _follow(word, folder, (), (), (), variables, known, found)
    return _assemble(found, makefiles, known)


def _by_folder(rules: Sequence[Assignment]) -> dict[str, list[Assignment]]:
    folders: dict[str, list[Assignment]] = {}
    for rule in rules:
        folders.setdefault(posixpath.dirname(rule.path), []).append(rule)
    return dict(sorted(folders.items()))


def _variables(rules: Sequence[Assignment]) -> dict[tuple[str, str], list[_Word]]:
    """Evaluate the assignments of one folder: each variable's words and when they are part of it."""
    variables: dict[tuple[str, str], list[_Word]] = {}
    for rule in rules:
        family, when = _target(rule)
        words = variables.setdefault((rule.name, family), [])
        if rule.operator in _OVERRIDING:
            words[:] = [_Word(word.text, (*word.when, *_negated(when)), word.rule) for word in words if when]
        words.extend(_Word(text, when, rule) for text in rule.words)
    return variables


def _target(rule: Assignment) -> tuple[str, Literals]:
    """Return which list of its name a rule adds to (``objs`` or ``y``), and when it does."""
    when = tuple(_SYMBOL.findall(rule.suffix))
    if rule.suffix == "n":
        when = ("never",)
    if rule.condition:
        when = (*when, rule.condition)
    return "objs" if rule.suffix == "objs" else "y", when


def _negated(when: Literals) -> Literals:
    if len(when) == 1:
        return (negate(when[0]),)
    return (f"!({' && '.join(when)})",) if when else ()


def negate(literal: str) -> str:
    """Return the opposite of one condition text."""
    if literal.startswith("!") and re.fullmatch(r"!\w+", literal):
        return literal[1:]
    return f"!{literal}" if re.fullmatch(r"\w+", literal) else f"!({literal})"


def _follow(
    word: _Word,
    folder: str,
    when: Literals,
    chain: tuple[str, ...],
    opened: tuple[str, ...],
    variables: Mapping[tuple[str, str], Sequence[_Word]],
    known: frozenset[str],
    found: _Found,
) -> None:
    """Trace one word of a rule to the files or folder that it stands for."""
    holds = _both(when, word.when)
    if holds is None or word.text in opened:
        return
    place = posixpath.normpath(posixpath.join(folder, word.text)) if folder else posixpath.normpath(word.text)
    variable = _VARIABLE.match(word.text)
    members = _listed(variable[1], variables) if variable else () if chain else _parts(word.text, variables)
    if members:
        inner = chain if variable else (word.text, *chain)
        within = (*opened, word.text) if variable else opened
        for member in members:
            _follow(member, folder, holds, inner, within, variables, known, found)
    elif word.text.endswith("/"):
        found.folders.setdefault(place, []).append((holds, word.rule))
    elif word.text.endswith(".o"):
        source = _source(place.removesuffix(".o"), known)
        if source:
            found.files.setdefault(source, []).append((holds, chain or (word.text,), word.rule))
        else:
            missing = MissingObject(word.text, word.rule.path, word.rule.line)
            found.missing.setdefault((missing.rule_path, missing.line, missing.object), missing)


def _parts(object_file: str, variables: Mapping[tuple[str, str], Sequence[_Word]]) -> Sequence[_Word]:
    """Return what a composite object is linked from, nothing for an object with a source of its own."""
    if not object_file.endswith(".o"):
        return ()
    stem = object_file.removesuffix(".o")
    return (*variables.get((stem, "objs"), ()), *variables.get((stem, "y"), ()))


def _listed(variable: str, variables: Mapping[tuple[str, str], Sequence[_Word]]) -> Sequence[_Word]:
    """Return the words of a variable named in full: ``file-mmu-y``, ``ramfs-objs``, ``common``."""
    name, _, suffix = variable.rpartition("-")
    if name and suffix in ("y", "objs"):
        return variables.get((name, suffix), ())
    return variables.get((variable, "y"), ())


def _both(first: Literals, second: Literals) -> Literals | None:
    """Join two conjunctions; None where they contradict each other."""
    joined = tuple(dict.fromkeys((*first, *second)))
    return None if any(negate(literal) in joined for literal in joined) else joined


def _source(stem: str, known: frozenset[str]) -> str | None:
    return next((stem + suffix for suffix in SOURCE_SUFFIXES if stem + suffix in known), None)


def _assemble(found: _Found, makefiles: Mapping[str, Sequence[Assignment]], known: frozenset[str]) -> BuildMap:
    chains = _folder_conditions(found)
    folders = tuple(
        BuiltFolder(path, render(chains[path]), ways[0][1].path, ways[0][1].line)
        for path, ways in sorted(found.folders.items())
    )
    built = tuple(_built(path, ways, chains) for path, ways in sorted(found.files.items()))
    beside = (path for path in known if path.endswith(SOURCE_SUFFIXES) and posixpath.dirname(path) in makefiles)
    not_built = tuple(sorted(path for path in beside if path not in found.files)) if built else ()
    return BuildMap(built, folders, tuple(found.missing[key] for key in sorted(found.missing)), not_built)


def _built(
    path: str,
    ways: Sequence[tuple[Literals, tuple[str, ...], Assignment]],
    chains: Mapping[str, Sequence[Literals]],
) -> Built:
    alternatives: list[Literals] = []
    for when, _, rule in ways:
        above = chains.get(posixpath.dirname(rule.path), [()])
        alternatives.extend(joined for chain in above if (joined := _both(chain, when)) is not None)
    when, objects, rule = ways[0]
    symbols = _SYMBOL.findall(" ".join(when))
    return Built(path, render(alternatives), objects, rule.path, rule.line, symbols[0] if symbols else None)


def _folder_conditions(found: _Found) -> dict[str, list[Literals]]:
    """Return for each folder that is descended into the alternatives under which that happens."""
    chains: dict[str, list[Literals]] = {}
    for path in sorted(found.folders, key=lambda path: (path.count("/"), path)):
        alternatives: list[Literals] = []
        for when, rule in found.folders[path]:
            above = chains.get(posixpath.dirname(rule.path), [()])
            alternatives.extend(joined for chain in above if (joined := _both(chain, when)) is not None)
        chains[path] = alternatives or [()]
    return chains


def render(alternatives: Sequence[Literals]) -> str | None:
    """Return alternatives of conjunctions as one text, None when one of them always holds."""
    kept = list(_minimal(alternatives))
    if not kept or () in kept:
        return None
    texts = [" && ".join(_wrapped(literals)) for literals in kept]
    if len(texts) == 1:
        return texts[0]
    return " || ".join(f"({text})" if " && " in text else text for text in texts)


def _wrapped(literals: Literals) -> Iterator[str]:
    for literal in literals:
        yield f"({literal})" if " || " in literal and len(literals) > 1 and not literal.startswith("!(") else literal


def _minimal(alternatives: Sequence[Literals]) -> Iterator[Literals]:
    """Leave out alternatives that another one already covers."""
    distinct = list(dict.fromkeys(alternatives))
    for index, literals in enumerate(distinct):
        others = (other for place, other in enumerate(distinct) if place != index)
        if not any(set(other) < set(literals) for other in others):
            yield literals


def without(condition: str | None, literal: str) -> str | None:
    """Return *condition* without one *literal* of its conjunction; alternatives are left as they are."""
    if condition is None or " || " in condition:
        return condition
    return " && ".join(part for part in condition.split(" && ") if part != literal) or None
