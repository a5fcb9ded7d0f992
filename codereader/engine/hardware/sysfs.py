"""Small files in which Linux tells of its hardware: read whole, bounded, absent where a system has none."""

from __future__ import annotations

from pathlib import Path

_LONGEST = 1 << 16
_MOST_NUMBERS = 1 << 16


def text(path: Path) -> str:
    """Return what *path* holds without white space around it; empty where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(_LONGEST).decode("utf-8", "replace").strip()
    except OSError:
        return ""


def lines(path: Path) -> list[str]:
    """Return the lines of *path*, none where it cannot be read."""
    return text(path).splitlines()


def number(path: Path) -> int | None:
    """Return the whole number in a one-line file; None for ``max``, for anything else and where there is no file."""
    try:
        return int(text(path))
    except ValueError:
        return None


def numbers(listed: str) -> tuple[int, ...]:
    """Return the numbers in a list such as ``0-3,8``, ascending; none where it is no such list."""
    found: set[int] = set()
    try:
        for part in filter(None, listed.split(",")):
            first, _, last = part.partition("-")
            found.update(range(int(first), min(int(last or first), int(first) + _MOST_NUMBERS) + 1))
    except ValueError:
        return ()
    return tuple(sorted(found))
