"""Hold *calls* and *uses* against the tree.

That A calls B is ruled out only where A's body is known, does not write B, and could not reach it unseen: no macro that
it uses writes B, no pointer that it calls through can hold B.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from codereader.answer.checks.outcome import Outcome, best, not_so, open_, so
from codereader.answer.checks.phrase import Entity
from codereader.answer.checks.relation import Relation
from codereader.answer.checks.tree import CALLABLE, Tree
from codereader.index.parsed import Definition
from codereader.index.view import At

DEPTH = 5
"""So many calls deep an indirect call is followed."""

_CALL = r"\s*\("


def call(tree: Tree, said: Relation, peers: Sequence[Relation]) -> Outcome | None:
    """Judge that one calls another. *peers* are the other relations of the sentence."""
    if said.object is None or said.object.kind not in ("name", "member"):
        return None
    if said.subject is None:
        return _somewhere(tree, said.object)
    if said.subject.kind in ("path", "place"):
        return _from_file(tree, said.subject, said.object)
    if said.subject.kind != "name":
        return None
    found = _from_function(tree, said)
    if said.only and not said.negated and found is not None and found.verdict == "verified":
        return _only(tree, said, peers) or found
    return found


def _from_function(tree: Tree, said: Relation) -> Outcome | None:
    subject, callee = said.subject, said.object
    assert subject is not None and callee is not None  # noqa: S101, PT018 - for the type checker
    homes = tree.functions(subject)
    if not homes:
        if not tree.definitions(callee) and not tree.definitions(subject):
            return open_(f"neither {subject.text} nor {callee.text} is defined in the scope")
        if tree.tables(subject):
            return best([_in_table(tree, at, callee.last) for at in tree.tables(subject)])
        return open_(f"{subject.text} is no function of the scope")
    found = best([_in_body(tree, at, callee, directly=said.word == "directly") for at in homes])
    if found is None or found.verdict == "verified":
        return found
    linked = _linked(tree, homes, callee.last)
    if linked is not None:
        return linked
    if said.third is not None and (passed := _passed(tree, homes, said.third, callee.last)) is not None:
        return passed
    if said.third is not None and (through := _through(tree, homes, said.third, callee.last)) is not None:
        return through
    if said.word == "indirectly" or said.third is not None:
        way = best([_indirect(tree, at, callee.last) for at in homes])
        return way or open_(f"no way from {subject.last} to {callee.last} was found")
    return found


def _in_body(tree: Tree, at: At[Definition], callee: Entity, *, directly: bool = False) -> Outcome:
    name = callee.last
    if line := tree.mention(at, name, _CALL):
        return so(f"{at.fact.name} calls {name} at {at.path}:{line}", at.path, line)
    if at.fact.kind == "class" or at.fact.name == name:
        return open_(f"{at.fact.name} is a {at.fact.kind}", at.path, at.fact.row + 1)
    if line := tree.mention(at, name, r"(?=[^;{}]*\))") if _given_to_hook(tree, at, name) else None:
        return so(f"{at.fact.name} gives {name} to a macro that calls it, at {at.path}:{line}", at.path, line)
    if line := tree.mention(at, name):
        return open_(f"{at.fact.name} mentions {name} at {at.path}:{line} and does not call it there", at.path, line)
    place = (at.path, at.fact.row + 1)
    if tree.may_hide(at, name):
        return open_(f"{at.fact.name} does not write {name}, but may reach it by macro or pointer", *place)
    if not directly and (through := tree.reaches(at, name, 2)):
        return open_(f"{at.fact.name} reaches {name} only through {through}", *place)
    calls = tree.called_in(at)
    names = ", ".join(calls[:6]) + (", ..." if len(calls) > 6 else "")
    says = f"{at.fact.name} at {tree.place(at)} calls {names or 'nothing'}; not {name}"
    if any(tree.mention(other, at.fact.name, _CALL) for other in tree.functions(callee)):
        says += f" ({name} calls {at.fact.name})"
    return not_so(says, *place)


def _given_to_hook(tree: Tree, at: At[Definition], name: str) -> bool:
    """Return whether *name* stands among the arguments of a macro whose name says that it calls what it is given."""
    hook = rf"\b[A-Z][A-Z0-9_]*(?:CALL|HOOK|INVOKE)[A-Z0-9_]*\s*\([^;{{}}]*?(?<!\w){re.escape(name)}(?!\w)"
    return re.search(hook, tree.body(at)) is not None


def _in_table(tree: Tree, at: At[Definition], name: str) -> Outcome:
    if line := tree.mention(at, name):
        return open_(f"{at.fact.name} holds {name}", at.path, line)
    return open_(f"{at.fact.name} is a variable and calls nothing", at.path, at.fact.row + 1)


def _linked(tree: Tree, homes: Sequence[At[Definition]], name: str) -> Outcome | None:
    """Return what the linked facts know of a call that macros make or that goes through a pointer."""
    if tree.edges is None:
        return None
    for at in homes:
        for one in tree.edges.callees(at):
            if one.callee == name and one.is_followed:
                verdict = so if one.confidence in ("only one", "same file") or one.via == "macro" else open_
                return verdict(f"{at.fact.name} reaches {name} through {one.through}", one.path, one.line)
    return None


def _passed(tree: Tree, homes: Sequence[At[Definition]], third: Entity, name: str) -> Outcome | None:
    """Return that a body gives *name* to the macro or function *third*, which calls it then."""
    for at in homes:
        if line := tree.mention(at, third.last, rf"\s*\([^;{{}}]*?\b{re.escape(name)}\b"):
            return so(f"{at.fact.name} gives {name} to {third.last} at {at.path}:{line}", at.path, line)
    return None


def give(tree: Tree, said: Relation) -> Outcome | None:
    """Judge that the body of one gives the object to what stands third."""
    homes = tree.functions(said.subject)
    if said.object is None or said.third is None or not homes:
        return None
    if found := _passed(tree, homes, said.third, said.object.last):
        return found
    at = homes[0]
    place = (at.path, at.fact.row + 1)
    if _passed(tree, homes, said.object, said.third.last):
        return not_so(f"{at.fact.name} gives {said.third.last} to {said.object.last}", *place)
    return open_(f"{at.fact.name} at {tree.place(at)} does not write that", *place)


def _through(tree: Tree, homes: Sequence[At[Definition]], third: Entity, name: str) -> Outcome | None:
    for at in homes:
        if tree.mention(at, third.last) is None:
            continue
        for middle in tree.functions(third):
            if line := tree.mention(middle, name, _CALL):
                return so(f"{at.fact.name} calls {third.last}, which calls {name}", middle.path, line)
        if any(one.fact.field == third.last for one in tree.view.tables(function=name)):
            return so(
                f"{at.fact.name} goes through {third.last}, which a table sets to {name}", at.path, at.fact.row + 1
            )
    return None


def _indirect(tree: Tree, at: At[Definition], name: str) -> Outcome:
    through = tree.reaches(at, name, DEPTH)
    place = (at.path, at.fact.row + 1)
    if through is not None:
        return so(f"{at.fact.name} reaches {name} through {through}", *place)
    return open_(f"no way from {at.fact.name} to {name} was found", *place)


def _somewhere(tree: Tree, callee: Entity) -> Outcome | None:
    for caller, path, line in tree.callers(callee.last):
        return so(f"{caller or path} calls {callee.last} at {path}:{line}", path, line)
    return None


def _from_file(tree: Tree, file: Entity, callee: Entity) -> Outcome | None:
    paths = tree.files(file)
    for path in paths:
        if line := tree.stands(path, callee.last, _CALL):
            own = [at for at in tree.definitions(callee, CALLABLE) if at.path == path and at.fact.row + 1 == line]
            if not own or any(where == path for _, where, _ in tree.callers(callee.last)):
                return so(f"{callee.last} is called at {path}:{line}", path, line)
        if line := tree.stands(path, callee.last):
            return open_(f"{callee.last} stands at {path}:{line} and is not called there", path, line)
    if paths and len(paths) == 1:
        return not_so(f"{paths[0]} does not mention {callee.last}", paths[0])
    return None


def _only(tree: Tree, said: Relation, peers: Sequence[Relation]) -> Outcome | None:
    """Return what speaks against the callers that the sentence names being the only ones."""
    assert said.object is not None  # noqa: S101 - for the type checker
    named = {
        one.subject.last for one in (said, *peers) if one.subject and one.object and one.object.last == said.object.last
    }
    for caller, path, line in tree.callers(said.object.last):
        if caller.rpartition(".")[2] not in named:
            return not_so(f"{caller or path} calls {said.object.last} too, at {path}:{line}", path, line)
    return None


def use(tree: Tree, said: Relation) -> Outcome | None:
    """Judge that one uses or mentions another."""
    if said.object is None or said.object.kind not in ("name", "member", "option"):
        return None
    name = said.object.text if said.object.kind == "option" else said.object.last
    if said.subject is None:
        return None
    if said.subject.kind in ("path", "place"):
        for path in tree.files(said.subject):
            if line := tree.stands(path, name):
                return so(f"{name} stands at {path}:{line}", path, line)
        return None
    homes = tree.definitions(said.subject)
    for at in homes:
        if line := tree.mention(at, name):
            return so(f"{at.fact.name} uses {name} at {at.path}:{line}", at.path, line)
    if homes:
        at = homes[0]
        return open_(f"{at.fact.name} at {tree.place(at)} does not mention {name}", at.path, at.fact.row + 1)
    return None
