"""What one question needs in full beside the base pack: the definitions around the places of its answer.

A place brings the whole definition that it stands in, not its file; where that is too long, the lines around the place
under the definition's first line. A file that the question names comes whole, or else as a skeleton. Lines are 1-based,
sizes are tokens of the answering model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from codereader.cancel import CancelToken
from codereader.errors import NothingReadable
from codereader.index.parsed import Definition
from codereader.index.view import IndexView
from codereader.model.counter import TokenCounter
from codereader.pack.detail import BODY_KINDS, one_line, show
from codereader.pack.segment import LeftOut, Level, Pack, Segment

MOST_WANTED = 24
"""So many places are looked at: what is called everywhere has thousands."""

AROUND = 8
"""Lines before and behind a place that are shown where its definition is too long."""

WHOLE_SHARE = 2
"""A definition comes whole if it takes no more than one of so many parts of what is left, so that others fit too."""

_PARTS = ("enumerator", "key", "heading")
"""Definitions that are lines of another one and say little alone."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A place that the question needs: what stands around *line* of *path*, or the file where *line* is None.

    `why` says in words for a person what makes it wanted.
    """

    path: str
    line: int | None
    why: str


@dataclass(frozen=True, slots=True)
class Focus:
    """What a question adds to the base: segments in order of importance, and what found no room."""

    segments: tuple[Segment, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    @property
    def tokens(self) -> int:
        """The exact sum over the segments."""
        return sum(segment.tokens for segment in self.segments)


@dataclass(frozen=True, slots=True)
class _Lines:
    """Inclusive lines of a file, and the heading they are shown under."""

    path: str
    first: int
    last: int
    text: str
    level: Level = "full"


def focus(
    view: IndexView, wanted: Sequence[Wanted], base: Pack, budget: int, count: TokenCounter, cancel: CancelToken
) -> Focus:
    """Return what is *wanted* and *base* does not show in full, the first first, within *budget* tokens."""
    shown: list[Segment] = []
    left_out: list[LeftOut] = []
    levels = {segment.path: segment.level for segment in base.segments}
    left = budget
    for want in wanted[:MOST_WANTED]:
        cancel.check()
        if view.file(want.path) is None or _is_shown(want, levels, shown):
            continue
        try:
            forms = list(_forms(view, want, levels.get(want.path)))
        except NothingReadable:
            left_out.append(LeftOut(want.path, None, "changed since it was indexed", 0))
            continue
        costs = count.count_many([form.text for form in forms])
        fitting = _fitting(costs, left)
        if fitting is None:
            left_out.append(LeftOut(want.path, None, f"{want.why}, no room in the focus", costs[0], exact=True))
            continue
        form, cost = forms[fitting], costs[fitting]
        shown.append(Segment(form.path, form.level, cost, form.text, form.first, form.last))
        left -= cost
    if len(wanted) > MOST_WANTED:
        reason = f"{len(wanted):,} places belong to the answer; the first {MOST_WANTED} are looked at"
        left_out += [LeftOut(want.path, None, reason, 0) for want in wanted[MOST_WANTED:]]
    return Focus(tuple(shown), tuple(left_out))


def _fitting(costs: Sequence[int], left: int) -> int | None:
    """Return which of the forms to take, the most detailed first; None where none fits."""
    last = len(costs) - 1
    return next((n for n, cost in enumerate(costs) if cost <= (left if n == last else left // WHOLE_SHARE)), None)


def _is_shown(want: Wanted, levels: dict[str, Level], shown: Sequence[Segment]) -> bool:
    """Whether the base or an earlier segment has what is wanted in full."""
    if levels.get(want.path) == "full":
        return True
    same = [segment for segment in shown if segment.path == want.path]
    if want.line is None:
        return bool(same)
    return any(segment.level == "full" and segment.start_line <= want.line <= segment.end_line for segment in same)


def _forms(view: IndexView, want: Wanted, level: Level | None) -> Iterator[_Lines]:
    """Yield the ways to show what is wanted, the most detailed first. Raises: NothingReadable."""
    data = view.text(want.path)
    if want.line is None:
        lines = view.parsed(want.path).lines
        for detail in ("full", "skeleton") if level != "skeleton" else ("full",):
            yield _Lines(want.path, 1, lines, show(want.path, data, view.parsed(want.path), detail), detail)
        return
    lines_of = data.decode("utf-8", "replace").split("\n")
    definition = _around(view, want.path, want.line)
    if definition is not None:
        yield _cut(want.path, lines_of, *definition.span.lines)
    first, last = definition.span.lines if definition else (1, len(lines_of))
    near = max(first, want.line - AROUND), min(last, want.line + AROUND)
    if definition is None or near != (first, last):
        yield _cut(want.path, lines_of, *near, definition.signature if definition else "")


def _cut(path: str, lines: Sequence[str], first: int, last: int, inside: str = "") -> _Lines:
    """Return lines *first* to *last*, said to stand *inside* a definition whose first line is not among them."""
    body = "\n".join(lines[first - 1 : last])
    head = f", inside {one_line(inside)}" if inside else ""
    return _Lines(path, first, last, f"=== {one_line(path)} (lines {first}-{last}{head})\n{body}\n")


def _around(view: IndexView, path: str, line: int) -> Definition | None:
    """Return the definition that a line belongs to: the innermost function, else the innermost of any kind."""
    row = line - 1
    around = [
        at.fact
        for at in view.definitions(path=path)
        if at.fact.span.first_row <= row <= at.fact.span.last_row and at.fact.kind not in _PARTS
    ]
    around.sort(key=lambda one: (one.kind not in BODY_KINDS, one.span.end - one.span.start, one.span.start))
    return around[0] if around else None
