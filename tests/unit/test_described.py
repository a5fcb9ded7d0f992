"""Machines that are only described: what a person writes behind --device and --ram."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codereader.engine.hardware.described import driver_bytes, machine_of, ram_of, system_bytes
from codereader.engine.hardware.devices import inventory
from codereader.engine.planning.rates import host_bandwidth
from codereader.errors import UsageError

GIB = 1 << 30


def test_what_is_stated_is_taken():
    """Memory, bandwidth and compute stand as written; the link comes from the profile of that name."""
    card = machine_of(["RTX 4070:16GiB:504GB/s:29TFLOPS"], 96 * GIB).devices[0]

    assert ("RTX 4070", "gpu", "CUDA") == (card.name, card.kind, card.backend)
    assert (16 * GIB, 504e9, 29e12) == (card.total_bytes, card.bandwidth, card.operations)
    assert 31.5e9 == pytest.approx(card.link, rel=0.01)


@pytest.mark.parametrize(
    "spec",
    [
        "Card:29TFLOPS:16GiB:504GB/s",
        "Card: 504 GB/s : 16384 MiB : 29 tflop/s",
        "Card:16GB:0.504TB/s:0.029PFLOPS",
        "Card:504GBps:16g:29000GFLOPS",
        "Card:16:504:29",
    ],
)
def test_parts_come_in_any_order_and_unit(spec):
    """A GB of memory is what makers of cards mean by it, a GB a second is decimal, a bare number goes by its place."""
    card = machine_of([spec], GIB).devices[0]

    assert 16 * GIB == card.total_bytes
    assert (504e9, 29e12) == (pytest.approx(card.bandwidth), pytest.approx(card.operations))


def test_a_name_alone_brings_its_profile():
    """A card known by name needs no figures, however its name is written."""
    found = [machine_of([name], GIB).devices[0] for name in ("RTX 4090", "rtx4090", "NVIDIA GeForce RTX-4090")]

    assert {("RTX 4090", 24 * GIB, 1008e9)} == {(card.name, card.total_bytes, card.bandwidth) for card in found}


def test_several_cards_of_one_kind_have_names_that_differ():
    """4x is four devices, told apart by their numbers, in the order of the line."""
    made = machine_of(["2x RTX 4000 Ada", "T4", "RTX 4000 Ada"], 64 * GIB)

    names = ["RTX 4000 Ada #1", "RTX 4000 Ada #2", "T4", "RTX 4000 Ada #3", "CPU"]
    assert names == [device.name for device in made.devices]
    assert "2x RTX 4000 Ada + T4 + RTX 4000 Ada + 64.0 GiB RAM" == made.name


def test_many_cards_keep_their_order_where_names_are_sorted():
    """The tenth does not come before the second."""
    names = [device.name for device in machine_of(["12x T4"], GIB).devices[:-1]]

    assert ("T4 #01", "T4 #12") == (names[0], names[-1])
    assert sorted(names) == names


@pytest.mark.parametrize(
    "spec",
    [
        "4x RTX 4000 Ada",
        "4xRTX 4000 Ada",
        "4 × RTX 4000 Ada",
        "4 X rtx4000ada:20GiB",
        "4* RTX 4000 Ada",
        "4 RTX 4000 Ada",
        "RTX 4000 Ada x4",
        "RTX 4000 Ada (x4)",
        "RTX 4000 Ada 4x:20GiB",
    ],
)
def test_several_are_written_in_several_ways(spec):
    """A number and an x before the name or behind it, with or without spaces."""
    made = machine_of([spec], 64 * GIB).devices

    assert [f"RTX 4000 Ada #{number}" for number in (1, 2, 3, 4)] == [device.name for device in made[:-1]]


@pytest.mark.parametrize("spec", ["7900 XTX", "5700 XT", "6700XT:12GiB"])
def test_a_number_before_an_x_may_belong_to_the_name(spec):
    """A 7900 XTX is one card, not 7,900 of a TX."""
    assert 2 == len(machine_of([spec], 64 * GIB).devices)


@pytest.mark.parametrize("spec", ["RTX 4090:", "RTX 4090::", "RTX 4090: : 1008GB/s"])
def test_empty_parts_say_nothing(spec):
    """A colon too many does no harm."""
    assert machine_of(["RTX 4090"], GIB).devices == machine_of([spec], GIB).devices


def test_a_size_may_be_said_twice_but_not_two_sizes():
    """Behind the name and as a part: one of them would be ignored."""
    assert 16 * GIB == machine_of(["RTX 4060 Ti 16GB:16GiB"], GIB).devices[0].total_bytes
    with pytest.raises(UsageError, match=r"says its memory twice: 8\.0 GiB and 16\.0 GiB"):
        machine_of(["RTX 4060 Ti 8GB:16GiB"], GIB)


def test_the_driver_and_the_system_keep_their_part():
    """Not all that is sold is free: half a GiB of a card or a hundredth, 4 GiB of a host or an eighth."""
    made = machine_of(["RTX 4090", "RTX PRO 6000"], 8 * GIB)

    assert [24 * GIB - GIB // 2, 96 * GIB - 96 * GIB // 100] == [device.free_bytes for device in made.devices[:2]]
    assert (7 * GIB, 8 * GIB) == (made.memory_available, made.memory_total)
    assert (GIB // 2, 4 * GIB) == (driver_bytes(GIB), system_bytes(256 * GIB))


def test_error_correcting_codes_take_their_part():
    """A T4 is sold with 16 GiB and shows 15."""
    card = machine_of(["T4"], GIB).devices[0]

    assert 15 * GIB - GIB // 2 == card.free_bytes


def test_a_mac_is_one_pool():
    """Its GPU's memory is the host's: no --ram is needed, and Metal takes three quarters of it."""
    made = machine_of(["M4 Max 128GB"])
    gpu, host = made.devices

    assert (True, 96 * GIB, 546e9) == (gpu.shares_memory, gpu.free_bytes, gpu.bandwidth)
    assert (128 * GIB, 124 * GIB, 12) == (made.memory_total, host.free_bytes, made.physical_cores)


def test_a_small_mac_leaves_its_gpu_two_thirds():
    """Metal gives less of a small memory."""
    assert 16 * GIB * 2 // 3 == machine_of(["M1 Pro 16GB"]).devices[0].free_bytes


def test_the_memory_of_a_mac_may_be_said_as_ram():
    """A Mac without a size behind its name takes --ram as its pool."""
    assert 64 * GIB == machine_of(["M4 Max"], 64 * GIB).memory_total


def test_a_mac_has_no_other_memory_than_its_own():
    """--ram that contradicts the size behind the name is refused; the same size said twice is not."""
    assert machine_of(["M4 Max 128GB"]) == machine_of(["M4 Max 128GB"], 128 * GIB)
    assert machine_of(["DGX Spark"]) == machine_of(["DGX Spark"], 128 * GIB)
    with pytest.raises(UsageError, match=r"shares its 128\.0 GiB .* --ram says 64\.0 GiB"):
        machine_of(["M4 Max 128GB"], 64 * GIB)


def test_a_spark_sees_decimal_gigabytes():
    """Of the 128 GB that are sold the system sees 119.2 GiB, and all of them may be the GPU's."""
    made = machine_of(["DGX Spark"])

    assert (128 * 10**9, made.memory_available) == (made.memory_total, made.devices[0].free_bytes)


