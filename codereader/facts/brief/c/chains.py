"""The way of one operation through the functions of a C scope: who calls whom, through tables and pointers too.

A chain follows, from function to function, what goes on with the operation that its first function is named after and
leaves aside what checks, counts, logs or fails. Every step is one that the index knows: a call of a function that the
scope defines, a function handed on by name, or a call through a member for which a table of the scope holds a function.
What is a guess is only which of the steps matters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import log2

from codereader.facts.brief.flow import Flow
from codereader.facts.graph.relations import C_LANGUAGE_NAMES, Table
from codereader.index.parsed import Definition, Reference, TableEntry
from codereader.index.view import At

DEPTH = 13
"""Most functions of a chain."""

BEAM = 10
"""Unfinished chains that are kept at each step."""

BRANCHES = 7
"""Ways on from one function that are looked at, the most promising ones."""

LEAST_FIRST = 0.0
"""A chain does not begin with a step that says less than this."""

FEW = 6
"""A word has to stand in so many names to tell the subsystem."""

PRICE = 1.7
"""What every step costs: it has to say more than this to be told."""

SMALL_SCOPE = 8.0
"""With fewer functions than two to this, steps cost less: there is room to tell them."""

SMALL_TABLE = 4
"""Naming a table with no more entries than this leads on to its functions."""

MOST_TARGETS = 24
"""A call through a member for which the tables hold more functions than this is not followed."""

_WORDS = (
    "rcv recv receive received input deliver rx demux backlog established recvmsg ingress recvfrom",
    "send sendmsg push xmit transmit output tx out egress sendto transmission",
    "connect conn syn accept handshake request listen bind",
    "read readpage readahead folio filemap mpage bread fetch load iter",
    "write dirty commit sync flush writepages writepage journal submit map",
    "lookup find search iget walk",
    "create mknod mkdir new add alloc make insert newlink inode symlink instantiate",
    "mount tree fill super context root",
    "release close free destroy kill evict shutdown delete unlink remove gc destructor",
    "fault handle anonymous cow page huge",
    "lock acquire acquired slowpath block wait chain validate down trylock",
    "unlock wake wakeup up handoff slowpath",
    "schedule pick next switch preempt",
    "wakeup ttwu activate enqueue select",
    "submit bio dispatch queue issue insert run merge",
    "probe init setup reset open start",
    "interrupt intr irq poll clean napi rx",
    "mmap map region vma",
    "exec load binary",
)
_DIRECTIONS = tuple(frozenset(words.split()) for words in _WORDS)
_MINOR_WORDS = frozenset(
    "err error errors fail failed warn warning debug dbg dump trace stat stats count counter check valid validate"
    " verify is has cmp compare print log abort timer timeout lockdep assert bug drop msg show name hash size len"
    " cancel printk get put hold ref unlock lock set clear test can may should need init free release mem cache copy"
    " audit permission security cgroup charge uncharge parse fmt str update metrics notify state flags".split()
)
_ARRANGING = frozenset("init setup register alloc create set add attach probe".split())
"""What a function so called hands on is kept for later and not called by it."""

_STORING = re.compile(
    r"^(?:INIT_\w*WORK\w*|INIT_\w+|timer_setup\w*|setup_timer|tasklet_(?:setup|init)|hrtimer_(?:init|setup)|\w+_init|set_\w+"
    r"|\w*(?:request|setup)\w*_irq\w*|\w*register\w*)$"
)
"""Calls so named keep the function that they are given: it runs later, and not on this way."""

_ENDING = frozenset("exit cleanup fini destroy abort rollback undo disconnect dead".split())
_SPLIT = re.compile(r"[_\W]+")
_DEFERRED = re.compile(r"\b(?:DECLARE|DEFINE)_\w+\(\s*\w+\s*,(.*)\)")
_DEAD = re.compile(r"(^|&& )0($| &&)")
_LAST = re.compile(r"(\w+)(?:\[[^\]]*\]|\(\))?\s*$")


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of a chain: to the function *name* in *path*. `sign` is ``->`` for a call, ``=>`` by pointer or name.

    `choices` is how many functions the step may lead to, `field` the member through which it goes, if any.
    """

    path: str
    name: str
    sign: str
    choices: int = 1
    field: str = ""
    is_conditional: bool = False


