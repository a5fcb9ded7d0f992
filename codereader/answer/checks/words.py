"""The words of a scope's text: where a name stands that is no definition and no use that a parser kept.

Files are read only when a name is looked for, each at most once for its words, and up to a bound. Lines are 1-based.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from codereader.errors import NothingReadable
from codereader.index.view import IndexView

LETTERS = r"A-Za-z_\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u058f"
"""Characters that a name may start with, for use inside a character class. Scripts written without spaces are not
among them, so that a name in Chinese or Thai prose ends where the prose goes on."""

NAME = rf"[{LETTERS}][0-9{LETTERS}]*+"
WORD = re.compile(NAME)

SEARCHED_BYTES = 8 << 20
"""So many bytes of a scope's files are searched for words that are no definition or use."""
SEARCHED_CITED = 64
"""So many files that the prose cites are searched although the scope is over that bound."""

_AFTER_TYPE = re.compile(rf"\b(struct|union|enum|class|typedef)\s+({NAME})")


@dataclass(frozen=True, slots=True)
class Found:
    """A place of a name, and in words what stands there."""

    path: str
    line: int
    how: str


class Words:
    """The words of the scope's text, file by file as they are needed: cited files first, then source, small first."""

    def __init__(self, view: IndexView) -> None:
        self._view = view
        self._first: dict[str, str] = {}
        self._read: set[str] = set()
        self._cited: list[str] = []
        self._left = self._files()
        self._missed = False

    @property
    def complete(self) -> bool:
        """Whether all files are below the bound and could be read."""
        return self._total <= SEARCHED_BYTES and not self._missed

    @cached_property
    def _total(self) -> int:
        return sum(file.size for file in self._view.files())

    def _files(self) -> Iterator[str]:
        spent = 0
        for file in sorted(self._view.files(), key=lambda file: (file.language == "text", file.size, file.path)):
            spent += file.size
            if spent > SEARCHED_BYTES:
                return
            yield file.path

    def cited(self, path: str) -> None:
        """Remember that the prose cites *path*: it is searched before others."""
        if len(self._cited) < SEARCHED_CITED and path not in self._cited and self._view.file(path) is not None:
            self._cited.append(path)

    def text(self, path: str) -> bytes:
        """Return the bytes of *path*, nothing where it changed since it was indexed."""
        try:
            return self._view.text(path)
        except NothingReadable:
            self._missed = True
            return b""

    def find(self, name: str, before: str = "") -> Found | None:
        """Return the first place of *name*, right behind the word *before* if given."""
        key = f"{before} {name}".strip()
        for path in self._cited:
            self._take(path)
        while key not in self._first:
            path = next(self._left, "")
            if not path:
                return None
            self._take(path)
        path = self._first[key]
        content = self.text(path).decode("utf-8", "replace")
        spelled = r"\s+".join(re.escape(part) for part in key.split())
        at = re.search(rf"(?<![0-9{LETTERS}]){spelled}(?![0-9{LETTERS}])", content)
        line = 1 + content.count("\n", 0, at.start() if at else 0)
        return Found(path, line, f"stands in {path}:{line}")

    def is_ending(self, name: str) -> bool:
        """Return whether a word of what was read so far ends in *name* behind an underscore: prose shortens so."""
        return any(word.endswith("_" + name) for word in self._first)

    def _take(self, path: str) -> None:
        if path in self._read:
            return
        self._read.add(path)
        content = self.text(path).decode("utf-8", "replace")
        for word in set(WORD.findall(content)):
            self._first.setdefault(word, path)
        for kind, name in set(_AFTER_TYPE.findall(content)):
            self._first.setdefault(f"{kind} {name}", path)
