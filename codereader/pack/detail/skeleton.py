"""What a skeleton leaves out of a file: bodies, long values, long texts, and of comments all but what they say first.

Kept is what is structure: signatures as they are written, types with their fields, tables of functions, macros,
exports, and the lines of the preprocessor around them. A body goes with the conditions inside it; a condition that
reaches beyond it stays, so that what is left is balanced. What is left out is longer than the mark that stands for it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from codereader.index.anatomy import Anatomy, Function, Range, Stretch
from codereader.index.parsed import ParsedFile
from codereader.pack.detail.comments import shortened, uncommented
from codereader.pack.detail.lines import Edit, Lines, settled
from codereader.pack.detail.marks import elision, mark, size_mark
from codereader.pack.piece import Body

SMALL = 64
"""Bytes, blanks squeezed, of a body that costs no more than the mark that would stand for it."""

WRAPPING = 0.8
NAMELESS_WRAPPING = 0.5
"""A function is shown as a scope if so large a part of its body is bodies of functions in it; one without a name may
have more beside them.
"""

LONG_LINE = 1000
"""Bytes of one stretch on few lines from which its end is left out."""

_KEPT_BYTES = 200


@dataclass(frozen=True, slots=True)
class _Measure:
    """Of more rows than `most` only the first `kept` are shown."""

    most: int
    kept: int


_MEASURES = {
    "value": _Measure(12, 4),
    "text": _Measure(6, 2),
    "help": _Measure(2, 0),
    "prose": _Measure(4, 2),
    "macro": _Measure(8, 4),
    "recipe": _Measure(3, 1),
    "unread": _Measure(4, 0),
}
_TABLE = _Measure(80, 60)
_SETTINGS = _Measure(24, 8)
_ROOT = _Measure(80, 60)
_OUTER_BLOCK = _Measure(12, 4)
_INNER_BLOCK = _Measure(3, 0)

_SETTINGS_LANGUAGES = frozenset({"json", "yaml", "toml"})

FAR = 3
"""Items that are too long to be kept whole are cut through where they make a stretch so many times too long."""


@dataclass(frozen=True, slots=True)
class Skeleton:
    """The settled edits that make a skeleton of a file, and the bodies they leave out."""

    edits: list[Edit]
    bodies: tuple[Body, ...]


def skeleton(lines: Lines, parts: Anatomy, parsed: ParsedFile, comments: bool) -> Skeleton:
    """Return what a skeleton leaves out; *comments* False: no comment stays."""
    language = parsed.language
    functions = _elided(lines, parts.functions)
    edits = [edit for at, one in enumerate(functions) for edit in _body(lines, parts, one, at, language)]
    left = _outside(parts, sorted((edit.start, edit.end) for edit in edits))
    edits += _stretches(lines, left, parsed)
    edits += shortened(lines, left, language) if comments else uncommented(lines, left, language)
    kept = settled(edits, len(lines.data))
    return Skeleton(kept, tuple(_bodies(lines, parts, functions, kept)))


def _outside(parts: Anatomy, gone: Sequence[Range]) -> Anatomy:
    """Return what stands outside of the ranges that are *gone*."""

    def is_left(start: int, end: int) -> bool:
        at = bisect_right(gone, start, key=lambda span: span[0]) - 1
        return at < 0 or end > gone[at][1]

    return replace(
        parts,
        comments=tuple(span for span in parts.comments if is_left(*span)),
        docstrings=tuple(one for one in parts.docstrings if is_left(one.start, one.end)),
        stretches=tuple(one for one in parts.stretches if is_left(one.start, one.end)),
    )


# -- functions ------------------------------------------------------------------------------------------------------


def _elided(lines: Lines, functions: Sequence[Function]) -> list[Function]:
    """Return the functions whose bodies go: the outermost, but those inside one that is little more than a scope."""
    size = len(lines.data)
    sound = sorted(
        (one for one in functions if 0 <= one.head <= one.body < one.end <= size),
        key=lambda one: (one.body, -one.end),
    )
    inside: list[list[int]] = [[] for _ in sound]
    outer: list[int] = []
    around: list[int] = []
    for at, one in enumerate(sound):
        while around and sound[around[-1]].end <= one.body:
            around.pop()
        (inside[around[-1]] if around else outer).append(at)
        around.append(at)
    kept: list[Function] = []
    waiting = list(reversed(outer))
    while waiting:
        at = waiting.pop()
        one = sound[at]
        held = sum(sound[inner].end - sound[inner].body for inner in inside[at])
        if held >= (WRAPPING if one.name else NAMELESS_WRAPPING) * (one.end - one.body):
            waiting.extend(reversed(inside[at]))
        elif not kept or one.body >= kept[-1].end:
            kept.append(one if not kept or one.head >= kept[-1].end else replace(one, head=kept[-1].end))
    return kept


def _body(lines: Lines, parts: Anatomy, one: Function, number: int, language: str) -> Iterator[Edit]:
    """Yield the edits that leave out one body, around the lines of conditions that reach beyond it."""
    data, start, end = lines.data, one.body, one.end
    at = bisect_left(parts.docstrings, start, key=lambda doc: doc.start)
    is_first = at < len(parts.docstrings) and not data[start : parts.docstrings[at].start].strip()
    if is_first and parts.docstrings[at].end <= end:
        doc = parts.docstrings[at]
        if doc.is_alone:
            return
        start = lines.indent(lines.row(doc.end) + 1) if lines.row(doc.end) + 1 < lines.count else end
    elif data[start : start + 1] != b"{":
        start = _with_comments(lines, parts, start, one.head)
    if start >= end or len(b" ".join(data[start:end].split())) <= SMALL:
        return
    opening, closing = elision(language, data[start : start + 1] == b"{")
    whole = mark(language, lines.row(one.head), lines.row(end - 1))
    ranges = list(_between(lines, parts, start, end))
    for at, (begin, stop) in enumerate(ranges):
        words = whole if len(ranges) == 1 else mark(language, lines.row(begin), lines.row(stop - 1))
        before, after = opening if not at else b"", closing if at == len(ranges) - 1 else b""
        yield Edit(begin, stop, before + words + after, number)


def _between(lines: Lines, parts: Anatomy, start: int, end: int) -> Iterator[Range]:
    """Yield what is left of a range without the rows of conditions that reach beyond it, and rows of blanks."""
    for first, last in _unmatched(parts, start, end):
        stop = lines.end(lines.row(first) - 1) if lines.row(first) else first
        if lines.data[start:stop].strip():
            yield start, stop
        start = lines.start(lines.row(max(first, last - 1)) + 1)
    if lines.data[start:end].strip():
        yield start, end


def _with_comments(lines: Lines, parts: Anatomy, start: int, head: int) -> int:
    """Return where a body begins with the comments above its first statement."""
    at = bisect_left(parts.comments, start, key=lambda span: span[0]) - 1
    while at >= 0 and parts.comments[at][0] > head and lines.opens(parts.comments[at][0]):
        if lines.data[parts.comments[at][1] : start].strip():
            break
        start = parts.comments[at][0]
        at -= 1
    return start


def _unmatched(parts: Anatomy, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the lines of the preprocessor inside a range that belong to a condition that reaches beyond it."""
    at = bisect_left(parts.directives, start, key=lambda one: one.start)
    groups: list[list[tuple[int, int]]] = [[]]
    for here in range(at, len(parts.directives)):
        one = parts.directives[here]
        if one.start >= end:
            break
        if one.change > 0:
            groups.append([(one.start, one.end)])
        elif one.change == 0:
            groups[-1].append((one.start, one.end))
        elif len(groups) > 1:
            groups.pop()
        else:
            groups[0].append((one.start, one.end))
    yield from sorted(line for group in groups for line in group)


