"""Who reaches whom: calls written out, calls that macros make, and calls through tables of functions.

An `Edges` belongs to one open index and keeps what was asked of it, so that a second question costs next to nothing.
A call through a struct's member leads to every function that a table of the scope puts there. What cannot be followed
(a member of an unknown struct, a name without a definition) is an edge without a target, never a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from codereader.facts.graph.near import Names
from codereader.facts.graph.relations import dotted
from codereader.index.candidate import NOT_FOUND, ONLY_ONE, Candidate, worded
from codereader.index.linking.linked import Linked
from codereader.index.parsed import Definition, Reference, TableEntry
from codereader.index.view import At
from codereader.source.spans import line_of

POINTER_LANGUAGES = ("c", "cpp")
"""Languages in which a call on an object whose definition no name tells goes through a pointer in it."""

CALLED_KINDS = ("function", "method", "class", "macro")
"""Kinds of definitions that a call leads to."""

HOLDING_KINDS = ("variable", "constant", "property")
"""Kinds that a call may lead to where nothing of the kinds above is called so: they hold what is called."""

MADE_KINDS = (*HOLDING_KINDS, "struct", "interface", "trait", "typedef")
"""What else may be called in languages in which a type makes its objects."""

Place = tuple[str, int, str]
"""Which definition is meant: its path, 0-based row and dotted name."""


@dataclass(frozen=True, slots=True)
class Member:
    """The field of a struct through which a call goes. `struct` is None where the type of the object is not known."""

    struct: str | None
    field: str

    def __str__(self) -> str:
        return f"{self.struct or '?'}.{self.field}"


@dataclass(frozen=True, slots=True)
class Call:
    """*caller* (None at file level) reaches *callee* at ``path:line`` (1-based).

    `via` is ``direct``, ``macro`` (`through` names the macro that makes the call), ``pointer`` (through the member that
    `through` names, ``proto_ops.sendmsg``), ``table`` (the variable *caller* holds the function in the member
    `through`) or ``name`` (the function is named as a value, to be called by others). `confidence` is the index's word.
    `target` is the definition of the callee, None where there is none.
    """

    caller: str | None
    callee: str
    path: str
    line: int
    via: str
    confidence: str
    condition: str | None = None
    through: str | None = None
    target: At[Definition] | None = None

    @property
    def is_followed(self) -> bool:
        """Whether the definition that is reached is known."""
        return self.target is not None


def place_of(at: At[Definition]) -> Place:
    """Return what tells one definition from all others."""
    return at.path, at.fact.row, dotted(at.fact)


def call_order(one: Call) -> tuple[str, int, str, str, str, str, int]:
    """Return the key that sorts calls by place, then by what they reach."""
    target = one.target
    return (
        one.path, one.line, one.caller or "", one.via, one.callee, target.path if target else "",
        target.fact.row if target else -1,
    )  # fmt: skip


class Edges:
    """The edges of one scope. *holds* tells of a fact (its path and condition) whether it is to be seen at all."""

    def __init__(self, linked: Linked, holds: Callable[[str, str | None], bool] | None = None) -> None:
        self.linked = linked
        self._holds = holds
        self._hidden: set[tuple[str, int, str]] = set()
        self._resolved: dict[tuple[str | None, ...], tuple[Candidate, ...]] = {}
        self._entries: dict[str | None, dict[Member, list[At[TableEntry]]]] = {}
        self._held: dict[Member, tuple[Call, ...]] = {}
        self._uses: dict[str, tuple[At[Reference], ...]] = {}
        self._outer: dict[str, Sequence[At[Reference]]] = {}
        self._sites: dict[Member, tuple[At[Reference], ...]] = {}
        self._functions: dict[str, dict[str, list[Definition]]] = {}
        self._names: Names | None = None
        self._callees: dict[Place, tuple[Call, ...]] = {}
        self._callers: dict[Place, tuple[Call, ...]] = {}

    @property
    def hidden(self) -> int:
        """How many uses and table entries *holds* kept out of what was asked for so far."""
        return len(self._hidden)

    @property
    def names(self) -> Names:
        """Every name that the scope defines."""
        if self._names is None:
            self._names = Names(at.fact.name for at in self.linked.definitions())
        return self._names

    # -- names ------------------------------------------------------------------------------------------------------

    def resolve(
        self, path: str, name: str, receiver: str | None = None, caller: str | None = None, base: str | None = None
    ) -> tuple[Candidate, ...]:
        """Return what a *name* that is called or held in *path* may mean, best first."""
        if self._language(path) in POINTER_LANGUAGES:  # where a name means the same in every function
            caller = base = None
        key = (path, name, receiver, caller, base)
        if key not in self._resolved:
            found = self.linked.resolve(path, name, receiver, caller, base)
            kept = [one for one in found if self.sees(one.definition)]
            called = [one for one in kept if one.definition.fact.kind in CALLED_KINDS]
            others = MADE_KINDS if self._language(path) not in POINTER_LANGUAGES else HOLDING_KINDS
            best = called or [one for one in kept if one.definition.fact.kind in others]
            self._resolved[key] = tuple(best) if len(best) == len(found) else _reworded(best, len(found) - len(best))
        return self._resolved[key]

    def sees(self, at: At[Definition]) -> bool:
        """Tell whether a definition is to be seen."""
        return self._holds is None or self._holds(at.path, at.fact.condition)

    def _language(self, path: str) -> str | None:
        return self.linked.language(path)

    def origin(self, one: Call) -> At[Definition] | None:
        """Return the definition of the caller, None at file level."""
        return self.inside(one.path, one.caller, one.line - 1)

    def uses(self, name: str) -> tuple[At[Reference], ...]:
        """Return every mention of *name* by a name, by place."""
        if name not in self._uses:
            self._uses[name] = tuple(self.linked.references(name=name))
        return self._uses[name]

    def _called(self, name: str) -> Sequence[At[Reference]]:
        """Return every call of *name*, those in functions of headers outside the scope too."""
        return [at for at in self._everywhere(name) if at.fact.kind == "call"]

    def _everywhere(self, name: str) -> Sequence[At[Reference]]:
        if name not in self._outer:
            self._outer[name] = self.linked.uses_outside(name)
        return (*self.uses(name), *self._outer[name])

    def inside(self, path: str, caller: str | None, row: int) -> At[Definition] | None:
        """Return the definition in *path* that the dotted name *caller* means at the 0-based *row*."""
        if caller is None:
            return None
        if path not in self._functions:
            named: dict[str, list[Definition]] = {}
            for at in self.linked.definitions(path=path):
                if at.fact.kind in CALLED_KINDS or at.fact.kind in HOLDING_KINDS:
                    named.setdefault(dotted(at.fact), []).append(at.fact)
            self._functions[path] = named
        twins = self._functions[path].get(caller, ())
        around = (one for one in twins if one.span.first_row <= row <= one.span.last_row)
        found = next(around, None) or (twins[0] if twins else None)
        return At(path, found) if found else None

    # -- one reference ----------------------------------------------------------------------------------------------

    def member(self, path: str, reference: Reference) -> Member | None:
        """Return the member through which a call of *path* goes, None for a call by name."""
        if reference.receiver is None or reference.kind != "call":
            return None
        if self._language(path) not in POINTER_LANGUAGES or self.resolve(path, reference.name, reference.receiver):
            return None
        return Member(self.linked.struct_of(path, reference), reference.name)

    def calls(self, path: str, reference: Reference) -> Iterator[Call]:
        """Yield what one call may reach: an edge a candidate, one without a target where there is none."""
        member = self.member(path, reference)
        if member is not None:
            yield from self._through(path, reference, member)
            return
        via = "macro" if reference.made else "direct"
        candidates = self.resolve(path, reference.name, reference.receiver, reference.caller, reference.base)
        if not candidates:
            yield self._call(path, reference, reference.name, via, NOT_FOUND, reference.made, None)
        for one in candidates:
            yield self._call(path, reference, reference.name, via, one.confidence, reference.made, one.definition)

    def _through(self, path: str, reference: Reference, member: Member) -> Iterator[Call]:
        held = self.held(member)
        if not held:
            yield self._call(path, reference, reference.name, "pointer", NOT_FOUND, str(member), None)
        for one in held:
            yield self._call(path, reference, one.callee, "pointer", chance(len(held)), str(member), one.target)

    def _call(
        self, path: str, at: Reference, callee: str, via: str, word: str, through: str | None,
        target: At[Definition] | None,
    ) -> Call:  # fmt: skip
        return Call(at.caller, callee, path, line_of(at.row), via, word, at.condition, through, target)

    # -- tables -----------------------------------------------------------------------------------------------------

    def held(self, member: Member) -> tuple[Call, ...]:
        """Return the functions that tables put into *member*, one edge each, by name and place of the function."""
        if member.struct is None:
            return ()
        if member not in self._held:
            found: dict[tuple[str, Place | None], Call] = {}
            for at in self._shown(self._filled(member.field).get(member, ())):
                for edge in self.entry(at):
                    found.setdefault((edge.callee, place_of(edge.target) if edge.target else None), edge)
            self._held[member] = tuple(sorted(found.values(), key=lambda one: (one.callee, call_order(one))))
        return self._held[member]

    def _filled(self, field: str | None) -> dict[Member, list[At[TableEntry]]]:
        """Return the entries of the scope's tables by the member that they fill; those of members called *field*."""
        if field not in self._entries:
            found: dict[Member, list[At[TableEntry]]] = {}
            for at in self.linked.tables(field=field):
                found.setdefault(Member(at.fact.struct, at.fact.field), []).append(at)
            self._entries[field] = found
        return self._entries[field]

    def entry(self, at: At[TableEntry]) -> Iterator[Call]:
        """Yield what one table entry holds: an edge a candidate, best first."""
        fact, through = at.fact, str(Member(at.fact.struct, at.fact.field))
        row = (fact.variable, fact.function, at.path, line_of(fact.row), "table")
        candidates = self.resolve(at.path, fact.function)
        if not candidates:
            yield Call(*row, NOT_FOUND, fact.condition, through)
        for one in candidates:
            yield Call(*row, one.confidence, fact.condition, through, one.definition)

    def implementors(self, field: str | None, struct: str | None) -> tuple[Call, ...]:
        """Return the functions that tables put into *field* of *struct*; what is None is any. By place."""
        entries = (
            at
            for member, some in self._filled(field).items()
            if (struct is None or member.struct == struct)
            for at in self._shown(some)
        )
        return tuple(sorted((edge for at in entries for edge in self.entry(at)), key=call_order))

    def _shown(self, found: Iterable[At[TableEntry]]) -> Iterator[At[TableEntry]]:
        return (at for at in found if self.shows(at, at.fact.function))

    def shows(self, at: At[Reference] | At[TableEntry], name: str) -> bool:
        """Tell whether a use of *name* is to be seen; one that is not is counted."""
        if self._holds is None or self._holds(at.path, at.fact.condition):
            return True
        self._hidden.add((at.path, at.fact.row, name))
        return False

    # -- definitions ------------------------------------------------------------------------------------------------

    def callees(self, at: At[Definition]) -> tuple[Call, ...]:
        """Return what the body of *at* reaches, in the order of the source. A table reaches what it holds."""
        place = place_of(at)
        if place not in self._callees:
            edges = self._of_table(at) if at.fact.kind == "variable" else self._of_body(at)
            self._callees[place] = tuple(sorted(set(edges), key=call_order))
        return self._callees[place]

    def _of_body(self, at: At[Definition]) -> Iterator[Call]:
        name = dotted(at.fact)
        for one in self.linked.references(path=at.path, caller=name, kind="call"):
            home = self.inside(at.path, name, one.fact.row)
            if home and home.fact.row == at.fact.row and self.shows(one, one.fact.name):
                yield from self.calls(at.path, one.fact)

    def _of_table(self, at: At[Definition]) -> Iterator[Call]:
        entries = (one for one in self.linked.tables(path=at.path) if one.fact.variable == at.fact.name)
        for one in self._shown(entries):
            yield from self.entry(one)

    def named(self, at: At[Definition]) -> tuple[Call, ...]:
        """Return the functions that the body of *at* names as values, in the order of the source."""
        name = dotted(at.fact)
        found = (
            edge
            for one in self.linked.references(path=at.path, caller=name, kind="name")
            if (home := self.inside(at.path, name, one.fact.row)) and home.fact.row == at.fact.row
            for edge in self._values(one)
        )
        return tuple(sorted(set(found), key=call_order))

    def naming(self, at: At[Definition]) -> tuple[Call, ...]:
        """Return where functions name *at* as a value, by place."""
        uses = (one for one in self._everywhere(at.fact.name) if one.fact.kind == "name" and one.fact.caller)
        found = (edge for one in uses for edge in self._values(one) if edge.target == at)
        return tuple(sorted(set(found), key=call_order))

    def _values(self, at: At[Reference]) -> Iterator[Call]:
        one = at.fact
        for each in self.resolve(at.path, one.name, one.receiver, one.caller, one.base):
            if each.definition.fact.kind in ("function", "method") and self.shows(at, one.name):
                yield self._call(at.path, one, one.name, "name", each.confidence, None, each.definition)

    def callers(self, at: At[Definition]) -> tuple[Call, ...]:
        """Return what reaches *at*: calls, the tables that hold it, and the calls through their members. By place."""
        place = place_of(at)
        if place not in self._callers:
            found = (edge for edge in self._reaching(at.fact.name) if edge.target and place_of(edge.target) == place)
            self._callers[place] = tuple(sorted(set(found), key=call_order))
        return self._callers[place]

    def strangers(self, name: str) -> tuple[Call, ...]:
        """Return the uses of a *name* that the scope does not define. By place."""
        found = (edge for edge in self._reaching(name) if edge.callee == name)
        return tuple(sorted(set(found), key=call_order))

    def _reaching(self, name: str) -> Iterator[Call]:
        """Yield the edges whose callee is called *name*, and those through the members that hold such a one."""
        for one in self._called(name):
            if self.member(one.path, one.fact) is None and self.shows(one, name):
                yield from self.calls(one.path, one.fact)
        members = set()
        for entry in self._shown(self.linked.tables(function=name)):
            yield from self.entry(entry)
            members.add(Member(entry.fact.struct, entry.fact.field))
        for member in sorted(members, key=str):
            if member.struct is not None:
                for one in self.sites(member):
                    yield from (edge for edge in self._through(one.path, one.fact, member) if edge.callee == name)

    def sites(self, member: Member) -> tuple[At[Reference], ...]:
        """Return the calls that go through *member*, by place; those through an unknown struct where it has none."""
        if member not in self._sites:
            self._sites[member] = tuple(
                one
                for one in self._called(member.field)
                if self.member(one.path, one.fact) == member and self.shows(one, member.field)
            )
        return self._sites[member]


def _reworded(found: Sequence[Candidate], dropped: int) -> tuple[Candidate, ...]:
    """Return what is left of a name's candidates once so many were *dropped*, counted anew.

    What may lie outside the scope is still counted (see `codereader.index.candidate.Candidate`).
    """
    counts = [int(one.confidence.rpartition(" ")[2]) for one in found if one.confidence.startswith("one of ")]
    if not counts:
        return tuple(found)
    if counts[0] - dropped > len(found):
        return tuple(Candidate(one.definition, f"one of {counts[0] - dropped}") for one in found)
    return worded([one.definition for one in found], ONLY_ONE)


def chance(count: int) -> str:
    """Return the word for one of *count* functions that a pointer may hold."""
    return ONLY_ONE if count == 1 else f"one of {count}"


def not_followed(edges: Sequence[Call]) -> int:
    """Return how many call sites among *edges* lead to no definition."""
    return len({(one.path, one.line, one.callee, one.through) for one in edges if not one.is_followed})