def test_cards_are_put_into_this_machine_without_ram():
    """--device alone asks what that card would do here."""
    here = inventory()

    made = machine_of(["RTX 4090"], here=here)

    assert (here.memory_total, here.physical_cores) == (made.memory_total, made.physical_cores)
    assert ["RTX 4090", here.devices[-1].name] == [device.name for device in made.devices]


def test_what_was_measured_here_stays_measured_beside_other_cards():
    """A peak that is said takes its place: a model reaches less of a peak than of what a probe read."""
    here = replace(inventory(), bandwidth=20e9, bandwidth_measured=True)

    measured, stated = (machine_of(["RTX 4090"], here=here, bandwidth=rate) for rate in (0.0, 20e9))

    assert (20e9, True) == (measured.bandwidth, measured.bandwidth_measured)
    assert (20e9, False) == (stated.bandwidth, stated.bandwidth_measured)
    assert host_bandwidth(measured) == host_bandwidth(here) > host_bandwidth(stated)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("96GiB", (96 * GIB, 0.0)),
        ("64 GB:60GB/s", (64 * GIB, 60e9)),
        ("1.5t", (1536 * GIB, 0.0)),
        ("96:60", (96 * GIB, 60e9)),
    ],
)
def test_ram_has_a_size_and_maybe_a_speed(text, said):
    """--ram takes the memory of the host and what it gives a second."""
    assert said == ram_of(text)


