"""Token counts on disk, so that a text that was counted once is not counted again.

One SQLite file in the cache directory. A count is found by a digest of the vocabulary and of the text: nothing of the
text itself is kept, and a text that changed is another text. The vocabulary is opened only for texts that were never
counted. Counts are the same with and without the file, whatever it holds: each carries a checksum, and a file that is
damaged, locked or cannot be written only costs time. Several processes may use it at once.
"""

from __future__ import annotations

import hashlib
import importlib.util
import sqlite3
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import codereader
from codereader.config import make_private
from codereader.model.counter import Vocabulary
from codereader.model.gguf import ModelHeader, read_header
from codereader.model.pretokenizer import PRE_TOKENIZERS
from codereader.model.special import CONTROL_TEXTS

FILE_NAME = "counts.sqlite"

FORMAT = 1
"""Counts up with every change of the tables or of what a key or a checksum is made of."""

COUNTING = 1
"""Counts up with every change of what a vocabulary makes of a text; the counts from before are then not found."""

MOST_ROWS = 500_000
"""So many counts are kept, the ones used last, in some 30 MB. Those used before them are forgotten."""

MOST_HELD = 100_000
"""So many counts are held in memory; beyond that they are written, and read again where they are needed."""

BUSY_SECONDS = 2.0
"""How long to wait for another process that writes, before doing without."""

_KEY_BYTES = 16
_AT_ONCE = 500
_LIBRARIES = {"tiktoken": "tiktoken-", "llama_cpp": "llama_cpp_python-"}
"""What counts, and how the folders begin that name its version beside it."""

_TABLE = "CREATE TABLE IF NOT EXISTS counts (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, count INTEGER NOT NULL)"
"""Ids rise with every use, so that the smallest are those that were not used for longest."""


def kept_vocabulary(path: Path, cache: Path) -> KeptVocabulary:
    """Return the vocabulary of the GGUF at *path*, its counts kept in the folder *cache*.

    Only the header is read; what is wrong with the vocabulary itself is raised when it is first needed.
    Raises: ModelNotFound, ModelUnreadable.
    """
    return kept_vocabulary_of(read_header(path), cache)


def kept_vocabulary_of(header: ModelHeader, cache: Path) -> KeptVocabulary:
    """Return the vocabulary of the model that *header* describes, as `kept_vocabulary`."""

    def opened() -> Vocabulary:
        from codereader.model.vocabulary import vocabulary_of

        return vocabulary_of(header, cache)

    return KeptVocabulary(f"{header.name} ({header.vocab_size:,} tokens)", counting_key(header), opened, cache)


def counting_key(header: ModelHeader) -> bytes:
    """Return 32 bytes that differ where the count of some text may: of the file's vocabulary, and of what counts."""
    cutter = PRE_TOKENIZERS.get(header.tokenizer_pre)
    ours = [codereader.__version__, str(COUNTING), repr(cutter), *sorted(CONTROL_TEXTS), *_versions()]
    return hashlib.sha256("\n".join([header.digest, *ours]).encode()).digest()


