"""The pattern language of ignore files, as git reads it.

A file of patterns becomes `Rules`; `Rules.verdict` tells what its last matching line says of one path. Paths and
patterns are bytes, as in git: ``?`` stands for one byte. A folder's `Rules` judge paths relative to that folder.
Which file's rules come first, and that nothing comes back out of a hidden folder, is the walk's business.

Patterns come from strangers: a line never raises, and never costs more than a small power of the path's length
(each ``*`` takes its first fit for good where a later ``*`` can take up the slack).
The language is that of gitignore(5) and git's wildmatch.c.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

MAX_RULES_BYTES = 1 << 20
"""Ignore files are read up to this many bytes."""

_FOLDER_MARK = b"\0"
"""Stands behind a folder's path when it is matched. No name can hold it."""
_NOT_SLASH = b"[^/\\0]"
_ANY = b"[^\\0]"
_SPECIAL = re.compile(rb"[*?\[\\]")

_ASCII = range(128)
_CLASSES: Mapping[bytes, frozenset[int]] = {
    name: frozenset(code for code in _ASCII if re.match(expression, chr(code)))
    for name, expression in {
        b"alnum": "[a-zA-Z0-9]",
        b"alpha": "[a-zA-Z]",
        b"blank": "[ \t]",
        b"cntrl": r"[\x00-\x1f\x7f]",
        b"digit": "[0-9]",
        b"graph": "[!-~]",
        b"lower": "[a-z]",
        b"print": "[ -~]",
        b"punct": r"[!-/:-@\[-`{-~]",
        b"space": "[ \t\n\r]",
        b"upper": "[A-Z]",
        b"xdigit": "[0-9a-fA-F]",
    }.items()
}

_LOWER: Mapping[int, int] = {code: code + 32 for code in _CLASSES[b"upper"]}


@dataclass(frozen=True, slots=True)
class Rules:
    """The lines of one ignore file. `hides` tells for each line, in order, whether it hides or brings back.

    `names`, `suffixes` (``*.o``) and `paths` map literal text to the last line that holds it, `suffix_lengths` in
    bytes; the globs are (line, expression), last line first.
    """

    hides: tuple[bool, ...]
    names: Mapping[bytes, int]
    suffixes: Mapping[bytes, int]
    suffix_lengths: tuple[int, ...]
    paths: Mapping[bytes, int]
    name_globs: tuple[tuple[int, re.Pattern[bytes]], ...]
    path_globs: tuple[tuple[int, re.Pattern[bytes]], ...]
    fold: bool

    def verdict(self, path: bytes, *, is_folder: bool) -> bool | None:
        """Return whether the last line that fits *path* hides it (True) or brings it back (False); None if none fits.

        *path* is relative to the folder of the ignore file, with ``/`` between names.
        """
        if is_folder:
            path += _FOLDER_MARK
        if self.fold:
            path = path.lower()
        name = path[path.rfind(b"/") + 1 :]
        line = max(self.names.get(name, -1), self.paths.get(path, -1))
        for length in self.suffix_lengths:
            line = max(line, self.suffixes.get(name[-length:], -1))
        line = _last_fit(self.name_globs, name, line)
        line = _last_fit(self.path_globs, path, line)
        return None if line < 0 else self.hides[line]


def _last_fit(globs: tuple[tuple[int, re.Pattern[bytes]], ...], text: bytes, best: int) -> int:
    """Return the last line beyond *best* whose expression fits all of *text*, else *best*."""
    for line, expression in globs:
        if line < best:
            break
        if expression.fullmatch(text):
            return line
    return best


@dataclass(frozen=True, slots=True)
class _Line:
    """One pattern: without its ``!``, its leading and its trailing slash."""

    pattern: bytes
    hides: bool
    folders_only: bool
    anchored: bool


@lru_cache(maxsize=1024)
def parse_rules(data: bytes, *, fold: bool = False) -> Rules | None:
    """Return the rules that the bytes of an ignore file hold, or None if it holds none.

    *fold* ignores the case of ASCII letters, as git does under ``core.ignorecase``.
    """
    lines = [line for raw in _raw_lines(data) if (line := _parse_line(raw))]
    if not lines:
        return None
    names, paths, suffixes = (_literals(lines, kind, fold=fold) for kind in ("name", "path", "suffix"))
    return Rules(
        hides=tuple(line.hides for line in lines),
        names=names,
        suffixes=suffixes,
        suffix_lengths=tuple(sorted({len(suffix) for suffix in suffixes})),
        paths=paths,
        name_globs=_globs(lines, anchored=False, fold=fold),
        path_globs=_globs(lines, anchored=True, fold=fold),
        fold=fold,
    )


