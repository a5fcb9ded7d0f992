"""Folders that codereader makes for itself."""

from __future__ import annotations

import stat
import sys

import pytest

from codereader.config import cache_dir, make_private, state_budget, state_dir
from codereader.errors import ConfigError


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


@pytest.mark.parametrize(
    ("written", "bytes_"),
    [
        ("", None),
        (" ", None),
        ("0", 0),
        ("4096", 4096),
        ("20GB", 20_000_000_000),
        ("20 gb", 20_000_000_000),
        ("5GiB", 5 << 30),
        ("500MiB", 500 << 20),
        ("3k", 3000),
        ("1T", 1_000_000_000_000),
    ],
)
def test_a_budget_for_state_is_written_as_people_write_sizes(monkeypatch, written, bytes_):
    """Powers of 1,000, or of 1,024 with an i; nothing is no budget of one's own."""
    monkeypatch.setenv("CODEREADER_STATE_BUDGET", written)

    assert bytes_ == state_budget()


@pytest.mark.parametrize("written", ["lots", "-1", "1.5GB", "5iB", "GB", "1EB", "9" * 30, "١GB"])
def test_a_budget_for_state_that_is_no_number_of_bytes(monkeypatch, written):
    """It is an error that names the variable, not a guess."""
    monkeypatch.setenv("CODEREADER_STATE_BUDGET", written)

    with pytest.raises(ConfigError, match="CODEREADER_STATE_BUDGET"):
        state_budget()


def test_saved_state_lies_in_the_cache(monkeypatch, tmp_path):
    """Moving the cache moves it too."""
    monkeypatch.setenv("CODEREADER_CACHE_DIR", str(tmp_path))

    assert tmp_path / "state" == state_dir()


@pytest.mark.parametrize("named", [None, "~nobody-of-that-name/cache"])
def test_without_a_home_the_cache_is_not_put_into_the_current_folder(monkeypatch, named):
    """Who has no home is told to name a folder."""
    import platformdirs

    monkeypatch.delenv("CODEREADER_CACHE_DIR")
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda *_, **__: "~/.cache/codereader")
    if named:
        monkeypatch.setenv("CODEREADER_CACHE_DIR", named)

    with pytest.raises(ConfigError, match="no home folder"):
        cache_dir()
