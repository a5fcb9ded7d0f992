"""A pack as plain text: what a model is sent, file after file, with the question last."""

from __future__ import annotations

from collections.abc import Iterator

from codereader.answer.prompt import FOCUS_TITLE
from codereader.fronts.packed.page import Page


def chunks(page: Page) -> Iterator[str]:
    """Yield the text of *page*; bare, the texts of its segments and nothing else."""
    packed = page.packed
    base = (segment.text for segment in packed.base.segments)
    focus = (segment.text for segment in packed.focus.segments)
    if page.bare:
        yield from base
        yield from focus
        return
    if page.header:
        yield f"{page.header.text}\n\n"
    if page.about:
        yield f"{page.about.text}\n\n"
    if page.contents:
        yield f"{page.contents.title}:\n\n{page.contents.text}\n"
    yield from base
    yield packed.brief.text
    if packed.focus.segments:
        yield FOCUS_TITLE
        yield from focus
    for change in page.changes:
        yield f"\n{change.title}:\n\n{change.text}"
    yield packed.facts.text
    if packed.question.text:
        yield f"{packed.question.text}\n"
