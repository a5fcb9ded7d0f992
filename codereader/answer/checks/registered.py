"""Hold what a sentence says of registrations, exports and entry points against the tree."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from codereader.answer.checks import formed
from codereader.answer.checks.clause import denied
from codereader.answer.checks.formed import Judged
from codereader.answer.checks.outcome import Outcome, not_so, open_, so
from codereader.answer.checks.phrase import Entity
from codereader.answer.checks.tree import Tree
from codereader.facts.graph.relations import is_registering

_E = r"<(\d+)>"
_REGISTER = re.compile(r" (?:un|de)?regist(?:er|ers|ered|ering|ration|rations) ")
_UNREGISTER = re.compile(r" (?:un|de)regist")
_EXPORT = re.compile(r"EXPORT_\w*SYMBOL\w*|EXPORT_SYMBOL\w*")
_INITCALL = re.compile(r"\w*initcall\w*|module_(?:init|exit)|__(?:init|exit)call|builtin_\w+")


def is_said(text: str) -> bool:
    """Return whether the clause *text* is about a registration."""
    return _REGISTER.search(text) is not None


def is_macro(name: str) -> bool:
    """Return whether *name* is a macro that exports something or makes it an entry point."""
    return _EXPORT.fullmatch(name) is not None or _INITCALL.fullmatch(name) is not None


def registrations(tree: Tree, entities: Sequence[Entity], text: str) -> Iterator[Judged]:
    """Yield what the clause *text* says of registrations, judged."""
    if not _REGISTER.search(text):
        return
    undoes = bool(_UNREGISTER.search(text))
    by = [
        one
        for mark, one in zip(re.findall(_E, text), entities, strict=True)
        if one.kind == "name"
        and _registers(one.last)
        and not tree.tables(one)
        and (not tree.functions(one) or re.search(rf" (?:with|via|using|through|calling|calls?|to|by) <{mark}>", text))
    ]
    things = [one for one in entities if one.kind == "name" and tree.tables(one) and one not in by]
    doers = [
        one for one in entities if one.kind == "name" and tree.functions(one) and one not in by and one not in things
    ]
    if not things or not (by or doers):
        return
    for thing in things:
        found = _registered(tree, doers, thing, by, undoes=undoes)
        if found is not None:
            yield [*doers, thing, *by], denied(found, text)


def _registers(name: str) -> bool:
    return is_registering(name) or "register" in name.lower() or name.startswith(("module_", "proc_create"))


def _registered(
    tree: Tree, doers: Sequence[Entity], thing: Entity, by: Sequence[Entity], *, undoes: bool
) -> Outcome | None:
    verbs = "|".join(re.escape(one.last) for one in by) or (
        r"\w*(?:unregister|del|remove)\w*" if undoes else r"\w*(?:regist|add|create)\w*"
    )
    pattern = re.compile(rf"\b({verbs})\s*\([^;{{}}]*?\b{re.escape(thing.last)}\b")
    homes = [at for one in doers for at in tree.functions(one)]
    for at in homes:
        if match := pattern.search(tree.body(at)):
            return so(f"{at.fact.name} calls {match[1]} with {thing.last}", at.path, at.fact.row + 1)
    if homes:
        at = homes[0]
        other = re.search(rf"\b(\w*regist\w*)\s*\([^;{{}}]*?\b{re.escape(thing.last)}\b", tree.body(at))
        if other and by and not tree.mention(at, by[0].last) and not tree.may_hide(at, by[0].last):
            return not_so(f"{at.fact.name} calls {other[1]} with {thing.last}", at.path, at.fact.row + 1)
        if tree.mention(at, thing.last):
            return open_(f"{at.fact.name} mentions {thing.last} and registers it otherwise", at.path, at.fact.row + 1)
        if by and not tree.mention(at, by[0].last) and not tree.may_hide(at, by[0].last):
            return not_so(f"{at.fact.name} at {tree.place(at)} does not mention {by[0].last}", at.path, at.fact.row + 1)
        if tree.reaches(at, by[0].last if by else "", 2) or any(tree.may_hide(at, one.last) for one in (thing, *by)):
            return open_(f"{at.fact.name} does not write {thing.last}", at.path, at.fact.row + 1)
        return not_so(f"{at.fact.name} at {tree.place(at)} does not mention {thing.last}", at.path, at.fact.row + 1)
    for path in dict.fromkeys(at.path for at in tree.tables(thing)):
        if match := pattern.search(tree.whole(path)):
            line = tree.whole(path).count("\n", 0, match.start()) + 1
            return so(f"{match[1]} is called with {thing.last} at {path}:{line}", path, line)
    return open_(f"no registration of {thing.last} was found")


def entries(tree: Tree, entities: Sequence[Entity], text: str) -> Iterator[Judged]:
    """Yield what the clause *text* says of exports and entry points, judged."""
    macros = [one for one in entities if one.kind == "name" and (is_macro(one.last))]
    others = [one for one in entities if one.kind == "name" and one not in macros and tree.definitions(one)]
    for macro in macros:
        exports = _EXPORT.fullmatch(macro.last) is not None
        by_name = {
            one: formed.exported(tree, one, macro.last) if exports else _entered(tree, one, macro.last)
            for one in others
        }
        good = [one for one in others if by_name[one].verdict == "verified"]
        for one in good or others[:1]:
            yield [one, macro], denied(by_name[one], text)
    if (
        not macros
        and len(others) == 1
        and tree.functions(others[0])
        and re.search(r" (?:initcall|module init|init entry|entry point) ", text)
    ):
        for entry in tree.view.entries(path=tree.functions(others[0])[0].path):
            if entry.fact.name == others[0].last:
                entered = so(f"{entry.fact.via}({entry.fact.name})", entry.path, entry.fact.row + 1)
                yield others, denied(entered, text)


def _entered(tree: Tree, one: Entity, via: str) -> Outcome:
    others: list[Outcome] = []
    for path in dict.fromkeys(at.path for at in tree.functions(one)):
        for entry in tree.view.entries(path=path):
            if entry.fact.name == one.last:
                place = (path, entry.fact.row + 1)
                if entry.fact.via == via:
                    return so(f"{via}({one.last}) at {path}:{place[1]}", *place)
                others.append(not_so(f"{entry.fact.via}({one.last}) at {path}:{place[1]}", *place))
        if line := tree.stands(path, via, rf"\s*\([^)]*\b{re.escape(one.last)}\b"):
            return so(f"{via}({one.last}) at {path}:{line}", path, line)
    if others:
        return others[0]
    homes = tree.functions(one)
    if not homes:
        return open_(f"{one.last} is no function")
    at = homes[0]
    if not tree.stands(at.path, via):
        return not_so(f"{at.path} does not mention {via}", at.path)
    return open_(f"no {via} of {one.last} was found")