# -- stretches ------------------------------------------------------------------------------------------------------


def _stretches(lines: Lines, parts: Anatomy, parsed: ParsedFile) -> list[Edit]:
    """Return the edits that shorten what is long: from the inside to the outside, so that a long part alone goes."""
    hidden = [0] * (lines.count + 1)
    edits: list[Edit] = []
    tables = sorted(entry.row for entry in parsed.tables if not entry.assigned)
    size = len(lines.data)
    for one in sorted(parts.stretches, key=lambda one: (one.end - one.start, one.start)):
        if not 0 <= one.start < one.end <= size:
            continue
        first, last = lines.row(one.start), lines.row(one.end - 1)
        edit = _shorter(lines, one, first, last, hidden, tables, parsed.language)
        for made in _apart(lines, parts, edit, parsed.language) if edit is not None else ():
            edits.append(made)
            for row in range(lines.row(made.start), lines.row(max(made.start, made.end - 1)) + 1):
                hidden[row] = 1
    return edits


def _apart(lines: Lines, parts: Anatomy, edit: Edit, language: str) -> Iterator[Edit]:
    """Yield an edit in parts, with the lines of conditions that reach beyond it between them."""
    ranges = list(_between(lines, parts, edit.start, edit.end))
    if len(ranges) < 2 and not any(_unmatched(parts, edit.start, edit.end)):
        yield edit
        return
    for start, end in ranges:
        begin = lines.indent(lines.row(start)) if lines.opens(start) else start
        yield Edit(begin, end, mark(language, lines.row(begin), lines.row(end - 1)))


def _measure(one: Stretch, first: int, last: int, tables: Sequence[int], size: int, language: str) -> _Measure:
    if one.kind == "block":
        return _INNER_BLOCK if one.depth else _OUTER_BLOCK
    if one.kind != "value":
        return _MEASURES[one.kind]
    if one.end - one.start >= size - 2:
        return _ROOT
    if bisect_left(tables, first) < bisect_right(tables, last):
        return _TABLE
    return _SETTINGS if language in _SETTINGS_LANGUAGES else _MEASURES["value"]


