"""The link of a card: what a person writes, and what Linux shows."""

from __future__ import annotations

import sys

import pytest

from codereader.engine.hardware import pcie
from codereader.engine.hardware.pcie import link_named, link_of, link_rate

CARD = "0000:01:00.0"


@pytest.fixture
def bus(tmp_path, monkeypatch):
    """A tree of PCI devices to fill, as Linux lays it out."""
    if sys.platform == "win32":
        pytest.skip("Linux's tree is made of symbolic links, and of names with colons")
    monkeypatch.setattr(pcie, "_BUS", tmp_path / "bus")
    (tmp_path / "bus").mkdir()
    return tmp_path


def plug(bus, *way: tuple[str, str, str, str], card: str = CARD) -> None:
    """Put devices below each other: address, fastest speed, widest link and the width that was agreed on."""
    folder = bus / "pci0000:00"
    for address, speed, widest, agreed in way:
        folder = folder / address
        folder.mkdir(parents=True)
        for name, value in (("max_link_speed", speed), ("max_link_width", widest), ("current_link_width", agreed)):
            (folder / name).write_text(value + "\n")
        (folder / "current_link_speed").write_text("2.5 GT/s PCIe\n")
    (bus / "bus" / card).symlink_to(folder)


@pytest.mark.parametrize(
    ("text", "rate"),
    [("PCIe 4 x16", 31.5e9), ("pcie3x16", 15.75e9), ("PCI-E gen 5.0 x8", 31.5e9), ("PCIe 1 x1", 0.25e9)],
)
def test_a_link_is_named_by_generation_and_width(text, rate):
    """Generation and lanes say what it carries."""
    assert rate == pytest.approx(link_named(text), rel=0.001)


@pytest.mark.parametrize("text", ["", "PCIe", "PCIe 9 x16", "PCIe 4 x3", "PCIe 4 x16 or so"])
def test_what_is_no_link_is_none(text):
    """Nothing is guessed from half a name."""
    assert link_named(text) is None


def test_a_generation_that_is_not_known_carries_nothing():
    """Zero stands for unknown."""
    assert 0 == link_rate(7, 16)


def test_a_card_that_idles_keeps_its_speed(bus):
    """The speed of the moment is low while a card sleeps; what both ends can do counts."""
    plug(bus, ("0000:00:01.0", "16.0 GT/s PCIe", "16", "16"), (CARD, "16.0 GT/s PCIe", "16", "16"))

    assert link_rate(4, 16) == link_of(CARD)


def test_an_old_slot_slows_a_new_card(bus):
    """A card of generation 5 in a slot of generation 3 has the slot's speed."""
    plug(bus, ("0000:00:01.0", "8.0 GT/s PCIe", "16", "16"), (CARD, "32.0 GT/s PCIe", "16", "16"))

    assert link_rate(3, 16) == link_of(CARD)


def test_a_long_card_in_a_short_slot_has_the_lanes_that_were_agreed_on(bus):
    """Sixteen lanes on the card and four that are wired are four."""
    plug(bus, ("0000:00:01.0", "16.0 GT/s PCIe", "16", "4"), (CARD, "16.0 GT/s PCIe", "16", "4"))

    assert link_rate(4, 4) == link_of(CARD)


def test_the_slowest_stretch_of_the_way_counts(bus):
    """Cards with a switch of their own show a fast link inside, and the slot above it."""
    plug(
        bus,
        ("0000:00:01.0", "8.0 GT/s PCIe", "8", "8"),
        ("0000:01:00.0", "16.0 GT/s PCIe", "16", "8"),
        ("0000:02:00.0", "16.0 GT/s PCIe", "16", "16"),
        ("0000:03:00.0", "16.0 GT/s PCIe", "16", "16"),
        card="0000:03:00.0",
    )

    assert link_rate(3, 8) == link_of("0000:03:00.0")


def test_where_no_width_was_agreed_on_the_narrower_end_counts(bus):
    """A width of zero is no answer."""
    plug(bus, ("0000:00:01.0", "16.0 GT/s PCIe", "8", "0"), (CARD, "16.0 GT/s PCIe", "16", "0"))

    assert link_rate(4, 8) == link_of(CARD)


@pytest.mark.parametrize("speed", ["Unknown", "", "99.0 GT/s"])
def test_a_bus_that_says_nothing_leaves_the_link_unknown(bus, speed):
    """What is not told is 0, not a guess."""
    plug(bus, ("0000:00:01.0", speed, "16", "16"), (CARD, speed, "16", "16"))

    assert 0 == link_of(CARD)


@pytest.mark.parametrize("place", ["", "0000:02:00.0", "../../etc", "0000:01:00.0/../x"])
def test_a_place_where_there_is_no_card_has_no_link(bus, place):
    """Nothing but an address is looked for."""
    assert 0 == link_of(place)
