"""The index of one scope together with what follows only from several files at once.

What macros make out of their uses, which struct a member call goes through, and the headers outside the scope that
its files include: these are read for their types, macros and functions, and never listed. Only who asks for one by its
path, or for what lies outside, is told of them. Paths are relative to the scope; those
of outside headers begin with ``../``. Lists are sorted like those of `codereader.index.view`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from codereader.cancel import CancelToken
from codereader.index.candidate import Candidate
from codereader.index.includes import include_map
from codereader.index.linking.c_names import c_candidates
from codereader.index.linking.environment import Environment, Place
from codereader.index.linking.headers import C_LANGUAGES, Headers, Reach
from codereader.index.linking.include_paths import IncludePaths
from codereader.index.linking.link import Found, link
from codereader.index.linking.macro_calls import Made
from codereader.index.linking.made_calls import Calls, reference
from codereader.index.linking.names import Named
from codereader.index.linking.patterns import MadeFacts
from codereader.index.linking.reaches import Reaches
from codereader.index.linking.stand_ins import meant
from codereader.index.linking.types import (
    Known,
    member_named,
    member_type,
    struct_named,
    type_of,
)
from codereader.index.parsed import Definition, Entry, Export, Include, Macro, Record, Reference, TableEntry
from codereader.index.postings import UNNAMED
from codereader.index.resolve import resolve
from codereader.index.view import At, IndexView
from codereader.source.scope import from_root, from_scope

KEPT_FILES = 512
"""So many files' made references, and texts, are kept while the reader is open."""

_NO_CALLS = Calls({}, ())

