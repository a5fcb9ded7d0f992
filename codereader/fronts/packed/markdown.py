"""A pack as Markdown: a heading and a fenced block a file, with fences that no file can close."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from codereader.answer.prompt import FACTS_TITLE, REPLY_TITLE
from codereader.fronts.packed.document import Document, documents
from codereader.fronts.packed.page import Page
from codereader.fronts.render import inert
from codereader.fronts.text import safe_line
from codereader.pack.segment import Segment

_TICKS = re.compile("`+")

TAGS = {"text": "text", "make": "makefile", "kconfig": "kconfig", "ecmascript": "javascript"}
"""Language tags that differ from the names of our languages."""


def chunks(page: Page) -> Iterator[str]:
    """Yield the Markdown of *page*; bare, its files alone."""
    packed = page.packed
    if not page.bare:
        yield f"# {inert(page.name)}\n\n"
        if page.header:
            yield f"{page.header.text}\n\n"
        if page.about:
            yield f"{page.about.text}\n\n"
        if page.contents:
            yield from _section("Directory tree", "text", [page.contents.text])
    yield from _files("Files", packed.base.segments, page)
    if not page.bare and packed.brief.text:
        yield from _section("Structure", "text", [packed.brief.text.removeprefix(FACTS_TITLE)])
    yield from _files("What the question is about", packed.focus.segments, page)
    if page.bare:
        return
    for change in page.changes:
        yield from _section(change.title, "diff" if change.name == "diff" else "text", [change.text])
    if packed.facts.text:
        yield from _section("Facts", "text", [packed.facts.text.removeprefix(REPLY_TITLE)])
    if page.question is not None:
        yield f"## Question\n\n{page.question}\n"


def _files(title: str, segments: Sequence[Segment], page: Page) -> Iterator[str]:
    if not segments:
        return
    yield f"## {title}\n\n"
    names: list[str] = []
    for document in documents(segments):
        if document.is_name:
            names.append(f"{document.heading}\n")
        else:
            yield from _document(document, page.language(document.path))
    if names:
        yield "### Shown by name only\n\n"
        yield from _block("text", names)


def _document(document: Document, language: str) -> Iterator[str]:
    is_outline = document.segments[0].level == "outline"
    shown = document.shown if inert(document.shown) == document.shown else code_span(document.shown)
    yield f"### {code_span(safe_line(document.path))} ({shown})\n\n"
    yield from _block("text" if is_outline else TAGS.get(language, language), list(document.body()))


def _section(title: str, tag: str, texts: Sequence[str]) -> Iterator[str]:
    yield f"## {inert(title)}\n\n"
    yield from _block(tag, texts)


def _block(tag: str, texts: Sequence[str]) -> Iterator[str]:
    """Yield a fenced block; its fence is longer than any run of backticks in it."""
    fence = "`" * max(3, _longest(texts) + 1)
    yield f"{fence}{tag}\n"
    yield from texts
    ends = next((text[-1] for text in reversed(texts) if text), "\n")
    yield f"{'' if ends == chr(10) else chr(10)}{fence}\n\n"


def _longest(texts: Iterable[str]) -> int:
    """Return the length of the longest run of backticks, also of one that goes on from text to text."""
    longest = run = 0
    for text in texts:
        for match in _TICKS.finditer(text):
            length = match.end() - match.start() + (run if match.start() == 0 else 0)
            longest = max(longest, length)
        tail = len(text) - len(text.rstrip("`"))
        run = tail + run if tail == len(text) else tail
    return longest


def code_span(text: str) -> str:
    """Return *text* as a code span that shows it letter by letter."""
    ticks = "`" * (_longest([text]) + 1)
    space = " " if text.startswith(("`", " ")) or text.endswith(("`", " ")) else ""
    return f"{ticks}{space}{text}{space}{ticks}"
