"""The source text behind facts: whole files, single definitions, single statements, as they were when indexed.

Text is asked for where the index holds no more than a name: the arguments of a call, the strings of a table. Files that
have gone or changed since give empty text, and so does everything asked of them.
"""

from __future__ import annotations

import re

from codereader.errors import NothingReadable
from codereader.index.parsed import Definition
from codereader.index.view import At, IndexView

STATEMENT_ROWS = 8
"""Rows below its first one in which the end of a statement is looked for."""

_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)


class Texts:
    """The texts of one scope's files, each read once."""

    def __init__(self, view: IndexView) -> None:
        self._view = view
        self._kept: dict[str, bytes] = {}

    def whole(self, path: str) -> bytes:
        """Return the bytes of the file *path*, none where it cannot be read."""
        if path not in self._kept:
            try:
                self._kept[path] = self._view.text(path)
            except NothingReadable:
                self._kept[path] = b""
        return self._kept[path]

    def of(self, at: At[Definition]) -> str:
        """Return the text of one definition."""
        return self.whole(at.path)[at.fact.span.start : at.fact.span.end].decode("utf-8", "replace")

    def call(self, path: str, line: int, function: str) -> tuple[str, ...]:
        """Return the arguments of the call of *function* that begins on the 1-based *line*, each on one line."""
        rows = self.whole(path).split(b"\n")[line - 1 : line + STATEMENT_ROWS]
        text = _COMMENT.sub(" ", b"\n".join(rows).decode("utf-8", "replace"))
        found = re.search(rf"\b{re.escape(function)}\s*\(", text)
        return arguments(text[found.end() :]) if found else ()


def arguments(text: str) -> tuple[str, ...]:
    """Return the arguments that *text*, what follows an opening parenthesis, holds up to the closing one."""
    found, depth, quoted, begun = [], 0, "", 0
    for place, sign in enumerate(text):
        if quoted:
            quoted = "" if sign == quoted and text[place - 1] != "\\" else quoted
        elif sign in "\"'":
            quoted = sign
        elif sign in "([{":
            depth += 1
        elif sign in ")]}" and depth:
            depth -= 1
        elif sign in ",)" and not depth:
            found.append(" ".join(text[begun:place].split()))
            begun = place + 1
            if sign == ")":
                return tuple(one for one in found if one)
    return ()