T = TypeVar("T")
N = TypeVar("N", Definition, Macro, Record)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What of macros is not told.

    `calls` counts those that only some configurations make and that lead out of the scope, and those of helpers that
    nobody defines; `uses` those that grew too large to be expanded to the end; `files` those that changed since they
    were indexed.
    """

    calls: int
    uses: int
    files: int


class Linked:
    """A view, what was *found* of its files together, and the headers beyond it, opened when they are needed."""

    def __init__(
        self, view: IndexView, found: Found | None = None, opened: Callable[[], Headers] | None = None
    ) -> None:
        self.view = view
        found = self._found = found or Found("", "", Reach((), ()), (), ())
        self._opened = opened or (lambda: Headers(view.scope, {}))
        self._headers: Headers | None = None
        self._reaches = Reaches(found.paths, found.edges)
        self._languages = {file.path: file.language for file in view.files()}
        self._outer = frozenset(found.paths) - self._languages.keys()
        self._made_kept: dict[str, tuple[At[Reference], ...]] = {}
        self._candidates: dict[tuple[str, str], tuple[Candidate, ...]] = {}
        self._tables: dict[str, tuple[At[TableEntry], ...]] = {}
        self._named_records = Named(
            lambda name: [*view.records(name=name), *self._past(lambda beyond: beyond.records(name=name))],
            lambda: _by_name([*view.records(), *self._past(lambda beyond: beyond.records())]),
        )
        self._named_macros = Named(
            lambda name: [*view.macros(name=name), *self._past(lambda beyond: beyond.macros(name=name))],
            lambda: _by_name([*view.macros(), *self._past(lambda beyond: beyond.macros())]),
        )
        self._beyond = Named(
            lambda name: self._past(lambda beyond: beyond.definitions(name=name)),
            lambda: _by_name(self._past(lambda beyond: beyond.definitions())),
        )
        self._own = Named(lambda name: view.definitions(name=name), lambda: _by_name(view.definitions()))
        self._function_names: dict[str, frozenset[str]] = {}
        self._environment = Environment(
            self._every, self._named_records, self._named_macros, self._reaches, found.types, self._source
        )

    def close(self) -> None:
        """Close the index of the headers."""
        if self._headers is not None:
            self._headers.close()
            self._headers = None

    def _past(self, ask: Callable[[Headers], list[At[T]]]) -> list[At[T]]:
        """Return what the headers outside the scope answer, without opening them where there are none."""
        return ask(self.headers) if self._found.reach.headers else []

    @property
    def headers(self) -> Headers:
        """The headers outside the scope that its files include."""
        if self._headers is None:
            self._headers = self._opened()
        return self._headers

    def _source(self, path: str) -> IndexView | Headers:
        return self.headers if path in self._outer else self.view

    def language(self, path: str) -> str | None:
        """Return the language of a file of the scope or of a header outside it, None for another path."""
        return self._languages.get(path) or ("c" if path in self._outer else None)

    @cached_property
    def left_out(self) -> LeftOut:
        """What the uses of macros make and is not told."""
        some = self._found.files.values()
        return LeftOut(
            calls=sum(one.left_out for one in some),
            uses=sum(one.facts.cut for one in some),
            files=sum(not one.blob for one in some),
        )

    # -- definitions ------------------------------------------------------------------------------------------------

    def definitions(
        self, *, name: str | None = None, path: str | None = None, kinds: Sequence[str] = ()
    ) -> Sequence[At[Definition]]:
        """Return the definitions of the scope, written out and made by macros; each argument narrows.

        Those of a header outside it are told where *path* names it.
        """
        if path in self._outer:
            return self.headers.definitions(name=name, path=path, kinds=kinds)
        own: Sequence[At[Definition]]
        if name is not None:
            named = self._own.of(name)
            own = [at for at in named if (path is None or at.path == path) and (not kinds or at.fact.kind in kinds)]
        else:
            own = self.view.definitions(path=path, kinds=kinds)
        if name is not None:
            made: Iterable[At[Definition]] = self._made_definitions.get(name, ())
        else:
            made = self._made(path, lambda facts: facts.definitions)
        more = [at for at in made if (path is None or at.path == path) and (not kinds or at.fact.kind in kinds)]
        return sorted([*own, *more], key=_definition_order) if more else own

    @cached_property
    def _made_definitions(self) -> Mapping[str, Sequence[At[Definition]]]:
        found: dict[str, list[At[Definition]]] = {}
        for at in self._made(None, lambda facts: facts.definitions):
            found.setdefault(at.fact.name, []).append(at)
        return found

    def _every(self, name: str) -> Sequence[At[Definition]]:
        return [*self.definitions(name=name), *self.outside(name)]

    def _made(self, path: str | None, pick: Callable[[MadeFacts], Iterable[T]]) -> Iterator[At[T]]:
        paths = self._found.files if path is None else [path]
        for one in paths:
            if one in self._found.files:
                for fact in pick(self._found.files[one].facts):
                    yield At(one, fact)

    def exports(self, *, path: str | None = None) -> Sequence[At[Export]]:
        """Return the exports of the scope, or of the file *path*, written out and made by macros."""
        made = list(self._made(path, lambda facts: facts.exports))
        own = self.view.exports(path=path)
        return sorted([*own, *made], key=lambda at: (at.path, at.fact.row, at.fact.name)) if made else own

    def entries(self, *, path: str | None = None) -> Sequence[At[Entry]]:
        """Return the entry points of the scope, or of the file *path*, written out and made by macros."""
        made = list(self._made(path, lambda facts: facts.entries))
        own = self.view.entries(path=path)
        return sorted([*own, *made], key=lambda at: (at.path, at.fact.row, at.fact.name)) if made else own

    # -- references -------------------------------------------------------------------------------------------------

    def references(
        self, *, name: str | None = None, path: str | None = None, caller: str | None = None, kind: str | None = None
    ) -> Sequence[At[Reference]]:
        """Return the references of the scope, written out and made by macros; each argument narrows.

        Those of a header outside it are told where *path* names it.
        """
        source = self.headers if path in self._outer else self.view
        own = source.references(name=name, path=path, caller=caller, kind=kind)
        if kind == "name":
            return own
        if path is not None:
            made: Iterable[At[Reference]] = self._made_in(path)
        elif name is not None:
            made = self._made_of(name)
        else:
            made = (at for one in self._found.files for at in self._made_in(one))
        more = [
            at for at in made if (name is None or at.fact.name == name) and (caller is None or at.fact.caller == caller)
        ]
        return sorted([*own, *more], key=_reference_order) if more else own

    def uses_outside(self, name: str) -> Sequence[At[Reference]]:
        """Return the uses of *name* in the functions of headers outside the scope, written out and made by macros."""
        if not self._outer:
            return ()
        own = [at for at in self.headers.references(name=name) if at.fact.caller is not None]
        makers = sorted(self._makers_outside.get(name, ()))
        users = {at.path for macro in makers for at in self.headers.references(name=macro, kind="call")}
        users |= {path for path, calls in self._found.beyond.items() if any(one.name == name for one in calls.bound)}
        made = [at for path in sorted(users) for at in self._made_in(path) if at.fact.name == name]
        return sorted([*own, *made], key=_reference_order)

    @cached_property
    def _makers_outside(self) -> Mapping[str, frozenset[str]]:
        """The macros that call each name wherever they are used, or in some header outside the scope."""
        found: dict[str, set[str]] = {}
        for calls in (self._found.shared, *(one.fixed for one in self._found.beyond.values())):
            for macro, items in calls.items():
                for one in items:
                    found.setdefault(str(one.name[0]), set()).add(macro)
        return {name: frozenset(some) for name, some in found.items()}

    def _calls_of(self, path: str) -> Calls | None:
        """Return the calls that macros make in the functions of a file, None for one without any."""
        facts = self._found.files.get(path)
        return facts.calls if facts else self._found.beyond.get(path, _NO_CALLS) if path in self._outer else None

    def _made_in(self, path: str) -> tuple[At[Reference], ...]:
        """Return the calls that macros make in the file *path*."""
        calls = self._calls_of(path)
        if calls is None:
            return ()
        if path not in self._made_kept:
            if len(self._made_kept) >= KEPT_FILES:
                self._made_kept.pop(next(iter(self._made_kept)))
            source = self._source(path)
            uses = (at for at in source.references(path=path, kind="call") if at.fact.receiver is None)
            found = [
                At(path, reference(at.fact, one))
                for at in uses
                for one in self._items(at)
                if self._is_caller(path, at.fact.caller)
            ]
            more = self._found.files[path].facts.references if path in self._found.files else ()
            found += [At(path, one) for one in (*calls.bound, *more)]
            self._made_kept[path] = tuple(dict.fromkeys(sorted(found, key=_reference_order)))
        return self._made_kept[path]

    def _items(self, at: At[Reference]) -> Sequence[Made]:
        name = at.fact.name
        calls = self._calls_of(at.path)
        own = calls.fixed.get(name) if calls else None
        return self._found.shared.get(name, ()) if own is None else own

    def _is_caller(self, path: str, caller: str | None) -> bool:
        return caller is not None and caller in self._functions(path)

    def _functions(self, path: str) -> frozenset[str]:
        if path not in self._function_names:
            source = self._source(path)
            names = frozenset(at.fact.name for at in source.definitions(path=path, kinds=("function",)))
            self._function_names[path] = names
        return self._function_names[path]

    def _made_of(self, name: str) -> Iterator[At[Reference]]:
        """Yield the calls of *name* that macros make."""
        macros, bound = self._makers
        for macro in macros.get(name, ()):
            for at in self.view.references(name=macro, kind="call"):
                if at.fact.receiver is None and self._is_caller(at.path, at.fact.caller):
                    made = (reference(at.fact, one) for one in self._items(at))
                    yield from dict.fromkeys(At(at.path, one) for one in made if one.name == name)
        yield from bound.get(name, ())

    @cached_property
    def _makers(self) -> tuple[Mapping[str, Sequence[str]], Mapping[str, Sequence[At[Reference]]]]:
        """The macros that call each name, and the calls that arguments decide, by name."""
        macros: dict[str, dict[str, None]] = {}
        bound: dict[str, list[At[Reference]]] = {}
        for macro, items in self._found.shared.items():
            for one in items:
                macros.setdefault(str(one.name[0]), {})[macro] = None
        for path, facts in self._found.files.items():
            for macro, items in facts.calls.fixed.items():
                for one in items:
                    macros.setdefault(str(one.name[0]), {})[macro] = None
            for each in (*facts.calls.bound, *facts.facts.references):
                bound.setdefault(each.name, []).append(At(path, each))
        return {name: tuple(some) for name, some in macros.items()}, bound

    # -- tables -----------------------------------------------------------------------------------------------------

    def tables(
        self, *, path: str | None = None, function: str | None = None, field: str | None = None
    ) -> Sequence[At[TableEntry]]:
        """Return the entries that hold functions, with the struct and the member's name worked out where possible.

        Those in the file *path*, those that hold *function*, those of members called *field*: each narrows.
        """
        if path is not None:
            found: Iterable[At[TableEntry]] = self._tables_in(path)
        elif function is not None:
            holders = {at.path for at in self.view.tables(function=function)}
            holders |= {at.path for at in self._made_tables.get(function, ())}
            found = [at for one in sorted(holders) for at in self._tables_in(one)]
        else:
            paths = set(self._languages) if field is None else self._filling(field)
            found = [at for one in sorted(paths) for at in self._tables_in(one, field)]
        return [
            at
            for at in found
            if (function is None or at.fact.function == function) and (field is None or at.fact.field == field)
        ]

    def _filling(self, field: str) -> set[str]:
        """Return the files with entries that may fill a member called *field*."""
        made = self._made(None, lambda facts: facts.tables)
        return {at.path for at in made if may_fill(at.fact, field)} | set(self.view.files_with_tables(field))

    @cached_property
    def _made_tables(self) -> Mapping[str, Sequence[At[TableEntry]]]:
        found: dict[str, list[At[TableEntry]]] = {}
        for at in self._made(None, lambda facts: facts.tables):
            found.setdefault(at.fact.function, []).append(at)
        return found

    def _tables_in(self, path: str, field: str | None = None) -> tuple[At[TableEntry], ...]:
        """Return the entries of a file; of those not called *field* some may be left out where it is given."""
        if path in self._tables:
            return self._tables[path]
        own = self.view.tables(path=path)
        made = list(self._made(path, lambda facts: facts.tables))
        every = sorted([*own, *made], key=lambda at: (at.path, at.fact.row)) if made else own
        if field is not None:
            every = [at for at in every if may_fill(at.fact, field)]
        is_c = self._languages.get(path) in C_LANGUAGES
        held = (each for at in every for each in self._meant(at)) if is_c else every
        found = tuple(dict.fromkeys(one for at in held if (one := self._entry(at) if is_c else at) is not None))
        if field is None:
            self._tables[path] = found
        return found

    def _meant(self, at: At[TableEntry]) -> Iterator[At[TableEntry]]:
        """Yield the entries that *at* means where macros have the name of what it holds."""
        sees = self._reaches.sees
        for one in meant(
            at.fact,
            lambda name: [
                each.fact for each in self._named_macros.of(name) if each.path == at.path or sees(at.path, each.path)
            ],
            lambda name: name in self._found.types or any(one.fact.kind == "function" for one in self._every(name)),
        ):
            yield At(at.path, one)

    def _entry(self, at: At[TableEntry]) -> At[TableEntry] | None:
        """Return an entry with its struct and member told, None where it is known to hold no function."""
        one, known = at.fact, self._environment.known(at.path, None)
        if one.assigned:
            known = self._environment.known(at.path, Place(one.variable, one.struct, one.row))
            kind = type_of(one.variable, known)
        else:
            kind = self._kind(one.struct, known)
        for step in one.path.split(".") if one.path else ():
            kind = member_type(kind, step, known)
        struct = struct_named(kind, known)
        if struct is None:
            outer = None if one.path or one.assigned else one.struct
            return replace_fact(at, outer, one.field) if self._may_be_function(at, None) else None
        name = member_named(struct, one.field, known)
        if name is None and known.record(struct):
            return replace_fact(at, struct, one.field) if self._is_function(at.path, one.function) else None
        held = member_type(kind, one.field, known)
        return replace_fact(at, struct, name or one.field) if self._may_be_function(at, held) else None

    def _kind(self, struct: str | None, known: Known) -> str | None:
        if struct is None:
            return None
        if known.record(struct) or not known.typedef(struct):
            return f"struct {struct}"
        return struct

    def _may_be_function(self, at: At[TableEntry], kind: str | None) -> bool:
        """Whether an entry whose member has the type *kind* may hold a function."""
        if kind == "fn":
            return True
        found = self.resolve(at.path, at.fact.function)
        if any(one.definition.fact.kind == "function" or self._is_prototype(one.definition) for one in found):
            return True
        if found and all(one.definition.fact.kind not in ("macro", "function") for one in found):
            return False
        return kind is None or not kind.startswith(("struct ", "union "))

    def _is_prototype(self, at: At[Definition]) -> bool:
        """Whether what looks like a variable is declared with the type of a function: ``param_type is_bool;``."""
        if at.fact.kind != "variable" or not at.path.endswith(".h"):
            return False
        name = at.fact.signature.partition(" ")[0]
        kind = self._environment.typedef(at.path, name)
        return kind is not None and re.search(rf"\b{re.escape(name)}\s*\(", kind) is not None

    def _is_function(self, path: str, name: str) -> bool:
        return any(one.definition.fact.kind == "function" for one in self.resolve(path, name))

    # -- names ------------------------------------------------------------------------------------------------------

    def resolve(
        self, path: str, name: str, receiver: str | None = None, caller: str | None = None, base: str | None = None
    ) -> tuple[Candidate, ...]:
        """Return what *name*, used in *path*, may mean: in the scope first, else in headers outside.

        *caller* and *base* are those of the `Reference`; languages with classes find more with them.
        """
        if path in self._outer and receiver is not None:
            return ()
        if self.language(path) != "c" or receiver is not None:
            return resolve(self.view, path, name, receiver, caller, base)
        key = (path, name)
        if key not in self._candidates:
            found = self.definitions(name=name)
            self._candidates[key] = c_candidates(path, found, self.outside(name), self._reaches.sees)
        return self._candidates[key]

    def outside(self, name: str) -> Sequence[At[Definition]]:
        """Return what headers outside the scope define as *name*."""
        return self._beyond.of(name)

    def records(self, name: str) -> Sequence[At[Record]]:
        """Return the structs and unions called *name* of the scope, then of headers outside it."""
        return self._named_records.of(name)

    def included(self, path: str, include: Include) -> Sequence[str]:
        """Return the files that an include of *path* may mean, in the scope or outside."""
        if self._languages.get(path) not in C_LANGUAGES:
            return include_map(self.view).included(path, include)
        scope = self.view.scope
        found = self._include_paths.find(from_root(scope, path), include.target, system=include.system)
        return (from_scope(scope, found),) if found else include_map(self.view).ending(include.target)

    @cached_property
    def _include_paths(self) -> IncludePaths:
        known = frozenset(from_root(self.view.scope, path) for path in self._found.paths)
        return IncludePaths(known.__contains__)

    # -- types ------------------------------------------------------------------------------------------------------

    def struct_of(self, path: str, reference: Reference) -> str | None:
        """Return the type of the object that a member call goes through, without the word struct, None if unknown."""
        if reference.receiver is None or self.language(path) not in C_LANGUAGES:
            return None
        known = self._environment.known(path, Place(reference.receiver, reference.base, reference.row))
        kind = type_of(reference.receiver, known)
        return struct_named(kind, known)


def may_fill(entry: TableEntry, field: str) -> bool:
    """Tell whether an entry may be that of a member called *field*: one that its position tells may be that of any."""
    return entry.field == field or entry.field.startswith(UNNAMED)


def replace_fact(at: At[TableEntry], struct: str | None, field: str) -> At[TableEntry]:
    """Return an entry with another struct and field."""
    if at.fact.struct == struct and at.fact.field == field:
        return at
    return At(at.path, replace(at.fact, struct=struct, field=field))


def open_linked(view: IndexView, cache: Path, cancel: CancelToken, progress: Callable[[str, int, int], None]) -> Linked:
    """Return *view* with what follows from its files together. Raises: StoreError, Cancelled."""
    found, opened = link(view, cache, cancel, progress)
    return Linked(view, found, opened)


def _by_name(found: Iterable[At[N]]) -> Iterator[tuple[str, At[N]]]:
    return ((at.fact.name, at) for at in found)


def _definition_order(at: At[Definition]) -> tuple[str, int, str, int, str]:
    fact = at.fact
    return at.path, fact.row, fact.name, fact.span.start, fact.kind


def _reference_order(at: At[Reference]) -> tuple[str, int, str, str, str]:
    return at.path, at.fact.row, at.fact.name, at.fact.made or "", at.fact.receiver or ""
