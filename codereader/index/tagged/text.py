"""The text of a file that is read through tags: comments, decorations, conditions, signatures.

Owns what is told by place in the text alone. Offsets are bytes, half-open; rows are 0-based. Knows no tree-sitter.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from codereader.index.c.preprocessor import Plain, joined, plain
from codereader.index.c.text import shallow
from codereader.index.parsed import Definition, Include
from codereader.index.prose import doc_of_comment
from codereader.source.languages import Language
from codereader.source.spans import Span

MACRO_VALUE = 80
"""Longest value, in characters, that a macro's signature shows."""

MOST_BREAKS = 2
"""Line comments with so many line breaks between them are no longer one."""

MOST_DEEP = 64
"""So many conditions inside each other are kept."""

_SPACE = re.compile(r"\s+")
_BRACKETS = re.compile(r"(?<=[(\[]) |,? (?=[)\]])|,(?=\))")
_BLANKS = re.compile(rb"\s*")
_PREFIX = re.compile(rb"[ \t]*((?:[A-Za-z_]\w*(?:\([\w:, ]*\))?[ \t]+){1,6})\Z")
_NO_PREFIX = re.compile(rb"\b(?:return|else|await|yield|throw|typeof|new|in|of|case|do|and|or|not)\b")
_CHAIN = re.compile(rb"((?:[A-Za-z_]\w*(?:\(\))?(?:\.|::))*[A-Za-z_]\w*(?:\(\))?)(?:\.|::)\Z")
_PREFIX_BYTES = 120
_BLANK = bytes(byte if byte in b"\r\n\t" else 32 for byte in range(256))
_INCLUDE = re.compile(r'(?:<([^>]+)>|"([^"]+)")')
_DEFINE = re.compile(r"([A-Za-z_]\w*)(\([^()]*\))?\s*(.*)", re.DOTALL)
_ARGUMENTS = re.compile(r"<[^<>]*>|\[[^\[\]]*\]|\([^()]*\)")
_POINTER = re.compile(r"^(?:[&*\s]|'\w+\b|\b(?:mut|dyn|const)\b)+")
_PRAGMA = re.compile(
    rb"#!|(?://|#|/\*+)\s*(?:go:|\+build|eslint|prettier|jshint|globals? |istanbul|@ts-|@flow|-\*-|vim?:|shellcheck|!)"
)
_DIRECTIVE = re.compile(rb"[ \t]*(?:\r?\n)?[ \t]*#\s*(?:ifn?def|if|define|undef|include|pragma)\b")
"""Comes right behind a comment that is about it, not about the file."""

_INNER_DOC = re.compile(rb"(?://|/\*)!")
_CPLUSPLUS = b"__cplusplus"
_STAND_IN = b"__cplusplux"
"""What the preprocessor is shown instead, because it takes the real one for never defined, as C does."""

_TERM = re.compile(r"(?:^|(?<= && ))defined\(__cplusplux\)(?: && |$)")

Ranges = Sequence[tuple[int, int]]
"""Byte ranges in order."""


