"""Cards and machines known by name."""

from __future__ import annotations

import pytest

from codereader.engine.hardware.profiles import labels, matching, named, near, profiles, sizes_of

GIB = 1 << 30


def test_every_profile_is_complete_and_says_its_source():
    """Memory, bandwidth, backend and page are there; what the GPU may take is no more than there is."""
    for profile in profiles():
        assert 4 * GIB <= profile.memory <= 1024 * GIB
        assert 0 < profile.usable <= profile.memory
        assert 60e9 < profile.bandwidth < 10e12
        assert 0 <= profile.operations < 3e15
        assert profile.backend in ("CUDA", "ROCm", "Vulkan", "Metal")
        assert ".com" in profile.source
        assert profile.shares_memory == (profile.cores > 0)


def test_no_two_profiles_have_one_name():
    """A name with its memory leads to exactly one row."""
    assert len(labels()) == len(set(labels()))
    for label in labels():
        found = named(label)
        assert found is not None
        assert label == found.label


@pytest.mark.parametrize(
    ("said", "memory", "label"),
    [
        ("NVIDIA GeForce RTX 4090", 24, "RTX 4090"),
        ("NVIDIA GeForce RTX 4090 Laptop GPU", 16, "RTX 4090 Laptop"),
        ("NVIDIA GeForce RTX 4070 Ti SUPER", 16, "RTX 4070 Ti SUPER"),
        ("NVIDIA GeForce RTX 4060 Ti", 16, "RTX 4060 Ti 16GB"),
        ("NVIDIA GeForce GTX 1060 6GB", 6, "GTX 1060"),
        ("NVIDIA RTX 4000 Ada Generation", 20, "RTX 4000 Ada"),
        ("NVIDIA RTX 6000 Ada Generation", 48, "RTX 6000 Ada"),
        ("NVIDIA RTX A6000", 48, "RTX A6000"),
        ("NVIDIA RTX PRO 6000 Blackwell Workstation Edition", 95, "RTX PRO 6000"),
        ("NVIDIA RTX PRO 6000 Blackwell Max-Q Workstation Edition", 95, "RTX PRO 6000 Max-Q"),
        ("Tesla T4", 15, "T4"),
        ("NVIDIA A100-SXM4-80GB", 80, "A100 SXM"),
        ("NVIDIA A100-SXM4-40GB", 40, "A100 40GB"),
        ("Tesla V100-SXM2-32GB", 32, "V100 32GB"),
        ("NVIDIA GeForce RTX 4090 D", 24, "RTX 4090 D"),
        ("NVIDIA GH200 480GB", 96, "GH200"),
        ("NVIDIA A100 80GB PCIe", 80, "A100 80GB"),
        ("NVIDIA A100-PCIE-40GB", 40, "A100 40GB"),
        ("NVIDIA H100 80GB HBM3", 80, "H100"),
        ("NVIDIA H100 PCIe", 80, "H100 PCIe"),
        ("NVIDIA H200", 140, "H200"),
        ("NVIDIA GB10", 119, "DGX Spark"),
        ("AMD Radeon RX 7900 XTX", 24, "RX 7900 XTX"),
        ("AMD Radeon RX 7900 XTX (RADV NAVI31)", 24, "RX 7900 XTX"),
        ("AMD Radeon PRO W7900", 48, "PRO W7900"),
        ("AMD Instinct MI300X", 192, "MI300X"),
        ("Radeon 8060S Graphics (RADV STRIX_HALO)", 128, "Strix Halo 128GB"),
        ("Intel(R) Arc(TM) A770 Graphics", 16, "Arc A770 16GB"),
        ("Intel(R) Arc(tm) B580 Graphics (BMG G21)", 12, "Arc B580"),
        ("Apple M4 Max", 128, "M4 Max 128GB"),
        ("Apple M4 Max", 36, "M4 Max 36GB"),
        ("Apple M1", 8, "M1 8GB"),
    ],
)
def test_what_drivers_say_is_found(said, memory, label):
    """Each vendor's way of writing a name leads to its row; the memory tells sizes apart."""
    found = matching(said, memory * GIB)

    assert found is not None
    assert label == found.label


@pytest.mark.parametrize(
    "said", ["", "AMD EPYC", "NVIDIA Graphics", "RTX 4090 E", "4090", "llvmpipe (LLVM 15.0.7, 256 bits)"]
)
def test_what_is_not_known_is_not_guessed(said):
    """A name that only resembles one is no match."""
    assert matching(said, 24 * GIB) is None


@pytest.mark.parametrize(
    "typed", ["MacBook Pro M4 Max 128GB", "Mac Studio (M4 Max, 2025) M4 Max 128 GB", "apple m4max 128gb"]
)
def test_the_computer_around_a_chip_does_not_count(typed):
    """A person names the Mac, not the chip alone."""
    found = named(typed)

    assert found is not None
    assert "M4 Max 128GB" == found.label


def test_gigabytes_of_a_spark_are_decimal_however_they_are_written():
    """128 GB behind its name, or as a size of its own, are the 128 GB that it is sold with."""
    assert {128 * 10**9} == {made.memory for made in (named("DGX Spark 128GB"), named("GB10", 128 * GIB)) if made}


def test_a_card_of_another_size_is_another_card():
    """A maker gives one name to cards that differ; one whose memory is not known has no figures."""
    assert matching("NVIDIA GeForce RTX 3060", 8 * GIB) is None
    assert matching("NVIDIA GeForce RTX 3060", 12 * GIB - (100 << 20)) is not None


