"""Folders that codereader makes for itself."""

from __future__ import annotations

import stat
import sys

import pytest

from codereader.config import make_private


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no permission bits for groups and others")
def test_every_folder_that_is_made_is_the_owners_alone(tmp_path):
    """What was there keeps its permissions; all that is made below is closed to others, parents too."""
    tmp_path.chmod(0o755)

    make_private(tmp_path / "cache" / "state")
    make_private(tmp_path / "cache" / "state")

    places = [tmp_path, tmp_path / "cache", tmp_path / "cache" / "state"]
    assert [0o755, 0o700, 0o700] == [stat.S_IMODE(place.stat().st_mode) for place in places]


def test_a_file_in_the_way_is_an_error(tmp_path):
    """Where a folder cannot be made, nothing pretends that it was."""
    (tmp_path / "file").write_text("")

    with pytest.raises(OSError, match="file"):
        make_private(tmp_path / "file" / "state")
