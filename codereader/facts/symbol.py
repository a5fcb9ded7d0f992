"""What a person means by a name: ``tcp_v4_rcv``, ``tcp_ipv4.c:tcp_v4_rcv``, ``Class.method``, ``proto_ops.sendmsg``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from codereader.index.linked import Linked
from codereader.index.parsed import Definition
from codereader.index.view import At

NEAR = 5
"""So many near names are suggested."""

_MISTAKES = 2
"""Letters that a near name may have too many, too few, or wrong."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """A name as it was written. `file` is a path or its ending, `owner` what stands before the last dot."""

    text: str
    name: str
    owner: str | None = None
    file: str | None = None


def read_symbol(text: str) -> Symbol:
    """Return what *text* names. The file stands before the last single colon; ``::`` reads as a dot."""
    plain = text.strip().replace("::", ".")
    file, colon, rest = plain.rpartition(":")
    owner, _, name = rest.rpartition(".")
    return Symbol(text.strip(), name, owner or None, file.replace("\\", "/").removeprefix("./") if colon else None)


def lies_in(path: str, file: str | None) -> bool:
    """Tell whether *path* is *file*, or ends in it. No file is any."""
    return file is None or path == file or path.endswith("/" + file)


def definitions_of(linked: Linked, symbol: Symbol) -> tuple[At[Definition], ...]:
    """Return the definitions that *symbol* may mean, by place."""
    named = [at for at in linked.definitions(name=symbol.name) if lies_in(at.path, symbol.file)]
    if symbol.owner is None:
        return tuple(named)
    owned = [at for at in named if _owns(symbol.owner, at)]
    whole = linked.definitions(name=f"{symbol.owner}.{symbol.name}")
    return tuple(owned or [at for at in whole if lies_in(at.path, symbol.file)])


def _owns(owner: str, at: At[Definition]) -> bool:
    """Tell whether a definition stands in the class, function or module called *owner*."""
    module = at.path.rpartition(".")[0].replace("/", ".")
    full = f"{module}.{at.fact.owner}" if at.fact.owner else module
    return full == owner or full.endswith("." + owner)


def spelled(at: At[Definition], others: Iterable[At[Definition]]) -> str:
    """Return the shortest spelling that picks one definition among *others* of its name: with owner, with file."""
    name = f"{at.fact.owner}.{at.fact.name}" if at.fact.owner else at.fact.name
    rivals = {one.path for one in others if one.fact.owner == at.fact.owner} - {at.path}
    if not rivals:
        return name
    parts = at.path.split("/")
    for count in range(1, len(parts)):
        ending = "/".join(parts[-count:])
        if not any(lies_in(path, ending) for path in rivals):
            return f"{ending}:{name}"
    return f"{at.path}:{name}"


def near_names(names: Iterable[str], wanted: str) -> tuple[str, ...]:
    """Return the *names* closest to *wanted*: in other letters' case, with other underscores, then by spelling."""
    folded, bare = wanted.casefold(), _bare(wanted)
    ranked = []
    for name in set(names):
        if name == wanted:
            continue
        if name.casefold() == folded:
            ranked.append((0, 0, name))
        elif _bare(name) == bare:
            ranked.append((1, 0, name))
        elif (mistakes := _distance(folded, name.casefold(), min(_MISTAKES, len(wanted) // 3))) is not None:
            ranked.append((2, mistakes, name))
        elif len(bare) >= len(_PART) and bare in _bare(name):
            ranked.append((3, len(name), name))
    return tuple(name for _, _, name in sorted(ranked)[:NEAR])


_PART = "name"
"""A name as long as this is looked for inside others."""


def _bare(name: str) -> str:
    return name.replace("_", "").casefold()


def _distance(one: str, other: str, most: int) -> int | None:
    """Return how many letters differ, swapped neighbours counting as one; None where it is more than *most*."""
    if abs(len(one) - len(other)) > most or len(set(one) ^ set(other)) > 2 * most:
        return None
    before: Sequence[int] = ()
    row: Sequence[int] = range(len(other) + 1)
    for at, letter in enumerate(one):
        following = [at + 1]
        for place, rival in enumerate(other):
            cost = min(following[-1] + 1, row[place + 1] + 1, row[place] + (letter != rival))
            if at and place and (letter, one[at - 1]) == (other[place - 1], rival):
                cost = min(cost, before[place - 1] + 1)
            following.append(cost)
        if min(following) > most:
            return None
        before, row = row, following
    return row[-1] if row[-1] <= most else None
