"""The index on disk: parsed contents, shared by all roots, and which file of which root holds which content.

One SQLite file in the cache directory. A content is known by its git blob id, its language, and the stamp of
the extractor that read it. Paths are bytes (`os.fsencode`), relative to the root. Many may read while one writes;
a writer commits batch by batch, so that work cut off at any moment leaves an index that can be used.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codereader import config
from codereader.errors import BrokenIndex, StoreError
from codereader.index.rows import DamagedSection, Packed

FILE_NAME = "index.sqlite"

LAYOUT = 2
"""Raised whenever the tables change; an index of another layout is set aside."""

BUSY_SECONDS = 30.0
"""How long a writer waits for another one."""

SIGNED = (1 << 63) - 1
"""What an integer of SQLite holds; an inode beyond is cut to it."""

_APPLICATION = 0x63_72_64_72
_TABLES = """
CREATE TABLE roots (id INTEGER PRIMARY KEY, path BLOB NOT NULL UNIQUE);
CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE parses (
    id INTEGER PRIMARY KEY, blob BLOB NOT NULL, language TEXT NOT NULL, stamp TEXT NOT NULL, lines INTEGER NOT NULL,
    error_nodes INTEGER NOT NULL, summary TEXT, definitions BLOB NOT NULL, refs BLOB NOT NULL, others BLOB NOT NULL,
    links BLOB NOT NULL,
    UNIQUE (blob, language, stamp)
);
CREATE TABLE mentions (
    name INTEGER NOT NULL, parse INTEGER NOT NULL, defines INTEGER NOT NULL, calls INTEGER NOT NULL,
    names INTEGER NOT NULL, tables INTEGER NOT NULL, PRIMARY KEY (name, parse)
) WITHOUT ROWID;
CREATE INDEX mentions_by_parse ON mentions (parse);
CREATE TABLE made (
    parse INTEGER NOT NULL, environment BLOB NOT NULL, facts BLOB NOT NULL, PRIMARY KEY (parse, environment)
) WITHOUT ROWID;
CREATE TABLE files (
    root INTEGER NOT NULL, path BLOB NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL, read_ns INTEGER NOT NULL, parse INTEGER NOT NULL, PRIMARY KEY (root, path)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """A file of a root as it was when it was read. `path` is relative to the root, `size` in bytes.

    `read_ns` is the clock when the reading began, `parse` the row of the facts of its content.
    """

    path: str
    size: int
    mtime_ns: int
    inode: int
    read_ns: int
    parse: int


@dataclass(frozen=True, slots=True)
class FileRow(Seen):
    """A known file with its content's git blob id (hex), language, and the stamp of the extractor."""

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


class Store:
    """An open index. Every method raises StoreError where the database cannot be used, BrokenIndex where damaged."""

    def __init__(self, connection: sqlite3.Connection, path: Path, note: str | None = None) -> None:
        self._connection = connection
        self._names: dict[str, int] = {}
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
            _set_aside(self.path)

    @contextmanager
    def using(self, action: str = "read") -> Iterator[None]:
        """Map what goes wrong inside; *action* is a verb for the person."""
        try:
            with _mapped(action, self.path):
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
                yield
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                self._names.clear()
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
            "INSERT INTO parses (blob, language, stamp, lines, error_nodes, summary, definitions, refs, others,"
            " links) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*key, packed.lines, packed.error_nodes, _plain(packed.summary), packed.definitions, packed.references,
             packed.others, packed.links),
        )  # fmt: skip
        parse = int(cursor.lastrowid or 0)
        ids = self._name_ids([mention[0] for mention in packed.mentions])
        self._connection.executemany(
            "INSERT INTO mentions (name, parse, defines, calls, names, tables) VALUES (?, ?, ?, ?, ?, ?)",
            sorted((ids[name], parse, *counts) for name, *counts in packed.mentions),
        )
        return parse, True

    def _name_ids(self, names: Sequence[str]) -> Mapping[str, int]:
        known = self._names
        for name in names:
            if name in known:
                continue
            stored = _plain(name)
            self._connection.execute("INSERT OR IGNORE INTO names (name) VALUES (?)", (stored,))
            known[name] = int(self._one("SELECT id FROM names WHERE name = ?", (stored,))[0])
        return known

    def put(self, root: int, rows: Iterable[Seen]) -> None:
        """Remember which content the files hold. Inside a batch."""
        self._connection.executemany(
            "INSERT OR REPLACE INTO files (root, path, size, mtime_ns, inode, read_ns, parse)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                (root, os.fsencode(one.path), one.size, one.mtime_ns, one.inode & SIGNED, one.read_ns, one.parse)
                for one in rows
            ),
        )

    def drop(self, root: int, paths: Iterable[str]) -> None:
        """Forget files of a root. Their facts stay, for other roots and branches. Inside a batch."""
        self._connection.executemany(
            "DELETE FROM files WHERE root = ? AND path = ?", ((root, os.fsencode(path)) for path in paths)
        )

    # -- reading ----------------------------------------------------------------------------------------------------

    def files(self, root: Path, folder: str) -> dict[str, FileRow]:
        """Return the files known under *folder* of *root* (all where it is empty), by path relative to the root."""
        low, high = _range(folder) if folder else (b"", b"\xff" * 8)
        rows = self._all(
            "SELECT files.path, size, mtime_ns, inode, read_ns, parse, blob, language, stamp FROM roots"
            " JOIN files ON files.root = roots.id JOIN parses ON parses.id = files.parse"
            " WHERE roots.path = ? AND files.path >= ? AND files.path < ?",
            (os.fsencode(root), low, high),
        )
        found: dict[str, FileRow] = {}
        for path, size, mtime_ns, inode, read_ns, parse, blob, language, stamp in rows:
            name = os.fsdecode(path)
            found[name] = FileRow(name, size, mtime_ns, inode, read_ns, parse, blob.hex(), language, stamp)
        return found

    def find(self, blob: str, language: str, stamp: str) -> int | None:
        """Return the row of a content's facts, None where it was never parsed."""
        rows = self._all(
            "SELECT id FROM parses WHERE blob = ? AND language = ? AND stamp = ?",
            (bytes.fromhex(blob), language, stamp),
        )
        return int(rows[0][0]) if rows else None

    def parses(self, ids: Sequence[int]) -> dict[int, ParseRow]:
        """Return what is known of the contents *ids*."""
        found: dict[int, ParseRow] = {}
        for some in _chunks(ids):
            marks = ",".join("?" * len(some))
            rows = self._all(
                f"SELECT id, blob, language, lines, error_nodes, summary FROM parses WHERE id IN ({marks})",  # noqa: S608  # question marks only
                some,
            )
            found.update((row[0], ParseRow(row[1].hex(), *row[2:])) for row in rows)
        return found

    def sections(self, column: str, ids: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        """Yield one section (``definitions``, ``refs``, ``others``, ``links``) of each content, packed, by rising id."""
        if column not in ("definitions", "refs", "others", "links"):
            raise ValueError(column)
        for some in _chunks(sorted(ids)):
            marks = ",".join("?" * len(some))
            yield from self._all(
                f"SELECT id, {column} FROM parses WHERE id IN ({marks}) ORDER BY id",  # noqa: S608  # a checked word and question marks
                some,
            )

    def mentions(self, name: str) -> list[tuple[int, int, int, int, int]]:
        """Return for each content that mentions *name*: its row, and how often it defines, calls, names, tables it."""
        return self._all(
            "SELECT parse, defines, calls, mentions.names, tables FROM names JOIN mentions ON mentions.name = names.id"
            " WHERE names.name = ? ORDER BY parse",
            (_plain(name),),
        )

    def made(self, environment: bytes, parses: Sequence[int]) -> dict[int, bytes]:
        """Return what was kept of the contents *parses* under *environment*, by row."""
        found: dict[int, bytes] = {}
        for some in _chunks(parses):
            marks = ",".join("?" * len(some))
            select = f"SELECT parse, facts FROM made WHERE environment = ? AND parse IN ({marks})"  # noqa: S608  # question marks only
            found.update(self._all(select, (environment, *some)))
        return found

    def keep_made(self, environment: bytes, facts: Mapping[int, bytes]) -> None:
        """Keep what follows for contents, by row, from *environment*, in place of what was kept. Inside a batch."""
        self._connection.executemany("DELETE FROM made WHERE parse = ?", ((parse,) for parse in sorted(facts)))
        self._connection.executemany(
            "INSERT INTO made (parse, environment, facts) VALUES (?, ?, ?)",
            ((parse, environment, raw) for parse, raw in sorted(facts.items())),
        )

    def foreign_mentions(self, parses: Sequence[int]) -> Iterator[tuple[str, int, int]]:
        """Yield name, content's row and references, wherever one of the contents *parses* refers to what it lacks.

        The cost follows the smaller of two: what was asked for, and all that the store holds.
        """
        select = (
            "SELECT names.name, parse, calls + mentions.names FROM mentions JOIN names ON names.id = mentions.name"
            " WHERE defines = 0 AND calls + mentions.names > 0"
        )
        with self.using():
            if 2 * len(parses) > self._one("SELECT count(*) FROM parses", ())[0]:
                wanted = frozenset(parses)
                yield from (row for row in self._connection.execute(select) if row[1] in wanted)
                return
            for some in _chunks(sorted(parses)):
                marks = ",".join("?" * len(some))
                yield from self._connection.execute(f"{select} AND parse IN ({marks})", some)

    def _all(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        with self.using():
            return self._connection.execute(sql, values).fetchall()

    def _one(self, sql: str, values: Sequence[Any]) -> Any:
        return self._connection.execute(sql, values).fetchone()


def _plain(text: str | None) -> str | None:
    """Return *text* in a form that UTF-8 can hold."""
    return text if text is None else text.encode("utf-8", "replace").decode("utf-8")


def _range(folder: str) -> tuple[bytes, bytes]:
    """Return the half-open range of the paths inside *folder*."""
    raw = os.fsencode(folder)
    return raw + b"/", raw + b"0"


def _chunks(ids: Sequence[int], size: int = 500) -> Iterator[Sequence[int]]:
    for at in range(0, len(ids), size):
        yield ids[at : at + size]


# -- opening ----------------------------------------------------------------------------------------------------------


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
        return Store(_connect(path), path)
    except sqlite3.OperationalError as error:
        raise _told(f"cannot open the index {path}: {error}", error) from error
    except (sqlite3.DatabaseError, _ForeignError) as error:
        aside = _set_aside(path)
        with _mapped("make", path):
            return Store(_connect(path), path, f"the index {path} could not be used ({error}); it was moved to {aside}")


class _ForeignError(Exception):
    """The file is a database, but not an index of this layout."""


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        if not connection.execute("PRAGMA user_version").fetchone()[0]:
            _create(connection)
        found = tuple(connection.execute(f"PRAGMA {word}").fetchone()[0] for word in ("application_id", "user_version"))
        if found != (_APPLICATION, LAYOUT):
            raise _ForeignError("another program or version wrote it")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA temp_store = MEMORY")
    except BaseException:
        connection.close()
        raise
    return connection


def _create(connection: sqlite3.Connection) -> None:
    """Make the tables, once even where several processes begin together."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    if not connection.execute("PRAGMA user_version").fetchone()[0]:
        if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise _ForeignError("another program wrote it")
        for statement in _TABLES.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")
        connection.execute(f"PRAGMA user_version = {LAYOUT}")
    connection.execute("COMMIT")


def _set_aside(path: Path) -> Path:
    """Move a file that cannot be used out of the way, with what SQLite keeps beside it."""
    aside = path.with_name(f"{path.name}.broken")
    try:
        path.replace(aside)
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    except OSError as error:
        message = f"cannot move the broken index {path} aside: {error.strerror or error}"
        raise StoreError(message, f"Delete {path}") from error
    return aside


@contextmanager
def _mapped(action: str, path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise _told(f"cannot {action} the index {path}: {error}", error) from error
    except DamagedSection as error:
        raise BrokenIndex(f"cannot {action} the index {path}: {error}") from error


def _told(message: str, error: sqlite3.Error) -> StoreError:
    """Return what to raise for *error*: what SQLite says of the file itself is damage, all else its surroundings."""
    if type(error) in (sqlite3.DatabaseError, sqlite3.IntegrityError) or "decode to UTF-8" in str(error):
        return BrokenIndex(message)
    if "locked" in str(error):
        return StoreError(message, "Another process is writing it: run the command again when that has ended.")
    return StoreError(message)
