"""What the rooms after the index may ask of it: one scope, read-only, located facts.

Paths are relative to the scope (see `codereader.source.scope`). All lists are sorted by (path, row, name),
so that the same tree gives the same bytes under any hash seed.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Generic, Self, TypeVar

from codereader.errors import NothingReadable, StoreError
from codereader.index.digest import UnreadableError, read
from codereader.index.parsed import (
    BuildRule,
    Definition,
    Entry,
    Export,
    Include,
    Macro,
    MacroUse,
    ParsedFile,
    Record,
    Reference,
    TableEntry,
)
from codereader.index.postings import CALLS, DEFINES, NAMES, TABLES, UNNAMED, member_key
from codereader.index.rows import (
    Links,
    Others,
    unpack_definitions,
    unpack_links,
    unpack_names,
    unpack_others,
    unpack_plain_calls,
    unpack_references,
)
from codereader.index.store import FileRow, ParseRow, Store, open_store, open_to_read
from codereader.source.scope import Scope, Skipped, Walk, from_root, from_scope


@dataclass(frozen=True, slots=True)
class IndexedFile:
    """One file of the scope as the index knows it. `size` in bytes; `blob` is the git blob id of its bytes, hex."""

    path: str
    language: str
    size: int
    lines: int
    blob: str
    error_nodes: int
    summary: str | None = None


KEPT_FILES = 256
KEPT_CONTENTS = 4096
"""So many files' references and definitions are kept unpacked while a view is open."""

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class At(Generic[T_co]):
    """A fact and the file it stands in."""

    path: str
    fact: T_co


