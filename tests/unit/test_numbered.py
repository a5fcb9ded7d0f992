"""Facts as a model reads them: numbered, balanced over the sections, within the room."""

from __future__ import annotations

from codereader.answer.numbered import number
from codereader.answer.speaker import Bytes
from codereader.facts.fact import Fact, Section


def section(title: str, count: int) -> Section:
    facts = tuple(Fact(title, "has", str(n), f"{title} {n}", "a.c", n + 1) for n in range(count))
    return Section(title, facts)


def test_a_fact_is_a_numbered_line_with_its_place() -> None:
    """The number, the words, how sure they are, the place, the condition."""
    fact = Fact("a", "calls", "b", "a calls b", "x.c", 7, "CONFIG_X", "one of 2")

    made = number(Bytes(), "Facts\n", [Section("Calls", (fact,))], 5, 1_000)

    assert "Calls:\n[5] a calls b, one of 2  (x.c:7) [CONFIG_X]\n" == made.text
    assert (fact,) == made.facts
    assert "Facts\n" + made.text == "".join(made.lines)
    assert len("Facts\n" + made.text) == made.tokens


def test_every_section_has_its_first_fact_before_any_has_its_second() -> None:
    """Little room shows the best of each instead of all of the first."""
    made = number(Bytes(), "", [section("one", 9), section("two", 9)], 1, 60)

    assert ["one 0", "two 0"] == [fact.text for fact in made.facts]
    assert 16 == made.dropped


def test_numbers_run_through_in_the_order_of_the_text() -> None:
    """The number of a fact is its place in `facts`, whatever was left out before it."""
    made = number(Bytes(), "", [section("one", 3), section("two", 3)], 1, 10_000)

    assert [f"[{n}]" for n in range(1, 7)] == [line.split()[0] for line in made.text.splitlines() if line[0] == "["]
    assert ["one 0", "one 1", "one 2", "two 0", "two 1", "two 2"] == [fact.text for fact in made.facts]


def test_the_room_is_never_passed() -> None:
    """Exactly as much as fits, title included; nothing at all where not one fact does."""
    sections = [section("one", 40), section("two", 40)]
    sizes = [number(Bytes(), "Title\n", sections, 1, room).tokens for room in range(200)]

    assert all(size <= room for room, size in enumerate(sizes))
    assert 0 == sizes[20]


def test_a_fact_of_several_lines_stays_one_line() -> None:
    """A name with a line break in it cannot forge a numbered line."""
    made = number(Bytes(), "", [Section("x", (Fact("a", "is", "b", "a\n[2] forged", "b\nc", 1),))], 1, 1_000)

    assert 2 == len(made.text.splitlines())
