"""Questions that were asked, the newest last, kept in the cache from one run to the next."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from codereader.config import write_whole

NAME = "questions.json"
MOST = 200
"""Questions that are kept."""

LONGEST = 4_000
"""Characters of a question that is kept; longer ones are not."""

LARGEST = 4 << 20
"""Bytes of a file that is read; a larger one is not ours."""


class History:
    """Questions that can be gone through, in the file `questions.json` of a folder; None keeps them in memory only."""

    def __init__(self, folder: Path | None) -> None:
        self._path = folder / NAME if folder else None
        self._questions = _read(self._path) if self._path else []
        self._at = len(self._questions)
        self._draft = ""

    def add(self, question: str) -> None:
        """Take in a question that was asked; the same one twice in a row is kept once."""
        if not self._questions or self._questions[-1] != question:
            if len(question) <= LONGEST:
                self._questions = [*self._questions, question][-MOST:]
            self._write()
        self._at = len(self._questions)
        self._draft = ""

    def older(self, shown: str) -> str | None:
        """Return the question before the one that is *shown*, None where there is none."""
        if self._at == 0:
            return None
        if self._at == len(self._questions):
            self._draft = shown
        self._at -= 1
        return self._questions[self._at]

    def newer(self) -> str | None:
        """Return the question after the last one returned, what had been typed at the end, None behind that."""
        if self._at >= len(self._questions):
            return None
        self._at += 1
        return self._draft if self._at == len(self._questions) else self._questions[self._at]

    def _write(self) -> None:
        if self._path is not None:
            with suppress(OSError):
                write_whole(self._path, json.dumps(self._questions, ensure_ascii=True).encode())


def _read(path: Path) -> list[str]:
    """Return what a file keeps, nothing where it cannot be read or is none of ours."""
    try:
        with path.open("rb") as file:
            kept = json.loads(file.read(LARGEST))
    except (OSError, ValueError, RecursionError):
        return []
    rows: Sequence[object] = kept if isinstance(kept, list) else []
    return [row for row in rows if isinstance(row, str) and 0 < len(row) <= LONGEST][-MOST:]
