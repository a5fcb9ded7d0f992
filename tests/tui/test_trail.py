"""Going back and forward."""

from __future__ import annotations

from codereader.fronts.tui.messages import Place
from codereader.fronts.tui.trail import LONGEST, Trail


def test_back_and_forward_lead_along_the_places() -> None:
    """Each jump can be taken back and made again."""
    trail = Trail()
    for name in ("a.c", "b.c", "c.c"):
        trail.go(Place(name))

    assert [Place("b.c"), Place("a.c"), None] == [trail.back() for _ in range(3)]
    assert [Place("b.c"), Place("c.c"), None] == [trail.forward() for _ in range(3)]


def test_a_new_jump_forgets_what_lay_ahead() -> None:
    """After going back, a jump elsewhere begins a new way."""
    trail = Trail()
    for name in ("a.c", "b.c"):
        trail.go(Place(name))
    trail.back()
    trail.go(Place("c.c"))

    assert trail.forward() is None
    assert Place("a.c") == trail.back()


def test_back_leads_to_the_line_that_was_left() -> None:
    """A person who scrolled on before jumping comes back to where they were."""
    trail = Trail()
    trail.go(Place("a.c", 10, 12))
    trail.stay(Place("a.c", 40))
    trail.go(Place("b.c"))

    assert Place("a.c", 40) == trail.back()


def test_the_same_place_twice_is_one_step() -> None:
    """Enter on the same citation again adds nothing."""
    trail = Trail()
    trail.go(Place("a.c"))
    trail.go(Place("b.c"))
    trail.go(Place("b.c"))

    assert Place("a.c") == trail.back()


def test_a_long_day_is_bounded() -> None:
    """The oldest places are forgotten."""
    trail = Trail()
    for line in range(1, LONGEST + 20):
        trail.go(Place("a.c", line))
    steps = 0
    while trail.back():
        steps += 1

    assert LONGEST - 1 == steps
