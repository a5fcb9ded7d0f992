"""Importance: what others use and what control enters comes first; tests and documents come last."""

from __future__ import annotations

import shutil
from pathlib import Path

from codereader.cancel import CancelToken
from codereader.facts.rank import is_minor, rank_files
from codereader.index.build import build
from codereader.index.view import open_index
from codereader.source.walk import open_scope, walk

RAMDISK = Path(__file__).parent.parent / "data" / "ramdisk"


def ranked(folder: Path, cache: Path) -> dict[str, float]:
    walked = walk(open_scope(folder), CancelToken(), None)
    build(walked, cache, CancelToken())
    with open_index(walked, cache) as view:
        return rank_files(view)


def test_the_file_with_entries_and_tables_leads(tmp_path):
    """A driver's core comes before its helpers, and every file has a score."""
    shutil.copytree(RAMDISK, tmp_path / "ramdisk")
    scores = ranked(tmp_path / "ramdisk", tmp_path / "cache")

    assert list(scores)[:2] == ["core.c", "ramdisk.h"]
    assert len(scores) == 10
    assert list(scores.values()) == sorted(scores.values(), reverse=True)


def test_a_test_that_uses_much_does_not_lead(tmp_path):
    """Tests, documents and examples keep a quarter of their score; equal scores are by path."""
    (tmp_path / "p" / "tests").mkdir(parents=True)
    same = "def helper():\n    return 1\n\n\ndef main():\n    return helper()\n"
    for name in ("b.py", "a.py", "tests/test_a.py"):
        (tmp_path / "p" / name).write_text(same)

    assert list(ranked(tmp_path / "p", tmp_path / "cache")) == ["a.py", "b.py", "tests/test_a.py"]


def test_being_used_from_other_files_counts(tmp_path):
    """The module that others call comes before those that call it."""
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "z.py").write_text("def shared():\n    return 1\n")
    for name in "abc":
        (tmp_path / "p" / f"{name}.py").write_text(f"from z import shared\n\n\ndef {name}():\n    return shared()\n")

    assert next(iter(ranked(tmp_path / "p", tmp_path / "cache"))) == "z.py"


def test_one_user_of_a_macro_ten_thousand_times_is_one_user(tmp_path):
    """A header whose macro fills one long table comes after the one that several files use once."""
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "a_pins.h").write_text("#define PIN(n) (n)\n")
    (tmp_path / "p" / "core.h").write_text("struct core { int a; };\n")
    (tmp_path / "p" / "table.c").write_text("int sum(void)\n{\n" + "\thand(PIN(1));\n" * 1000 + "}\n")
    for name in ("x", "y"):
        (tmp_path / "p" / f"{name}.c").write_text(f"int {name}(struct core *c) {{ return 0; }}\n")

    order = list(ranked(tmp_path / "p", tmp_path / "cache"))

    assert order.index("core.h") < order.index("a_pins.h")


def test_minor_files_are_known_by_their_place():
    """Names of folders and files tell tests and documents apart from code."""
    minor = ["tests/a.c", "Documentation/x.rst", "a/test_b.py", "examples/e.py", "x/conftest.py"]

    assert [path for path in [*minor, "latest/a.c", "protest.c", "net/core.c"] if is_minor(path)] == minor
