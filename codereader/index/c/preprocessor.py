"""What stands in C text beside the language itself: directives, comments, conditions.

A file is scanned once. Directives and comments are blanked byte for byte, so that the grammar sees plain C at
the same offsets, with both branches of an ``#if`` in it; what was blanked is kept here as macros, includes,
conditions by row, and comments by place. Offsets are bytes, half-open; rows are 0-based. Knows no tree-sitter.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

DEEPEST = 32
"""So many conditions inside each other, or branches beside each other, are told apart; more is no program."""

_TOKEN = re.compile(
    rb"/\*.*?(?:\*/|\Z)"
    rb"|//(?:[^\n\\]|\\(?:\r\n|.))*"
    rb'|"(?:[^"\\\n]|\\(?:\r\n|.))*"'
    rb"|'(?:[^'\\\n]|\\.)*'"
    rb"|#(?:[^\n\\/]|\\(?:\r\n|.)|/\*.*?(?:\*/|\Z)|/)*+",
    re.DOTALL,
)
_DIRECTIVE = re.compile(rb"\s*#\s*([A-Za-z_]\w*)(.*)", re.DOTALL)
_COMMENT = re.compile(rb"/\*.*?(?:\*/|\Z)|//.*", re.DOTALL)
_SPACE = re.compile(rb"(?:\\\r?\n|\s)+")
_SIMPLE = re.compile(r"!?(?:[A-Za-z_]\w*|\d+)(?:\([\w ,]*\))?\Z")
_OPEN = {"if", "ifdef", "ifndef"}
_NEVER = {"0", "defined(__cplusplus)", "defined(__ASSEMBLY__)"}
_BLANK = bytes(byte if byte in b"\r\n\t" else 32 for byte in range(256))


@dataclass(frozen=True, slots=True)
class Directive:
    """One preprocessor line with its continuation lines: ``#word rest``, white space and comments squeezed."""

    word: str
    rest: str
    start: int
    end: int
    row: int


@dataclass(frozen=True, slots=True)
class Plain:
    """C text without its preprocessor.

    `text` is as long as the file, `bare` is the same without the insides of strings. `comments` are byte ranges in
    order. `changes` are the rows at which the condition changes, with the condition from there on; `rows` are these
    rows alone. `hidden` are the byte ranges of branches that could not stand beside their twin and were blanked.
    """

    text: bytes
    directives: tuple[Directive, ...]
    comments: tuple[tuple[int, int], ...]
    changes: tuple[tuple[int, str | None], ...]
    rows: tuple[int, ...]
    guard: str | None
    hidden: tuple[tuple[int, int], ...]
    bare: bytes = b""

    def condition(self, row: int) -> str | None:
        """Return the condition that *row* stands under, None where there is none."""
        if not self.rows:
            return None
        at = bisect_right(self.rows, row)
        return self.changes[at - 1][1] if at else None


@dataclass(slots=True)
class _Branch:
    """One arm of an ``#if``: its own test, its condition in words, and the byte range of its text."""

    test: str
    condition: str
    start: int
    end: int


def plain(data: bytes) -> Plain:
    """Separate *data* into plain C and its preprocessor. Never fails: an unmatched directive ends with the file."""
    pieces: list[bytes] = []
    comments: list[tuple[int, int]] = []
    quoted: list[tuple[int, int]] = []
    directives: list[Directive] = []
    at = counted = row = 0
    for token in _TOKEN.finditer(data):
        start, end = token.span()
        first = data[start]
        if first == 34 or first == 39:
            quoted.append((start + 1, end - 1))
            continue
        if first == 35:
            line = data.rfind(b"\n", 0, start) + 1
            if line != start and data[max(line, at) : start].strip(b" \t"):
                continue
            start = max(line, at)
        pieces.append(data[at:start])
        pieces.append(data[start:end].translate(_BLANK))
        at = end
        if first == 47:
            comments.append((start, end))
            continue
        row += data.count(b"\n", counted, start)
        counted = start
        made = _directive(data, start, end, row)
        if made:
            directives.append(made)
    pieces.append(data[at:])
    text = b"".join(pieces)
    guard = _guard(directives)
    bare = blanked(text, quoted)
    changes, hidden = _branches(bare, directives, guard)
    hidden.sort()
    text = blanked(text, hidden)
    shown = tuple(span for span in hidden if data[span[0] : span[1]].strip())
    return Plain(
        text,
        tuple(directives),
        tuple(comments),
        tuple(changes),
        tuple(row for row, _ in changes),
        _guarded(guard),
        shown,
        blanked(bare, hidden),
    )


