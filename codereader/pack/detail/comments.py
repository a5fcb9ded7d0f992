"""Comments taken away, or shortened to what they say first.

`uncommented` leaves the code exactly as it is: a comment between two words becomes a blank. Strings that document
something count as comments, as users of other packers expect, but for one that is all that a function has.
What a compiler or an interpreter heeds stays: a first line ``#!``, an encoding, types, ``//go:`` and ``@ts-`` lines,
and the C in front of Go's ``import "C"``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from codereader.index.anatomy import Anatomy, Range
from codereader.index.prose import is_legal, is_rule, sentence_end
from codereader.pack.detail.lines import Edit, Lines, without_rows

MOST_ROWS = 2
"""Rows that are kept of a comment in a skeleton: those of its first sentence."""

MOST_HEADER_ROWS = 4
"""Rows that are kept of the comment that tells what a file is."""

_HEEDED = {
    "python": re.compile(rb"#\s*type:|#.{0,40}coding[:=]|#\s*cython:"),
    "go": re.compile(rb"//go:|//\s*\+build|//export |//line |/\*line "),
    "javascript": re.compile(rb"(?://|/\*)\s*@ts-"),
    "typescript": re.compile(rb"(?://|/\*)\s*@ts-|///\s*<(?:reference|amd)"),
    "tsx": re.compile(rb"(?://|/\*)\s*@ts-|///\s*<(?:reference|amd)"),
}
_NO_CODE = re.compile(rb"\A(?:\xef\xbb\xbf)?(?:#![^\n]*)?")
_IMPORT_C = re.compile(rb"\s*import\s+\"C\"")
_KINDS = {
    b"/*": (re.compile(rb"/\*[*!]*(?!/)"), re.compile(rb"[ \t]*\*+(?!/)"), re.compile(rb"\**\*/\Z"), b" "),
    b"<!": (re.compile(rb"<!-*"), re.compile(rb""), re.compile(rb"-*->\Z"), b" "),
}
"""By the first two bytes: what opens a comment, what opens its other rows, what closes it, and what stands between."""

_STRING = (
    re.compile(rb"[A-Za-z]*(?:\"\"\"|'''|\"|')"),
    re.compile(rb""),
    re.compile(rb"(?:\"\"\"|'''|\"|')\Z"),
    b"",
)
_LINE = re.compile(rb"[ \t]*(?://+!?|#+[!:]?|;+|--+)")
_TIGHT = frozenset({"c", "cpp"})
"""Languages in which a comment between words is a blank whatever it holds."""


def uncommented(lines: Lines, anatomy: Anatomy, language: str) -> list[Edit]:
    """Return the edits that take the comments of a file away, those that something heeds excepted."""
    spans = [span for span in anatomy.comments if not is_heeded(lines, span, language)]
    removable = (one for one in anatomy.docstrings if not one.is_alone)
    spans += [(one.start, one.end) for one in removable if lines.opens(one.start) and lines.closes(one.end)]
    edits: list[Edit] = []
    gone = -1
    for start, end in _joined(lines.data, sorted(spans)):
        edit = _without(lines, start, end, gone, language)
        if edit is not None:
            edits.append(edit)
            if edit.end == lines.start(lines.row(edit.end)) or edit.end == len(lines.data):
                gone = lines.row(max(edit.start, edit.end - 1))
    return edits


def is_heeded(lines: Lines, span: Range, language: str) -> bool:
    """Whether a compiler or an interpreter reads the comment."""
    start, end = span
    if start == 0 and lines.data.startswith(b"#!"):
        return True
    known = _HEEDED.get(language)
    if known is not None and known.match(lines.data, start, end):
        return True
    return language == "go" and _IMPORT_C.match(lines.data, end) is not None


def _joined(data: bytes, spans: Sequence[Range]) -> Iterator[Range]:
    """Yield the spans, those with blanks alone between them on one line as one."""
    kept: Range | None = None
    for start, end in spans:
        if kept is not None and not data[kept[1] : start].strip(b" \t"):
            kept = (kept[0], max(kept[1], end))
            continue
        if kept is not None:
            yield kept
        kept = (start, end)
    if kept is not None:
        yield kept


def _without(lines: Lines, start: int, end: int, gone: int, language: str) -> Edit:
    """Return the edit that takes one comment away."""
    data = lines.data
    opens, closes = lines.opens(start), lines.closes(end)
    if opens and closes:
        return without_rows(lines, lines.row(start), lines.row(max(start, end - 1)), gone)
    if closes:
        while start and data[start - 1] in b" \t":
            start -= 1
        return Edit(start, end)
    if opens:
        while data[end : end + 1] in (b" ", b"\t"):
            end += 1
        return Edit(start, end)
    is_apart = data[start - 1 : start].isspace() or data[end : end + 1].isspace()
    while data[start - 1 : start].isspace() and data[end : end + 1] in (b" ", b"\t"):
        end += 1
    if b"\n" in data[start:end] and language not in _TIGHT:
        return Edit(start, end, b"\n")
    return Edit(start, end, b"" if is_apart else b" ")


# -- shortened ------------------------------------------------------------------------------------------------------


def shortened(lines: Lines, anatomy: Anatomy, language: str) -> list[Edit]:
    """Return the edits that leave of each comment its first sentence, and of those above a file's code no licence."""
    edits: list[Edit] = []
    gone = -1
    is_header = True
    at = 0
    for first, end in _runs(lines, anatomy, language):
        is_header = is_header and not _is_code(lines.data[at:first])
        at = end
        for edit in _brief(lines, first, end, is_header, gone):
            edits.append(edit)
            if edit.end and lines.data[edit.end - 1] == 10:
                gone = lines.row(edit.end - 1)
    return edits


