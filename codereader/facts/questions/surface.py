"""What a scope offers and takes in: entry points, exports, system calls, configuration options. The index alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from codereader.facts.fact import Fact, Section
from codereader.facts.graph.symbol import read_symbol
from codereader.facts.kbuild.kconfig import prompt
from codereader.facts.questions.answer import Answer, place_of_subject, section, sections
from codereader.facts.questions.question import Question, Subject
from codereader.facts.questions.searched import searched
from codereader.facts.questions.sentences import of_definition
from codereader.facts.questions.tree import Tree
from codereader.facts.rank import is_minor
from codereader.facts.words import counted
from codereader.index.parsed import Definition, Entry, Export
from codereader.index.view import At
from codereader.source.spans import line_of

_KINDS = {
    "syscall": "System calls",
    "main": "Programs",
    "console script": "Commands",
    "initcall": "Run at start or when a module is loaded",
    "exitcall": "Run when a module is removed",
    "parameter": "Parameters",
}
"""The kinds of entry points, the most telling first."""

FOLDERS_SHOWN = 12
"""So many folders are told with how much of a long list lies in them."""


_GENERIC = frozenset(
    "all and any are available build can code config configuration configure does enable find flag flags for have how"
    " kconfig kernel list many module need needed options option parameter parameters program set setting settings show"
    " support supported supports switch symbol symbols that the there this tree turn use used what where which"
    " with you".split()
)
"""Words that ask for options and name none."""

FEW_OF = 8
"""A word that names more than one in so many of the options tells none of them."""


def entries(tree: Tree, question: Question) -> Answer:
    """Return where control comes in, by kind; of the files that the question names, if it does."""
    found = _kept(tree, question, tree.view.entries())
    made = sections(
        *(
            section(tree, f"{title} ({len(some):,})", [_entry(at) for at in some])
            for kind, title in _KINDS.items()
            if (some := [at for at in found if at.fact.kind == kind])
        )
    )
    if made:
        return Answer(made)
    return Answer(
        _none(tree, "has", "entry points", f"no entry point is seen in {tree.name}: nothing starts by itself")
    )


def _entry(at: At[Entry]) -> Fact:
    one = at.fact
    text = {
        "console script": f"the command {one.via} runs {one.name}",
        "main": f"{one.name} is a program's start" + ("" if one.via == one.name else f" ({one.via})"),
        "syscall": f"system call {one.name}, by {one.via}",
        "parameter": f"parameter {one.name}, by {one.via}",
    }.get(one.kind, f"{one.name} runs by {one.via}")
    return Fact(one.name, one.kind, one.via, text, at.path, line_of(one.row), one.condition)


def syscalls(tree: Tree, question: Question) -> Answer:
    """Return the system calls that are defined."""
    found = [at for at in _kept(tree, question, tree.view.entries()) if at.fact.kind == "syscall"]
    if found:
        facts = [_entry(at) for at in found]
        return Answer((section(tree, f"System calls ({len(found):,})", facts, len(facts)),))
    return Answer(_none(tree, "defines", "system calls", f"no SYSCALL_DEFINE stands in {tree.name}"))


def exports(tree: Tree, question: Question) -> Answer:
    """Return what is offered to others: exported symbols, else what languages count as public."""
    if named := [one for one in question.subjects if one.kind == "symbol"]:
        return _of_symbols(tree, named)
    found = _kept(tree, question, tree.view.exports())
    if found:
        users = tree.view.referring_files()
        found = sorted(found, key=lambda at: (-users.get(at.fact.name, 0), at.path, at.fact.row, at.fact.name))
        facts = [_export(at, users.get(at.fact.name, 0)) for at in found]
        made = section(tree, f"Exported symbols ({len(facts):,}), those that most files use first", facts, ordered=True)
        return Answer((*_by_folder(made, found), made))
    if offered := _offered(tree, question):
        return Answer((section(tree, f"Offered by the package ({len(offered):,})", offered, ordered=True),))
    if visible := _visible(tree, question):
        made = section(tree, f"Functions that other files can see ({len(visible):,})", map(of_definition, visible))
        return Answer((*_by_folder(made, visible), made), ("nothing is exported by name",))
    public = [
        at for at in _kept(tree, question, tree.view.definitions())
        if at.fact.exported and at.fact.owner is None and not is_minor(at.path) and not _is_private(at.path)
    ]  # fmt: skip
    if public:
        facts = [_public(at) for at in public]
        made = section(tree, f"Public by name ({len(facts):,})", facts)
        return Answer((*_by_folder(made, public), made), ("nothing is exported by name: this is what others can see",))
    return Answer(_none(tree, "exports", "nothing", f"nothing in {tree.name} is exported by name"))


def _of_symbols(tree: Tree, named: Sequence[Subject]) -> Answer:
    """Return of each name whether and how it is exported."""
    facts, users = [], tree.view.referring_files()
    for one in named:
        name = read_symbol(one.found).name
        some = [_export(at, users.get(name, 0)) for at in tree.view.exports() if at.fact.name == name]
        public = [_public(at) for at in tree.meant(one) if at.fact.exported and not tree.has_c]
        text = f"{one.found} is not seen to be exported by name"
        facts += some or public or [Fact(one.found, "exported by", "nothing seen", text, *place_of_subject(tree, one))]
    return Answer((section(tree, "Exported or not", facts, ordered=True),))


def _visible(tree: Tree, question: Question) -> list[At[Definition]]:
    """Return the functions of C that are not static, programs' own starts left out."""
    return [
        at
        for at in _kept(tree, question, tree.view.definitions(kinds=("function",)))
        if tree.language(at.path) == "c"
        and not at.path.endswith(".h")
        and not is_minor(at.path)
        and at.fact.name != "main"
        and "static" not in at.fact.signature.partition("(")[0].split()
    ]


