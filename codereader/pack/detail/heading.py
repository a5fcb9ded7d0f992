"""The line that opens a file in a pack, which is also all that the name level says.

Knows nothing of what stands in a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from codereader.index.parsed import Definition
from codereader.pack.segment import Level

ROLE_CHARS = 100
"""Longest role, in characters, that a heading carries."""

MOST_NAMES = 5
"""So many names stand for a role."""


def heading(path: str, level: Level, lines: int, role: str | None = None) -> str:
    """Return the delimiter line of a file of *lines* lines shown at *level*, with its *role* in its own words."""
    return f"=== {one_line(path)} ({level}, {lines} lines{_told(role)})\n"


def show_name(path: str, lines: int, summary: str | None, names: Sequence[str]) -> str:
    """Return the name level of a file: path, size, and its role by its own words or else by its first *names*."""
    return f"=== {one_line(path)} ({lines} lines{_told(summary or ', '.join(names[:MOST_NAMES]))})\n"


def _told(role: str | None) -> str:
    words = one_line(" ".join(role.split())) if role else ""
    if len(words) > ROLE_CHARS:
        words = f"{words[:ROLE_CHARS].rsplit(' ', 1)[0]}…"
    return f": {words}" if words else ""


def main_names(definitions: Iterable[Definition]) -> list[str]:
    """Return the names that tell what a file without words of its own is about, sorted."""
    return sorted({d.name for d in definitions if d.exported or d.kind in ("function", "class", "struct")})


def one_line(text: str) -> str:
    """Return *text* with line breaks and undecodable bytes escaped, so that a path cannot forge a delimiter."""
    if text.isprintable():
        return text
    safe = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in safe)
