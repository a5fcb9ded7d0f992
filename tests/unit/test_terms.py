"""The index of terms: words are split alike in code and in questions, and only what is new is read."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from codereader.cancel import Cancelled, CancelToken
from codereader.errors import StoreError
from codereader.index.terms import collect as collecting
from codereader.index.terms import store as stores
from codereader.index.terms.bag import CODE, COMMENT, DEFINED, STRING, bag_of_content, bag_of_path, path_term
from codereader.index.terms.collect import collect
from codereader.index.terms.segment import Postings
from codereader.index.terms.store import open_terms
from codereader.index.terms.words import number_of, stem, terms_of
from codereader.index.workers import Task
from codereader.reader import Reader


@pytest.mark.parametrize(
    ("word", "terms"),
    [
        ("e1000_watchdog", ("e1000_watchdog", "e1000", "watchdog")),
        ("HTTPServerError", ("httpservererror", "http", "server", "error")),
        ("IPsec", ("ipsec",)),
        ("IPv6Address", ("ipv6address", "ipv6", "address")),
        ("vSwitch", ("vswitch", "switch")),
        ("CPUs", ("cpus", "cpu")),
        ("getURLs", ("geturls", "get", "url")),
        ("QoS", ("qos",)),
        ("__init__", ("init",)),
        ("suspended", ("suspend",)),
        ("0x15b8UL", ("15b8",)),
        ("4", ()),
        ("署名する", ("署名", "名す", "する")),
    ],
)
def test_a_word_is_known_by_itself_and_by_its_parts(word: str, terms: tuple[str, ...]) -> None:
    """Identifiers are split by case and underscore; numbers count only where they may be identifiers of devices."""
    assert terms == terms_of(word)


@pytest.mark.parametrize("word", ["resume", "resumes", "resumed", "resuming"])
def test_english_endings_do_not_matter(word: str) -> None:
    """A report that says resumed finds the function that is called resume."""
    assert stem("resume") == stem(word)


def counts(bag_of: object, term: str, field: int) -> int:
    """Return the count of *term* in a field of a bag."""
    numbers, packed = list(bag_of.numbers), list(bag_of.counts)  # type: ignore[attr-defined]
    return packed[numbers.index(number_of(term))] >> 4 * field & 15 if number_of(term) in numbers else 0


def test_a_content_tells_names_strings_comments_and_code_apart() -> None:
    """The same word counts once in each field that it stands in; counts stop at 15."""
    code = '/* link is slow */\nint link_up(void) { warn("%s: link is not ready\\n", link); }\n' + "more();" * 40
    bag = bag_of_content(code, "c", ["link_up"])

    assert [1, 1, 1, 2] == [counts(bag, "link", field) for field in (DEFINED, STRING, COMMENT, CODE)]
    assert (1, 0) == (
        counts(bag, "not ready", STRING),
        counts(bag, "s link", STRING),
    )
    assert 15 == counts(bag, "more", CODE)


def test_a_list_of_registers_is_not_read_to_its_end() -> None:
    """A header of ten thousand registers does not fill the index with their names."""
    text = "".join(f"#define mmREGISTER_NUMBER_{at} {at}\n" for at in range(10_000))
    bag = bag_of_content(text, "c", [f"mmREGISTER_NUMBER_{at}" for at in range(10_000)])

    assert len(bag.numbers) < 6_000


def test_a_path_is_known_by_its_folders_and_its_name() -> None:
    """Dashes and underscores are the same, as in names of modules."""
    bag = bag_of_path("sound/pci/snd-hda/hda_intel.c")

    assert all(number_of(path_term(word)) in bag.numbers for word in ("sound", "snd_hda", "hda_intel", "intel", "hda"))


def made(tree: Path, cache: Path) -> list[tuple[int, int]]:
    """Bring the index of terms up to date and return what its progress said."""
    steps: list[tuple[int, int]] = []
    with Reader(tree, cache=cache) as reader:
        reader.open()
        with closing(open_terms(cache)) as store:
            collect(reader.view, store, CancelToken(), lambda done, total: steps.append((done, total)))
    return steps


def test_only_new_contents_are_read(tmp_path: Path) -> None:
    """A second run reads nothing, a changed file is read alone, a renamed one not at all."""
    tree, cache = tmp_path / "tree", tmp_path / "cache"
    tree.mkdir()
    for name in ("a", "b", "c"):
        (tree / f"{name}.c").write_text(f"int {name}_open(void) {{ return 0; }}\n")

    first = made(tree, cache)
    again = made(tree, cache)
    (tree / "b.c").write_text("int b_close(void) { return 0; }\n")
    changed = made(tree, cache)
    (tree / "a.c").rename(tree / "z.c")
    renamed = made(tree, cache)

    assert [(3, 3), [], [(1, 1)], []] == [first[-1], again, changed, renamed]


def test_what_is_gone_is_forgotten_in_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts of contents that the index of facts no longer knows do not pile up."""
    monkeypatch.setattr(collecting, "FEW", 0)
    tree, cache = tmp_path / "tree", tmp_path / "cache"
    tree.mkdir()
    (tree / "a.c").write_text("int a;\n")
    store = open_terms(cache)
    store.add([(b"gone %d" % at, bag_of_content("old", "c", ())) for at in range(9)])
    store.close()

    made(tree, cache)
    store = open_terms(cache)
    texts = store.texts()
    store.close()

    assert 2 == len(texts)


