"""The parts of files that are read line by line: makefiles, Kconfig, Markdown, and text of any other kind."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence

from codereader.index.anatomy.parts import Anatomy, Range, Stretch

DEEPEST = 8
"""Blocks of lines inside each other are told apart so deep."""

LONGEST_LINE = 10_000
"""Bytes of a line that are looked at."""

HEADINGS = 3
"""Text with so many sections under headings is prose, however much of it is indented."""

_RULE = re.compile(rb"[ \t]*([=\-~^\"'`#*+._:])\1{2,}[ \t]*\r?\Z")
_HEADING = re.compile(rb" {0,3}#{1,6}(?:[ \t]|\r?\Z)")
_FENCE = re.compile(rb" {0,3}(`{3,}|~{3,})")
_HTML_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_HELP = re.compile(rb"(?:---)?help(?:---)?[ \t]*(?:#.*)?\r?\Z")
_DEFINE = re.compile(rb"[ ]*(?:(?:override|export|private)[ ]+)*define\b")
_HASH = re.compile(rb"(?<!\\)#")
_HASH_WORD = re.compile(rb"(?:^|(?<=\s))#")
_RULE_LINE = re.compile(rb"[^\t#=][^#=]*?:(?![=:]*=)")
_CONDITION = re.compile(rb"[ ]*(?:ifeq|ifneq|ifdef|ifndef|else|endif)\b")
_CODE = re.compile(rb"[{};:,)]\s*\Z|\A\s+[.@%$]?\w+")

Lines = Sequence[Range]
"""Lines of a file as byte ranges without their line feeds."""


def lines_of(data: bytes) -> list[Range]:
    """Return the lines of *data* as byte ranges without their line feeds."""
    found, at = [], 0
    for line in data.split(b"\n"):
        found.append((at, at + len(line)))
        at += len(line) + 1
    if found[-1][0] == found[-1][1]:
        found.pop()
    return found


# -- makefiles ------------------------------------------------------------------------------------------------------


def make_anatomy(data: bytes) -> Anatomy:
    """Return the comments, recipes and ``define`` blocks of a makefile."""
    comments: list[Range] = []
    stretches: list[Stretch] = []
    recipe: Range | None = None
    state = ""
    for start, end in _logical(data):
        line = data[start:end]
        if state == "define":
            if line.strip() == b"endef":
                state = ""
            else:
                recipe = (recipe[0] if recipe else start, end)
                continue
        elif line.startswith(b"\t") and state == "rule":
            recipe = (recipe[0] if recipe else start, end)
            continue
        if not line.strip():
            continue
        if recipe:
            stretches.append(Stretch(*recipe, "recipe"))
            recipe = None
        at = _HASH.search(line)
        if at:
            comments.append((start + at.start(), _trimmed(data, start, end)))
        state = _make_state(line[: at.start()] if at else line, state)
    if recipe:
        stretches.append(Stretch(*recipe, "recipe"))
    return Anatomy(comments=tuple(comments), stretches=tuple(stretches))


def _logical(data: bytes) -> Iterator[Range]:
    """Yield lines joined to those that they continue."""
    begin = -1
    for start, end in lines_of(data):
        begin = start if begin < 0 else begin
        if not data[start:end].rstrip(b"\r").endswith(b"\\"):
            yield begin, end
            begin = -1
    if begin >= 0:
        yield begin, len(data)


def _make_state(line: bytes, state: str) -> str:
    """Return what follows a line that is neither of a recipe nor of a ``define`` block."""
    if _DEFINE.match(line):
        return "define"
    if _RULE_LINE.match(line):
        return "rule"
    return state if not line.strip() or _CONDITION.match(line) else ""


def _trimmed(data: bytes, start: int, end: int) -> int:
    while end > start and data[end - 1] in b"\r\n":
        end -= 1
    return end


# -- Kconfig --------------------------------------------------------------------------------------------------------


def kconfig_anatomy(data: bytes) -> Anatomy:
    """Return the comments and the help texts of a Kconfig file."""
    comments: list[Range] = []
    stretches: list[Stretch] = []
    helping: int | None = None
    indent = -1
    help_end = 0
    for start, end in lines_of(data):
        line = data[start:end].rstrip(b"\r")
        bare = line.strip()
        if helping is not None:
            depth = _indent(line)
            if not bare or (depth > 0 and (indent < 0 or depth >= indent)):
                indent = depth if bare and indent < 0 else indent
                help_end = start + len(line) if bare else help_end
                continue
            if help_end > helping:
                stretches.append(Stretch(helping, help_end, "help"))
            helping = None
        at = _HASH_WORD.search(line)
        if at and not _in_quotes(line[: at.start()]):
            comments.append((start + at.start(), start + len(line)))
        if _HELP.match(bare):
            helping = help_end = start + line.find(bare) + len(bare)
            indent = -1
    if helping is not None and help_end > helping:
        stretches.append(Stretch(helping, help_end, "help"))
    return Anatomy(comments=tuple(comments), stretches=tuple(stretches))


def _indent(line: bytes) -> int:
    return len(line.expandtabs(8)) - len(line.expandtabs(8).lstrip(b" "))


def _in_quotes(line: bytes) -> bool:
    return line.count(b'"') % 2 == 1 or line.count(b"'") % 2 == 1


# -- prose ----------------------------------------------------------------------------------------------------------


def markdown_anatomy(data: bytes) -> Anatomy:
    """Return what stands under the headings of a Markdown file, and its comments."""
    fences = _fences(data)
    comments = [match.span() for match in _HTML_COMMENT.finditer(data) if not _is_in(fences, match.start())]
    return Anatomy(comments=tuple(comments), stretches=tuple(_sections(data, fences)))


def _is_in(ranges: Sequence[Range], byte: int) -> bool:
    at = bisect_right(ranges, byte, key=lambda one: one[0]) - 1
    return at >= 0 and byte < ranges[at][1]


def _fences(data: bytes) -> list[Range]:
    """Return the blocks of code between fences."""
    found: list[Range] = []
    opened: tuple[int, bytes] | None = None
    for start, end in lines_of(data):
        match = _FENCE.match(data, start, min(end, start + LONGEST_LINE))
        if match is None:
            continue
        if opened is None:
            opened = (start, match[1])
        elif match[1].startswith(opened[1]) and not data[match.end() : end].strip():
            found.append((opened[0], end))
            opened = None
    if opened is not None:
        found.append((opened[0], len(data)))
    return found


def _sections(data: bytes, fences: Sequence[Range] | None = None) -> Iterator[Stretch]:
    """Yield what stands between headings: lines that begin with ``#`` or are underlined."""
    lines = lines_of(data)
    is_heading = [False] * len(lines)
    has_marks, fences, fence = fences is not None, fences or (), 0
    for at, (start, end) in enumerate(lines):
        while fence < len(fences) and fences[fence][1] < start:
            fence += 1
        if fence < len(fences) and fences[fence][0] <= start:
            continue
        stop = min(end, start + LONGEST_LINE)
        if has_marks and _HEADING.match(data, start, stop):
            is_heading[at] = True
        elif at and _RULE.match(data, start, stop) and _is_title(data, lines[at - 1], end - start):
            is_heading[at] = is_heading[at - 1] = True
            if at > 1 and _RULE.match(data, *lines[at - 2]):
                is_heading[at - 2] = True
    begin = -1
    for at, (start, _) in enumerate((*lines, (len(data), len(data)))):
        if at < len(lines) and not is_heading[at]:
            begin = start if begin < 0 else begin
        elif begin >= 0:
            yield Stretch(begin, lines[at - 1][1], "prose")
            begin = -1


