"""Turn an indexed scope into segments: the base pack, which does not depend on the question.

Its evaluated state therefore serves the next question too; what a question adds is `codereader.pack.focus`. Segments
stand in path order, those of one file in order of lines; the line of a folder (its path ends in a slash) stands before
what lies in it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from codereader.cancel import CancelToken
from codereader.index.view import IndexedFile, IndexView
from codereader.model.counter import TokenCounter
from codereader.pack import value
from codereader.pack.counting import counted
from codereader.pack.fit import Completion, Fitted, State, completions, fit
from codereader.pack.folders import Folder, folders
from codereader.pack.order import Order
from codereader.pack.piece import PLAIN, Piece, Rendering
from codereader.pack.segment import LEVELS, STEPS, LeftOut, Level, Pack, Segment, digest
from codereader.pack.texts import Redact, Texts
from codereader.pack.value import Candidate

Worths = Mapping[str, float] | Callable[[], Mapping[str, float]]
"""Each path's importance; a path without one counts least. A function is called only if something has to be chosen."""

ENOUGH = 2.0
"""What a file is said to need is so many times what the steps up to its last are thought to take, so that it is enough:
on this project those of files not read took 1.07 times that (median), 1.47 (19 of 20), at most 1.73."""

ALL_ENOUGH = 1.4
"""But no more than so many times what everything is thought to take."""

LEAST_COMPARED = 200.0
"""Estimated tokens that tell how estimates compare with a vocabulary; with less they are taken as they are."""

MOST_COUNTED = 1 << 18
"""In scopes of up to so many bytes everything is shown and counted to tell the budget that brings a file in full."""

MOST_GUESSED = 20_000
"""In larger scopes nobody works out which budget would bring a file in full."""

WHOLE_RATE = 5.0
"""Where a budget has a token for so many bytes of a scope, all of it may fit in full, and that is tried first."""


def pack(
    view: IndexView,
    worth: Worths,
    budget: int,
    count: TokenCounter,
    *,
    levels: Sequence[Level] = STEPS,
    rendering: Rendering = PLAIN,
    paths: Collection[str] | None = None,
    redact: Redact | None = None,
    cancel: CancelToken | None = None,
) -> Pack:
    """Return the base pack of a scope, or of its *paths* alone, within *budget* tokens.

    *levels* are those allowed. Without comments ``uncommented`` takes the place of ``full``. *redact* replaces what
    must not be shown, before anything is counted. Files that vanish or change while they are packed are left out
    with that reason.
    """
    cancel = cancel or CancelToken()
    texts = _Texts(view, rendering, redact)
    files = [file for file in view.files() if paths is None or file.path in paths]
    rising = _rising(levels, rendering)
    if rising[-1] in ("full", "uncommented") and sum(file.size for file in files) <= budget * WHOLE_RATE:
        whole = _whole([file.path for file in files], rising[-1], budget, texts, count, cancel)
        if whole is not None:
            return _packed(whole, (), budget, texts, count)
    worths = worth() if callable(worth) else worth
    candidates = _candidates(files, worths)
    lines = folders(candidates) if "name" in rising else []
    texts.folders = {folder.path: folder for folder in lines}
    order = Order(candidates, lines, rising, texts)
    fitted = fit(iter(order), budget, texts, count, cancel)
    if sum(file.size for file in files) <= MOST_COUNTED:
        again = Order(candidates, lines, rising, texts)
        complete = completions(iter(again), texts, count, cancel)
        left_out = _counted_left_out(fitted, complete, candidates, rising[-1], texts.gone, exact=count.exact)
    else:
        if len(candidates) <= MOST_GUESSED:
            order.guess_rest()
        left_out = _left_out(fitted, candidates, order, rising[-1], texts.gone)
    return _packed(fitted, left_out, budget, texts, count)


def _candidates(files: Sequence[IndexedFile], worths: Mapping[str, float]) -> list[Candidate]:
    most = max((worths.get(file.path, 0.0) for file in files), default=0.0)
    return [
        Candidate(
            file.path,
            value.lifted(file.path, worths.get(file.path, 0.0), most),
            file.size,
            file.lines,
            len(file.summary or ""),
        )
        for file in files
    ]


class _Texts(Texts):
    """The texts of files and of the lines of folders."""

    folders: Mapping[str, Folder] = {}

    def pieces(
        self, path: str, level: Level, kept: Collection[int] = (), symbols: int | None = None
    ) -> tuple[Piece, ...]:
        """Return the pieces of a file, or the line of a folder."""
        folder = self.folders.get(path)
        return (Piece("name", folder.text, 1, 1),) if folder else super().pieces(path, level, kept, symbols)


