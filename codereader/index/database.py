"""The SQLite file of the index: how it is made, opened, renewed and set aside, and what its errors mean.

Knows the tables by name only; `codereader.index.store` says what their rows mean.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from codereader.errors import BrokenIndex, StoreError
from codereader.index.damage import DamagedSection

FILE_NAME = "index.sqlite"
TERMS_NAME = "terms.sqlite"
"""The file of the index of terms (`codereader.index.terms.store`), beside this one."""

BROKEN = f"{FILE_NAME}.broken"
"""What an index that could not be used is renamed to."""

LAYOUT = 3
"""Raised whenever the tables change; an index of another layout is made anew."""

BUSY_SECONDS = 30.0
"""How long a writer waits for another one."""

_APPLICATION = 0x63_72_64_72
_TABLES = """
CREATE TABLE roots (id INTEGER PRIMARY KEY, path BLOB NOT NULL UNIQUE, built INTEGER NOT NULL DEFAULT 0);
CREATE TABLE parses (
    id INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL, language TEXT NOT NULL, stamp TEXT NOT NULL,
    lines INTEGER NOT NULL, error_nodes INTEGER NOT NULL, summary TEXT, links BLOB NOT NULL, others BLOB NOT NULL,
    names BLOB NOT NULL, definitions BLOB NOT NULL, refs BLOB NOT NULL, UNIQUE (blob, language, stamp)
);
CREATE TABLE unused (parse INTEGER PRIMARY KEY, since INTEGER NOT NULL);
CREATE TABLE segments (id INTEGER PRIMARY KEY, tier INTEGER NOT NULL);
CREATE TABLE postings (id INTEGER PRIMARY KEY, mentions BLOB NOT NULL);
CREATE TABLE made (
    parse INTEGER NOT NULL, environment BLOB NOT NULL, facts BLOB NOT NULL, PRIMARY KEY (parse, environment)
) WITHOUT ROWID;
CREATE TABLE files (
    root INTEGER NOT NULL, path BLOB NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL, read_ns INTEGER NOT NULL, parse INTEGER NOT NULL, asked INTEGER NOT NULL,
    PRIMARY KEY (root, path)
) WITHOUT ROWID
"""

KEPT_WALKS = """
CREATE TABLE IF NOT EXISTS kept_walks (
    root INTEGER NOT NULL, scope BLOB NOT NULL, ground BLOB NOT NULL, stamps TEXT NOT NULL, folders BLOB NOT NULL,
    listed BLOB NOT NULL, paths BLOB NOT NULL, rest TEXT NOT NULL, PRIMARY KEY (root, scope)
)
"""
"""A table that is made when it is first written; an index without it is no other layout."""

OUTCOMES = "CREATE TABLE IF NOT EXISTS outcomes (key BLOB PRIMARY KEY, made BLOB NOT NULL)"
"""Another one."""


class ForeignError(Exception):
    """The file is a database, but not an index."""


def connect(path: Path) -> tuple[sqlite3.Connection, str | None]:
    """Open the index *path* to read and write, made or renewed where needed; a note says if it was renewed.

    Raises: ForeignError, sqlite3.Error.
    """
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        found = _kind(connection)
        renewed = found not in ((_APPLICATION, LAYOUT), (0, 0))
        if renewed and found[0] != _APPLICATION:
            raise ForeignError("another program wrote it")
        if found != (_APPLICATION, LAYOUT):
            _make(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA temp_store = MEMORY")
    except BaseException:
        connection.close()
        raise
    note = f"the index {path} was of another version of codereader; it is made anew" if renewed else None
    return connection, note


def connect_to_read(path: Path) -> sqlite3.Connection:
    """Open the index *path* to read only, also where neither it nor its folder can be written.

    Raises: ForeignError for another layout; sqlite3.Error, also where there is none.
    """
    log, _ = beside_of(path)
    for flags in ("mode=rw", "mode=ro"):
        with suppress(sqlite3.OperationalError):
            return _opened_to_read(path, flags)
    if log.is_file() and log.stat().st_size:
        raise sqlite3.OperationalError("what was written last cannot be read without writing")
    return _opened_to_read(path, "mode=ro&immutable=1")


def _opened_to_read(path: Path, flags: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.as_uri()}?{flags}", uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        application, layout = _kind(connection)
        if application != _APPLICATION:
            raise ForeignError("another program wrote it")
        if layout != LAYOUT:
            raise ForeignError("another version of codereader wrote it")
        connection.execute("PRAGMA query_only = 1")
    except BaseException:
        connection.close()
        raise
    return connection


def _kind(connection: sqlite3.Connection) -> tuple[int, int]:
    """Return the application id and the layout that the file claims."""
    application, layout = (connection.execute(f"PRAGMA {word}").fetchone()[0] for word in _KIND)
    return application, layout


_KIND = ("application_id", "user_version")


def _make(connection: sqlite3.Connection) -> None:
    """Make the tables, in place of those of another layout; once even where several processes begin together."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    if _kind(connection) != (_APPLICATION, LAYOUT):
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        if tables and _kind(connection)[0] != _APPLICATION:
            raise ForeignError("another program wrote it")
        for name in tables:
            if not name.startswith("sqlite_"):
                connection.execute('DROP TABLE "{}"'.format(name.replace('"', '""')))
        for statement in _TABLES.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")
        connection.execute(f"PRAGMA user_version = {LAYOUT}")
    connection.execute("COMMIT")


def set_aside(path: Path) -> Path:
    """Move a file that cannot be used out of the way, with what SQLite keeps beside it. Raises: StoreError."""
    aside = path.with_name(BROKEN)
    try:
        path.replace(aside)
        for beside in beside_of(path):
            beside.unlink(missing_ok=True)
    except OSError as error:
        message = f"cannot move the broken index {path} aside: {error.strerror or error}"
        raise StoreError(message, f"Delete {path}") from error
    return aside


def beside_of(path: Path) -> tuple[Path, Path]:
    """Return what SQLite keeps beside the file *path* while it is open."""
    return path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")


@contextmanager
def mapped(action: str, path: Path) -> Iterator[None]:
    """Map what goes wrong inside; *action* is a verb for the person."""
    try:
        yield
    except sqlite3.Error as error:
        raise told(f"cannot {action} the index {path}: {error}", error) from error
    except DamagedSection as error:
        raise BrokenIndex(f"cannot {action} the index {path}: {error}") from error


def told(message: str, error: sqlite3.Error) -> StoreError:
    """Return what to raise for *error*: what SQLite says of the file itself is damage, all else its surroundings."""
    if type(error) in (sqlite3.DatabaseError, sqlite3.IntegrityError) or "decode to UTF-8" in str(error):
        return BrokenIndex(message)
    if "locked" in str(error):
        return StoreError(message, "Another process is writing it: run the command again when that has ended.")
    return StoreError(message)
