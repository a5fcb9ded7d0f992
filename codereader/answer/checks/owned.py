"""Whether what a chain such as ``a.b->c`` calls the owner of a name has such a member."""

from __future__ import annotations

import builtins
import re
from collections.abc import Sequence

from codereader.answer.checks.spelling import DUNDER, JOINT
from codereader.answer.checks.words import Found, Words
from codereader.index.parsed import Definition
from codereader.index.view import At, IndexView

_TYPES = ("struct", "union", "enum", "class")


class Owners:
    """The types and tables of one scope. *has_python* says that it has Python, whose classes have special methods."""

    def __init__(self, view: IndexView, words: Words, *, has_python: bool) -> None:
        self._view = view
        self._words = words
        self._has_python = has_python

    def member(self, owner: str, member: str) -> Found | str | None:
        """Return where *owner* has *member*, in words that it has not, or None if that stands outside the scope.

        Empty where the scope does not tell what *owner* has.
        """
        definitions = self._view.definitions(name=owner)
        types = [at for at in definitions if at.fact.kind in _TYPES]
        if types and len(types) == len(definitions):
            found = self._of_types(types, member, set())
            if found == "outside" or (self._has_python and not found and DUNDER.fullmatch(member)):
                return None
            return found or f"{owner} at {types[0].path}:{types[0].fact.row + 1} has no {member}"
        tables = [at for at in definitions if at.fact.kind == "variable" and "=" in self._body(at)]
        if tables and any("{" in self._body(at) and at.path.endswith((".c", ".h")) for at in tables):
            return self._of_tables(tables, member) or f"{owner} at {tables[0].path} sets no {member}"
        return ""

    def _of_types(self, types: Sequence[At[Definition]], member: str, seen: set[str]) -> Found | str | None:
        """Return where one of *types* or its bases has *member*; ``outside`` where a base is not in the scope."""
        outside = None
        for at in types:
            seen.add(at.fact.name)
            if found := self._inside(at, _member_pattern(at.fact, member)):
                return found
            for base in at.fact.fields if at.fact.kind == "class" else ():
                name = JOINT.split(base.partition("[")[0].strip())[-1]
                known = [] if name in seen else self._view.definitions(name=name, kinds=("class",))
                found_in = self._of_types(known, member, seen) if known else None
                if isinstance(found_in, Found):
                    return found_in
                if found_in or (not known and name not in seen and _may_have(name, member)):
                    outside = "outside"
        return outside

    def _of_tables(self, tables: Sequence[At[Definition]], member: str) -> Found | None:
        for at in tables:
            if found := self._inside(at, re.compile(rf"\.\s*{re.escape(member)}\b")):
                return found
            for entry in self._view.tables(path=at.path):
                types = self._view.definitions(name=entry.fact.struct or "", kinds=_TYPES)
                if entry.fact.variable == at.fact.name and types:
                    found_in = self._of_types(types, member, set())
                    return found_in if isinstance(found_in, Found) else None
        return None

    def _body(self, at: At[Definition]) -> str:
        span = at.fact.span
        return self._words.text(at.path)[span.start : span.end].decode("utf-8", "replace")

    def _inside(self, at: At[Definition], pattern: re.Pattern[str]) -> Found | None:
        body = self._body(at)
        match = pattern.search(body)
        if match is None:
            return None
        line = at.fact.span.first_row + 1 + body.count("\n", 0, match.end())
        return Found(at.path, line, f"stands in {at.fact.name}")


def _member_pattern(owner: Definition, member: str) -> re.Pattern[str]:
    """Return what a member looks like in the body of *owner*: a field's name, an attribute set or a method."""
    name = re.escape(member)
    if owner.kind != "class":
        return re.compile(rf"\b{name}\b")
    return re.compile(
        rf"\b(?:self|cls)\.{name}\b|^[ \t]*(?:async[ \t]+def[ \t]+|def[ \t]+|class[ \t]+)?{name}[ \t]*[:=(]"
        rf"|[\"']{name}[\"'][,)\]]",
        re.MULTILINE,
    )


def _may_have(base: str, member: str) -> bool:
    """Return whether a class outside the scope may have *member*; those of the language are asked."""
    if "=" in base:
        return False
    known = getattr(builtins, base, None)
    return known is None or hasattr(known, member)
