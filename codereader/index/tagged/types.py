"""What type an object has, in the languages that are read through tags: from declarations, values and results.

Reads the bases that `codereader.index.tagged.held` wrote down. A type is told only where every step to it is written
in the scope; what the scope says nothing of has no type here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from weakref import WeakKeyDictionary

from codereader.index.candidate import Candidate
from codereader.index.parsed import Definition, Member
from codereader.index.view import At, IndexView
from codereader.source.languages import Language

TYPES = frozenset({"class", "struct", "interface", "trait", "enum", "union", "typedef"})
"""Kinds of definitions that an object can be of."""

DEPTH = 6
"""So many values, members and results are followed to a type."""

MOST_BASES = 32
"""So many types that a type builds on are looked through."""

_MADE = re.compile(r"^(?:&|&mut |\*)*(?:new )?([A-Za-z_][\w.:]*)(?:<[^()]*>)?\s*(\{|\()")
_GIVEN = re.compile(r"(?:\bmake_\w+|_cast|\bnew)\s*<(.+?)>\s*\(|^\(\)\s*|\.\(([^()]*)\)$| as ([\w.:<>]+)$")
_ARGUMENT = re.compile(r"^([A-Za-z_][\w.:]*)\s*[<\[](.*)[>\]]$")
_MARKS = re.compile(r"^(?:[&*\s]|'\w+\b|\b(?:mut|dyn|impl|const|struct|class|enum|typename|readonly|await)\b)+")
_TAIL = re.compile(r"(?:[&*?\s!]|\bconst\b|\[\]|\.\.\.)+$")
_ELEMENT = re.compile(r"^(?:\[\w*\]|map\[[^\]]*\]|\.\.\.)")
_PARAMETER = re.compile(r"[A-Z]\d?$")
"""What parameters of generic code are called, which may be of any type."""

_STEP = re.compile(r"\s*(?:\.|->|\?\.|!\.|::)?\s*([A-Za-z_$][\w$]*|\?)?((?:<[^<>()]*>)?\(\))?(\[[^\[\]]*\])?")
_WORDS = re.compile(r"\b(?:public|private|protected|static|final|virtual|inline|explicit|constexpr|const|extern|friend|"
                    r"abstract|synchronized|override|default|native)\b|@\w+|^template ?<[^>]*>")  # fmt: skip


class Look(Protocol):
    """How names are looked up from one place of one file."""

    def bare(self, name: str) -> tuple[Candidate, ...]:
        """Return what *name* alone may mean."""

    def member(self, name: str, receiver: str) -> tuple[Candidate, ...]:
        """Return what *name* may mean after *receiver*."""

    def type_named(self, name: str, front: str) -> tuple[Candidate, ...]:
        """Return the types that *name* may mean, after *front* if that is not empty."""

    def named(self, name: str) -> Sequence[At[Definition]]:
        """Return the definitions called *name* in languages of the same family."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A type of the scope, None for one that lies outside it."""

    definition: At[Definition] | None

    @property
    def path(self) -> str:
        """The dotted path of the type in its file."""
        return dotted(self.definition.fact) if self.definition else ""


OUTSIDE = Typed(None)


def dotted(one: Definition) -> str:
    """Return the name of *one* after its owner's."""
    return f"{one.owner}.{one.name}" if one.owner else one.name


class Types:
    """The types of one view, each file's members read once."""

    def __init__(self, view: IndexView) -> None:
        self._view = view
        self._members: dict[str, Mapping[str, Sequence[Member]]] = {}

    def members(self, path: str, owner: str) -> Sequence[Member]:
        """Return what the file *path* says the type *owner* (dotted) builds on and holds."""
        if path not in self._members:
            records = self._view.records(path=path)
            found = {at.fact.name[5:]: at.fact.members for at in records if at.fact.name.startswith("type ")}
            self._members[path] = found
        return self._members[path].get(owner, ())

    def of_base(self, look: Look, language: Language, base: str, rest: str) -> Typed | None:
        """Return the type of *rest* (``.parent.Root()``) on an object with the base *base*; None where untold."""
        return _Reading(self, language).steps(self.start(look, language, base), rest)

    def from_type(self, language: Language, own: Typed, rest: str) -> Typed | None:
        """Return the type that *rest* (``.parent.Root()``) leads to from the type *own*."""
        return _Reading(self, language).steps(own, rest)

    def start(self, look: Look, language: Language, base: str, depth: int = DEPTH) -> Typed | None:
        """Return the type that an object with the base *base* is of."""
        reading = _Reading(self, language)
        if base[:1] not in ("=", "@"):
            return reading.named(look, base)
        return reading.value(look, base[1:], depth, is_element=base[0] == "@")

    def method(self, language: Language, typed: Typed, named: Sequence[At[Definition]]) -> list[At[Definition]]:
        """Return those of *named* that an object of the type *typed* leads to: its own, else of what it builds on."""
        waiting, seen = [typed], {typed}
        while waiting and len(seen) <= MOST_BASES:
            one = waiting.pop(0)
            if found := self.own(one, named):
                return found
            for base in self.bases(language, one):
                if base.definition is not None and base not in seen:
                    seen.add(base)
                    waiting.append(base)
        return []

    def overriding(self, language: Language, typed: Typed, named: Sequence[At[Definition]]) -> Iterator[At[Definition]]:
        """Yield those of *named* that belong to types which build directly on *typed*."""
        for at in named:
            last = (at.fact.owner or "").rpartition(".")[2]
            owners = self._view.definitions(name=last, kinds=tuple(sorted(TYPES))) if last else ()
            owners = [one for one in owners if dotted(one.fact) == at.fact.owner]
            if any(typed in self.bases(language, Typed(one)) for one in owners):
                yield at

    def own(self, typed: Typed, named: Sequence[At[Definition]]) -> list[At[Definition]]:
        """Return those of *named* that stand in the type itself, wherever its methods are written."""
        if typed.definition is None:
            return []
        owner, home = typed.path, typed.definition.path
        inside = [at for at in named if at.fact.owner == owner]
        here = [at for at in inside if at.path == home]
        folder = home.rpartition("/")[0]
        return here or [at for at in inside if at.path.rpartition("/")[0] == folder] or inside

    def bases(self, language: Language, typed: Typed) -> Iterator[Typed]:
        """Yield the types that *typed* builds on, as far as they are in the scope."""
        if typed.definition is None:
            return
        at = typed.definition
        look = self.look(at.path, typed.path)
        written = [one.type for one in self.members(at.path, typed.path) if not one.name]
        for base in dict.fromkeys(written):
            if found := _Reading(self, language).named(look, base):
                yield found

    def look(self, path: str, caller: str) -> Look:
        """Return the names as seen from *caller* in *path*."""
        from codereader.index.tagged.names import look_from

        found = look_from(self._view, path, caller)
        if found is None:
            msg = f"{path} is read without tags"
            raise LookupError(msg)
        return found


