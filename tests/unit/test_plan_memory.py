"""Memory by kind: what bars show adds up to what a device had, experts stand where the plan puts them."""

from __future__ import annotations

import pytest

from codereader.engine.footprint.weights import weights
from codereader.engine.hardware.described import machine_of
from codereader.engine.plan import Need
from codereader.engine.planning.planner import plans_anyway
from codereader.fronts.plans.alternatives import HEADS, rows
from codereader.fronts.plans.bars import BLOCKS, PLAIN
from codereader.fronts.plans.choices import card_names, card_specs, cards_like, models_like
from codereader.fronts.plans.memory import KINDS, marks_of, memories
from codereader.fronts.plans.planned import Asked, Planned
from codereader.model.known import known_header

GIB = 1 << 30


@pytest.mark.parametrize(
    ("cards", "ram"),
    [(("RTX 4090",), 96), (("RTX 4090", "RTX 3090"), 96), ((), 96), (("M4 Max 128GB",), 0), (("RTX 4060",), 16)],
)
def test_the_parts_of_a_device_add_up(cards, ram):
    """Weights, experts, cache, compute, headroom, free: all that was free, or taken where that is more."""
    header = known_header("llama-4-scout")
    assert header is not None
    machine = machine_of(cards, ram * GIB)
    for plan in plans_anyway(header, machine, Need(30000, 500)):
        held = memories(header, machine, plan)
        assert all(sum(one.parts[kind] for kind in KINDS) == one.free + one.lacks for one in held)
        assert all(size >= 0 for one in held for size in one.parts.values())
        assert sum(block.experts for block in weights(header).blocks) == sum(one.parts["experts"] for one in held)


def test_the_characters_of_kinds_are_told_apart():
    """Without colour, too; those of the page stay what they are there."""
    for mark in (BLOCKS, PLAIN):
        found = marks_of(mark)
        assert len(KINDS) == len(set(found.values()))
        assert (mark.weights, mark.cache, mark.free) == (found["weights"], found["cache"], found["free"])
    assert "".join(marks_of(PLAIN).values()).isascii()


def test_the_table_has_a_row_a_plan_and_marks_the_best():
    """Every cell under its head; what does not fit says so."""
    header = known_header("llama-4-scout")
    assert header is not None
    machine = machine_of(["RTX 4060"], 16 * GIB)
    plans = plans_anyway(header, machine, Need(30000, 500))
    found = list(rows(Planned("it", header, machine, Asked(30000, 500), plans)))

    assert len(plans) == len(found)
    assert {len(HEADS)} == {len(row) for row in found}
    assert ["*", *[""] * (len(plans) - 1)] == [row[0] for row in found]
    assert {"does not fit"} == {row[8] for row in found}


def test_cards_are_completed_at_the_end():
    """The count and the cards before stay; a name that is complete is offered no more."""
    names = card_names()

    assert "RTX 4090" in cards_like("4090", names)
    assert "2x RTX 4090" in cards_like("2x 4090", names)
    assert "RTX 3090 + RTX 4090" in cards_like("RTX 3090 +rtx 409", names)
    assert "RTX 3090, RTX 4090" in cards_like("RTX 3090,409", names)
    assert [] == cards_like("RTX 4090", names)
    assert [] == cards_like("no such card", names)


def test_models_that_begin_with_the_text_come_first():
    """The rest holds its words somewhere."""
    assert ["qwen3-8b", "my-qwen3"] == models_like("qwen3", ["my-qwen3", "qwen3-8b", "other"])


def test_cards_stand_between_commas():
    """As --device takes them, each apart."""
    assert ("RTX 4090", "my card:16GiB") == card_specs(" RTX 4090 , my card:16GiB,")
    assert () == card_specs("  ")