def _is_title(data: bytes, line: Range, width: int) -> bool:
    """Whether *line* can be a title underlined by *width* characters."""
    text = data[line[0] : line[1]].rstrip()
    return bool(text.strip()) and len(text) <= width + 2 and not _RULE.match(text) and not text.startswith((b"|", b"+"))


# -- any text ---------------------------------------------------------------------------------------------------------


def text_anatomy(data: bytes) -> Anatomy:
    """Return the blocks of text that looks like code, else what stands under the headings of prose."""
    sections = list(_sections(data))
    lines = lines_of(data)
    written = [data[start : min(end, start + LONGEST_LINE)] for start, end in lines if end > start]
    marked = sum(1 for line in written if _CODE.search(line))
    if len(sections) < HEADINGS and marked * 3 >= len(written):
        return Anatomy(stretches=tuple(sorted(_blocks(data, lines), key=lambda one: (one.start, -one.end))))
    return Anatomy(stretches=tuple(sections))


def _blocks(data: bytes, lines: Lines) -> Iterator[Stretch]:
    """Yield runs of lines that stand deeper than the line above them."""
    opened: list[tuple[int, int]] = []
    last = 0
    indent = 0
    for start, end in lines:
        line = data[start : min(end, start + LONGEST_LINE)]
        if not line.strip():
            continue
        here = _indent(line)
        while opened and here < opened[-1][0]:
            yield Stretch(opened.pop()[1], last, "block", len(opened))
        if here > indent and len(opened) < DEEPEST:
            opened.append((here, start))
        indent = here
        last = end
    while opened:
        yield Stretch(opened.pop()[1], last, "block", len(opened))


READERS: Mapping[str, Callable[[bytes], Anatomy]] = {
    "make": make_anatomy,
    "kconfig": kconfig_anatomy,
    "markdown": markdown_anatomy,
}
"""Languages that are read by lines, though some have a grammar."""