def test_postings_survive_merging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many small additions give the same rows as the texts have, whatever was merged."""
    monkeypatch.setattr(stores, "SEGMENTS", 2)
    words = [f"word{at % 7}" for at in range(30)]
    store = open_terms(tmp_path)
    for at, word in enumerate(words):
        store.add([(b"%d" % at, bag_of_content(f"common {word}", "c", ()))])
    store.compact()
    texts = store.texts()
    postings = store.postings([number_of("common"), number_of("word3"), number_of("nothing")])
    store.close()

    rows = {row: int(key) for key, (row, _) in texts.items()}
    assert list(range(30)) == sorted(rows[row] for row in postings[number_of("common")][0].tolist())
    assert [3, 10, 17, 24] == sorted(rows[row] for row in postings[number_of("word3")][0].tolist())
    assert number_of("nothing") not in postings


def test_a_damaged_file_is_made_anew(tmp_path: Path) -> None:
    """What lies there and is no database is replaced: everything in it follows from the sources."""
    (tmp_path / stores.FILE_NAME).write_bytes(b"not a database, but long enough to look at" * 40)
    store = open_terms(tmp_path)
    texts = store.texts()
    store.close()

    assert {} == texts


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes where it must not")
def test_an_index_that_cannot_be_written_answers_as_it_is(tmp_path: Path) -> None:
    """A cache that somebody else made, on a disk that only reads."""
    store = open_terms(tmp_path)
    store.add([(b"one", bag_of_content("alpha", "c", ()))])
    store.close()
    (tmp_path / stores.FILE_NAME).chmod(0o400)
    tmp_path.chmod(0o500)
    store = open_terms(tmp_path)
    known = list(store.texts()), store.is_writable
    store.close()
    tmp_path.chmod(0o700)

    assert ([b"one"], False) == known


def test_damaged_postings_are_named(tmp_path: Path) -> None:
    """A bucket that was not written here is an error with a way out, not a wrong answer."""
    store = open_terms(tmp_path)
    store.add([(b"one", bag_of_content("alpha", "c", ()))])
    store.close()
    with sqlite3.connect(tmp_path / stores.FILE_NAME) as connection:
        connection.execute("UPDATE buckets SET postings = x'00'")
    connection.close()
    store = open_terms(tmp_path)

    with pytest.raises(StoreError, match="not a bucket of terms") as caught:
        store.postings([number_of("alpha")])
    store.close()
    assert "Delete" in caught.value.hint


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    """A cache that is a file cannot hold an index."""
    (tmp_path / "cache").write_text("")

    with pytest.raises(StoreError, match="cannot open the index of terms"):
        open_terms(tmp_path / "cache")


def test_a_task_knows_its_work(tmp_path: Path) -> None:
    """A worker does what the task says, here reading facts."""
    (tmp_path / "a.c").write_text("int a;\n")

    assert Task(str(tmp_path / "a.c"), "c", 7).work().packed is not None


def test_work_that_is_stopped_keeps_what_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal while a batch is written leaves the batches before, and the next run only does the rest."""
    tree, cache = tmp_path / "tree", tmp_path / "cache"
    tree.mkdir()
    for number in range(6):
        (tree / f"file{number}.c").write_text(f"int word{number};\n")
    monkeypatch.setattr(collecting, "BATCH_TEXTS", 2)
    cancel, batches = CancelToken(), []
    whole = stores.TermStore._add_segment

    def signalled(store: stores.TermStore, tier: int, postings: Postings) -> None:
        batches.append(cancel.may_raise)
        whole(store, tier, postings)
        if len(batches) == 5:
            raise Cancelled

    monkeypatch.setattr(stores.TermStore, "_add_segment", signalled)
    with Reader(tree, cache=cache, cancel=cancel) as reader:
        reader.open()
        with closing(open_terms(cache)) as store, pytest.raises(Cancelled):
            collect(reader.view, store, cancel, lambda _, __: None)
    with closing(open_terms(cache)) as store:
        kept = len(store.texts())

    assert [True] * 5 == batches
    assert 8 == kept
    monkeypatch.undo()
    assert (4, 4) == made(tree, cache)[-1]


def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the file cannot even be begun, the error says what SQLite said of it."""

    def full(_: Path) -> sqlite3.Connection:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(stores, "_connected", full)

    with pytest.raises(StoreError, match="disk is full"):
        open_terms(tmp_path)
