"""What a text must hold for a regular expression to fit it: plain words, read off the expression without compiling it.

Knows the part of the language that the patterns are written in; of what it does not understand it says nothing, so that
no text is turned away that would fit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

Needs = tuple[tuple[str, ...], ...]
"""Of each of these groups a text holds at least one, compared without case."""

_OPTIONAL = ("?", "*", "{")
"""What behind a part of an expression may let it fit nothing."""

_HEAD = re.compile(r"\?:|\?P<\w+>")
"""How a group begins that says something of itself and fits what follows; of other kinds nothing is said."""


def needs(expression: str) -> Needs:
    """Return what a text must hold for *expression* to be found in it, without respect to case."""
    if len(_alternatives(expression)) > 1:
        anyone = _anyone(expression)
        return (anyone,) if anyone else ()
    return tuple(dict.fromkeys(_required(expression)))


def may_fit(found: Needs, text: str) -> bool:
    """Whether *text*, whose case is already folded, holds what *found* says."""
    return all(any(word in text for word in group) for group in found)


def _required(sequence: str) -> Iterator[tuple[str, ...]]:
    """Yield the groups that a sequence without alternatives of its own needs."""
    run, at = "", 0
    while at < len(sequence):
        end = _end(sequence, at)
        part, behind = sequence[at:end], sequence[end : end + 1]
        is_letter = len(part) == 1 and part not in "^$.?*+{}|\0"
        if is_letter and behind not in _OPTIONAL:
            run += part
        else:
            if run:
                yield (run.casefold(),)
            run = ""
            if part[0] == "(" and behind not in _OPTIONAL and (anyone := _anyone(_inside(part))):
                yield anyone
        at = end
    if run:
        yield (run.casefold(),)


@cache
def _anyone(group: str) -> tuple[str, ...]:
    """Return for each alternative of *group* the longest word that it needs; nothing where one needs none."""
    inner = _HEAD.sub("", group, count=1) if _HEAD.match(group) else group
    if inner.startswith("?"):
        return ()
    longest = [_longest(one) for one in _alternatives(inner)]
    return tuple(longest) if all(longest) else ()


def _longest(sequence: str) -> str:
    sure = [group[0] for group in _required(sequence) if len(group) == 1]
    return max(sure, key=len, default="")


def _alternatives(group: str) -> list[str]:
    """Return what stands between the bars of *group* that are in no inner group."""
    found, start, at = [], 0, 0
    while at < len(group):
        end = _end(group, at)
        if group[at:end] == "|":
            found.append(group[start:at])
            start = end
        at = end
    return [*found, group[start:]]


def _inside(part: str) -> str:
    return part[1:-1]


def _end(text: str, at: int) -> int:
    """Return where the smallest whole part that begins at *at* ends: a letter, an escape, a class, a group, a count."""
    if text[at] == "\\":
        return at + 2
    if text[at] == "[":
        return _close(text, at + 2, "]")
    if text[at] == "{":
        return _close(text, at + 1, "}")
    if text[at] != "(":
        return at + 1
    at += 1
    while at < len(text) and text[at] != ")":
        at = _end(text, at)
    return at + 1


def _close(text: str, at: int, sign: str) -> int:
    """Return the place behind the first *sign* from *at* on that is not escaped."""
    while at < len(text) and text[at] != sign:
        at += 2 if text[at] == "\\" else 1
    return at + 1
