"""How plans are shown: bars that add up, flags that llama.cpp knows, words that say what fits and what is missing."""

from __future__ import annotations

import contextlib
import re
import shlex
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codereader.engine.hardware.machine import Device, Machine
from codereader.engine.plan import HOST, Plan, Share
from codereader.errors import UsageError
from codereader.fronts.plans import bars, comparison, words
from codereader.fronts.plans.bars import BLOCKS, LIMIT, PLAIN, bar
from codereader.fronts.plans.flags import server_flags
from codereader.fronts.plans.machines import Entry, entry
from codereader.fronts.plans.planned import Asked, Planned
from codereader.fronts.plans.table import table
from codereader.model.gguf import ModelHeader
from codereader.model.known import known_header

GIB = 1 << 30


@pytest.fixture(scope="module")
def scout() -> ModelHeader:
    """Llama 4 Scout, by name."""
    header = known_header("llama-4-scout")
    assert header is not None
    return header


def made_plan(**changes: object) -> Plan:
    """Return a plan of a card and a host, with *changes*."""
    card = Share("CUDA0", weights=8 * GIB, cache=3 * GIB, compute=GIB, free=15 * GIB, layers=49, scratch=GIB // 2)
    host = Share(HOST, weights=52 * GIB, cache=0, compute=GIB, free=90 * GIB)
    usual = {
        "context": 131072,
        "gpu_layers": 49,
        "cache_type_k": "q8_0",
        "cache_type_v": "q8_0",
        "micro_batch": 2048,
        "threads": 8,
        "flash_attention": True,
        "shares": (card, host),
        "cpu_experts": tuple(range(45)),
        "prefill_rate": 500.0,
        "decode_rate": 5.0,
        "seconds": 110.0,
    }
    return Plan(**(usual | changes))


def made(header: ModelHeader, plan: Plan | None = None, **changes: object) -> Planned:
    """Return a planned machine with one card."""
    devices = (Device("CUDA0", "a card", "gpu", 15 * GIB, 16 * GIB),)
    machine = Machine(devices, 90 * GIB, 96 * GIB, 8, 8, can_offload=True, name="a card")
    usual = {
        "name": "a card",
        "header": header,
        "machine": machine,
        "asked": Asked(5227, 906),
        "plans": (plan or made_plan(),),
    }
    return Planned(**(usual | changes))


@given(st.lists(st.integers(0, 1 << 40), min_size=3, max_size=3), st.integers(-(1 << 40), 1 << 40), st.integers(8, 60))
def test_a_bar_has_its_width_and_shows_every_kind(sizes: list[int], free: int, width: int) -> None:
    """However full a device is, the bar is as wide as the others and no kind of bytes is invisible."""
    drawn = bar(list(zip("WCX", sizes, strict=True)), free, width, PLAIN)

    assert width == len(drawn)
    assert {kind for kind, size in zip("WCX", sizes, strict=True) if size} <= set(drawn)
    assert (sum(sizes) > free) == (LIMIT in drawn) or not sum(sizes)


def test_a_bar_is_in_proportion() -> None:
    """Half of the memory is half of the bar."""
    assert "#####==..." == bar([("#", 50), ("=", 20), ("+", 0)], 100, 10, PLAIN)


def test_a_bar_shows_where_memory_ends() -> None:
    """What does not fit stands behind a mark, so that one sees by how much."""
    assert "####|##==" == bar([("#", 60), ("=", 20)], 40, 9, PLAIN)


@pytest.mark.parametrize(
    ("encoding", "expected"), [("utf-8", BLOCKS), ("UTF8", BLOCKS), ("cp1252", PLAIN), ("", PLAIN)]
)
def test_bars_are_ascii_where_stdout_is_not_utf8(encoding: str, expected: object, monkeypatch) -> None:
    """A terminal that cannot show blocks gets plain characters."""
    monkeypatch.setattr(bars.sys, "stdout", type("Stream", (), {"encoding": encoding}))

    assert expected == bars.marks()


def test_a_narrow_table_has_names_rather_than_bars() -> None:
    """In 60 columns one can tell the card from the system's memory."""
    card, host = made_plan().shares
    rows = list(table(made_plan(shares=(replace(card, scratch=0), host)), 60, PLAIN))

    assert ["  CUDA0  ", "  system memory  "] == [rows[1][:9], rows[2][:17]]
    assert max(map(len, rows)) <= 60


@pytest.mark.parametrize("width", [60, 80, 110])
def test_a_table_keeps_the_width(width: int) -> None:
    """Neither long names nor scratch make a row wider than the terminal."""
    plan = made_plan()
    wide = replace(plan, shares=(replace(plan.shares[0], name="NVIDIA GeForce RTX 4090 Laptop GPU"), plan.shares[1]))

    rows = list(table(wide, width, PLAIN))

    assert max(map(len, rows)) <= width
    assert "scratch" in rows[0]
    assert rows[2].split()[0].startswith("sys")


def test_a_small_model_is_told_in_mib() -> None:
    """Sizes of a few hundred MiB are not rounded to tenths of a GiB."""
    host = Share(HOST, weights=92 << 20, cache=180 << 20, compute=22 << 20, free=22 * GIB, layers=31)

    head, row, _ = table(made_plan(gpu_layers=0, cpu_experts=(), shares=(host,)), 80, PLAIN)

    assert "MiB" == head.split()[0]
    assert ["92", "180", "22"] == row.split()[2:5]


def test_the_server_gets_the_same_placement(scout: ModelHeader) -> None:
    """Layers, experts, context, cache and micro-batch are those of the plan; nothing is left for the server to fit."""
    words_ = shlex.split(server_flags(made(scout), made_plan()))

    flags = dict(zip(words_[1::2], words_[2::2], strict=True))
    expected = {"-ngl": "49", "-ncmoe": "45", "-c": "131072", "-np": "1", "-fa": "on", "-fit": "off"}
    assert expected | {"-ctk": "q8_0", "-ctv": "q8_0", "-ub": "2048"} == {
        name: value for name, value in flags.items() if name != "-m"
    }


def test_all_experts_have_a_flag_of_their_own(scout: ModelHeader) -> None:
    """All experts with the host: no number that a reader must compare with the model's."""
    assert " -cmoe " in server_flags(made(scout), made_plan(cpu_experts=tuple(range(48))))


def test_experts_of_any_layers_are_named(scout: ModelHeader) -> None:
    """The pattern means the routed experts of exactly the plan's layers, as llama.cpp matches it."""
    layers = (3, 7, 11, 40, 47)
    words_ = shlex.split(server_flags(made(scout), made_plan(cpu_experts=layers)))
    pattern, _, kind = words_[words_.index("-ot") + 1].rpartition("=")

    found = {tensor.name for tensor in scout.tensors if re.search(pattern, tensor.name)}

    assert "CPU" == kind
    assert found == {t.name for t in scout.tensors if "_exps" in t.name and int(t.name.split(".")[1]) in layers}
    assert 15 == len(found)


def test_a_split_over_cards_is_told_in_layers(scout: ModelHeader) -> None:
    """Each card gets the layers that the plan gives it."""
    shares = (*(Share(f"CUDA{n}", GIB, 0, 0, 20 * GIB, layers=12 + (n == 0)) for n in range(4)), made_plan().shares[1])

    assert " -ts 13,12,12,12 " in server_flags(made(scout), made_plan(shares=shares, cpu_experts=()))


def test_devices_of_this_machine_are_named_in_the_order_of_the_plan(scout: ModelHeader) -> None:
    """What is split belongs to the right card, also where the larger one is not the first."""
    cards = tuple(Device(f"CUDA{n}", "a card", "gpu", (n + 1) * 10 * GIB, 20 * GIB) for n in range(2))
    here = Machine(cards, 90 * GIB, 96 * GIB, 8, 8, can_offload=True)
    shares = (Share("CUDA1", GIB, 0, 0, 20 * GIB, layers=33), Share("CUDA0", GIB, 0, 0, 10 * GIB, layers=16))
    plan = made_plan(shares=(*shares, made_plan().shares[1]), cpu_experts=())

    assert " -dev CUDA1,CUDA0 -ts 33,16 " in server_flags(made(scout, machine=here), plan)


def test_a_large_micro_batch_gets_a_batch(scout: ModelHeader) -> None:
    """The server cuts micro-batches to its batch, so that grows with them."""
    assert " -ub 4096 -b 4096 " in server_flags(made(scout), made_plan(micro_batch=4096))


def test_a_file_name_cannot_leave_its_place(scout: ModelHeader) -> None:
    """A path with spaces, quotes and a semicolon is one word of the line to paste."""
    name = "/models/it's; rm -rf $HOME.gguf"

    assert name == shlex.split(server_flags(made(scout, file=name), made_plan()))[2]


def test_the_verdict_says_what_is_missing(scout: ModelHeader) -> None:
    """A plan that does not fit says so first, with what it takes and what the machine is short of."""
    said = words.verdict(made(scout, made_plan(lacks=12 * GIB)))

    assert said.startswith("Does not fit: Llama 4 Scout")
    assert said.endswith(" on a card: it takes 65.5 GiB, and 12.0 GiB of memory is missing")


def test_weights_read_from_disk_are_no_fit(scout: ModelHeader) -> None:
    """A machine that would read the model from disk for every token is not said to hold it."""
    assert words.verdict(made(scout, made_plan(from_disk=9 * GIB))).startswith("Runs, slowly: ")


def test_what_binds_is_told_before_an_answer() -> None:
    """Where a card could not take the whole model, the line on stderr is followed by the reason."""
    plan = made_plan(kind="experts", limit="the memory of CUDA0")

    assert "the memory of CUDA0" == words.constraint(plan)
    assert "" == words.constraint(replace(plan, kind="whole"))
    said = words.running(plan, Asked(5227, 906))
    assert "all 49 layers on the GPU, experts of 45 layers in system memory, q8_0 cache, context 131,072" in said
    assert said.endswith("; about 110 s at most")


def test_placement_is_told_in_layers() -> None:
    """How many layers lie where, and whose experts do not."""
    assert "all 49 layers on the GPU, experts of 45 layers in system memory" == words.placement(made_plan())
    some = made_plan(gpu_layers=20, cpu_experts=tuple(range(29, 48)))
    assert "20 of 49 layers on the GPU, their experts in system memory" == words.placement(some)
    host = replace(made_plan().shares[1], layers=49)
    assert "all layers on the CPU" == words.placement(made_plan(gpu_layers=0, shares=(host,), cpu_experts=()))


def test_a_faster_plan_that_is_not_the_best_says_what_is_held_against_it() -> None:
    """Precision, memory, or that predictions are not so sure; nothing where it is slower, or the same in print."""
    asked = Asked(5227, 906)
    best = made_plan(cache_type_k="f16", cache_type_v="f16", micro_batch=512, seconds=120.0)
    others = [
        made_plan(),
        replace(best, seconds=110.0, micro_batch=2048),
        replace(best, seconds=110.0),
        replace(best, seconds=130.0, cache_type_k="q8_0"),
        replace(best, seconds=119.9, cache_type_k="q8_0"),
    ]

    ends = [words.other(plan, best, asked).removeprefix(words.one_line(plan, asked)) for plan in others]

    drawbacks = ["a little less precise", "takes more memory", "faster by less than can be predicted"]
    assert [*(f" ({why})" for why in drawbacks), "", ""] == ends


def test_a_rate_has_no_more_digits_than_a_prediction() -> None:
    """Large rates are whole numbers, tiny ones not zero."""
    assert ["1,234", "12.3", "0.012", "?"] == [words.short(rate) for rate in (1234.4, 12.34, 0.0123, 0.0)]


def test_the_fastest_that_fits_is_marked(scout: ModelHeader) -> None:
    """A machine that lacks memory never wins, however fast it would be."""
    slow = made(scout, made_plan(seconds=100.0), name="slow")
    fast = made(scout, made_plan(seconds=10.0), name="fast")
    unfit = made(scout, made_plan(seconds=1.0, lacks=1), name="unfit")

    assert fast is comparison.fastest([slow, fast, unfit])
    assert comparison.fastest([unfit]) is None
    assert ["* fast is the fastest: 10 s; 10 times as long on slow, the next"] == list(
        comparison.conclusion([slow, fast, unfit], 80)
    )


def test_machines_that_differ_in_what_is_asked_say_it(scout: ModelHeader) -> None:
    """Another prompt or another model stands with its machine; what all share stands once, at the top."""
    out = type("Out", (), {"width": 80, "bold": str})
    usual, longer = made(scout, name="a"), made(scout, name="b", asked=Asked(9000, 500))
    other = made(replace(scout, name="Other"), name="c")

    same, lengths, models = (
        list(comparison.page(pair, out)) for pair in ([usual, usual], [usual, longer], [usual, other])
    )

    assert "  5,227 tokens of prompt, 906 of answer, context 131,072" == same[1]
    assert not any("of prompt" in line for line in same[2:])
    assert ["", 1] == [lengths[1], sum(line.startswith("    9,000 tokens of prompt") for line in lengths)]
    assert "several models" == models[0]
    assert any(line.startswith("    Other ") for line in models)


def test_bars_of_machines_are_on_one_scale(scout: ModelHeader, tmp_path) -> None:
    """A pool of twice the bytes has a bar of twice the length, whatever the machine; each kind still shows."""
    small, large = (
        replace(made_plan(), shares=(Share("CUDA0", weights=8 * GIB, cache=GIB, compute=GIB, free=free, layers=49),))
        for free in (32 * GIB, 64 * GIB)
    )
    tiny = replace(small, shares=(Share("CUDA0", weights=1, cache=1, compute=1, free=GIB, layers=49),))
    machines = [made(scout, plan, name=name) for name, plan in (("a", small), ("b", large), ("c", tiny))]
    out = type("Out", (), {"width": 100, "bold": str})

    bars = [line.split()[1] for line in comparison.page(machines, out) if line.startswith("    GPU ")]

    assert [32, 64, 4] == [len(drawn) for drawn in bars]
    assert bars[0].rstrip(bars[0][-1]) == bars[1].rstrip(bars[1][-1])
    assert 4 == len(set(bars[2]))


@pytest.mark.parametrize(
    ("count", "told"),
    [(0.04, "under 0.1 s"), (2.74, "2.7 s"), (9.96, "10.0 s"), (46.4, "46 s"), (119.4, "119 s"), (119.6, "2 min 0 s")],
)
def test_predicted_times_have_few_digits(count: float, told: str) -> None:
    """A prediction is not known to the tenth of a second."""
    assert told == words.seconds(count)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RTX 4090", Entry("RTX 4090", ("RTX 4090",))),
        ("4x RTX 4000 Ada, 128GiB", Entry("", ("4x RTX 4000 Ada",), settings={"ram": "128GiB"})),
        (
            "A:16GiB:504GB/s + B, ram=96GiB:60GB/s",
            Entry("", ("A:16GiB:504GB/s", "B"), settings={"ram": "96GiB:60GB/s"}),
        ),
        ("cache-type=q4_0, ctx=32k", Entry("", settings={"cache-type": "q4_0", "tokens": "32k"})),
        ("this + RTX 3090", Entry("", ("RTX 3090",), is_here=True)),
        ("This", Entry("", is_here=True)),
        ("64 GiB", Entry("", settings={"ram": "64 GiB"})),
        ("Ryzen AI Max+ 395 128GB", Entry("", ("Ryzen AI Max+ 395 128GB",))),
        ("Ryzen AI Max+ PRO 395:128GB", Entry("", ("Ryzen AI Max+ PRO 395:128GB",))),
        ("4060 Ti:16GiB, 64GiB", Entry("", ("4060 Ti:16GiB",), settings={"ram": "64GiB"})),
        ("4060 Ti", Entry("", ("4060 Ti",))),
        ("RTX 4090+7900 XTX", Entry("", ("RTX 4090", "7900 XTX"))),
        ("RTX 4090 +2x T4+ T4", Entry("", ("RTX 4090", "2x T4", "T4"))),
    ],
)
def test_a_machine_is_written_as_people_would(text: str, expected: Entry) -> None:
    """Cards, memory and settings between commas."""
    assert replace(expected, text=text) == entry(text)


@given(st.text(max_size=60) | st.from_regex(r"(\d?x? ?RTX 4090|this|64GiB|ram=|,|\+| )*", fullmatch=True))
def test_any_text_is_a_machine_or_refused(text: str) -> None:
    """Whatever is typed: a machine, or one sentence."""
    made_of: Entry | None = None
    with contextlib.suppress(UsageError):
        made_of = entry(text)

    assert made_of is None or made_of.has_machine or made_of.settings


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "names no machine"),
        (" , ", "names no machine"),
        ("RTX 4090 + , 64GiB", "the name of a device is empty"),
        ("cache=q8_0", "did you mean cache-type?"),
        ("64GiB, 32GiB", "says ram twice"),
        ("RTX 4070:16,5GiB", "a comma parts what is compared"),
        ("RTX 4090 +", "the name of a device is empty"),
        ("x" * 201, "has more than 200 characters"),
    ],
)
def test_a_machine_that_makes_no_sense_is_refused(text: str, said: str) -> None:
    """One sentence says which part, and what is meant instead."""
    with pytest.raises(UsageError, match=re.escape(said)):
        entry(text)
