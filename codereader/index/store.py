"""The index on disk: parsed contents, shared by all roots, and which file of which root holds which content.

One SQLite file in the cache directory. A content is known by its git blob id, its language, and the stamp of
the extractor that read it. Paths are bytes (`os.fsencode`), relative to the root. Many may read while one writes;
a writer commits batch by batch, so that work cut off at any moment leaves an index that can be used.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from codereader import config
from codereader.errors import BrokenIndex, StoreError
from codereader.index import database, postings
from codereader.index.database import FILE_NAME

if TYPE_CHECKING:
    from codereader.index.rows import Packed

SIGNED = (1 << 63) - 1
"""What an integer of SQLite holds; an inode beyond is cut to it."""

SECTIONS = ("links", "others", "names", "definitions", "refs")
"""The columns that hold packed facts, the small ones first: what lies behind is not read for them."""

T = TypeVar("T")

WALKS = 32
"""So many walks of a root are kept."""

OUTCOMES = 64
"""So many outcomes are kept, those of all roots together."""

SEGMENTS = 8
"""So many segments of one tier are merged into one of the next: a name is looked up in few places."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A file of a root as it was when it was read. `path` is relative to the root, `size` in bytes.

    `read_ns` is the clock when the reading began, `parse` the row of the facts of its content. `asked` is that of
    `codereader.source.scope.SourceFile`.
    """

    path: str
    size: int
    mtime_ns: int
    inode: int
    read_ns: int
    parse: int
    asked: bool


class FileRow(NamedTuple):
    """A known file as `Seen`, with its content's git blob id (hex), language, and the stamp of the extractor.

    A tuple, since there may be a hundred thousand.
    """

    path: str
    size: int
    mtime_ns: int
    inode: int
    read_ns: int
    parse: int
    asked: bool
    blob: str
    language: str
    stamp: str


@dataclass(frozen=True, slots=True)
class ParseRow:
    """What the store knows of a content without unpacking its facts."""

    blob: str
    language: str
    lines: int
    error_nodes: int
    summary: str | None


@dataclass(frozen=True, slots=True)
class WalkRow:
    """A walk whose every file the index held as it was, as `codereader.index.unchanged` writes it."""

    ground: bytes
    stamps: str
    folders: bytes
    listed: bytes
    paths: bytes
    rest: str


@dataclass(frozen=True, slots=True)
class Root:
    """A root: when its last build ended (seconds since the epoch, 0 where none did) and how many files are known."""

    row: int
    path: Path
    built: int
    files: int


class Store:
    """An open index. Every method raises StoreError where the database cannot be used, BrokenIndex where damaged."""

    def __init__(self, connection: sqlite3.Connection, path: Path, note: str | None = None) -> None:
        self._connection = connection
        self._mentions: list[int] = []
        self.path = path
        self.note = note
        """What happened to an index that could not be used, for a person; None as a rule."""
        self._is_broken = False

    def close(self) -> None:
        """Close the database, and move it aside if it proved broken. Closing twice is harmless.

        Raises: StoreError where a broken one cannot be moved.
        """
        self._connection.close()
        if self._is_broken:
            self._is_broken = False
            database.set_aside(self.path)

    @contextmanager
    def using(self, action: str = "read") -> Iterator[None]:
        """Map what goes wrong inside; *action* is a verb for the person."""
        try:
            with database.mapped(action, self.path):
                yield
        except BrokenIndex:
            self._is_broken = True
            raise

    # -- writing ----------------------------------------------------------------------------------------------------

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Commit what is written inside at once, or nothing of it."""
        with self.using("write"):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._connection.execute(database.KEPT_WALKS)
                yield
                self._post()
            except BaseException:
                self._mentions = []
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def root(self, path: Path) -> int:
        """Return the id of the root *path*, made if it is new. Inside a batch."""
        raw = os.fsencode(path)
        self._connection.execute("INSERT OR IGNORE INTO roots (path) VALUES (?)", (raw,))
        return int(self._one("SELECT id FROM roots WHERE path = ?", (raw,))[0])

    def add(self, blob: str, language: str, stamp: str, packed: Packed) -> tuple[int, bool]:
        """Keep the facts of a content; return their row and whether they are new. Inside a batch."""
        key = (bytes.fromhex(blob), language, stamp)
        found = self._connection.execute(
            "SELECT id FROM parses WHERE blob = ? AND language = ? AND stamp = ?", key
        ).fetchone()
        if found:
            return int(found[0]), False
        cursor = self._connection.execute(
            "INSERT INTO parses (blob, language, stamp, lines, error_nodes, summary, links, others, names, definitions,"
            " refs) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*key, packed.lines, packed.error_nodes, _plain(packed.summary), packed.links, packed.others, packed.names,
             packed.definitions, packed.references),
        )  # fmt: skip
        parse = int(cursor.lastrowid or 0)
        self._mentions += postings.placed(packed.mentions, parse)
        return parse, True

    def _post(self) -> None:
        """Write the mentions of the contents added in this batch as a segment, and merge segments where due."""
        if not self._mentions:
            return
        mentions, self._mentions = sorted(self._mentions), []
        self._add_segment(0, postings.bucketed(mentions))
        tier = 0
        while len(some := self._segments(tier)) >= SEGMENTS:
            self._add_segment(tier + 1, self._merged(some))
            self._drop_segments(some)
            tier += 1

    def _segments(self, tier: int) -> list[int]:
        return [row[0] for row in self._connection.execute("SELECT id FROM segments WHERE tier = ?", (tier,))]

    def _add_segment(self, tier: int, buckets: Iterable[tuple[int, bytes]]) -> None:
        segment = int(self._connection.execute("INSERT INTO segments (tier) VALUES (?)", (tier,)).lastrowid or 0)
        self._connection.executemany(
            "INSERT INTO postings (id, mentions) VALUES (?, ?)",
            ((segment * postings.BUCKETS + bucket, part) for bucket, part in buckets),
        )

    def _merged(self, segments: Sequence[int], dropped: frozenset[int] = frozenset()) -> Iterator[tuple[int, bytes]]:
        """Yield each bucket with what *segments* hold in it, without the contents *dropped*."""
        select = f"SELECT mentions FROM postings WHERE id IN ({_marks(segments)})"  # noqa: S608  # question marks only
        for bucket in range(postings.BUCKETS):
            ids = [segment * postings.BUCKETS + bucket for segment in segments]
            whole = postings.merged((row[0] for row in self._connection.execute(select, ids)), dropped)
            if whole:
                yield bucket, whole

    def _drop_segments(self, segments: Sequence[int]) -> None:
        for segment in segments:
            at = segment * postings.BUCKETS
            self._connection.execute("DELETE FROM postings WHERE id >= ? AND id < ?", (at, at + postings.BUCKETS))
            self._connection.execute("DELETE FROM segments WHERE id = ?", (segment,))

    def put(self, root: int, rows: Iterable[Seen]) -> None:
        """Remember which content the files hold, and forget the walks of the root. Inside a batch."""
        self._drop_walks(root)
        self._connection.executemany(
            "INSERT OR REPLACE INTO files (root, path, size, mtime_ns, inode, read_ns, parse, asked)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (root, os.fsencode(one.path), one.size, one.mtime_ns, one.inode & SIGNED, one.read_ns, one.parse,
                 one.asked)
                for one in rows
            ),
        )  # fmt: skip

    def note_built(self, root: int, seconds: int) -> None:
        """Remember when a build of the root ended, in seconds since the epoch. Inside a batch."""
        self._connection.execute("UPDATE roots SET built = ? WHERE id = ?", (seconds, root))

    def drop(self, root: int, paths: Iterable[str]) -> None:
        """Forget files of a root, and its walks. Their facts stay, for other roots and branches. Inside a batch."""
        self._drop_walks(root)
        self._connection.executemany(
            "DELETE FROM files WHERE root = ? AND path = ?", ((root, os.fsencode(path)) for path in paths)
        )

    def _drop_walks(self, root: int) -> None:
        self._connection.execute("DELETE FROM kept_walks WHERE root = ?", (root,))

    def keep_walk(self, root: int, scope: bytes, row: WalkRow) -> None:
        """Keep a walk of a root under *scope*, and no more than the latest few. Inside a batch."""
        self._connection.execute(
            "INSERT OR REPLACE INTO kept_walks VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (root, scope, row.ground, row.stamps, row.folders, row.listed, row.paths, row.rest),
        )
        self._connection.execute(
            "DELETE FROM kept_walks WHERE root = ? AND rowid NOT IN"
            " (SELECT rowid FROM kept_walks WHERE root = ? ORDER BY rowid DESC LIMIT ?)",
            (root, root, WALKS),
        )

    def outcome(self, key: bytes) -> bytes | None:
        """Return what was kept under *key*, None where nothing was."""
        with suppress(sqlite3.OperationalError):  # nothing was ever kept
            row = self._connection.execute("SELECT made FROM outcomes WHERE key = ?", (key,)).fetchone()
            return bytes(row[0]) if row else None
        return None

    def keep_outcome(self, key: bytes, made: bytes) -> None:
        """Keep *made*, worked out from contents that *key* tells, and no more than the latest few. Inside a batch."""
        self._connection.execute(database.OUTCOMES)
        self._connection.execute("INSERT OR REPLACE INTO outcomes VALUES (?, ?)", (key, made))
        self._connection.execute(
            "DELETE FROM outcomes WHERE rowid NOT IN (SELECT rowid FROM outcomes ORDER BY rowid DESC LIMIT ?)",
            (OUTCOMES,),
        )

    def shrink(self) -> None:
        """Give the space of what was forgotten back to the file system; where others are at work, a later one does."""
        with self.using("write"), suppress(sqlite3.OperationalError):
            self._connection.execute("VACUUM")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def note_unused(self, day: int) -> None:
        """Bring the list of contents that no file holds up to date; new ones are unused since *day*. Inside a batch."""
        self._connection.execute("DELETE FROM unused WHERE parse IN (SELECT parse FROM files)")
        self._connection.execute(
            "INSERT OR IGNORE INTO unused (parse, since) SELECT id, ? FROM parses"
            " WHERE id NOT IN (SELECT parse FROM files)",
            (day,),
        )

    def forget(self, parses: Sequence[int]) -> None:
        """Forget contents that no file holds. Inside a batch."""
        if not parses:
            return
        for table, column in (("parses", "id"), ("made", "parse"), ("unused", "parse")):
            self._connection.executemany(
                f"DELETE FROM {table} WHERE {column} = ?",  # noqa: S608  # words of this function
                ((parse,) for parse in parses),
            )
        segments = [row[0] for row in self._connection.execute("SELECT id FROM segments ORDER BY id")]
        if segments:
            tier = self._one("SELECT max(tier) FROM segments", ())[0]
            self._add_segment(tier, self._merged(segments, frozenset(parses)))
            self._drop_segments(segments)

    def forget_root(self, root: int) -> None:
        """Forget a root and its files; what these hold stays. Inside a batch."""
        self._drop_walks(root)
        self._connection.execute(database.OUTCOMES)
        self._connection.execute("DELETE FROM outcomes")
        self._connection.execute("DELETE FROM files WHERE root = ?", (root,))
        self._connection.execute("DELETE FROM roots WHERE id = ?", (root,))

    # -- reading ----------------------------------------------------------------------------------------------------

    def files(self, root: Path, folder: str) -> dict[str, FileRow]:
        """Return the files known under *folder* of *root* (all where it is empty), by path relative to the root."""
        low, high = _range(folder) if folder else (b"", b"\xff" * 8)
        rows = self._all(f"{_FILES} AND files.path >= ? AND files.path < ?", (os.fsencode(root), low, high))
        names = os.fsdecode(b"\0".join(row[0] for row in rows)).split("\0") if rows else []
        return {name: _file(name, row) for name, row in zip(names, rows, strict=True)}

    def file(self, root: Path, path: str) -> FileRow | None:
        """Return one file of *root*, None where it is not known; *path* is relative to the root."""
        rows = self._all(f"{_FILES} AND files.path = ?", (os.fsencode(root), os.fsencode(path)))
        return _file(path, rows[0]) if rows else None

    def walk(self, root: Path, scope: bytes) -> WalkRow | None:
        """Return the walk of *root* that was kept under *scope*, None where there is none."""
        with suppress(sqlite3.OperationalError):  # no walk was ever kept
            row = self._connection.execute(
                "SELECT ground, stamps, folders, listed, paths, rest FROM kept_walks"
                " WHERE root = (SELECT id FROM roots WHERE path = ?) AND scope = ?",
                (os.fsencode(root), scope),
            ).fetchone()
            return WalkRow(*row) if row else None
        return None

    def holders(self, root: Path, parses: Sequence[int]) -> list[tuple[str, int]]:
        """Return the files of *root* that have one of the contents *parses*: path relative to the root, content."""
        found: list[tuple[str, int]] = []
        for some in _chunks(sorted(parses)):
            select = (
                "SELECT files.path, files.parse FROM roots JOIN files ON files.root = roots.id"  # noqa: S608  # question marks only
                f" WHERE roots.path = ? AND files.parse IN ({_marks(some)})"
            )
            found += ((os.fsdecode(path), parse) for path, parse in self._all(select, (os.fsencode(root), *some)))
        return sorted(found)

    def holds(self, root: Path, path: str) -> bool:
        """Return whether a file of *root* is known by *path*, relative to it."""
        select = "SELECT 1 FROM roots JOIN files ON files.root = roots.id WHERE roots.path = ? AND files.path = ?"
        return bool(self._all(select, (os.fsencode(root), os.fsencode(path))))

    def contents(self) -> Iterator[tuple[bytes, str]]:
        """Yield the git blob id and the language of every known content."""
        yield from self._all("SELECT blob, language FROM parses")

    def paths(self) -> Iterator[bytes]:
        """Yield the path of every file of every root, relative to its root."""
        yield from (row[0] for row in self._all("SELECT DISTINCT path FROM files"))

    def count_contents(self) -> int:
        """Return how many contents are known."""
        return int(self._all("SELECT count(*) FROM parses")[0][0])

    def count_in_use(self) -> int:
        """Return how many contents some file holds."""
        return int(self._all("SELECT count(DISTINCT parse) FROM files")[0][0])

    def unused(self) -> list[tuple[int, int]]:
        """Return the contents that no file held at the last look, and the day since when, the latest first."""
        return self._all("SELECT parse, since FROM unused ORDER BY since DESC, parse DESC")

    def roots(self) -> list[Root]:
        """Return the roots, by path."""
        rows = self._all(
            "SELECT id, path, built, (SELECT count(*) FROM files WHERE root = roots.id) FROM roots ORDER BY path"
        )
        return [Root(row[0], Path(os.fsdecode(row[1])), row[2], row[3]) for row in rows]

    def find(self, blobs: Iterable[str]) -> dict[tuple[str, str, str], int]:
        """Return the rows of what is known of contents, by their blob id, language, and the extractor's stamp."""
        found: dict[tuple[str, str, str], int] = {}
        for some in _chunks(sorted({bytes.fromhex(blob) for blob in blobs})):
            select = f"SELECT blob, language, stamp, id FROM parses WHERE blob IN ({_marks(some)})"  # noqa: S608  # question marks only
            found.update(((row[0].hex(), row[1], row[2]), row[3]) for row in self._all(select, some))
        return found

    def parses(self, ids: Sequence[int]) -> dict[int, ParseRow]:
        """Return what is known of the contents *ids*."""
        found: dict[int, ParseRow] = {}
        for some in _chunks(ids):
            rows = self._all(
                f"SELECT id, blob, language, lines, error_nodes, summary FROM parses WHERE id IN ({_marks(some)})",  # noqa: S608  # question marks only
                some,
            )
            found.update((row[0], ParseRow(row[1].hex(), *row[2:])) for row in rows)
        return found

    def sections(self, column: str, ids: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        """Yield one section (a word of `SECTIONS`) of each content, packed, by rising id."""
        if column not in SECTIONS:
            raise ValueError(column)
        for some in _chunks(sorted(ids)):
            yield from self._all(
                f"SELECT id, {column} FROM parses WHERE id IN ({_marks(some)}) ORDER BY id",  # noqa: S608  # a checked word and question marks
                some,
            )

    def mentions(self, name: str) -> list[tuple[int, int]]:
        """Return the contents that may mention *name*, by row, and how: flags of `codereader.index.postings`."""
        rows = self._all(
            "SELECT mentions FROM segments JOIN postings ON postings.id = segments.id * ? + ?",
            (postings.BUCKETS, postings.bucket_of(name)),
        )
        return sorted(pair for row in rows for pair in postings.found(row[0], name))

    def mentions_of(self, names: Sequence[str]) -> dict[str, list[tuple[int, int]]]:
        """Return the `mentions` of each of the *names*, many times faster than one by one."""
        found: dict[str, list[tuple[int, int]]] = {name: [] for name in names}
        wanted: dict[int, list[str]] = {}
        for name in found:
            wanted.setdefault(postings.bucket_of(name), []).append(name)
        segments = [row[0] for row in self._all("SELECT id FROM segments")]
        for some in _chunks([segment * postings.BUCKETS + bucket for segment in segments for bucket in wanted]):
            select = f"SELECT id, mentions FROM postings WHERE id IN ({_marks(some)})"  # noqa: S608  # question marks only
            for row, raw in self._all(select, some):
                for name in wanted[row % postings.BUCKETS]:
                    found[name] += postings.found(raw, name)
        return {name: sorted(pairs) for name, pairs in found.items()}

    def made(self, environment: bytes, parses: Sequence[int]) -> dict[int, bytes]:
        """Return what was kept of the contents *parses* under *environment*, by row."""
        found: dict[int, bytes] = {}
        for some in _chunks(parses):
            select = f"SELECT parse, facts FROM made WHERE environment = ? AND parse IN ({_marks(some)})"  # noqa: S608  # question marks only
            found.update(self._all(select, (environment, *some)))
        return found

    def keep_made(self, environment: bytes, facts: Mapping[int, bytes]) -> None:
        """Keep what follows for contents, by row, from *environment*, in place of what was kept. Inside a batch."""
        self._connection.executemany("DELETE FROM made WHERE parse = ?", ((parse,) for parse in sorted(facts)))
        self._connection.executemany(
            "INSERT INTO made (parse, environment, facts) VALUES (?, ?, ?)",
            ((parse, environment, raw) for parse, raw in sorted(facts.items())),
        )

    def _all(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        with self.using():
            return self._connection.execute(sql, values).fetchall()

    def _one(self, sql: str, values: Sequence[Any]) -> Any:
        return self._connection.execute(sql, values).fetchone()


_FILES = (
    "SELECT files.path, size, mtime_ns, inode, read_ns, parse, asked, blob, language, stamp FROM roots"
    " JOIN files ON files.root = roots.id JOIN parses ON parses.id = files.parse WHERE roots.path = ?"
)


def _file(path: str, row: Sequence[Any]) -> FileRow:
    _, size, mtime_ns, inode, read_ns, parse, asked, blob, language, stamp = row
    return FileRow(path, size, mtime_ns, inode, read_ns, parse, asked == 1, blob.hex(), language, stamp)


def _plain(text: str | None) -> str | None:
    """Return *text* in a form that UTF-8 can hold."""
    return text if text is None else text.encode("utf-8", "replace").decode("utf-8")


def _range(folder: str) -> tuple[bytes, bytes]:
    """Return the half-open range of the paths inside *folder*."""
    raw = os.fsencode(folder)
    return raw + b"/", raw + b"0"


def _chunks(values: Sequence[T], size: int = 500) -> Iterator[Sequence[T]]:
    for at in range(0, len(values), size):
        yield values[at : at + size]


def _marks(values: Sequence[object]) -> str:
    """Return a question mark for each of *values*."""
    return ",".join("?" * len(values))


def open_store(cache: Path) -> Store:
    """Open the index in the folder *cache*, made if missing. A file that is no index is set aside with a note.

    Raises: StoreError where the folder cannot be made or written.
    """
    path = cache / FILE_NAME
    try:
        config.make_private(cache)
    except OSError as error:
        raise StoreError(f"cannot make the cache directory {cache}: {error.strerror or error}") from error
    try:
        connection, note = database.connect(path)
    except sqlite3.OperationalError as error:
        raise database.told(f"cannot open the index {path}: {error}", error) from error
    except (sqlite3.DatabaseError, database.ForeignError) as error:
        aside = database.set_aside(path)
        with database.mapped("make", path):
            connection, _ = database.connect(path)
        note = f"the index {path} could not be used ({error}); it was moved to {aside}"
    return Store(connection, path, note)


def open_to_read(cache: Path) -> Store:
    """Open the index in the folder *cache* as it is; nothing is made or written.

    Raises: StoreError where there is none that can be read.
    """
    path = cache / FILE_NAME
    if not path.is_file():
        raise StoreError(f"there is no index at {path}", "Make it with: codereader index PATH")
    try:
        return Store(database.connect_to_read(path), path)
    except sqlite3.Error as error:
        raise database.told(f"cannot read the index {path}: {error}", error) from error
    except database.ForeignError as error:
        raise StoreError(f"cannot read the index {path}: {error}", "Make it anew: codereader index PATH") from error