def blanked(text: bytes, ranges: Sequence[tuple[int, int]]) -> bytes:
    """Return *text* with the sorted *ranges* blanked, line breaks and tabs kept; one inside another may follow it."""
    pieces: list[bytes] = []
    at = 0
    for start, end in ranges:
        if end > at:
            start = max(start, at)
            pieces += (text[at:start], text[start:end].translate(_BLANK))
            at = end
    pieces.append(text[at:])
    return b"".join(pieces)


def _directive(data: bytes, start: int, end: int, row: int) -> Directive | None:
    match = _DIRECTIVE.match(data, start, end)
    if match is None:
        return None
    rest = match[2]
    if b"/" in rest:
        rest = _COMMENT.sub(b" ", rest) if b'"' not in rest else rest
    if b"\\" in rest:
        rest = _SPACE.sub(b" ", rest)
    rest = b" ".join(rest.split())
    return Directive(match[1].decode(), rest.decode("utf-8", "replace"), start, end, row)


def _guard(directives: list[Directive]) -> Directive | None:
    """Return the ``#ifndef`` of an include guard: it opens the file, defines its name, closes with the last line."""
    if len(directives) < 3:
        return None
    first, second, last = directives[0], directives[1], directives[-1]
    name = first.rest
    if first.word == "if" and name.startswith("!defined"):
        name = name.removeprefix("!defined").strip(" ()")
    elif first.word != "ifndef":
        return None
    if second.word != "define" or second.rest.split(" ")[0] != name or last.word != "endif":
        return None
    depth = 0
    for directive in directives[:-1]:
        depth += (directive.word in _OPEN) - (directive.word == "endif")
        if depth == 0:
            return None
    return first if depth == 1 else None


def _guarded(guard: Directive | None) -> str | None:
    """Return the name that an include guard defines."""
    return guard.rest.removeprefix("!defined").strip(" ()") if guard else None


def _branches(
    text: bytes, directives: list[Directive], guard: Directive | None
) -> tuple[list[tuple[int, str | None]], list[tuple[int, int]]]:
    """Return the rows where the condition changes, and the byte ranges to hide from the grammar."""
    stack: list[list[_Branch]] = []
    changes: list[tuple[int, str | None]] = []
    hidden: list[tuple[int, int]] = []
    for directive in directives:
        word = directive.word
        if word in _OPEN:
            test = "" if directive is guard else _opening(directive)
            stack.append([_Branch(test, test, directive.end, directive.end)])
        elif stack and word in ("elif", "else", "elifdef", "elifndef"):
            stack[-1][-1].end = directive.start
            stack[-1].append(_other(stack[-1], directive))
        elif stack and word == "endif":
            stack[-1][-1].end = directive.start
            group = stack.pop()
            hidden.extend(_hidden(text, group, hidden) if len(stack) < DEEPEST else ())
        else:
            continue
        changes.append((directive.row, _joined(stack)))
    return changes, hidden


def _joined(stack: list[list[_Branch]]) -> str | None:
    return joined([group[-1].condition for group in stack[-DEEPEST - 1 :] if group[-1].condition])


_SIGN = re.compile(r"&&|\|\||[()?]")


