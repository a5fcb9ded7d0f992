"""The model that a plan is made for: a file, one that was found, or one known by name without a file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from codereader import config
from codereader.errors import ModelNotFound, UsageError
from codereader.model.gguf import ModelHeader

HINT = "Pass --model FILE.gguf, a name from `codereader models list`, or a model that is known by name."
KNOWN = "`codereader models list --known` lists what is known without a file, such as llama-4-scout or gpt-oss-20b."


@dataclass(frozen=True, slots=True)
class Model:
    """The model to plan for. `file` is its path on this machine, empty where only its geometry is known."""

    header: ModelHeader
    file: str


def find_model(named: str | None) -> Model:
    """Return the model that *named* means: a file, one that was found, or one known by name. Raises: ModelError."""
    from codereader.model.catalogue import resolve_model
    from codereader.model.gguf import read_header
    from codereader.model.known import known_header

    if named is not None and not named.strip():
        raise UsageError("--model is empty", HINT)
    if named == "echo":
        raise UsageError("the echo model has no weights to place", HINT)
    if named is not None and Path(named).is_dir():
        raise ModelNotFound(f"{named} is a folder", "Name the GGUF file in it; of a split model its first part.")
    try:
        found = resolve_model(named, config.cache_dir())
    except ModelNotFound as error:
        header = None if _is_path(named or "") else known_header(named or "")
        if header is not None:
            return Model(header, "")
        raise ModelNotFound(str(error), f"{error.hint} {KNOWN}") from None
    if found is None:
        message = "no model was named, and none was found on this machine"
        raise ModelNotFound(message, f"{HINT} {KNOWN}")
    return Model(read_header(found.path), str(found.path))


def check_tree(path: Path) -> None:
    """Check that a model is not named where a tree belongs. Raises: UsageError."""
    from codereader.model.known import known_header

    is_file = path.suffix.lower() == ".gguf"
    if is_file or (not path.exists() and known_header(str(path)) is not None):
        raise UsageError(f"{path} is a model, and PATH is a source tree", f"Write codereader plan --model {path}")


def _is_path(named: str) -> bool:
    """Whether *named* can only be meant as a file: an owner before a name is written with a slash too."""
    return named.lower().endswith(".gguf") and any(mark in named for mark in {os.sep, "/"})
