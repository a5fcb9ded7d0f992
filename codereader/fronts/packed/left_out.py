"""What a pack does not show in full: by how much each file is reduced, and the budget that brings it back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from codereader.fronts.text import counted, safe_line
from codereader.pack.segment import LeftOut

if TYPE_CHECKING:
    from codereader.fronts.render import Output

NO_ROOM = "no room in the budget"
"""The reason that needs no words here: the columns say it."""

HEADS = ("removed", "in full from", "shown")


def total(rows: Iterable[LeftOut]) -> str:
    """Return how many files are not in full and by how many tokens, in words."""
    held = list(rows)
    files = counted(len({row.path for row in held}), "file")
    about = "" if all(row.exact for row in held) else "about "
    return f"{files}, {about}{sum(map(removed, held)):,} tokens less"


def is_unread(row: LeftOut) -> bool:
    """Return whether there is no text to show, whatever the budget."""
    return row.level is None and not row.tokens


def removed(row: LeftOut) -> int:
    """Return the tokens by which a file was reduced."""
    return row.removed or row.tokens


def lines(rows: Sequence[LeftOut], out: Output) -> Iterator[str]:
    """Yield one line a file, the most reduced first: tokens less, the budget that has it in full, how it is shown."""
    cells = [_cells(row) for row in sorted(rows, key=lambda row: (-removed(row), row.path, row.reason))]
    widths = [max(map(len, column)) for column in zip(HEADS, *(line[:3] for line in cells), strict=True)]
    yield out.bold(_line((*HEADS, "path"), widths))
    for line in cells:
        yield _line(line, widths)


def _cells(row: LeftOut) -> tuple[str, str, str, str]:
    about = "" if row.exact else "~"
    budget = f"{about}{row.budget:,}" if row.budget else "-"
    why = "" if row.reason in (NO_ROOM, f"shortened to its {row.level}") else f": {safe_line(row.reason)}"
    return f"{about}{removed(row):,}", budget, row.level or "-", f"{safe_line(row.path)}{why}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    less, budget, level = cells[:3]
    return f"{less:>{widths[0]}}  {budget:>{widths[1]}}  {level:<{widths[2]}}  {cells[3]}"
