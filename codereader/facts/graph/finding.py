"""What ``find`` tells of a name: its definitions, who reaches it, what it reaches, every mention, who fills a member.

A `Finding` is one place. Answers carry what they could not follow and what a configuration hid, never silently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from codereader.facts.graph.edges import Call, Edges, Member, not_followed, place_of
from codereader.facts.graph.symbol import Symbol, definitions_of, lies_in, spelled
from codereader.index.candidate import NOT_FOUND
from codereader.index.parsed import Definition, Record, Reference
from codereader.index.view import At
from codereader.source.spans import line_of


@dataclass(frozen=True, slots=True)
class Finding:
    """One place that answers. `line` is 1-based.

    A `path` that begins with ``../`` is that of a header outside the scope. A definition has a signature, `spelled` as
    the shortest way to name it alone, and neither caller nor way (`via`). A use has the place of the definition that it
    reaches as `target_path` and `target_line`, what it goes through (``proto_ops.sendmsg``, or the macro that makes
    it), and how many hops from the name it is (`depth`).
    """

    name: str
    kind: str | None
    path: str
    line: int
    caller: str | None = None
    via: str | None = None
    confidence: str | None = None
    condition: str | None = None
    through: str | None = None
    target_path: str | None = None
    target_line: int | None = None
    depth: int | None = None
    spelled: str | None = None
    signature: str | None = None
    doc: str | None = None
    made: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """An answer. `meant` are the definitions that the name was taken for; `hidden` counts what was not built.

    `not_followed` counts places that might belong here and could not be followed.
    """

    meant: tuple[Finding, ...]
    results: tuple[Finding, ...]
    not_followed: int = 0
    hidden: int = 0


class Finder:
    """Answers about the names of one scope."""

    def __init__(self, edges: Edges) -> None:
        self._edges = edges
        self._linked = edges.linked

    def meant(self, symbol: Symbol) -> tuple[At[Definition], ...]:
        """Return the definitions that *symbol* may mean, by place, those that are not built left out."""
        return tuple(at for at in definitions_of(self._linked, symbol) if self._edges.sees(at))

    def member(self, symbol: Symbol) -> Member | None:
        """Return the member of a struct that *symbol* names, None where no struct and no table has such a one."""
        if symbol.owner is None or symbol.file is not None:
            return None
        found = Member(symbol.owner, symbol.name)
        has_record = any(one.name == symbol.name for at in self._records(symbol.owner) for one in at.fact.members)
        is_known = has_record or self._edges.held(found) or self._edges.sites(found)
        return found if is_known else None

    def _records(self, struct: str) -> Sequence[At[Record]]:
        return self._linked.records(struct)

    def near(self, symbol: Symbol) -> tuple[str, ...]:
        """Return names of the scope that are spelled nearly like that of *symbol*, the nearest first."""
        return self._edges.names.near(symbol.name)

    def is_mentioned(self, symbol: Symbol) -> bool:
        """Tell whether a name without a definition is used in the scope."""
        return bool(self._edges.uses(symbol.name) or self._linked.tables(function=symbol.name))

    def definitions(self, symbol: Symbol) -> Found:
        """Return where *symbol* is defined. A member of a struct stands where its struct does."""
        every = definitions_of(self._linked, symbol)
        meant = self.meant(symbol)
        results = _told(meant)
        if not results and symbol.owner is not None:
            results = tuple(self._members(symbol))
        return Found(results, results, 0, len(every) - len(meant))

    def _members(self, symbol: Symbol) -> Iterator[Finding]:
        for at in self._records(symbol.owner or ""):
            for one in at.fact.members:
                if one.name == symbol.name and lies_in(at.path, symbol.file):
                    where = (at.path, line_of(at.fact.row))
                    signature = "function pointer" if one.type == "fn" else one.type
                    yield Finding(
                        one.name, "member", *where, condition=at.fact.condition, signature=signature,
                        spelled=f"{at.fact.name}.{one.name}",
                    )  # fmt: skip

    def callers(self, symbol: Symbol, depth: int, check: Callable[[], None]) -> Found:
        """Return what reaches *symbol*, up to *depth* hops away: by hop, then by place."""
        meant, member = self.meant(symbol), self.member(symbol)
        if meant:
            results = tuple(self._walk(meant, self._edges.callers, self._edges.origin, depth, check))
            return self._answer(meant, results, self._unknown_callers(meant))
        if member:
            uses = [edge for one in self._edges.sites(member) for edge in self._edges.calls(one.path, one.fact)]
            lost = len(self._edges.sites(Member(None, member.field)))
            return self._answer((), _once(_use(one, 1) for one in _firsts(uses)), lost)
        results = tuple(_use(one, 1) for one in self._edges.strangers(symbol.name) if lies_in(one.path, symbol.file))
        return self._answer((), results, 0)

    def callees(self, symbol: Symbol, depth: int, check: Callable[[], None]) -> Found:
        """Return what *symbol* reaches, up to *depth* hops away: by hop, then by place."""
        meant, member = self.meant(symbol), self.member(symbol)
        if not meant and member:
            return self._answer((), tuple(_use(one, 1) for one in self._edges.held(member)), 0)
        lost: list[Call] = []

        def reached(at: At[Definition]) -> tuple[Call, ...]:
            edges = self._edges.callees(at)
            lost.extend(one for one in edges if not one.is_followed)
            return edges

        results = tuple(self._walk(meant, reached, lambda one: one.target, depth, check))
        return self._answer(meant, results, not_followed(lost))

    def implementors(self, symbol: Symbol) -> Found:
        """Return the functions that tables put into the member that *symbol* names.

        A name alone is a member of any struct, or else a struct with all its members.
        """
        if symbol.owner is not None:
            edges = self._edges.implementors(symbol.name, symbol.owner)
        else:
            edges = self._edges.implementors(symbol.name, None) or self._edges.implementors(None, symbol.name)
        kept = [one for one in edges if lies_in(one.path, symbol.file)]
        return self._answer((), _once(_use(one, None) for one in _firsts(kept)), 0)

    def mentions(self, symbol: Symbol) -> Found:
        """Return every mention of *symbol*: calls, values, entries of tables. By place."""
        meant, member = self.meant(symbol), self.member(symbol)
        if not meant and member:
            calls = [_mention(one, member.struct, None) for one in self._edges.sites(member)]
            held = [_use(one, None) for one in _firsts(self._edges.implementors(member.field, member.struct))]
            lost = len(self._edges.sites(Member(None, member.field)))
            return self._answer((), tuple(sorted((*calls, *held), key=_order)), lost)
        places = {place_of(at) for at in meant}
        found: list[Finding] = []
        lost = 0
        for at in self._edges.uses(symbol.name):
            if not self._edges.shows(at, symbol.name):
                continue
            candidates = self._linked.resolve(at.path, symbol.name, at.fact.receiver, at.fact.caller, at.fact.base)
            fitting = [one for one in candidates if place_of(one.definition) in places]
            if fitting:
                found.append(_mention(at, None, fitting[0].definition, fitting[0].confidence))
            elif not candidates and (not meant or symbol.file is None):
                lost += bool(meant)
                found.append(_mention(at, None, None))
        tables = (edge for at in self._linked.tables(function=symbol.name) for edge in self._edges.entry(at))
        held = [_use(one, None) for one in _firsts(tables) if not meant or _reaches(one, places)]
        results = _once(sorted((*found, *held), key=_order))
        return self._answer(meant, results, lost)

    def _walk(
        self,
        starts: Sequence[At[Definition]],
        edges: Callable[[At[Definition]], tuple[Call, ...]],
        beyond: Callable[[Call], At[Definition] | None],
        depth: int,
        check: Callable[[], None],
    ) -> Iterator[Finding]:
        """Yield the edges of *starts*, then of what they lead to, hop by hop; each definition is opened once."""
        seen = {place_of(at) for at in starts}
        level = list(starts)
        for hop in range(1, depth + 1):
            found: dict[tuple[str, int, str], At[Definition]] = {}
            uses: list[Finding] = []
            for at in level:
                check()
                for one in edges(at):
                    uses.append(_use(one, hop))
                    there = beyond(one) if hop < depth else None
                    if there is not None and one.via != "table" and place_of(there) not in seen:
                        found.setdefault(place_of(there), there)
            yield from _once(sorted(uses, key=_order))
            seen |= set(found)
            level = [found[place] for place in sorted(found)]

    def _unknown_callers(self, meant: Sequence[At[Definition]]) -> int:
        """Return how many places might call *meant*: through members of unknown structs, or where it is handed on."""
        lost: set[tuple[str, int]] = set()
        for name in sorted({at.fact.name for at in meant}):
            entries = self._linked.tables(function=name)
            held = {(one.path, one.fact.row) for one in entries}
            for field in sorted({one.fact.field for one in entries}):
                lost |= {(one.path, one.fact.row) for one in self._edges.sites(Member(None, field))}
            for one in self._edges.uses(name):
                if one.fact.kind == "name" and one.fact.caller is not None and (one.path, one.fact.row) not in held:
                    lost.add((one.path, one.fact.row))
        return len(lost)

    def _answer(self, meant: Sequence[At[Definition]], results: tuple[Finding, ...], lost: int) -> Found:
        return Found(_told(meant), results, lost, self._edges.hidden)


def _told(definitions: Sequence[At[Definition]]) -> tuple[Finding, ...]:
    return tuple(_definition(at, definitions) for at in definitions)


def _definition(at: At[Definition], others: Iterable[At[Definition]]) -> Finding:
    one = at.fact
    return Finding(
        one.name, one.kind, at.path, line_of(one.row), condition=one.condition, spelled=spelled(at, others),
        signature=one.signature, doc=one.doc, made=one.made,
    )  # fmt: skip


def _use(one: Call, depth: int | None) -> Finding:
    return Finding(
        one.callee, one.target.fact.kind if one.target else None, one.path, one.line, one.caller, one.via,
        one.confidence, one.condition, one.through, *_where(one.target), depth,
    )  # fmt: skip


def _where(target: At[Definition] | None) -> tuple[str | None, int | None]:
    return (target.path, line_of(target.fact.row)) if target else (None, None)


def _mention(at: At[Reference], struct: str | None, target: At[Definition] | None, word: str | None = None) -> Finding:
    one = at.fact
    via = "pointer" if struct else "macro" if one.made else "direct" if one.kind == "call" else "name"
    through = f"{struct}.{one.name}" if struct else one.made
    return Finding(
        one.name, target.fact.kind if target else None, at.path, line_of(one.row), one.caller, via,
        word or (None if struct else NOT_FOUND), one.condition, through, *_where(target),
    )  # fmt: skip


def _firsts(edges: Iterable[Call]) -> Iterator[Call]:
    """Yield one edge a place and callee: the best of what a name may mean."""
    seen = set()
    for one in edges:
        key = (one.path, one.line, one.caller, one.callee, one.through, one.via)
        if key not in seen:
            seen.add(key)
            yield one


def _reaches(one: Call, places: set[tuple[str, int, str]]) -> bool:
    return one.target is not None and place_of(one.target) in places


def _once(found: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(dict.fromkeys(found))


def _order(one: Finding) -> tuple[str, int, str, str, str, str, int]:
    return (
        one.path, one.line, one.caller or "", one.via or "", one.name, one.target_path or "", one.target_line or 0,
    )  # fmt: skip
