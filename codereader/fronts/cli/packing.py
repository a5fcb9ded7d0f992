"""Carry a pack through: read the list of files, make the pack, put around it what was asked for, write it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from codereader.errors import BudgetTooSmall, NothingFound, NothingReadable, UsageError
from codereader.fronts.text import counted, safe, safe_line
from codereader.pack.budget import MAX_BUDGET
from codereader.pack.piece import Rendering
from codereader.pack.segment import LeftOut

if TYPE_CHECKING:
    from codereader.answer.packing import Packed, Told
    from codereader.fronts.packed.named import Named
    from codereader.fronts.packed.page import Beside, Find, Page
    from codereader.fronts.render import Output
    from codereader.fronts.report import Report
    from codereader.model.counter import TokenCounter
    from codereader.pack.secrets import Redactor
    from codereader.pack.segment import Level
    from codereader.reader import Reader

View = Literal["pack", "tree", "left out", "listing"]

CONTENTS_SHARE = 100
"""The directory tree has about one line for so many tokens of the pack."""

LEAST_CONTENTS = 40
"""Lines that the directory tree may have however small the pack is."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is wanted. `budget` None: as much as helps. `names` None: all files of PATH.

    `log` counts the commits to show; `depth` is that of the table of tokens, None: as fits. `levels` are
    those allowed, None: all.
    """

    path: Path
    question: str | None
    budget: int | None
    view: View
    rendering: Rendering
    header: str = ""
    names: tuple[str, ...] | None = None
    diff: bool = False
    log: int = 0
    secrets: bool = True
    bare: bool = False
    text: bool = False
    depth: int | None = None
    levels: tuple[Level, ...] | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """What a pack is made with: the open reader, the counter of tokens, and what keeps secrets back."""

    reader: Reader
    count: TokenCounter
    redactor: Redactor | None
    named: Named | None

    @property
    def paths(self) -> Collection[str] | None:
        """The files to choose from, None for all."""
        return frozenset(self.named.paths) if self.named else None

    @property
    def wanted(self) -> Sequence[str]:
        """The paths of all those files, sorted."""
        return self.named.paths if self.named else self.reader.walked.paths

    def inert(self, path: str, text: str) -> str:
        """Return *text* of the file *path* as it may be pasted anywhere."""
        from codereader.fronts.packed.printable import printable

        return printable(self.redactor(path, text) if self.redactor else text)

    def deciding(self) -> bytes:
        """Return bytes that name all that `inert` does."""
        from codereader.fronts.packed import printable
        from codereader.pack.secrets.clean import deciding

        return printable.deciding() + (deciding() if self.redactor else b"")

    def tokens(self, text: str) -> int:
        """Return the tokens of *text*."""
        return self.count.count_many([text])[0]


def run(request: Request, reader: Reader, count: TokenCounter, report: Report, out: Output, style: str) -> None:
    """Make the pack of *request* and write it in *style*. Raises: BudgetTooSmall, NothingFound, Cancelled."""
    from codereader.fronts.packed import summary

    with reader.cancel.anywhere():
        ground = _ground(request, reader, count)
    with report.working("packing"):
        packed = carried(request, ground)
        page = _page(request, ground, packed, style)
    _write(request, ground, page, report, out, style)
    for note in packed.notes:
        report.note(note)
    is_auto = request.budget is None
    lines = summary.of_map(page) if request.levels else summary.of_pack(page, is_auto=is_auto)
    markup = [f"  the markup of {style} comes on top"] if page.around and style in ("cxml", "markdown") else []
    report.lines([*lines, *markup, *summary.finds(page)])


def _ground(request: Request, reader: Reader, count: TokenCounter) -> Ground:
    from codereader.fronts.packed.named import named

    files = None if request.names is None else named(request.names, reader.walked, reader.skipped, Path.cwd())
    if files is not None and not files.paths:
        first = files.left_out[0]
        message = f"none of the {counted(len(files.left_out), 'path')} that --stdin names is a file to pack"
        raise NothingFound(message, f"{safe_line(first.path)}: {first.reason}.")
    return Ground(reader, count, reader.redactor() if request.secrets else None, files)


def carried(request: Request, ground: Ground) -> Packed:
    """Return the pack, with what --stdin names in vain and what could not be read.

    Raises: BudgetTooSmall where not even a name fits, NothingReadable.
    """
    packed = ground.reader.pack(
        request.budget,
        ground.count,
        question=request.question,
        levels=request.levels,
        rendering=request.rendering,
        paths=ground.paths,
        redact=ground.inert,
    )
    missing = tuple(unread(packed, ground))
    if not packed.base.segments and not packed.focus.segments:
        if len(missing) == len(ground.wanted):
            message = f"none of the {counted(len(missing), 'file')} of {request.path} could be read into the index"
            raise NothingReadable(message, f"{safe_line(missing[0].path)}: {missing[0].reason}.")
        message = f"--budget {packed.budget:,} holds no file of {request.path}, not even by name"
        raise BudgetTooSmall(message, "Raise --budget.")
    base = packed.base
    if beside := (*(ground.named.left_out if ground.named else ()), *missing):
        base = replace(base, left_out=tuple(sorted((*base.left_out, *beside), key=lambda row: (row.path, row.reason))))
    return replace(packed, base=base, facts=_told(packed.facts, ground), brief=_told(packed.brief, ground))


def unread(packed: Packed, ground: Ground) -> Iterator[LeftOut]:
    """Yield the files that the pack should hold and that the index knows nothing of, with the reason."""
    known = {row.path for row in packed.left_out}
    known.update(segment.path for segment in (*packed.base.segments, *packed.focus.segments))
    missing = [path for path in ground.wanted if path not in known and ground.reader.view.file(path) is None]
    if missing:
        reasons = {skip.path: skip.reason for skip in ground.reader.skipped}
        for path in missing:
            yield LeftOut(path, None, reasons.get(path, "not in the index"), 0)


def _budget(packed: Packed) -> int:
    """Return the budget that was kept; that of ``max`` is what the pack needed."""
    return packed.tokens if packed.budget == MAX_BUDGET else packed.budget


def _told(told: Told, ground: Ground) -> Told:
    """Return facts as they may be pasted: they quote the tree, too."""
    text = ground.inert("", told.text)
    return told if text == told.text else replace(told, text=text, tokens=ground.tokens(text))


def _page(request: Request, ground: Ground, packed: Packed, style: str) -> Page:
    """Return what is printed: the pack, and around it what was asked for and what helps to read it."""
    from codereader.fronts.packed.contents import contents
    from codereader.fronts.packed.page import Beside, Page, about, cut_short, told

    reader = ground.reader
    scope = reader.walked.scope
    paths = ground.wanted
    segments = (*packed.base.segments, *packed.focus.segments)

    def beside(name: str, title: str, text: str) -> Beside:
        return Beside(name, title, text, ground.tokens(f"{title}\n\n{text}\n" if title else f"{text}\n\n"))

    shows = tree = header = None
    changes: tuple[Beside, ...] = ()
    if not request.bare and request.view == "pack":
        shown = f"{counted(len(paths), 'file')}: {told(segments, len(paths), cut_short(packed.left_out))}"
        lines = max(LEAST_CONTENTS, packed.tokens // CONTENTS_SHARE)
        tree = beside("directory_tree", f"Directory tree ({shown})", contents(scope.path.name, paths, lines))
        words = about(segments, headed=style == "text", numbered=request.rendering.line_numbers)
        shows = beside("preface", "", words)
        header = beside("header", "", safe(request.header)) if request.header else None
        changes = tuple(beside(*change) for change in _changes(request, ground))
    return Page(
        scope.name,
        len(paths),
        _budget(packed),
        packed,
        request.question,
        _language(reader),
        shows,
        header,
        tree,
        changes,
        _finds(ground, packed),
        request.bare or request.view != "pack",
    )


def _changes(request: Request, ground: Ground) -> Iterator[tuple[str, str, str]]:
    """Yield name, title and text of what was asked for of the history."""
    if not (request.diff or request.log):
        return
    from codereader.source.changes import diff, log

    reader = ground.reader
    scope = reader.walked.scope
    if request.diff:
        found = diff(scope, cancel=reader.cancel)
        title = "Uncommitted changes" + (" (cut: there is more)" if found.cut else "")
        new = "".join(f"new, not in git: {safe_line(path)}\n" for path in found.untracked)
        yield "diff", title, ground.inert("uncommitted changes", found.text) + new or "none\n"
    if request.log:
        kept = log(scope, request.log, cancel=reader.cancel)
        title = "Recent commits" + (" (cut: there is more)" if kept.cut else "")
        yield "log", title, ground.inert("log", kept.text) or "none\n"


def _language(reader: Reader) -> Callable[[str], str]:
    def language(path: str) -> str:
        file = reader.view.file(path)
        return file.language if file else "text"

    return language


def _finds(ground: Ground, packed: Packed) -> tuple[Find, ...]:
    """Return what was replaced in what is shown, and not in what was only looked at."""
    from codereader.fronts.packed.page import Find
    from codereader.pack.secrets.redact import marker

    if ground.redactor is None or not (found := ground.redactor.finds):
        return ()
    paths = {find.path for find in found}
    shown = [one for one in (*packed.base.segments, *packed.focus.segments) if one.path in paths]
    return tuple(
        Find(find.path, find.line, find.kind)
        for find in found
        if ground.reader.view.file(find.path) is None
        or any(marker(find.kind) in one.text for one in shown if one.path == find.path)
    )


def _write(request: Request, ground: Ground, page: Page, report: Report, out: Output, style: str) -> None:
    """Write what was asked for of *page*."""
    from codereader.fronts.packed import left_out, listing
    from codereader.fronts.packed.stream import stream

    if request.view == "tree":
        _write_tree(request, ground, page, report, out, style)
    elif style == "json":
        from codereader.fronts.packed import objects

        stream(objects.chunks(page, text=request.text), out)
    elif request.view == "listing":
        stream((f"{line}\n" for line in listing.lines(page, out)), out)
    elif request.view == "left out":
        stream((f"{line}\n" for line in left_out.lines(page.packed.left_out, out)), out)
    else:
        stream(_format(style)(page), out)


def _format(style: str) -> Callable[[Page], Iterator[str]]:
    if style == "cxml":
        from codereader.fronts.packed.cxml import chunks
    elif style == "markdown":
        from codereader.fronts.packed.markdown import chunks
    else:
        from codereader.fronts.packed.text import chunks
    return chunks


def _write_tree(request: Request, ground: Ground, page: Page, report: Report, out: Output, style: str) -> None:
    from codereader.fronts import shape
    from codereader.fronts.packed import usage
    from codereader.fronts.packed.page import cut_short
    from codereader.fronts.packed.stream import stream

    rows = ground.reader.sizes(
        ground.count,
        paths=ground.paths,
        rendering=request.rendering,
        redact=ground.inert,
        redacting=ground.deciding(),
        step=lambda done, total: report.progress("counting", done, total, "files"),
    )
    depth = request.depth if request.depth or style != "json" else usage.ALL
    table = usage.usage(page.name, rows, page.segments, depth, cut_short(page.packed.left_out))
    report.clear()
    if style == "json":
        base = page.packed.base
        head = {"schema": shape.SCHEMA, "budget": page.budget, "tokens": page.packed.tokens}
        out.json({**head, "vocabulary": base.vocabulary, "exact": base.exact, "tree": usage.as_json(table)})
    else:
        stream((f"{line}\n" for line in usage.lines(table, out, out.width)), out)


def read_names(*, null: bool) -> tuple[str, ...]:
    """Return the paths that standard input lists. Raises: UsageError where it is a terminal, or lists none."""
    from codereader.fronts.packed.named import split_names

    hint = "Pipe a list in: git ls-files | codereader pack PATH --stdin"
    if sys.stdin is None or sys.stdin.isatty():
        message = "--stdin reads paths from a pipe, and standard input is a terminal"
        raise UsageError(message, hint)
    try:
        data = sys.stdin.buffer.read()
    except OSError as error:
        message = f"cannot read the list of paths from standard input: {error.strerror}"
        raise UsageError(message) from error
    if not null and b"\0" in data:
        message = "the paths on standard input end with NUL"
        raise UsageError(message, "Add -0 (--null) to read them so.")
    names = tuple(split_names(data, null=null))
    if not names:
        message = "--stdin read no path: standard input is empty"
        raise UsageError(message, hint)
    return names
