"""Nothing that a terminal might obey is sent to it."""

from __future__ import annotations

import pytest

from codereader.fronts.text import duration, safe, safe_line, size


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain \tcode\n", "plain \tcode\n"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("bell\x07", "bell\\x07"),
        ("c1\x9b31m", "c1\\x9b31m"),
        ("\u202eright to left", "\\u202eright to left"),
        ("caf\udce9", "caf\\xe9"),
        ("\ud800", "\\ud800"),
        ("dos\r\nline", "dos\nline"),
        ("over\rwrite", "over\\x0dwrite"),
        ("naïve 日本", "naïve 日本"),
    ],
)
def test_control_characters_are_shown(text: str, expected: str) -> None:
    """Escapes, direction marks and undecodable bytes become visible; ordinary text is untouched."""
    assert expected == safe(text)


def test_a_name_stays_on_one_line() -> None:
    """A file name with a newline cannot add a line to the output."""
    assert "a\\nb\\tc" == safe_line("a\nb\tc")


@pytest.mark.parametrize(
    ("count", "expected"), [(0, "0 B"), (1023, "1023 B"), (1 << 20, "1.0 MiB"), (5 << 40, "5120.0 GiB")]
)
def test_sizes_are_readable(count: int, expected: str) -> None:
    """Bytes come in the unit a person would use."""
    assert expected == size(count)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.0123, "12 ms"),
        (3.456, "3.46 s"),
        (119.9, "119.90 s"),
        (665, "11 min 5 s"),
        (34560, "9 h 36 min"),
        (398000, "4 d 14 h"),
        (1e8, "1,157 days"),
    ],
)
def test_durations_are_readable(seconds: float, expected: str) -> None:
    """Seconds come in the unit a person would use."""
    assert expected == duration(seconds)