def rules_of(patterns: Iterable[str]) -> Rules | None:
    """Return the rules for patterns given one by one, as flags are, in ignore-file syntax."""
    return parse_rules(b"\n".join(pattern.encode("utf-8", "surrogateescape") for pattern in patterns))


def _raw_lines(data: bytes) -> list[bytes]:
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    return [line.removesuffix(b"\r").split(b"\0", 1)[0] for line in lines if not line.startswith(b"#")]


def _parse_line(raw: bytes) -> _Line | None:
    pattern = _without_trailing_spaces(raw)
    hides = not pattern.startswith(b"!")
    pattern = pattern.removeprefix(b"!")
    folders_only = pattern.endswith(b"/")
    pattern = pattern.removesuffix(b"/")
    anchored = b"/" in pattern
    pattern = pattern.removeprefix(b"/")
    return _Line(pattern, hides, folders_only, anchored) if pattern else None


def _without_trailing_spaces(raw: bytes) -> bytes:
    """Cut spaces at the end, but not one that a backslash protects."""
    kept = raw.rstrip(b" ")
    backslashes = len(kept) - len(kept.rstrip(b"\\"))
    return raw[: len(kept) + 1] if backslashes % 2 and len(kept) < len(raw) else kept


def _literal(line: _Line) -> tuple[str, bytes] | None:
    """Return what kind of literal text *line* is, and the text; None if it needs an expression."""
    if _SPECIAL.search(line.pattern) is None:
        return "path" if line.anchored else "name", line.pattern
    rest = line.pattern[1:]
    if not line.anchored and line.pattern.startswith(b"*") and rest and _SPECIAL.search(rest) is None:
        return "suffix", rest
    return None


def _literals(lines: list[_Line], kind: str, *, fold: bool) -> dict[bytes, int]:
    """Map the literal texts of one kind to the last line that holds each."""
    table: dict[bytes, int] = {}
    for number, line in enumerate(lines):
        literal = _literal(line)
        if literal is None or literal[0] != kind:
            continue
        text = literal[1].lower() if fold else literal[1]
        table[text + _FOLDER_MARK] = number
        if not line.folders_only:
            table[text] = number
    return table


def _globs(lines: list[_Line], *, anchored: bool, fold: bool) -> tuple[tuple[int, re.Pattern[bytes]], ...]:
    """Compile the lines that are no literal text, last line first."""
    globs: list[tuple[int, re.Pattern[bytes]]] = []
    for number, line in reversed(list(enumerate(lines))):
        if line.anchored != anchored or _literal(line) is not None:
            continue
        expression = _translate(line.pattern, fold=fold)
        if expression is not None:
            end = b"\\0" if line.folders_only else b"\\0?"
            globs.append((number, re.compile(expression + end)))
    return tuple(globs)


_STAR, _DEEP, _FOLDERS = b"*", b"**", b"**/"
"""Marks in a translated pattern: any bytes of one name; any bytes; any folders, each with its slash."""


def _translate(pattern: bytes, *, fold: bool) -> bytes | None:
    """Return a regular expression for *pattern*, or None where git's reading of it can match nothing.

    With *fold* it is for text in lower case. As in git, what a backslash protects and the single members of a set keep
    their case even then: an upper one matches nothing.
    """
    tokens = _tokens(pattern, fold=fold)
    if tokens is None:
        return None
    parts = _cut(tokens, {_DEEP, _FOLDERS})
    return b"".join(_part(mark, body, is_last=index == len(parts) - 1) for index, (mark, body) in enumerate(parts))


def _part(mark: bytes, tokens: list[bytes], *, is_last: bool) -> bytes:
    """Translate what stands between two ``**``. It takes its first fit for good unless it is the last part."""
    lead = {b"": b"", _DEEP: _ANY + b"*?", _FOLDERS: b"(?:" + _ANY + b"*?/)??"}[mark]
    chunks = _cut(tokens, {_STAR})
    body = b"".join(
        _chunk(star, chunk, is_last=is_last and index == len(chunks) - 1) for index, (star, chunk) in enumerate(chunks)
    )
    return lead + body if is_last or not mark else b"(?>" + lead + body + b")"