@pytest.mark.parametrize("text", ["", "fast", "60GB/s", "96GiB:29TFLOPS", "0GiB", "96GiB:96GiB", "-1GiB", "1e9GiB"])
def test_ram_that_says_nothing_is_refused(text):
    """What cannot be a memory is named, with an example of what can."""
    with pytest.raises(UsageError) as caught:
        ram_of(text)

    assert repr(text) in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("specs", "told"),
    [
        (["RTX 4091"], "RTX 4090"),
        (["4O90 24GB"], "--device list"),
        (["Foo 24GB"], "'Foo:16GiB:504GB/s:29TFLOPS'"),
        (["M4 Max"], "M4 Max 128GB"),
        (["A100"], "A100 80GB"),
        (["\x1b[31m"], "16GiB"),
        ([""], "16GiB"),
        ([":16GiB"], "16GiB"),
        (["0x RTX 4090"], "16 devices"),
        (["17x RTX 4090"], "16 devices"),
        (["9x RTX 4090", "9x RTX 4090"], "fewer"),
        (["M4 Max 128GB", "DGX Spark"], "one machine"),
        (["M4 Max 128GB", "RTX 4090"], "alone"),
        (["2x RTX 4090, 128GB"], "--ram"),
        (["RTX 4090, RTX 3090"], "'RTX 4090 + RTX 3090'"),
        (["Card:16GiB:warp 9"], "504GB/s"),
        (["Card:0GiB"], "16GiB"),
        (["Card:16,5GiB"], "16.5GiB"),
        (["Card:16GiB:1,008GB/s"], "no commas"),
        (["Card:-16GiB"], "16GiB"),
        (["999x RTX 4090"], "16 devices"),
        (["Card:16GiB:8GiB"], "once"),
        (["Card:999999999TiB"], "16GiB"),
        (["Card:16:504:29:7"], "16GiB"),
        (["Card:504GB/s:504"], "once"),
    ],
)
def test_a_device_that_cannot_be_is_refused_with_a_way_out(specs, told):
    """The hint names near cards, sizes for sale, or the form; no control character reaches a terminal."""
    with pytest.raises(UsageError) as caught:
        machine_of(specs, 64 * GIB if "M4 Max" not in specs else 0)

    assert told in caught.value.hint
    assert (str(caught.value) + caught.value.hint).isprintable()


def test_without_any_memory_the_machine_cannot_be_described():
    """A card alone, with no machine to put it into, lacks the host."""
    with pytest.raises(UsageError, match="memory of the host"):
        machine_of(["RTX 4090"])


def test_a_card_without_a_profile_is_driven_by_what_its_name_says():
    """The backend follows from the maker's words; a stranger has none, and no rates."""
    made = machine_of(["RTX 9999:16GiB", "RX 9999:16GiB", "Arc Z1:16GiB", "Stranger:16GiB"], GIB)

    assert ["CUDA", "ROCm", "Vulkan", "", "CPU"] == [device.backend for device in made.devices]
    assert (0.0, 0.0, 0.0) == (made.devices[3].bandwidth, made.devices[3].operations, made.devices[3].link)


SPECS = st.lists(st.text(max_size=20) | st.sampled_from(["RTX 4090", "2x T4", "M4 Max", "16GiB", "504GB/s", "9" * 30]))


@settings(deadline=None)
@given(SPECS.map(":".join), st.text(max_size=20))
def test_whatever_is_typed_is_a_machine_or_a_sentence(spec, ram):
    """Any text describes something that can be planned for, or is refused in printable words."""
    sentences = []
    for describe in (lambda: machine_of([spec], 8 * GIB).devices[0].total_bytes, lambda: ram_of(ram)[0]):
        try:
            sentences += [] if describe() > 0 else ["nothing"]
        except UsageError as error:
            sentences.append(f"{error} {error.hint}")

    assert "nothing" not in sentences
    assert all(sentence.isprintable() for sentence in sentences)
