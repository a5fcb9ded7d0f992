"""Hold what a sentence says of the form of things against the tree: kinds, linkage, types, members, bases.

Patterns over a phrase's shape find the statements; each is judged where it is found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from codereader.answer.checks.outcome import Outcome, negation, not_so, open_, so
from codereader.answer.checks.phrase import Entity, Phrase
from codereader.answer.checks.relation import Relation
from codereader.answer.checks.tree import Tree
from codereader.index.parsed import Definition
from codereader.index.view import At

Judged = tuple[Sequence[Entity], Outcome]
"""The entities that a statement covers, and what became of it."""

_E = r"<(\d+)>"
_KINDS: dict[str, tuple[str, ...]] = {
    "function": ("function", "method"), "helper": ("function", "method"), "routine": ("function", "method"),
    "method": ("method", "function"), "macro": ("macro", "constant"), "struct": ("struct", "variable", "typedef"),
    "structure": ("struct", "union", "variable", "typedef"), "union": ("union", "typedef"), "enum": ("enum", "typedef"),
    "enumeration": ("enum", "class"), "class": ("class", "struct"), "variable": ("variable", "constant"),
    "constant": ("constant", "macro", "variable", "enumerator"), "typedef": ("typedef",),
    "array": ("variable", "constant"), "table": ("variable", "constant", "struct"), "enumerator": ("enumerator",),
    "subclass": ("class",), "dataclass": ("class",),
    "generator": ("function", "method"), "property": ("method", "property"),
    "interface": ("interface", "class", "struct"), "option": ("option",), "constructor": ("method", "function"),
}  # fmt: skip
"""What a noun of prose may mean among the kinds of definitions."""

_RELATED = {"macro", "constant", "enumerator", "variable", "option", "key"}
_CALLED = ("function", "method", "macro", "class")
_IS = re.compile(rf"{_E}(?: , [^,<]{{0,60}} ,)? (?:is|are|was|remains?|acts as|serves as) (not )?([^<,;()]{{1,80}})")
_STOP = re.compile(
    r" (?:that|which|used|called|in|of|for|with|defined|and|to|from|by|on|at|whose|where|as|it|when|only)\b"
)
_HEAD = re.compile(rf"\b({'|'.join(sorted(_KINDS, key=len, reverse=True))})s?\b")
_OF_TYPE = re.compile(
    rf"{_E} (?:is|has|are) (not )?(?:\w+ ){{0,3}}?(?:(?:instance|object|variable|table|structure|struct|value|type"
    rf"|array) )*"
    rf"(?:of )?(?:type )?{_E}"
)


def statements(tree: Tree, phrase: Phrase) -> Iterator[Judged]:
    """Yield what the shape of *phrase* says of kinds, types, counts and values, judged."""
    yield from _nouns(tree, phrase)
    yield from matches(tree, phrase, _IS, _kind)
    yield from matches(tree, phrase, _OF_TYPE, _of_type)


def matches(
    tree: Tree, phrase: Phrase, pattern: re.Pattern[str], judge: Callable[[Tree, Phrase, re.Match[str]], Judged | None]
) -> Iterator[Judged]:
    """Yield what *judge* makes of each match of *pattern* in the shape of *phrase*."""
    for match in pattern.finditer(phrase.shape):
        found = judge(tree, phrase, match)
        if found is not None:
            yield found


def _one(phrase: Phrase, mark: str) -> Entity:
    return phrase.entities[int(mark)]


# Kinds


def _nouns(tree: Tree, phrase: Phrase) -> Iterator[Judged]:
    """Yield what is wrong with the nouns that stand at names: ``the x macro`` where x is a function."""
    for one in phrase.entities:
        noun = one.type_word or one.noun
        if one.kind == "name" and noun and (found := _of_kind(tree, one, noun)) and found.verdict == "contradicted":
            yield [one], found


def _of_kind(tree: Tree, one: Entity, noun: str) -> Outcome | None:
    """Judge that an entity is what *noun* says."""
    kinds = _KINDS.get(noun)
    found = [at for at in tree.definitions(one) if at.fact.kind not in ("key", "target", "property")]
    if kinds is None or not found:
        return None
    for at in found:
        if at.fact.kind in kinds:
            place = (at.path, at.fact.row + 1)
            if noun == "struct" and at.fact.kind == "variable" and not re.search(r"\bstruct\b", at.fact.signature):
                return open_(f"{one.last} is a variable", *place)
            return so(f"{one.last} at {tree.place(at)} is a {at.fact.kind}", *place)
    at = found[0]
    place = (at.path, at.fact.row + 1)
    says = f"{one.last} at {tree.place(at)} is a {at.fact.kind}, not a {noun}"
    if at.fact.kind in _RELATED and noun in _RELATED:
        return open_(says, *place)
    if (
        at.fact.kind == "macro"
        and "(" in at.fact.signature.partition(at.fact.name)[2][:1]
        and noun in ("function", "helper")
    ):
        return open_(says, *place)
    return not_so(says, *place)


def _kind(tree: Tree, phrase: Phrase, match: re.Match[str]) -> Judged | None:
    one, negated = _one(phrase, match[1]), match[2] is not None
    said = f" {_STOP.split(f' {match[3]} ')[0].strip()} "
    found: list[Outcome] = []
    if one.kind != "name":
        return None
    if linkage := _linkage(tree, one, said):
        found += linkage
    head = list(_HEAD.finditer(said))
    if head and (kind := _of_kind(tree, one, head[-1][1])):
        found.append(kind)
    found = [negation(outcome) for outcome in found] if negated else found
    return ([one], _all(found)) if found else None


def _all(found: list[Outcome]) -> Outcome:
    """Return the outcome of several that must all hold."""
    for verdict in ("contradicted", "no evidence"):
        for one in found:
            if one.verdict == verdict:
                return one
    return found[0]


def _linkage(tree: Tree, one: Entity, said: str) -> list[Outcome]:
    found: list[Outcome] = []
    homes = [at for at in tree.definitions(one) if at.fact.kind in ("function", "variable", "method")]
    if not homes:
        return found
    if re.search(r" static | file-local ", said) and homes[0].path.endswith((".c", ".h")):
        found.append(_has_word(tree, homes, "static"))
    if re.search(r" (?:non-static|global|extern|not-static) ", said) and homes[0].path.endswith((".c", ".h")):
        found.append(negation(_has_word(tree, homes, "static")))
    if " inline " in said and homes[0].path.endswith((".c", ".h")):
        found.append(_has_word(tree, homes, "(?:__always_)?inline"))
    if re.search(r" (?:exported|public symbol) ", said):
        found.append(exported(tree, one))
    if re.search(r" (?:async|asynchronous) ", said) and homes[0].path.endswith((".py", ".js", ".ts", ".rs")):
        found.append(_has_word(tree, homes, "async"))
    return found


def _has_word(tree: Tree, homes: list[At[Definition]], word: str) -> Outcome:
    has = [re.search(rf"\b{word}\b", at.fact.signature.partition(at.fact.name)[0]) is not None for at in homes]
    at = homes[0]
    place = (at.path, at.fact.row + 1)
    if all(has):
        return so(f"{at.fact.signature[:80]}", *place)
    if any(has):
        return open_(f"{sum(has)} of {len(homes)} definitions of {at.fact.name} are", *place)
    return not_so(f"{tree.place(at)} says {at.fact.signature[:80]}", *place)


def exported(tree: Tree, one: Entity, by: str = "") -> Outcome:
    """Judge that a symbol is offered to others, by the macro *by* if given."""
    homes = tree.definitions(one)
    for at in homes:
        for path in dict.fromkeys([at.path, *(home.path for home in homes)]):
            for export in tree.view.exports(path=path):
                if export.fact.name == one.last:
                    place = (path, export.fact.row + 1)
                    if by and export.fact.kind != by and by.startswith("EXPORT"):
                        return not_so(f"{one.last} is exported with {export.fact.kind}", *place)
                    return so(f"{export.fact.kind} of {one.last} at {path}:{export.fact.row + 1}", *place)
    for export in tree.view.exports():
        if export.fact.name == one.last:
            return so(f"{export.fact.kind} of {one.last}", export.path, export.fact.row + 1)
    if not homes or any(re.search(rf"EXPORT\w*\([^)\n]*\b{re.escape(one.last)}\b", tree.text(at.path)) for at in homes):
        return open_(f"whether {one.last} is exported was not found")
    if not homes[0].path.endswith((".c", ".h")):
        return open_(f"no export of {one.last} was found")
    return not_so(f"no export names {one.last}", homes[0].path, homes[0].fact.row + 1)


def _of_type(tree: Tree, phrase: Phrase, match: re.Match[str]) -> Judged | None:
    one, kind = _one(phrase, match[1]), _one(phrase, match[3])
    homes = tree.tables(one)
    if not homes or kind.kind != "name" or not _is_type(tree, kind, homes):
        return None
    for at in homes:
        if re.search(rf"\b{re.escape(kind.last)}\b", at.fact.signature):
            found = so(f"{tree.place(at)} says {at.fact.signature[:80]}", at.path, at.fact.row + 1)
            return [one, kind], negation(found) if match[2] else found
    at = homes[0]
    if not at.path.endswith((".c", ".h")):
        return None
    found = not_so(f"{tree.place(at)} says {at.fact.signature[:80]}", at.path, at.fact.row + 1)
    return [one, kind], negation(found) if match[2] else found


def _is_type(tree: Tree, kind: Entity, homes: list[At[Definition]]) -> bool:
    return bool(
        kind.type_word or kind.noun == "struct" or tree.types(kind)
        or any(re.search(rf"\b{re.escape(kind.last)}\b", at.fact.signature) for at in homes)
    )  # fmt: skip


# Members and bases


def member(tree: Tree, owner: Entity, name: str) -> Outcome | None:
    """Judge that a struct, enum or class has a member."""
    types = [at for at in tree.types(owner) if at.fact.kind != "typedef"]
    for at in types:
        if line := tree.mention(at, name):
            return so(f"{at.fact.name} has {name} at {at.path}:{line}", at.path, line)
        inner = [one for one in tree.view.definitions(name=name, path=at.path) if one.fact.owner == at.fact.name]
        if inner:
            return so(f"{at.fact.name} has {name}", at.path, inner[0].fact.row + 1)
    if not types or any(at.fact.kind == "class" and at.fact.fields for at in types):
        return None
    at = types[0]
    if re.search(r"\b[A-Z_]{4,}\s*\(", tree.body(at)):
        return open_(f"a macro in {at.fact.name} may make {name}", at.path, at.fact.row + 1)
    return not_so(f"{at.fact.name} at {tree.place(at)} has no {name}", at.path, at.fact.row + 1)


def inherit(tree: Tree, said: Relation) -> Outcome | None:
    """Judge that a class has another one among its bases."""
    if said.subject is None or said.object is None:
        return None
    classes = [at for at in tree.definitions(said.subject) if at.fact.kind in ("class", "interface", "trait", "struct")]
    classes = [at for at in classes if at.fact.kind != "struct" or not at.path.endswith((".c", ".h"))]
    if not classes:
        return None
    found: set[str] = set()
    waiting, outside = list(classes), False
    while waiting:
        at = waiting.pop()
        for base in at.fact.fields:
            name = (
                re.split(r"[.:\[(<]", base)[-1] if "=" not in base and "[" not in base else re.split(r"[\[<(]", base)[0]
            )
            name = name.strip().rpartition(".")[2]
            if name and name not in found:
                found.add(name)
                known = tree.view.definitions(name=name, kinds=("class", "interface", "trait"))
                outside = outside or not known
                waiting += known
    at = classes[0]
    place = (at.path, at.fact.row + 1)
    if said.object.last in found:
        return so(f"{at.fact.signature[:120]} at {tree.place(at)}", *place)
    says = f"{tree.place(at)} says {at.fact.signature[:120]}"
    if outside and not tree.is_defined(said.object.last):
        return open_(says, *place)
    return not_so(says, *place)