def _shorter(
    lines: Lines, one: Stretch, first: int, last: int, hidden: list[int], tables: Sequence[int], language: str
) -> Edit | None:
    """Return the edit that shortens one stretch, None where it is short enough."""
    measure = _measure(one, first, last, tables, len(lines.data), language)
    if one.kind == "help":
        return (
            Edit(one.start, one.end, b"  " + mark(language, first + 1, last)) if last - first > measure.most else None
        )
    start = first if one.start <= lines.indent(first) and one.kind != "value" else first + 1
    stop = last - 1 if _is_closed(lines, one, first, last) else last
    shown = [row for row in range(start, stop + 1) if not hidden[row] and not lines.is_blank(row)]
    if len(shown) <= measure.most:
        return _narrower(lines, one, language) if len(shown) <= 2 and one.end - one.start > LONG_LINE else None
    begin = _cut(lines, one, shown, measure)
    if begin is None:
        return None
    is_bracketed = one.kind == "value" and lines.data[one.end - 1] in b")]}"
    end = one.end - 1 if is_bracketed and stop == last else lines.end(stop)
    words = mark(language, begin, stop)
    if one.kind == "macro" and stop < last:
        end, words = end - 1, words + b" "
    return Edit(lines.indent(begin), end, words) if end > lines.indent(begin) else None


def _is_closed(lines: Lines, one: Stretch, first: int, last: int) -> bool:
    """Whether the last row of a stretch does no more than close it."""
    if last == first:
        return False
    if one.kind == "value":
        closes = lines.data[one.end - 1] in b")]}"
        return closes and not lines.data[lines.start(last) : one.end - 1].strip()
    if one.kind == "macro":
        return lines.line(last).lstrip()[:1] in (b"}", b")") and lines.line(last - 1).endswith(b"\\")
    return one.kind == "text" and lines.line(last).strip()[:3] in (b'"""', b"'''", b"`", b"`;")


def _cut(lines: Lines, one: Stretch, shown: Sequence[int], measure: _Measure) -> int | None:
    """Return the row from which a stretch is left out: between items where there are items, behind a paragraph."""
    if one.kind == "prose":
        for at, row in enumerate(shown[: measure.kept]):
            is_fence = lines.line(row).lstrip().startswith((b"```", b"~~~"))
            if is_fence or (at and lines.is_blank(row - 1)):
                return row
        return shown[measure.kept]
    if one.kind != "value":
        return shown[measure.kept]
    depth = _depth(lines, shown[0])
    for row in shown[measure.kept :]:
        if _depth(lines, row) <= depth and lines.line(row).lstrip()[:1] not in (b")", b"]", b"}"):
            return row
    return shown[measure.kept] if len(shown) > FAR * measure.most else None


def _depth(lines: Lines, row: int) -> int:
    return lines.indent(row) - lines.start(row)


def _narrower(lines: Lines, one: Stretch, language: str) -> Edit | None:
    """Return the edit that leaves out the end of a stretch on a line that is too long."""
    start, end = one.start + _KEPT_BYTES, one.end - 1
    place = max(lines.data.rfind(b",", one.start, start), lines.data.rfind(b" ", one.start, start)) + 1
    start = place if place > one.start else start
    while start < end and lines.data[start] & 0xC0 == 0x80:
        start += 1
    return Edit(start, end, size_mark(language, end - start)) if end - start > SMALL else None


# -- bodies -----------------------------------------------------------------------------------------------------------


def _bodies(lines: Lines, parts: Anatomy, functions: Sequence[Function], edits: Sequence[Edit]) -> Iterator[Body]:
    """Yield the bodies by their whole lines; what shares a line with another is one with it."""
    sizes: dict[int, int] = {}
    for edit in edits:
        if edit.body >= 0:
            sizes[edit.body] = sizes.get(edit.body, 0) + edit.end - edit.start
    spans = [
        (_above(lines, parts, functions[at].head), lines.row(functions[at].end - 1), at, sizes[at])
        for at in sorted(sizes)
    ]
    spans += [
        (lines.row(edit.start), lines.row(max(edit.start, edit.end - 1)), -1, 0) for edit in edits if edit.body < 0
    ]
    number = 0
    for first, last, members in _merged(spans):
        owned = sorted(at for at, _ in members if at >= 0)
        if owned:
            name = functions[owned[0]].name
            yield Body(number, name, first + 1, last + 1, sum(size for _, size in members))
            number += 1


def _merged(spans: Sequence[tuple[int, int, int, int]]) -> Iterator[tuple[int, int, list[tuple[int, int]]]]:
    """Yield runs of rows that share none with each other, with what lies in them."""
    first, last, members = -1, -1, list[tuple[int, int]]()
    for begin, end, at, size in sorted(spans):
        if begin > last:
            if members:
                yield first, last, members
            first, last, members = begin, end, []
        last = max(last, end)
        members.append((at, size))
    if members:
        yield first, last, members


def _above(lines: Lines, parts: Anatomy, head: int) -> int:
    """Return the row at which a function begins, with the comment directly above it."""
    row = lines.row(head)
    at = bisect_left(parts.comments, head, key=lambda span: span[0]) - 1
    while at >= 0:
        start, end = parts.comments[at]
        if lines.row(max(start, end - 1)) != row - 1 or not lines.opens(start) or not lines.closes(end):
            break
        row = lines.row(start)
        at -= 1
    return row
