"""What the index tells of a symbol, as lists that can be opened hop by hop: the answers of ``codereader find``.

Runs on the desk's thread. Uses of one function by another are taken together: a `Relative` stands for all of them, its
`place` for the first. Lines are 1-based; lists are in the order of ``find`` unless told otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from codereader.fronts.text import counted
from codereader.fronts.tui.messages import Place, Way

if TYPE_CHECKING:
    from codereader.facts.graph.edges import Call
    from codereader.facts.graph.finding import Finder, Finding, Found
    from codereader.facts.graph.symbol import Symbol
    from codereader.reader import Reader

Check = Callable[[], None]

FILE_LEVEL = "(file level)"
"""Who uses a name outside of all definitions."""

PATHS = 20
"""So many paths between two symbols are shown."""

NOTHING: dict[Way, str] = {
    "definitions": "no definition is built",
    "callers": "nothing is seen to call it",
    "callees": "it is not seen to call anything",
    "refs": "nothing mentions it",
    "implementors": "no table is seen to fill it",
    "paths-to": "no way is seen",
}


@dataclass(frozen=True, slots=True)
class Relative:
    """One line of an answer: what it names, where it stands, and how it came about.

    `symbol` spells what to ask on for, None where the way ends. `lines` are all places of `place`'s file that it stands
    for. `children` are those of a path, which need not be asked for.
    """

    name: str
    place: Place | None = None
    kind: str | None = None
    symbol: str | None = None
    said: tuple[str, ...] = ()
    condition: str | None = None
    lines: tuple[int, ...] = ()
    children: tuple[Relative, ...] = ()


@dataclass(frozen=True, slots=True)
class Related:
    """An answer, and what is missing from it, in words."""

    relatives: tuple[Relative, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Looked:
    """What a name means: its definitions, or else names near it. `is_used` tells of one that is only mentioned.

    `ways` are those that make sense to ask; `keys` spell the definitions, to know them again in their own answers.
    """

    text: str
    definitions: tuple[Relative, ...]
    ways: tuple[Way, ...]
    near: tuple[str, ...] = ()
    keys: frozenset[str] = frozenset()


def look(reader: Reader, text: str, *, is_linked: bool = True) -> Looked:
    """Return what *text* means; without links at once, but nothing that macros make. Raises: StoreError, Cancelled."""
    from codereader.facts.graph.finding import Finder
    from codereader.facts.graph.symbol import read_symbol

    finder, symbol = Finder(reader.edges if is_linked else reader.unlinked), read_symbol(text)
    found = finder.definitions(symbol)
    definitions = tuple(_definition(one) for one in found.results)
    keys = frozenset(one.symbol for one in definitions if one.symbol)
    if definitions:
        return Looked(text, definitions, _ways(finder, symbol, found), keys=keys)
    bare = read_symbol(symbol.name)
    elsewhere = finder.meant(bare) if symbol.text != bare.text else ()
    near = (*dict.fromkeys(f"{at.path}:{at.fact.name}" for at in elsewhere), *finder.near(symbol))
    ways: tuple[Way, ...] = ("callers", "refs") if finder.is_mentioned(symbol) else ()
    return Looked(text, (), ways, near)


def relate(reader: Reader, text: str, way: Way, check: Check, other: str | None = None) -> Related:
    """Return what *way* tells of the symbol *text*, one hop far. Raises: StoreError, Cancelled."""
    from codereader.facts.graph.finding import Finder
    from codereader.facts.graph.symbol import read_symbol

    finder, symbol = Finder(reader.edges), read_symbol(text)
    if way == "paths-to":
        return _paths(reader, finder, symbol, read_symbol(other or text), check)
    if way == "callers":
        found, made = finder.callers(symbol, 1, check), _callers
    elif way == "callees":
        found, made = finder.callees(symbol, 1, check), _callees
    elif way == "implementors":
        found, made = finder.implementors(symbol), _implementors
    elif way == "refs":
        found, made = finder.mentions(symbol), _mentions
    else:
        found, made = finder.definitions(symbol), _definitions
    return Related(made(found.results), _notes(found))


def _ways(finder: Finder, symbol: Symbol, found: Found) -> tuple[Way, ...]:
    """Return what may be asked of what was found."""
    kinds = {one.kind for one in found.results}
    is_member = "member" in kinds
    has_tables = is_member or bool(kinds & {"struct", "union"} and finder.implementors(symbol).results)
    calls: tuple[Way, ...] = ("callers", "callees")
    tables: tuple[Way, ...] = ("implementors",) if has_tables else ()
    return ("definitions", *calls, *tables, "refs")


def _definition(one: Finding) -> Relative:
    """Return a definition; it is spelled with its file, so that it means no other."""
    owned = one.spelled.rpartition(":")[2] if one.spelled else one.name
    said = (f"made by {one.made}",) if one.made else ()
    symbol = one.spelled if one.kind == "member" else f"{one.path}:{owned}"
    return Relative(
        one.signature or one.name, Place(one.path, one.line), one.kind, symbol, said, one.condition, (one.line,)
    )


def _definitions(found: Iterable[Finding]) -> tuple[Relative, ...]:
    return tuple(_definition(one) for one in found)


def _callers(found: Iterable[Finding]) -> tuple[Relative, ...]:
    """Return who calls, each once; a table that holds the function leads no further."""
    groups = _grouped(found, lambda one: (one.path, one.caller, one.via == "table"))
    return tuple(
        Relative(
            one.caller or FILE_LEVEL, Place(one.path, one.line), None,
            f"{one.path}:{one.caller}" if one.caller and one.via != "table" else None,
            _said(some), _condition(some), _lines(some),
        )
        for one, some in groups
    )  # fmt: skip


def _callees(found: Iterable[Finding]) -> tuple[Relative, ...]:
    """Return what is called, each once, by the first call; its place is that of the definition where that is known."""
    groups = _grouped(found, lambda one: (one.name, one.target_path, one.target_line))
    return tuple(_callee(one, some) for one, some in groups)


def _callee(one: Finding, some: Sequence[Finding]) -> Relative:
    if one.target_path is None:
        return Relative(one.name, Place(one.path, one.line), None, None, _said(some), _condition(some), _lines(some))
    place = Place(one.target_path, one.target_line or 1)
    symbol = f"{one.target_path}:{one.name}"
    return Relative(one.name, place, one.kind, symbol, _said(some), _condition(some), _lines(some))


def _implementors(found: Iterable[Finding]) -> tuple[Relative, ...]:
    return tuple(
        Relative(
            one.name, Place(one.path, one.line), one.kind, f"{one.target_path}:{one.name}" if one.target_path else None,
            (*_confidence(one), f"{one.caller} holds it in {one.through}"), one.condition, (one.line,),
        )
        for one in found
    )  # fmt: skip


def _mentions(found: Iterable[Finding]) -> tuple[Relative, ...]:
    groups = _grouped(found, lambda one: (one.path, one.caller, one.via, one.through))
    return tuple(
        Relative(
            one.caller or FILE_LEVEL, Place(one.path, one.line), None,
            f"{one.path}:{one.caller}" if one.caller and one.via != "table" else None,
            _said(some), _condition(some), _lines(some),
        )
        for one, some in groups
    )  # fmt: skip


def _grouped(
    found: Iterable[Finding], key: Callable[[Finding], tuple[object, ...]]
) -> list[tuple[Finding, list[Finding]]]:
    """Return findings of the same *key* together, in the order of their firsts."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for one in found:
        groups.setdefault(key(one), []).append(one)
    return [(some[0], some) for some in groups.values()]