@dataclass(frozen=True, slots=True)
class Chain:
    """The way from a function on. `worth` compares only with other chains of the scope."""

    hops: tuple[Hop, ...]
    worth: float


@lru_cache(maxsize=1 << 17)
def words_of(name: str) -> frozenset[str]:
    """Return the words of an identifier, in small letters."""
    return frozenset(bare for word in _SPLIT.split(name.lower()) if (bare := word.rstrip("0123456789")))


def is_step(name: str) -> bool:
    """Tell whether a call is a step of what its caller does, and does not only check, count, report or undo."""
    return not (name.isupper() or name in C_LANGUAGE_NAMES or words_of(name) & _MINOR_WORDS)


class Chains:
    """The functions of one scope and the ways between them; each function's ways are worked out once."""

    def __init__(
        self,
        flow: Flow,
        definitions: Sequence[At[Definition]],
        held: Iterable[Table],
        entries: Iterable[At[TableEntry]],
        users: Mapping[str, int],
    ) -> None:
        self._flow = flow
        self._users = users
        self._files: dict[str, dict[str, Definition]] = {}
        self._public: dict[str, list[At[Definition]]] = {}
        for at in definitions:
            if at.fact.kind == "function" and at.path.endswith((".c", ".h")):
                self._add(at)
        self._common = self._common_words()
        functions = sum(len(names) for names in self._files.values())
        self._price = PRICE - max(0.0, 0.15 * (SMALL_SCOPE - log2(1 + functions)))
        self._tables: dict[str, list[Table]] = {}
        for table in held:
            self._tables.setdefault(table.variable, []).append(table)
        self._fields: dict[str, list[At[TableEntry]]] = {}
        self._assigned: set[tuple[str, int, str]] = set()
        for entry in entries:
            self._fields.setdefault(entry.fact.field, []).append(entry)
            if entry.fact.assigned:
                self._assigned.add((entry.path, entry.fact.row, entry.fact.function))
        self._deferred = dict(self._deferring(definitions))
        self._ways: dict[tuple[str, str], tuple[Hop, ...]] = {}

    def _add(self, at: At[Definition]) -> None:
        known = self._files.setdefault(at.path, {})
        if at.fact.name not in known or _rows(at.fact) > _rows(known[at.fact.name]):
            known[at.fact.name] = at.fact
        if at.path.endswith(".h") or "static" not in at.fact.signature.partition("(")[0].split():
            self._public.setdefault(at.fact.name, []).append(at)

    def _deferring(self, definitions: Iterable[At[Definition]]) -> Iterator[tuple[str, tuple[Hop, ...]]]:
        """Yield variables that a macro makes from functions: ``DECLARE_WORK(later, run)``, and where they lead."""
        for at in definitions:
            match = _DEFERRED.search(at.fact.signature) if at.fact.kind == "variable" else None
            if match:
                names = [name for name in re.findall(r"\w+", match[1]) if name in self._files.get(at.path, {})]
                yield at.fact.name, tuple(Hop(at.path, name, "=>") for name in names)

    def _common_words(self) -> frozenset[str]:
        """Return the words that so many functions have that they tell the subsystem and not the operation."""
        counts: dict[str, int] = {}
        total = 0
        for names in self._files.values():
            for name in names:
                total += 1
                for word in dict.fromkeys(name.split("_")):
                    counts[word] = counts.get(word, 0) + 1
        return frozenset(word for word, count in counts.items() if count * 12 > total and count >= FEW)

    def definition(self, path: str, name: str) -> Definition | None:
        """Return the function *name* of the file *path*, the longest where there are twins."""
        return self._files.get(path, {}).get(name)

    def place(self, path: str, name: str) -> str | None:
        """Return the file of the function that *name* means in *path*: its own, else the only one that others see."""
        if name in self._files.get(path, {}):
            return path
        found = self._public.get(name, ())
        real = [at for at in found if not at.path.endswith(".h")] or list(found)
        if not real or len({at.path for at in real}) > 3:
            return None
        return max(real, key=lambda at: (_rows(at.fact), at.path)).path

    def ways(self, path: str, name: str) -> tuple[Hop, ...]:
        """Return where control goes from one function, each function once, in the order of the source."""
        key = (path, name)
        if key not in self._ways:
            found: dict[tuple[str, str], Hop] = {}
            own = self._files[path][name].condition
            inside = self._flow.inside(path, name)
            kept = _storing_rows(inside)
            for used in inside:
                is_kept = used.kind != "call" and used.row in kept and self.place(path, used.name) is not None
                if not is_kept and not _DEAD.search(used.condition or ""):
                    for hop in self._hops(path, used, own):
                        known = found.setdefault((hop.path, hop.name), hop)
                        if known.sign == "=>" and hop.sign == "->":  # a call is no mention
                            found[(hop.path, hop.name)] = hop
            found.pop(key, None)
            self._ways[key] = tuple(found.values())
        return self._ways[key]

    def _hops(self, path: str, used: Reference, own: str | None) -> Iterator[Hop]:
        if used.kind == "call" and used.receiver is not None:
            is_conditional = used.condition not in (None, own)
            for hop in self._through(used.name, used.receiver, used.base):
                yield replace(hop, is_conditional=is_conditional or hop.is_conditional)
            return
        place = self.place(path, used.name)
        if place is not None and (path, used.row, used.name) in self._assigned:
            return  # it is put somewhere, and called from there
        if place is not None:
            sign = "->" if used.kind == "call" else "=>"
            yield Hop(place, used.name, sign, is_conditional=used.condition not in (None, own))
        elif used.kind == "call":
            yield from self._by_helper(used.name)
        else:
            yield from self._in_table(used.name)

    def _in_table(self, variable: str) -> Iterator[Hop]:
        """Yield what a small table that is named somewhere holds: a large one is a choice and no way on."""
        for table in self._tables.get(variable, ())[:2]:
            if len(table.entries) <= SMALL_TABLE:
                for entry in table.entries:
                    yield from self._to(At(table.path, entry), SMALL_TABLE)
        yield from self._deferred.get(variable, ())

    def _through(self, field: str, receiver: str, base: str | None) -> Iterator[Hop]:
        """Yield what a call through a member may reach: functions that tables of the best fitting type hold in it."""
        entries = self._fields.get(field, ())
        last = _LAST.search(receiver)
        own = words_of(last[1]) if last else frozenset()
        typed = words_of(base) if base and last and last[1] == receiver else frozenset()
        fits = {one: _fit(own, typed, words_of(one)) for at in entries if (one := at.fact.struct or "")}
        best = max(fits.values(), default=0.0)
        if best or len(fits) == 1:
            yield from self._chosen([at for at in entries if fits.get(at.fact.struct or "") == best])

    def _by_helper(self, name: str) -> Iterator[Hop]:
        """Yield what a helper defined elsewhere calls by its name: ``dst_input`` calls what ``dst.input`` holds."""
        owner, _, field = name.partition("_")
        entries = self._fields.get(field, ()) if owner and field else ()
        fitting = [
            at for at in entries
            if at.fact.assigned and (last := _LAST.search(at.fact.variable)) and last[1].lower() == owner
        ]  # fmt: skip
        yield from self._chosen(fitting)

    def _chosen(self, entries: Sequence[At[TableEntry]]) -> Iterator[Hop]:
        functions = {(at.path, at.fact.function): at for at in reversed(entries)}
        if len(functions) <= MOST_TARGETS:
            for at in functions.values():
                yield from self._to(at, len(functions))

    def _to(self, at: At[TableEntry], choices: int) -> Iterator[Hop]:
        place = self.place(at.path, at.fact.function)
        if place is not None:
            yield Hop(place, at.fact.function, "=>", choices, at.fact.field, at.fact.condition is not None)

    def best(self, path: str, name: str, hint: str = "") -> Chain:
        """Return the most telling way on from a function; *hint* is another name of the operation (a field)."""
        wanted = self._wanted(name, hint)
        start = Chain((Hop(path, name, ""),), 0.0)
        best, open_chains = start, [start]
        for _ in range(DEPTH - 1):
            longer = [made for chain in open_chains for made in self._longer(chain, wanted)]
            longer.sort(key=lambda one: (-one.worth, [hop.name for hop in one.hops]))
            open_chains = longer[:BEAM]
            if not open_chains:
                break
            if open_chains[0].worth > best.worth:
                best = open_chains[0]
        return best

    def direction(self, name: str, hint: str = "") -> int | None:
        """Return which kind of operation a function is, as a number that stands for the kind; None for no known one."""
        for own in (words_of(hint) - self._common, words_of(name) - self._common):
            found = next((number for number, one in enumerate(_DIRECTIONS) if own & one), None)
            if found is not None:
                return found
        return None

    def _wanted(self, name: str, hint: str) -> frozenset[str]:
        own = (words_of(name) | words_of(hint)) - self._common
        directions = [one for one in _DIRECTIONS if own & one]
        return own.union(*directions) - self._common

    def _longer(self, chain: Chain, wanted: frozenset[str]) -> list[Chain]:
        last, passed = chain.hops[-1], {hop.name for hop in chain.hops}
        if len(chain.hops) > 1 and (last.choices > 1 or last.is_conditional):  # no way round to what is near
            passed |= {hop.name for hop in self.ways(chain.hops[-2].path, chain.hops[-2].name)}
        ways, visited = self.ways(last.path, last.name), {hop.path for hop in chain.hops}
        near = {hop.field for hop in ways if hop.choices > 1 and hop.path in visited}
        made = [
            Chain((*chain.hops, hop), round(chain.worth + self._gain(last, hop, wanted), 6))
            for hop in ways
            if hop.name not in passed and (hop.choices == 1 or hop.field not in near or hop.path in visited)
        ]
        if len(chain.hops) == 1:
            made = [one for one in made if one.worth > LEAST_FIRST]
        made.sort(key=lambda one: (-one.worth, one.hops[-1].name))
        return made[:BRANCHES]

    def _gain(self, last: Hop, hop: Hop, wanted: frozenset[str]) -> float:
        """Return how much a step adds to a chain: much for the operation's own words, less than nothing for a check."""
        definition = self._files[hop.path][hop.name]
        words = words_of(hop.name) - self._common
        fits = bool(words & wanted)
        if hop.choices > 1 and not fits and hop.field not in wanted:
            return -9.0
        gain = 0.35 * log2(1 + _rows(definition)) - self._price
        gain += 1.6 if fits else 0.0
        gain += 1.3 if _core(last.name) in hop.name or _core(hop.name) in last.name else 0.0
        gain += 0.4 if hop.path != last.path else 0.0
        gain -= 1.2 if words & _MINOR_WORDS and not fits else 0.0
        gain -= 0.8 if words & _MINOR_WORDS - wanted - words_of(hop.field) else 0.0
        gain -= 0.3 * len(words - wanted - words_of(last.name))
        gain -= (3.0 if hop.field else 0.9) if hop.is_conditional else 0.0
        gain -= 1.5 if hop.sign == "=>" and hop.choices == 1 and words_of(last.name) & _ARRANGING else 0.0
        gain -= 1.5 if words & _ENDING and not words_of(last.name) & _ENDING else 0.0
        gain -= 0.35 * log2(1 + self._users.get(hop.name, 0) / 6)
        if hop.choices > 1:
            gain -= 0.3 * log2(hop.choices) + 0.5 * len(words - wanted - words_of(hop.field))
        return gain


def _storing_rows(inside: Sequence[Reference]) -> set[int]:
    """Return the rows on which functions are given to calls that keep them, a call's second row included."""
    storing = {one.row for one in inside if one.kind == "call" and _STORING.search(one.name)}
    other = {one.row for one in inside if one.kind == "call" and not _STORING.search(one.name)}
    return storing | ({row + 1 for row in storing} - other)


def _rows(definition: Definition) -> int:
    return definition.span.last_row - definition.span.first_row


def _core(name: str) -> str:
    return name.strip("_").removeprefix("do_")


def _fit(member: frozenset[str], typed: frozenset[str], struct: frozenset[str]) -> float:
    """Return how well a struct fits the member through which a call goes, and its declared type; 0 is not at all.

    A member is often called by the beginning of a word of its struct: ``sk_prot`` and ``proto``.
    """
    if struct <= typed:
        return 2.0
    alike = [word for word in struct if word != "ops" and any(_begin_alike(word, own) for own in member)]
    return len(alike) / len(struct)


def _begin_alike(one: str, other: str) -> bool:
    return min(len(one), len(other)) > 2 and one[:4] == other[:4]