class IndexView:
    """The index of one scope, open for reading. Use as a context manager; closing twice is harmless.

    Every method raises StoreError where the database cannot be read; a damaged one is moved aside by closing, so that
    the next `build` makes it anew.
    """

    def __init__(self, walk: Walk, store: Store) -> None:
        self.walked: Walk = walk
        self.scope: Scope = walk.scope
        self.skipped: Sequence[Skipped] = walk.skipped
        self.has_missed = False
        """Whether the text of some file was asked for and not given."""
        self._store = store
        self._others: dict[int, Others] = {}
        self._links: dict[int, Links] = {}
        self._named: dict[str, tuple[At[Definition], ...]] = {}
        self._unpacked: dict[int, tuple[Definition, ...]] = {}
        self._kept: dict[str, tuple[At[Reference], ...]] = {}
        self._defining: dict[str, tuple[At[Definition], ...]] = {}
        self._files: dict[str, IndexedFile] | None = None
        self._how_often: Mapping[str, int] | None = None
        self._from_files: Mapping[str, int] | None = None

    @cached_property
    def _walked_paths(self) -> Sequence[str]:
        return self.walked.paths

    @cached_property
    def _rows(self) -> Mapping[str, FileRow]:
        """The files of the scope that the index holds, by path; read when first asked for."""
        scope = self.scope
        known = self._store.files(scope.root, scope.folder)
        rows = ((path, known.get(from_root(scope, path))) for path in self._walked_paths)
        return {path: row for path, row in rows if row is not None}

    @cached_property
    def _paths(self) -> Mapping[int, Sequence[str]]:
        """The files that hold each content, by path."""
        found: dict[int, list[str]] = {}
        for path, row in self._rows.items():
            found.setdefault(row.parse, []).append(path)
        return found

    def _row(self, path: str) -> FileRow | None:
        """Return what the index holds of one file, without reading that of the others."""
        if "_rows" in self.__dict__:
            return self._rows.get(path)
        paths = self._walked_paths
        at = bisect_left(paths, path)
        if at == len(paths) or paths[at] != path:
            return None
        return self._store.file(self.scope.root, from_root(self.scope, path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self._store.close()

    def files(self) -> Sequence[IndexedFile]:
        """Return the files of the scope, by path."""
        return tuple(self._by_path().values())

    def file(self, path: str) -> IndexedFile | None:
        """Return one file of the scope, None where the index does not hold it."""
        if self._files is not None:
            return self._files.get(path)
        row = self._row(path)
        return _indexed(path, row, self._store.parses([row.parse])[row.parse]) if row else None

    def parsed(self, path: str, *, with_references: bool = True) -> ParsedFile:
        """Return all facts of one file, or all but the references, which are most of it.

        Raises: KeyError for a path that the index does not hold.
        """
        row, file = self._row(path), self.file(path)
        if row is None or file is None:
            raise KeyError(path)
        others, links = self._others_of(row.parse), self._links_of(row.parse)
        return ParsedFile(
            language=row.language,
            lines=file.lines,
            summary=file.summary,
            definitions=next(made for _, made in self._definitions([row.parse])),
            references=next(made for _, made in self._references([row.parse], None)) if with_references else (),
            tables=others.tables,
            includes=others.includes,
            exports=others.exports,
            entries=others.entries,
            builds=others.builds,
            macros=links.macros,
            records=links.records,
            uses=links.uses,
            error_nodes=file.error_nodes,
        )

    def definitions(
        self, *, name: str | None = None, path: str | None = None, kinds: Sequence[str] = ()
    ) -> Sequence[At[Definition]]:
        """Return the definitions called *name*, in the file *path*, of the *kinds*; each narrows if given."""
        if name is not None:
            found: Iterable[At[Definition]] = self._called(name)
        elif path is not None:
            found = self._located_in(path)
        else:
            found = sorted(self._defined(None), key=_definition_order)
        return [at for at in found if (path is None or at.path == path) and (not kinds or at.fact.kind in kinds)]

    def _located_in(self, path: str) -> tuple[At[Definition], ...]:
        """Return the definitions in *path*; those of the last few files are kept, since each is asked for again."""
        if path not in self._defining:
            if len(self._defining) >= KEPT_FILES:
                self._defining.pop(next(iter(self._defining)))
            self._defining[path] = tuple(sorted(self._defined(path), key=_definition_order))
        return self._defining[path]

    def _called(self, name: str) -> tuple[At[Definition], ...]:
        """Return the definitions called *name*, kept since names are asked for over and over."""
        if name not in self._named:
            parses = self._parses(None, name, DEFINES)
            made = ((parse, one) for parse, some in self._definitions(parses) for one in some if one.name == name)
            found = (At(place, one) for parse, one in made for place in self._paths[parse])
            self._named[name] = tuple(sorted(found, key=_definition_order))
        return self._named[name]

    def elsewhere(self, name: str) -> Sequence[At[Definition]]:
        """Return the definitions called *name* in what else the index knows of the root, ``../`` before their paths.

        Only files that some scope of this root had when it was last read: nothing there is looked at anew.
        """
        parses = [row for row, uses in self._store.mentions(name) if row not in self._paths and uses & DEFINES]
        holders = self._store.holders(self.scope.root, parses) if parses else []
        made = dict(self._definitions(sorted({parse for _, parse in holders})))
        found = (At(from_scope(self.scope, path), one) for path, parse in holders for one in made[parse])
        return sorted((at for at in found if at.fact.name == name), key=_definition_order)

    def is_elsewhere(self, path: str) -> bool:
        """Return whether the index knows a file of the root by *path*, relative to the root."""
        return self._store.holds(self.scope.root, path)

    def _defined(self, path: str | None) -> Iterator[At[Definition]]:
        for parse, made in self._definitions(self._parses(path, None, _ANY)):
            for place in self._places(parse, path):
                yield from (At(place, one) for one in made)

    def count_contents(self) -> int:
        """Return how many contents the whole index knows, those of other roots and former ones counted too."""
        return self._store.count_contents()

    def packed_definitions(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield each of the *paths* with its definitions as `codereader.index.rows` packs them, one path a content."""
        places = {row.parse: path for path in paths if (row := self._row(path)) is not None}
        for parse, raw in self._store.sections("definitions", list(places)):
            yield places[parse], raw

    def sections(self, column: str, unpack: Callable[[bytes], T]) -> Iterator[tuple[Sequence[str], T]]:
        """Yield the files that hold each content, and what *unpack* makes of one of its sections.

        That is for sums over the whole scope, where the facts themselves would be too many. In no order that tells
        anything; *unpack* is a function of `codereader.index.rows`.
        """
        for parse, raw in self._store.sections(column, list(self._paths)):
            with self._store.using():
                made = unpack(raw)
            yield self._paths[parse], made

    def kept(self, name: str) -> bytes | None:
        """Return what `keep` kept under *name* for a scope with exactly these files and contents, None for nothing."""
        return self._store.outcome(self._state(name))

    def keep(self, name: str, made: bytes) -> None:
        """Keep what follows from the contents of the scope, so that it need not be worked out again.

        *name* tells what it is and how it was made. An index that cannot be written keeps nothing.
        """
        with suppress(StoreError), self._store.batch():
            self._store.keep_outcome(self._state(name), made)

    def _state(self, name: str) -> bytes:
        """Return a digest of *name* and of which file of the scope holds which facts."""
        rows = (f"{path}\0{row.blob}\0{row.language}\0{row.stamp}" for path, row in sorted(self._rows.items()))
        told = "\n".join([name, *rows]).encode("utf-8", "surrogatepass")
        return blake2b(told, digest_size=16).digest()

    def references(
        self, *, name: str | None = None, path: str | None = None, caller: str | None = None, kind: str | None = None
    ) -> Sequence[At[Reference]]:
        """Return the references to *name*, in the file *path*, from *caller* (dotted), of the *kind*."""
        if path is not None:
            found: Iterable[At[Reference]] = self._referred(path)
        else:
            parses = self._parses(None, name, CALLS | NAMES)
            if caller is not None:
                holders = set(self._parses(None, caller.rpartition(".")[2], DEFINES))
                parses = [parse for parse in parses if parse in holders]
            made = ((parse, one) for parse, some in self._references(parses, name) for one in some)
            located = (At(place, one) for parse, one in made for place in self._paths[parse])
            found = sorted(located, key=_reference_order)
        return [
            at
            for at in found
            if (name is None or at.fact.name == name)
            and (caller is None or at.fact.caller == caller)
            and (kind is None or at.fact.kind == kind)
        ]

    def count_mentions(self, names: Sequence[str]) -> Mapping[str, int]:
        """Return how many contents of the scope may mention each of the *names*; none is unpacked.

        To call a name, to use it and to define it are mentions.
        """
        here, uses = self._paths, CALLS | NAMES | DEFINES
        found = self._store.mentions_of(names)
        return {name: sum(parse in here and flags & uses > 0 for parse, flags in found[name]) for name in found}

    def first_reference(self, name: str) -> At[Reference] | None:
        """Return the first of the `references` to *name*, looking into no more files than it takes."""
        parses = sorted(self._parses(None, name, CALLS | NAMES), key=lambda parse: min(self._paths[parse]))
        for parse in parses:
            made = (one for _, some in self._references([parse], name) for one in some if one.name == name)
            found = sorted((At(min(self._paths[parse]), one) for one in made), key=_reference_order)
            if found:
                return found[0]
        return None

    def plain_calls(self, path: str, wanted: Container[str]) -> Sequence[Reference]:
        """Return the calls of *wanted* names in *path* that go through no object and stand in a definition."""
        made: list[Reference] = []
        for _, raw in self._store.sections("refs", self._parses(path, None, _ANY)):
            with self._store.using():
                made += unpack_plain_calls(raw, wanted)
        return sorted(made, key=lambda one: (one.row, one.name))

    def _referred(self, path: str) -> tuple[At[Reference], ...]:
        """Return the references in *path*; the last few files are kept, since each is asked for caller by caller."""
        if path not in self._kept:
            if len(self._kept) >= KEPT_FILES:
                self._kept.pop(next(iter(self._kept)))
            made = (one for _, some in self._references(self._parses(path, None, _ANY), None) for one in some)
            self._kept[path] = tuple(sorted((At(path, one) for one in made), key=_reference_order))
        return self._kept[path]

    def files_with_tables(self, field: str) -> Sequence[str]:
        """Return the files with tables that fill a member called *field*, or one told by its position; by path."""
        parses = {parse for key in (field, UNNAMED) for parse in self._parses(None, member_key(key), TABLES)}
        return sorted(path for parse in parses for path in self._paths[parse])

    def tables(self, *, path: str | None = None, function: str | None = None) -> Sequence[At[TableEntry]]:
        """Return the table entries in the file *path* that hold *function*; each narrows if given."""
        found = self._located(path, self._parses(path, function, TABLES), lambda others: others.tables)
        return [at for at in found if function is None or at.fact.function == function]

    def includes(self, *, path: str | None = None) -> Sequence[At[Include]]:
        """Return the includes and imports of the scope, or of the file *path*."""
        return self._located(path, self._parses(path, None, _ANY), lambda others: others.includes)

    def exports(self, *, path: str | None = None) -> Sequence[At[Export]]:
        """Return the exports of the scope, or of the file *path*."""
        return self._located(path, self._parses(path, None, _ANY), lambda others: others.exports)

    def entries(self, *, path: str | None = None) -> Sequence[At[Entry]]:
        """Return the entry points of the scope, or of the file *path*."""
        return self._located(path, self._parses(path, None, _ANY), lambda others: others.entries)

    def builds(self, *, path: str | None = None) -> Sequence[At[BuildRule]]:
        """Return the build rules of the scope, or of the file *path*."""
        return self._located(path, self._parses(path, None, _ANY), lambda others: others.builds)

    def macros(self, *, name: str | None = None, path: str | None = None) -> Sequence[At[Macro]]:
        """Return the macros called *name*, in the file *path*, whose expansion may make something."""
        found = self._linked(path, self._parses(path, name, DEFINES), lambda links: links.macros)
        return [at for at in found if name is None or at.fact.name == name]

    def records(self, *, name: str | None = None, path: str | None = None) -> Sequence[At[Record]]:
        """Return the members of the structs and unions called *name*, in the file *path*."""
        outer = name.partition(".")[0] if name else None
        found = self._linked(path, self._parses(path, outer, DEFINES), lambda links: links.records)
        return [at for at in found if name is None or at.fact.name == name]

    def macro_uses(self, *, path: str | None = None) -> Sequence[At[MacroUse]]:
        """Return the macros used like declarations in the scope, or in the file *path*."""
        return self._linked(path, self._parses(path, None, _ANY), lambda links: links.uses)

    def reference_counts(self) -> Mapping[str, int]:
        """Return how often each name is referred to from files that do not define it, by name."""
        if self._how_often is None:
            found: Counter[str] = Counter()
            self._from_files = self._count(found)
            self._how_often = dict(sorted(found.items()))
        return self._how_often

    def referring_files(self) -> Mapping[str, int]:
        """Return from how many files that do not define it each name is referred to, by name."""
        if self._from_files is None:
            self._from_files = self._count(None)
        return self._from_files

    def _count(self, references: Counter[str] | None) -> Mapping[str, int]:
        """Return `referring_files`, and add how often to *references*, which are as many again."""
        files: Counter[str] = Counter()
        for paths, names in self.sections("names", unpack_names):
            for _ in paths:
                files.update(names.keys())
                if references is not None:
                    references.update(names)
        return files

    def foreign_names(self) -> Iterator[tuple[str, Sequence[str]]]:
        """Yield each file, in no order that tells anything, with the names that it refers to and does not define."""
        for paths, names in self.sections("names", unpack_names):
            for path in paths:
                yield path, tuple(names)

    def text(self, path: str) -> bytes:
        """Return the file's bytes as they were when it was indexed.

        Raises: NothingReadable when the file has gone or its bytes have changed since.
        """
        row = self._row(path)
        if row is None:
            raise NothingReadable(f"{path} is not in the index of {self.scope.name}")
        place = os.path.join(self.scope.root, row.path)  # noqa: PTH118  # keeps every byte of a name
        try:
            content = read(place)
        except UnreadableError as error:
            self.has_missed = True
            raise NothingReadable(f"cannot read {path}: {error}", _AGAIN) from None
        if content.blob != row.blob:
            self.has_missed = True
            raise NothingReadable(f"cannot read {path}: it changed since it was indexed", _AGAIN)
        return content.data

    def _by_path(self) -> dict[str, IndexedFile]:
        if self._files is None:
            parses = self._store.parses(list(self._paths))
            self._files = {path: _indexed(path, row, parses[row.parse]) for path, row in self._rows.items()}
        return self._files

    def _places(self, parse: int, path: str | None) -> Sequence[str]:
        return self._paths[parse] if path is None else (path,)

    def _parses(self, path: str | None, name: str | None, uses: int) -> list[int]:
        """Return the contents to look into: of *path*, or those that use *name* in one of the ways *uses* (flags)."""
        if path is not None:
            row = self._row(path)
            return [row.parse] if row is not None else []
        if name is None:
            return list(self._paths)
        return [row[0] for row in self._store.mentions(name) if row[0] in self._paths and row[1] & uses]

    def _definitions(self, parses: Sequence[int]) -> Iterator[tuple[int, tuple[Definition, ...]]]:
        kept = self._unpacked
        missing = [parse for parse in parses if parse not in kept]
        fresh = set(missing)
        for parse, raw in self._store.sections("definitions", missing):
            with self._store.using():
                made = unpack_definitions(raw)
            if len(kept) < KEPT_CONTENTS:
                kept[parse] = made
            yield parse, made
        yield from ((parse, kept[parse]) for parse in parses if parse not in fresh)

    def _references(self, parses: Sequence[int], name: str | None) -> Iterator[tuple[int, tuple[Reference, ...]]]:
        for parse, raw in self._store.sections("refs", parses):
            with self._store.using():
                made = unpack_references(raw, name)
            yield parse, made

    def _others_of(self, parse: int) -> Others:
        if parse not in self._others:
            self._load([parse])
        return self._others[parse]

    def _links_of(self, parse: int) -> Links:
        self._load_links([parse])
        return self._links[parse]

    def _load_links(self, parses: Sequence[int]) -> None:
        missing = [parse for parse in parses if parse not in self._links]
        for parse, raw in self._store.sections("links", missing):
            with self._store.using():
                self._links[parse] = unpack_links(raw)

    def _linked(self, path: str | None, parses: Sequence[int], pick: Callable[[Links], Sequence[T]]) -> list[At[T]]:
        self._load_links(parses)
        return [
            At(place, fact)
            for place, parse in sorted((place, parse) for parse in parses for place in self._places(parse, path))
            for fact in pick(self._links[parse])
        ]

    def _load(self, parses: Sequence[int]) -> None:
        missing = [parse for parse in parses if parse not in self._others]
        for parse, raw in self._store.sections("others", missing):
            with self._store.using():
                self._others[parse] = unpack_others(raw)

    def _located(self, path: str | None, parses: Sequence[int], pick: Callable[[Others], Sequence[T]]) -> list[At[T]]:
        self._load(parses)
        return [
            At(place, fact)
            for place, parse in sorted((place, parse) for parse in parses for place in self._places(parse, path))
            for fact in pick(self._others[parse])
        ]


_ANY = -1
"""Takes every mention, whatever its flags."""

_AGAIN = "Run the command again: it reads what changed."


def open_index(walk: Walk, cache: Path) -> IndexView:
    """Open the index of what *walk* found, as `build` left it in the folder *cache*.

    Files that the index does not hold are left out. Raises: StoreError where the index cannot be used.
    """
    try:
        store = open_store(cache)
    except StoreError:
        store = open_to_read(cache)
    try:
        return IndexView(walk, store)
    except BaseException:
        store.close()
        raise


def _indexed(path: str, row: FileRow, parse: ParseRow) -> IndexedFile:
    return IndexedFile(path, row.language, row.size, parse.lines, row.blob, parse.error_nodes, parse.summary)


def _definition_order(at: At[Definition]) -> tuple[str, int, str, int, str]:
    fact = at.fact
    return at.path, fact.row, fact.name, fact.span.start, fact.kind


def _reference_order(at: At[Reference]) -> tuple[str, int, str]:
    return at.path, at.fact.row, at.fact.name