class KeptVocabulary:
    """A `Vocabulary` that looks counts up before it counts. For one thread at a time.

    Use as a context manager, or call `close`: what was counted is written then, in one transaction. Counting goes on
    after that; only what is new then is written by the next `close`.
    """

    exact = True

    def __init__(self, name: str, key: bytes, opened: Callable[[], Vocabulary], cache: Path) -> None:
        """Count as the vocabulary that *opened* gives, whose counts are those of *key* (at most 64 bytes)."""
        self.name = name
        self._key = key
        self._open = opened
        self._file = _File(cache.absolute() / FILE_NAME)
        self._vocabulary: Vocabulary | None = None
        self._held: dict[bytes, int] = {}
        self._new: dict[bytes, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Write what was counted since, and close the file. Never fails: what cannot be written is counted again."""
        self._file.close()
        if self._new:
            self._file.write(self._new)
            self._new = {}

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """Return token ids, as `Vocabulary.encode`."""
        return self._opened().encode(text, special=special)

    def count_many(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, as `TokenCounter.count_many`."""
        keys = [self._digest(text) for text in texts]
        counts = self._known(keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in counts}
        if missing:
            made = dict(zip(missing, self._opened().count_many(list(missing.values())), strict=True))
            counts |= made
            self._hold(made)
            self._new |= made
        if len(self._new) > MOST_HELD:
            self.close()
        return [counts[key] for key in keys]

    def _known(self, keys: Sequence[bytes]) -> dict[bytes, int]:
        """Return the counts of the *keys* that are in memory or in the file."""
        known = {key: held[key] for held in (self._new, self._held) for key in keys if key in held}
        kept = dict(self._file.read(sorted({key for key in keys if key not in known})))
        self._hold({key: count for key, (count, _) in kept.items()})
        self._new |= {key: count for key, (count, is_old) in kept.items() if is_old}
        return known | {key: count for key, (count, _) in kept.items()}

    def _hold(self, counts: Mapping[bytes, int]) -> None:
        if len(self._held) + len(counts) > MOST_HELD:
            self._held = {}
        self._held |= counts if len(counts) <= MOST_HELD else {}

    def _digest(self, text: str) -> bytes:
        data = text.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(data, digest_size=_KEY_BYTES, key=self._key).digest()

    def _opened(self) -> Vocabulary:
        if self._vocabulary is None:
            self._vocabulary = self._open()
        return self._vocabulary


class _File:
    """The file of counts. What is wrong with it is never raised; one that is damaged is deleted when it is written."""

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
        """Yield the count of each of the *keys* that is there, and whether it was last used long ago."""
        try:
            connection = self._opened() if keys else None
            for at in range(0, len(keys) if connection else 0, _AT_ONCE):
                some = keys[at : at + _AT_ONCE]
                marks = ",".join("?" * len(some))
                select = f"SELECT id, key, count FROM counts WHERE key IN ({marks})"  # noqa: S608  # question marks
                for row, key, raw in connection.execute(select, some) if connection else ():
                    if (count := _checked(key, raw)) is not None:
                        yield key, (count, row < self._young)
        except sqlite3.Error:
            self._is_useless = True

    def write(self, counts: Mapping[bytes, int]) -> None:
        """Keep *counts* as the ones used last."""
        with suppress(OSError, sqlite3.OperationalError):
            make_private(self._path.parent)
            try:
                self._write(counts)
            except (sqlite3.OperationalError, sqlite3.ProgrammingError):
                raise
            except sqlite3.Error:
                self._path.unlink(missing_ok=True)
                self._write(counts)

    def _write(self, counts: Mapping[bytes, int]) -> None:
        with closing(sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("BEGIN IMMEDIATE")
            if connection.execute("PRAGMA user_version").fetchone()[0] != FORMAT:
                connection.execute("DROP TABLE IF EXISTS counts")
            connection.execute(_TABLE)
            connection.execute(f"PRAGMA user_version = {FORMAT}")
            rows = ((key, _sealed(key, count)) for key, count in counts.items())
            connection.executemany("INSERT OR REPLACE INTO counts (key, count) VALUES (?, ?)", rows)
            last = connection.execute("SELECT max(id) FROM counts").fetchone()[0]
            connection.execute("DELETE FROM counts WHERE id <= ?", (last - MOST_ROWS,))
            connection.execute("COMMIT")

    def _opened(self) -> sqlite3.Connection | None:
        """Return the file opened to read, None where there is none to be used. Raises: sqlite3.Error."""
        if self._connection is None and not self._is_useless:
            self._is_useless = True
            connection = sqlite3.connect(
                f"{self._path.as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS, isolation_level=None
            )
            try:
                if connection.execute("PRAGMA user_version").fetchone()[0] == FORMAT:
                    last = connection.execute("SELECT max(id) FROM counts").fetchone()[0] or 0
                    self._young = last - MOST_ROWS // 2
                    self._connection, self._is_useless = connection, False
            finally:
                if self._connection is None:
                    connection.close()
        return self._connection


def _sealed(key: bytes, count: int) -> int:
    """Return what is kept for *count*: itself above 32 bits of checksum."""
    return count << 32 | zlib.crc32(key + count.to_bytes(8, "little"))


def _checked(key: bytes, raw: object) -> int | None:
    """Return the count that `_sealed` made *raw* of; None for anything else."""
    if not isinstance(raw, int) or raw < 0:
        return None
    count = raw >> 32
    return count if _sealed(key, count) == raw else None


def _versions() -> list[str]:
    """Return the versions of the libraries that count, as the folders beside them tell; importing them takes longer."""
    found = []
    for library, start in _LIBRARIES.items():
        with suppress(OSError, ValueError):
            spec = importlib.util.find_spec(library)
            if spec is not None and spec.origin:
                found += [one.name for one in Path(spec.origin).parent.parent.glob(f"{start}*")]
    return sorted(found)
