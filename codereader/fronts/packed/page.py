"""What is printed of a pack: its files and what stands around them. All its text is inert; see `printable`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from codereader.fronts.packed.document import WHOLE, documents, kept_in_full
from codereader.fronts.text import counted
from codereader.pack.segment import LeftOut, Segment

if TYPE_CHECKING:
    from codereader.answer.packing import Packed

WAYS = {
    "full": "in full",
    "uncommented": "in full without comments",
    "skeleton": "as a skeleton (a comment such as 34 lines: 122-155 stands for lines that were left out)",
    "outline": "as an outline (one line a symbol, with its line number)",
    "name": "by name only",
}
"""How each level is told of to somebody who has never seen one."""

AS = {
    "full": ("in full", "in full"),
    "uncommented": ("in full without comments", "in full without comments"),
    "skeleton": ("as a skeleton", "as skeletons"),
    "outline": ("as an outline", "as outlines"),
    "name": ("by name only", "by name only"),
}
"""How each level is told of one file, and of several."""


@dataclass(frozen=True, slots=True)
class Find:
    """Something secret that was replaced at a 1-based line of a file."""

    path: str
    line: int
    kind: str


@dataclass(frozen=True, slots=True)
class Beside:
    """A text that stands beside the files: what it is called, and how many tokens are printed of it."""

    name: str
    title: str
    text: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Page:
    """A pack of *files* files of the scope *name*, and the *budget* it was made for. `language` names that of a path.

    `about` tells how files are shown; `header` is the reader's own instruction; `contents` a directory tree; `changes`
    what was asked for of the history. With `bare` nothing is printed but the files.
    """

    name: str
    files: int
    budget: int
    packed: Packed
    question: str | None
    language: Callable[[str], str]
    about: Beside | None = None
    header: Beside | None = None
    contents: Beside | None = None
    changes: tuple[Beside, ...] = ()
    finds: tuple[Find, ...] = ()
    bare: bool = False

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Those of the base in order of path, then those of the focus."""
        return (*self.packed.base.segments, *self.packed.focus.segments)

    @property
    def around(self) -> dict[str, int]:
        """Return the tokens of what is printed beside the files and counts in no budget, by name, in order."""
        one = self.packed
        if self.bare:
            return {}
        rows = [(b.name, b.tokens) for b in (self.header, self.contents, *self.changes) if b]
        rows += [("preface", self.about.tokens)] if self.about else []
        told = {"brief": one.brief, "facts": one.facts, "question": one.question}
        rows += [(name, part.tokens) for name, part in told.items() if part.text]
        return dict(rows)


def levels(segments: Iterable[Segment]) -> Counter[str]:
    """Return how many files the base shows at each level; a file in parts counts at the least level of its parts."""
    order = list(AS)
    found: dict[str, int] = {}
    for segment in segments:
        if segment.part == "base" and not segment.path.endswith("/"):
            found[segment.path] = max(found.get(segment.path, 0), order.index(segment.level))
    return Counter(order[at] for at in found.values())


def cut_short(left_out: Iterable[LeftOut]) -> frozenset[str]:
    """Return the files that are shown in full as far as they are shown: up to where the budget ended."""
    return frozenset(row.path for row in left_out if row.level in WHOLE)


def about(segments: Iterable[Segment], *, headed: bool, numbered: bool) -> str:
    """Return what a reader has to know of files at the levels of *segments*.

    *headed*: they stand under lines that begin with ``===``; *numbered*: lines of full text begin with their number.
    """
    held = list(segments)
    base = [segment for segment in held if segment.part == "base"] or held
    shown = levels(replace(segment, part="base") for segment in base)
    ways = [words for level, words in WAYS.items() if shown[level]]
    if any(segment.path.endswith("/") for segment in base):
        ways.append("a whole folder in one line")
    under = ", each under a line that begins with ===" if headed else ""
    text = f"These are files of a source tree{under}: {' or '.join(filter(None, (', '.join(ways[:-1]), *ways[-1:])))}."
    if any(kept_in_full(document.segments) for document in documents(base)):
        text += " Some functions of files that are not shown in full are."
    return text + (" Lines of full text begin with their number." if numbered else "")


def told(segments: Sequence[Segment], files: int, cut: Collection[str] = ()) -> str:
    """Return how many of *files* files are shown how, in words, those that are not shown last; *cut*: `cut_short`."""
    numbers = levels(segment for segment in segments if segment.path not in cut)
    rows = [f"{n:,} {words[n > 1]}" for level, words in AS.items() if (n := numbers[level])]
    ends = {segment.path for segment in segments if segment.part == "base"} & set(cut)
    if ends:
        rows.insert(sum(1 for level in WHOLE if numbers[level]), f"{len(ends):,} cut short")
    named = {segment.path for segment in segments if segment.part == "base"}
    if alone := len({segment.path for segment in segments} - named):
        rows.append(f"{alone:,} for the question alone")
    hidden = files - numbers.total() - len(ends) - alone
    if hidden > 0:
        folders = sum(1 for path in named if path.endswith("/"))
        rows.append(f"{hidden:,} not at all" + (f" ({counted(folders, 'folder')} in one line each)" if folders else ""))
    return ", ".join(rows)


def focus_told(segments: Sequence[Segment]) -> str:
    """Return what a question adds, in words; empty where it adds nothing."""
    added = [segment for segment in segments if segment.part == "focus"]
    if not added:
        return ""
    files = counted(len({segment.path for segment in added}), "file")
    tokens = sum(segment.tokens for segment in added)
    return f"for the question: {counted(len(added), 'part')} of {files}, {tokens:,} tokens"


def functions_told(segments: Iterable[Segment]) -> str:
    """Return how many functions are shown in full in files that are not, in words; empty where none is."""
    kept, files = 0, 0
    for document in documents(segment for segment in segments if segment.part == "base"):
        functions = kept_in_full(document.segments)
        kept += functions
        files += functions > 0
    return f"{counted(kept, 'function')} in full in {counted(files, 'file')} that {_is(files)} not" if kept else ""


def _is(number: int) -> str:
    return "is" if number == 1 else "are"
