"""Show text without the credentials in it, and remember what was replaced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from codereader.pack.secrets.find import Secret, find_secrets


@dataclass(frozen=True, slots=True, order=True)
class Find:
    """A credential that a file holds: where (1-based line, 0 where no file says) and of what kind, never what."""

    path: str
    line: int
    kind: str


class Redactor:
    """Replaces credentials in what is shown of files. Call it with a path and any text made of that file.

    *read* returns the whole text of a path, or None where it cannot be read; the finds of a file are worked out once,
    from that. Credentials that stand in the text alone (a removed line of a diff) are replaced too.
    """

    def __init__(self, read: Callable[[str], str | None] = lambda _: None) -> None:
        self._read = read
        self._secrets: dict[str, tuple[Secret, ...]] = {}
        self._finds: set[Find] = set()

    @property
    def finds(self) -> tuple[Find, ...]:
        """What was found in the files shown so far, sorted."""
        return tuple(sorted(self._finds))

    def __call__(self, path: str, text: str) -> str:
        """Return *text*, which was made of the file *path*, with a marker in place of each credential of that file."""
        if path not in self._secrets:
            whole = self._read(path)
            self._secrets[path] = find_secrets(text if whole is None else whole)
        for secret in self._secrets[path]:
            self._finds.add(Find(path, secret.line, secret.kind))
            text = text.replace(secret.text, marker(secret.kind))
        return text


def marker(kind: str) -> str:
    """Return what stands in place of a credential of *kind*."""
    return f"[secret removed: {kind}]"