def _is_code(text: bytes) -> bool:
    """Whether what stands between two comments is more than blanks and an interpreter's line."""
    return bool(_NO_CODE.sub(b"", text, count=1).strip())


def _runs(lines: Lines, anatomy: Anatomy, language: str) -> Iterator[Range]:
    """Yield what documents a file, piece by piece; comments of a line that follow each other are one."""
    strings = {one.start for one in anatomy.docstrings}
    spans = sorted((*anatomy.comments, *((one.start, one.end) for one in anatomy.docstrings)))
    kept: Range | None = None
    is_run = False
    for start, end in spans:
        if is_heeded(lines, (start, end), language):
            continue
        is_apart = start in strings or lines.data[start : start + 2] in (b"/*", b"<!")
        is_line = not is_apart and lines.opens(start) and lines.closes(end)
        if kept is not None and is_run and is_line and lines.row(start) == lines.row(kept[1] - 1) + 1:
            kept = (kept[0], end)
            continue
        if kept is not None:
            yield kept
        kept, is_run = (start, end), is_line
    if kept is not None:
        yield kept


@dataclass(frozen=True, slots=True)
class _Words:
    """What one comment says: by row its range and text, what opens and closes the whole, and what stands between.

    `pad` is None for comments of a line each.
    """

    first: int
    rows: list[tuple[int, int, str]]
    opened: int
    closed: int
    pad: bytes | None


def _brief(lines: Lines, start: int, end: int, is_header: bool, gone: int) -> Iterator[Edit]:
    """Yield the edits that shorten one comment."""
    is_whole = lines.opens(start) and lines.closes(end)
    words = _words(lines, start, end)
    rows = _chosen([text for _, _, text in words.rows], is_header)
    if not rows:
        if is_whole and lines.data[start : start + 1] not in (b'"', b"'"):
            yield without_rows(lines, words.first, words.first + len(words.rows) - 1, gone)
        return
    begin, stop = words.rows[rows[0]][0], words.rows[rows[-1]][1]
    is_open = False
    if not is_header:
        stop, is_open = _sentence(words, rows)
    if words.pad is not None:
        yield from _trimmed(lines.data, words, begin, stop, is_open)
        return
    if rows[0]:
        yield without_rows(lines, words.first, words.first + rows[0] - 1, gone)
    last = words.first + rows[-1]
    if stop < lines.end(last) or is_open:
        yield Edit(stop, lines.end(last), b" ..." if is_open else b"")
    if rows[-1] + 1 < len(words.rows):
        yield without_rows(lines, last + 1, words.first + len(words.rows) - 1)


def _trimmed(data: bytes, words: _Words, begin: int, stop: int, is_open: bool) -> Iterator[Edit]:
    """Yield the edits that leave of a comment with an end what stands from *begin* to *stop*."""
    pad = words.pad or b""
    if data[words.opened : begin].strip(b" \t"):
        yield Edit(words.opened, begin, pad)
    if data[stop : words.closed].strip(b" \t"):
        yield Edit(stop, words.closed, (b" ..." if is_open else b"") + pad)


def _words(lines: Lines, start: int, end: int) -> _Words:
    """Return what a comment says, row by row, without what marks it as one."""
    data = lines.data
    first, last = lines.row(start), lines.row(max(start, end - 1))
    kind = _KINDS.get(data[start : start + 2])
    if kind is None and _STRING[0].match(data, start):
        kind = _STRING
    opened, closed, rows = start, end, []
    for row in range(first, last + 1):
        begin, stop = max(start, lines.start(row)), max(start, min(end, lines.end(row)))
        opening = (_LINE if kind is None else kind[0] if row == first else kind[1]).match(data, begin, stop)
        if opening:
            begin = opening.end()
            opened = begin if row == first else opened
        closing = kind[2].search(data, begin, stop) if kind is not None and row == last else None
        if closing:
            stop = closed = closing.start()
        raw = data[begin:stop]
        begin += len(raw) - len(raw.lstrip())
        rows.append((begin, max(begin, begin + len(raw.strip())), raw.strip().decode("utf-8", "replace")))
    return _Words(first, rows, opened, closed, None if kind is None else kind[3])


def _chosen(texts: Sequence[str], is_header: bool) -> list[int]:
    """Return which rows of a comment are its first paragraph that says something, in a header besides who owns it."""
    most = MOST_HEADER_ROWS if is_header else MOST_ROWS
    paragraph: list[int] = []
    is_spoilt = False
    for at, text in enumerate((*texts, "")):
        if not is_rule(text) and "SPDX-" not in text:
            if is_header and is_legal(text):
                is_spoilt = True
            elif not is_spoilt and not (paragraph and text.startswith("@")):
                paragraph.append(at)
            continue
        if paragraph:
            return paragraph[:most]
        is_spoilt = False
    return []


def _sentence(words: _Words, rows: Sequence[int]) -> tuple[int, bool]:
    """Return where the first sentence ends, and whether it goes on beyond the rows that are kept."""
    for row in rows:
        begin, _, text = words.rows[row]
        at = sentence_end(text)
        if at is not None:
            return begin + len(text[:at].encode()), False
    after = rows[-1] + 1
    goes_on = after < len(words.rows) and not is_rule(words.rows[after][2]) and not words.rows[after][2].startswith("@")
    return words.rows[rows[-1]][1], goes_on