def _rising(levels: Sequence[Level], rendering: Rendering) -> list[Level]:
    """Return the levels from the least to the most; without comments there is no full text."""
    wanted = {"uncommented" if level == "full" and not rendering.comments else level for level in levels}
    return [level for level in reversed(LEVELS) if level in wanted]


def _whole(
    paths: Sequence[str], level: Level, budget: int, texts: Texts, count: TokenCounter, cancel: CancelToken
) -> Fitted | None:
    """Return everything at its highest level; None where that does not fit."""
    shown: dict[str, tuple[Piece, ...]] = {}

    def made() -> Iterator[str]:
        for path in paths:
            shown[path] = texts.pieces(path, level)
            yield from (piece.text for piece in shown[path])

    costs = iter(counted(made(), count, cancel))
    pieces = {path: tuple((piece, next(costs)) for piece in shown[path]) for path in paths}
    fitted = Fitted({path: State(level) for path in paths}, pieces, 0.0)
    return fitted if fitted.tokens <= budget else None


def _packed(fitted: Fitted, left_out: Iterable[LeftOut], budget: int, texts: Texts, count: TokenCounter) -> Pack:
    segments = tuple(_segments(fitted, texts.gone))
    gone = (LeftOut(path, None, reason, 0) for path, reason in texts.gone.items())
    return Pack(
        budget=budget,
        tokens=sum(segment.tokens for segment in segments),
        vocabulary=count.name,
        exact=count.exact,
        segments=segments,
        left_out=tuple(sorted((*left_out, *gone), key=lambda one: one.path)),
        hash=digest(segments),
    )


def _segments(fitted: Fitted, gone: Collection[str]) -> Iterable[Segment]:
    for path in sorted(fitted.pieces):
        if path not in gone:
            for piece, tokens in fitted.pieces[path]:
                yield Segment(path, piece.level, tokens, piece.text, piece.start_line, piece.end_line)


def _counted_left_out(
    fitted: Fitted,
    complete: Mapping[str, Completion],
    candidates: Sequence[Candidate],
    top: Level,
    gone: Collection[str],
    *,
    exact: bool,
) -> Iterable[LeftOut]:
    """Yield the files that are not at their highest level, with what was counted of them: *exact* says how."""
    everything = sum(one.tokens for path, one in complete.items() if path not in gone)
    for path in (one.path for one in candidates if one.path in complete and one.path not in gone):
        state, found = fitted.states.get(path), complete[path]
        shown = sum(tokens for _, tokens in fitted.pieces.get(path, ()))
        if state is None or state.part is not None or state.level != top:
            budget = min(found.budget, everything)
            level = state.level if state else None
            yield LeftOut(path, level, _reason(state), found.tokens, exact, budget, max(0, found.tokens - shown))


def _left_out(
    fitted: Fitted, candidates: Sequence[Candidate], order: Order, top: Level, gone: Collection[str]
) -> Iterable[LeftOut]:
    """Yield the files that are not at *top*, the highest level allowed."""
    rate = _rate(fitted)
    everything = max(order.complete.values(), default=0.0)
    for one in candidates:
        state = fitted.states.get(one.path)
        if one.path in gone or (state is not None and state.level == top and state.part is None):
            continue
        tokens = max(1, round(value.rough_cost(one, top) * rate))
        shown = sum(cost for _, cost in fitted.pieces.get(one.path, ()))
        spent = order.complete.get(one.path)
        budget = _rounded_up(min(spent * ENOUGH, everything * ALL_ENOUGH) * rate) if spent is not None else None
        level = state.level if state else None
        yield LeftOut(one.path, level, _reason(state), tokens, budget=budget, removed=max(0, tokens - shown))


def _rate(fitted: Fitted) -> float:
    """Return how many tokens of the vocabulary an estimated one is, as far as this pack tells."""
    return fitted.tokens / fitted.estimated if fitted.estimated >= LEAST_COMPARED else 1.0


def _rounded_up(tokens: float) -> int:
    """Return *tokens* with two digits that tell, not less."""
    unit: int = 10 ** max(0, len(str(int(tokens))) - 2)
    return -(-int(tokens) // unit) * unit + (0 if unit > 1 else 1)


def _reason(state: State | None) -> str:
    if state is None:
        return "no room in the budget"
    if state.part is not None and state.part.body is None:
        return f"cut short in its {state.level}" if state.level != "full" else "cut short"
    kept = len(state.kept)
    functions = f", {kept} function{'' if kept == 1 else 's'} in full" if kept else ""
    return f"shortened to its {state.level}{functions}"
