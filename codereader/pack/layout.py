"""Turn an indexed scope into segments: the base pack, which does not depend on the question.

Its evaluated state therefore serves the next question too; what a question adds is `codereader.pack.focus`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from codereader.cancel import CancelToken
from codereader.errors import NothingReadable
from codereader.index.parsed import ParsedFile
from codereader.index.view import IndexedFile, IndexView
from codereader.model.counter import TokenCounter
from codereader.pack.detail import main_names, show, show_name
from codereader.pack.fit import Candidate, fit
from codereader.pack.segment import STEPS, LeftOut, Level, Pack, digest


def pack(
    view: IndexView,
    worth: Mapping[str, float],
    budget: int,
    count: TokenCounter,
    *,
    levels: Sequence[Level] = STEPS,
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
