"""The most important operations of a C scope, each as the way of one call through its functions.

Operations begin where others come in: at system calls, at functions that tables hold, at exported functions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import log2

from codereader.facts.brief.c.chains import Chain, Chains, Hop, is_step, words_of
from codereader.facts.brief.lines import Draft
from codereader.facts.brief.material import Material, base, spelled
from codereader.facts.fact import Fact
from codereader.facts.graph.relations import Table
from codereader.facts.rank import is_minor
from codereader.source.spans import line_of

STARTS = 120
"""So many functions are followed, the most important ones."""

LARGE_SCOPE = 400
"""A scope with more files than this is a large one here."""

LARGE_STARTS = 16
"""The same in a large scope, whose files take longer to look into."""

STARTS_A_FILE = 12
"""No more than this of one file."""

CHAINS = 10
"""So many ways are told."""

WORTH_TELLING = 2.2
"""A way that is worth less than this is told by what its first function calls."""

STEPS = 2
"""It has to call so many that say something; else it is not told at all."""

LINES_OF_ONE = 2
"""Most lines of one way."""

MINOR_SHARE = 0.5
"""What is left of the weight of an operation that reports or tries something out."""

TRIAL_SHARE = 0.25
"""The same of one that tests and torture modules have."""

CONDITIONAL_SHARE = 0.85
"""The same of one that only some configurations have."""

REPEATED_SHARE = 0.45
"""What is left of the worth of a way when one of its kind is told already."""

FOREMOST = (0, 1, 5, 6, 7, 12, 14)
"""The kinds of operations that come first where there are others, by their place among the directions of a chain:
taking in and giving out, looking up, creating, mounting, scheduling, submitting."""

REPORTING = frozenset(
    "cftype genl_ops genl_small_ops genl_split_ops nfnl_callback seq_operations proc_ops kernel_param_ops ctl_table"
    " device_attribute kobj_attribute attribute dev_pm_ops rhashtable_params pernet_operations notifier_block shrinker"
    " trace_event_functions dmi_system_id bpf_iter_reg bpf_func_proto bpf_verifier_ops sock_diag_handler"
    " inet_diag_handler kset_uevent_ops ethtool_ops".split()
)
"""Structs that every part of a kernel fills in for upkeep and reports: their functions are no main operations."""

MAIN_FIELDS = re.compile(
    r"send|recv|xmit|rcv|connect|accept|bind|create|lookup|read|write|handler|open|mk|mount|tree|fill|init_fs|probe"
    r"|queue|pick|fault|submit|doit|release|kill_sb|\.call$|\.func$|map|alloc"
)
"""Members whose functions do what a table is for; the others look after it."""

OTHER_FIELDS_SHARE = 0.7
"""What is left of the weight of a function that a table holds in another member."""

NAMESAKE = 1.3
"""How much more an exported function weighs that is called like its file."""

COMMON_KIND = 4
"""A kind that more than one in so many operations has is told once for each file."""

SAME_FILE_SHARE = 0.7
"""The same when one of its file is told already."""

PRIME = {
    **dict.fromkeys("get_tree mount read_iter write_iter".split(), 3.0),
    **dict.fromkeys("lookup sendmsg recvmsg connect handler create probe ndo_start_xmit".split(), 2.2),
    **dict.fromkeys("queue_rq submit_bio pick_next_task enqueue_task task_tick".split(), 2.2),
    **dict.fromkeys("accept bind release ndo_open open read_folio writepages fault input output".split(), 1.6),
    **dict.fromkeys("trigger pointer hw_params mkdir unlink rename mmap remove fill_super fsync".split(), 1.4),
}
"""How much more functions weigh that tables hold in members of these names: what newcomers ask for first."""

PACKETS = frozenset({"packet_type", "net_protocol", "inet6_protocol"})
"""Structs whose functions take in every packet of a protocol."""

FRONT_SHARE = 2.0
"""How much more these weigh."""

SYSTEM_CALL = 1.7
"""The weight of a system call beside that of other functions."""

LONG_WAYS = 2
"""So many ways have all their lines, the others one."""

MANY_STEPS = 6
"""A function asked for first that takes so many steps is told by them where its way is short."""

SHORT_WAY = 4
"""Most functions of such a way."""

USUAL = frozenset({"tcp", "stream", "fair", "fill"})
"""Words of those of several twins that most users meet."""

USUAL_SHARE = 1.4
"""How much more these weigh."""

SHARED = frozenset(
    "release open create remove connect probe accept bind input output trigger pointer read write".split()
)
"""Of these members the ones that structs of the scope itself have mean something else."""

SIDE_SHARE = 0.75
"""What is left of the weight of a function in a table, where its struct has a larger one."""

FEW_FILES = 12
"""In scopes with no more C files, that one of a file is told says nothing against others of it."""

_LEGEND = "-> calls, => by a pointer, a table or handed on"
_MINOR_FIELDS = re.compile(
    r"(^|[._])(err|poll|next|show|stop|seq|dump|get|set|splice|compat|old|uevent|debug|error|bpf|exit|stats?|trace|info"
    r"|setsockopt|getsockopt|quota|fiemap|unlocked_ioctl|xattr|acl|trim|encap)(_|$)"
)
_TRIAL = re.compile(r"torture|selftest|kunit|(^|[/_-])(test|mock|fake|dummy)")


@dataclass(frozen=True, slots=True)
class _Start:
    """A function where an operation begins: the member or macro it stands in, and how important that is."""

    path: str
    name: str
    via: str
    weight: float
    is_known: bool = True


def is_trial(name: str) -> bool:
    """Tell whether a path or a function belongs to what tries others out: tests, torture modules."""
    return bool(_TRIAL.search(name))


def operations_section(material: Material) -> Draft:
    """Return the ways of the main operations, the most telling of different kinds first."""
    view = material.view
    if not any(file.language == "c" for file in material.files):
        return Draft("Flow", ())
    chains = Chains(material.flow, material.definitions, material.tables, view.tables(), view.referring_files())
    found = [(start, chains.best(start.path, start.name, start.via)) for start in _starts(material, chains)]
    found = [one for one in found if _is_way(one[1]) or len(_steps(material, chains, one[0])) >= STEPS]
    told = [
        _facts(material, chains, *one, LINES_OF_ONE if number < LONG_WAYS else 1)
        for number, one in enumerate(_telling(chains, found))
    ]
    facts = tuple(fact for some in told for fact in some)
    return Draft(f"Main operations ({_LEGEND})", facts, weight=8, first=7)


def _is_way(chain: Chain) -> bool:
    """Tell whether a chain says enough to be told as one."""
    return chain.worth >= WORTH_TELLING


def _starts(material: Material, chains: Chains) -> list[_Start]:
    """Return the most important functions where control comes in from outside."""
    best: dict[tuple[str, str], _Start] = {}
    for start in _candidates(material):
        key = start.path, start.name
        known = best.setdefault(key, start)
        if known.weight < start.weight:
            best[key] = replace(start, via=start.via or known.via)
    likely = sorted(best.values(), key=lambda one: (-one.weight, one.path, one.name))[: 8 * STARTS]
    found = [made for start in likely for made in _weighed(material, chains, start)]
    most = max(STARTS_A_FILE, STARTS // max(1, len(material.read)))
    taken: dict[str, int] = {}
    kept: dict[tuple[str, str], _Start] = {}
    for start in sorted(found, key=lambda one: (-one.weight, one.path, one.name)):
        taken[start.path] = taken.get(start.path, 0) + 1
        if taken[start.path] <= most:
            kept.setdefault((start.path, start.name), start)
    return list(kept.values())[: LARGE_STARTS if len(material.files) > LARGE_SCOPE else STARTS]


def _candidates(material: Material) -> Iterator[_Start]:
    """Yield functions where control may come in, weighed by where they are named alone."""
    users, scores = material.view.referring_files(), material.scores
    for at in material.entries:
        if at.fact.kind == "syscall":
            yield _Start(at.path, at.fact.name, "system call", SYSTEM_CALL * scores.get(at.path, 0.0))
    own = {at.fact.name for at in material.definitions if at.fact.kind == "function"}
    structs = {at.fact.name for at in material.definitions if at.fact.kind == "struct"}
    largest: dict[str | None, tuple[float, Table]] = {}
    for table in material.tables:
        worth = scores.get(table.path, 0.0) * log2(2 + len(table.entries))
        if table.struct not in largest or largest[table.struct][0] < worth:
            largest[table.struct] = worth, table
    for table in material.tables:
        inside = sum(entry.function in own for entry in table.entries)
        weight = (0.9 + 0.12 * log2(1 + inside)) * scores.get(table.path, 0.0)
        weight *= MINOR_SHARE if table.struct in REPORTING else 1.0
        weight *= SIDE_SHARE if table is not largest[table.struct][1] else 1.0
        for entry in table.entries:
            if entry.field and entry.function in own:
                front = FRONT_SHARE if table.struct in PACKETS and entry.field in ("func", "handler") else 1.0
                is_known = entry.field not in SHARED or table.struct not in structs
                yield _Start(table.path, entry.function, f".{entry.field}", weight * front, is_known)
    for export in material.exports:
        weight = 0.9 + 0.1 * log2(1 + users.get(export.fact.name, 0))
        weight *= NAMESAKE if export.fact.name.startswith(f"{base(export.path).rpartition('.')[0]}_") else 1.0
        yield _Start(export.path, export.fact.name, "", weight * scores.get(export.path, 0.0))


def _weighed(material: Material, chains: Chains, start: _Start) -> Iterator[_Start]:
    """Yield a start at its definition, with what its size, its kind and its name say of it."""
    place = chains.place(start.path, start.name)
    definition = chains.definition(place, start.name) if place else None
    if place is None or definition is None or is_minor(place) or place.endswith(".h"):
        return
    size = log2(2 + definition.span.last_row - definition.span.first_row)
    kind = chains.direction(start.name, start.via)
    share = 1.0 if kind is None else 1.5 if kind in FOREMOST else 1.3
    share *= MINOR_SHARE if _MINOR_FIELDS.search(start.via) or _MINOR_FIELDS.search(start.name) else 1.0
    share *= MINOR_SHARE if not start.via and "init" in start.name else 1.0
    share *= TRIAL_SHARE if is_trial(place) or is_trial(start.name) else 1.0
    share *= PRIME.get(start.via.removeprefix("."), 1.0) if start.via.startswith(".") and start.is_known else 1.0
    share *= USUAL_SHARE if words_of(start.name) & USUAL else 1.0
    share *= OTHER_FIELDS_SHARE if start.via.startswith(".") and not MAIN_FIELDS.search(start.via) else 1.0
    share *= CONDITIONAL_SHARE if definition.condition else 1.0
    nearer = max(1.0, material.scores.get(place, 0.0) / (material.scores.get(start.path, 0.0) or 1.0))
    yield replace(start, path=place, weight=round(start.weight * nearer * share * (1 + size / 12), 6))


def _kind(chains: Chains, start: _Start) -> int | str | None:
    """Return what kind of operation a start is: the member for those that everybody asks for."""
    field, direction = start.via.removeprefix("."), chains.direction(start.name, start.via)
    if start.via == "system call":
        return f"{start.path} {direction}"
    return field if field in PRIME else direction


def _telling(chains: Chains, found: Sequence[tuple[_Start, Chain]]) -> Iterator[tuple[_Start, Chain]]:
    """Yield ways that tell most beside those already told: of another kind, through other functions."""
    most = max((start.weight for start, _ in found), default=1.0) or 1.0
    left = list(found)
    is_wide = len({start.path for start, _ in found}) > FEW_FILES
    begins = {start.name for start, _ in found}  # a way that leads through where others begin ties parts together
    every = [_kind(chains, start) for start, _ in found]
    own = {kind for kind in set(every) if every.count(kind) * COMMON_KIND > len(every)}  # what the scope is all about

    def kind_of(start: _Start) -> int | str | None:
        kind = _kind(chains, start)
        return f"{start.path} {kind}" if kind in own else kind

    told: set[str] = set()
    kinds: dict[int | str | None, int] = {}
    files: dict[str, int] = {}

    def worth(one: tuple[_Start, Chain]) -> tuple[float, str, str]:
        start, chain = one
        fresh = sum(hop.name not in told for hop in chain.hops) / len(chain.hops)
        kind = kind_of(start)
        share = REPEATED_SHARE ** kinds.get(kind, 0) * fresh**2 * (0.4 if start.name in told else 1.0)
        share *= SAME_FILE_SHARE ** files.get(start.path, 0) if is_wide else 1.0
        through = sum(hop.name in begins for hop in chain.hops[1:])
        return -round((2 + chain.worth + through) * share * (start.weight / most), 6), start.path, start.name

    for _ in range(min(CHAINS, len(left))):
        left.sort(key=worth)
        start, chain = left.pop(0)
        kind = kind_of(start)
        kinds[kind] = kinds.get(kind, 0) + 1
        files[start.path] = files.get(start.path, 0) + 1
        told |= {hop.name for hop in chain.hops}
        yield start, chain


def _facts(material: Material, chains: Chains, start: _Start, chain: Chain, lines: int) -> Iterator[Fact]:
    """Yield up to *lines* lines of one operation, each with the place of its first function."""
    steps = _steps(material, chains, start)
    own = sum(chains.place(start.path, name) is not None for name in steps)
    is_first = (
        start.is_known and start.via.removeprefix(".") in PRIME and len(chain.hops) <= SHORT_WAY and own >= MANY_STEPS
    )
    if steps and (is_first or not _is_way(chain)):
        yield _stepwise(material, chains, start, steps)
        return
    hops = list(chain.hops)
    head = f"{start.via}: " if start.via else ""
    for number in range(lines):
        definition = chains.definition(hops[0].path, hops[0].name)
        line, condition = (line_of(definition.row), definition.condition) if definition else (1, None)
        is_last = number == lines - 1
        text, count = _spelled(head, hops, material.room(hops[0].path, line, condition), is_last=is_last)
        way = f" {hops[0].sign} ".join(hop.name for hop in hops[:count])
        yield Fact(start.name, "flows to", way, text, hops[0].path, line, condition)
        hops = hops[count:]
        if not hops or is_last:
            return
        head = f"    {hops[0].sign} "


def _spelled(head: str, hops: Sequence[Hop], width: int, *, is_last: bool) -> tuple[str, int]:
    """Return the way as far as it fits into *width* characters, and how many functions that are."""
    text = f"{head}{hops[0].name}"
    for place, hop in enumerate(hops[1:], 1):
        one_of = f" (1 of {hop.choices})" if hop.choices > 1 and hop.field else ""
        more = f" {hop.sign} {hop.name}{one_of}"
        left = len(hops) - place - 1
        tail = f" -> {left} more" if left and is_last else ""
        if len(text) + len(more) + len(tail) > width:
            return (f"{text} -> {left + 1} more" if is_last else text), place
        text += more
    return text, len(hops)


def _steps(material: Material, chains: Chains, start: _Start) -> list[str]:
    """Return what a function calls, the scope's own first, without what checks, counts or undoes."""
    names = dict.fromkeys(
        used.name
        for used in material.flow.inside(start.path, start.name)
        if used.kind == "call" and used.receiver is None and is_step(used.name)
    )
    return sorted(names, key=lambda name: chains.place(start.path, name) is None)


def _stepwise(material: Material, chains: Chains, start: _Start, steps: Sequence[str]) -> Fact:
    definition = chains.definition(start.path, start.name)
    line, condition = (line_of(definition.row), definition.condition) if definition else (1, None)
    head = f"{start.via}: {start.name}" if start.via else start.name
    every = {one.name for one in material.flow.inside(start.path, start.name) if one.kind == "call"}
    how = "calls, among others," if len(every) > len(steps) else "calls"
    text = spelled(f"{head} {how} ", steps, material.room(start.path, line, condition))
    return Fact(start.name, "flows to", ", ".join(steps), text, start.path, line, condition)
