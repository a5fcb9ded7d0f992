"""What is printed of a pack: its files and what stands around them. All its text is inert; see `printable`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from codereader.fronts.packed.document import documents, kept_in_full
from codereader.fronts.text import counted
from codereader.pack.segment import Segment

if TYPE_CHECKING:
    from codereader.answer.packing import Packed

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
    """A text that stands beside the files: what it is called, and how many tokens it has."""

    name: str
    title: str
    text: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Page:
    """A pack of *files* files of the scope *name*, and the *budget* it was made for. `language` names that of a path.

    `header` is the reader's own instruction; `contents` a directory tree; `changes` what was asked for of the history.
    With `bare` nothing is printed but the files.
    """

    name: str
    files: int
    budget: int
    packed: Packed
    question: str | None
    language: Callable[[str], str]
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
        told = {"preface": one.preface, "brief": one.brief, "facts": one.facts, "question": one.question}
        rows += [(name, part.tokens) for name, part in told.items() if part.text]
        return dict(rows)


def levels(segments: Iterable[Segment]) -> Counter[str]:
    """Return how many files are shown at each level; a file in parts counts at the least level of its parts."""
    order = list(AS)
    found: dict[str, int] = {}
    for segment in segments:
        if not segment.path.endswith("/"):
            found[segment.path] = max(found.get(segment.path, 0), order.index(segment.level))
    return Counter(order[at] for at in found.values())


def told(segments: Iterable[Segment], files: int) -> str:
    """Return how many of *files* files are shown how, in words, those that are not shown last."""
    numbers = levels(segments)
    rows = [f"{n:,} {words[n > 1]}" for level, words in AS.items() if (n := numbers[level])]
    hidden = files - numbers.total()
    return ", ".join([*rows, f"{hidden:,} not at all"] if hidden > 0 else rows)


def functions_told(segments: Iterable[Segment]) -> str:
    """Return how many functions are shown in full in files that are not, in words; empty where none is."""
    kept, files = 0, 0
    for document in documents(segments):
        functions = kept_in_full(document.segments)
        kept += functions
        files += functions > 0
    return f"{counted(kept, 'function')} in full in {counted(files, 'file')} that {_is(files)} not" if kept else ""


def _is(number: int) -> str:
    return "is" if number == 1 else "are"
