"""A pack as XML in the shape that models of Anthropic are told to expect, well-formed whatever the files hold.

Text stands in CDATA sections, which cost no escapes; what would end one is cut in two. Characters that XML forbids are
shown as escapes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape, quoteattr

from codereader.answer.prompt import FACTS_TITLE, REPLY_TITLE
from codereader.fronts.packed.document import Document, documents
from codereader.fronts.packed.page import Page
from codereader.fronts.text import safe_line

_FORBIDDEN = re.compile("[\ufffe\uffff]")
"""Noncharacters that `printable` leaves in and XML 1.0 forbids (its production 2)."""


def chunks(page: Page) -> Iterator[str]:
    """Yield the XML of *page*, whose root is ``pack``; bare, its ``documents`` alone."""
    if page.bare:
        yield from _documents(page)
        return
    packed = page.packed
    yield "<pack>\n"
    if page.header:
        yield from _element("instructions", [page.header.text])
    if page.about:
        yield from _element("about", [page.about.text])
    if page.contents:
        yield from _element("directory_tree", [page.contents.text])
    yield from _documents(page)
    if packed.brief.text:
        yield from _element("structure", [packed.brief.text.removeprefix(FACTS_TITLE)])
    for change in page.changes:
        yield from _element(change.name, [change.text])
    if packed.facts.text:
        yield from _element("facts", [packed.facts.text.removeprefix(REPLY_TITLE)])
    if page.question is not None:
        yield from _element("question", [page.question])
    yield "</pack>\n"


def _documents(page: Page) -> Iterator[str]:
    """Yield the files of the base, those that are shown by name in one list, and behind them those of the focus."""
    names: list[str] = []
    number = 0
    yield "<documents>\n"
    for segments in (page.packed.base.segments, page.packed.focus.segments):
        for document in documents(segments):
            if document.is_name:
                names.append(f"{document.heading}\n")
            else:
                number += 1
                yield from _document(document, number)
        if names:
            yield from _element("by_name", names)
            names = []
    yield "</documents>\n"


def _document(document: Document, number: int) -> Iterator[str]:
    part = ' part="focus"' if document.part == "focus" else ""
    yield f'<document index="{number}" shown={quoteattr(safe_line(document.shown))}{part}>\n'
    yield f"<source>{escape(_allowed(safe_line(document.path)))}</source>\n"
    yield from _element("document_content", document.body())
    yield "</document>\n"


def _element(name: str, texts: Iterable[str]) -> Iterator[str]:
    """Yield an element that holds *texts* as character data; a line break ends it where none does."""
    yield f"<{name}><![CDATA[\n"
    last = "\n"
    for text in texts:
        inert = _allowed(text).replace("]]>", "]]]]><![CDATA[>")
        last = inert[-1:] or last
        yield inert
    yield f"{'' if last == chr(10) else chr(10)}]]></{name}>\n"


def _allowed(text: str) -> str:
    return _FORBIDDEN.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
