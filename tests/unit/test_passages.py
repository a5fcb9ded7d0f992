"""Which definitions a question needs: by their words, and by who mentions whom."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from codereader.cancel import Cancelled, CancelToken
from codereader.facts.search.passages import Passage
from codereader.reader import Reader

FRAGMENTS = """\
/* put fragments together */
int assemble(int queue)
{
	return join(queue) + queue_of(queue);
}

int join(int queue)
{
	return queue + 1;
}

int unrelated(int x)
{
	return x;
}
"""


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "frag.c").write_text(FRAGMENTS)
    (tree / "other.c").write_text("int other(void)\n{\n\treturn 0;\n}\n")
    with Reader(tree, cache=tmp_path / "cache") as reader:
        reader.open()
        yield reader


def found(reader: Reader, text: str, seeds: dict[tuple[str, int], float] | None = None) -> list[Passage]:
    return list(reader.searcher.passages(text, seeds or {}, 10, CancelToken().check))


def test_the_words_above_and_in_a_function_find_it(reader: Reader) -> None:
    """Its comment belongs to it; its lines that hold the words are told."""
    first = found(reader, "how are fragments assembled?")[0]

    assert ("frag.c", "assemble") == (first.path, first.definition.name)
    assert 2 in first.lines


def test_what_a_good_one_calls_is_found_without_a_word_for_it(reader: Reader) -> None:
    """`join` has no word of the question; `unrelated` is called by nobody."""
    names = [one.definition.name for one in found(reader, "how are fragments assembled?")]

    assert names.index("assemble") < names.index("join")
    assert "unrelated" not in names


def test_a_place_that_answers_brings_its_file_and_what_it_uses(reader: Reader) -> None:
    """Although the text has no word of it."""
    names = [one.definition.name for one in found(reader, "zzz", {("frag.c", 4): 1.0})]

    assert ["assemble", "join"] == names


def test_the_same_question_finds_the_same(reader: Reader) -> None:
    """Scores and order to the last digit."""
    assert found(reader, "fragments of a queue") == found(reader, "fragments of a queue")


def test_a_file_that_vanished_is_passed_over(reader: Reader) -> None:
    """What is left is found."""
    (Path(reader.view.scope.root) / "other.c").unlink()

    assert "assemble" in [one.definition.name for one in found(reader, "other fragments assembled")]


def test_a_long_search_can_be_stopped(reader: Reader) -> None:
    """Ctrl-C is looked at between files."""
    cancel = CancelToken()
    cancel.cancel()

    with pytest.raises(Cancelled):
        reader.searcher.passages("fragments", {}, 10, cancel.check)
