"""The index of terms on disk: one SQLite file beside the index of facts, made when something is first searched for.

A text is a content (known by its git blob id and language) or a path; all roots share them. Postings lie in segments,
the small ones merged into larger ones as they come. Everything in it follows from the sources: a file that is
damaged or of another layout is made anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from codereader.config import make_private
from codereader.errors import StoreError
from codereader.index.damage import DamagedSection
from codereader.index.database import TERMS_NAME
from codereader.index.terms import segment
from codereader.index.terms.segment import Postings
from codereader.index.terms.shelves import FORMAT, select_shelf

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from codereader.index.terms.bag import Bag

FILE_NAME = TERMS_NAME
BUSY_SECONDS = 60.0
SEGMENTS = 8
"""So many segments of one tier are merged into one of the next."""

_TABLES = """
CREATE TABLE texts (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, length INTEGER NOT NULL);
CREATE TABLE segments (id INTEGER PRIMARY KEY, tier INTEGER NOT NULL, bits INTEGER NOT NULL, postings INTEGER NOT NULL);
CREATE TABLE buckets (segment INTEGER NOT NULL, bucket INTEGER NOT NULL, postings BLOB NOT NULL,
    PRIMARY KEY (segment, bucket))
"""

SHELVES = 8
"""So many shelves are kept."""

_SHELVES = "CREATE TABLE IF NOT EXISTS shelves (key BLOB PRIMARY KEY, made BLOB NOT NULL)"


class TermStore:
    """An open index of terms. Every method raises StoreError where the file cannot be used."""

    def __init__(self, connection: sqlite3.Connection, path: Path, *, is_writable: bool = True) -> None:
        self._connection = connection
        self.path = path
        self.is_writable = is_writable
        """Whether texts can be added; one that cannot be written answers as it is."""

    def close(self) -> None:
        """Close the file. Closing twice is harmless."""
        self._connection.close()

    @contextmanager
    def _using(self, action: str = "read") -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, DamagedSection) as error:
            message = f"cannot {action} the index of terms {self.path}: {error}"
            raise StoreError(message, f"Delete {self.path} and run the command again.") from error

    def texts(self) -> dict[bytes, tuple[int, int]]:
        """Return row and length in words of every known text, by key."""
        with self._using():
            return {key: (row, length) for row, key, length in self._connection.execute("SELECT * FROM texts")}

    def add(self, bags: Sequence[tuple[bytes, Bag]]) -> None:
        """Keep the *bags* of new texts, by key, in one transaction."""
        with self._using("write"):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._add(bags)
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise

    def shelf(self, key: bytes) -> bytes | None:
        """Return what was kept under *key* since texts were last added, None where nothing was."""
        with self._using(), suppress(sqlite3.OperationalError):  # none was ever kept
            return select_shelf(self._connection, key)
        return None

    def keep_shelf(self, key: bytes, made: bytes) -> None:
        """Keep *made*, which follows from the texts, under *key*, and no more than the latest few."""
        with self._using(), suppress(sqlite3.OperationalError):  # what cannot be written is worked out again
            self._connection.execute("INSERT OR REPLACE INTO shelves VALUES (?, ?)", (key, made))
            self._connection.execute(
                "DELETE FROM shelves WHERE rowid NOT IN (SELECT rowid FROM shelves ORDER BY rowid DESC LIMIT ?)",
                (SHELVES,),
            )

    def _add(self, bags: Sequence[tuple[bytes, Bag]]) -> None:
        self._connection.execute("DELETE FROM shelves")
        numbers, counts, rows, sizes = [], [], [], []
        for key, bag in bags:
            cursor = self._connection.execute(
                "INSERT OR IGNORE INTO texts (key, length) VALUES (?, ?)", (key, bag.length)
            )
            if not cursor.rowcount:
                continue
            numbers.append(np.asarray(bag.numbers, np.uint32))
            counts.append(np.asarray(bag.counts, np.uint16))
            rows.append(cursor.lastrowid)
            sizes.append(len(bag.numbers))
        if not sizes:
            return
        whole = np.repeat(np.asarray(rows, np.uint32), sizes)
        self._add_segment(0, segment.sorted_postings(np.concatenate(numbers), whole, np.concatenate(counts)))
        tier = 0
        while len(some := self._segments("WHERE tier = ?", (tier,))) >= SEGMENTS:
            self._merge(some, tier + 1)
            tier += 1

    def _segments(self, where: str = "", values: Sequence[int] = ()) -> list[tuple[int, int, int]]:
        """Return id, bits and postings of each segment."""
        select = f"SELECT id, bits, postings FROM segments {where} ORDER BY id"  # noqa: S608  # words of this class
        return self._connection.execute(select, values).fetchall()

    def _new_segment(self, tier: int, postings: int) -> tuple[int, int]:
        """Return the id of a new segment of so many *postings*, and its bits."""
        bits = segment.bits_for(postings)
        cursor = self._connection.execute(
            "INSERT INTO segments (tier, bits, postings) VALUES (?, ?, ?)", (tier, bits, postings)
        )
        return int(cursor.lastrowid or 0), bits

    def _put(self, made: int, buckets: Iterable[tuple[int, bytes]]) -> None:
        self._connection.executemany("INSERT INTO buckets VALUES (?, ?, ?)", ((made, at, raw) for at, raw in buckets))

    def _add_segment(self, tier: int, postings: Postings) -> None:
        made, bits = self._new_segment(tier, len(postings))
        self._put(made, segment.bucketed(postings, bits))

    def _merge(self, some: Sequence[tuple[int, int, int]], tier: int, held: NDArray[np.bool_] | None = None) -> None:
        """Write the segments *some* as one, a range of terms at a time; where *held* is given, of the rows it holds."""
        coarse = min(bits for _, bits, _ in some)
        made, bits = self._new_segment(tier, sum(postings for _, _, postings in some))
        for part in range(1 << coarse):
            postings = segment.joined(
                segment.opened(raw).whole()
                for old, fine, _ in some
                for (raw,) in self._connection.execute(
                    "SELECT postings FROM buckets WHERE segment = ? AND bucket >= ? AND bucket < ?",
                    (old, part << fine - coarse, part + 1 << fine - coarse),
                )
            )
            if held is not None:
                postings = segment.held_by(postings, held)
            self._put(made, segment.bucketed(postings, bits))
        for old, _, _ in some:
            self._connection.execute("DELETE FROM buckets WHERE segment = ?", (old,))
            self._connection.execute("DELETE FROM segments WHERE id = ?", (old,))

    def compact(self) -> None:
        """Merge all segments into one after a first build, and give what they took back to the file system."""
        with self._using("write"):
            if len(some := self._segments()) > 1:
                self._connection.execute("BEGIN IMMEDIATE")
                self._merge(some, 1 + self._connection.execute("SELECT max(tier) FROM segments").fetchone()[0])
                self._connection.execute("COMMIT")
            self._shrink()

    def forget(self, kept: Container[bytes]) -> None:
        """Forget every text whose key is not among *kept*, and give the space back to the file system."""
        texts = self.texts()
        gone = [row for key, (row, _) in texts.items() if key not in kept]
        if not gone:
            return
        held = np.ones(1 + max(row for row, _ in texts.values()), bool)
        held[gone] = False
        with self._using("write"):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._connection.execute("DELETE FROM shelves")
                self._connection.executemany("DELETE FROM texts WHERE id = ?", ((row,) for row in gone))
                if some := self._segments():
                    self._merge(some, self._connection.execute("SELECT max(tier) FROM segments").fetchone()[0], held)
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise
            self._shrink()

    def _shrink(self) -> None:
        """Give space back; where others are at work, a later one does."""
        with suppress(sqlite3.OperationalError):
            self._connection.execute("VACUUM")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def postings(self, numbers: Sequence[int]) -> dict[int, tuple[NDArray[np.uint32], NDArray[np.uint16]]]:
        """Return rows and counts of the texts that hold each term, by the *numbers* of terms."""
        found: dict[int, list[tuple[NDArray[np.uint32], NDArray[np.uint16]]]] = {number: [] for number in numbers}
        with self._using():
            for one, bits, _ in self._segments():
                buckets: dict[int, list[int]] = {}
                for number in numbers:
                    buckets.setdefault(number >> 32 - bits, []).append(number)
                for bucket in sorted(buckets):
                    row = self._connection.execute(
                        "SELECT postings FROM buckets WHERE segment = ? AND bucket = ?", (one, bucket)
                    ).fetchone()
                    if row:
                        opened = segment.opened(row[0])
                        for number in buckets[bucket]:
                            if (hit := opened.picked(number)) is not None:
                                found[number].append(hit)
        return {
            number: (np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts]))
            for number, parts in found.items()
            if parts
        }

    def clear(self) -> None:
        """Forget everything."""
        with self._using("write"):
            for table in ("buckets", "segments", "texts", "shelves"):
                self._connection.execute(f"DELETE FROM {table}")  # noqa: S608  # words of this function
            self._connection.execute("VACUUM")


def open_terms(cache: Path) -> TermStore:
    """Open the index of terms in the folder *cache*, made where it is missing, damaged or of another format.

    One that cannot be written is opened to read. Raises: StoreError where it cannot be made.
    """
    path = cache / FILE_NAME
    try:
        make_private(cache)
        try:
            return TermStore(_connected(path), path)
        except sqlite3.OperationalError as error:
            return TermStore(_connected_to_read(path, error), path, is_writable=False)
        except sqlite3.DatabaseError:
            for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
                path.with_name(name).unlink(missing_ok=True)
            return TermStore(_connected(path), path)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"cannot open the index of terms {path}: {error}") from error


def _connected_to_read(path: Path, why: sqlite3.Error) -> sqlite3.Connection:
    """Open the file as it is, also where neither it nor its folder can be written, for the reason *why*.

    Raises: sqlite3.Error; *why* where the file is of another format or not there.
    """
    if not path.is_file():
        raise why
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)
    if connection.execute("PRAGMA user_version").fetchone()[0] != FORMAT:
        connection.close()
        raise why
    return connection


def _connected(path: Path) -> sqlite3.Connection:
    """Open the file to read and write, made or renewed where needed. Raises: sqlite3.Error if it cannot be written."""
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        if connection.execute("PRAGMA user_version").fetchone()[0] != FORMAT:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                connection.execute(f"DROP TABLE {name}")
            for statement in _TABLES.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {FORMAT}")
            connection.execute("COMMIT")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("DELETE FROM texts WHERE 0")
        connection.execute(_SHELVES)
    except BaseException:
        connection.close()
        raise
    return connection
