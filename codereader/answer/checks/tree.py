"""What a checked sentence asks of the tree: definitions, the code of a body, who mentions whom.

Code is a body's text without comments and the contents of strings, so that a name in it is used there. Lines are
1-based. The headers that the scope includes and that lie elsewhere under the root are read only when a name is looked
for there, up to a bound.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from codereader.answer.checks.beyond import Beyond
from codereader.answer.checks.cite import Citer
from codereader.answer.checks.phrase import Entity
from codereader.answer.checks.spelling import WORDS_OF_LANGUAGES
from codereader.errors import NothingReadable
from codereader.facts.kbuild.chain import BuildFacts
from codereader.index.includes import include_map
from codereader.index.parsed import Definition, Macro, TableEntry
from codereader.index.view import At, IndexView

if TYPE_CHECKING:
    from codereader.facts.graph.edges import Edges

MOST_KEPT = 512
"""So many texts of files, and of bodies, are kept."""

CALLABLE = ("function", "method", "macro", "class")
TYPES = ("struct", "union", "enum", "class", "interface", "trait", "typedef")
TABLE_KINDS = ("variable", "constant")

_NOISE = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n]){0,8}'", re.DOTALL)
_PYTHON_NOISE = re.compile(
    r"(?:\"\"\".*?\"\"\"|'''.*?''')|#[^\n]*|[bBfFrRuU]{0,2}(?:\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*')", re.DOTALL
)
_FORMATTED = re.compile(r"[rR]?[fF][rR]?[\"']")
"""A string that holds code."""
_INDIRECT = re.compile(r"(?:->|\.)\s*(\w+)\s*\(|\(\s*\*\s*(?:\w+(?:->|\.))*(\w+)\s*\)\s*\(")


class Tree:
    """One indexed scope, asked sentence by sentence; what was asked for once is kept."""

    def __init__(self, view: IndexView, citer: Citer, edges: Callable[[], Edges | None] | None = None) -> None:
        self.view = view
        self.citer = citer
        self._provider = edges
        self.focus: frozenset[str] = frozenset()
        """The files that the sentence at hand names: of two definitions of one name that there is meant."""
        self._texts: dict[str, str] = {}
        self._macros: dict[str, frozenset[str]] = {}
        self._code: dict[tuple[str, int], str] = {}
        self._whole: dict[str, str] = {}
        self._starts: dict[str, list[int]] = {}

    @cached_property
    def edges(self) -> Edges | None:
        """The linked facts, None where they are not to be had."""
        return self._provider() if self._provider else None

    @cached_property
    def beyond(self) -> Beyond:
        """What the root knows outside the scope."""
        return self.citer.beyond

    @cached_property
    def builds(self) -> BuildFacts:
        """When each file is built."""
        return BuildFacts(self.view)

    # Bare words

    def is_defined(self, name: str) -> bool:
        """Whether the scope defines *name* as more than a heading, key or target."""
        return any(at.fact.kind not in ("heading", "key", "target") for at in self.view.definitions(name=name))

    def is_member(self, name: str) -> bool:
        """Whether a table or struct of the scope has such a member."""
        return name in self._members

    def is_path(self, text: str) -> bool:
        """Whether a file or folder of the scope is called so."""
        return self.citer.holds(text)

    @cached_property
    def _members(self) -> frozenset[str]:
        fields = {at.fact.field for at in self.view.tables()}
        types = self.view.definitions(kinds=("struct", "union"))
        return frozenset(
            fields | {word for at in types for line in at.fact.fields for word in re.findall(r"\w+", line)}
        )

    # Definitions

    def definitions(self, one: Entity | None, kinds: Sequence[str] = ()) -> list[At[Definition]]:
        """Return the definitions that an entity may mean, those that its owner and its noun allow where any do."""
        if one is None or one.kind not in ("name", "option", "member"):
            return []
        if one.kind == "option":
            return list(self.view.definitions(name=one.text.removeprefix("CONFIG_"), kinds=("option",)))
        found = [
            at for at in self.view.definitions(name=one.last, kinds=kinds) if at.fact.kind not in ("heading", "key")
        ]
        found = [at for at in found if at.path in self.focus] or found
        if len(one.parts) > 1:
            owner = one.parts[-2]
            owned = [at for at in found if (at.fact.owner or "").split(".")[-1] == owner or _module(at.path) == owner]
            return owned if owned or self.is_defined(owner) else found
        return found

    def functions(self, one: Entity | None) -> list[At[Definition]]:
        """Return the definitions of an entity that can call."""
        return self.definitions(one, CALLABLE)

    def tables(self, one: Entity | None) -> list[At[Definition]]:
        """Return the variables that an entity may mean."""
        return self.definitions(one, TABLE_KINDS)

    def entries(self, one: Entity) -> list[At[TableEntry]]:
        """Return what the tables that an entity may mean hold."""
        if one.type_word:
            return []
        paths = dict.fromkeys(at.path for at in self.tables(one))
        return [at for path in paths for at in self.view.tables(path=path) if at.fact.variable == one.last]

    def types(self, one: Entity | None) -> list[At[Definition]]:
        """Return the types that an entity may mean."""
        return self.definitions(one, TYPES)

    def paths(self, one: Entity | None) -> list[str]:
        """Return the files and folders that an entity may mean."""
        return self.citer.paths(one.text) if one is not None and one.kind in ("path", "place") else []

    def files(self, one: Entity | None) -> list[str]:
        """Return the files that an entity may mean."""
        return [path for path in self.paths(one) if self.view.file(path) is not None]

    # Text

    def text(self, path: str) -> str:
        """Return a file's text, empty where it changed since it was indexed."""
        if path not in self._texts:
            _bound(self._texts)
            try:
                self._texts[path] = self.view.text(path).decode("utf-8", "replace")
            except NothingReadable:
                self._texts[path] = ""
        return self._texts[path]

    def whole(self, path: str) -> str:
        """Return a file's code, the lines where they were."""
        if path not in self._whole:
            _bound(self._whole)
            self._whole[path] = _bare(self.text(path), path)
        return self._whole[path]

    def line(self, path: str, number: int) -> str:
        """Return one line of a file, empty beyond its end."""
        lines = self._lines(path)
        if not 1 <= number <= len(lines):
            return ""
        text = self.text(path)
        end = lines[number] if number < len(lines) else len(text)
        return text[lines[number - 1] : end]

    def _lines(self, path: str) -> list[int]:
        if path not in self._starts:
            _bound(self._starts)
            self._starts[path] = [0, *(match.end() for match in re.finditer("\n", self.text(path)))]
        return self._starts[path]

    def source(self, at: At[Definition]) -> str:
        """Return the text of a definition."""
        raw = self.text(at.path).encode("utf-8", "replace") if not self.text(at.path).isascii() else None
        span = at.fact.span
        if raw is None:
            return self.text(at.path)[span.start : span.end]
        return raw[span.start : span.end].decode("utf-8", "replace")

    def code(self, at: At[Definition]) -> str:
        """Return the code of a definition."""
        key = (at.path, at.fact.span.start)
        if key not in self._code:
            _bound(self._code)
            self._code[key] = _bare(self.source(at), at.path)
        return self._code[key]

    def body(self, at: At[Definition]) -> str:
        """Return the code of a definition behind its head: behind the name, for a function behind its parameters."""
        code = self.code(at)
        start = re.search(rf"\b{re.escape(at.fact.name)}\b", code)
        return code[start.end() :] if start else code

    def mention(self, at: At[Definition], name: str, behind: str = "") -> int | None:
        """Return the line in the body of *at* where *name* stands, followed by the pattern *behind*."""
        body = self.body(at)
        used = r"(?<!def )(?<!class )" if behind else ""
        match = re.search(rf"(?<!\w){used}{re.escape(name)}(?!\w){behind}", body)
        if match is None:
            return None
        return self._line_in(at, match.start())

    def touches(self, at: At[Definition], name: str) -> int | None:
        """Return the line in the body of *at* where *name* stands, or a table that holds it."""
        if line := self.mention(at, name):
            return line
        tables = dict.fromkeys(one.fact.variable for one in self.view.tables(function=name))
        return next((line for one in tables if (line := self.mention(at, one))), None)

    def _line_in(self, at: At[Definition], offset: int) -> int:
        code, body = self.code(at), self.body(at)
        return at.fact.span.first_row + 1 + code.count("\n", 0, len(code) - len(body) + offset)

    def stands(self, path: str, name: str, behind: str = "") -> int | None:
        """Return the first line of the code of a file where *name* stands."""
        match = re.search(rf"(?<!\w){re.escape(name)}(?!\w){behind}", self.whole(path))
        return self.whole(path).count("\n", 0, match.start()) + 1 if match else None

    def place(self, at: At[Definition]) -> str:
        """Return where a definition stands, in words."""
        return f"{at.path}:{at.fact.row + 1}"

    # Calls

    def called_in(self, at: At[Definition]) -> list[str]:
        """Return the names that the body of *at* calls, in their order, each once."""
        found = re.findall(r"(?<![\w.>])([A-Za-z_]\w*)\s*\((?!\s*\*)", self.body(at))
        return [name for name in dict.fromkeys(found) if name not in WORDS_OF_LANGUAGES]

    def may_hide(self, at: At[Definition], name: str) -> bool:
        """Return whether the body of *at* could call *name* without writing it: by macro or pointer."""
        body = self.body(at)
        if not at.path.endswith((".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp")):
            return self._may_hide_elsewhere(at, name)
        if not self._macros_to(name).isdisjoint(re.findall(r"\b[A-Za-z_]\w*\b", body)):
            return True
        held = {one.fact.field for one in self.view.tables(function=name)}
        fields = {first or second for first, second in _INDIRECT.findall(body)}
        if held & fields:
            return True
        parameters = set(re.findall(r"\w+", at.fact.signature))
        through_local = any(called in parameters and called != at.fact.name for called in self.called_in(at))
        is_value = any(one.fact.kind == "name" for one in self.view.references(name=name))
        return through_local and is_value

    def _may_hide_elsewhere(self, at: At[Definition], name: str) -> bool:
        """Outside C a call may go through any value, a decorator or a special method."""
        special = name.startswith("__") or any(one.fact.kind == "class" for one in self.view.definitions(name=name))
        values = any(one.fact.kind == "name" for one in self.view.references(name=name))
        return special or values or bool(at.fact.fields)

    def _macros_to(self, name: str) -> frozenset[str]:
        """Return the macros whose expansion may write *name*, in the scope and in the headers that it includes."""
        if name in self._macros:
            return self._macros[name]
        found: set[str] = set()
        wanted = [name]
        while wanted and len(found) < 200:
            one = wanted.pop()
            more = {at.fact.name for at in self._own_macros if one in at.fact.body and _stands(one, at.fact.body)}
            more |= self.beyond.macros_writing(one)
            wanted += sorted(more - found)
            found |= more
        self._macros[name] = frozenset(found)
        return self._macros[name]

    @cached_property
    def _own_macros(self) -> Sequence[At[Macro]]:
        return self.view.macros()

    def callers(self, name: str) -> Iterator[tuple[str, str, int]]:
        """Yield the caller, the file and the line of each call of *name* in the scope."""
        for at in self.view.references(name=name, kind="call"):
            yield at.fact.caller or "", at.path, at.fact.row + 1

    def reaches(self, at: At[Definition], name: str, depth: int) -> str | None:
        """Return through which name the body of *at* reaches *name* in at most *depth* more steps."""
        seen = {at.fact.name}
        level = [(at, "")]
        for _ in range(depth + 1):
            following: list[tuple[At[Definition], str]] = []
            for one, first in level:
                for called in self.called_in(one):
                    if called == name:
                        return first or called
                    if called not in seen:
                        seen.add(called)
                        some = self.view.definitions(name=called, kinds=CALLABLE)[:4]
                        following += [(other, first or called) for other in some]
            level = following[:60]
        return None

    def includes_of(self, path: str) -> list[str]:
        """Return the files of the scope that *path* includes, directly."""
        known = include_map(self.view)
        return sorted({found for one in known.includes(path) for found in known.included(path, one)})


def _bare(text: str, path: str) -> str:
    if path.endswith((".py", ".pyi")):
        return _PYTHON_NOISE.sub(lambda match: match[0] if _FORMATTED.match(match[0]) else _blank(match), text)
    return _NOISE.sub(_blank, text)


def _blank(match: re.Match[str]) -> str:
    return " " + "\n" * match[0].count("\n")


def _stands(name: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


def _module(path: str) -> str:
    return path.rpartition("/")[2].partition(".")[0]


def _bound(kept: dict) -> None:  # type: ignore[type-arg]
    if len(kept) >= MOST_KEPT:
        kept.pop(next(iter(kept)))