_VIAS: dict[str | None, Callable[[str | None], str]] = {
    "direct": lambda _: "",
    "macro": "by macro {}".format,
    "pointer": "through {}".format,
    "table": "holds it in {}".format,
    "name": lambda _: "names it",
}


def _said(some: Sequence[Finding | Call]) -> tuple[str, ...]:
    """Return in words how often, how surely and how."""
    times = [f"{len(some)} times"] if len(some) > 1 else []
    vias = [_VIAS[one.via](one.through) for one in some if one.via]
    return tuple(dict.fromkeys(word for word in (*times, *_confidence(some[0]), *vias) if word))


def _confidence(one: Finding | Call) -> tuple[str, ...]:
    from codereader.facts.questions.sentences import shown_confidence

    told = shown_confidence(one.confidence, one.path)
    return (told,) if told else ()


def _condition(some: Sequence[Finding]) -> str | None:
    """Return the condition that all stand under, None where they do not share one."""
    conditions = {one.condition for one in some}
    return some[0].condition if len(conditions) == 1 else None


def _lines(some: Sequence[Finding]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(one.line for one in some))


def _notes(found: Found) -> tuple[str, ...]:
    return (f"{counted(found.not_followed, 'place')} could not be followed",) if found.not_followed else ()


def _paths(reader: Reader, finder: Finder, symbol: Symbol, other: Symbol, check: Check) -> Related:
    """Return the shortest ways from *symbol* to *other*, each with its hops."""
    from codereader.facts.graph.edges import place_of
    from codereader.facts.graph.paths import DEPTH

    starts, ends = finder.meant(symbol), finder.meant(other)
    if not ends:
        near = finder.near(other)
        return Related((), (f"nothing is called {other.text}", *([f"near names: {', '.join(near)}"] if near else [])))
    if {place_of(at) for at in starts} & {place_of(at) for at in ends}:
        return Related((), ("both are the same",))
    paths = reader.graph.paths(starts, ends, DEPTH, PATHS, check)
    found = tuple(
        Relative(f"path {number} of {paths.total:,}, {counted(len(chain), 'hop')}", children=tuple(map(_hop, chain)))
        for number, chain in enumerate(paths.found, 1)
    )
    notes = []
    if paths.is_bounded:
        notes.append(f"ways of more than {DEPTH} hops were not looked for")
    if paths.total > len(found):
        notes.append(f"{counted(paths.total - len(found), 'path')} as short left out")
    if paths.not_followed:
        notes.append(f"{counted(paths.not_followed, 'place')} could not be followed")
    return Related(found, tuple(notes))


def _hop(one: Call) -> Relative:
    """Return a hop: where it is called from, and what it leads to."""
    symbol = f"{one.target.path}:{one.callee}" if one.target else None
    name = f"{one.caller or FILE_LEVEL} → {one.callee}"
    return Relative(name, Place(one.path, one.line), None, symbol, _said((one,)), one.condition, (one.line,))
