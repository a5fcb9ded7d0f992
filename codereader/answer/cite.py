"""Look up what the prose claims: places (``inode.c:54``), files and symbols.

Claims are looked for in the text as it streams, so that a mark can stand right behind the claim it judges. What counts
as a claim: a path of a known shape, a place ``path:line``, anything in backticks that is one name, a name after
``struct``/``union``/``enum``/``class``, a name with an underscore inside, a name followed by ``()``.
Lines are 1-based and inclusive. Knows nothing of terminals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from codereader.answer.event import Citation, Mark, Token
from codereader.index.view import IndexView

NAME = r"[A-Za-z_]\w*"
PLACE = re.compile(r"(?P<path>[\w.+/-]*\w\.?\w*):(?P<first>\d+)(?:-(?P<last>\d+))?$")
FILE = re.compile(r"[\w.+/-]*[\w-]\.[A-Za-z]\w{0,9}$|(?:[\w.+-]+/)+[\w.+-]+$|Makefile$|Kconfig$")
SYMBOL = re.compile(
    rf"(?:(?:struct|union|enum|class|def)\s+)?(?P<name>{NAME}(?:(?:\.|->|::){NAME})*)(?P<call>\(.*\))?;?$"
)
TYPE_WORDS = frozenset({"struct", "union", "enum", "class"})
MOST_HELD = 200
"""Characters of an open backtick span that are held back before it is let through unjudged."""

WORDS_OF_LANGUAGES = frozenset(
    "auto bool break case char const continue default do double else enum extern false float for goto if inline int "
    "long None NULL register return short signed sizeof static struct switch True true typedef union unsigned void "
    "volatile while and as assert async await class def del elif except finally from global import in is lambda "
    "nonlocal not or pass raise try with yield self cls str list dict tuple set bytes object".split()
)
"""Names that belong to a language and claim nothing about a tree."""

_LEAD = "([{\"'<*"
_TRAIL = ".,;:!?)]}\"'>*"


class Citer:
    """Judges claims against one indexed scope. Same claim, same verdict."""

    def __init__(self, view: IndexView) -> None:
        self._view = view
        self._known: dict[str, Citation] = {}

    def judge(self, text: str, *, quoted: bool, before: str) -> Citation | None:
        """Return the verdict on one word or backtick span *text*, None if it claims nothing.

        *quoted* says that it stood in backticks, *before* is the word before it.
        """
        claim = text.strip() if quoted else _bare(text)
        if not claim:
            return None
        key = f"{before if before in TYPE_WORDS else ''} {quoted} {claim}"
        if key not in self._known:
            found = self._place(claim) or self._file(claim, quoted) or self._symbol(claim, quoted, before)
            if found is None:
                return None
            self._known[key] = found
        return self._known[key]

    @cached_property
    def _paths(self) -> dict[str, int]:
        return {file.path: file.lines for file in self._view.files()}

    def _resolve(self, claimed: str) -> str | None:
        """Return the one path that *claimed* names: whole, or by its ending."""
        claimed = claimed.removeprefix("./")
        if claimed in self._paths:
            return claimed
        hits = [path for path in self._paths if path.endswith("/" + claimed) or claimed.endswith("/" + path)]
        return min(hits, key=lambda path: (len(path), path)) if hits else None

    def _place(self, claim: str) -> Citation | None:
        match = PLACE.fullmatch(claim)
        if not match or not FILE.fullmatch(match["path"]):
            return None
        first = int(match["first"][:9])
        last = int((match["last"] or match["first"])[:9])
        path = self._resolve(match["path"])
        if path is None:
            return Citation(claim, "not found", match["path"], first, last, None, "no such file in the scope")
        lines = self._paths[path]
        if not 1 <= first <= last <= lines:
            return Citation(claim, "not found", path, first, last, None, f"the file has {lines} lines")
        return Citation(claim, "verified", path, first, last, None, "the file has these lines")

    def _file(self, claim: str, quoted: bool) -> Citation | None:
        if not FILE.fullmatch(claim) or (not quoted and "." not in claim):
            return None
        path = self._resolve(claim)
        if path is not None:
            return Citation(claim, "verified", path, None, None, None, "the file is in the scope")
        if self._included(claim):
            return Citation(claim, "verified", None, None, None, claim, "included or imported by the scope")
        if self._defined(claim) is not None:
            return None
        if re.search(r"\.(c|h|cc|cpp|hpp|py|rs|go|js|ts|java|S|md|toml|txt|sh|mk)$", claim) or "/" in claim:
            return Citation(claim, "not found", claim, None, None, None, "no such file in the scope")
        return None

    @cached_property
    def _targets(self) -> frozenset[str]:
        return frozenset(found.fact.target for found in self._view.includes())

    def _included(self, claim: str) -> bool:
        return claim in self._targets or any(target.endswith("/" + claim) for target in self._targets)

    def _symbol(self, claim: str, quoted: bool, before: str) -> Citation | None:
        match = SYMBOL.fullmatch(claim)
        if not match or match["name"] in WORDS_OF_LANGUAGES:
            return None
        spelled = match["name"]
        says_so = quoted or match["call"] is not None or before in TYPE_WORDS or "_" in spelled.strip("_")
        if not says_so:
            return None
        text = f"{before} {claim}" if before in TYPE_WORDS else claim
        place = self._defined(spelled)
        if place:
            return Citation(text, "verified", place[0], place[1], place[1], spelled, f"{place[2]} here")
        return Citation(text, "not found", None, None, None, spelled, "neither defined nor used in the scope")

    def _defined(self, spelled: str) -> tuple[str, int, str] | None:
        """Return (path, 1-based line, how) of the last name in *spelled*, None if the tree has no such name."""
        name = re.split(r"\.|->|::", spelled)[-1]
        for definition in self._view.definitions(name=name):
            return definition.path, definition.fact.row + 1, "defined"
        for reference in self._view.references(name=name):
            return reference.path, reference.fact.row + 1, "used"
        return self._members.get(name)

    @cached_property
    def _members(self) -> dict[str, tuple[str, int, str]]:
        """Names that are neither defined nor referenced on their own: members, table fields, imported names."""
        found: dict[str, tuple[str, int, str]] = {}
        for table in self._view.tables():
            line = table.fact.row + 1
            for name in (table.fact.field, table.fact.struct or "", table.fact.variable, table.fact.function):
                found.setdefault(name, (table.path, line, "used"))
        for definition in self._view.definitions(kinds=("struct", "union", "enum", "class", "option")):
            for field in definition.fact.fields:
                for name in re.findall(NAME, field):
                    found.setdefault(name, (definition.path, definition.fact.row + 1, "used"))
        for include in self._view.includes():
            for name in (*include.fact.names, *re.findall(NAME, include.fact.target)):
                found.setdefault(name, (include.path, include.fact.row + 1, "used"))
        for build in self._view.builds():
            for name in (build.fact.symbol, build.fact.goal):
                found.setdefault(name, (build.path, build.fact.row + 1, "used"))
        found.pop("", None)
        return found


def _bare(word: str) -> str:
    """Return *word* without the punctuation of prose around it; a call's own parentheses stay."""
    word = word.lstrip(_LEAD)
    trimmed = word.rstrip(_TRAIL)
    if "(" in trimmed and word[len(trimmed) :].startswith(")"):
        return trimmed + ")"
    return trimmed.removesuffix("(")