def joined(parts: Sequence[str]) -> str | None:
    """Return tests that all hold as one, None for none at all. Each is told once; of very many only the last are."""
    if len(parts) > 1:
        once = dict.fromkeys(one for part in parts for one in _conjuncts(part))
        parts = [f"({one})" if _is_loose(one) else one for one in once] if len(once) > 1 else list(once)
    if len(parts) > DEEPEST:
        parts = ["…", *parts[-DEEPEST:]]
    return " && ".join(parts) or None


def _conjuncts(test: str) -> Sequence[str]:
    """Return the tests that *test* joins by ``&&`` outside of brackets, *test* alone where that cannot be told."""
    if "&&" not in test or _is_loose(test):
        return (test,)
    found, start = [], 0
    for match in _outside(test):
        if match[0] == "&&":
            found.append(test[start : match.start()].strip())
            start = match.end()
    found.append(test[start:].strip())
    return found if all(found) else (test,)


def _is_loose(test: str) -> bool:
    """Whether a test binds less than ``&&`` does: it has ``||`` or ``?`` outside of brackets."""
    return ("||" in test or "?" in test) and any(match[0] != "&&" for match in _outside(test))


def _outside(test: str) -> Iterator[re.Match[str]]:
    """Yield the ``&&``, ``||`` and ``?`` of a test that stand outside of brackets."""
    depth = 0
    for match in _SIGN.finditer(test):
        if match[0] in "()":
            depth += 1 if match[0] == "(" else -1
        elif depth <= 0:
            yield match


def _opening(directive: Directive) -> str:
    if directive.word == "if":
        return directive.rest or "0"
    name = directive.rest.split(" ")[0]
    return f"defined({name})" if directive.word == "ifdef" else f"!defined({name})"


def _other(group: list[_Branch], directive: Directive) -> _Branch:
    """Return the arm that an ``#else`` or ``#elif`` opens: none of the tests before it, and its own."""
    parts = [negated(branch.test) for branch in group[-DEEPEST - 1 :] if branch.test]
    name = directive.rest.split(" ")[0]
    test = {"elif": directive.rest, "elifdef": f"defined({name})", "elifndef": f"!defined({name})"}.get(
        directive.word, ""
    )
    if test:
        parts.append(test)
    return _Branch(test, joined(parts) or "", directive.end, directive.end)


def negated(test: str) -> str:
    """Return the test that holds where *test* does not."""
    if not _SIMPLE.match(test):
        return f"!({test})"
    return test[1:] if test.startswith("!") else f"!{test}"


def _hidden(text: bytes, group: list[_Branch], inner: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the byte ranges of the arms that would spoil the text around them; *inner* are gone already.

    Arms that a C compiler never reads go; of several arms that break off in the middle of a statement only the
    first stays.
    """
    hidden = [(arm.start, arm.end) for arm in group if arm.test in _NEVER]
    if group[0].test == "1":
        hidden.extend((arm.start, arm.end) for arm in group[1:])
        return hidden
    arms = [arm for arm in group if arm.test not in _NEVER and text[arm.start : arm.end].strip()]
    if len(arms) > 1 and not all(_is_whole(_left(text, arm, inner)) for arm in arms):
        hidden.extend((arm.start, arm.end) for arm in arms[1:])
    return hidden


def _left(text: bytes, arm: _Branch, gone: Sequence[tuple[int, int]]) -> bytes:
    """Return the text of *arm* without the ranges that are *gone*, of which those inside it stand last."""
    first = len(gone)
    while first and gone[first - 1][0] >= arm.start:
        first -= 1
    ranges = sorted((start - arm.start, end - arm.start) for start, end in gone[first:] if end <= arm.end)
    return blanked(text[arm.start : arm.end], ranges)


def _is_whole(arm: bytes) -> bool:
    """Whether *arm* closes what it opens and ends where a statement or an item of a list may end."""
    if arm.count(b"{") != arm.count(b"}") or arm.count(b"(") != arm.count(b")"):
        return False
    return arm.rstrip()[-1:] in (b";", b"}", b",", b":")
