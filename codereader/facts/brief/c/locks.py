"""The locks of a C scope: which there are, what is taken how often, and where.

A lock is a variable or a struct's member of a lock's type. Where it is taken is read from the text of the calls: the
function that takes it, and the last name of its first argument.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from codereader.facts.brief.c.operations import is_trial
from codereader.facts.brief.lines import Draft
from codereader.facts.brief.material import Material, base, one_line, spelled, tally
from codereader.facts.fact import Fact
from codereader.facts.words import counted
from codereader.index.parsed import Definition
from codereader.index.prose import comment_lines
from codereader.index.view import At
from codereader.source.spans import line_of

GUARD_WIDTH = 50
"""Characters of the comment beside a lock that are quoted."""

ORDERS = 2
"""So many comments on the order of locks are told."""

DOC_WIDTH = 70
"""Characters of a lock's own sentence that its fact quotes."""

_MADE = re.compile(
    r"\b(?:DEFINE_(?:RAW_)?(SPINLOCK|MUTEX|RWLOCK|SEQLOCK|STATIC_SRCU|SRCU|SEMAPHORE|WW_CLASS)|DECLARE_(RWSEM))\b"
)
_KINDS = {
    "SPINLOCK": "spinlock", "MUTEX": "mutex", "RWLOCK": "rwlock", "SEQLOCK": "seqlock", "STATIC_SRCU": "SRCU domain",
    "SRCU": "SRCU domain", "SEMAPHORE": "semaphore", "RWSEM": "rw_semaphore", "WW_CLASS": "class of ww_mutex",
}  # fmt: skip
_TYPED = re.compile(
    r"(?:^|[\s(])(raw_spinlock_t|spinlock_t|rwlock_t|seqlock_t|arch_spinlock_t|local_lock_t|seqcount_\w+"
    r"|struct (?:mutex|rw_semaphore|semaphore|percpu_rw_semaphore|srcu_struct|rt_mutex))\s+(\w+)"
)
_TAKES = re.compile(rb"\b(\w*lock\w*|down_(?:read|write)\w*)\s*\(\s*([^,();]{0,60})")
_TAKING = re.compile(
    r"^(?:\w+_)?(?:try)?lock(?:_bh|_irq|_irqsave|_sock\w*|_nested|_interruptible|_killable)?$|^down_(?:read|write)\w*$"
)
_LAST = re.compile(r"(\w+)\s*(?:\[[^\]]*\])?\s*$")
_ORDER = re.compile(
    rb"^((?:/\*| \*)[ \t]*(?:[\w-]+[ \t]+){0,4}"
    rb"lock(?:ing)?[ \t]+(?:order(?:ing)?|rules?|scheme|strategy|hierarchy)[ \t]*:?)"
    rb"[ \t]*\n(?:[ \t]*\*[ \t]*\n)?((?:[ \t]*\*(?!/)[ \t]*\S[^\n]*\n){1,12})",
    re.MULTILINE | re.IGNORECASE,
)
_LOCKLIKE = re.compile(r"lock|mutex|sem$|mtx")
_NO_TAKING = re.compile(
    r"^(?:\w+_)?(?:init|is|has|assert|held|lockdep|destroy)_|_init$|^(?:f|b|c)lock$|^DEFINE|^spin_lock_init|^lock$"
)


@dataclass(slots=True)
class _Taken:
    """How often each locking function is called, and which functions take a lock of each name."""

    calls: list[str] = field(default_factory=list)
    by_name: dict[str, list[str]] = field(default_factory=dict)
    first: dict[str, tuple[str, int]] = field(default_factory=dict)


def locks_section(material: Material, around: Sequence[At[Definition]] = ()) -> Draft:
    """Return what is locked with what: how often which kind is taken, then the locks, those taken most first.

    *around* are structs of headers that belong to the scope and lie outside of it.
    """
    taken = _taken(material)
    locks = sorted(
        _locks((*material.definitions, *around)),
        key=lambda one: (is_trial(one[0].path), -len(taken.by_name.get(one[1], ())), one[0].path, one[0].fact.row),
    )
    single = [_lock(material, *one, taken) for one in locks if one[2] is None]
    inside = list(_members(material, [one for one in locks if one[2] is not None], taken))
    inside.sort(key=lambda fact: -material.uses.mentions.get(fact.subject, 0))
    facts = [*_summary(material, taken), *_order(material), *single[:1], *inside[:1], *single[1:], *inside[1:]]
    facts += _of_others(material, {name for _, name, _, _ in locks}, taken)
    return Draft("Locking", tuple(facts), weight=4, first=3)


def _taken(material: Material) -> _Taken:
    found = _Taken()
    functions: dict[str, list[At[Definition]]] = {}
    for at in material.definitions:
        if at.fact.kind == "function":
            functions.setdefault(at.path, []).append(at)
    for path in material.read:
        inside = sorted(functions.get(path, ()), key=lambda at: at.fact.span.start)
        _take(material.texts.whole(path), path, inside, found)
    return found


def _take(data: bytes, path: str, inside: Sequence[At[Definition]], found: _Taken) -> None:
    starts = [at.fact.span.start for at in inside]
    for match in _TAKES.finditer(data):
        place = bisect_right(starts, match.start()) - 1
        call = match[1].decode("ascii", "replace")
        if place < 0 or match.start() >= inside[place].fact.span.end or not _is_taking(call):
            continue
        caller = inside[place].fact
        if match.start() - caller.span.start < len(caller.signature):  # the function's own head
            continue
        found.calls.append(call)
        found.first.setdefault(call, (path, line_of(data.count(b"\n", 0, match.start()))))
        last = _LAST.search(match[2].decode("utf-8", "replace"))
        if last:
            takers = found.by_name.setdefault(last[1], [])
            if caller.name not in takers:
                takers.append(caller.name)


