"""What the root knows of a name that the scope does not define: its index, and the headers that the scope includes.

Headers are read from the disk only when a name is looked for there, and up to a bound; paths are relative to the scope
and begin with ``../``. Lines are 1-based.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from weakref import WeakKeyDictionary

from codereader.answer.checks.words import Found
from codereader.index.view import IndexView
from codereader.source.disk import read_small
from codereader.source.scope import from_root, from_scope

MOST_HEADERS = 600
"""So many headers outside the scope are read, those that its files name first."""
MOST_BYTES = 8 << 20
"""So many bytes of them."""
LARGEST = 1 << 20
"""A larger header, in bytes, is read only so far."""

_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]*([<\"])([^>\"\n]+)", re.MULTILINE)
_C_ENDINGS = (".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".S")
_DEFINE = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)((?:[^\n\\]|\\.|\\\n)*)", re.MULTILINE)
_FOLDERS = ("include", "include/uapi", "arch/x86/include", "src", "")


class Beyond:
    """The headers of one scope that lie outside it, and what they say."""

    def __init__(self, view: IndexView) -> None:
        self._scope = view.scope
        self._includes = view.includes
        self._seen: set[str] = set()
        self._followed: set[str] = set()
        self._macros: dict[str, frozenset[str]] = {}

    def find(self, name: str) -> Found | None:
        """Return where *name* is defined or declared outside the scope, None where nothing that was read has it."""
        best: tuple[int, str, int] | None = None
        pattern = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
        for path, text in self.headers.items():
            if name not in text:
                continue
            for match in pattern.finditer(text):
                rank = _rank(text, match)
                if best is None or rank < best[0]:
                    best = (rank, path, 1 + text.count("\n", 0, match.start()))
                if rank == 0:
                    break
            if best is not None and best[0] == 0:
                break
        if best is None or best[0] > 1:
            return None
        return Found(best[1], best[2], f"defined or declared in {best[1]}:{best[2]}, outside the scope")

    def macros_writing(self, name: str) -> frozenset[str]:
        """Return the macros of those headers whose text holds *name*."""
        if name not in self._macros:
            found: set[str] = set()
            pattern = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
            for text in self.headers.values():
                if name in text:
                    found |= {one[1] for one in _DEFINE.finditer(text) if pattern.search(one[2])}
            self._macros[name] = frozenset(found - {name})
        return self._macros[name]

    @cached_property
    def headers(self) -> dict[str, str]:
        """The text of each header outside the scope, by path, those that the scope names first."""
        found: dict[str, str] = {}
        if not self._scope.folder:
            return found
        waiting = self._named()
        spent = 0
        while waiting:
            following: dict[str, None] = {}
            for path in waiting:
                got = None if spent >= MOST_BYTES else self._read(path)
                if got is None:
                    continue
                text = got.decode("utf-8", "replace")
                found[from_scope(self._scope, path)] = text
                spent += len(got)
                if len(found) >= MOST_HEADERS:
                    return found
                following |= dict.fromkeys(self._targets(path, _INCLUDE.findall(text)))
            waiting = following
        return found

    def _read(self, path: str) -> bytes | None:
        """Return the bytes of a file under the root, None where there is none or it was read before."""
        if path in self._seen:
            return None
        self._seen.add(path)
        got = read_small(self._scope.root / path, LARGEST, follow=False)
        return got[0] if got is not None else None

    def _named(self) -> dict[str, None]:
        """Return the headers that the files of the scope include, by path from the root."""
        scope = self._scope
        found: dict[str, None] = {}
        for at in self._includes():
            if at.path.endswith(_C_ENDINGS):
                sign = "<" if at.fact.system else '"'
                found |= dict.fromkeys(self._targets(from_root(scope, at.path), [(sign, at.fact.target)]))
        return found

    def _targets(self, path: str, names: Iterable[tuple[str, str]]) -> Iterator[str]:
        """Yield where the headers *names* that *path* includes may lie, from the root; each name is followed once."""
        inside = self._scope.folder + "/"
        for sign, name in names:
            places = [posixpath.join(posixpath.dirname(path), name)] if sign == '"' else []
            if name not in self._followed:
                self._followed.add(name)
                places += [posixpath.join(folder, name) for folder in _FOLDERS]
            for place in map(posixpath.normpath, places):
                if place not in self._seen and not place.startswith((inside, "..", "/")):
                    yield place


_KNOWN: WeakKeyDictionary[IndexView, Beyond] = WeakKeyDictionary()


def beyond(view: IndexView) -> Beyond:
    """Return what lies beyond *view*, read once."""
    found = _KNOWN.get(view)
    if found is None:
        found = _KNOWN[view] = Beyond(view)
    return found


def _rank(text: str, match: re.Match[str]) -> int:
    """Return how likely a mention is the definition: 0 a definition, 1 a declaration, 2 anything else."""
    start = text.rfind("\n", 0, match.start()) + 1
    line = text[start : text.find("\n", match.end())]
    before = text[start : match.start()]
    if re.match(r"\s*#\s*define\s+$", before) or re.match(r"(?:struct|union|enum)\s+$", before):
        return 0 if before.lstrip().startswith("#") or line.rstrip().endswith("{") else 1
    if line[:1].isspace() or line.startswith(("*", "/", "#")):
        return 2
    follows = text[match.end() : match.end() + 1]
    if follows == "(":
        return 1
    return 1 if follows in (";", "[") and before.startswith(("extern ", "typedef ", "struct ", "enum ")) else 2
