"""The lines of the scope's tree: its rows, what stands above and below them. Widths are cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from codereader.fronts.text import counted, safe_line, size
from codereader.fronts.tui.cells import Part, clipped, marked, padded, shortened
from codereader.fronts.tui.tree.rows import MIXED, Row, ScopeRows

SIGNS = {
    "full": "●",
    "uncommented": "◉",
    "part": "◈",
    "skeleton": "◐",
    "outline": "○",
    "name": "·",
    "not sent": "-",
    MIXED: "~",
}
"""How each level is drawn where there is no room for its word."""

LEGEND = ("full", "skeleton", "outline", "name", "not sent")
WORDS_FROM = 46
"""From this width on levels are written in words."""

WIDE_FROM = 40
"""From this width on rows are indented by two cells a level."""

NUMBER = 5
"""Cells that tokens or bytes take."""

WORD = 11
"""Cells that the word of a level takes."""

LEAST_NAME = 6
"""Cells that a name has, however deep it stands."""

OPEN, CLOSED, PINNED = "▾", "▸", "◆"


def row_parts(rows: ScopeRows, at: int, width: int) -> Iterator[Part]:
    """Yield the parts of row *at* in *width* cells: pin, indent and name, number, level."""
    row = rows.row(at)
    words = [safe_line(word) for word in rows.needle.lower().split()]
    tail = list(_tail(rows, row, width))
    room = width - sum(cell_len(text) for text, _ in tail)
    yield (PINNED, "accent" if row.pin == "own" else "muted") if row.pin else (" ", "")
    yield from _named(row, room - 1, width, words)
    yield from tail


def _named(row: Row, room: int, width: int, words: Sequence[str]) -> Iterator[Part]:
    """Yield the name of *row* in exactly *room* cells."""
    step = 2 if width >= WIDE_FROM else 1
    indent = min(row.depth * step, max(0, room - 2 - LEAST_NAME))
    sign = (OPEN if row.is_open else CLOSED) if row.is_folder else " "
    name = shortened(safe_line(row.label) + ("/" if row.is_folder else ""), max(1, room - indent - 2))
    yield " " * indent, ""
    yield f"{sign} ", "muted"
    yield from marked(name, words, "muted" if row.reason else "")
    yield " " * max(0, room - indent - 2 - cell_len(name)), ""


def _tail(rows: ScopeRows, row: Row, width: int) -> Iterator[Part]:
    """Yield what stands at the right of *row*."""
    word = WORD if width >= WORDS_FROM else 1
    columns = 1 + NUMBER + ((1 + word) if rows.has_levels else 0)
    if row.reason:
        yield " ", ""
        told = shortened(safe_line(row.reason), max(columns - 1, width // 3))
        yield f"{told:>{columns - 1}}" if told.isascii() else told, "muted"
        return
    yield f" {_number(rows, row):>{NUMBER}}", "" if rows.has_tokens else "muted"
    if rows.has_levels:
        yield " ", ""
        level = f"{SIGNS[row.level]} {row.level}" if word > 1 and row.level else SIGNS.get(row.level, "")
        yield padded(level, word), "good" if row.level in ("full", "uncommented", "part") else "muted"


def _number(rows: ScopeRows, row: Row) -> str:
    """Return tokens, or bytes until there are any."""
    if not rows.has_tokens:
        return short(row.size, " KMGT", 1024) if row.size else ""
    if row.tokens is None:
        return ""
    return ("≥" if row.is_partial else "") + short(row.tokens, " kMGT", 1000)


def head(rows: ScopeRows, width: int) -> Iterator[Part]:
    """Yield the line that says what the tree is of, and what its numbers are."""
    listing = rows.listing
    unit = "tokens" if rows.has_tokens else "bytes"
    columns = len(unit) + ((1 + (WORD if width >= WORDS_FROM else 1)) if rows.has_levels else 0)
    name = shortened(safe_line(listing.name), max(4, width - columns - 16))
    told = f" {counted(listing.files, 'file')}" if listing.paths else ""
    skipped = f", {len(listing.reasons):,} {'hidden' if rows.hides_skipped else 'skipped'}"
    room = max(0, width - 2 - cell_len(name) - columns - 1)
    if listing.reasons and len(told + skipped) <= room:
        told += skipped
    yield f" {name}", "head"
    yield padded(shortened(told, room), room + 2), "muted"
    yield unit, "muted"


def legend(width: int) -> Iterator[Part]:
    """Yield the signs with their words, in full where there is room."""
    full = "  ".join(f"{SIGNS[level]} {level}" for level in LEGEND)
    brief = " ".join(f"{SIGNS[level]}{level}" for level in LEGEND[:-1])
    yield f" {shortened(full if len(full) < width else brief, width - 1)}", "muted"


def about(rows: ScopeRows, at: int, width: int) -> Iterator[Part]:
    """Yield what there is to say of row *at*, if there is one."""
    if at >= len(rows.rows):
        return
    row = rows.row(at)
    what = row.reason or row.language or counted(row.files, "file")
    parts = [what, size(row.size) if row.size else "", _tokens_told(row)]
    yield clipped(f" {safe_line(' · '.join(part for part in parts if part))}", width), "muted"


def sought(rows: ScopeRows, width: int, *, types: bool) -> Iterator[Part]:
    """Yield what is looked for and how much of it was found; *types*: the person is typing."""
    found = f"{rows.found:,} of {len(rows.listing.paths):,} " if rows.needle else ""
    room = max(4, width - len(found) - 4)
    needle = safe_line(rows.needle)
    shown = needle if cell_len(needle) <= room else "…" + needle[-(room - 1) :]
    yield " /", "accent"
    yield padded(shown + ("▏" if types else ""), room + 1), ""
    yield found, "muted" if rows.found else "warning"


def _tokens_told(row: Row) -> str:
    if row.tokens is None:
        return ""
    return f"{'at least ' if row.is_partial else ''}{counted(row.tokens, 'token')}"


def short(number: int, units: str, step: int) -> str:
    """Return *number* in at most four letters: ``999``, ``1.2k``, ``12k``, ``1.2M``; *units* are steps of *step*."""
    value, at = float(number), 0
    while at + 1 < len(units) and round(value, 1 if value < 10 and at else 0) >= 1000:
        value /= step
        at += 1
    if at == 0:
        return str(number)
    return f"{value:.1f}{units[at]}" if round(value, 1) < 10 else f"{value:.0f}{units[at]}"
