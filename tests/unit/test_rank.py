"""Importance: what others use and what control enters comes first; tests and documents come last."""

from __future__ import annotations

import shutil
import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

import pytest

from codereader.cancel import CancelToken
from codereader.facts import rank
from codereader.facts.rank import is_minor, rank_files
from codereader.index import store
from codereader.index.build import build
from codereader.index.database import FILE_NAME
from codereader.index.status import clear
from codereader.index.store import open_to_read
from codereader.index.view import IndexView, open_index
from codereader.source.walk import open_scope, walk

RAMDISK = Path(__file__).parent.parent / "data" / "ramdisk"


def ranked(folder: Path, cache: Path) -> dict[str, float]:
    """Rank as a command of its own would: the index is brought up to date and opened."""
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


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of a small driver."""
    return shutil.copytree(RAMDISK, tmp_path / "ramdisk")


def count_work(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that gets an entry whenever scores are worked out from the facts."""
    done: list[str] = []
    counted = IndexView.referring_files
    monkeypatch.setattr(IndexView, "referring_files", lambda view: done.append("worked") or counted(view))
    return done


def test_importance_is_worked_out_once(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second command on the same tree finds the scores, in the same order."""
    done = count_work(monkeypatch)
    first = ranked(tree, tmp_path / "cache")
    again = ranked(tree, tmp_path / "cache")

    assert list(first.items()) == list(again.items())
    assert ["worked"] == done


@pytest.mark.parametrize("change", ["edited", "new", "gone", "renamed"])
def test_whatever_changes_importance_is_seen(tree: Path, tmp_path: Path, change: str) -> None:
    """Scores that were kept are those of a tree with exactly these files; others are worked out anew."""
    ranked(tree, tmp_path / "cache")
    if change == "edited":
        (tree / "stats.c").write_text("int nothing;\n")
    elif change == "new":
        (tree / "more.c").write_text("int f(void) { return ramdisk_open(0); }\n")
    elif change == "gone":
        (tree / "core.c").unlink()
    else:
        (tree / "core.c").rename(tree / "test_core.c")

    assert ranked(tree, tmp_path / "other") == ranked(tree, tmp_path / "cache")


def test_a_narrower_scope_has_scores_of_its_own(tree: Path, tmp_path: Path) -> None:
    """Importance is relative to the scope that was asked for."""
    (tree / "sub").mkdir()
    (tree / "sub" / "core.c").write_bytes((tree / "core.c").read_bytes())
    whole = ranked(tree, tmp_path / "cache")

    assert list(whole) != list(ranked(tree / "sub", tmp_path / "cache")) == ["core.c"]


@pytest.mark.parametrize("made", [b"", b"garbage", *map(zlib.compress, (b"[1.0]", b'["x"]', b"1"))])
def test_damaged_scores_are_worked_out_again(tree: Path, tmp_path: Path, made: bytes) -> None:
    """What was kept wrong costs time once."""
    expected = ranked(tree, tmp_path / "cache")
    with closing(sqlite3.connect(tmp_path / "cache" / FILE_NAME, isolation_level=None)) as index:
        index.execute("UPDATE outcomes SET made = ?", (made,))

    assert expected == ranked(tree, tmp_path / "cache")
    assert expected == ranked(tree, tmp_path / "cache")


def test_clearing_a_root_forgets_its_scores(tree: Path, tmp_path: Path) -> None:
    """Nothing that was worked out outlives the facts."""
    ranked(tree, tmp_path / "cache")
    clear(tree, tmp_path / "cache")

    with closing(sqlite3.connect(tmp_path / "cache" / FILE_NAME)) as index:
        assert [(0,)] == index.execute("SELECT count(*) FROM outcomes").fetchall()


def test_so_many_scores_are_kept(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index that lives long does not grow with every edit."""
    monkeypatch.setattr(store, "OUTCOMES", 2)
    for number in range(4):
        (tree / "core.c").write_text(f"int f{number};\n")
        ranked(tree, tmp_path / "cache")
    done = count_work(monkeypatch)
    ranked(tree, tmp_path / "cache")

    with closing(sqlite3.connect(tmp_path / "cache" / FILE_NAME)) as index:
        assert [(2,)] == index.execute("SELECT count(*) FROM outcomes").fetchall()
    assert [] == done


def test_an_index_that_cannot_be_written_ranks_all_the_same(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scores that cannot be kept are worked out each time."""
    expected = ranked(tree, tmp_path / "other")
    walked = walk(open_scope(tree), CancelToken(), None)
    build(walked, tmp_path / "cache", CancelToken())
    done = count_work(monkeypatch)

    for _ in range(2):
        with closing(open_to_read(tmp_path / "cache")) as index:
            assert expected == rank_files(IndexView(walked, index))
    assert ["worked"] * 2 == done


def test_who_waits_is_told_how_far_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ranking a large tree takes a while: it says so from its first moment on, and only where there is work."""
    monkeypatch.setattr(rank, "TOLD", 4)
    shutil.copytree(RAMDISK, tmp_path / "ramdisk")
    walked = walk(open_scope(tmp_path / "ramdisk"), CancelToken(), None)
    build(walked, tmp_path / "cache", CancelToken())
    steps: list[tuple[int, int]] = []
    with open_index(walked, tmp_path / "cache") as view:
        rank_files(view, lambda done, total: steps.append((done, total)))
        rank_files(view, lambda done, total: steps.append((done, total)))

    assert steps == [(0, 10), (4, 10), (8, 10)]
