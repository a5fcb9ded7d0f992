"""Make source text fit to be pasted anywhere, before its tokens are counted.

Control characters are shown as escapes, as everywhere on a terminal, and a line that looks like the heading of a file
is moved to the right by a space, so that no file can pose as another one. What is counted is then what is printed.
"""

from __future__ import annotations

import re

from codereader.fronts.text import safe

_HEADING = re.compile(r"^=== (?=.* \(.*\)$)", re.MULTILINE)
"""How a line begins that may be taken for the heading of a file."""

_QUIET = bytes(range(0x09, 0x0B)) + bytes(range(0x20, 0x7F))
"""The bytes of ASCII that no terminal obeys."""


def printable(text: str) -> str:
    """Return *text*, whose first line may be the heading of its file, without what a reader might obey."""
    shown = text if _is_quiet(text) else safe(text)
    if shown.find("=== ", 1) < 0:
        return shown
    first, end, rest = shown.partition("\n")
    return first + end + _HEADING.sub(" === ", rest)


def _is_quiet(text: str) -> bool:
    """Whether all of *text* is plain ASCII; most source is, and is then not looked at letter by letter."""
    return text.isascii() and not text.encode("ascii").translate(None, _QUIET)
