"""Numbers and lists in short words."""

from __future__ import annotations

from collections.abc import Sequence

LIST_LENGTH = 8
"""Most names that one fact spells out; the others are counted in it."""


def listed(names: Sequence[str], most: int = LIST_LENGTH) -> str:
    """Return names joined by commas; those beyond *most* are counted."""
    if len(names) <= most + 1:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most:,} more"


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Return ``1 file``, ``2 files``, ``3 classes``, ``4 entries``; *plural* for a noun that follows no rule."""
    if number == 1:
        return f"1 {noun}"
    if plural is not None:
        return f"{number:,} {plural}"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{number:,} {noun[:-1]}ies"
    return f"{number:,} {noun}{'es' if noun.endswith(('s', 'sh', 'ch', 'x')) else 's'}"