class _Reading:
    """How one language writes types and values."""

    def __init__(self, types: Types, language: Language) -> None:
        self._types = types
        self._language = language

    def named(self, look: Look, written: str) -> Typed | None:
        """Return the type that *written* means, seen from *look*."""
        text = self.core(written)
        if not text or not re.fullmatch(r"[A-Za-z_$][\w$]*(?:(?:\.|::)[A-Za-z_$][\w$]*)*", text):
            return None
        front, separator, last = _split(text)
        kept = [one.definition for one in look.type_named(last, front if separator else "")]
        if not kept:
            return None if _PARAMETER.match(text) else OUTSIDE
        return Typed(kept[0]) if len({(at.path, dotted(at.fact)) for at in kept}) == 1 else None

    def core(self, written: str, depth: int = DEPTH) -> str:
        """Return the name of the type in *written*, without pointers and what only holds it: ``Arc<Mutex<Db>>``."""
        text = written.split(" | ")[0].strip()
        if text.startswith("(") and text.endswith(")"):
            text = text[1:-1].split(",")[0].strip()
            text = text.rpartition(" ")[2] if self._language.imports == "folder" else text
        text = _TAIL.sub("", _MARKS.sub("", text))
        match = _ARGUMENT.match(text)
        if match is None or depth == 0:
            return text
        if _split(match[1])[2] in self._language.holders:
            return self.core(_arguments(match[2])[0], depth - 1)
        return match[1]

    def element(self, written: str) -> str | None:
        """Return the type of an element of something of the type *written*."""
        text = _MARKS.sub("", written.strip())
        if text.endswith("[]"):
            return text[:-2]
        if _ELEMENT.match(text):
            return _ELEMENT.sub("", text, count=1)
        match = _ARGUMENT.match(_TAIL.sub("", text))
        if match is None:
            return None
        inner = _arguments(match[2])
        return self.element(inner[0]) if _split(match[1])[2] in self._language.holders else inner[-1]

    def value(self, look: Look, text: str, depth: int, *, is_element: bool = False) -> Typed | None:
        """Return the type of the value *text*, written without arguments."""
        if depth <= 0:
            return None
        start: Typed | None = None
        rest = text.strip()
        for word in ("await ", "&mut ", "&", "*", "mut "):
            rest = rest.removeprefix(word)
        if rest.startswith("("):
            end = _closing(rest)
            inner, rest = rest[1:end], rest[end + 1 :]
            if is_element and not rest and inner[:1] not in ("=", "@"):
                kind = self.element(inner)
                return self.named(look, kind) if kind else None
            start = self._types.start(look, self._language, inner, depth - 1) if inner else None
            return self.steps(start, rest, depth, is_element=is_element)
        given = _GIVEN.search(rest)
        if given and (kind := given[1] or given[2] or given[3]):
            return self.named(look, kind)
        made = _MADE.match(rest)
        if made and (made[2] == "{" or rest.startswith("new ")):
            found = self.named(look, made[1])
            return found if rest.endswith(("{}", "()")) and rest.count(")") <= 1 else None
        return self._called(look, rest, depth, is_element=is_element)

    def _called(self, look: Look, text: str, depth: int, *, is_element: bool) -> Typed | None:
        """Return the type of a chain that begins with a function, a type or a package: ``Db::open()?.lock()``."""
        match = re.match(
            r"((?:[A-Za-z_$][\w$]*(?:<[^()]*>)?(?:\.|::|->))*)([A-Za-z_$][\w$]*)(?:::<[^()]*>|<[^()]*>)?\(\)", text
        )
        if match is None:
            return None
        front, name = re.sub(r"<[^()]*>", "", match[1]).removesuffix("->").rstrip(".:"), match[2]
        if front and name in self._language.passes:
            return None
        found = look.member(name, front) if front else look.bare(name)
        kept = [one.definition for one in found if not one.confidence.startswith("one of")]
        if len({(at.path, at.fact.row) for at in kept}) == 0:
            return None
        start = self.result(kept[0]) if kept[0].fact.kind not in TYPES else Typed(kept[0])
        return self.steps(start, text[match.end() :], depth, is_element=is_element)

    def steps(self, start: Typed | None, rest: str, depth: int = DEPTH, *, is_element: bool = False) -> Typed | None:
        """Return the type that the members and calls in *rest* lead to from *start*, or that of an element of it."""
        typed = start
        while rest and typed is not None and depth > 0:
            match = _STEP.match(rest)
            if match is None or not match[0]:
                return None
            rest, depth = rest[match.end() :], depth - 1
            name = match[1]
            if name in (None, "?", "await") or (match[2] and name in self._language.passes):
                continue
            at = typed.definition
            if at is None:
                return None
            if match[2]:
                typed = self._method_result(typed, name)
            else:
                last = self._member(typed, name)
                if match[3] or (is_element and not rest):
                    last, is_element = self.element(last) or "", False
                typed = self.named(self._types.look(at.path, typed.path), last) if last else None
        return None if is_element or rest.strip() else typed

    def _member(self, typed: Typed, name: str) -> str:
        """Return the type as written of the member *name* of a type, or of what it builds on."""
        waiting, seen = [typed], {typed}
        while waiting and len(seen) <= MOST_BASES:
            one = waiting.pop(0)
            at = one.definition
            for member in self._types.members(at.path, one.path) if at else ():
                if member.name == name or (not member.name and _split(self.core(member.type))[2] == name):
                    return member.type.removeprefix("=")
            for base in self._types.bases(self._language, one):
                if base.definition is not None and base not in seen:
                    seen.add(base)
                    waiting.append(base)
        return ""

    def _method_result(self, typed: Typed, name: str) -> Typed | None:
        at = typed.definition
        named = self._types.look(at.path, typed.path).named(name) if at else ()
        found = self._types.method(self._language, typed, list(named))
        if not found:
            return None
        results = {self.result(at) for at in found}
        return results.pop() if len(results) == 1 else None

    def result(self, at: At[Definition]) -> Typed | None:
        """Return the type of what the function *at* gives back, as its signature says."""
        written = result_of(at.fact, self._language)
        if not written:
            return None
        look = self._types.look(at.path, dotted(at.fact))
        if self.core(written) in ("Self", "this"):
            owner, _, name = (at.fact.owner or "").rpartition(".")
            return self.named(self._types.look(at.path, owner), name) if name else None
        return self.named(look, written)


