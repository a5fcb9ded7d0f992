"""The files of a pack one by one, as formats with markup of their own show them: without the headings of the text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from codereader.fronts.text import counted
from codereader.pack.detail import one_line
from codereader.pack.segment import Segment

WHOLE = ("full", "uncommented")
"""The levels that show every line of code."""


@dataclass(frozen=True, slots=True)
class Document:
    """The segments of a file that follow each other. `shown` says in words at which level and which lines."""

    path: str
    shown: str
    segments: tuple[Segment, ...]

    @property
    def is_name(self) -> bool:
        """Whether there is nothing but its heading."""
        return not any(text.strip() for text in self.body())

    @property
    def heading(self) -> str:
        """The line that names it in the text."""
        return self.segments[0].text.partition("\n")[0]

    @property
    def part(self) -> str:
        """``base`` or ``focus``."""
        return self.segments[0].part

    @property
    def lines(self) -> tuple[int, int]:
        """The first and last line that it shows or stands for, 1-based and inclusive."""
        return self.segments[0].start_line, self.segments[-1].end_line

    def body(self) -> Iterator[str]:
        """Yield its text without the heading."""
        first, *others = self.segments
        yield first.text.partition("\n")[2] if _heading(first) is not None else first.text
        for segment in others:
            yield segment.text


def documents(segments: Iterable[Segment]) -> Iterator[Document]:
    """Yield the documents that *segments* make, in their order."""
    held: list[Segment] = []
    for segment in segments:
        if held and (segment.path != held[0].path or _heading(segment) is not None):
            yield _document(held)
            held = []
        held.append(segment)
    if held:
        yield _document(held)


def _document(held: Sequence[Segment]) -> Document:
    first = held[0]
    words = _heading(first)
    if words is None:
        words = f"{first.level}, lines {first.start_line}-{held[-1].end_line}"
    if kept := kept_in_full(held):
        words += f", {counted(kept, 'function')} in full"
    return Document(first.path, words, tuple(held))


def kept_in_full(segments: Sequence[Segment]) -> int:
    """Return how many of the *segments* of a file are functions in full in a file that is not."""
    kept = sum(1 for segment in segments if segment.level in WHOLE)
    return kept if kept < len(segments) else 0


def _heading(segment: Segment) -> str | None:
    """Return what the heading of *segment* says behind the path; None where it has no heading."""
    start = f"=== {one_line(segment.path)} ("
    if not segment.text.startswith(start):
        return None
    return segment.text.partition("\n")[0][len(start) :].removesuffix(")")
