"""Hold what a sentence says of tables and their members against the tree.

Which of the names of a clause is the table, which its member and which the function, only the tree can tell: the words
between say that a clause is about such things, the tree says who plays which part.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from codereader.answer.checks import membered, registered
from codereader.answer.checks.clause import CLAUSE, MOST_NAMES, denied
from codereader.answer.checks.formed import Judged
from codereader.answer.checks.outcome import Outcome, best, not_so, open_, so
from codereader.answer.checks.phrase import Entity, Phrase
from codereader.answer.checks.tree import Tree
from codereader.index.parsed import Definition, TableEntry
from codereader.index.view import At

_E = r"<(\d+)>"
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
        yield from registered.entries(tree, entities, text)
        yield from registered.registrations(tree, entities, text)
        if _HOLDS.search(text):
            yield from _tables(tree, entities, text)
        yield from membered.members(tree, entities, text)


# Tables


def _tables(tree: Tree, entities: Sequence[Entity], text: str) -> Iterator[Judged]:
    entities, text = _unchained(tree, *_without_relative(tree, entities, text))
    tables = [one for one in entities if one.kind == "name" and tree.entries(one)]
    if not tables:
        yield from _of_struct(tree, entities, text)
        return
    owners = _owners(tree, entities, tables, text)
    fields = {entry.fact.field for one in owners for entry in tree.entries(one)}
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
        elif _is_type(tree, one, owners) or registered.is_macro(one.last):
            continue
        elif tree.functions(one) or tree.tables(one) or tree.citer.knows(one.last):
            if _assigns(tree, one, owners):
                return
            functions.append(one)
            order += "f"
    if not members and (not _LISTS.search(text) or registered.is_said(text)):
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
    if not any(tree.entries(one) for one in before) or not any(tree.functions(one) for one in before):
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
        pair = by_mark[match[1]], by_mark[match[2]]
        if which in pair:
            other: Entity = pair[1 - pair.index(which)]
            if other in functions:
                return other
    return None


def _is_type(tree: Tree, one: Entity, owners: Sequence[Entity]) -> bool:
    if one.type_word or one.noun == "struct":
        return True
    return any(at.fact.struct == one.last for owner in owners for at in tree.entries(owner))


def _unchained(tree: Tree, entities: Sequence[Entity], text: str) -> tuple[list[Entity], str]:
    """Write ``table.member`` as what it is, a table and its member."""
    found: list[Entity] = []
    marks = re.findall(_E, text)
    for mark, one in zip(marks, entities, strict=True):
        owner = Entity("name", one.parts[0]) if one.kind == "name" and len(one.parts) == 2 else None
        if owner is not None and tree.entries(owner):
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
    return any(entry.fact.function == one.last for other in tables if other != one for entry in tree.entries(other))


def _assigns(tree: Tree, one: Entity, owners: Sequence[Entity]) -> bool:
    """Return whether *one* is a function that puts the table somewhere: then the table is what is held."""
    names = {owner.last for owner in owners}
    own = {entry.fact.function for owner in owners for entry in tree.entries(owner)}
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


def _struct_members(tree: Tree, one: Entity) -> list[str]:
    structs = {at.fact.struct for at in tree.entries(one) if at.fact.struct}
    types = [at for name in sorted(structs) for at in tree.view.definitions(name=name, kinds=("struct",))]
    return [word for at in types for line in at.fact.fields for word in re.findall(r"\w+", line)]


def held(tree: Tree, table: Entity, which: str | None, function: str | None) -> Outcome | None:
    """Judge that a table holds *function* in its member *which*; None is any."""
    entries = tree.entries(table)
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
            row = at.fact.span.first_row + 1 + body.count("\n", 0, value.start())
            if function is None:
                return so(f"{name} sets .{which} at {at.path}:{row}", at.path, row)
            if re.search(rf"\b{re.escape(function)}\b", value[1]):
                return so(f"{name} sets .{which} to {function} at {at.path}:{row}", at.path, row)
            if not re.search(r"\b[A-Z][A-Z_]{3,}\s*\(", value[1]):
                return not_so(f"{name} sets .{which} to {value[1].strip()} at {at.path}:{row}", at.path, row)
            return open_(f"{name} sets .{which} by macro", at.path, row)
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
