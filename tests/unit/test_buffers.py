"""Reading back from llama.cpp's log what a loaded model really takes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from codereader.engine.embedded.buffers import extra_bytes, placed_as_planned, read_buffers, remarks
from codereader.engine.plan import HOST, Plan, Share

MIB = 1 << 20
OWNERS = {"CUDA0": "CUDA0", "CUDA1": "CUDA1"}

LOG = """\
load_tensors: layer   0 assigned to device CPU, is_swa = 0
load_tensors: layer   1 assigned to device CUDA0, is_swa = 0
load_tensors: layer   2 assigned to device CUDA1, is_swa = 1
load_tensors:   CPU_Mapped model buffer size =   100.00 MiB
load_tensors:        CUDA0 model buffer size =    40.00 MiB
load_tensors:        CUDA1 model buffer size =    50.50 MiB
llama_context:  CUDA_Host  output buffer size =     0.50 MiB
llama_kv_cache:        CPU KV buffer size =     4.00 MiB
llama_kv_cache:      CUDA0 KV buffer size =     6.00 MiB
llama_kv_cache:      CUDA1 KV buffer size =     8.00 MiB
llama_kv_cache: size =   18.00 MiB (  1024 cells,   2 layers,  1/1 seqs), K (f16):    9.00 MiB, V (f16):    9.00 MiB
llama_memory_recurrent:      CUDA1 RS buffer size =     2.00 MiB
resolve_fused_ops: Flash Attention enabled
sched_reserve:      CUDA0 compute buffer size =    10.00 MiB
sched_reserve:      CUDA1 compute buffer size =    12.00 MiB
sched_reserve:  CUDA_Host compute buffer size =     3.00 MiB
sched_reserve: graph (pp bs=512, tg bs=1): nodes = 936, splits = 3 / 2, input objects = 4, input tensors = 6
""".splitlines()


def a_plan(*shares: Share) -> Plan:
    """A plan that gives each device what *shares* say."""
    layers = sum(share.layers for share in shares if share.name != HOST)
    return Plan(1024, layers, "f16", "f16", 512, 1, flash_attention=True, shares=shares)


def share(name: str, weights: float, cache: float, compute: float, layers: int) -> Share:
    """A share in MiB."""
    return Share(name, int(weights * MIB), int(cache * MIB), int(compute * MIB), 1 << 30, layers)


def test_bytes_are_told_apart_by_device_and_kind():
    """Weights, cache with recurrent state, scratch and output of each device; pinned memory is the host's."""
    found = read_buffers(LOG, OWNERS)

    sizes = {
        held.name: tuple(count / MIB for count in (held.weights, held.cache, held.compute, held.output))
        for held in found.held.parts
    }
    assert {"CUDA0": (40, 6, 10, 0), "CUDA1": (50.5, 10, 12, 0), HOST: (100, 4, 3, 0.5)} == sizes
    assert list(sizes)[-1] == HOST


def test_layers_are_told_by_device():
    """The first layers stay with the host, the output is the last."""
    assert (HOST, "CUDA0", "CUDA1") == read_buffers(LOG, OWNERS).layers


def test_a_tenth_device_is_not_the_first():
    """A buffer of CUDA10 does not count for CUDA1, a mapped one of a Mac counts for its device."""
    log = ["x: CUDA10 model buffer size = 1.00 MiB", "x: MTL0_Mapped model buffer size = 2.00 MiB"]

    found = read_buffers(log, {"CUDA1": "CUDA1", "CUDA10": "CUDA10", "MTL0": "MTL0"})

    assert (MIB, 2 * MIB, 0) == (
        found.held.of("CUDA10").weights,
        found.held.of("MTL0").weights,
        found.held.of("CUDA1").weights,
    )


def test_a_remote_device_is_known_by_its_buffer_type():
    """A device of another machine has buffers under another name than its own."""
    log = ["load_tensors: RPC0[127.0.0.1:50052] model buffer size =    23.25 MiB"]

    found = read_buffers(log, {"RPC0[127.0.0.1:50052]": "RPC1"})

    assert int(23.25 * MIB) == found.held.of("RPC1").weights


