"""What the person chose on the screen and expects to find again. Kept in the cache; losing it does no harm."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from codereader.config import make_private, write_whole

NAME = "tui.json"
LONGEST = 10_000
"""A larger file is not ours."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`theme` is the name of a Textual theme, "" for the terminal's own palette."""

    theme: str = ""


def load(cache: Path) -> Settings:
    """Return what was kept in *cache*, the defaults where that cannot be read."""
    try:
        with (cache / NAME).open("rb") as file:
            kept = json.loads(file.read(LONGEST))
        theme = kept["theme"]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return Settings()
    return Settings(theme if isinstance(theme, str) else "")


def keep(cache: Path, settings: Settings) -> None:
    """Keep *settings* in *cache*, where that can be written."""
    with suppress(OSError):
        make_private(cache)
        write_whole(cache / NAME, json.dumps(asdict(settings)).encode())


def own_palette() -> str:
    """Return the theme that uses the terminal's own palette: a light one where the terminal says that it is light."""
    ground = os.environ.get("COLORFGBG", "").rpartition(";")[2]
    return "ansi-light" if ground in ("7", "15") else "ansi-dark"
