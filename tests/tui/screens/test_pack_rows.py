"""What a pack consists of, row by row."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codereader.answer.packing import Packed
from codereader.errors import BudgetTooSmall
from codereader.fronts.tui.screens.pack_rows import BUDGETS, Group, PackRows, bar, groups, lines_of, next_budget
from codereader.fronts.tui.screens.pack_seen import Beside, Seen, Wish, counter, levels_of, see, sent, tokens_of
from codereader.pack.focus import Focus
from codereader.pack.segment import LeftOut, Level, Pack, Part, Segment
from codereader.reader import Reader

SECRET = "AK" + "IA" + "Q3EGVXK7LMZT5WNB"
"""Put together here, so that nobody who looks through this repository takes it for real."""


def segment(path: str, level: Level, tokens: int, part: Part = "base", first: int = 1, last: int = 9) -> Segment:
    """Return a segment that says what it is."""
    return Segment(path, level, tokens, f"=== {path} ({level}, 9 lines)\n{path} {level}\n", first, last, part)


def packed(base: tuple[Segment, ...], focus: tuple[Segment, ...] = (), left_out: tuple[LeftOut, ...] = ()) -> Packed:
    """Return a pack of these."""
    tokens = sum(one.tokens for one in base)
    pack = Pack(100, tokens, "words (9 tokens)", True, base, left_out, "0")
    return Packed(pack, Focus(focus), budget=100)


def seen_of(pack: Packed) -> Seen:
    """Return *pack* as it is shown."""
    return Seen(Wish(), "tree", 9, pack, beside=(Beside("brief", 3, "the brief\n"),))


WHOLE = packed(
    (
        segment("a.c", "full", 20),
        segment("b.c", "skeleton", 5),
        segment("b.c", "full", 7, first=3, last=5),
        segment("c.c", "outline", 4),
        segment("d.c", "name", 2),
        segment("net/", "name", 1),
    ),
    (segment("d.c", "full", 9, "focus", 4, 6), segment("e.c", "full", 8, "focus", 1, 2)),
    (
        LeftOut("b.c", "skeleton", "shortened to its skeleton, 1 function in full", 30, True, 140, 18),
        LeftOut("c.c", "outline", "shortened to its outline", 50, False, 900, 46),
        LeftOut("gone.c", None, "vanished", 0),
        LeftOut("z.c", None, "no room in the budget", 12, True, None),
    ),
)


def titled(pack: Packed) -> list[tuple[str, int, list[str]]]:
    """Return the groups, their tokens and paths."""
    return [(group.key, group.tokens, [item.path for item in group.items]) for group in groups(seen_of(pack))]


def test_files_stand_in_the_group_of_how_they_are_shown() -> None:
    """A skeleton that keeps a function is a skeleton; what the question needs comes first; folders are names."""
    assert [
        ("focus", 17, ["d.c", "e.c"]),
        ("full", 20, ["a.c"]),
        ("skeleton", 12, ["b.c"]),
        ("outline", 4, ["c.c"]),
        ("name", 3, ["d.c", "net/"]),
        ("beside", 3, ["brief"]),
        ("cut", 76, ["c.c", "b.c", "z.c"]),
        ("unread", 0, ["gone.c"]),
    ] == titled(WHOLE)


def test_what_counts_in_the_budget_adds_up_to_the_pack() -> None:
    """No token of base and focus is missing in the groups, none is there twice."""
    assert WHOLE.tokens == sum(group.tokens for group in groups(seen_of(WHOLE)) if group.is_sent)


def test_a_row_says_what_is_shown_and_what_brings_the_rest() -> None:
    """Functions kept, lines needed, and of what is left out the budget and the reason."""
    notes = {(group.key, item.path): item.note for group in groups(seen_of(WHOLE)) for item in group.items}

    assert "1 function in full" == notes["skeleton", "b.c"]
    assert "lines 4-6" == notes["focus", "d.c"]
    assert "in full from 140: shortened to its skeleton, 1 function in full" == notes["cut", "b.c"]
    assert "in full from about 900: shortened to its outline" == notes["cut", "c.c"]
    assert "more with a larger budget: no room" == notes["cut", "z.c"]
    assert "vanished" == notes["unread", "gone.c"]


def test_the_text_of_a_row_is_that_of_its_segments() -> None:
    """A file in parts is read as the model reads it, in order."""
    skeleton = next(group for group in groups(seen_of(WHOLE)) if group.key == "skeleton").items[0]

    assert "".join(one.text for one in WHOLE.base.segments if one.path == "b.c") == skeleton.text


def test_the_tree_is_told_levels_and_whole_tokens() -> None:
    """Lines of a file whose name alone is in the base make it shown in part; tokens are those of the whole text."""
    levels = {path: level for path, level in levels_of(WHOLE).items() if not path.endswith("/")}

    assert {"a.c": "full", "b.c": "skeleton", "c.c": "outline", "d.c": "part", "e.c": "part"} == levels
    assert {"a.c": 20, "b.c": 30, "c.c": 50, "d.c": 2, "z.c": 12} == tokens_of(WHOLE)


def test_groups_fold_and_stay_folded_for_another_budget() -> None:
    """What the person folded is folded in the next pack, too."""
    rows = PackRows()
    rows.tell(groups(seen_of(WHOLE)))
    first = rows.rows[0]
    before = len(rows.rows)
    assert isinstance(first, Group)
    rows.toggle(first)
    rows.tell(groups(seen_of(packed(WHOLE.base.segments, WHOLE.focus.segments))))

    assert not rows.is_open(first)
    assert 8 + 12 == before
    assert ["focus", "full"] == [row.key for row in rows.rows[:2] if isinstance(row, Group)]


def test_the_cursor_finds_its_file_again_at_another_level() -> None:
    """A file that went from outline to skeleton is still the one that is looked at."""
    rows = PackRows()
    rows.tell(groups(seen_of(WHOLE)))
    at = rows.position("outline", "b.c")
    found = rows.rows[at]

    assert isinstance(found, tuple)
    assert ("skeleton", "b.c") == (found[0].key, found[1].path)
    assert 0 == rows.position("full", "nowhere.c") - rows.position("full", "")


@given(st.lists(st.integers(0, 10**7), max_size=6), st.integers(0, 10**7), st.integers(6, 200))
def test_a_bar_is_exactly_as_wide_as_it_should_be(tokens: list[int], budget: int, width: int) -> None:
    """Cells add up; what has tokens has a cell where there is room for all."""
    cells = list(bar([(str(at), count) for at, count in enumerate(tokens)], budget, width))

    assert width == sum(count for _, count in cells)
    assert all(count > 0 for _, count in cells)
    assert [key for key, _ in cells if key] == [str(at) for at, n in enumerate(tokens) if n][: len(cells)]


def test_budgets_step_up_and_down_and_end() -> None:
    """Each step goes to the next round number; at the ends nothing moves."""
    assert (12_288, 16_384) == (next_budget(10_000, 1), next_budget(12_288, 1))
    assert (8_192, 8_192) == (next_budget(10_000, -1), next_budget(12_288, -1))
    assert (BUDGETS[0], BUDGETS[-1]) == (next_budget(BUDGETS[0], -1), next_budget(BUDGETS[-1], 1))


def test_text_is_shown_without_what_a_terminal_obeys() -> None:
    """Escapes are written out, tabs have width, the last line break makes no line."""
    assert ["\\x1b[2Ja", "        b", "", "c"] == lines_of("\x1b[2Ja\n\tb\n\nc\n")


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    """A small tree with something that looks secret."""
    for at in range(6):
        (tmp_path / f"f{at}.c").write_text(
            "".join(f"int f{at}_{n}(int x)\n{{\n\treturn x + {n};\n}}\n" for n in range(20))
        )
    (tmp_path / "key.py").write_text(f'KEY = "{SECRET}"\n')
    found = Reader(tmp_path)
    found.open()
    return found


def test_a_pack_is_made_as_the_command_makes_it(reader: Reader) -> None:
    """Within its budget, secrets replaced, and with the name of what counted."""
    seen = see(reader, Wish(budget=700, model="echo"))
    full = see(reader, Wish(model="echo"))
    reader.close()

    assert seen.packed.tokens <= 700 == seen.budget
    assert 7 == seen.files
    assert "estimate" in seen.vocabulary
    assert 1 == full.secrets
    assert not any(SECRET in one.text for one in full.packed.base.segments)


def test_a_budget_for_nothing_is_an_error(reader: Reader) -> None:
    """One token holds no name."""
    with reader, pytest.raises(BudgetTooSmall):
        see(reader, Wish(budget=1, model="echo"))


@pytest.mark.parametrize("model", ["echo", "http://localhost:8080", "no-such-model"])
def test_a_model_without_a_vocabulary_here_is_estimated(reader: Reader, model: str) -> None:
    """A server's tokens cannot be counted here; the count says that it is an estimate."""
    with reader:
        assert not counter(reader, model).exact


def test_what_is_about_to_be_sent_is_shown_as_it_is(reader: Reader) -> None:
    """Of a prepared question every token of the prompt is on a row, and the budget is the one that it was made for."""
    from codereader.answer.known import Wish as Asked
    from codereader.answer.speaker import echo

    with reader:
        ready = reader.prepare(reader.known("what calls f1_2"), echo(), Asked(budget=300))
        seen = sent(ready, Wish("what calls f1_2"), "tree", 7)
    rows = [item for group in groups(seen) if group.key not in ("cut", "unread") for item in group.items]

    assert len(ready.composed.prompt) == sum(item.tokens for item in rows)
    assert ready.budget == seen.budget
    assert ready.composed.facts in [item.text for item in rows]
