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
        ("NVIDIA A100-SXM4-80GB", 80, "A100 80GB"),
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


@pytest.mark.parametrize("said", ["", "AMD EPYC", "NVIDIA Graphics", "RTX 4090 D", "llvmpipe (LLVM 15.0.7, 256 bits)"])
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
    ("typed", "first"),
    [("4090", "RTX 4090"), ("rtx 4O90", "RTX 4090"), ("spark", "DGX Spark"), ("7900xtx", "RX 7900 XTX")],
)
def test_near_names_are_offered(typed, first):
    """A part of a name or a slip leads to the names that could be meant, the nearest first."""
    assert first == near(typed)[0]


def test_nothing_is_near_to_nothing():
    """Signs alone resemble no card."""
    assert () == near("\x1b[?")[1:] == near("---")
