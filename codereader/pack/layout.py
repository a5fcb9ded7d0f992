"""Turn an indexed scope into segments: the base pack, which does not depend on the question.

Its evaluated state therefore serves the next question too; what a question adds is `codereader.pack.focus`. Segments
stand in path order, those of one file in order of lines; the line of a folder (its path ends in a slash) stands before
what lies in it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from codereader.cancel import CancelToken
from codereader.index.view import IndexView
from codereader.model.counter import TokenCounter
from codereader.pack import value
from codereader.pack.fit import Fitted, State, fit
from codereader.pack.folders import Folder, folders
from codereader.pack.order import Order
from codereader.pack.piece import PLAIN, Piece, Rendering
from codereader.pack.segment import LEVELS, STEPS, LeftOut, Level, Pack, Segment, digest
from codereader.pack.texts import Redact, Texts
from codereader.pack.value import Candidate

Worths = Mapping[str, float] | Callable[[], Mapping[str, float]]
"""Each path's importance; a path without one counts least. A function is called only if something has to be chosen."""

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
            return _packed(whole, [], rising[-1], budget, texts, count)
    worths = worth() if callable(worth) else worth
    candidates = [
        Candidate(file.path, worths.get(file.path, 0.0), file.size, file.lines, len(file.summary or ""))
        for file in files
    ]
    lines = folders(candidates) if "name" in rising else []
    texts.folders = {folder.path: folder for folder in lines}
    order = Order(candidates, lines, rising, texts.shown, lambda path, bodies: value.body_worths(view, path, bodies))
    fitted = fit(iter(order), budget, texts, count, cancel)
    return _packed(fitted, candidates, rising[-1], budget, texts, count)


class _Texts(Texts):
    """The texts of files and of the lines of folders."""

    folders: Mapping[str, Folder] = {}

    def pieces(self, path: str, level: Level, kept: Collection[int] = ()) -> tuple[Piece, ...]:
        """Return the pieces of a file, or the line of a folder."""
        folder = self.folders.get(path)
        return (Piece("name", folder.text, 1, 1),) if folder else super().pieces(path, level, kept)


def _rising(levels: Sequence[Level], rendering: Rendering) -> list[Level]:
    """Return the levels from the least to the most; without comments there is no full text."""
    wanted = {"uncommented" if level == "full" and not rendering.comments else level for level in levels}
    return [level for level in reversed(LEVELS) if level in wanted]


def _whole(
    paths: Sequence[str], level: Level, budget: int, texts: Texts, count: TokenCounter, cancel: CancelToken
) -> Fitted | None:
    """Return everything at its highest level; None where that does not fit."""
    shown: dict[str, tuple[Piece, ...]] = {}
    for path in paths:
        cancel.check()
        shown[path] = texts.pieces(path, level)
    costs = iter(count.count_many([piece.text for pieces in shown.values() for piece in pieces]))
    counted = {path: tuple((piece, next(costs)) for piece in pieces) for path, pieces in shown.items()}
    fitted = Fitted({path: State(level) for path in paths}, counted, 0.0)
    return fitted if fitted.tokens <= budget else None


def _packed(
    fitted: Fitted, candidates: Sequence[Candidate], top: Level, budget: int, texts: Texts, count: TokenCounter
) -> Pack:
    segments = tuple(_segments(fitted, texts.gone))
    return Pack(
        budget=budget,
        tokens=sum(segment.tokens for segment in segments),
        vocabulary=count.name,
        exact=count.exact,
        segments=segments,
        left_out=tuple(_left_out(fitted, candidates, top, texts.gone)),
        hash=digest(segments),
    )


def _segments(fitted: Fitted, gone: Collection[str]) -> Iterable[Segment]:
    for path in sorted(fitted.pieces):
        if path not in gone:
            for piece, tokens in fitted.pieces[path]:
                yield Segment(path, piece.level, tokens, piece.text, piece.start_line, piece.end_line)


def _left_out(
    fitted: Fitted, candidates: Sequence[Candidate], top: Level, gone: Mapping[str, str]
) -> Iterable[LeftOut]:
    files = {one.path: one for one in candidates}
    for path in sorted({*files, *gone}):
        if path in gone:
            yield LeftOut(path, None, gone[path], 0)
            continue
        state = fitted.states.get(path)
        if state is not None and state.level == top and state.part is None:
            continue
        tokens = round(value.rough_cost(files[path], "full"))
        shown = sum(cost for _, cost in fitted.pieces.get(path, ()))
        yield LeftOut(path, state.level if state else None, _reason(state), tokens, removed=max(0, tokens - shown))


def _reason(state: State | None) -> str:
    if state is None:
        return "no room in the budget"
    if state.part is not None and state.part.body is None:
        return f"cut short in its {state.level}" if state.level != "full" else "cut short"
    kept = len(state.kept)
    functions = f", {kept} function{'' if kept == 1 else 's'} in full" if kept else ""
    return f"shortened to its {state.level}{functions}"
