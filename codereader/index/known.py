"""Which files the index knows as they are on disk: by size, time and inode, without opening them.

A file system's clock has ticks: a file that was written shortly before it was read may have been written again within
the same tick, so it is not trusted. Nothing is written here.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from codereader.errors import StoreError
from codereader.index.parse import stamp
from codereader.index.store import SIGNED, FileRow, open_to_read
from codereader.source.scope import Scope, SourceFile, from_scope

RACY_NS = 2_000_000_000
"""A file changed this shortly before it was read, in nanoseconds, may have changed again within its clock's tick."""


def known_files(scope: Scope, cache: Path) -> Mapping[str, FileRow]:
    """Return the files of *scope* that the index in the folder *cache* vouches for, by path from the scope's folder.

    What hinders reading is left for `codereader.index.build` to tell: then nothing is known.
    """
    try:
        with closing(open_to_read(cache)) as store:
            rows = store.files(scope.root, scope.folder)
    except StoreError:
        return {}
    return {from_scope(scope, path): row for path, row in rows.items() if _is_sound(row)}


def is_fresh(row: FileRow | None, file: SourceFile) -> bool:
    """Whether *file* is as the index holds it in *row*, as far as the file system tells."""
    return (
        row is not None
        and (row.size, row.mtime_ns, row.inode) == (file.size, file.mtime_ns, file.inode & SIGNED)
        and row.language == file.language
        and _is_sound(row)
    )


def _is_sound(row: FileRow) -> bool:
    """Whether the row was read long enough after the file was written, and by the reader that we have."""
    return row.mtime_ns + RACY_NS < row.read_ns and row.stamp == stamp(row.language)
