"""Hold what a sentence says of the build against the tree: which options a file needs, and which options need "
"others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from codereader.answer.checks.clause import CLAUSE, DENIES, MOST_NAMES, denied
from codereader.answer.checks.formed import Judged
from codereader.answer.checks.outcome import Outcome, negation, not_so, open_, so
from codereader.answer.checks.phrase import Entity, Phrase
from codereader.answer.checks.tree import Tree

_E = r"<(\d+)>"
_BUILT = re.compile(
    r" (?:buil[dt]\w*|compil\w+|includ\w+|enabl\w+|disabl\w+|depend\w*|control\w*|guard\w*|condition\w*|only|when|if"
    r"|with|under"
    r"|requir\w+|select\w*|need\w*|set|link\w*|pull\w*|protected|wrapped|inside|#ifdef|ifdef|available|gated|governed"
    r"|by) "
)
_OFF = re.compile(
    r"<\d+> (?:is |are |option |config )*(?:not (?:set|enabled|selected|defined|configured)|disabled|unset|off|= n\b"
    r"|undefined"
    r"|absent)|(?:not|without|no|! ?|unless|disabling) <\d+>| disabled "
)
_OPTION_WORDS = {"depends": "depends on", "dependent": "depends on", "requires": "depends on", "selects": "select",
                 "implies": "imply"}  # fmt: skip


def statements(tree: Tree, phrase: Phrase) -> Iterator[Judged]:
    """Yield what the clauses of *phrase* say of the build, judged."""
    for text in CLAUSE.split(phrase.shape):
        entities = phrase.all(text)
        if len(entities) <= MOST_NAMES:
            yield from _built(tree, entities, f" {text} ")


def _built(tree: Tree, entities: Sequence[Entity], text: str) -> Iterator[Judged]:
    options = [one for one in entities if one.kind == "option"]
    if not options or not _BUILT.search(text):
        return
    if len(options) > 1 and (word := next((w for w in _OPTION_WORDS if f" {w} " in text), "")):
        found = _between_options(tree, options[0], options[1:], _OPTION_WORDS[word])
        if found is not None:
            yield options, denied(found, text)
        return
    is_off = _OFF.search(text) is not None
    bare = _OFF.sub(" ", text)
    is_denied = DENIES.search(bare) is not None
    for one in entities:
        if one.kind == "option" or one.text.rpartition("/")[2].startswith(("Kconfig", "Makefile", "Kbuild")):
            continue
        found = _one_built(tree, one, options, off=is_off)
        if found is not None:
            yield [one, *options], negation(found) if is_denied else found


def _one_built(tree: Tree, one: Entity, options: Sequence[Entity], *, off: bool) -> Outcome | None:
    if one.kind in ("path", "place"):
        paths, own = [_source_of(tree, one)], None
    else:
        homes = tree.definitions(one)
        paths, own = [at.path for at in homes], " && ".join(at.fact.condition or "" for at in homes)
    paths = [path for path in paths if path]
    if not paths:
        return None
    for path in dict.fromkeys(paths):
        fact = tree.builds.of(path)
        condition = f"{own or ''} {(fact.condition if fact else None) or ''}".strip()
        place = (fact.rule_path, fact.line) if fact else (path, None)
        found = [_on(condition, option.text, off=off) for option in options]
        if all(found):
            return so(f"{path} is built under {condition}", *place)
        if False in found:
            return not_so(f"{path} is built under {condition}", *place)
        if fact is not None and any(option.text.removeprefix("CONFIG_") in str(fact.chains) for option in options):
            return open_(f"{path} is built under {condition}, which needs more", *place)
        if any(tree.stands(path, option.text) for option in options):
            return open_(f"{options[0].text} stands in {path}", path)
        if fact is not None:
            return not_so(f"{path} is built {'under ' + condition if condition else 'always'}", *place)
    return open_(f"when {paths[0]} is built is not known", paths[0])


def _on(condition: str, option: str, *, off: bool) -> bool | None:
    """Return whether a condition asks for an option as said; None where it does not name it."""
    match = re.search(rf"(!\s*(?:defined\s*\(\s*|IS_ENABLED\s*\(\s*)?)?(?<!\w){re.escape(option)}(?!\w)", condition)
    if match is None:
        return None
    return (match[1] is not None) == off


def _source_of(tree: Tree, one: Entity) -> str:
    files = tree.files(one)
    if files:
        return files[0]
    if one.text.endswith(".o"):
        stem = one.text[:-2]
        for ending in (".c", ".S", ".rs"):
            if paths := tree.citer.paths(stem + ending):
                return paths[0]
    return ""


def _between_options(tree: Tree, one: Entity, others: Sequence[Entity], word: str) -> Outcome | None:
    for at in tree.definitions(one):
        text = tree.source(at)
        place = (at.path, at.fact.row + 1)
        for other in others:
            name = other.text.removeprefix("CONFIG_")
            if not re.search(rf"^\s*{word}\b[^\n]*\b{name}\b", text, re.MULTILINE):
                if name in text:
                    return open_(f"{one.text} names {name} at {tree.place(at)}", *place)
                return not_so(f"{one.text} at {tree.place(at)} does not name {name}", *place)
        return so(f"{one.text} {word} {', '.join(other.text for other in others)}", *place)
    return None