class TagText:
    """One file's bytes, and what is told by place in them. `plain` is what the grammar reads."""

    def __init__(self, data: bytes, text: bytes, split: Plain | None, language: Language) -> None:
        self.data = data
        self.plain = text
        self._split = split
        self._test = re.compile(language.condition) if language.condition else None
        self._lines = [0, *(match.end() for match in re.finditer(rb"\n", data))]
        self._comments: Ranges = split.comments if split else ()
        self._wraps: dict[int, int] = {}
        self._said: list[tuple[int, str | None]] = []

    @property
    def split(self) -> Plain | None:
        """What the preprocessor says, None for a language without one."""
        return self._split

    def know(self, comments: Ranges, decorations: Ranges, wraps: Ranges) -> None:
        """Take note of what the grammar sees: comments, decorations, and nodes around definitions."""
        self._comments = self._comments or comments
        self._decorated = dict(decorations)
        self._wraps = {end: start for start, end in reversed(wraps)}
        self._comments_by_row = self._by_last_row(self._comments)
        self._decorations_by_row = self._by_last_row(decorations)

    def _by_last_row(self, ranges: Ranges) -> dict[int, tuple[int, int, int]]:
        """Return ranges that begin their line, as (first row, start, end) by their last row."""
        found: dict[int, tuple[int, int, int]] = {}
        for start, end in ranges:
            row = self.row(start)
            if not self.data[self._lines[row] : start].strip():
                found.setdefault(self.row(max(start, end - 1)), (row, start, end))
        return found

    def row(self, byte: int) -> int:
        """Return the row that holds *byte*."""
        return bisect_right(self._lines, byte) - 1

    def line(self, row: int) -> str:
        """Return the text of a row without the blanks around it."""
        return squeezed(self.slice(self._lines[row], self.line_end(self._lines[row])))

    def line_end(self, byte: int) -> int:
        """Return where the row that holds *byte* ends, its line break included."""
        row = self.row(byte)
        return self._lines[row + 1] if row + 1 < len(self._lines) else len(self.data)

    def slice(self, start: int, end: int) -> str:
        """Return a range as text; what is not UTF-8 becomes U+FFFD."""
        return self.data[start:end].decode("utf-8", "replace")

    def before(self, byte: int) -> str:
        """Return the names joined by dots or ``::`` that end right before *byte*, without the last separator."""
        match = _CHAIN.search(self.data, max(0, byte - _PREFIX_BYTES), byte)
        return match[1].decode("utf-8", "replace") if match else ""

    def uncommented(self, start: int, end: int) -> str:
        """Return a range as text without the comments in it."""
        pieces, at = [], start
        for here, there in self._comments[bisect_left(self._comments, (start, 0)) :]:
            if here >= end:
                break
            pieces.append(self.slice(at, here))
            at = max(at, there)
        return " ".join([*pieces, self.slice(at, end)])

    def reach_back(self, start: int, end: int) -> int:
        """Return where a definition begins that its node says is start to end: at what wraps it, else at the words
        before it on its line (``export const``).
        """
        start = min(start, self._wraps.get(end, start), self._wraps.get(end + 1, start))
        line = self._lines[self.row(start)]
        match = _PREFIX.match(self.data, max(line, start - _PREFIX_BYTES), start) if start > line else None
        if match is None or match.start() != line or _NO_PREFIX.search(match[1]):
            return start
        return match.start(1)

    def after_decorations(self, start: int, end: int) -> int:
        """Return where a definition that reaches from *start* at least to *end* begins behind its decorations."""
        at = start
        while at in self._decorated and self._decorated[at] < end:
            blanks = _BLANKS.match(self.data, self._decorated[at])
            at = blanks.end() if blanks else self._decorated[at]
        return at

    def header(self) -> list[str]:
        """Return the comments that the file begins with, those on lines that follow each other as one."""
        found: list[str] = []
        is_run = False
        at = self._lines[1] if self.data.startswith(b"#!") and len(self._lines) > 1 else 0
        for start, end in self._comments:
            if self.plain[at:start].strip():
                break
            if not _PRAGMA.match(self.data, start) or _INNER_DOC.match(self.data, start):
                words, is_line = self.slice(start, end).rstrip("\r\n"), self.data[start : start + 2] != b"/*"
                if is_run and is_line and self.data.count(b"\n", at - 1, start) < MOST_BREAKS:
                    found[-1] += f"\n{words}"
                else:
                    found.append(words)
                is_run = is_line
            at = max(at, end)
        is_on_code = len(found) > 1 and _DIRECTIVE.match(self.data, at)
        return found[:-1] if is_on_code else found

    def doc(self, start: int) -> str | None:
        """Return the first sentence of the comment on the definition that begins at *start*, None without one."""
        row, comments = self._row_above(start), list[str]()
        while row >= 0:
            if not comments and row in self._decorations_by_row:
                row = self._decorations_by_row[row][0] - 1
            elif row in self._comments_by_row:
                row, first, last = self._comments_by_row[row]
                if not _PRAGMA.match(self.data, first):
                    comments.append(self.slice(first, last).rstrip("\r\n"))
                row -= 1
            else:
                break
        return doc_of_comment("\n".join(reversed(comments))) if comments else None

    def _row_above(self, start: int) -> int:
        """Return the row before that of *start*, -1 if something else begins the row."""
        row = self.row(start)
        return row - 1 if not self.data[self._lines[row] : start].strip() else -1

    # -- conditions ---------------------------------------------------------------------------------------------

    def judge(self, definitions: Ranges) -> None:
        """Work out which definitions stand under a condition that a decoration gives them."""
        if self._test is None:
            return
        edges: list[tuple[int, int, str]] = []
        for start, end in definitions:
            tests = [test for test in self._tests(start) if test]
            if tests:
                edges += [(start, 1, joined(tests) or ""), (end, 0, "")]
        stack: list[str] = []
        for byte, opens, test in sorted(edges):
            if opens:
                stack.append(test)
            elif stack:
                stack.pop()
            self._said.append((byte, joined(stack[-MOST_DEEP:])))

    def _tests(self, start: int) -> Iterator[str | None]:
        row = self._row_above(start)
        while self._test is not None and row in self._decorations_by_row:
            row, first, last = self._decorations_by_row[row]
            match = self._test.search(self.slice(first, last))
            yield squeezed(match[1] if match.lastindex else match[0]) if match else None
            row -= 1

    def condition(self, byte: int, row: int) -> str | None:
        """Return what must hold for *byte*, which lies in *row*, to count; None for nothing."""
        if self._split is not None and self._split.rows:
            found = self._split.condition(row)
            words = _TERM.sub("", found).removesuffix(" && ") if found else ""
            return words.replace(_STAND_IN.decode(), _CPLUSPLUS.decode()) or None
        at = bisect_right(self._said, byte, key=lambda one: one[0]) if self._said else 0
        return self._said[at - 1][1] if at else None

    # -- preprocessor -------------------------------------------------------------------------------------------

    def macros(self) -> Iterator[Definition]:
        """Yield the macros that the file defines."""
        for one in self._split.directives if self._split else ():
            match = _DEFINE.match(one.rest) if one.word == "define" else None
            if match is None or self._split is None or match[1] == self._split.guard:
                continue
            value = match[3] if len(match[3]) <= MACRO_VALUE else "…"
            start = one.end - len(self.data[one.start : one.end].lstrip())
            yield Definition(
                name=match[1],
                kind="macro",
                span=Span(start, one.end, one.row, self.row(max(start, one.end - 1))),
                row=one.row,
                signature=f"#define {match[1]}{match[2] or ''} {value}".rstrip(),
                condition=self.condition(one.start, one.row),
                doc=self.doc(start),
            )

    def includes(self) -> Iterator[Include]:
        """Yield what the file includes."""
        for one in self._split.directives if self._split else ():
            match = _INCLUDE.match(one.rest) if one.word in ("include", "include_next", "import") else None
            if match:
                condition = self.condition(one.start, one.row)
                yield Include(match[1] or match[2], one.row, system=match[1] is not None, condition=condition)