def _offered(tree: Tree, question: Question) -> list[Fact]:
    """Return the names that the outermost packages import from their own modules, to be found under their name."""
    packages = [path for path in tree.paths if path.endswith("__init__.py") and not is_minor(path)]
    top = min((path.count("/") for path in packages), default=0)
    found = []
    for at in _kept(tree, question, tree.view.includes()):
        if at.path in packages and at.path.count("/") == top and at.fact.target.startswith("."):
            for name in at.fact.names:
                shown = name.rpartition(" as ")[2]
                if not shown.startswith("_") and shown != "*":
                    text = f"{shown} is offered by {at.path}, from {at.fact.target}"
                    found.append(
                        Fact(shown, "offered by", at.path, text, at.path, line_of(at.fact.row), at.fact.condition)
                    )
    return found


def _is_private(path: str) -> bool:
    return any(part.startswith("_") and part != "__init__.py" for part in path.split("/"))


def _export(at: At[Export], users: int) -> Fact:
    one = at.fact
    used = f"used in {counted(users, 'other file')}" if users else "not used in other files here"
    text = f"{one.name} is exported by {one.kind}, {used}"
    return Fact(one.name, "exported by", one.kind, text, at.path, line_of(one.row), one.condition)


def _public(at: At[Definition]) -> Fact:
    return replace(of_definition(at), relation="is public")


def _by_folder(made: Section, found: Sequence[At]) -> tuple[Section, ...]:  # type: ignore[type-arg]
    """Return how much of a list that was cut lies in which folder."""
    if not made.dropped:
        return ()
    counts: dict[str, int] = {}
    for at in found:
        folder = at.path.partition("/")[0] if "/" in at.path else "."
        counts[folder] = counts.get(folder, 0) + 1
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    facts = tuple(Fact(folder, "has", str(count), f"{folder}: {count:,}") for folder, count in ordered[:FOLDERS_SHOWN])
    return (Section("By folder", facts, len(ordered) - len(facts)),)


def options(tree: Tree, question: Question) -> Answer:
    """Return the configuration options that Kconfig files define, and module parameters."""
    found = _kept(tree, question, tree.view.definitions(kinds=("option",)))
    facts = list(
        dict.fromkeys(_option(at) for at in sorted(found, key=lambda at: (at.path.count("/"), at.path, at.fact.row)))
    )
    if about := _about(question, facts):
        return Answer((section(tree, f"Options that {about[0]} names ({len(about[1]):,})", about[1], ordered=True),))
    parameters = [at for at in _kept(tree, question, tree.view.entries()) if at.fact.kind == "parameter"]
    made = section(tree, f"Configuration options ({len(facts):,})", facts, ordered=True)
    others = section(tree, f"Parameters ({len(parameters):,})", [_entry(at) for at in parameters])
    some = sections(*_by_folder(made, found), made, others)
    if some:
        return Answer(some)
    none = _none(tree, "has", "options", f"no Kconfig file in {tree.name} defines an option")
    return Answer((*none, *searched(tree, question).sections))


def _about(question: Question, facts: Sequence[Fact]) -> tuple[str, list[Fact]] | None:
    """Return the last word of a question that names some options, a few of them, and these; None where none does."""
    words = [word for word in re.findall(r"[A-Za-z][A-Za-z0-9]{2,}", question.text) if word.lower() not in _GENERIC]
    for word in reversed(words):
        named = re.compile(rf"(?<![a-z0-9]){re.escape(word.lower())}(?![a-z0-9])")
        some = [fact for fact in facts if named.search(f"{fact.subject} {fact.object}".lower().replace("_", " "))]
        if 0 < len(some) <= max(1, len(facts) // FEW_OF):
            return word, some
    return None


def _option(at: At[Definition]) -> Fact:
    one = at.fact
    words = prompt(one)
    needs = [field.removeprefix("depends on ").strip() for field in one.fields if field.startswith("depends on ")]
    offered = f": {words}" if words else ", not offered by itself"
    text = f"CONFIG_{one.name}{offered}{f'; needs {_and(needs)}' if needs else ''}"
    return Fact(f"CONFIG_{one.name}", "is an option", words or "", text, at.path, line_of(one.row), one.condition)


def _and(needs: Sequence[str]) -> str:
    return " && ".join(f"({one})" if "||" in one and len(needs) > 1 else one for one in needs)


def _kept(tree: Tree, question: Question, found):  # type: ignore[no-untyped-def]
    """Return those facts that stand in the files that the question names, all where it names none."""
    within = tree.within(question.subjects)
    return [at for at in found if within is None or at.path in within]


def _none(tree: Tree, relation: str, thing: str, text: str) -> tuple[Section, ...]:
    return (Section("Nothing seen", (Fact(tree.name, relation, f"no {thing}", text),)),)