def result_of(one: Definition, language: Language) -> str:
    """Return the type that the signature of a function says it gives back, as written, empty where it does not."""
    text = _WORDS.sub(" ", one.signature) if language.result == "before" else one.signature
    at = re.search(rf"(?<![\w$]){re.escape(one.name)}\s*(?:<[^()]*>|\[[^()]*\])?\s*\(", text)
    if at is None:
        return ""
    if language.result == "before":
        words = text[: at.start()].strip()
        if words.endswith("::"):
            words = words.rpartition(" ")[0]
        return "" if words.endswith((".", "=", "return")) else words.strip()
    end = _closing(text[at.end() - 1 :]) + at.end()
    rest = text[end:].strip()
    if language.result:
        mark = language.result
        rest = rest[len(mark) :].strip() if rest.startswith(mark) else ""
    return rest.partition(" where ")[0].strip()


def _closing(text: str) -> int:
    """Return where the bracket that *text* begins with closes, its end if it does not."""
    depth = 0
    for at, letter in enumerate(text):
        depth += (letter in "([{") - (letter in ")]}")
        if depth == 0:
            return at
    return len(text) - 1


def _arguments(text: str) -> list[str]:
    """Return the parts of a list of type arguments."""
    parts, depth, start = [], 0, 0
    for at, letter in enumerate(text):
        depth += (letter in "<[(") - (letter in ">])")
        if letter == "," and depth == 0:
            parts.append(text[start:at].strip())
            start = at + 1
    return [*parts, text[start:].strip()]


def _split(text: str) -> tuple[str, str, str]:
    """Return front, separator and last part of a name with ``::`` or dots."""
    separator = "::" if "::" in text else "."
    return text.rpartition(separator)


_TYPES: WeakKeyDictionary[IndexView, Types] = WeakKeyDictionary()


def types(view: IndexView) -> Types:
    """Return the types of *view*, worked out once."""
    found = _TYPES.get(view)
    if found is None:
        found = _TYPES[view] = Types(view)
    return found