def tag_text(data: bytes, language: Language) -> TagText:
    """Return *data* made ready for the grammar of *language*: as it is, unless the language says otherwise."""
    split = plain(data.replace(_CPLUSPLUS, _STAND_IN)) if language.preprocessor else None
    text = split.text.replace(_STAND_IN, _CPLUSPLUS) if split else data
    for expression in language.blank:
        text = re.sub(expression.encode(), lambda match: match[0].translate(_BLANK), text)
    return TagText(data, text if language.prose else shallow(text), split, language)


def squeezed(text: str) -> str:
    """Return *text* on one line, without the blanks that line breaks leave inside brackets."""
    return text if text.isidentifier() else _BRACKETS.sub("", _SPACE.sub(" ", text).strip())


def owner_of(written: str, separator: str, joint: str = ".") -> tuple[str, str]:
    """Return what stands before the last part of a written name, with *joint* between its parts, and that part.

    Arguments of types and what makes a pointer are dropped: ``a::T<int>::run`` is (``a.T``, ``run``).
    """
    if written.isidentifier():
        return "", written
    head, word, tail = written.partition("operator") if separator == "::" else (written, "", "")
    plain_name = _POINTER.sub("", head)
    while separator and (shorter := _ARGUMENTS.sub("", plain_name)) != plain_name:
        plain_name = shorter
    if not separator:
        return "", written
    if word and (not head or head.endswith("::")):
        parts = [part.strip() for part in plain_name.split(separator)][:-1]
        return joint.join(part for part in parts if part), word + tail
    if word:
        plain_name += word + tail
    parts = [part.strip() for part in plain_name.split(separator)]
    return joint.join(part for part in parts[:-1] if part), parts[-1] or (written if len(parts) == 1 else "")
