"""The marks that stand where something was left out, written as a comment of the file's own language.

A mark counts the lines and says which they were, 1-based, so that what is not shown can be cited: 34 lines: 122-155.
"""

from __future__ import annotations

_HASH = ("# ", "")
_COMMENTS = {
    "python": _HASH,
    "bash": _HASH,
    "make": _HASH,
    "kconfig": _HASH,
    "yaml": _HASH,
    "toml": _HASH,
    "markdown": ("<!-- ", " -->"),
    "text": ("... ", ""),
}
_BLOCK = ("/* ", " */")


def mark(language: str, first: int, last: int) -> bytes:
    """Return the mark for rows *first* to *last* (0-based, inclusive), on one line."""
    count = last - first + 1
    lines = f"{first + 1}-{last + 1}" if count > 1 else f"{first + 1}"
    return comment(language, f"{count} {'lines' if count > 1 else 'line'}: {lines}")


def elision(language: str, is_braced: bool) -> tuple[bytes, bytes]:
    """Return what stands before and behind the mark for a body, so that what is left reads as code."""
    if _COMMENTS.get(language, _BLOCK) is _HASH:
        return (b"{ ... }  " if is_braced else b"...  "), b""
    return (b"{ ", b" }") if is_braced else (b"", b"")


def size_mark(language: str, size: int) -> bytes:
    """Return the mark for *size* bytes of a line."""
    return comment(language, f"{size} bytes")


def comment(language: str, words: str) -> bytes:
    """Return *words* as a comment of *language*, on one line."""
    opening, closing = _COMMENTS.get(language, _BLOCK)
    return f"{opening}{words}{closing}".encode()
