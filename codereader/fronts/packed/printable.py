"""Make source text fit to be pasted anywhere, before its tokens are counted: what is counted is what is printed."""

from __future__ import annotations

from codereader.fronts.text import safe

_QUIET = b"\t\n" + bytes(range(0x20, 0x7F))
"""The bytes of ASCII that no terminal obeys."""


def printable(text: str) -> str:
    """Return *text* with control characters shown as escapes and CR LF as a line break.

    Most source is plain ASCII and is not looked at letter by letter.
    """
    return text if _is_quiet(text) else safe(text)


def _is_quiet(text: str) -> bool:
    return text.isascii() and not text.encode("ascii").translate(None, _QUIET)