def test_what_is_as_planned_is_no_news():
    """Within five percent there is nothing to remember or to say; weights mapped by the host are a bound alone."""
    plan = a_plan(share("CUDA0", 40, 6, 12, 1), share("CUDA1", 50.5, 10, 10, 1), share(HOST, 10, 4, 3, 1))
    found = read_buffers(LOG, OWNERS)

    assert ({}, True) == (extra_bytes(plan, found), placed_as_planned(plan, found))


def test_what_a_plan_did_not_foresee_is_kept_by_device():
    """More than planned counts, and less too."""
    plan = a_plan(share("CUDA0", 40, 6, 4, 1), share("CUDA1", 50.5, 10, 22, 1), share(HOST, 10, 4, 3, 1))

    assert {"CUDA0": 6 * MIB, "CUDA1": -10 * MIB} == extra_bytes(plan, read_buffers(LOG, OWNERS))


def test_the_host_counts_where_nothing_is_mapped():
    """Read into memory of its own the host's part can be compared."""
    log = [line.replace("CPU_Mapped", "CPU") for line in LOG]
    plan = a_plan(share("CUDA0", 40, 6, 10, 1), share("CUDA1", 50.5, 10, 12, 1), share(HOST, 50, 4, 3, 1))

    assert {HOST: int(50.5 * MIB)} == extra_bytes(plan, read_buffers(log, OWNERS))


@pytest.mark.parametrize(
    "line",
    [
        "resolve_fused_ops: Flash Attention not supported, set to disabled",
        "llama_init_from_model: flash_attn is not compatible with Grok - forcing off",
    ],
)
def test_flash_attention_is_never_silently_off(line):
    """A device or a model that cannot do it is told of."""
    plan = a_plan(share("CUDA0", 40, 6, 10, 1), share("CUDA1", 50.5, 10, 12, 1), share(HOST, 10, 4, 3, 1))
    found = read_buffers([*LOG, line], OWNERS)

    assert not found.flash_attention
    assert "flash attention" in remarks(plan, found)[0]


def test_a_device_that_leaves_work_to_the_cpu_is_told():
    """A graph in more parts than there are layers goes to and fro in each of them."""
    plan = a_plan(share("CUDA0", 40, 6, 10, 1), share("CUDA1", 50.5, 10, 12, 1), share(HOST, 10, 4, 3, 1))
    found = read_buffers(LOG, OWNERS)
    apart = replace(found, splits=5)

    assert (3, ()) == (found.splits, remarks(plan, replace(found, splits=2)))
    assert "part of each layer to the CPU" in remarks(plan, apart)[0]


def test_layers_elsewhere_than_planned_are_told():
    """A placement that llama.cpp changed is not hidden."""
    plan = a_plan(share("CUDA0", 40, 6, 10, 2), share(HOST, 60, 12, 3, 1))
    found = read_buffers(LOG, OWNERS)

    assert not placed_as_planned(plan, found)
    assert "otherwise than planned" in " ".join(remarks(plan, found))


def test_more_layers_than_the_file_has_are_as_planned_where_all_are_on_devices():
    """llama.cpp makes another layer of some models' own; one that stays with the host is told all the same."""
    plan = a_plan(share("CUDA0", 40, 6, 10, 1), share("CUDA1", 50.5, 10, 12, 1), share(HOST, 10, 4, 3, 0))
    found = read_buffers(LOG, OWNERS)

    assert placed_as_planned(plan, replace(found, layers=("CUDA0", "CUDA0", "CUDA1")))
    assert not placed_as_planned(plan, found)
    assert not placed_as_planned(plan, replace(found, layers=("CUDA1", "CUDA0", "CUDA1")))


def test_a_log_without_sizes_says_nothing():
    """Another version's words are no error."""
    found = read_buffers(["something else entirely"], {})

    assert ((), 0, True) == (found.layers, found.held.total, found.flash_attention)
