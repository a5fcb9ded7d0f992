"""The build files between a scope and its root: they decide about the scope and lie outside of it.

Read afresh each time: at most a makefile and a Kconfig file for each folder on the way up. Never above the root, never
through a symbolic link.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from codereader.source.disk import read_small
from codereader.source.scope import Scope

if TYPE_CHECKING:
    from codereader.index.parsed import ParsedFile

LARGEST = 1 << 20
"""Larger files, in bytes, are not read."""

MOST_FOLDERS = 32
"""So many folders above a scope are looked at."""

_MAKEFILES = ("Kbuild", "Makefile")
"""What holds a folder's rules; where there are both, make reads the first."""


def build_files_above(scope: Scope) -> dict[str, ParsedFile]:
    """Return what the build files in the folders above *scope* say, by path from the root, the root's first."""
    from codereader.index.parse import parse

    return {path: parse(data, language) for path, language, data in read_above(scope)}


def read_above(scope: Scope) -> Iterator[tuple[str, str, bytes]]:
    """Yield path from the root, language and bytes of the build files in the folders above *scope*, from the root."""
    for folder in _folders(scope):
        for names, language in ((_MAKEFILES, "make"), (("Kconfig",), "kconfig")):
            for name in names:
                got = read_small(scope.root / folder / name, LARGEST + 1, follow=False)
                if got is not None and len(got[0]) <= LARGEST:
                    yield f"{folder}/{name}" if folder else name, language, got[0]
                    break


def _folders(scope: Scope) -> Iterator[str]:
    """Yield the folders above *scope*, the root first."""
    parts = scope.folder.split("/") if scope.folder else []
    for depth in range(len(parts))[-MOST_FOLDERS:]:
        yield "/".join(parts[:depth])
