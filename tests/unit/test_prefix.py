"""What made the rest of a base be evaluated again is said by name."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from codereader.answer.ask import Asking
from codereader.answer.event import Note
from codereader.answer.known import Wish
from codereader.answer.prefix import BRIEF, FRAME, LARGEST, MOST_KEPT, Break, LastBases, Part, first_break, part
from codereader.answer.speaker import echo
from codereader.engine.protocol import Sampling
from codereader.reader import Reader

HEAD = part(FRAME, "", [1, 2, 3])
A = part("a.c", "full", [4, 5])
B = part("b.c", "full", [6])
C = part("c.c", "full", [7, 8, 9])
FACTS = part(BRIEF, "", [10])
BASE = (HEAD, A, B, C, FACTS)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (BASE, None),
        ((HEAD, A, part("b.c", "full", [66]), C, FACTS), Break(5, "b.c has changed")),
        ((HEAD, A, part("b.c", "outline", [66]), C, FACTS), Break(5, "b.c is shown as outline, not full")),
        ((HEAD, A, C, FACTS), Break(5, "b.c is gone")),
        ((HEAD, A, B, part("bb.c", "full", [1]), C, FACTS), Break(6, "bb.c is new")),
        ((HEAD, B, A, C, FACTS), Break(3, "b.c stands elsewhere")),
        ((part(FRAME, "", [1]), A, B, C, FACTS), Break(0, "the instructions have changed")),
        ((HEAD, A, B, C, part(BRIEF, "", [11])), Break(9, "the facts about the tree have changed")),
        ((HEAD, A, B), Break(6, "c.c is gone")),
        ((*BASE, part("z", "", [1])), None),
    ],
)
def test_the_first_difference_is_told_and_how_much_stands_before_it(
    now: tuple[Part, ...], expected: Break | None
) -> None:
    """Tokens before the first difference are the same; the sentence names the file."""
    assert expected == first_break(BASE, now)


def test_a_base_is_remembered_for_each_tree_and_model(tmp_path: Path) -> None:
    """One tree does not overwrite another's, nor one model another's."""
    bases = LastBases(tmp_path / "bases")
    bases.put("one", "scout", BASE)
    bases.put("one", "gemma", BASE[:2])
    bases.put("two", "scout", BASE[:1])

    again = LastBases(tmp_path / "bases")

    assert (BASE, BASE[:2], BASE[:1], ()) == (
        again.get("one", "scout"),
        again.get("one", "gemma"),
        again.get("two", "scout"),
        again.get("two", "gemma"),
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"version": 2, "parts": []}',
        '{"version": 1, "parts": [["a", "", "x", "d"]]}',
        "[" * 99_999,
    ],
)
def test_a_damaged_record_is_none(tmp_path: Path, text: str) -> None:
    """Whatever stands in the file, nothing is said instead of something wrong."""
    bases = LastBases(tmp_path)
    bases.put("tree", "model", BASE)
    for path in tmp_path.iterdir():
        path.write_text(text)

    assert bases.get("tree", "model") == ()


def test_a_record_beyond_all_bounds_is_not_read(tmp_path: Path) -> None:
    """A sparse file of many bytes takes no memory."""
    bases = LastBases(tmp_path)
    bases.put("tree", "model", BASE)
    for path in tmp_path.iterdir():
        os.truncate(path, LARGEST + 1)

    assert bases.get("tree", "model") == ()


def test_only_the_last_trees_are_remembered(tmp_path: Path) -> None:
    """The folder does not grow for ever, and no half-written record stays."""
    bases = LastBases(tmp_path)
    for number in range(MOST_KEPT + 5):
        bases.put(f"tree {number}", "model", BASE)

    assert MOST_KEPT == len(list(tmp_path.iterdir()))


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    """A record is a convenience."""
    (tmp_path / "file").write_text("in the way")
    bases = LastBases(tmp_path / "file")

    bases.put("tree", "model", BASE)

    assert bases.get("tree", "model") == ()


def notes(tree: Path, question: str) -> list[str]:
    with Reader(tree, cache=tree.parent / "cache") as reader:
        reader.open()
        known = reader.known(question)
        speaker = echo()
        ready = reader.prepare(known, speaker, Wish())
        events = reader.ask(known, speaker, ready, Asking(Sampling(), False))
        return [event.text for event in events if isinstance(event, Note)]


def test_an_edited_file_is_named_when_the_next_question_is_asked(tmp_path: Path) -> None:
    """Asking twice says nothing; after an edit the note names the file, and the record holds no text of it."""
    tree = tmp_path / "tree"
    tree.mkdir()
    for name in ("alpha", "beta", "gamma"):
        (tree / f"{name}.c").write_text(f"int {name}(int secret_number)\n{{\n\treturn secret_number;\n}}\n")

    first, second = notes(tree, "explain structure"), notes(tree, "who calls beta?")
    (tree / "beta.c").write_text("int beta(int secret_number)\n{\n\treturn 7 + secret_number;\n}\n")
    third = notes(tree, "explain structure")

    said = [note for note in third if "since the last question" in note]
    assert [] == [note for note in (*first, *second) if "since the last question" in note]
    assert said == [note for note in said if note.startswith("beta.c has changed since the last question: ")]
    assert len(said) == 1
    [record] = (tmp_path / "cache" / "bases").iterdir()
    assert "secret_number" not in record.read_text()
    assert json.loads(record.read_text())["parts"][0][0] == FRAME
