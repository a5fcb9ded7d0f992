"""What there is in a scope, by path, and what is known of each path's part in a pack. Knows nothing of screens.

Sizes are bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

LEVELS = ("full", "uncommented", "part", "skeleton", "outline", "name", "not sent")
"""How the model is shown a file, from the most to the least; ``part`` are some lines, for a question."""


class Listed(Protocol):
    """A file that is read."""

    @property
    def path(self) -> str:
        """Relative to the scope."""

    @property
    def size(self) -> int:
        """Its bytes."""

    @property
    def language(self) -> str:
        """What it is written in."""


class Unread(Protocol):
    """A file or folder that is not read."""

    @property
    def path(self) -> str:
        """Relative to the scope."""

    @property
    def reason(self) -> str:
        """Why, in a short phrase."""


@dataclass(frozen=True, slots=True)
class Listing:
    """All that there is in the scope *name*, by path.

    `reasons` tells of paths that are not read why; `lowered` are the paths in small letters.
    """

    name: str = ""
    paths: Sequence[str] = ()
    sizes: Sequence[int] = ()
    languages: Sequence[str] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)
    lowered: Sequence[str] = ()

    @property
    def files(self) -> int:
        """How many are read."""
        return len(self.paths) - len(self.reasons)


def list_scope(name: str, files: Iterable[Listed], skipped: Iterable[Unread]) -> Listing:
    """Return all of *files* and *skipped* by path. What is both is skipped."""
    reasons = {one.path: one.reason for one in skipped}
    rows = [(file.path, file.size, file.language) for file in files if file.path not in reasons]
    rows += [(path, 0, "") for path in reasons]
    rows.sort()
    paths = [row[0] for row in rows]
    lowered = [path.lower() for path in paths]
    return Listing(name, paths, [row[1] for row in rows], [row[2] for row in rows], reasons, lowered)


def list_paths(name: str, paths: Iterable[str], skipped: Iterable[Unread]) -> Listing:
    """Return what `list_scope` does, of files of which nothing but *paths* is known yet."""
    reasons = {one.path: one.reason for one in skipped}
    listed = sorted({*paths, *reasons})
    return Listing(name, listed, [0] * len(listed), [""] * len(listed), reasons, [path.lower() for path in listed])


class Marks(NamedTuple):
    """What is known of each path of a listing, by position: the place of its level in `LEVELS`, and its tokens.

    Where they are not known `tokens` is 0 and `missing` is 1; that is empty where all are.
    """

    levels: bytes = b""
    tokens: Sequence[int] = ()
    missing: bytes = b""


def marks_of(listing: Listing, levels: Mapping[str, str], tokens: Mapping[str, int]) -> Marks:
    """Return what is known of the paths of *listing*. What has no level, or one that there is not, is not sent."""
    not_sent = LEVELS.index("not sent")
    codes: dict[str | None, int] = {None: not_sent, **dict.fromkeys(levels.values(), not_sent)}
    codes |= {level: code for code, level in enumerate(LEVELS)}
    counts = list(map(tokens.get, listing.paths)) if tokens else []
    missing = b""
    if None in counts:
        rows = zip(counts, listing.paths, strict=True)
        missing = bytes(count is None and path not in listing.reasons for count, path in rows)
    return Marks(
        bytes(map(codes.__getitem__, map(levels.get, listing.paths))) if levels else b"",
        [count or 0 for count in counts],
        missing if any(missing) else b"",
    )


def carried(marks: Marks, before: Listing, after: Listing) -> Marks:
    """Return *marks* of the listing *before* for the listing *after* it; of what is new nothing is known."""
    if before.paths == after.paths or not (marks.levels or marks.tokens):
        return marks
    levels = dict(zip(before.paths, map(LEVELS.__getitem__, marks.levels), strict=False))
    missing = marks.missing or bytes(len(marks.tokens))
    tokens = {path: n for path, n, no in zip(before.paths, marks.tokens, missing, strict=False) if not no}
    return marks_of(after, levels, tokens)