def test_sizes_that_are_sold_are_told_apart():
    """A name with several sizes needs one; another one takes the rates of the nearest."""
    assert named("M4 Max") is None
    assert [36, 48, 64, 128] == [profile.memory // GIB for profile in sizes_of("Apple M4 Max")]
    assert (410e9, 546e9) == tuple((named(f"M4 Max {size}GB") or profiles()[0]).bandwidth for size in (36, 128))

    other = named("M4 Max", 100 * GIB)

    assert other is not None
    assert (100 * GIB, 75 * GIB, 546e9) == (other.memory, other.usable, other.bandwidth)


@pytest.mark.parametrize(
    ("typed", "label"),
    [
        ("4090", "RTX 4090"),
        ("7900 XTX", "RX 7900 XTX"),
        ("4090 mobile", "RTX 4090 Laptop"),
        ("4060 Ti 16GB", "RTX 4060 Ti 16GB"),
        ("RTX 3080 (12GB)", "RTX 3080 12GB"),
        ("A100-80GB", "A100 80GB"),
        ("\uff32\uff34\uff38 4090", "RTX 4090"),
        ("RTX 3060", "RTX 3060"),
        ("RTX 3060 8GB", "RTX 3060 8GB"),
        ("PRO 6000 Blackwell", "RTX PRO 6000"),
        ("Ryzen AI Max+ 395 128GB", "Strix Halo 128GB"),
        ("AMD RYZEN AI MAX+ 395 w/ Radeon 8060S (64GB)", "Strix Halo 64GB"),
        ("Intel Arc Pro B60", "Arc Pro B60"),
    ],
)
def test_people_write_names_in_their_own_way(typed, label):
    """The line of a card may be left out, a size stand behind a dash or in parentheses."""
    found = named(typed)

    assert found is not None
    assert label == found.label


def test_a_size_that_no_maker_sells_keeps_the_rates_of_its_card():
    """A 4090 that somebody gave 48 GB is as fast as it was."""
    found = named("RTX 4090 (48GB)")

    assert found is not None
    assert ("RTX 4090", 48 * GIB, 1008e9) == (found.name, found.memory, found.bandwidth)


@pytest.mark.parametrize("typed", ["6000", "5000", "RTX 6000", "4070 S", "90", "x", "RTX"])
def test_what_may_be_several_cards_is_none(typed):
    """A number that several lines have, or that none has, is not guessed."""
    assert named(typed) is None


PUBLISHED = {
    "RTX 4060 Ti 8GB": (8, 288, 44.1),
    "RTX 4060 Ti 16GB": (16, 288, 44.1),
    "RTX 5060 Ti 8GB": (8, 448, 47.4),
    "RTX 5060 Ti 16GB": (16, 448, 47.4),
    "RTX 3080 10GB": (10, 760, 59.5),
    "RTX 3080 12GB": (12, 912, 61.3),
    "RTX 3090": (24, 936, 71),
    "RTX 4070": (12, 504, 58.3),
    "RTX 4080 SUPER": (16, 736, 104.4),
    "RTX 4090": (24, 1008, 165.2),
    "RTX 5090": (32, 1792, 209.5),
    "RTX 2000 Ada": (16, 224, 48),
    "RTX 4000 Ada": (20, 360, 81.9),
    "RTX 5000 Ada": (32, 576, 261.1),
    "RTX 6000 Ada": (48, 960, 364.2),
    "RTX PRO 4000": (24, 672, 147.3),
    "RTX PRO 5000 48GB": (48, 1344, 258),
    "RTX PRO 6000": (96, 1792, 503.8),
    "A100 40GB": (40, 1555, 312),
    "A100 80GB": (80, 1935, 312),
    "A100 SXM": (80, 2039, 312),
    "H100": (80, 3350, 989),
    "H200": (141, 4800, 989),
    "L40S": (48, 864, 362),
    "T4": (16, 320, 65),
    "RX 7900 XTX": (24, 960, 122.8),
    "RX 9070 XT": (16, 640, 195),
    "MI300X": (192, 5300, 1307),
    "Arc A770 16GB": (16, 560, 131),
    "Arc B580": (12, 456, 116.5),
    "M2 Ultra 192GB": (192, 800, 27.2),
    "M4 Max 128GB": (128, 546, 16.2),
    "M3 Ultra 512GB": (512, 819, 28.3),
}
"""GiB, GB/s and TFLOPS (f16, dense, sums in f32) of the makers' data sheets, Macs' operations by their GPU cores."""


@pytest.mark.parametrize("label", PUBLISHED)
def test_figures_are_those_of_the_data_sheets(label):
    """What plans rest on is what makers publish, within the rounding of their pages."""
    found = named(label)

    assert found is not None
    assert (label, PUBLISHED[label][0]) == (found.label, found.memory // GIB)
    assert PUBLISHED[label][1:] == pytest.approx((found.bandwidth / 1e9, found.operations / 1e12), rel=0.01)


@pytest.mark.parametrize(
    ("typed", "first"),
    [("RTX 40900", "RTX 4090"), ("rtx 4O90 24GB", "RTX 4090"), ("spark", "DGX Spark"), ("two RTX 4090", "RTX 4090")],
)
def test_near_names_are_offered(typed, first):
    """A part of a name or a slip leads to the names that could be meant, the nearest first."""
    assert first == near(typed)[0]


def test_nothing_is_near_to_nothing():
    """Signs and single letters resemble no card."""
    assert () == near("\x1b[?") == near("---") == near("x")