class MarkedStream:
    """Splits streamed prose into tokens that end where a claim ends, and the marks on those claims."""

    def __init__(self, citer: Citer) -> None:
        self._citer = citer
        self._held = ""
        self._before = ""

    def feed(self, text: str) -> Iterator[Token | Mark]:
        """Yield what can be let through after *text*; a word or backtick span still open is held back."""
        self._held += text
        while (cut := _cut(self._held)) > 0:
            yield from self._let_through(self._held[:cut])
            self._held = self._held[cut:]

    def flush(self) -> Iterator[Token | Mark]:
        """Yield what is still held back, at the end of the prose."""
        if self._held:
            yield from self._let_through(self._held)
            self._held = ""

    def _let_through(self, chunk: str) -> Iterator[Token | Mark]:
        body = chunk.rstrip()
        space = chunk[len(body) :]
        quoted = _QUOTED.fullmatch(body)
        judged = self._citer.judge(quoted["inside"] if quoted else body, quoted=bool(quoted), before=self._before)
        self._before = body.strip(_LEAD + "`").lower() if body else self._before
        if judged is None:
            yield Token(chunk)
            return
        yield Token(body)
        yield Mark(judged)
        if space:
            yield Token(space)


_QUOTED = re.compile(rf"[{re.escape(_LEAD)}]*`(?P<inside>[^`\n]+)`[{re.escape(_TRAIL)}]*")


def _cut(held: str) -> int:
    """Return the length of the next whole chunk (a word or backtick span and the space behind it), 0 if none is."""
    ticks = 0
    for at, character in enumerate(held):
        if character == "`":
            ticks += 1
        elif character.isspace() and (ticks % 2 == 0 or character == "\n" or at > MOST_HELD or held.startswith("```")):
            end = at + 1
            while end < len(held) and held[end].isspace():
                end += 1
            return end
    return 0
