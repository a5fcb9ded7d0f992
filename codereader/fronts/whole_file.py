"""Write a file whole or not at all.

A regular file is written beside its place and moved there at the end, so that it is never seen half; its permissions
are kept. What is no regular file (a device, a pipe) is written to directly. A symbolic link is followed. Whether the
place can be written is seen at once, but nothing lies there before the first bytes do: its folder may be the one that
is read.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from codereader.errors import OutputError


class WholeFile:
    """A file under way. Leaving the `with` block without an error puts it in place; with one, leaves nothing."""

    def __init__(self, path: Path) -> None:
        self._named = path
        self._draft: Path | None = None
        try:
            self._path = path.resolve()
            if self._path.is_dir():
                raise IsADirectoryError(0, "it is a folder")
            self._stream: IO[bytes] | None = self._open()
            self._drop_draft()
        except OSError as error:
            raise self._failure(error) from error

    def _drop_draft(self) -> None:
        """Delete the draft that showed that there can be one; it is made again when there is something to write."""
        if self._draft and self._stream:
            self._stream.close()
            self._draft.unlink()
            self._stream = self._draft = None

    def _ready(self) -> IO[bytes]:
        if self._stream is None:
            self._stream = self._open()
        return self._stream

    def _open(self) -> IO[bytes]:
        if self._path.exists() and not self._path.is_file():
            return self._path.open("wb")
        import tempfile

        handle, name = tempfile.mkstemp(prefix=".codereader-", suffix=".tmp", dir=self._path.parent)
        self._draft = Path(name)
        return os.fdopen(handle, "wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        try:
            if kind is None:
                self._ready()
            if self._stream:
                self._stream.close()
            if self._draft and kind is None:
                self._draft.chmod(self._mode())
                self._draft.replace(self._path)
                self._draft = None
        except OSError as error:
            if kind is None:
                raise self._failure(error) from error
        finally:
            if self._draft:
                self._draft.unlink(missing_ok=True)

    def write(self, data: bytes) -> None:
        """Add *data*. Raises: OutputError."""
        try:
            self._ready().write(data)
        except OSError as error:
            raise self._failure(error) from error

    def _mode(self) -> int:
        """Return the permissions of the file that is replaced, or those that a new one gets."""
        if self._path.exists():
            return self._path.stat().st_mode & 0o7777
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask

    def _failure(self, error: OSError) -> OutputError:
        return OutputError(f"cannot write the answer to {self._named}: {error.strerror or error}")
