"""When files are built, and what a configuration symbol decides. Makefiles and Kconfig, no linking."""

from __future__ import annotations

import re
from collections.abc import Iterator

from codereader.facts.fact import Fact
from codereader.facts.kbuild.chain import BuildFact
from codereader.facts.kbuild.kconfig import prompt
from codereader.facts.kbuild.kconfig_chain import OptionChain
from codereader.facts.questions.answer import Answer, nothing_seen, section, sections
from codereader.facts.questions.question import Question, Subject
from codereader.facts.questions.subjects import lines_with
from codereader.facts.questions.tree import Tree
from codereader.facts.words import counted

LINES_SHOWN = 200
"""So many lines that ask for a symbol are looked for."""


def built(tree: Tree, question: Question) -> Answer:
    """Return when the file is built that is named, or that defines what is named."""
    subject = question.subjects[0]
    paths = _files(tree, subject)
    made = []
    for path in paths:
        one = tree.build.of(path)
        if one:
            made.append(section(tree, f"When {path} is built", _chain_facts(one), ordered=True))
    if made:
        return Answer(tuple(made))
    text = f"no rule of a makefile at hand names {subject.found}"
    if subject.found.endswith(".h"):
        text = f"{subject.found} is a header: it is not built, but included"
    elif not tree.has_c:
        text = f"{tree.name} has no makefile rule that builds {subject.found}: it takes part wherever it is imported"
    return Answer(nothing_seen(tree, subject, text, "built if", "not known"))


def _files(tree: Tree, subject: Subject) -> list[str]:
    if subject.kind == "path":
        return [path for path in tree.files_in(subject) if tree.build.of(path)]
    return sorted({at.path for at in tree.meant(subject)})


def _chain_facts(one: BuildFact) -> Iterator[Fact]:
    into = f", into {' and '.join(one.objects)}" if one.objects else ""
    when = f"if {one.condition}" if one.condition else "always"
    place = (one.rule_path, one.line)
    yield Fact(one.path, "built if", one.condition or "always", f"{one.path} is built {when}{into}", *place)
    for chain in one.chains:
        yield from _needs(chain)


def _needs(chain: OptionChain) -> Iterator[Fact]:
    name = f"CONFIG_{chain.symbol}"
    if not chain.needs:
        yield Fact(name, "needs", "nothing", f"{name} needs nothing else", chain.path, chain.line)
    for need in chain.needs:
        yield Fact(name, "needs", need.text, f"{name} needs {need.text}", need.path, need.line)
    for by in chain.selected_by:
        yield Fact(by.text, "selects", name, f"{name} is selected by {by.text}", by.path, by.line)


def option(tree: Tree, question: Question) -> Answer:
    """Return what a configuration symbol is, needs, builds, and which code asks for it."""
    subject = next((one for one in question.subjects if one.found.startswith("CONFIG_")), None)
    if subject is None:
        return Answer()
    name = subject.found
    chain = tree.build.kconfig.chain(name)
    said = list(_said(tree, name))
    needs = list(_needs(chain)) if chain else []
    word = re.compile(rf"\b{name}\b")
    files = [one for one in tree.build.map.built if one.condition and word.search(one.condition)]
    folders = [one for one in tree.build.map.folders if one.condition and word.search(one.condition)]
    builds = [
        Fact(
            one.path,
            "built if",
            one.condition or "",
            f"{one.path} is built if {one.condition}",
            one.rule_path,
            one.line,
        )
        for one in files
    ]
    builds += [
        Fact(
            f"{one.path}/",
            "built if",
            one.condition or "",
            f"{one.path}/ is entered if {one.condition}",
            one.rule_path,
            one.line,
        )
        for one in folders
    ]
    asks = [
        Fact(path, "asks for", name, f"{path} asks for it in line {line}", path, line)
        for path, line in lines_with(tree, name, LINES_SHOWN)
        if tree.language(path) not in ("make", "kconfig")
    ]
    others = [
        at for at in tree.view.definitions(kinds=("option",)) if _wants(at.fact.fields, name.removeprefix("CONFIG_"))
    ]
    wanting = [
        Fact(f"CONFIG_{at.fact.name}", "needs", name, f"CONFIG_{at.fact.name} names it", at.path, at.fact.row + 1)
        for at in others
    ]
    made = sections(
        section(tree, f"What {name} is", said, ordered=True),
        section(tree, f"What {name} needs, and what selects it", needs, ordered=True),
        section(tree, f"Built under it ({len(builds):,})", builds),
        section(tree, f"Code that asks for it ({counted(len(asks), 'line')})", asks),
        section(tree, f"Options that name it ({len(wanting):,})", wanting),
    )
    notes = () if chain else (f"no Kconfig file at hand defines {name}",)
    return Answer(made or nothing_seen(tree, subject, f"{name} is not used in {tree.name}", "is"), notes)


def _wants(fields: tuple[str, ...], symbol: str) -> bool:
    word = re.compile(rf"\b{symbol}\b")
    return any(field.startswith(("depends on", "select", "imply")) and word.search(field) for field in fields)


def _said(tree: Tree, name: str) -> Iterator[Fact]:
    for at in tree.view.definitions(name=name.removeprefix("CONFIG_"), kinds=("option",)):
        words = ". ".join(part for part in (prompt(at.fact), at.fact.doc) if part)
        yield Fact(
            name,
            "is an option",
            words,
            f"{name}: {words or 'an option without words'}",
            at.path,
            at.fact.row + 1,
            at.fact.condition,
        )