def _chunk(star: bytes, singles: list[bytes], *, is_last: bool) -> bytes:
    text = b"".join(singles)
    if not star:
        return text
    return _NOT_SLASH + b"*" + text if is_last else b"(?>" + _NOT_SLASH + b"*?" + text + b")"


def _cut(tokens: list[bytes], marks: set[bytes]) -> list[tuple[bytes, list[bytes]]]:
    """Cut *tokens* before each mark: (mark, what follows it), the first with an empty mark."""
    places = [-1, *(index for index, token in enumerate(tokens) if token in marks), len(tokens)]
    return [
        (tokens[place] if place >= 0 else b"", tokens[place + 1 : following]) for place, following in pairwise(places)
    ]


def _tokens(pattern: bytes, *, fold: bool) -> list[bytes] | None:
    """Split *pattern* into marks and one-byte expressions; None where it can match nothing."""
    special = _SPECIAL.search(pattern)
    first_special = special.start() if special else len(pattern)
    tokens: list[bytes] = []
    at = 0
    while at < len(pattern):
        byte = pattern[at : at + 1]
        if byte == b"*":
            token, at = _stars(pattern, at, first_special)
        elif byte == b"?":
            token, at = _NOT_SLASH, at + 1
        elif byte == b"[":
            bracket = _bracket(pattern, at + 1, fold=fold)
            if bracket is None:
                return None
            token, at = bracket
        elif byte == b"\\":
            if at + 1 == len(pattern):
                return None
            token, at = b"\\x%02x" % pattern[at + 1], at + 2
        else:
            token, at = b"\\x%02x" % (byte.lower() if fold else byte)[0], at + 1
        tokens.append(token)
    return tokens


def _stars(pattern: bytes, at: int, first_special: int) -> tuple[bytes, int]:
    """Return the mark for the stars at *at* and where they end.

    Two or more mean any depth only as a whole name. git matches what stands before the first special byte
    apart, so stars right behind that literal text count as the start of a name too.
    """
    end = at
    while pattern[end : end + 1] == b"*":
        end += 1
    starts = at == first_special or pattern[at - 1 : at] == b"/"
    if end - at == 1 or not starts:
        return _STAR, end
    if pattern[end : end + 1] == b"/":
        return _FOLDERS, end + 1
    return (_DEEP if end == len(pattern) or pattern[end : end + 2] == b"\\/" else _STAR), end


def _bracket(pattern: bytes, at: int, *, fold: bool) -> tuple[bytes, int] | None:
    """Return the expression of the set that opens before *at* and where it ends; None if it never closes."""
    negated = pattern[at : at + 1] in (b"!", b"^")
    at += negated
    members: set[int] = set()
    previous: int | None = None
    first = True
    while first or pattern[at : at + 1] != b"]":
        first = False
        item = _member(pattern, at, previous)
        if item is None:
            return None
        found, previous, at = item
        members.update(found)
        if fold and previous is None:
            members.update(_LOWER[code] for code in found if code in _LOWER)
    wanted = set(range(256)) - members if negated else members
    return _set_expression(wanted - {0, ord("/")}), at + 1


def _member(pattern: bytes, at: int, previous: int | None) -> tuple[Iterable[int], int | None, int] | None:
    """Read one member of a set: the bytes it adds, the byte that a ``-`` after it starts from, and its end."""
    if at >= len(pattern):
        return None
    byte = pattern[at]
    if byte == ord("-") and previous is not None and pattern[at + 1 : at + 2] not in (b"", b"]"):
        at += 2 if pattern[at + 1] == ord("\\") else 1
        return (range(previous, pattern[at] + 1), None, at + 1) if at < len(pattern) else None
    if pattern[at : at + 2] == b"[:":
        end = pattern.find(b"]", at + 2)
        if end < 0:
            return None
        if end > at + 2 and pattern[end - 1] == ord(":"):
            known = _CLASSES.get(pattern[at + 2 : end - 1])
            return None if known is None else (known, None, end + 1)
    if byte == ord("\\"):
        at += 1
        if at >= len(pattern):
            return None
        byte = pattern[at]
    return {byte}, byte, at + 1


def _set_expression(members: set[int]) -> bytes:
    return b"[" + b"".join(b"\\x%02x" % code for code in sorted(members)) + b"]" if members else b"(?!)"
