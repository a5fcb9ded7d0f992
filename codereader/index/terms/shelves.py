"""The shelves in the index of terms: what is kept for one state of a scope. Needs nothing of what reads the terms."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from codereader.index.database import TERMS_NAME

FORMAT = 3
"""Raised whenever tables, words or bags of the index of terms change; a file of another format is made anew."""


def select_shelf(connection: sqlite3.Connection, key: bytes) -> bytes | None:
    """Return what was kept under *key*, None where nothing was. Raises: sqlite3.Error, also where there is no table."""
    row = connection.execute("SELECT made FROM shelves WHERE key = ?", (key,)).fetchone()
    return bytes(row[0]) if row else None


def holds_shelf(cache: Path, key: bytes) -> bool:
    """Whether the index of terms in the folder *cache* keeps something under *key*. Nothing is made or written."""
    path = cache / TERMS_NAME
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            if connection.execute("PRAGMA user_version").fetchone()[0] != FORMAT:
                return False
            return select_shelf(connection, key) is not None
    except sqlite3.Error:
        return False
