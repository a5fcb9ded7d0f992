"""What a person means by a name: ``tcp_v4_rcv``, ``tcp_ipv4.c:tcp_v4_rcv``, ``Class.method``, ``proto_ops.sendmsg``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from codereader.index.linking.linked import Linked
from codereader.index.parsed import Definition
from codereader.index.view import At


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
    """Return the definitions that *symbol* may mean, by place; where the scope has none, of headers outside."""
    found = definitions_among(lambda name: linked.definitions(name=name), symbol)
    return found or definitions_among(linked.outside, symbol)


def definitions_among(named: Callable[[str], Sequence[At[Definition]]], symbol: Symbol) -> tuple[At[Definition], ...]:
    """Return what *symbol* may mean of the definitions that *named* returns for a name, by place."""
    found = [at for at in named(symbol.name) if lies_in(at.path, symbol.file)]
    if symbol.owner is None:
        return tuple(found)
    owned = [at for at in found if _owns(symbol.owner, at)]
    return tuple(owned or [at for at in named(f"{symbol.owner}.{symbol.name}") if lies_in(at.path, symbol.file)])


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
