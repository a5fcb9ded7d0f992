"""The text and the facts of one file that is to be shown, asked of the index or read beside it.

Everything here runs on a desk's thread. Paths are relative to the scope; one that begins with ``../`` is a header that
the scope does not hold and the root does.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from codereader.errors import NothingReadable

if TYPE_CHECKING:
    from codereader.index.parsed import Definition, ParsedFile
    from codereader.index.view import IndexView
    from codereader.reader import Reader
    from codereader.source.scope import Scope

_ELSEWHERE = "Choose a file of the tree, or start codereader on a folder that holds it."
_SOON = "It is shown again as soon as the change is noticed."
_SKIPPED = "The tree says why each file was left out; --include and --max-file-size bring some back."


@dataclass(frozen=True, slots=True)
class Contents:
    """One file's bytes and what the parser saw in it, references left out."""

    path: str
    data: bytes
    parsed: ParsedFile


def read_contents(reader: Reader, path: str) -> Contents:
    """Return the file *path* as it is indexed. Raises: NothingReadable where there is no text to show, StoreError."""
    view = reader.view
    if view.file(path) is not None:
        return Contents(path, _text(view, path), view.parsed(path, with_references=False))
    if path.startswith("../"):
        return _beside(view.scope, path)
    reason = next((one.reason for one in reader.skipped if path == one.path.rstrip("/")), None)
    if reason is not None:
        raise NothingReadable(f"{path} was not read: {reason}", _SKIPPED)
    raise NothingReadable(f"{view.scope.name} holds no {path}", _ELSEWHERE)


def read_definitions(reader: Reader, path: str) -> tuple[Definition, ...]:
    """Return the definitions of the file *path*, in order of lines. Raises: NothingReadable, StoreError."""
    view = reader.view
    if view.file(path) is not None:
        return tuple(at.fact for at in view.definitions(path=path))
    return tuple(sorted(read_contents(reader, path).parsed.definitions, key=lambda one: (one.row, one.name)))


def _text(view: IndexView, path: str) -> bytes:
    try:
        return view.text(path)
    except NothingReadable as error:
        raise NothingReadable(str(error), _SOON) from None


def _beside(scope: Scope, path: str) -> Contents:
    """Return a file of the root that lies outside of the scope. Raises: NothingReadable."""
    from codereader.index.digest import UnreadableError, read
    from codereader.index.parse import parse
    from codereader.source.languages import language_of
    from codereader.source.scope import from_root

    place = os.path.realpath(os.path.join(scope.root, from_root(scope, path)))  # noqa: PTH118  # keeps every byte
    try:
        if os.path.commonpath((place, scope.root)) != os.fspath(scope.root):
            raise NothingReadable(f"{path} lies outside of {scope.root.name}", _ELSEWHERE)
        if os.path.getsize(place) > scope.max_bytes:  # noqa: PTH202
            raise NothingReadable(f"{path} was not read: it is too large", _SKIPPED)
        data = read(place).data
    except (OSError, ValueError, UnreadableError) as error:
        why = getattr(error, "strerror", None) or error
        raise NothingReadable(f"cannot read {path}: {why}", _ELSEWHERE) from None
    if b"\0" in data:
        raise NothingReadable(f"{path} was not read: binary", _ELSEWHERE)
    return Contents(path, data, parse(data, language_of(path, data[:4096])))
