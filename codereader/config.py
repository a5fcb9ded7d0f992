"""Where things lie and what the environment asks for.

`CODEREADER_CACHE_DIR` moves the cache; `CODEREADER_MODEL` names the default model; `CODEREADER_STATE_BUDGET` bounds
what saved state may take on disk; `CODEREADER_ECHO` is what the testing model `echo` says. Nothing is ever written
under a user's tree.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from codereader.errors import ConfigError

_BYTES = re.compile(r"(?P<number>[0-9]{1,15}) ?((?P<letter>[kMGT])(?P<binary>i?))?B?", re.IGNORECASE | re.ASCII)

COUNTS_NAME = "counts.sqlite"
"""The file in the cache that keeps small numbers: tokens of texts, and which contents hold no credential."""


def cache_dir() -> Path:
    """Return the absolute cache directory. It is not created here. Raises: ConfigError where no home is known."""
    named = os.environ.get("CODEREADER_CACHE_DIR")
    try:
        if named:
            return Path(named).expanduser().absolute()
        import platformdirs

        folder = Path(platformdirs.user_cache_dir("codereader", appauthor=False))
    except RuntimeError:  # of pathlib, for a ~ that leads nowhere
        folder = Path(named or "")
    if not folder.is_absolute():  # else the cache would lie in the current folder
        raise ConfigError("cannot tell where the cache is: no home folder is known", "Set CODEREADER_CACHE_DIR.")
    return folder


def state_dir() -> Path:
    """Return the folder of saved state. It is not created here."""
    return cache_dir() / "state"


def state_budget() -> int | None:
    """Return how many bytes saved state may take on disk, as the environment says, None where it says nothing.

    Raises: ConfigError for what is no number of bytes.
    """
    written = os.environ.get("CODEREADER_STATE_BUDGET", "").strip()
    if not written:
        return None
    match = _BYTES.fullmatch(written)
    if match is None:
        raise ConfigError(
            f"CODEREADER_STATE_BUDGET is {written!r}, which is no number of bytes", "Write it as 20GB, 500MiB or 0."
        )
    step = 1024 if match["binary"] else 1000
    return int(match["number"]) * int(step ** " kmgt".index((match["letter"] or " ").lower()))


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
