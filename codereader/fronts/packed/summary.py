"""What is said of a pack beside it, for people: how full it is, how files are shown, what is missing or replaced."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from codereader.fronts.packed.left_out import is_unread, total
from codereader.fronts.packed.page import Page, cut_short, focus_told, functions_told, told
from codereader.fronts.text import counted
from codereader.pack.segment import LeftOut

SHOWN_FINDS = 20
"""So many replaced secrets are listed; JSON lists all."""


def of_pack(page: Page, *, is_auto: bool) -> Iterator[str]:
    """Yield the lines of what is said of a pack; *is_auto*: nobody gave a budget."""
    packed = page.packed
    functions = functions_told(page.segments)
    yield from _head(page, f"; {functions}" if functions else "")
    if focus := focus_told(page.segments):
        yield f"  {focus}"
    if packed.left_out:
        if is_auto:
            yield f"  --budget auto is {page.budget:,} tokens: {packed.why}"
        yield from _missing(packed.left_out)
    if around := page.around:
        named = ", ".join(f"{name.replace('_', ' ')} {tokens:,}" for name, tokens in around.items())
        yield f"  beside the files, in no budget: {_sign(page)}{sum(around.values()):,} tokens ({named})"


def _missing(rows: Iterable[LeftOut]) -> Iterator[str]:
    """Yield what is not in full, and what no budget brings, in words."""
    held = list(rows)
    cut = [row for row in held if not is_unread(row)]
    if cut:
        yield f"  not in full: {total(cut)}; --left-out lists them, --budget N|max brings more"
    if unread := len(held) - len(cut):
        yield f"  not read: {counted(unread, 'path')}; --left-out tells why"


def of_map(page: Page) -> Iterator[str]:
    """Yield the lines of what is said of an outline."""
    yield from _head(page, "; --budget N shows more" if page.packed.left_out else "")


def _head(page: Page, more: str) -> Iterator[str]:
    is_all = page.budget == page.packed.tokens and not page.packed.left_out
    of = "" if is_all else f" of {page.budget:,}"
    shown = told(page.segments, page.files, cut_short(page.packed.left_out))
    yield f"{_sign(page)}{page.packed.tokens:,}{of} tokens ({page.packed.base.vocabulary.partition(' (')[0]})"
    yield f"  {counted(page.files, 'file')}: {shown}{more}"


def _sign(page: Page) -> str:
    return "" if page.packed.base.exact else "about "


def finds(page: Page) -> Iterator[str]:
    """Yield what was replaced since it looks secret; nothing where nothing was."""
    if not page.finds:
        return
    yield f"{counted(len(page.finds), 'secret')} replaced by a marker (--no-secrets keeps them):"
    for find in page.finds[:SHOWN_FINDS]:
        yield f"  {find.path}:{find.line}: {find.kind}" if find.line else f"  {find.path}: {find.kind}"
    if len(page.finds) > SHOWN_FINDS:
        yield f"  ({len(page.finds) - SHOWN_FINDS:,} more: --format json lists all)"
