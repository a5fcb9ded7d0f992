"""Turn an indexed scope into segments: the base pack, and the focus that a question adds.

The base does not depend on the question, so that its evaluated state serves the next one. The focus holds in full
what the question names and the base does not already show in full.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from codereader.cancel import CancelToken
from codereader.errors import NothingReadable
from codereader.index.parsed import Definition, ParsedFile
from codereader.index.view import IndexedFile, IndexView
from codereader.model.counter import TokenCounter
from codereader.pack.detail import main_names, one_line, show, show_name
from codereader.pack.fit import Candidate, digest, fit
from codereader.pack.segment import LEVELS, LeftOut, Level, Pack, Segment

MOST_MENTIONS = 24
"""So many files and definitions that a question names are looked at: a common name may have thousands."""

WORD = re.compile(r"[\w./-]*\w")
"""What in a question may name a symbol or a path."""


def pack(
    view: IndexView,
    worth: Mapping[str, float],
    budget: int,
    count: TokenCounter,
    *,
    levels: Sequence[Level] = LEVELS,
    cancel: CancelToken | None = None,
) -> Pack:
    """Return the base pack of a scope within *budget* tokens.

    *worth* gives each path's importance; a path without one counts least. Files that vanish or change while they
    are packed are left out with that reason.
    """
    files = {file.path: file for file in view.files()}
    texts = _Texts(view)
    candidates = [Candidate(p, max(worth.get(p, 0.0), 1e-6), f.size, f.lines) for p, f in sorted(files.items())]
    packed = fit(candidates, budget, texts.show, count, levels=levels, cancel=cancel)
    return _without_gone(packed, texts.gone)


class _Texts:
    """Segment texts of a scope's files, read only as far as a level needs."""

    def __init__(self, view: IndexView) -> None:
        self._view = view
        self._last: tuple[str, bytes] | None = None
        self.gone: dict[str, str] = {}

    def show(self, path: str, level: Level) -> str:
        """Return the segment text of *path*, empty if the file has gone since it was indexed."""
        file = self._view.file(path)
        if file is None:
            return ""
        if level == "name":
            names = () if file.summary else main_names(at.fact for at in self._view.definitions(path=path))
            return show_name(path, file.lines, file.summary, names)
        try:
            data = b"" if level == "outline" else self._read(path)
        except NothingReadable as error:
            self.gone[path] = str(error)
            return ""
        return show(path, data, self._parsed(file), level)

    def _read(self, path: str) -> bytes:
        """Return the bytes of *path*; the last file's are kept, since several levels of it are tried in a row."""
        if self._last is None or self._last[0] != path:
            self._last = (path, self._view.text(path))
        return self._last[1]

    def _parsed(self, file: IndexedFile) -> ParsedFile:
        """Return the facts that levels show: all but the references, which are the most and cost the most."""
        path, view = file.path, self._view
        return ParsedFile(
            language=file.language,
            lines=file.lines,
            summary=file.summary,
            definitions=tuple(at.fact for at in view.definitions(path=path)),
            tables=tuple(at.fact for at in view.tables(path=path)),
            exports=tuple(at.fact for at in view.exports(path=path)),
            entries=tuple(at.fact for at in view.entries(path=path)),
        )


def _without_gone(packed: Pack, gone: Mapping[str, str]) -> Pack:
    if not gone:
        return packed
    left = {item.path: item for item in packed.left_out}
    for path, reason in gone.items():
        left[path] = LeftOut(path, None, reason, left[path].tokens if path in left else 0)
    segments = tuple(segment for segment in packed.segments if segment.path not in gone)
    return Pack(
        budget=packed.budget,
        tokens=sum(segment.tokens for segment in segments),
        vocabulary=packed.vocabulary,
        exact=packed.exact,
        segments=segments,
        left_out=tuple(left[path] for path in sorted(left)),
        hash=digest(segments),
    )


@dataclass(frozen=True, slots=True)
class Focus:
    """What a question names beyond the base: segments in order of mention, and what found no room."""

    segments: tuple[Segment, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    @property
    def tokens(self) -> int:
        """The exact sum over the segments."""
        return sum(segment.tokens for segment in self.segments)


def focus(view: IndexView, question: str, base: Pack, budget: int, count: TokenCounter, cancel: CancelToken) -> Focus:
    """Return what *question* names and *base* does not show in full, within *budget* tokens.

    A named file comes whole, a named symbol as its definition's lines.
    """
    whole = {segment.path for segment in base.segments if segment.level == "full"}
    files = {file.path: file for file in view.files()}
    segments: list[Segment] = []
    left_out: list[LeftOut] = []
    left = budget
    mentions = _mentions(view, files, question)
    for path, definition in mentions[:MOST_MENTIONS]:
        cancel.check()
        if path in whole:
            continue
        segment = _focus_segment(view, files[path], definition, count)
        if segment is None:
            left_out.append(LeftOut(path, None, "changed since it was indexed", 0))
        elif segment.tokens > left:
            what = f"{definition.name} is named in the question" if definition else "named in the question"
            left_out.append(LeftOut(path, None, f"{what}, no room in the focus", segment.tokens, exact=True))
        else:
            segments.append(segment)
            left -= segment.tokens
            whole |= {path} if definition is None else set()
    reason = f"one of {len(mentions)} places that the question names; the first {MOST_MENTIONS} are looked at"
    left_out += [LeftOut(path, None, reason, 0) for path, _ in mentions[MOST_MENTIONS:]]
    return Focus(tuple(segments), tuple(left_out))


def _mentions(view: IndexView, files: Mapping[str, IndexedFile], question: str) -> list[tuple[str, Definition | None]]:
    """Return what the words of *question* name, each once: files first, then definitions, in order of mention."""
    found: dict[tuple[str, int], tuple[str, Definition | None]] = {}
    for word in dict.fromkeys(WORD.findall(question)):
        for path, definition in _named(view, files, word):
            found.setdefault((path, definition.span.start if definition else -1), (path, definition))
    return sorted(found.values(), key=lambda mention: mention[1] is not None)


def _named(view: IndexView, files: Mapping[str, IndexedFile], word: str) -> list[tuple[str, Definition | None]]:
    """Return the files and definitions that *word* names exactly."""
    if "." in word or "/" in word:
        paths = [path for path in sorted(files) if path == word or path.endswith("/" + word)]
        if paths:
            return [(path, None) for path in paths]
    name = word.removesuffix("()").split("/")[-1]
    return [(found.path, found.fact) for found in view.definitions(name=name)]


def _focus_segment(
    view: IndexView, file: IndexedFile, definition: Definition | None, count: TokenCounter
) -> Segment | None:
    try:
        data = view.text(file.path)
    except NothingReadable:
        return None
    if definition is None:
        text = show(file.path, data, view.parsed(file.path), "full")
        first, last = 1, file.lines
    else:
        first, last = definition.span.lines
        body = data[definition.span.start : definition.span.end].decode("utf-8", "replace")
        text = f"=== {one_line(file.path)} (lines {first}-{last})\n{body}\n"
    return Segment(file.path, "full", count.count_many([text])[0], text, first, last)
