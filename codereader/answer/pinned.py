"""What a person pinned: files that the model is to see whatever is asked, in full or as much of them as fits.

Sizes are tokens of the answering model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from codereader.pack.focus import Focus
from codereader.pack.layout import pack
from codereader.pack.segment import LEVELS, LeftOut, Level, Pack, Segment

if TYPE_CHECKING:
    from codereader.answer.packing import Making, Worths
    from codereader.cancel import CancelToken
    from codereader.index.view import IndexView

WHOLE = ("full", "uncommented")
"""Levels that leave nothing out but comments."""

NAMED = 3
"""So many files are named before the rest is counted."""


def pinned_files(view: IndexView, pins: Sequence[str]) -> tuple[str, ...]:
    """Return the files that *pins* mean, sorted: each a file, or all below the folder of that name; "" is all."""
    folders = tuple(f"{pin.rstrip('/')}/" if pin else "" for pin in pins)
    names = frozenset(pins)
    return tuple(file.path for file in view.files() if file.path in names or file.path.startswith(folders or "/"))


def pinned_focus(
    view: IndexView, pins: Sequence[str], base: Pack, room: int, worth: Worths, making: Making, cancel: CancelToken
) -> Focus:
    """Return what of *pins* the *base* does not show in full, within *room* tokens; what is shortened is told."""
    shown = _levels(base)
    paths = [path for path in pinned_files(view, pins) if shown.get(path) not in WHOLE]
    if not paths:
        return Focus()
    room = max(0, room)
    made = pack(
        view,
        worth,
        room,
        making.count,
        rendering=making.rendering,
        paths=frozenset(paths),
        redact=making.redact,
        cancel=cancel,
    )
    kept = tuple(replace(one, part="focus") for one in _adding(made, shown))
    return Focus(kept, tuple(_told(row, shown, room) for row in made.left_out))


def with_pinned(base: Pack, pinned: Focus) -> Pack:
    """Return *base* as if it showed what is pinned, so that nothing of it is shown again."""
    return replace(base, segments=(*base.segments, *pinned.segments)) if pinned.segments else base


def notes_on(view: IndexView, pins: Sequence[str], pinned: Focus) -> tuple[str, ...]:
    """Return in sentences what of *pins* is not shown in full, and what is not there any more."""
    gone = [pin for pin in pins if not pinned_files(view, (pin,))]
    notes = [f"{_called(pin)} is pinned, and no file of that name is read any more" for pin in gone]
    short = pinned.left_out
    notes += [f"{_called(row.path)} ({row.tokens:,} tokens) is {row.reason}" for row in short[:NAMED]]
    if len(short) > NAMED:
        notes.append(f"{len(short) - NAMED:,} more pinned files are not shown in full")
    return tuple(notes)


def _called(path: str) -> str:
    return path or "everything"


def _levels(base: Pack) -> dict[str, Level]:
    """Return the level of each file that *base* shows: that of its first segment."""
    found: dict[str, Level] = {}
    for one in base.segments:
        found.setdefault(one.path, one.level)
    return found


def _adding(made: Pack, shown: Mapping[str, Level]) -> Iterator[Segment]:
    """Yield the segments of the files of which *made* shows more than is *shown*. Mere names add nothing."""
    for path, group in groupby(made.segments, attrgetter("path")):
        segments = list(group)
        best, before = segments[0].level, shown.get(path)
        is_more = before is None or LEVELS.index(best) < LEVELS.index(before)
        if best != "name" and (is_more or any(one.level in WHOLE for one in segments)):
            yield from segments


def _told(row: LeftOut, shown: Mapping[str, Level], room: int) -> LeftOut:
    level = row.level if row.level not in (None, "name") else shown.get(row.path)
    return replace(row, level=level, reason=f"pinned, but {row.reason}: what is pinned has room for {room:,} tokens")
