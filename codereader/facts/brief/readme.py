"""What a README says first: its first paragraph of prose, past titles, badges and rules."""

from __future__ import annotations

import re

from codereader.errors import NothingReadable
from codereader.index.view import IndexView

HEAD_LINES = 60
"""Lines of a README in which its first paragraph is looked for."""

_NO_PROSE = re.compile(r"\s*($|[#=~<|`>-]|[*_](?![*_]?[\w{])|\.\. |!?\[|:[\w-]+:|https?://)")
_UNDERLINE = re.compile(r"\s*([=~^*#\"-])\1{2,}\s*$")


def readme_words(view: IndexView, path: str) -> tuple[int, str] | None:
    """Return the 1-based line and the text of the first paragraph of the file *path*, None where it has none."""
    try:
        text = view.text(path)[: HEAD_LINES * 400].decode("utf-8", "replace")
    except NothingReadable:
        return None
    lines = text.splitlines()[:HEAD_LINES]
    for row, line in enumerate(lines):
        is_title = row + 1 < len(lines) and _UNDERLINE.match(lines[row + 1])
        if _NO_PROSE.match(line) or is_title:
            continue
        end = next((later for later in range(row, len(lines)) if not lines[later].strip()), len(lines))
        return row + 1, " ".join(" ".join(lines[row:end]).split())
    return None
