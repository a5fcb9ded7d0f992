"""Where things lie and what the environment asks for.

`CODEREADER_CACHE_DIR` moves the cache; `CODEREADER_MODEL` names the default model; `CODEREADER_ECHO` is what the
testing model `echo` says. Nothing is ever written under a user's tree.
"""

from __future__ import annotations

import os
from pathlib import Path

COUNTS_NAME = "counts.sqlite"
"""The file in the cache that keeps small numbers: tokens of texts, and which contents hold no credential."""


def cache_dir() -> Path:
    """Return the absolute cache directory. It is not created here."""
    named = os.environ.get("CODEREADER_CACHE_DIR")
    if named:
        return Path(named).expanduser().absolute()
    import platformdirs

    return Path(platformdirs.user_cache_dir("codereader", appauthor=False))


def make_private(folder: Path) -> None:
    """Make *folder* and what is missing above it, each for its owner alone. What is there keeps its permissions.

    Raises: OSError.
    """
    missing = [place for place in (folder, *folder.parents) if not place.is_dir()]
    for place in reversed(missing):
        place.mkdir(mode=0o700, exist_ok=True)


def write_whole(path: Path, data: bytes) -> None:
    """Write a small file of ours, for its owner alone: a reader sees all of *data* or what was there before.

    Its folder is made as `make_private` says. Nothing is left behind where that fails. Raises: OSError.
    """
    import tempfile

    make_private(path.parent)
    handle, draft = tempfile.mkstemp(suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(draft).replace(path)
    except BaseException:  # Ctrl-C too
        Path(draft).unlink(missing_ok=True)
        raise


def default_model() -> str | None:
    """Return the model named by the environment, or None."""
    return os.environ.get("CODEREADER_MODEL") or None


def echo_answer() -> str | None:
    """Return what the echo engine is told to say, None for its own sentence."""
    return os.environ.get("CODEREADER_ECHO") or None
