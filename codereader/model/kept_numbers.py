"""Small numbers on disk that follow from some bytes: found again under a digest of these.

One SQLite file in the cache directory. Nothing of the bytes themselves is kept. Numbers are the same with and without
the file, whatever it holds: each carries a checksum, and a file that is damaged, locked or cannot be written only costs
time. Several processes may use it at once.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from hashlib import blake2b
from pathlib import Path

from codereader.config import COUNTS_NAME, make_private

FILE_NAME = COUNTS_NAME

FORMAT = 1
"""Counts up with every change of the table or of what a key or a checksum is made of."""

MOST_ROWS = 500_000
"""So many numbers are kept, the ones used last, in some 30 MB. Those used before them are forgotten."""

MOST_HELD = 100_000
"""So many numbers are held in memory; beyond that they are written, and read again where they are needed."""

BUSY_SECONDS = 2.0
"""How long to wait for another process that writes, before doing without."""

_KEY_BYTES = 16
_AT_ONCE = 500

_TABLE = (
    "CREATE TABLE IF NOT EXISTS numbers (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, number INTEGER NOT NULL)"
)
"""Ids rise with every use, so that the smallest are those that were not used for longest."""


class KeptNumbers:
    """Small numbers that follow from some bytes, kept in the file under a digest of them. One thread at a time."""

    def __init__(self, key: bytes, cache: Path) -> None:
        """Keep numbers of the kind that *key* (at most 64 bytes) tells: of another one they are not found."""
        self._key = key
        self._file = _File(cache.absolute() / FILE_NAME)
        self._held: dict[bytes, int] = {}
        self._new: dict[bytes, int] = {}

    def key(self, data: bytes) -> bytes:
        """Return the digest under which the number of *data* is found."""
        return blake2b(data, digest_size=_KEY_BYTES, key=self._key).digest()

    def known(self, keys: Sequence[bytes]) -> dict[bytes, int]:
        """Return the numbers of those of the *keys* that are in memory or in the file."""
        known = {key: held[key] for held in (self._new, self._held) for key in keys if key in held}
        kept = dict(self._file.read(sorted({key for key in keys if key not in known})))
        self._hold({key: number for key, (number, _) in kept.items()})
        self._new |= {key: number for key, (number, is_old) in kept.items() if is_old}
        return known | {key: number for key, (number, _) in kept.items()}

    def learn(self, numbers: Mapping[bytes, int]) -> None:
        """Take new *numbers* (0 to 2^31 - 1), by key. They are written by `close`, or where they become too many."""
        self._hold(numbers)
        self._new |= numbers
        if len(self._new) > MOST_HELD:
            self.close()

    def close(self) -> None:
        """Write what was learnt since, in one transaction, and let the file go; the next use opens it again."""
        self._file.close()
        if self._new:
            self._file.write(self._new)
            self._new = {}

    def _hold(self, numbers: Mapping[bytes, int]) -> None:
        if len(self._held) + len(numbers) > MOST_HELD:
            self._held = {}
        self._held |= numbers if len(numbers) <= MOST_HELD else {}


class _File:
    """The file of numbers. What is wrong with it is never raised; one that is damaged is deleted when it is written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._is_useless = False
        self._young = 0
        """Ids from here on need not be renewed when they are used."""

    def close(self) -> None:
        """Let the file go; the next `read` opens it again."""
        if self._connection is not None:
            self._connection.close()
        self._connection, self._is_useless = None, False

    def read(self, keys: Sequence[bytes]) -> Iterator[tuple[bytes, tuple[int, bool]]]:
        """Yield the number of each of the *keys* that is there, and whether it was last used long ago."""
        try:
            connection = self._opened() if keys else None
            for at in range(0, len(keys) if connection else 0, _AT_ONCE):
                some = keys[at : at + _AT_ONCE]
                marks = ",".join("?" * len(some))
                select = f"SELECT id, key, number FROM numbers WHERE key IN ({marks})"  # noqa: S608  # question marks
                for row, key, raw in connection.execute(select, some) if connection else ():
                    if (number := _checked(key, raw)) is not None:
                        yield key, (number, row < self._young)
        except sqlite3.Error:
            self._is_useless = True

    def write(self, numbers: Mapping[bytes, int]) -> None:
        """Keep *numbers* as the ones used last."""
        with suppress(OSError, sqlite3.OperationalError):
            make_private(self._path.parent)
            try:
                self._write(numbers)
            except (sqlite3.OperationalError, sqlite3.ProgrammingError):
                raise
            except sqlite3.Error:
                self._path.unlink(missing_ok=True)
                self._write(numbers)

    def _write(self, numbers: Mapping[bytes, int]) -> None:
        with closing(sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("BEGIN IMMEDIATE")
            if connection.execute("PRAGMA user_version").fetchone()[0] != FORMAT:
                connection.execute("DROP TABLE IF EXISTS numbers")
            connection.execute(_TABLE)
            connection.execute(f"PRAGMA user_version = {FORMAT}")
            rows = ((key, _sealed(key, number)) for key, number in numbers.items())
            connection.executemany("INSERT OR REPLACE INTO numbers (key, number) VALUES (?, ?)", rows)
            last = connection.execute("SELECT max(id) FROM numbers").fetchone()[0]
            connection.execute("DELETE FROM numbers WHERE id <= ?", (last - MOST_ROWS,))
            connection.execute("COMMIT")

    def _opened(self) -> sqlite3.Connection | None:
        """Return the file opened to read, None where there is none to be used. Raises: sqlite3.Error."""
        if self._connection is None and not self._is_useless:
            self._is_useless = True
            connection = sqlite3.connect(
                f"{self._path.as_uri()}?mode=ro",
                uri=True,
                timeout=BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
            try:
                if connection.execute("PRAGMA user_version").fetchone()[0] == FORMAT:
                    last = connection.execute("SELECT max(id) FROM numbers").fetchone()[0] or 0
                    self._young = last - MOST_ROWS // 2
                    self._connection, self._is_useless = connection, False
            finally:
                if self._connection is None:
                    connection.close()
        return self._connection


def _sealed(key: bytes, number: int) -> int:
    """Return what is kept for *number*: itself above 32 bits of checksum."""
    return number << 32 | zlib.crc32(key + number.to_bytes(8, "little"))


def _checked(key: object, raw: object) -> int | None:
    """Return the number that `_sealed` made *raw* of; None for anything else."""
    if not isinstance(key, bytes) or not isinstance(raw, int) or raw < 0:
        return None
    number = raw >> 32
    return number if _sealed(key, number) == raw else None
