"""What one question needs in full beside the base pack: whole definitions, chosen by worth a token.

What is wanted is a run of whole lines as a rule, a definition. One that is too long comes as the lines around those of
it that matter most, under its first line. A file that is wanted comes whole, or else as a skeleton. Runs of one file
that touch become one. The worthiest file comes first and the next worthiest last: what stands in the middle of a long
prompt is recalled worst (arXiv 2505.13353). Lines are 1-based and inclusive, sizes are tokens of the answering model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from codereader.cancel import CancelToken
from codereader.errors import NothingReadable
from codereader.index.view import IndexView
from codereader.model.counter import TokenCounter
from codereader.pack.detail import one_line, shown
from codereader.pack.detail.show import ShownFile
from codereader.pack.piece import PLAIN, Rendering
from codereader.pack.segment import LeftOut, Level, Pack, Segment

WHOLE_SHARE = 2
"""A definition comes whole if it takes no more than one of so many parts of the room, so that others fit too."""

OVERHEAD = 40
"""Tokens that a run costs beside its own, for the choice: a heading, and a change of the subject."""

NEAR = 2
"""Runs with no more lines between them become one: a heading costs more."""

POOL = 3
"""The choice is among the worthiest things that take about so many times the room."""

BYTES_PER_TOKEN = 3
"""Estimated bytes of source a token covers; only for how many things are looked at together."""

LEAST_ROOM = 24
"""With fewer tokens left nothing more is tried."""

TELLING = 0.05
"""What found no room is told if it is worth at least this share of the worthiest."""

Redact = Callable[[str, str], str]
"""Called with a path and text of it; returns the text with what must not be shown replaced."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Lines that a question needs: *first* to *last* of *path*, or the whole file where *last* is 0.

    `worth` is positive and only compared; `why` says in words for a person what makes them wanted. `signature` is the
    first line of the definition that they are, `inside` what it stands in. `hot` are the lines that matter most, the
    first of them most; empty where that is not known.
    """

    path: str
    first: int
    last: int
    worth: float
    why: str
    signature: str = ""
    inside: str = ""
    hot: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Focus:
    """What a question adds to the base: segments in the order to be read in, and what found no room."""

    segments: tuple[Segment, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    @property
    def tokens(self) -> int:
        """The exact sum over the segments."""
        return sum(segment.tokens for segment in self.segments)


@dataclass(frozen=True, slots=True)
class Showing:
    """How text is shown, counted, and kept from being shown."""

    count: TokenCounter
    rendering: Rendering = PLAIN
    redact: Redact | None = None


def focus(
    view: IndexView, wanted: Sequence[Wanted], base: Pack, budget: int, showing: Showing, cancel: CancelToken
) -> Focus:
    """Return what is *wanted* and *base* does not show in full, within *budget* tokens."""
    files = _Files(view, showing)
    chosen = _Chosen(files, showing.count, budget, _shown_in_full(base))
    missed: list[_Run] = []
    ordered = sorted(wanted, key=lambda one: (-one.worth, one.path, one.first, one.last))
    for pool in _pools(files, ordered, budget):
        cancel.check()
        if chosen.left < LEAST_ROOM:
            missed += pool
            continue
        missed += _take(chosen, _counted(pool, showing.count), budget)
    _fill(chosen, missed, cancel)
    least = TELLING * ordered[0].worth if ordered else 0.0
    told = {one.path: one for one in files.left_out}
    for run in sorted(missed, key=_by_worth):
        if run.path not in told and run.worth >= least and not chosen.holds(run):
            told[run.path] = _left_out(run)
    return Focus(tuple(chosen.segments()), tuple(told.values()))


@dataclass(frozen=True, slots=True)
class _Run:
    """Lines of a file as one segment: `text` with its heading, `tokens` of it once it is counted."""

    path: str
    first: int
    last: int
    level: Level
    text: str
    worth: float
    want: Wanted
    tokens: int = 0


def _shown_in_full(base: Pack) -> dict[str, list[tuple[int, int]]]:
    """Return the lines that the base shows in full, by path."""
    found: dict[str, list[tuple[int, int]]] = {}
    for segment in base.segments:
        if segment.level in ("full", "uncommented"):
            found.setdefault(segment.path, []).append((segment.start_line, segment.end_line))
    return found


# -- texts ----------------------------------------------------------------------------------------------------------


class _Files:
    """The files that are wanted, read when first asked for, and those that have gone since they were indexed."""

    def __init__(self, view: IndexView, showing: Showing) -> None:
        self.left_out: list[LeftOut] = []
        self._view = view
        self._showing = showing
        self._read: dict[str, tuple[ShownFile, int] | None] = {}

    def run(self, want: Wanted, first: int, last: int) -> _Run | None:
        """Return lines of what is wanted, None where the file has gone or has no such lines."""
        found = self._file(want.path)
        if found is None or first > found[1]:
            return None
        last = min(last, found[1])
        piece = found[0].run(first, last)
        head = f"=== {one_line(want.path)} (lines {first}-{last} of {found[1]}{_inside(want, first)})\n"
        text = self._safe(want.path, head + piece.text)
        return _Run(want.path, first, last, piece.level, text, want.worth, want)

    def whole(self, want: Wanted, level: Level) -> _Run | None:
        """Return the whole file at *level*, None where it has gone."""
        found = self._file(want.path)
        if found is None:
            return None
        piece = found[0].pieces(level)[0]
        text = self._safe(want.path, piece.text)
        return _Run(want.path, piece.start_line, piece.end_line, piece.level, text, want.worth, want)

    def _safe(self, path: str, text: str) -> str:
        """Return *text* without secrets. It has its heading, which may name one, and is no single line: those are
        looked at alone, without what stands above them in the file.
        """
        return self._showing.redact(path, text) if self._showing.redact else text

    def _file(self, path: str) -> tuple[ShownFile, int] | None:
        if path not in self._read:
            self._read[path] = self._opened(path)
        return self._read[path]

    def _opened(self, path: str) -> tuple[ShownFile, int] | None:
        if self._view.file(path) is None:
            return None
        try:
            data = self._view.text(path)
        except NothingReadable:
            self.left_out.append(LeftOut(path, None, "changed since it was indexed", 0))
            return None
        parsed = self._view.parsed(path, with_references=False)
        return shown(path, data, parsed, self._showing.rendering), max(1, parsed.lines)


def _inside(want: Wanted, first: int) -> str:
    """Return what to say of where lines stand that do not say it themselves."""
    named = want.inside if first <= want.first else want.signature
    return f", inside {one_line(named)}" if named else ""


# -- the choice -----------------------------------------------------------------------------------------------------


def _pools(files: _Files, wanted: Iterable[Wanted], budget: int) -> Iterator[list[_Run]]:
    """Yield what is wanted as whole runs, the worthiest first, as many together as the choice is among."""
    pool: list[_Run] = []
    size = 0
    for want in wanted:
        run = files.run(want, want.first, want.last) if want.last else files.whole(want, "full")
        if run is None:
            continue
        pool.append(run)
        size += len(run.text)
        if size > POOL * BYTES_PER_TOKEN * budget:
            yield pool
            pool, size = [], 0
    if pool:
        yield pool


def _counted(runs: Sequence[_Run], count: TokenCounter) -> list[_Run]:
    costs = count.count_many([run.text for run in runs])
    return [replace(run, tokens=cost) for run, cost in zip(runs, costs, strict=True)]


def _take(chosen: _Chosen, pool: Sequence[_Run], budget: int) -> list[_Run]:
    """Take of *pool* what fits, the most worth a token first; return what did not."""
    missed: list[_Run] = []
    for run in sorted(pool, key=lambda one: (-one.worth / (one.tokens + OVERHEAD), one.path, one.first, one.last)):
        if chosen.holds(run):
            continue
        if run.tokens * WHOLE_SHARE > budget:
            short = chosen.shorter(run, min(chosen.left, budget // WHOLE_SHARE))
            if short is not None:
                chosen.take(short)
            missed.append(run)
        elif not chosen.take(run):
            missed.append(run)
    return missed


def _fill(chosen: _Chosen, missed: Sequence[_Run], cancel: CancelToken) -> None:
    """Give what is left to the lines that matter most of what found no room, the worthiest first."""
    for run in sorted(missed, key=_by_worth):
        cancel.check()
        if chosen.left < LEAST_ROOM:
            return
        short = None if chosen.holds(run) else chosen.shorter(run, chosen.left)
        if short is not None:
            chosen.take(short)


class _Chosen:
    """The runs taken so far, of each file in order of lines, and the tokens that are left."""

    def __init__(
        self, files: _Files, count: TokenCounter, budget: int, covered: Mapping[str, Sequence[tuple[int, int]]]
    ) -> None:
        self.left = budget
        self._files = files
        self._count = count
        self._covered = covered
        self._runs: dict[str, list[_Run]] = {}

    def holds(self, run: _Run) -> bool:
        """Whether the lines of *run* are shown in full."""
        full = [(one.first, one.last) for one in self._runs.get(run.path, ()) if one.level != "skeleton"]
        first = run.first
        for begin, end in sorted((*full, *self._covered.get(run.path, ()))):
            if begin <= first <= end:
                first = end + 1
        return first > run.last

    def take(self, run: _Run) -> bool:
        """Take *run*, joined with those that it touches, if what that adds fits; say whether it did."""
        runs = self._runs.setdefault(run.path, [])
        near = [one for one in runs if _touch(one, run)]
        joined = self._joined([*near, run])
        if joined is None:
            return False
        cost = joined.tokens - sum(one.tokens for one in near)
        if cost > self.left:
            return False
        self.left -= cost
        self._runs[run.path] = sorted([one for one in runs if one not in near] + [joined], key=_by_line)
        return True

    def _joined(self, runs: Sequence[_Run]) -> _Run | None:
        """Return one run of all *runs*, counted."""
        if len(runs) == 1:
            return runs[0]
        begins = min(runs, key=_by_line)
        joined = self._files.run(begins.want, begins.first, max(one.last for one in runs))
        if joined is None:
            return None
        return replace(_counted([joined], self._count)[0], worth=max(one.worth for one in runs))

    def shorter(self, run: _Run, room: int) -> _Run | None:
        """Return as many lines of *run* as *room* takes, around the one that matters most; of a file, its skeleton,
        or where that is shown or too long, its first lines.

        What is shown of it already counts as room.
        """
        if not run.want.last and (bare := self._bare(run)) is not None and bare.tokens <= room:
            return bare
        room += sum(one.tokens for one in self._runs.get(run.path, ()) if _touch(one, run))
        at = next((line for line in run.want.hot if run.first <= line <= run.last), run.first)
        best: _Run | None = None
        least, most = 0, run.last - run.first
        while least <= most:
            around = (least + most) // 2
            tried = self._files.run(run.want, max(run.first, at - around), min(run.last, at + around))
            if tried is None:
                return None
            tried = _counted([tried], self._count)[0]
            if tried.tokens <= room:
                best, least = tried, around + 1
            else:
                most = around - 1
        return best

    def _bare(self, run: _Run) -> _Run | None:
        """Return the skeleton of the file *run*, counted; None where that is shown or no shorter than the file."""
        if any(one.level == "skeleton" for one in self._runs.get(run.path, ())):
            return None
        bare = self._files.whole(run.want, "skeleton")
        return _counted([bare], self._count)[0] if bare and bare.level == "skeleton" else None

    def segments(self) -> Iterator[Segment]:
        """Yield what is chosen: the worthiest file first, the next one last, the others between; each in its order."""
        files = sorted(self._runs.items(), key=lambda item: (-max((run.worth for run in item[1]), default=0), item[0]))
        for _, runs in (*files[:1], *files[2:], *files[1:2]):
            for run in runs:
                yield Segment(run.path, run.level, run.tokens, run.text, run.first, run.last, "focus")


def _by_worth(run: _Run) -> tuple[float, str, int, int]:
    return -run.worth, run.path, run.first, run.last


def _by_line(run: _Run) -> tuple[bool, int, int]:
    return run.level != "skeleton", run.first, run.last


def _touch(one: _Run, other: _Run) -> bool:
    if "skeleton" in (one.level, other.level):
        return False
    return one.first <= other.last + 1 + NEAR and other.first <= one.last + 1 + NEAR


def _left_out(run: _Run) -> LeftOut:
    exact = run.tokens > 0
    tokens = run.tokens or len(run.text) // BYTES_PER_TOKEN
    return LeftOut(run.path, None, f"{run.want.why}, no room in the focus", tokens, exact)
