"""A reader that stays open sees the tree as it is when it is opened again."""

from __future__ import annotations

from pathlib import Path

import pytest

from codereader.reader import Reader


def test_opening_again_sees_what_changed(tmp_path: Path) -> None:
    """New files are read, and their importance is worked out anew."""
    (tmp_path / "a.c").write_text("int main(void) { return 0; }\n")
    with Reader(tmp_path) as reader:
        reader.open()
        before = list(reader.worth)
        (tmp_path / "b.c").write_text("int helper(void) { return 0; }\n")

        report = reader.open()

        assert (["a.c"], ["a.c", "b.c"]) == (before, sorted(reader.worth))
        assert (1, 1) == (report.parsed, report.unchanged)


def test_a_reader_that_is_not_open_says_so(tmp_path: Path) -> None:
    """Asking before opening is a programmer's mistake."""
    with pytest.raises(RuntimeError, match="open the reader first"):
        _ = Reader(tmp_path).view
