"""Hold what a sentence says of tables, registrations, exports and members against the tree.

Which of the names of a clause is the table, which its member and which the function, only the tree can tell: the words
between say that a clause is about such things, the tree says who plays which part.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from codereader.answer import formed
from codereader.answer.formed import Judged
from codereader.answer.outcome import Outcome, best, negation, not_so, open_, so
from codereader.answer.phrase import Entity, Phrase
from codereader.answer.tree import Tree
from codereader.facts.graph.relations import is_registering
from codereader.index.parsed import Definition, TableEntry
from codereader.index.view import At

_E = r"<(\d+)>"
MOST_NAMES = 40
"""A clause with more names is no statement that anybody could check."""
CLAUSE = re.compile(r" (?:;|while|whereas|although|though|\.) ")
DENIES = re.compile(r" (?:not|never|neither|nor|no(?= <)) ")
_FINITE = re.compile(
    r" (?:calls?|sets?|has|have|uses?|is|are|does|registers?|defines?|points?|returns?|contains?|builds?) "
)
_HOLDS = re.compile(
    r" (?:sets?|assign\w*|holds?|points?|maps?|mapped|implement\w*|install\w*|regist\w*|provid\w*|uses?|used|using"
    r"|fills?|"
    r"initiali[sz]\w*|stor\w+|plugs?|plugged|hooks?|hooked|wires?|wired|binds?|bound|serv\w+|acts?|as|is|are|=|:"
    r"|callbacks?|"
    r"handlers?|operations?|members?|fields?|entry|entries|slot|contains?|lists?|listed|has|have|includes?|part|table"
    r"|via|"
    r"through|refers?|resolves?|defines?|supplies|with) "
)
_PRONOUN = re.compile(r" ?(?:it|this|they|this function) ")
_VALUE = re.compile(r"<(\d+)> (?:points to|refers to|to|is|=|:|as) <(\d+)>")
_OWNER = re.compile(r"<\d+> (?:\w+ ){0,2}(?:of|in|for|from|on|within|inside) <(\d+)>")
_JOINED = re.compile(r"<(\d+)> (?:as|for|in|into|to|is|=|:|\(|with) (?:\w+ ){0,2}(?=<(\d+)>)")
_RELATIVE = re.compile(
    r" ,? ?(?:which|that|who|where|so that) (?!is |are |holds? |has |have |sets? |contains? |it is )"
)
_LISTS = re.compile(
    r" (?:holds?|contains?|lists?|listed|includes?|part|provid\w+|install\w*|plug\w*|hook\w*|fill\w*|entries|entry"
    r"|sets?"
    r"|implement\w*|stor\w+|member|table) "
)
_REGISTER = re.compile(r" (?:un|de)?regist(?:er|ers|ered|ering|ration|rations) ")
_UNREGISTER = re.compile(r" (?:un|de)regist")
_EXPORT = re.compile(r"EXPORT_\w*SYMBOL\w*|EXPORT_SYMBOL\w*")
_INITCALL = re.compile(r"\w*initcall\w*|module_(?:init|exit)|__(?:init|exit)call|builtin_\w+")
_MEMBER_NOUNS = ("member", "field", "attribute")
_EMBEDS = re.compile(
    r"<(\d+)> (?:\w+ly )?(?:has|embeds?|contains?|holds?|includes?|carries|stores?|keeps?|wraps) "
    r"(?:(?!which|that|no|not)\w+ ){0,3}<(\d+)>"
)
"""``struct a embeds struct b``"""
_MEMBERS = re.compile(
    r" (?:has|have|contains?|with|field|fields|member|members|includes?|holds?|embeds?|consists|of|enumerators?"
    r"|attributes?"
    r"|methods?|stores?|keeps?|carries|defines?|wraps|in|part|inside) "
)


def statements(tree: Tree, phrase: Phrase) -> Iterator[Judged]:
    """Yield what the clauses of *phrase* say of tables, registrations and members, judged."""
    first = ""
    for part in CLAUSE.split(phrase.shape):
        clause = f"{first} {part}" if _PRONOUN.match(part) else part
        first = next((f"<{mark}>" for mark in re.findall(_E, clause)), first)
        marks = [int(mark) for mark in re.findall(_E, clause)]
        entities = [phrase.entities[mark] for mark in marks]
        if len(entities) > MOST_NAMES:
            continue
        text = f" {clause} "
        yield from _entries(tree, entities, text)
        yield from _registrations(tree, entities, text)
        if _HOLDS.search(text):
            yield from _tables(tree, entities, text)
        if _MEMBERS.search(text):
            yield from _members(tree, entities, text)


def denied(found: Outcome, text: str) -> Outcome:
    """Return what becomes of *found* in the clause *text*: the opposite where that denies it."""
    if not DENIES.search(text):
        return found
    if len(_FINITE.findall(text)) > 1:
        return open_(found.why, found.path, found.line)
    return negation(found)


# Tables


def _tables(tree: Tree, entities: Sequence[Entity], text: str) -> Iterator[Judged]:
    entities, text = _unchained(tree, *_without_relative(tree, entities, text))
    tables = [one for one in entities if one.kind == "name" and _entries_of(tree, one)]
    if not tables:
        yield from _of_struct(tree, entities, text)
        return
    owners = _owners(tree, entities, tables, text)
    fields = {entry.fact.field for one in owners for entry in _entries_of(tree, one)}
    fields |= {word for one in owners for word in _struct_members(tree, one)}
    members: list[Entity] = []
    functions: list[Entity] = []
    order = ""
    for one in entities:
        if one in owners or one.kind not in ("name", "member"):
            continue
        if one.kind == "member" or (one.text in fields and not (tree.functions(one) and members)):
            members.append(one)
            order += "m"
        elif _is_type(tree, one, owners) or _EXPORT.fullmatch(one.last) or _INITCALL.fullmatch(one.last):
            continue
        elif tree.functions(one) or tree.tables(one) or tree.citer.knows(one.last):
            if _assigns(tree, one, owners):
                return
            functions.append(one)
            order += "f"
    if not members and (not _LISTS.search(text) or _REGISTER.search(text)):
        return
    if len(members) == 1 and len(functions) > 1:
        yield from _several(tree, entities, owners, members[0], functions, text)
        return
    for owner in owners:
        for which, function in _pairs(members, functions, order):
            found = held(tree, owner, which.last if which else None, function.last if function else None)
            if found is not None:
                yield [one for one in (owner, which, function) if one], denied(found, text)


def _without_relative(tree: Tree, entities: Sequence[Entity], text: str) -> tuple[Sequence[Entity], str]:
    """Cut ``, which prints it with <3>`` behind what is said of a table: that is about the function before it."""
    match = _RELATIVE.search(text)
    if match is None:
        return entities, text
    count = len(re.findall(_E, text[: match.start()]))
    before = entities[:count]
    if not any(_entries_of(tree, one) for one in before) or not any(tree.functions(one) for one in before):
        return entities, text
    return before, text[: match.start()] + " "


def _several(
    tree: Tree,
    entities: Sequence[Entity],
    owners: Sequence[Entity],
    which: Entity,
    functions: Sequence[Entity],
    text: str,
) -> Iterator[Judged]:
    """Judge one member and several functions: which of them it is for, the words need not tell."""
    adjoining = _adjoining(entities, which, functions, text)
    for owner in owners:
        found = {one: held(tree, owner, which.last, one.last) for one in functions}
        if adjoining is not None and (outcome := found[adjoining]) is not None:
            yield [owner, which, adjoining], denied(outcome, text)
            continue
        good = [one for one, outcome in found.items() if outcome is not None and outcome.verdict == "verified"]
        for one, outcome in found.items():
            if outcome is None:
                continue
            if one not in good and good:
                other = held(tree, owner, None, one.last)
                outcome = other if other is not None and other.verdict == "verified" else open_(outcome.why)
            yield [owner, which, one], denied(outcome, text)


def _adjoining(entities: Sequence[Entity], which: Entity, functions: Sequence[Entity], text: str) -> Entity | None:
    """Return the function that the words join to the member: ``f as its .open``, ``.open to f``."""
    by_mark = dict(zip(re.findall(_E, text), entities, strict=True))
    for match in _JOINED.finditer(text):
        pair = [by_mark[match[1]], by_mark[match[2]]]
        if which in pair:
            other = pair[1 - pair.index(which)]
            if other in functions:
                return other
    return None


def _is_type(tree: Tree, one: Entity, owners: Sequence[Entity]) -> bool:
    if one.type_word or one.noun == "struct":
        return True
    return any(at.fact.struct == one.last for owner in owners for at in _entries_of(tree, owner))


def _unchained(tree: Tree, entities: Sequence[Entity], text: str) -> tuple[list[Entity], str]:
    """Write ``table.member`` as what it is, a table and its member."""
    found: list[Entity] = []
    marks = re.findall(_E, text)
    for mark, one in zip(marks, entities, strict=True):
        owner = Entity("name", one.parts[0]) if one.kind == "name" and len(one.parts) == 2 else None
        if owner is not None and _entries_of(tree, owner):
            found += [owner, Entity("member", one.parts[1])]
            text = text.replace(f"<{mark}>", f"<t{mark}> <m{mark}>")
        else:
            found.append(one)
    numbered = iter(range(len(found)))
    return found, re.sub(r"<[tm]?\d+>", lambda _: f"<{next(numbered)}>", text)


def _owners(tree: Tree, entities: Sequence[Entity], tables: Sequence[Entity], text: str) -> Sequence[Entity]:
    """Return which of *tables* hold something: a table may itself be what another one holds."""
    by_mark = dict(zip(re.findall(_E, text), entities, strict=True))
    if len(tables) > 1 and (named := _OWNER.search(text)) and by_mark[named[1]] in tables:
        return [by_mark[named[1]]]
    values = [by_mark[two] for one, two in _VALUE.findall(text) if by_mark[one] not in tables]
    if left := [one for one in tables if one not in values]:
        tables = left
    return [one for one in tables if not _is_held(tree, one, tables)] or tables[:1]


def _is_held(tree: Tree, one: Entity, tables: Sequence[Entity]) -> bool:
    """Return whether another of *tables* holds this one: a table may be the value of a member."""
    return any(
        entry.fact.function == one.last for other in tables if other != one for entry in _entries_of(tree, other)
    )


def _assigns(tree: Tree, one: Entity, owners: Sequence[Entity]) -> bool:
    """Return whether *one* is a function that puts the table somewhere: then the table is what is held."""
    names = {owner.last for owner in owners}
    own = {entry.fact.function for owner in owners for entry in _entries_of(tree, owner)}
    if one.last in own:
        return False
    return any(tree.mention(at, name) for at in tree.functions(one) for name in names)


def _pairs(
    members: Sequence[Entity], functions: Sequence[Entity], order: str
) -> Iterator[tuple[Entity | None, Entity | None]]:
    if not members:
        yield from ((None, function) for function in functions)
    elif not functions:
        yield from ((which, None) for which in members)
    elif len(members) == len(functions):
        yield from zip(members, functions, strict=True)
    elif len(members) == 1:
        yield from ((members[0], function) for function in functions)
    elif len(functions) == 1:
        yield from ((which, functions[0]) for which in members)
    elif re.fullmatch(r"(?:m+f)+", order):
        at = 0
        for number, run in enumerate(re.findall(r"m+f", order)):
            for _ in run[:-1]:
                yield members[at], functions[number]
                at += 1


def _entries_of(tree: Tree, one: Entity) -> list[At[TableEntry]]:
    if one.type_word:
        return []
    paths = dict.fromkeys(at.path for at in tree.tables(one))
    return [at for path in paths for at in tree.view.tables(path=path) if at.fact.variable == one.last]


def _struct_members(tree: Tree, one: Entity) -> list[str]:
    structs = {at.fact.struct for at in _entries_of(tree, one) if at.fact.struct}
    types = [at for name in sorted(structs) for at in tree.view.definitions(name=name, kinds=("struct",))]
    return [word for at in types for line in at.fact.fields for word in re.findall(r"\w+", line)]


def held(tree: Tree, table: Entity, which: str | None, function: str | None) -> Outcome | None:
    """Judge that a table holds *function* in its member *which*; None is any."""
    entries = _entries_of(tree, table)
    for at in entries:
        if which in (None, at.fact.field) and function in (None, at.fact.function):
            place = (at.path, at.fact.row + 1)
            return so(f"{table.last} sets .{at.fact.field} to {at.fact.function} at {at.path}:{place[1]}", *place)
    homes = tree.tables(table)
    return best([_in_initialiser(tree, at, entries, which, function) for at in homes if "=" in tree.code(at)])


def _in_initialiser(
    tree: Tree, at: At[Definition], entries: Sequence[At[TableEntry]], which: str | None, function: str | None
) -> Outcome:
    place = (at.path, at.fact.row + 1)
    body = tree.source(at)
    name = at.fact.name
    if which is not None:
        value = re.search(rf"\.\s*{re.escape(which)}\s*=\s*([^,}}]*)", body)
        if value is not None:
            line = at.fact.span.first_row + 1 + body.count("\n", 0, value.start())
            if function is None:
                return so(f"{name} sets .{which} at {at.path}:{line}", at.path, line)
            if re.search(rf"\b{re.escape(function)}\b", value[1]):
                return so(f"{name} sets .{which} to {function} at {at.path}:{line}", at.path, line)
            if not re.search(r"\b[A-Z][A-Z_]{3,}\s*\(", value[1]):
                return not_so(f"{name} sets .{which} to {value[1].strip()} at {at.path}:{line}", at.path, line)
            return open_(f"{name} sets .{which} by macro", at.path, line)
    if re.search(r"^\s*[A-Z][A-Z_0-9]{3,}\s*\(", body, re.MULTILINE):
        return open_(f"a macro may set more of {name}", *place)
    if function is not None and (line := tree.mention(at, function)):
        real = next((e.fact.field for e in entries if e.fact.function == function), "another member")
        if which is not None:
            return not_so(f"{name} sets .{real} to {function}, and no .{which}", at.path, line)
        return so(f"{name} holds {function} at {at.path}:{line}", at.path, line)
    if any(e.fact.assigned and e.fact.field == which for e in tree.view.tables(path=at.path)):
        return open_(f".{which} is assigned elsewhere in {at.path}", *place)
    if which is not None:
        return not_so(f"{name} at {tree.place(at)} sets no .{which}", *place)
    return not_so(f"{name} at {tree.place(at)} does not hold {function}", *place)


def _of_struct(tree: Tree, entities: Sequence[Entity], text: str) -> Iterator[Judged]:
    """Judge ``f implements the .open of struct file_operations``, where no table is named."""
    members = [one for one in entities if one.kind == "member" or (one.kind == "name" and len(one.parts) == 2)]
    functions = [one for one in entities if one.kind == "name" and len(one.parts) == 1 and tree.functions(one)]
    if len(members) != 1 or not functions:
        return
    which = members[0]
    structs = {one.last for one in entities if one.kind == "name" and one not in functions and one != which}
    structs |= set(which.parts[:-1])
    for one in functions:
        for at in tree.view.tables(function=one.last):
            if at.fact.field == which.last and (not structs or at.fact.struct in structs):
                found = so(f"{at.fact.variable} sets .{which.last} to {one.last}", at.path, at.fact.row + 1)
                covered = [one, which, *(e for e in entities if e.last == at.fact.struct)]
                yield covered, denied(found, text)
                break


# Registrations, entries, exports


def _registrations(tree: Tree, entities: Sequence[Entity], text: str) -> Iterator[Judged]:
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


def _entries(tree: Tree, entities: Sequence[Entity], text: str) -> Iterator[Judged]:
    macros = [
        one for one in entities if one.kind == "name" and (_EXPORT.fullmatch(one.last) or _INITCALL.fullmatch(one.last))
    ]
    others = [one for one in entities if one.kind == "name" and one not in macros and tree.definitions(one)]
    for macro in macros:
        exports = _EXPORT.fullmatch(macro.last) is not None
        found = {
            one: formed.exported(tree, one, macro.last) if exports else _entered(tree, one, macro.last)
            for one in others
        }
        good = [one for one in others if found[one].verdict == "verified"]
        for one in good or others[:1]:
            yield [one, macro], denied(found[one], text)
    if (
        not macros
        and len(others) == 1
        and tree.functions(others[0])
        and re.search(r" (?:initcall|module init|init entry|entry point) ", text)
    ):
        for at in tree.view.entries(path=tree.functions(others[0])[0].path):
            if at.fact.name == others[0].last:
                found = so(f"{at.fact.via}({at.fact.name})", at.path, at.fact.row + 1)
                yield others, denied(found, text)


def _entered(tree: Tree, one: Entity, via: str) -> Outcome:
    others: list[Outcome] = []
    for path in dict.fromkeys(at.path for at in tree.functions(one)):
        for at in tree.view.entries(path=path):
            if at.fact.name == one.last:
                place = (path, at.fact.row + 1)
                if at.fact.via == via:
                    return so(f"{via}({one.last}) at {path}:{place[1]}", *place)
                others.append(not_so(f"{at.fact.via}({one.last}) at {path}:{place[1]}", *place))
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


# Members


def _members(tree: Tree, entities: Sequence[Entity], text: str) -> Iterator[Judged]:
    owners = [one for one in entities if one.kind == "name" and len(one.parts) == 1 and tree.types(one)]
    owners = [
        one for one in owners if not tree.functions(one) or any(at.fact.kind == "class" for at in tree.types(one))
    ]
    if not owners:
        return
    owners = [one for one in owners if one.type_word or one.noun or not _entries_of(tree, one)]
    owners = [one for one in owners if one.type_word or one.noun in ("struct", "class")] or owners
    direct = {match[1]: match[2] for match in _EMBEDS.finditer(text)}
    by_mark = dict(zip(re.findall(_E, text), entities, strict=True))
    nouned = re.search(r" (?:field|fields|member|members|attribute|attributes) ", text) is not None
    for mark, other in direct.items():
        owner, inner = by_mark[mark], by_mark[other]
        if owner not in owners or inner not in owners or not inner.type_word:
            continue
        found = formed.member(tree, owner, inner.last)
        if found is not None:
            yield [owner, inner], denied(found, text)
            owners = [one for one in owners if one != inner] if found.verdict == "contradicted" else owners
    for one in entities:
        if one in owners[:1] or one.kind not in ("name", "member") or len(one.parts) != 1:
            continue
        own = {at.fact.owner for at in tree.definitions(one)}
        is_own = any(owner.last in own for owner in owners)
        if one.kind == "name" and (tree.functions(one) or tree.tables(one)) and not (nouned or is_own):
            continue
        found = best([out for owner in owners if owner != one and (out := formed.member(tree, owner, one.last))])
        if found is None:
            continue
        if found.verdict == "verified" or one.kind == "member" or nouned or one.noun in _MEMBER_NOUNS:
            yield [*owners, one], denied(found, text)
