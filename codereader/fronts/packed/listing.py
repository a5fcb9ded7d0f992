"""What a pack consists of, without its text: one row a segment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from codereader.fronts.packed.page import Page
from codereader.fronts.text import safe_line

if TYPE_CHECKING:
    from codereader.fronts.render import Output


def lines(page: Page, out: Output) -> Iterator[str]:
    """Yield the tokens, level and path of each segment; of a file in parts also the lines."""
    parts = Counter((segment.path, segment.part) for segment in page.segments)
    width = max([len("tokens"), *(len(f"{segment.tokens:,}") for segment in page.segments)])
    for part, title in (("base", "path"), ("focus", "path (for the question)")):
        rows = [segment for segment in page.segments if segment.part == part]
        if rows:
            yield out.bold(f"{'tokens':>{width}}  {'level':<11}  {title}")
        for row in rows:
            is_whole = parts[row.path, row.part] == 1 and row.start_line == 1
            where = "" if is_whole else f":{row.start_line}-{row.end_line}"
            yield f"{row.tokens:>{width},}  {row.level:<11}  {safe_line(row.path)}{where}"
