"""Which contents are known to hold no credential, so that they need not be looked through again.

Kept in the cache under a digest of the content and of all that decides what a credential is. Most files of most trees
are such; the others are looked through each time.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path

import codereader
from codereader.model.kept_numbers import KeptNumbers

_LIBRARY = ("detect_secrets", "bc_detect_secrets-")
"""The library that decides on some formats, and how the folder begins that names its version beside it."""


MANY = 64
"""Who asks for so many files one by one is taken to ask for all."""


class Clean:
    """The files of a scope that hold no credential. For one thread at a time; `close` keeps what was added.

    *blob* returns the git blob id (hex) of what the index holds of a path, None where it holds nothing; *blobs* those
    of all files.
    """

    def __init__(
        self, blob: Callable[[str], str | None], folder: Path, blobs: Callable[[], Iterable[str]] = tuple
    ) -> None:
        """Keep them in the cache *folder*."""
        self._blob = blob
        self._blobs = blobs
        self._asked = 0
        self._numbers = KeptNumbers(deciding(), folder)

    def __contains__(self, path: str) -> bool:
        """Tell whether *path* holds no credential, as far as is known."""
        self._asked += 1
        if self._asked == MANY:
            self._numbers.known([self._numbers.key(bytes.fromhex(blob)) for blob in self._blobs()])
        key = self._key(path)
        return key is not None and self._numbers.known([key]).get(key) == 0

    def add(self, path: str) -> None:
        """Take note that the content of *path* that the index holds has no credential."""
        if (key := self._key(path)) is not None:
            self._numbers.learn({key: 0})

    def close(self) -> None:
        """Keep what was added. Never fails."""
        self._numbers.close()

    def _key(self, path: str) -> bytes | None:
        blob = self._blob(path)
        return self._numbers.key(bytes.fromhex(blob)) if blob else None


@cache
def deciding() -> bytes:
    """Return a digest of what decides whether a text is a credential: the modules of this room, and the library."""
    told = sha256(f"credentials {codereader.__version__}".encode())
    for place in sorted(Path(__file__).parent.glob("*.py")):
        told.update(place.read_bytes())
    spec = importlib.util.find_spec(_LIBRARY[0])
    if spec is not None and spec.origin:
        beside = Path(spec.origin).parent.parent.glob(f"{_LIBRARY[1]}*")
        told.update(" ".join(sorted(one.name for one in beside)).encode("utf-8", "surrogateescape"))
    return told.digest()
