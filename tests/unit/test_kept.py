"""Counts kept on disk: the same with and without them, whatever happens to the file."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codereader.errors import ModelNotFound, ModelUnreadable
from codereader.model import kept as kept_module
from codereader.model import kept_numbers
from codereader.model.gguf import read_header
from codereader.model.kept import KeptVocabulary, counting_key, kept_vocabulary
from codereader.model.kept_numbers import FILE_NAME
from codereader.model.merges import ALPHABET
from codereader.model.vocabulary import open_vocabulary
from tests.gguf_files import bundled_model, llama_metadata, write_gguf

KEY = bytes(32)
TEXTS = ["int main(void)", "", "static int x;\n", "\ud800 lone", "int main(void)", "日本語\r\n\0"]


class Counting:
    """A vocabulary of one token a character that remembers what it was asked to count."""

    name, exact = "one a character", True

    def __init__(self):
        self.asked = []

    def encode(self, text, *, special=False):
        return [ord(character) for character in text] + [0] * special

    def count_many(self, texts):
        self.asked += texts
        return [len(text) for text in texts]


def kept(cache, key=KEY, vocabulary=None):
    """Return a kept vocabulary, and the one that it opens if it has to."""
    inner = vocabulary or Counting()
    return KeptVocabulary("name", key, lambda: inner, cache), inner


def counted(cache, texts, key=KEY):
    """Count in a vocabulary of its own, as a new process would; return the counts and what was really counted."""
    counter, inner = kept(cache, key)
    with counter:
        return counter.count_many(texts), inner.asked


def rows(cache):
    """Return what the file holds."""
    with closing(sqlite3.connect(cache / FILE_NAME)) as connection:
        return connection.execute("SELECT id, key, number FROM numbers ORDER BY id").fetchall()


def change(cache, sql, *values):
    """Change the file behind the program's back."""
    with closing(sqlite3.connect(cache / FILE_NAME, isolation_level=None)) as connection:
        connection.execute(sql, values)


def test_a_text_is_counted_once_for_all_processes(tmp_path):
    """The second command counts nothing and does not open the vocabulary."""
    first, asked = counted(tmp_path, TEXTS)
    again, asked_again = counted(tmp_path, TEXTS)

    assert [14, 0, 14, 6, 14, 6] == first == again
    assert [text for n, text in enumerate(TEXTS) if n != 4] == asked
    assert [] == asked_again


def test_a_text_is_counted_once_in_one_process(tmp_path):
    """What was counted is known at once, written or not."""
    counter, inner = kept(tmp_path)

    assert [3, 3] == counter.count_many(["abc"]) + counter.count_many(["abc"])
    assert ["abc"] == inner.asked
    assert not (tmp_path / FILE_NAME).exists()


def test_only_new_texts_are_counted(tmp_path):
    """A text that changed is another text; its neighbours are not counted again."""
    counted(tmp_path, ["one", "two", "three"])

    assert ([3, 4, 5], ["two!"]) == counted(tmp_path, ["one", "two!", "three"])


def test_the_file_holds_nothing_of_a_text(tmp_path):
    """A cache that is found tells nobody what was read."""
    counted(tmp_path, ["secret words of a company"])

    assert b"secret" not in (tmp_path / FILE_NAME).read_bytes()


def test_vocabularies_keep_their_counts_apart(tmp_path):
    """The count of one model is never that of another."""
    counted(tmp_path, ["abc"])

    assert ["abc"] == counted(tmp_path, ["abc"], key=bytes(31) + b"\1")[1]


def test_ids_come_from_the_vocabulary(tmp_path):
    """A prompt needs ids, not counts."""
    counter, _ = kept(tmp_path)

    assert [97, 98] == counter.encode("ab")
    assert [97, 0] == counter.encode("a", special=True)


def test_what_was_counted_is_kept_when_the_work_fails(tmp_path):
    """Counting that was stopped need not begin anew."""
    counter, _ = kept(tmp_path)

    with suppress(KeyboardInterrupt), counter:
        counter.count_many(["abc"])
        raise KeyboardInterrupt

    assert ([3], []) == counted(tmp_path, ["abc"])


def test_counting_goes_on_after_closing(tmp_path):
    """A counter that is closed twice, or used again, only writes what is new."""
    counter, inner = kept(tmp_path)
    counter.count_many(["abc"])
    counter.close()
    counter.close()

    assert [3, 2] == counter.count_many(["abc", "de"])
    counter.close()
    assert ["abc", "de"] == inner.asked
    assert 2 == len(rows(tmp_path))


