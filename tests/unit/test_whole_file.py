"""-o writes a file whole or not at all, and nothing but the file it names."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from codereader.errors import OutputError
from codereader.fronts.whole_file import WholeFile

posix = pytest.mark.skipif(sys.platform == "win32", reason="pipes, links and modes differ")


def write(path: Path, data: bytes = b"new") -> None:
    with WholeFile(path) as file:
        file.write(data)


@posix
def test_an_existing_file_is_replaced_and_keeps_its_permissions(tmp_path: Path) -> None:
    """The old text stands until the new one is whole."""
    path = tmp_path / "a"
    path.write_bytes(b"old")
    path.chmod(0o640)

    with WholeFile(path) as file:
        file.write(b"new")
        assert b"old" == path.read_bytes()

    assert (b"new", 0o640) == (path.read_bytes(), stat.S_IMODE(path.stat().st_mode))
    assert [path] == list(tmp_path.iterdir())


def test_a_failure_leaves_the_old_file_and_no_draft(tmp_path: Path) -> None:
    """Whatever the failure."""
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def interrupted() -> None:
        with WholeFile(path) as file:
            file.write(b"new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert (b"old", [path]) == (path.read_bytes(), list(tmp_path.iterdir()))


def test_nothing_lies_beside_the_file_before_there_is_something_to_write(tmp_path: Path) -> None:
    """The folder may be read in the meantime; what is never written to is empty in the end."""
    path = tmp_path / "a"

    with WholeFile(path):
        assert [] == list(tmp_path.iterdir())

    assert ([path], b"") == (list(tmp_path.iterdir()), path.read_bytes())


@posix
def test_a_link_is_followed(tmp_path: Path) -> None:
    """The link stays and its target gets the text."""
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)

    write(link)

    assert (True, b"new") == (link.is_symlink(), target.read_bytes())


@posix
def test_a_device_is_written_to_and_stays_a_device() -> None:
    """`-o /dev/null` does not replace /dev/null."""
    write(Path("/dev/null"))

    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@posix
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_one_sentence() -> None:
    """What was written where, and why it failed."""
    with pytest.raises(OutputError, match=r"/dev/full: No space left"):
        write(Path("/dev/full"))


@posix
def test_a_pipe_stays_a_pipe(tmp_path: Path) -> None:
    """Its reader gets the bytes."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write(pipe)
        assert b"new" == os.read(reader, 10)
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("place", [".", "missing/a"])
def test_a_place_that_cannot_be_written_is_refused_at_once(tmp_path: Path, place: str) -> None:
    """Before any work is done."""
    with pytest.raises(OutputError, match="cannot write the answer to"):
        WholeFile(tmp_path / place)
