"""Graphics processors that the system shows without llama.cpp: a PCI bus on disk, and Windows' words for adapters."""

from __future__ import annotations

import platform
import sys

import pytest

from codereader.engine.hardware import seen
from codereader.engine.hardware.seen import Card, adapter, cards, runs_translated

LISTED = """\
# a list of names as it comes with the system
1002  Advanced Micro Devices, Inc. [AMD/ATI]
\t744c  Navi 31 [Radeon RX 7900 XT/7900 XTX]
\t\t1002 0e3b  a board of it
10de  NVIDIA Corporation
\t2684  AD102 [GeForce RTX 4090]
8086  Intel Corporation
\te20b  Battlemage
"""


@pytest.fixture
def linux(tmp_path, monkeypatch):
    """A Linux without any card, in a tree to fill."""
    if sys.platform == "win32":
        pytest.skip("addresses of the PCI bus hold colons, which Windows allows in no name")
    monkeypatch.setattr(sys, "platform", "linux")
    for name, place in (("_BUS", "bus"), ("_NVIDIA", "nvidia"), ("_WINDOWS_LINUX", "wsl"), ("_TEGRA", "tegra")):
        monkeypatch.setattr(seen, name, tmp_path / place)
    monkeypatch.setattr(seen, "_NAMES", (tmp_path / "missing.ids", tmp_path / "pci.ids"))
    return tmp_path


def plug(tree, place: str, vendor: str, device: str, kind: str = "0x030000", memory: int | None = None) -> None:
    folder = tree / "bus" / place
    folder.mkdir(parents=True)
    (folder / "vendor").write_text(vendor + "\n")
    (folder / "device").write_text(device + "\n")
    (folder / "class").write_text(kind + "\n")
    if memory is not None:
        (folder / "mem_info_vram_total").write_text(f"{memory}\n")


def test_cards_are_found_on_the_bus_in_order(linux):
    """Of each vendor, with the names that the system lists; a card that is not listed shows its number."""
    (linux / "pci.ids").write_text(LISTED)
    plug(linux, "0000:41:00.0", "0x1002", "0x744c", memory=24 << 30)
    plug(linux, "0000:01:00.0", "0x10de", "0x2684")
    plug(linux, "0000:03:00.0", "0x8086", "0xe20b", "0x038000")
    plug(linux, "0000:05:00.0", "0x10de", "0x9999", "0x030200")

    expected = (
        Card("NVIDIA", "NVIDIA GeForce RTX 4090", "0000:01:00.0"),
        Card("Intel", "Intel Battlemage", "0000:03:00.0"),
        Card("NVIDIA", "an NVIDIA card (0x9999)", "0000:05:00.0"),
        Card("AMD", "AMD Radeon RX 7900 XT/7900 XTX", "0000:41:00.0"),
    )
    assert expected == cards()


def test_the_driver_knows_the_name_best(linux):
    """What NVIDIA's driver says stands before the list."""
    plug(linux, "0000:01:00.0", "0x10de", "0x2684")
    (linux / "nvidia" / "0000:01:00.0").mkdir(parents=True)
    (linux / "nvidia" / "0000:01:00.0" / "information").write_text("Model: \t\t NVIDIA H100 80GB HBM3\nIRQ: 1\n")

    assert ["NVIDIA H100 80GB HBM3"] == [card.name for card in cards()]


@pytest.mark.parametrize(
    ("place", "vendor", "device", "kind", "memory"),
    [
        ("0000:00:02.0", "0x8086", "0x4680", "0x030000", None),
        ("0000:0c:00.0", "0x1002", "0x164e", "0x030000", 512 << 20),
        ("0000:01:00.1", "0x10de", "0x22ba", "0x040300", None),
        ("0000:00:01.0", "0x1af4", "0x1050", "0x030000", None),
        ("0000:02:00.0", "0x1a03", "0x2000", "0x030000", None),
        ("0000:04:00.0", "0x8086", "0x10d3", "0x020000", None),
        ("nonsense", "0x10de", "0x2684", "0x030000", None),
    ],
)
def test_what_is_no_help_to_a_model_is_left_out(linux, place, vendor, device, kind, memory):
    """Graphics inside a processor, a card's sound, a virtual or a server's screen, a network card."""
    plug(linux, place, vendor, device, kind, memory)

    assert () == cards()


def test_a_large_processor_of_amd_counts_though_its_memory_is_shared(linux):
    """Strix Halo is given little memory of its own and takes much of the system's."""
    plug(linux, "0000:c5:00.0", "0x1002", "0x1586", memory=512 << 20)

    assert ["AMD"] == [card.vendor for card in cards()]


def test_accelerators_without_a_screen_count(linux):
    """AMD's Instinct cards are of a class of their own."""
    plug(linux, "0000:05:00.0", "0x1002", "0x74a1", "0x120000", memory=192 << 30)

    assert ["AMD"] == [card.vendor for card in cards()]


def test_linux_inside_windows_has_its_card_elsewhere(linux):
    """There the card is not on the bus; NVIDIA's library tells of it."""
    (linux / "wsl").write_text("")

    assert ["NVIDIA"] == [card.vendor for card in cards()]


def test_a_jetson_has_its_gpu_off_the_bus(linux):
    """The device tree names the chip."""
    (linux / "tegra").write_text("nvidia,p3737-0000+p3701-0005\0nvidia,tegra234\0")

    assert ["the GPU of this NVIDIA Jetson"] == [card.name for card in cards()]


def test_a_linux_without_cards_shows_none(linux):
    """An empty bus is no error."""
    assert () == cards()


@pytest.mark.parametrize(
    ("machine", "translated", "vendors"), [("arm64", 0, ["Apple"]), ("x86_64", 1, ["Apple"]), ("x86_64", 0, [])]
)
def test_a_mac_of_apples_processors_has_a_gpu(monkeypatch, machine, translated, vendors):
    """Also where this Python is built for Intel and runs translated; an Intel Mac has none that helps."""
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(seen, "system_number", lambda name: translated)

    assert vendors == [card.vendor for card in cards()]
    assert (machine == "x86_64" and translated == 1) == runs_translated()


@pytest.mark.parametrize(
    ("name", "known", "card"),
    [
        ("NVIDIA GeForce RTX 4090", r"PCI\VEN_10DE&DEV_2684", Card("NVIDIA", "NVIDIA GeForce RTX 4090")),
        ("AMD Radeon RX 7900 XTX", r"pci\ven_1002&dev_744c&rev_c8", Card("AMD", "AMD Radeon RX 7900 XTX")),
        ("Intel(R) Arc(TM) B580 Graphics", r"PCI\VEN_8086&DEV_E20B", Card("Intel", "Intel(R) Arc(TM) B580 Graphics")),
        ("Intel(R) UHD Graphics 770", r"PCI\VEN_8086&DEV_4680", None),
        ("AMD Radeon(TM) Graphics", r"PCI\VEN_1002&DEV_164E", None),
        ("Microsoft Remote Display Adapter", "RdpIdd_IndirectDisplay", None),
    ],
)
def test_windows_adapters_are_told_by_their_vendor(name, known, card):
    """What the registry says of an adapter; those inside a processor are left out."""
    assert card == adapter(name, known)