@pytest.mark.parametrize("damage", ["garbage", "cut", "empty", "other table", "other format", "foreign"])
def test_a_damaged_file_is_made_anew(tmp_path, damage):
    """What is wrong with the file costs time, once."""
    many = [str(number) * 9 for number in range(2_000)]
    expected = counted(tmp_path, many)[0]
    place = tmp_path / FILE_NAME
    data = place.read_bytes()
    if damage == "garbage":
        place.write_bytes(b"not a database at all, but longer than a header of one" * 100)
    elif damage == "cut":
        place.write_bytes(data[: len(data) // 2])
    elif damage == "empty":
        place.write_bytes(b"")
    elif damage == "other table":
        change(tmp_path, "DROP TABLE numbers")
    elif damage == "other format":
        change(tmp_path, "PRAGMA user_version = 99")
    else:
        place.unlink()
        change(tmp_path, "CREATE TABLE numbers (other TEXT)")

    assert expected == counted(tmp_path, many)[0]
    assert (expected, []) == counted(tmp_path, many)


def test_a_count_that_was_altered_is_not_believed(tmp_path):
    """One flipped bit must not make a pack larger than its budget."""
    counted(tmp_path, ["abc", "de", "f", "ghij"])
    change(tmp_path, "UPDATE numbers SET number = number + (1 << 32) WHERE id = 1")
    change(tmp_path, "UPDATE numbers SET number = 'three' WHERE id = 2")
    change(tmp_path, "UPDATE numbers SET number = -number WHERE id = 3")

    assert ([3, 2, 1, 4], ["abc", "de", "f"]) == counted(tmp_path, ["abc", "de", "f", "ghij"])
    assert ([3, 2, 1, 4], []) == counted(tmp_path, ["abc", "de", "f", "ghij"])


@settings(deadline=None)
@given(st.data())
def test_whatever_bytes_of_the_file_change_counts_do_not(tmp_path_factory, data):
    """Any damage anywhere: slower, never wrong, never a failure."""
    cache = tmp_path_factory.mktemp("cache")
    texts = ["x" * number for number in range(300)]
    counted(cache, texts)
    place = cache / FILE_NAME
    raw = bytearray(place.read_bytes())
    for at in data.draw(st.lists(st.integers(0, len(raw) - 1), min_size=1, max_size=20)):
        raw[at] = data.draw(st.integers(0, 255))
    place.write_bytes(raw)

    assert list(range(300)) == counted(cache, texts)[0] == counted(cache, texts)[0]


def test_a_cache_that_cannot_be_made_is_done_without(tmp_path):
    """A file where the cache folder should be: counts are right, nothing is kept."""
    (tmp_path / "cache").write_text("in the way")

    assert ([3], ["abc"]) == counted(tmp_path / "cache", ["abc"])
    assert ([3], ["abc"]) == counted(tmp_path / "cache", ["abc"])


def test_a_folder_in_the_place_of_the_file_is_done_without(tmp_path):
    """Nothing that is not ours is deleted."""
    (tmp_path / FILE_NAME).mkdir()

    assert ([3], ["abc"]) == counted(tmp_path, ["abc"])
    assert (tmp_path / FILE_NAME).is_dir()


def test_a_file_that_cannot_be_written_is_still_read(tmp_path):
    """Counts of a shared cache help those who may only read it."""
    counted(tmp_path, ["abc"])
    (tmp_path / FILE_NAME).chmod(0o400)
    tmp_path.chmod(0o500)

    try:
        assert ([3, 2], ["de"]) == counted(tmp_path, ["abc", "de"])
    finally:
        tmp_path.chmod(0o700)
        (tmp_path / FILE_NAME).chmod(0o600)


def test_a_file_that_another_process_holds_is_done_without(tmp_path, monkeypatch):
    """Who cannot read or write it in time counts, and loses nothing but that."""
    counted(tmp_path, ["abc"])
    monkeypatch.setattr(kept_numbers, "BUSY_SECONDS", 0.0)
    with closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")

        assert ([3, 2], ["abc", "de"]) == counted(tmp_path, ["abc", "de"])
    assert ([3], []) == counted(tmp_path, ["abc"])


def test_many_may_write_at_once(tmp_path):
    """Commands that run side by side keep what each of them counted."""

    def work(number):
        return counted(tmp_path, [f"{number} {text}" for text in range(50)] + ["the same"])[0]

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(work, range(8)))

    assert [[len(f"{number} {text}") for text in range(50)] + [8] for number in range(8)] == made
    assert 8 * 50 + 1 == len(rows(tmp_path))


def test_the_counts_used_last_are_kept(tmp_path, monkeypatch):
    """The file does not grow for ever: what was not used for longest goes first."""
    monkeypatch.setattr(kept_numbers, "MOST_ROWS", 10)
    for number in range(10):
        counted(tmp_path, [f"first {number}"])
    counted(tmp_path, ["first 0", "first 9"])
    counted(tmp_path, [f"later {number}" for number in range(8)])

    assert 10 >= len(rows(tmp_path))
    assert ["first 1"] == counted(tmp_path, ["first 0", "first 1"])[1]


def test_a_long_work_holds_no_more_than_so_many_counts(tmp_path, monkeypatch):
    """Memory is bounded; what is let go is found in the file again."""
    monkeypatch.setattr(kept_numbers, "MOST_HELD", 10)
    counter, inner = kept(tmp_path)
    texts = ["x" * number for number in range(50)]

    once = [counter.count_many([text])[0] for text in texts]
    again = [counter.count_many([text])[0] for text in texts]

    assert list(range(50)) == once == again == counter.count_many(texts)
    assert texts == inner.asked
    assert len(counter._counts._held) <= 10  # nothing but the memory itself tells of it


def write_model(path, *, tokens=("ab",), merges=("a b",), pre="gpt-2"):
    """Write a byte-level BPE model of 256 bytes and *tokens*."""
    return write_gguf(
        path,
        llama_metadata()
        | {
            "tokenizer.ggml.model": "gpt2",
            "tokenizer.ggml.pre": pre,
            "tokenizer.ggml.tokens": [*ALPHABET, *tokens],
            "tokenizer.ggml.token_type": [1] * (256 + len(tokens)),
            "tokenizer.ggml.merges": list(merges),
        },
    )


def test_a_model_counts_as_its_vocabulary_does(tmp_path):
    """Name, exactness, ids and counts are those of the vocabulary itself."""
    path = write_model(tmp_path / "m.gguf")
    plain = open_vocabulary(path)

    with kept_vocabulary(path, tmp_path / "cache") as counter:
        assert (plain.name, plain.exact) == (counter.name, counter.exact)
        assert plain.count_many(TEXTS) == counter.count_many(TEXTS)
        assert plain.encode("abab") == counter.encode("abab")


@pytest.mark.parametrize("pre", ["gpt-2", "llama-bpe"])
@pytest.mark.parametrize("merges", [("a b",), ("b a",)])
def test_whatever_decides_a_count_is_part_of_its_key(tmp_path, pre, merges):
    """Another merge list or pre-tokenizer is another vocabulary; another file of the same vocabulary is not."""
    one = write_model(tmp_path / "one.gguf", tokens=("ab", "ba"), merges=("a b", "b a"))
    two = write_model(tmp_path / "two.gguf", tokens=("ab", "ba"), merges=merges, pre=pre)
    copy = tmp_path / "copy.gguf"
    copy.write_bytes(two.read_bytes())

    assert counting_key(read_header(one)) != counting_key(read_header(two))
    assert counting_key(read_header(copy)) == counting_key(read_header(two))


def test_a_newer_counter_does_not_believe_an_older_one(tmp_path, monkeypatch):
    """A count may be another after a mistake was mended or a library replaced."""
    header = read_header(write_model(tmp_path / "m.gguf"))
    keys = {counting_key(header)}
    monkeypatch.setattr(kept_module, "_versions", lambda: ["tiktoken-99"])
    keys.add(counting_key(header))
    monkeypatch.setattr(kept_module, "COUNTING", 99)
    keys.add(counting_key(header))
    monkeypatch.setattr("codereader.__version__", "99")
    keys.add(counting_key(header))

    assert 4 == len(keys)


def test_versions_of_the_libraries_are_found():
    """They are read from the folders beside the libraries."""
    found = kept_module._versions()

    assert any(name.startswith("tiktoken-") for name in found)
    assert any(name.startswith("llama_cpp_python-") for name in found)


def test_an_unusable_vocabulary_is_told_when_it_is_needed(tmp_path):
    """The errors are those of the vocabulary itself."""
    double = kept_vocabulary(write_model(tmp_path / "m.gguf", tokens=("ab", "ab")), tmp_path / "cache")

    with pytest.raises(ModelUnreadable):
        double.count_many(["abc"])
    with pytest.raises(ModelNotFound):
        kept_vocabulary(tmp_path / "nowhere.gguf", tmp_path / "cache")


def test_known_counts_load_neither_the_vocabulary_nor_its_library(tmp_path):
    """A warm start pays for the header alone."""
    with kept_vocabulary(bundled_model(), tmp_path) as counter:
        expected = counter.count_many(TEXTS)
    code = (
        "import sys; from pathlib import Path; from codereader.model.kept import kept_vocabulary;"
        f"v = kept_vocabulary(Path(sys.argv[1]), Path(sys.argv[2])); assert v.count_many({TEXTS!r}) == {expected};"
        "print([name for name in ('tiktoken', 'llama_cpp', 'codereader.model.vocabulary') if name in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", code, bundled_model(), tmp_path], check=True, capture_output=True, text=True
    )

    assert "[]\n" == done.stdout
