"""Look one claim of the prose up in the index: a path, a place (``inode.c:54``) or a symbol.

A claim that stands in backticks, is called, or follows ``struct`` and the like says that it is a name; a bare word
claims something only if it is spelled as no word of prose is (``get_inode``, ``disk->size``). A symbol is looked for
among the definitions, then the uses, then the words of the text, which are read only when needed and up to a bound.
Lines are 1-based and inclusive. Knows nothing of streams and terminals.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal

from codereader.answer.checks.beyond import Beyond, beyond
from codereader.answer.checks.owned import Owners
from codereader.answer.checks.places import Places
from codereader.answer.checks.spelling import (
    CHAIN,
    DUNDER,
    ENDINGS,
    JOINT,
    NO_SYMBOLS,
    WORDS_OF_LANGUAGES,
    is_spelled_like_code,
)
from codereader.answer.checks.words import WORD, Found, Words
from codereader.answer.event import Citation
from codereader.index.parsed import Definition
from codereader.index.view import At, IndexView

_CAMEL = re.compile(r"(?:[A-Z][a-z0-9]{2,}){2,}|[a-z]{2,}(?:[A-Z][a-z0-9]{2,})+")
_TYPED = re.compile(r"[us](?:8|16|32|64)|u?int(?:8|16|32|64|max)_t")
_VERSION = re.compile(r"[vV]?\d[\w.+-]*|\w+[-_ ]\d[\w.+-]*")
_MIME = re.compile(r"(?:application|text|image|audio|video|multipart)/.*")
_HEAD = re.compile(CHAIN)
_FILE = re.compile(rf"(?:.*[^/])?\.(?:{ENDINGS})$|(?:.*/)?(?:Makefile|Kconfig|Kbuild)$")
_PLACE = re.compile(
    r"(?P<path>[^:#]++)(?::(?P<first>\d++)(?:[-\u2013](?P<last>\d++)|:\d++)?"
    r"|\#L(?P<first_l>\d++)(?:C\d++)?(?:[-\u2013]L?(?P<last_l>\d++))?)?"
)
_OUTSIDE = "the root has this file, outside the scope"
_KINDS = {
    "struct": ("struct", "typedef", "class"),
    "union": ("union", "typedef"),
    "enum": ("enum", "typedef", "class"),
    "class": ("class", "struct"),
    "typedef": ("typedef",),
}


@dataclass(frozen=True, slots=True)
class Claim:
    """A piece of prose that may say something about the tree, as written.

    `strong` says that it stood in backticks or in code, `called` that an argument list follows its name,
    `type_word` is the ``struct`` or ``class`` before it, empty where there is none.
    """

    text: str
    kind: Literal["path", "name"]
    strong: bool = False
    called: bool = False
    type_word: str = ""


class Citer:
    """Judges claims against one indexed scope. Same claim, same verdict."""

    def __init__(self, view: IndexView) -> None:
        self._view = view
        self._places = Places(view)
        self._known: dict[Claim, Citation | None] = {}
        self._words = Words(view)

    def judge(self, claim: Claim) -> Citation | None:
        """Return the verdict on *claim*, None if it says nothing that can be looked up. Raises: StoreError."""
        if claim not in self._known:
            self._known[claim] = self._path(claim) if claim.kind == "path" else self._name(claim)
        return self._known[claim]

    def holds(self, path: str) -> bool:
        """Return whether the scope has a file or folder of that name."""
        return bool(self._places.resolve(path.rstrip("/")))

    def knows(self, name: str) -> bool:
        """Return whether *name* stands anywhere in the scope, as far as that was searched."""
        return self._lookup(name) is not None

    @property
    def is_complete(self) -> bool:
        """Whether a name that was not found stands nowhere in the scope: all of its text was searched."""
        return self._words.complete

    def paths(self, claimed: str) -> list[str]:
        """Return the files and folders of the scope that *claimed* may name, without the scope itself."""
        return [path for path in self._places.resolve(claimed.rstrip("/")) if path]

    @cached_property
    def beyond(self) -> Beyond:
        """What the root knows outside the scope."""
        return beyond(self._view)

    # Paths

    def _path(self, claim: Claim) -> Citation | None:
        match = _PLACE.fullmatch(claim.text)
        if match is None:
            return None
        path, first = match["path"], match["first"] or match["first_l"]
        if first is None:
            return self._file(claim, path)
        last = match["last"] or match["last_l"] or first
        return self._place(claim, path, int(first[:9]), int(last[:9]))

    def _place(self, claim: Claim, path: str, first: int, last: int) -> Citation:
        hits = [hit for hit in self._places.resolve(path) if hit]
        if not hits:
            if self._view.is_elsewhere(path):
                return Citation(claim.text, "verified", None, None, None, path, _OUTSIDE)
            return Citation(claim.text, "not found", path, first, last, None, "no such file in the scope")
        for hit in hits:
            if 1 <= first <= last <= (self._places.lines[hit] or 0):
                self._words.cited(hit)
                return Citation(claim.text, "verified", hit, first, last, None, "the file has these lines")
        lines = self._places.lines[hits[0]]
        why = "it was not read" if lines is None else f"the file has {lines} lines"
        return Citation(claim.text, "not found", hits[0], first, last, None, why)

    def _file(self, claim: Claim, path: str) -> Citation | None:
        hits = self._places.resolve(path.rstrip("/"))
        if hits:
            if _HEAD.fullmatch(path) and "." not in path and self._view.definitions(name=path):
                return self._name(Claim(path, "name", strong=True))
            self._words.cited(hits[0])
            return Citation(claim.text, "verified", hits[0] or None, None, None, None, "it is in the scope")
        if path in self._targets or any(target.endswith("/" + path) for target in self._targets):
            return Citation(claim.text, "verified", None, None, None, path, "included or imported by the scope")
        if self._view.is_elsewhere(path) or any(known.endswith("/" + path) for known in self.beyond.headers):
            return Citation(claim.text, "verified", None, None, None, path, _OUTSIDE)
        if path in self._built:
            return Citation(claim.text, "verified", None, None, None, path, "built by the scope")
        if _HEAD.fullmatch(path) and self._lookup(path.partition(".")[0]) is not None:
            symbol = self._name(Claim(path, "name", strong=True))
            if symbol is not None and symbol.verdict == "verified":
                return symbol
        if not self._is_path(path, claim.strong):
            return None
        return Citation(claim.text, "not found", path, None, None, None, "no such file in the scope")

    def _is_path(self, path: str, strong: bool) -> bool:
        """Return whether *path*, which is not in the scope, can only be meant as a path of it."""
        if path.lower() in NO_SYMBOLS or _MIME.fullmatch(path):
            return False
        if _FILE.fullmatch(path):
            return strong or "." in path or "/" in path
        parts = [part for part in path.split("/") if part]
        if not strong or path.startswith("/") or len(parts) < 1 + (not path.endswith("/")):
            return False
        if any(_VERSION.fullmatch(part) or part.isupper() for part in parts):
            return False
        return not all(self._lookup(part) for part in parts)

    @cached_property
    def _targets(self) -> frozenset[str]:
        return frozenset(found.fact.target for found in self._view.includes())

    @cached_property
    def _built(self) -> frozenset[str]:
        return frozenset(word for found in self._view.builds() for word in (*found.fact.objects, *found.fact.words))

    # Names

    def _name(self, claim: Claim) -> Citation | None:
        head = _HEAD.match(claim.text)
        if head is None:
            return None
        parts = JOINT.split(head[0])
        if len(parts) > 1 and parts[0] in ("self", "cls", "this"):
            parts = parts[1:]
        if self._says_nothing(parts[0]) or not self._is_name(claim, head[0], parts):
            return None
        if len(parts) > 1:
            return self._chain(claim.text, head[0], parts)
        if claim.type_word:
            return self._typed(claim, parts[0])
        found = self._lookup(parts[0]) or self._outside(parts[0])
        if isinstance(found, str) and not (claim.strong or claim.called) and self._words.is_ending(parts[0]):
            return None
        return self._cited(claim.text, parts[0], found)

    def _says_nothing(self, name: str) -> bool:
        """Return whether *name* belongs to a language or to prose, and the scope does not define it."""
        of_language = (
            name in WORDS_OF_LANGUAGES
            or _TYPED.fullmatch(name)
            or (self._has_python and (hasattr(builtins, name) or DUNDER.fullmatch(name)))
        )
        if not of_language and name.lower() not in NO_SYMBOLS:
            return False
        return not self._view.definitions(name=name)

    @cached_property
    def _has_python(self) -> bool:
        return any(file.language == "python" for file in self._view.files())

    def _is_name(self, claim: Claim, spelled: str, parts: Sequence[str]) -> bool:
        """Return whether *claim* can be read as naming a symbol, and not only as prose."""
        if claim.strong or claim.called or "->" in spelled or "::" in spelled:
            return True
        if any(is_spelled_like_code(part) for part in parts):
            return True
        if len(parts) == 1 and _CAMEL.fullmatch(parts[0]):
            return self._has_camel or self._lookup(parts[0]) is not None
        if len(parts) > 1:
            return bool(self._view.definitions(name=parts[0], kinds=("class",)))
        if not claim.type_word:
            return False
        name = parts[0]
        if "_" in name or any(c.isdigit() for c in name) or re.search(r"[a-z][A-Z]", name):
            return True
        return self._as_type(claim.type_word, name) is not None

    @cached_property
    def _has_camel(self) -> bool:
        """Whether the scope spells names so: elsewhere a word in two humps may be anybody's product."""
        kinds = ("class", "struct", "interface", "trait", "function", "method")
        return any(_CAMEL.fullmatch(at.fact.name) for at in self._view.definitions(kinds=kinds))

    def _as_type(self, word: str, name: str) -> Found | None:
        """Return where *name* is defined as a *word*, or mentioned where the scope does not define it at all."""
        definitions = self._view.definitions(name=name)
        for at in definitions:
            if at.fact.kind in _KINDS[word]:
                return _defined(at)
        if definitions:
            return None
        for reference in self._view.references(name=name):
            if reference.fact.kind == "name":
                return Found(reference.path, reference.fact.row + 1, "used here")
        return self._words.find(name, before=word)

    def _typed(self, claim: Claim, name: str) -> Citation:
        text, word = f"{claim.type_word} {claim.text}", claim.type_word
        found = self._as_type(word, name)
        if found is None and (known := self._lookup(name)) is not None:
            definitions = self._view.definitions(name=name)
            for at in definitions:
                if at.fact.kind == "variable" and re.search(rf"\b{word}\b", at.fact.signature):
                    return self._cited(text, name, known)
            what = f"a {definitions[0].fact.kind}" if definitions else "a name"
            return self._cited(text, name, f"it is {what} at {known.path}:{known.line}, not a {word}")
        return self._cited(text, name, found or self._outside(name))

    def _lookup(self, name: str) -> Found | None:
        """Return where *name* is defined, else used, else stands in the text; None if the scope has no such name."""
        for definition in self._view.definitions(name=name):
            return _defined(definition)
        if (reference := self._view.first_reference(name)) is not None:
            return Found(reference.path, reference.fact.row + 1, "used here")
        if name.startswith("CONFIG_"):
            for option in self._view.definitions(name=name.removeprefix("CONFIG_"), kinds=("option",)):
                return _defined(option)
        return self._words.find(name) or (None if self._words.complete else self._members.get(name))

    @cached_property
    def _members(self) -> dict[str, Found]:
        """Members, fields set in tables and imported names: what the index knows of text that was not searched."""
        found: dict[str, Found] = {}
        for at in self._view.definitions(kinds=("struct", "union", "enum")):
            for name in WORD.findall(" ".join(at.fact.fields)):
                found.setdefault(name, Found(at.path, at.fact.row + 1, "used here"))
        for table in self._view.tables():
            for name in (table.fact.field, table.fact.struct or "", table.fact.variable, table.fact.function):
                found.setdefault(name, Found(table.path, table.fact.row + 1, "used here"))
        for include in self._view.includes():
            for name in (*include.fact.names, *WORD.findall(include.fact.target)):
                found.setdefault(name, Found(include.path, include.fact.row + 1, "used here"))
        for rule in self._view.builds():
            found.setdefault(rule.fact.symbol, Found(rule.path, rule.fact.row + 1, "used here"))
        return found

    def _outside(self, name: str) -> Found | str:
        """Return where the root defines a name that the scope does not have, else that it is nowhere.

        The index of the root tells, then the headers that the scope includes.
        """
        for at in self._view.elsewhere(name):
            if at.fact.kind not in ("heading", "key", "target"):
                return Found(at.path, at.fact.row + 1, f"defined in {at.path}:{at.fact.row + 1}, outside the scope")
        return self.beyond.find(name) or self._nowhere(name)

    def _chain(self, text: str, spelled: str, parts: Sequence[str]) -> Citation | None:
        """Judge ``a.b->c``: the first must be known, and each owner that the scope defines must have its member."""
        found: Found | str | None = self._lookup(parts[0]) or self._nowhere(parts[0])
        for owner, member in pairwise(parts):
            if isinstance(found, str):
                break
            found = self._owners.member(owner, member)
            if found is None:
                return None
            found = found or self._lookup(member) or self._nowhere(member)
        return None if found is None else self._cited(text, spelled, found)

    @cached_property
    def _owners(self) -> Owners:
        return Owners(self._view, self._words, has_python=self._has_python)

    def _nowhere(self, name: str) -> str:
        if self._words.complete:
            return f"{name} is neither defined nor used in the scope"
        return f"{name} is not among the definitions and uses of the scope (not all of its text was searched)"

    def _cited(self, text: str, symbol: str, found: Found | str) -> Citation:
        if isinstance(found, str):
            return Citation(text, "not found", None, None, None, symbol, found)
        return Citation(text, "verified", found.path, found.line, found.line, symbol, found.how)


def _defined(at: At[Definition]) -> Found:
    return Found(at.path, at.fact.row + 1, "defined here")
