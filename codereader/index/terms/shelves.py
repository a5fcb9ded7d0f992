"""What the index of terms knows, and the shelves in it: what is kept for one state of a scope.

Needs nothing of what reads the terms.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from codereader.index.database import TERMS_NAME
from codereader.index.view import IndexedFile, IndexView
from codereader.source.scope import from_root

FORMAT = 3
"""Raised whenever tables, words or bags of the index of terms change; a file of another format is made anew."""


def content_key(file: IndexedFile) -> bytes:
    """Return what the content of *file* is known by."""
    return key_of_content(bytes.fromhex(file.blob), file.language)


def key_of_content(blob: bytes, language: str) -> bytes:
    """Return what the content of a git blob id is known by."""
    return blob + language.encode()


def path_key(path: str | bytes) -> bytes:
    """Return what *path*, relative to the root, is known by."""
    return b"/" + os.fsencode(path)


def select_shelf(connection: sqlite3.Connection, key: bytes) -> bytes | None:
    """Return what was kept under *key*, None where nothing was. Raises: sqlite3.Error, also where there is no table."""
    row = connection.execute("SELECT made FROM shelves WHERE key = ?", (key,)).fetchone()
    return bytes(row[0]) if row else None


def holds_shelf(cache: Path, key: bytes) -> bool:
    """Whether the index of terms in the folder *cache* keeps something under *key*. Nothing is made or written."""
    with suppress(sqlite3.Error), _reading(cache) as connection:
        return connection is not None and select_shelf(connection, key) is not None
    return False


def knows_all(cache: Path, view: IndexView) -> bool:
    """Whether the index of terms in the folder *cache* holds every text of *view*. Nothing is made or written."""
    wanted = {key for file in view.files() for key in (content_key(file), path_key(from_root(view.scope, file.path)))}
    with suppress(sqlite3.Error), _reading(cache) as connection:
        if connection is not None:
            wanted.difference_update(key for (key,) in connection.execute("SELECT key FROM texts"))
    return not wanted


@contextmanager
def _reading(cache: Path) -> Iterator[sqlite3.Connection | None]:
    """Give the file to read, None where it is of another format. Raises: sqlite3.Error, also where there is none."""
    path = cache / TERMS_NAME
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        yield connection if connection.execute("PRAGMA user_version").fetchone()[0] == FORMAT else None
