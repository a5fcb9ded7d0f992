"""How the index stands to a tree, and forgetting it."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from codereader.config import COUNTS_NAME
from codereader.errors import NothingReadable
from codereader.index.database import FILE_NAME, TERMS_NAME
from codereader.index.status import clear_all
from codereader.index.terms.store import open_terms
from codereader.index.terms.words import number_of
from codereader.model.kept_numbers import KeptNumbers
from codereader.reader import Reader


def lay(root: Path) -> Path:
    root.mkdir()
    for name in ("a.c", "b.c", "m.py"):
        (root / name).write_text(f"x_{name[0]} = 1\n")
    return root


def index(root: Path, cache: Path) -> None:
    with Reader(root, cache=cache) as reader:
        reader.open()


def test_status_counts_what_a_build_would_do(tmp_path: Path) -> None:
    """New, changed and gone files are told apart, and nothing is made where there is no index."""
    root, cache = lay(tmp_path / "tree"), tmp_path / "cache"
    before = Reader(root, cache=cache).status()
    made = cache.exists()
    index(root, cache)
    (root / "a.c").write_text("int longer_than_before;\n")
    (root / "b.c").unlink()
    (root / "new.c").write_text("int n;\n")
    after = Reader(root, cache=cache).status()

    assert (3, 0, None, False) == (before.missing, before.contents, before.built, made)
    assert {"c": 2, "python": 1} == before.languages
    assert (1, 1) == (after.missing, after.gone)
    assert after.changed >= 1
    assert not after.is_current


def test_clearing_forgets_one_root_and_leaves_the_others(tmp_path: Path) -> None:
    """What two roots share stays for the other; a root that is no longer on disk can be forgotten too."""
    cache = tmp_path / "cache"
    one, other = lay(tmp_path / "one"), lay(tmp_path / "other")
    (one / "own.c").write_text("int own;\n")
    index(one, cache)
    index(other, cache)
    shutil.rmtree(one)
    done = Reader(one, cache=cache).clear()
    left = Reader(other, cache=cache).status()

    assert (1, 4, 1) == (done.roots, done.files, done.contents)
    assert (3, 0, ()) == (left.contents, left.missing, left.others)
    with pytest.raises(NothingReadable, match="holds nothing of"):
        Reader(one, cache=cache).clear()


def test_clearing_all_deletes_the_index(tmp_path: Path) -> None:
    """No file of it is left; doing it again frees nothing."""
    root, cache = lay(tmp_path / "tree"), tmp_path / "cache"
    index(root, cache)
    done, again = clear_all(cache), clear_all(cache)

    assert (1, 3, 3) == (done.roots, done.files, done.contents)
    assert (0, 0) == (again.roots, again.freed)
    assert not (cache / FILE_NAME).exists()


def search(root: Path, cache: Path, text: str) -> list[str]:
    with Reader(root, cache=cache) as reader:
        reader.open()
        return [one.path for one in reader.search(text, 10).files]


def test_clearing_forgets_the_words_of_a_root(tmp_path: Path) -> None:
    """What another root holds too is still found there; what this one alone held takes no space any more."""
    cache = tmp_path / "cache"
    one, other = lay(tmp_path / "one"), lay(tmp_path / "other")
    (one / "own.c").write_text("int quagga;\n")
    found = [search(one, cache, "quagga"), search(other, cache, "x_a")]
    with closing(open_terms(cache)) as store:
        before = set(store.texts())
    done = Reader(one, cache=cache).clear()
    with closing(open_terms(cache)) as store:
        after = set(store.texts())
        postings = store.postings([number_of("quagga"), number_of("x_a")])

    assert [["own.c"], ["a.c"]] == found
    assert 2 == len(before - after)
    assert [number_of("x_a")] == list(postings)
    assert ["a.c"] == search(other, cache, "x_a")
    assert 1 == done.roots


def test_the_last_root_leaves_no_words(tmp_path: Path) -> None:
    """With it all words go, and searching again finds them again."""
    root, cache = lay(tmp_path / "tree"), tmp_path / "cache"
    search(root, cache, "x_a")
    Reader(root, cache=cache).clear()
    with closing(open_terms(cache)) as store:
        left = store.texts()

    assert {} == left
    assert ["a.c"] == search(root, cache, "x_a")


def test_clearing_all_deletes_the_words(tmp_path: Path) -> None:
    """Status tells their bytes before; no file of them is left after."""
    root, cache = lay(tmp_path / "tree"), tmp_path / "cache"
    search(root, cache, "x_a")
    told = Reader(root, cache=cache).status().terms

    done = clear_all(cache)

    assert (told > 0, False) == (done.freed > told > 0, (cache / TERMS_NAME).exists())


def test_clearing_all_forgets_counts_clearing_a_root_keeps_them(tmp_path: Path) -> None:
    """Counts tell neither text nor path, so that nobody knows which root they were made for."""
    root, cache = lay(tmp_path / "tree"), tmp_path / "cache"
    search(root, cache, "x_a")
    numbers = KeptNumbers(b"tokens", cache)
    numbers.learn({numbers.key(b"text"): 1})
    numbers.close()
    counts = cache / COUNTS_NAME

    with Reader(root, cache=cache) as reader:
        reader.clear()
    assert counts.exists()
    clear_all(cache)
    assert not counts.exists()