def _is_taking(call: str) -> bool:
    """Tell whether a function called so takes a lock."""
    return bool(_TAKING.match(call)) and "unlock" not in call and not _NO_TAKING.search(call)


def _summary(material: Material, taken: _Taken) -> Iterator[Fact]:
    often = tally(taken.calls)
    if often and material.partly:  # the index knows how often each is named in all files
        every = {name: material.uses.mentions.get(name, count) for name, count in often}
        often = sorted(every.items(), key=lambda one: (-one[1], one[0]))
    if often:
        path, line = taken.first[often[0][0]]
        names = [f"{name} ({count:,})" for name, count in often]
        head = "named most: " if material.partly else "taken most: "
        text = spelled(head, names, material.room(path, line))
        yield Fact(material.view.scope.name, "takes", ", ".join(names), text, path, line)


def _of_others(material: Material, own: set[str], taken: _Taken) -> Iterator[Fact]:
    """Yield one fact on the locks taken here that types or variables defined elsewhere hold."""
    names = [name for name in taken.by_name if name not in own and _LOCKLIKE.search(name)]
    names.sort(key=lambda name: (-len(taken.by_name[name]), name))
    if names:
        told = [f"{name} (in {counted(len(taken.by_name[name]), 'function')})" for name in names]
        text = spelled(f"of others{material.partly}: ", told, material.room(None))
        yield Fact(material.view.scope.name, "takes", ", ".join(names), text)


def _order(material: Material) -> Iterator[Fact]:
    """Yield what comments with a title of their own say of the order of locks, of the most important files."""
    found = 0
    for path in sorted(material.read, key=lambda path: (-material.scores.get(path, 0.0), path)):
        data = material.texts.whole(path)
        match = _ORDER.search(data) if found < ORDERS and not is_trial(path) else None
        if match:
            found += 1
            line = line_of(data.count(b"\n", 0, match.start(1)))
            title, words = (" ".join(comment_lines(one.decode("utf-8", "replace"))) for one in match.groups())
            text = one_line(f"{' '.join(title.split()).rstrip(':')}: {words}", material.room(path, line))
            yield Fact(base(path), "orders locks", words, text, path, line)


def _locks(definitions: Iterable[At[Definition]]) -> Iterator[tuple[At[Definition], str, str | None, str]]:
    """Yield the definition that holds a lock, its name, the struct whose member it is (None: a variable), its kind."""
    for at in definitions:
        if at.fact.kind == "variable" and at.fact.owner is None:
            made, typed = _MADE.search(at.fact.signature), _TYPED.search(at.fact.signature)
            if made:
                yield at, at.fact.name, None, _KINDS[made[1] or made[2]]
            elif typed:
                yield at, at.fact.name, None, typed[1].removesuffix("_t").removeprefix("struct ")
        elif at.fact.kind == "struct":
            for member in at.fact.fields:
                typed = _TYPED.search(member)
                if typed:
                    yield at, typed[2], at.fact.name, typed[1].removesuffix("_t").removeprefix("struct ")


def _lock(material: Material, at: At[Definition], name: str, _: str | None, kind: str, taken: _Taken) -> Fact:
    line = line_of(at.fact.row)
    takers = taken.by_name.get(name, [])
    said = one_line(at.fact.doc or "", DOC_WIDTH)
    said = said.removeprefix(name).lstrip(" :,-")
    doc = f", {said}" if said else ""
    head, least = f"{kind} {name}{doc}", "at least " if material.partly else ""
    width = material.room(at.path, line, at.fact.condition)
    text = spelled(f"{head}; taken in {least}{counted(len(takers), 'function')}: ", takers, width) if takers else head
    return Fact(name, kind, ", ".join(takers), text, at.path, line, at.fact.condition)


def _members(
    material: Material, locks: Sequence[tuple[At[Definition], str, str | None, str]], taken: _Taken
) -> Iterator[Fact]:
    """Yield one fact a struct: its locks, and who takes those whose name no other struct's lock has."""
    homes = _homes(locks)
    by_struct: dict[tuple[str, int], list[tuple[At[Definition], str, str]]] = {}
    for at, name, _, kind in locks:
        by_struct.setdefault((at.path, at.fact.row), []).append((at, name, kind))
    for some in by_struct.values():
        at = some[0][0]
        line = line_of(at.fact.row)
        told = []
        for _, name, kind in some:
            takers = taken.by_name.get(name, []) if len(homes[name]) == 1 else []
            least = "at least " if material.partly else ""
            guards = _guarded(material, at, name)
            told.append(
                f"{kind} {name}{guards}" + (f", taken in {least}{counted(len(takers), 'function')}" if takers else "")
            )
        width = material.room(at.path, line, at.fact.condition)
        text = spelled(f"struct {at.fact.name}: ", told, width, "; ")
        names = ", ".join(name for _, name, _ in some)
        yield Fact(at.fact.name, "locks", names, text, at.path, line, at.fact.condition)


def _guarded(material: Material, at: At[Definition], name: str) -> str:
    """Return what the comment beside a member says that it protects."""
    if at.path.startswith("../"):
        return ""
    found = re.search(rf"\b{name}\b[^;\n]*;[ \t]*/\*+(.*?)\*/", material.texts.of(at), re.DOTALL)
    words = " ".join(" ".join(comment_lines(found[1])).split()).lstrip("!< ") if found else ""
    return f" ({one_line(words, GUARD_WIDTH)})" if words else ""


def _homes(locks: Sequence[tuple[At[Definition], str, str | None, str]]) -> Mapping[str, set[str | None]]:
    homes: dict[str, set[str | None]] = {}
    for _, name, struct, _ in locks:
        homes.setdefault(name, set()).add(struct)
    return homes
